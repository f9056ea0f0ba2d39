/* op: the operations that keep a state per key.
 *
 * A state is text, as it stands in the recovery directory, and an operation is a function from a state and a value to
 * the next state and what is sent on. It keeps nothing else, so going on from a saved state is the same as going on.
 *
 * The states:
 *     sum                `EXACT`, or `EXACT FLOAT COMPENSATION` once a floating number has come
 *     mean               the state of sum, a blank, and the count
 *     count              the count
 *     min, max           the number as it was written when it came; of equal ones the first
 *     first, last        the value as it came
 * EXACT is the exact sum of the exact numbers; FLOAT and COMPENSATION are Neumaier's sum of the floating ones and what
 * its roundings lost (A. Neumaier, Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen, 1974), each
 * written so that the same double is read back. What is sent on is then the double nearest to the three together,
 * in mean divided by the count. */
#ifndef OP_H
#define OP_H

#include <stdbool.h>

#include "bytes.h"
#include "number.h"

/* Where an operation writes. All zero to begin with; one scratch is for one operation. */
struct op_scratch {
    char state[4 * NUMBER_TEXT];
    char number[NUMBER_TEXT];
    size_t integer_size; /* of the integer that state holds since the last call; 0: it holds none */
    int64_t integer;     /* and that integer, which need not be read again where it is the state of the next call */
};

struct op_result {
    struct bytes state; /* the new state; unchanged where state.data is that of the old */
    struct bytes emit;  /* the new value of the record */
    bool plain;         /* emit is known to hold no LF */
};

struct op {
    const char *name;
    const char *description; /* one line, for --help */

    /* Takes value into state. state.data is NULL for a key without a state; value.data never is, even at size 0.
     * Returns NULL, or why the value cannot be taken, as the end of a message that names the value (`is not a
     * number`); result is undefined then. The views in result lie in scratch, in value or in state, and are valid until
     * the scratch is used again, or the other two go away. value must not lie in scratch; state may, where it is what
     * the call before has given. */
    const char *(*apply)(struct op_scratch *scratch, struct bytes state, struct bytes value, struct op_result *result);
};

/* All operations, in the order to show them; after the last, one with the name NULL. */
extern const struct op op_table[];

/* The operation of that name, or NULL. */
const struct op *op_find(const char *name);

#endif
