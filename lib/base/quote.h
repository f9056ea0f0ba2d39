/* quote: bytes in a message. */
#ifndef QUOTE_H
#define QUOTE_H

#include "base/bytes.h"

/* Appends the bytes in double quotes, with the escapes \t \n \r \\ \", and \xHH for each byte that is neither printable
 * ASCII nor part of UTF-8. After 80 bytes, "..." stands for the rest. */
void quote_add(struct buffer *buffer, struct bytes bytes);

#endif
