/* quote: bytes as a message shows them. */
#ifndef QUOTE_H
#define QUOTE_H

#include "base/bytes.h"

/* Appends the bytes as a message shows them: in double quotes, with \t \n \r \\ \" and \xHH escapes for what is
 * not printable ASCII or UTF-8, and cut with "..." after 80 bytes. */
void quote_add(struct buffer *buffer, struct bytes bytes);

#endif
