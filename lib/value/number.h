/* number: the numbers in records.
 *
 * A number is written as an optional sign and decimal digits, with an optional point among or around them: `5`, `007`,
 * `+.5`, `5.`, `-0.50`. Such a number is exact: a mantissa of 128 bits (38 digits, and some of 39) and at most 38
 * digits after the point. A number with an exponent, such as `5e-1`, is floating point: the double nearest to it.
 * Nothing else is a number: no blanks, no hexadecimal, no infinity. The code relies on the C locale: programs set no
 * other. */
#ifndef NUMBER_H
#define NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

__extension__ typedef __int128 number_mantissa;

/* An exact number is mantissa / 10^scale, with 0 <= scale <= NUMBER_SCALE_MAX, and has the smallest scale that can
 * represent it; a floating number is finite. All zero is the exact 0. */
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
    NUMBER_INTEGER_DIGITS = 18, /* any integer of up to 18 digits fits an int64_t, and so does the sum of two */
    NUMBER_TEXT = 48            /* bytes that hold the text of any number */
};

enum number_answer {
    NUMBER_OK,
    NUMBER_NONE,  /* not a number */
    NUMBER_BEYOND /* a number, but beyond the exact range or, if number->floating, beyond the largest double */
};

/* Returns 10^exponent, for an exponent from 0 to NUMBER_SCALE_MAX. */
static inline number_mantissa number_power_of_ten(int exponent)
{
    number_mantissa power = 1;
    for (; exponent > 0; exponent--)
        power *= 10;
    return power;
}

/* Returns whether it is a whole number of 64 bits. */
static inline bool number_is_small(const struct number *number)
{
    return !number->floating && number->scale == 0 && number->mantissa == (int64_t)number->mantissa;
}

/* Reads a text that is a number, and nothing else. Sets *number if it returns NUMBER_OK, and number->floating alone if
 * it returns NUMBER_BEYOND; otherwise *number is undefined. A floating number too small for a double is read as 0. */
enum number_answer number_parse(struct bytes text, struct number *number);

/* The same, but reads a number with an exponent as the exact decimal that is written. */
enum number_answer number_parse_decimal(struct bytes text, struct number *number);

/* A number as JSON writes it: -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? */
enum number_json {
    NUMBER_NOT_JSON, /* not such a number, or an integer beyond 64 bits, or beyond the largest double */
    NUMBER_INTEGER,  /* without point and exponent: *integer is set */
    NUMBER_REAL      /* with a point or an exponent: *real is set to the nearest double */
};

/* number_is_json returns whether the whole text is such a number, however large it is; number_parse_json reads it. */
bool number_is_json(struct bytes text);
enum number_json number_parse_json(struct bytes text, int64_t *integer, double *real);

/* Writes a number into text, and returns a view of it, which lies somewhere in text. Each exact number has one form: no
 * needless zeros, at least one digit before the point, no `-0`. A floating number is written with the fewest digits,
 * out of 15, 16 and 17 (1 to 17 if it is subnormal), that are read back as the same double; zero is `0`. */
struct bytes number_format(struct number number, char text[NUMBER_TEXT]);

/* Sets *sum to the sum of two exact numbers. Returns false if a mantissa, at the larger of the two scales, does not
 * fit. */
bool number_add(struct number a, struct number b, struct number *sum);

/* Sets *multiple to the greatest multiple of width that is not greater than number. Both are exact, and width is
 * positive. Returns false if it cannot be computed within the exact range. */
bool number_floor(struct number number, struct number width, struct number *multiple);

/* Returns less than 0, 0, or greater than 0, as a is less than, equal to, or greater than b. Nothing is rounded, not
 * even between an exact number and a floating one: 0.1 is less than 1e-1, which is the double above it. */
int number_compare(struct number a, struct number b);

/* Splits a number into two doubles: *high is the nearest to number, *low the nearest to number - *high. */
void number_split(struct number number, double *high, double *low);

