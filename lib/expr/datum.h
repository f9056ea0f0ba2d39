/* datum: a value within an expression, and how two of them compare.
 *
 * What comes from input is its bytes and, if they are written as a number, that number as well (the numeric strings of
 * POSIX awk). Therefore a comparison depends on where both sides come from:
 *
 *                 number          text                   input
 *     number      by number       by number (1)          by number (1)
 *     text        by number (1)   by bytes               by bytes
 *     input       by number (1)   by bytes               by number if both are numbers, otherwise by bytes
 *
 * (1) if the other side is written as a number. Otherwise the two are not equal, and neither is less: asking that is a
 * fault. A boolean is compared with a number as 1 or 0, with anything else by the bytes true or false. NULL compared
 * with anything is NULL. */
#ifndef DATUM_H
#define DATUM_H

#include "base/bytes.h"
#include "value/number.h"

enum datum_kind {
    DATUM_NULL,
    DATUM_BOOLEAN,
    DATUM_NUMBER,
    DATUM_TEXT, /* written in the expression, or made by it */
    DATUM_INPUT /* a column, a field, a match, a member of JSON */
};

/* How a TEXT or INPUT is written into JSON. */
enum datum_form {
    DATUM_BYTES,  /* a TEXT as a string; an INPUT as a number if it is written as an exact one in JSON's form */
    DATUM_STRING, /* as a string: it was one */
    DATUM_JSON    /* as it is: a number, an array or an object that came from JSON or was made as JSON */
};

struct datum {
    enum datum_kind kind;
    enum datum_form form; /* of TEXT and INPUT */
    bool truth;           /* of a BOOLEAN */
    struct bytes text;    /* of TEXT and INPUT, never NULL; of a NUMBER as it was written, or NULL if it was computed */
    struct number number; /* of a NUMBER */
};

/* Reads a whole number as most of them are. Returns false if the datum is another number, or none. */
static inline bool datum_integer(const struct datum *datum, int64_t *integer)
{
    if (datum->kind == DATUM_INPUT)
        return number_parse_integer(datum->text, integer);
    if (datum->kind != DATUM_NUMBER || !number_is_small(&datum->number))
        return false;
    *integer = (int64_t)datum->number.mantissa;
    return true;
}

/* Reads the number that a datum is: a NUMBER itself, or the number that a TEXT or INPUT is written as. Returns
 * NUMBER_NONE if it is no number, and NUMBER_BEYOND if it is beyond the range. */
enum number_answer datum_number(const struct datum *datum, struct number *number);

enum datum_order {
    DATUM_LESS = -1,
    DATUM_EQUAL = 0,
    DATUM_GREATER = 1,
    DATUM_UNEQUAL = 2, /* and neither is less */
    DATUM_UNKNOWN = 3  /* one is NULL */
};

/* Compares two data. Numbers beyond the range of struct number are compared by their digits. */
enum datum_order datum_compare(const struct datum *a, const struct datum *b);

/* Appends a datum to a message: a TEXT or INPUT in quotes, NULL as that word. */
void datum_quote(struct buffer *message, const struct datum *datum);

/* The bytes that a datum is sent, kept or concatenated as; data NULL for NULL. text has room for a computed number.
 * Valid as long as the datum and text are. */
struct bytes datum_bytes(const struct datum *datum, char text[NUMBER_TEXT]);

#endif
