/* exchange: how a co-process (mapper.h) changes the states of keys, in lines of JSON.
 *
 *     {"key":"ann","state":{"n":2},"value":17}     what it is asked for a record
 *     {"state":{"n":3},"emit":["a",17]}            what it answers
 *
 * The state is what it answered for the key before, null where there is none, and again where null is answered. Value
 * is a number where it is written as JSON writes one, otherwise a string. Each element of emit is sent: a string as its
 * text, anything else as JSON. States stay on this side, so they are saved and go back with everything else. */
#ifndef EXEC_STATE_H
#define EXEC_STATE_H

#include "expr/expr.h"
#include "stage/stage.h"

struct exec_state {
    struct expr *valid; /* whether a state is JSON */
    struct expr *state; /* what is wrong with an answer, and the new state */
    struct expr *emit;  /* what is sent */
    struct buffer why;
};

void exec_state_open(struct exec_state *exec);
void exec_state_close(struct exec_state *exec);

/* As request and answer of struct exec: a request waits for the answers of records before that have the same key. */
const char *exec_state_request(struct exec_state *exec, struct stage *stage, const struct record *record,
                             size_t outstanding, struct buffer *line);
const char *exec_state_answer(struct exec_state *exec, struct stage *stage, const struct record *record,
                            struct bytes line);

#endif
