/* op: the operations that keep a state per key, such as sum.
 *
 * A state is text, the same that is saved in the recovery directory. An operation is a function of a state and a value;
 * it gives the next state and the value to send. It keeps nothing else, so a flow that resumes from a saved state gives
 * the same results as one that was never stopped.
 *
 * The states:
 *     sum                `EXACT`, or `EXACT FLOAT COMPENSATION` once a floating number has come
 *     mean               the state of sum, a blank, and the count
 *     count              the count
 *     min, max, delta    the number as it was written in the record; for min and max the first of equal numbers
 *     first, last        the value of the record
 *     var, stddev        `COUNT FIRST MEAN SQUARES`
 *     ewma               the average
 *     distinct           up to 256 hashes; beyond that, `~ESTIMATE REGISTERS` (op_distinct.c)
 *     topk               lines of `COUNT EXCESS SIZE:VALUE`, the greatest count first (op_topk.c)
 *     histogram          the value that is sent
 * EXACT is the exact sum of the exact numbers. FLOAT is Neumaier's sum of the floating numbers, and COMPENSATION the
 * sum of the roundings that FLOAT lost (A. Neumaier, Rundungsfehleranalyse einiger Verfahren zur Summation endlicher
 * Summen, 1974). Both are written so that the same double is read back. sum then sends the double nearest to EXACT,
 * FLOAT and COMPENSATION together; mean divides it by the count. MEAN is the mean of the differences from the first
 * value, FIRST, and SQUARES the sum of the squared differences from the mean; both are updated by Welford's method (B.
 * P. Welford, Note on a Method for Calculating Corrected Sums of Squares and Products, 1962). */
#ifndef OP_H
#define OP_H

#include <stdbool.h>

#include "base/bytes.h"
#include "value/number.h"
#include "wire/frame.h"

/* Memory of an op for short results. */
struct op_scratch {
    char state[4 * NUMBER_TEXT];
    char number[NUMBER_TEXT];
};

struct op_result {
    struct bytes state; /* the new state; if state.data is that of the old state, the state is unchanged */
    struct bytes emit;  /* the value to send; data NULL: nothing is sent for the record */
    bool plain;         /* emit is known to hold no LF */
};

struct op;

/* Folds value into state. state.data is NULL for a key without a state; value.data is never NULL, even at size 0.
 * Returns NULL and sets *result, or returns why the value cannot be taken, as the end of a message that names the value
 * (`is not a number`); *result is undefined then. The views in *result lie in op, in value or in state: they are valid
 * until op is used again, and as long as value and state are. value must not lie in op. state may lie in op if it is
 * the state that the last call gave. */
typedef const char *op_apply(struct op *op, struct bytes state, struct bytes value, struct op_result *result);

/* Folds the values of several records into the state of their key, and writes the results, as op_apply and
 * frame_write_value would one by one, but faster. Begins with records[0], goes on as long as records are same_key, and
 * may stop at any value that needs op_apply. Returns how many records it took, which may be 0. All records are plain.
 * *state is the state before, as op_apply takes it, and becomes the state after the records taken, with the lifetime of
 * the state of op_apply. */
typedef size_t op_run(struct op *op, struct bytes *state, const struct record *records, size_t count,
                      struct line_writer *writer);

/* Sets *emit to what was sent for the last value that was folded into state; data NULL: nothing was sent. Returns false
 * if the state is damaged. The view lies in op or in state, and is valid as one of op_apply is. */
typedef bool op_total(struct op *op, struct bytes state, struct bytes *emit);

struct op_kind {
    const char *name;
    op_apply *apply;
    op_run *run;     /* NULL: apply is all there is */
    op_total *total; /* NULL: results are about single records, so a key has no total */

    /* All three are NULL if the operation takes no parameter. */
    const char *parameter; /* how `NAME:PARAMETER` names it: "ALPHA" */
    const char *expected;  /* what it must be, for messages: "a number above 0 and up to 1" */
    bool (*take_parameter)(struct op *op, struct number parameter); /* returns false if it is not as expected */
};

/* An operation that the user asked for, with its parameter. */
struct op {
    op_apply *apply;
    const struct op_kind *kind;
    char name[16 + NUMBER_TEXT]; /* with the parameter in number_format's form: "ewma:0.3" */
    union {
        double alpha;        /* of ewma */
        int64_t top;         /* of topk */
        struct number width; /* of histogram */
    };
    struct op_scratch scratch;
    struct buffer states[2]; /* long states, in turn: the old state may lie in one while the new is written */
    struct buffer emit;      /* long results */
};

/* All operations, in the order in which they are shown. The last entry is all zero. */
extern const struct op_kind op_table[];

/* Makes *op the operation that text asks for (`sum`, `ewma:0.3`). Returns false if text is not an operation, and
 * appends the reason to why, as a C string. The caller calls op_close in either case. */
bool op_open(struct op *op, const char *text, struct buffer *why);
void op_close(struct op *op);

#endif