/* Returns number / count; count is positive and has at most NUMBER_INTEGER_DIGITS digits. The quotient of an exact
 * number is exact if it has no more digits after the point than number, or ends within 17 significant digits; otherwise
 * it is floating, correctly rounded. */
struct number number_divide(struct number number, int64_t count);

/* The rest of this header works on eight digits at once: ASCII in a word, with the first digit in the lowest byte. */

/* 00000000 and 00000001. */
#define NUMBER_EIGHT_ZEROS UINT64_C(0x3030303030303030)
#define NUMBER_EIGHT_ONE UINT64_C(0x3130303030303030)

/* Returns whether all eight bytes are digits. */
static inline bool number_are_eight(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101;
    /* A digit has the high half 3, and still has it with 6 added. */
    return (((word & ones * 0xf0) ^ ones * 0x30) | (((word + ones * 6) & ones * 0xf0) ^ ones * 0x30)) == 0;
}

/* Sets *value to the value of eight digits. Returns false if one of them is not a digit. */
static inline bool number_parse_eight(uint64_t word, uint64_t *value)
{
    if (!number_are_eight(word))
        return false;
    word &= 0x0f0f0f0f0f0f0f0f;
    word = (word * 10 + (word >> 8)) & 0x00ff00ff00ff00ff;
    word = (word * 100 + (word >> 16)) & 0x0000ffff0000ffff;
    *value = (word * 10000 + (word >> 32)) & 0xffffffff;
    return true;
}

/* Sets *sum to the last eight digits of a + b, all as digits. Returns whether the sum has a ninth digit. */
static inline bool number_add_eight(uint64_t a, uint64_t b, uint64_t *sum)
{
    const uint64_t ones = 0x0101010101010101;
    /* The last digit comes into the lowest byte, and each byte carries at 10: 0x30 + 0x30 + 0x96 is 0x100 - 10. */
    const uint64_t start = __builtin_bswap64(a) + ones * 0x96;
    const uint64_t total = start + __builtin_bswap64(b);
    /* A byte that was carried from is the digit; another is the digit and 0xf6. */
    const uint64_t digits = (total & ones * 0x0f) - ((total >> 5) & ones * 0x06);
    *sum = __builtin_bswap64(digits | ones * 0x30);
    return total < start;
}

/* Returns the size bytes at text, 1 to 7, as the last of eight digits whose others are zeros. Uses loads that overlap,
 * and reads nothing outside. */
static inline uint64_t number_load_fewer(const char *text, size_t size)
{
    const unsigned shift = (unsigned)(8 - size) * 8;
    const unsigned char *bytes = (const unsigned char *)text;
    uint64_t word = NUMBER_EIGHT_ZEROS >> (8 * size);
    if (size >= 4) {
        uint32_t first, last;
        __builtin_memcpy(&first, text, 4);
        __builtin_memcpy(&last, text + size - 4, 4);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        first = __builtin_bswap32(first);
        last = __builtin_bswap32(last);
#endif
        return word | (uint64_t)first << shift | (uint64_t)last << 32;
    }
    return word | (uint64_t)bytes[0] << shift | (uint64_t)bytes[size / 2] << (shift + size / 2 * 8) |
           (uint64_t)bytes[size - 1] << 56;
}

/* Reads an integer of at most NUMBER_INTEGER_DIGITS digits, with an optional sign. Returns false if text is anything
 * else, which number_parse may still take for a number. */
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
    uint64_t value = 0, eight;
    if (left % 8 != 0) {
        if (!number_parse_eight(number_load_fewer(at, left % 8), &value))
            return false;
        at += left % 8;
    }
    for (left /= 8; left > 0; left--, at += 8) {
        if (!number_parse_eight(bytes_load_eight(at), &eight))
            return false;
        value = value * 100000000 + eight;
    }
    *integer = negative ? -(int64_t)value : (int64_t)value;
    return true;
}

