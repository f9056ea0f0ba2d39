/* function: the functions of expressions, and what they have in common.
 *
 * A function gets data (datum.h) and gives one. Each file function_KIND.c has a table of functions of one kind. A
 * function that fails makes the record a bad one: call_fail says why, without the name of the function, which the
 * caller puts before it. Unless sees_null is set, a function is not called if one of its arguments is NULL: then its
 * result is NULL. */
#ifndef FUNCTION_H
#define FUNCTION_H

#include "base/bytes.h"
#include "expr/arena.h"
#include "expr/datum.h"

/* One call. The arguments are the count data registers[arguments[0]], registers[arguments[1]], ... */
struct call {
    const struct datum *registers;
    const uint16_t *arguments;
    size_t count;
    struct arena *arena; /* memory for results, valid until the next record */
    struct buffer *why;  /* of call_fail */
    void *memo;          /* of this place in the expression, kept from record to record: NULL at first */
};

/* What a function gives, if it does not give NULL. */
enum function_result { RESULT_ANY, RESULT_BOOLEAN, RESULT_NUMBER, RESULT_TEXT };

struct function {
    const char *name; /* in small letters */
    size_t least;     /* arguments */
    size_t most;      /* SIZE_MAX: any number */
    enum function_result result;
    bool (*call)(struct call *call, struct datum *result);

    /* Called once when the expression is compiled, if it is set: known has, for each argument, the datum if it is a
     * constant, otherwise NULL. It may prepare the memo. If it returns false, the expression is refused with the
     * reason. */
    bool (*prepare)(struct call *call, const struct datum *const *known);
    void (*forget)(void *memo); /* frees the memo; called if the memo is not NULL */

    /* If it is set, there is no such function here, and all but the name is unset. It follows the name in a message,
     * and says what to write. */
    const char *instead;
    bool sees_null;
    bool impure; /* its result may differ from call to call: it is not computed when the expression is compiled */
};

/* The tables. Each ends with {0}. */
extern const struct function functions_basic[];   /* of values of any kind: typeof, nullif, max, num */
extern const struct function functions_text[];    /* lower, substr, replace, printf */
extern const struct function functions_math[];    /* abs, round, sqrt, div */
extern const struct function functions_pattern[]; /* regexp, match, field, split */
extern const struct function functions_network[]; /* url_host, ip_in */
extern const struct function functions_hash[];    /* sha256, xxh3 */
extern const struct function functions_time[];    /* timestamp, time_text, strftime */
extern const struct function functions_json[];    /* json_object, json_set */

/* Returns the function of that name, in any case, or NULL. */
const struct function *function_find(struct bytes name);

/* Says why a call fails, in one line that can follow the function's name and a colon: `"abc" is no number`. Returns
 * false, for the function to return. */
__attribute__((format(printf, 2, 3))) bool call_fail(struct call *call, const char *format, ...);

/* The same for a reason that begins with a datum: the datum in quotes (or NULL), a blank and the formatted text. */
__attribute__((format(printf, 3, 4))) bool call_fail_about(struct call *call, const struct datum *datum,
                                                           const char *format, ...);

static inline const struct datum *call_argument(const struct call *call, size_t index)
{
    return &call->registers[call->arguments[index]];
}

/* Sets *number to the argument, which must not be NULL. Returns false, and has failed, if it is not a number or is
 * beyond the range. */
bool call_number(struct call *call, size_t index, struct number *number);

/* The same for a whole number from least to most; what says what it is: "the number of a field". */
bool call_other_integer(struct call *call, size_t index, const char *what, int64_t least, int64_t most,
                        int64_t *integer); /* of any argument */
static inline bool call_integer(struct call *call, size_t index, const char *what, int64_t least, int64_t most,
                                int64_t *integer)
{
    const struct datum *datum = call_argument(call, index);
    if (datum->kind != DATUM_NUMBER || !number_is_small(&datum->number) || datum->number.mantissa < least ||
        datum->number.mantissa > most)
        return call_other_integer(call, index, what, least, most, integer);
    *integer = (int64_t)datum->number.mantissa;
    return true;
}

/* Sets *text to the bytes of the argument: of a number, its digits. Returns false, and has failed, if it is a boolean.
 * Valid until the next record. */
bool call_other_text(struct call *call, size_t index, struct bytes *text); /* of any argument */
static inline bool call_text(struct call *call, size_t index, struct bytes *text)
{
    const struct datum *datum = call_argument(call, index);
    if (datum->kind != DATUM_INPUT && datum->kind != DATUM_TEXT)
        return call_other_text(call, index, text);
    *text = datum->text;
    return true;
}

/* Returns memory of size bytes for a result, valid until the next record. Returns NULL, and has failed, if a record
 * cannot hold as much. */
char *call_room(struct call *call, size_t size);

/* Each sets *result and returns true. Texts must be valid until the next record; give_copy copies one, and returns
 * false, and has failed, if it is too large. give_input gives what comes out of an input: a field, a match. */
static inline bool give_null(struct datum *result)
{
    result->kind = DATUM_NULL;
    return true;
}

static inline bool give_boolean(struct datum *result, bool truth)
{
    result->kind = DATUM_BOOLEAN;
    result->truth = truth;
    return true;
}

static inline bool give_number(struct datum *result, struct number number)
{
    result->kind = DATUM_NUMBER;
    result->text.data = NULL;
    result->number = number;
    return true;
}

static inline bool give_integer(struct datum *result, int64_t integer)
{
    result->kind = DATUM_NUMBER;
    result->text.data = NULL;
    result->number.mantissa = integer; /* member by member: a struct made elsewhere is copied in other pieces */
    result->number.scale = 0;
    result->number.floating = false;
    return true;
}

static inline bool give_text(struct datum *result, struct bytes text)
{
    result->kind = DATUM_TEXT;
    result->form = DATUM_BYTES;
    result->text = (struct bytes){text.data != NULL ? text.data : "", text.size};
    return true;
}

static inline bool give_input(struct datum *result, struct bytes text)
{
    give_text(result, text);
    result->kind = DATUM_INPUT;
    return true;
}

bool give_copy(struct call *call, struct datum *result, struct bytes text);

/* Gives a text that lies in the memo, and so is valid until the next call of the same place. Returns false, and has
 * failed, if it is too large. */
bool give_kept(struct call *call, struct datum *result, struct bytes text);

/* Gives a floating number. Returns false, and has failed, if it is not finite. */
bool give_real(struct call *call, struct datum *result, double real);

#endif
