/* hex: hexadecimal digits. */
#ifndef HEX_H
#define HEX_H

#include "base/bytes.h"

/* Returns the value of a digit of either case, or -1 if it is not one. */
static inline int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    const char small = (char)(digit | 0x20);
    return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

/* Writes two digits for each byte to `to`, of the 16 given, such as "0123456789abcdef". */
static inline void hex_write(struct bytes bytes, const char *digits, char *to)
{
    for (size_t i = 0; i < bytes.size; i++) {
        *to++ = digits[(unsigned char)bytes.data[i] >> 4];
        *to++ = digits[bytes.data[i] & 15];
    }
}

#endif
