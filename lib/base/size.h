/* size: a count of bytes as people write it. */
#ifndef SIZE_H
#define SIZE_H

#include <stdbool.h>
#include <stddef.h>

/* Reads a size: decimal digits, and one of the units K, M, G and T, which are powers of 1024; without a unit it is in
 * bytes. Sets *bytes. Returns false, and leaves *bytes unchanged, if text is anything else, 0, or more than a size_t
 * can hold. */
bool size_parse(const char *text, size_t *bytes);

#endif
