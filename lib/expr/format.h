/* format: the function format(), also known as printf(). */
#ifndef FORMAT_H
#define FORMAT_H

#include "expr/function.h"

/* As the members of the same names of struct function. A NULL argument makes the result NULL, but for %Q. */
bool format_call(struct call *call, struct datum *result);
bool format_prepare(struct call *call, const struct datum *const *known);

#endif
