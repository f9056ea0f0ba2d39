/* op: the operations that keep a state per key.
 *
 * A state is text, as it stands in the recovery directory, and an operation is a function from a state and a value to
 * the next state and what is sent on. It keeps nothing else, so going on from a saved state is the same as going on.
 *
 * The states:
 *     sum                `EXACT`, or `EXACT FLOAT COMPENSATION` once a floating number has come
 *     mean               the state of sum, a blank, and the count
 *     count              the count
 *     min, max, delta    the number as it was written when it came; of min and max the first of equal ones
 *     first, last        the value as it came
 *     var, stddev        `COUNT FIRST MEAN SQUARES`
 *     ewma               the average
 *     distinct           up to 256 hashes; later `~ESTIMATE REGISTERS` (op_distinct.c)
 *     topk               lines of `COUNT EXCESS SIZE:VALUE`, the greatest count first (op_topk.c)
 *     histogram          what is sent on
 * EXACT is the exact sum of the exact numbers; FLOAT and COMPENSATION are Neumaier's sum of the floating ones and what
 * its roundings lost (A. Neumaier, Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen, 1974), each
 * written so that the same double is read back. What is sent on is then the double nearest to the three together,
 * in mean divided by the count. MEAN, that of the differences from the first value, and SQUARES, the sum of the squared
 * differences from the mean, are Welford's (B. P. Welford, Note on a Method for Calculating Corrected Sums of Squares
 * and Products, 1962). */
#ifndef OP_H
#define OP_H

#include <stdbool.h>

#include "base/bytes.h"
#include "value/number.h"
#include "wire/frame.h"

/* Where an operation writes what is short. */
struct op_scratch {
    char state[4 * NUMBER_TEXT];
    char number[NUMBER_TEXT];
};

struct op_result {
    struct bytes state; /* the new state; unchanged where state.data is that of the old */
    struct bytes emit;  /* the new value of the record; data NULL: nothing is sent for it */
    bool plain;         /* emit is known to hold no LF */
};

struct op;

/* Takes value into state. state.data is NULL for a key without a state; value.data never is, even at size 0.
 * Returns NULL, or why the value cannot be taken, as the end of a message that names the value (`is not a
 * number`); result is undefined then. The views in result lie in op, in value or in state, and are valid until
 * op is used again, or the other two go away. value must not lie in op; state may, where it is what the call before
 * has given. */
typedef const char *op_apply(struct op *op, struct bytes state, struct bytes value, struct op_result *result);

/* Takes the values of the first of the records, and of those after it that are same_key, into the state of their key,
 * and writes each with what is sent for it, as apply and frame_write_value would: as many as are of the kind that most
 * are. Returns how many. They are plain; the state, and what becomes of it, are as those of apply. */
typedef size_t op_run(struct op *op, struct bytes *state, const struct record *records, size_t count,
                      struct line_writer *writer);

/* What is sent for a state, as it was sent for the last value that came into it; data NULL: nothing. Returns false
 * where the state is damaged. The view lies in op or in state. */
typedef bool op_total(struct op *op, struct bytes state, struct bytes *emit);

struct op_kind {
    const char *name;
    op_apply *apply;
    op_run *run;     /* NULL: only apply */
    op_total *total; /* NULL: what is sent is of one record, and not of all */

    /* All three NULL if the operation takes no parameter. */
    const char *parameter;                                          /* its name, as in `NAME:PARAMETER`: "ALPHA" */
    const char *expected;                                           /* "a number above 0 and up to 1" */
    bool (*take_parameter)(struct op *op, struct number parameter); /* false: it is not what is expected */
};

/* An operation that was asked for. */
struct op {
    op_apply *apply;
    const struct op_kind *kind;
    char name[16 + NUMBER_TEXT]; /* with its parameter, which is written in one form: "ewma:0.3" */
    union {
        double alpha;        /* of ewma */
        int64_t top;         /* of topk */
        struct number width; /* of histogram */
    };
    struct op_scratch scratch;
    struct buffer states[2]; /* long states, by turns: the one before is still read */
    struct buffer emit;
};

/* All operations, in the order to show them; after the last, one with the name NULL. */
extern const struct op_kind op_table[];

/* Makes op the operation that the text asks for (`sum`, `ewma:0.3`). False where there is none; why then has, as a C
 * string, what is wrong. The caller closes it in either case. */
bool op_open(struct op *op, const char *text, struct buffer *why);
void op_close(struct op *op);

#endif