/* Returns the eight digits of a value below 100000000, computed side by side. */
static inline uint64_t number_eight_digits(uint32_t value)
{
    uint64_t lanes = value / 10000 | (uint64_t)(value % 10000) << 32;
    uint64_t upper = (lanes * 10486 >> 20) & 0x0000007f0000007f; /* / 100, for what is below 10000 */
    lanes = upper | (lanes - upper * 100) << 16;
    upper = (lanes * 103 >> 10) & 0x000f000f000f000f; /* / 10, for what is below 100 */
    lanes = upper | (lanes - upper * 10) << 8;
    return lanes | NUMBER_EIGHT_ZEROS;
}

/* Stores eight digits as text. */
static inline void number_store_eight(char *to, uint64_t digits)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    digits = __builtin_bswap64(digits);
#endif
    __builtin_memcpy(to, &digits, sizeof digits);
}

/* Writes eight digits without leading zeros, one digit at least. to must have room for 8 bytes. Returns the end of the
 * digits. */
static inline char *number_write_eight(char *to, uint64_t digits)
{
    const int zeros = __builtin_ctzll((digits & 0x0f0f0f0f0f0f0f0f) | (uint64_t)1 << 56) / 8;
    number_store_eight(to, digits >> 8 * zeros);
    return to + 8 - zeros;
}

/* Writes value in digits. to must have room for 24 bytes. Returns the end of the digits. Stores whole words, so that a
 * load that follows does not have to wait for many small stores. */
static inline char *number_write_digits(char *to, uint64_t value)
{
    const uint64_t eight = 100000000;
    uint64_t first = value, rest[2];
    int more = 0;
    while (first >= eight) {
        rest[more++] = first % eight;
        first /= eight;
    }
    to = number_write_eight(to, number_eight_digits((uint32_t)first));
    while (more > 0) {
        number_store_eight(to, number_eight_digits((uint32_t)rest[--more]));
        to += 8;
    }
    return to;
}

/* As number_load_fewer, for 1 to 8 bytes. */
static inline uint64_t number_load(const char *text, size_t size)
{
    return size == 8 ? bytes_load_eight(text) : number_load_fewer(text, size);
}

/* Reads 1 to 8 digits, with zeros before them. Returns false if text is anything else. */
static inline bool number_read_eight(struct bytes text, uint64_t *digits)
{
    if (text.size - 1 >= 8)
        return false;
    *digits = number_load(text.data, text.size);
    return number_are_eight(*digits);
}

/* Sixteen digits, the first eight in high. */
struct number_digits {
    uint64_t high, low;
};

/* Reads 1 to 16 digits, with zeros before them. Returns false if text is anything else. */
static inline bool number_read_digits(struct bytes text, struct number_digits *digits)
{
    digits->high = NUMBER_EIGHT_ZEROS;
    if (text.size <= 8)
        return number_read_eight(text, &digits->low);
    digits->low = bytes_load_eight(text.data + text.size - 8);
    return number_are_eight(digits->low) && number_read_eight((struct bytes){text.data, text.size - 8}, &digits->high);
}

/* Adds eight digits. Returns false, and adds nothing, if the sum would have 17 digits. */
static inline bool number_add_digits(struct number_digits *digits, uint64_t more)
{
    struct number_digits sum = *digits;
    if (number_add_eight(sum.low, more, &sum.low) && number_add_eight(sum.high, NUMBER_EIGHT_ONE, &sum.high))
        return false;
    *digits = sum;
    return true;
}

/* Writes sixteen digits without leading zeros, one digit at least. to must have room for 16 bytes. Returns the end of
 * the digits. */
static inline char *number_write_sixteen(char *to, const struct number_digits *digits)
{
    if (digits->high == NUMBER_EIGHT_ZEROS)
        return number_write_eight(to, digits->low);
    to = number_write_eight(to, digits->high);
    number_store_eight(to, digits->low);
    return to + 8;
}

/* Writes an integer as number_format does. */
static inline struct bytes number_format_integer(int64_t integer, char text[NUMBER_TEXT])
{
    char *to = text;
    if (integer < 0)
        *to++ = '-';
    to = number_write_digits(to, integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer);
    return (struct bytes){text, (size_t)(to - text)};
}

#endif
