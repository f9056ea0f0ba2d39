/* op_part: what the files of the operations share, and nobody else includes. */
#ifndef OP_PART_H
#define OP_PART_H

#include "op/op.h"

/* Why a state cannot be gone on from, and a value not be taken. */
extern const char op_bad_state[], op_beyond[];

/* Reads a value as number_parse_decimal does. Returns NULL, or why it cannot be taken. */
const char *op_parse_decimal(struct bytes value, struct number *number);

/* The same as a double, the nearest to it. */
const char *op_parse_double(struct bytes value, double *real);

/* Takes the field up to the first blank off the front of text. After the last field text->data is NULL. */
struct bytes op_next_field(struct bytes *text);

/* Reads a double that a state has. */
bool op_parse_real(struct bytes text, double *real);

/* Reads the digits of a positive number and the byte that ends them off the front of text. */
bool op_take_count(struct bytes *text, char end, int64_t *count);

/* Writes a double so that it is read back as the same; the view lies in text. */
struct bytes op_format_real(double real, char text[NUMBER_TEXT]);

/* The buffer for a new state, empty; not the one that the state before may lie in. */
struct buffer *op_next_state(struct op *op, struct bytes state);

op_apply op_apply_var, op_apply_stddev, op_apply_ewma, op_apply_distinct, op_apply_topk, op_apply_histogram;
op_total op_total_var, op_total_stddev, op_total_distinct, op_total_topk;

#endif
