/* number: the numbers of records.
 *
 * A number is written as an optional sign and decimal digits, with an optional point among or around them: `5`, `007`,
 * `+.5`, `5.`, `-0.50`. It is exact then: a mantissa of 128 bits (38 digits, and some of 39) and at most 38 digits
 * after the point. With an exponent, as in `5e-1`, it is floating point: the double nearest to it. Nothing else is a
 * number: no blanks, no hexadecimal, no infinity. The locale is that of C: programs set no other. */
#ifndef NUMBER_H
#define NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"

__extension__ typedef __int128 number_mantissa;

/* An exact number is mantissa / 10^scale, with 0 <= scale <= NUMBER_SCALE_MAX, and has the smallest scale that can say
 * it; a floating one is finite. All zero is the exact 0. */
struct number {
    union {
        number_mantissa mantissa;
        double real;
    };
    int scale;
    bool floating;
};

enum {
    NUMBER_SCALE_MAX = 38,
    NUMBER_INTEGER_DIGITS = 18, /* so many digits fit an int64_t, whatever they are, and so does the sum of two such */
    NUMBER_TEXT = 48            /* room for the text of any number */
};

enum number_answer {
    NUMBER_OK,
    NUMBER_NONE,  /* not a number */
    NUMBER_BEYOND /* a number, but beyond what is exact, or, where number->floating, beyond the largest double */
};

/* Reads the whole text. number is defined where the answer is NUMBER_OK; number->floating alone, where it is
 * NUMBER_BEYOND. A floating number too small for a double is 0. */
enum number_answer number_parse(struct bytes text, struct number *number);

/* Writes into text, and returns the view of what was written, which lies somewhere in text. Exact numbers have one form
 * each: no needless zeros, one digit at least before the point, no `-0`. Floating ones have the fewest digits, of 15,
 * 16 and 17 (of 1 to 17 for a subnormal one), that are read back as the same double; a zero is `0`. */
struct bytes number_format(struct number number, char text[NUMBER_TEXT]);

/* The sum of two exact numbers. False where the mantissas, at the larger scale of the two, do not fit. */
bool number_add(struct number a, struct number b, struct number *sum);

/* Less than 0, 0, or greater than 0, as a is less than, equal to, or greater than b. Nothing is rounded, an exact
 * number and a floating one included: 0.1 is less than 1e-1, which is the double above it. */
int number_compare(struct number a, struct number b);

/* The number as two doubles: high is the nearest to it; low, the nearest to what is left. */
void number_split(struct number number, double *high, double *low);

/* The number divided by count, which has 1 to NUMBER_INTEGER_DIGITS digits and is positive. Of an exact number: exact
 * where the quotient has no more digits after the point than the number, or ends within 17 significant ones; otherwise
 * floating, correctly rounded. */
struct number number_divide(struct number number, int64_t count);

/* Eight digits at once, the first in the lowest byte; false where one of them is not a digit. */
static inline bool number_parse_eight(const char *digits, uint64_t *value)
{
    const uint64_t ones = 0x0101010101010101;
    uint64_t word;
    memcpy(&word, digits, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    /* A digit has the high half 3, and still has it with 6 added. */
    if (((word & ones * 0xf0) ^ ones * 0x30) | (((word + ones * 6) & ones * 0xf0) ^ ones * 0x30))
        return false;
    word &= ones * 0x0f;
    word = (word * 10 + (word >> 8)) & 0x00ff00ff00ff00ff;
    word = (word * 100 + (word >> 16)) & 0x0000ffff0000ffff;
    *value = (word * 10000 + (word >> 32)) & 0xffffffff;
    return true;
}

/* Reads an integer of up to NUMBER_INTEGER_DIGITS digits, with an optional sign. False is not yet an answer:
 * number_parse may know the text for a number. */
static inline bool number_parse_integer(struct bytes text, int64_t *integer)
{
    const char *at = text.data;
    size_t left = text.size;
    bool negative = false;
    if (left > 0 && (*at == '-' || *at == '+')) {
        negative = *at++ == '-';
        left--;
    }
    if (left == 0 || left > NUMBER_INTEGER_DIGITS)
        return false;
    uint64_t value = 0;
    for (; left % 8 != 0; left--, at++) {
        unsigned digit = (unsigned)(unsigned char)*at - '0';
        if (digit > 9)
            return false;
        value = value * 10 + digit;
    }
    for (; left > 0; left -= 8, at += 8) {
        uint64_t eight;
        if (!number_parse_eight(at, &eight))
            return false;
        value = value * 100000000 + eight;
    }
    *integer = negative ? -(int64_t)value : (int64_t)value;
    return true;
}

extern const char number_pairs[200]; /* 00 01 02 ... 99 */

/* Writes the digits of value so that they end before end, and returns where they begin: 20 bytes before it at most. */
static inline char *number_write_digits(char *end, uint64_t value)
{
    for (; value >= 100; value /= 100) {
        end -= 2;
        memcpy(end, number_pairs + value % 100 * 2, 2);
    }
    if (value >= 10) {
        end -= 2;
        memcpy(end, number_pairs + value * 2, 2);
    } else
        *--end = (char)('0' + value);
    return end;
}

/* As number_format, of an integer. */
static inline struct bytes number_format_integer(int64_t integer, char text[NUMBER_TEXT])
{
    char *end = text + NUMBER_TEXT;
    char *at = number_write_digits(end, integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer);
    if (integer < 0)
        *--at = '-';
    return (struct bytes){at, (size_t)(end - at)};
}

#endif
