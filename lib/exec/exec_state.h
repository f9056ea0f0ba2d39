/* exec_state: how a co-process (exec.h) changes the states of keys, in lines of JSON.
 *
 *     {"key":"ann","state":{"n":2},"value":17}     the request for a record
 *     {"state":{"n":3},"emit":["a",17]}            the answer
 *
 * The state in a request is the state in the last answer for the key, or null if there is none; an answer with the
 * state null discards the key. An answer is JSON as RFC 8259 has it, and its state is kept without blanks. The value is
 * a number if it is written as JSON writes one, otherwise a string. Each element of emit is sent: a string as its text,
 * anything else as JSON. The stage keeps the states, so that they are saved, and go back to the last commit, with
 * everything else. */
#ifndef EXEC_STATE_H
#define EXEC_STATE_H

#include "stage/stage.h"

/* Memory that is used again; all zero at first. */
struct exec_state {
    struct buffer state; /* a new state */
    struct buffer sent;  /* an element of emit */
};

void exec_state_close(struct exec_state *exec);

/* The calls request and answer of struct exec_calls. A request waits for the answers of earlier records of its key. */
const char *exec_state_request(struct stage *stage, const struct record *record, size_t outstanding,
                               struct buffer *line);
const char *exec_state_answer(struct exec_state *exec, struct stage *stage, const struct record *record,
                              struct bytes line);

#endif
