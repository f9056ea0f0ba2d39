/* op_part: shared by the op*.c files, and included by no other file. */
#ifndef OP_PART_H
#define OP_PART_H

#include "op/op.h"

/* Why a value cannot be taken: the state is not one of this operation; the number is beyond the exact range. */
extern const char op_bad_state[], op_beyond[];

/* Reads a value as number_parse_decimal does. Returns NULL, or why the value cannot be taken. */
const char *op_parse_decimal(struct bytes value, struct number *number);

/* Reads a value as number_parse does, and sets *real to the double nearest to it. Returns NULL, or why the value cannot
 * be taken. */
const char *op_parse_double(struct bytes value, double *real);

/* Returns the bytes of *text before its first blank, and moves *text behind that blank. If *text has no blank, returns
 * all of it, and sets text->data to NULL. */
struct bytes op_next_field(struct bytes *text);

/* Reads a double from a state. Returns false if text is not a number. */
bool op_parse_real(struct bytes text, double *real);

/* Takes a count and the byte `end` behind it from the front of *text. A count is decimal digits, up to
 * NUMBER_INTEGER_DIGITS of them without leading zeros. Returns false, with *text unchanged, if *text begins otherwise.
 * */
bool op_take_count(struct bytes *text, char end, int64_t *count);

/* Writes a double so that the same double is read back, and returns a view of it, which lies in text. */
struct bytes op_format_real(double real, char text[NUMBER_TEXT]);

/* Returns an empty buffer for a new state: one of op->states, but not the one that the old state lies in. */
struct buffer *op_next_state(struct op *op, struct bytes state);

op_apply op_apply_var, op_apply_stddev, op_apply_ewma, op_apply_distinct, op_apply_topk, op_apply_histogram;
op_total op_total_var, op_total_stddev, op_total_distinct, op_total_topk;

#endif
