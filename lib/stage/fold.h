/* fold: how a record changes its key's state, and what is sent for it: by an operation (op.h), or by expressions
 * (expr.h).
 *
 *     OP                 as the operation says
 *     -e STATE[,EMIT]    STATE is the new state, and EMIT is sent, which is the new state if not given
 *     -q QUERY           each row is of a STATE, or of a STATE and an EMIT: all EMITs are sent, and the STATE of the
 *                        last row is the new state; where there is no row the state stays
 * STATE and EMIT see the state before the record as state, and EMIT the new one as new_state. A new state that is NULL
 * discards the key; an EMIT that is NULL sends nothing. */
#ifndef FOLD_H
#define FOLD_H

#include "expr/expr.h"
#include "op/op.h"
#include "stage/stage.h"

/* The options, as they were given, and their entries in a table of options. */
struct fold_options {
    const char *expression;
    const char *query;
};

/* clang-format off */
#define FOLD_OPTIONS(options)                                                                                    \
    {.letter = 'e', .name = "expression", .argument = &(options).expression, .phrase = true},                          \
    {.letter = 'q', .name = "query", .argument = &(options).query}
/* clang-format on */

/* When something is sent: for each record, or for each key at the end. In the latter case a query has no EMIT. */
enum fold_when { FOLD_EACH, FOLD_END };

struct fold {
    enum fold_when when;
    struct op op;            /* op.apply NULL: expressions */
    struct expr *next;       /* STATE, or the query */
    struct expr *emit;       /* EMIT; NULL: the new state is sent, or what the query says */
    char *text;              /* of STATE, where there is an EMIT */
    struct buffer states[2]; /* new states, by turns: the one before is still read */
    struct buffer signature; /* a C string: what the saved state means, "statemap sum" */
};

struct fold_result {
    struct op_result first;   /* the new state, data NULL where the key is discarded; and what is sent first */
    const struct bytes *more; /* what is sent then: more[0], more[stride], ...; those with data NULL are not */
    size_t count, stride;
};

/* Makes a fold of the operand, NULL for none, and the options, of which exactly one must be given; whatever is
 * wrong with them ends the program (64). step is the program's name as a step. */
void fold_open(struct fold *fold, const char *step, enum fold_when when, const char *operation,
                     const struct fold_options *options);
void fold_close(struct fold *fold);

/* Takes a record of the stage into the state of its key; state.data is NULL for a key without one. Returns NULL, or why
 * the record is a bad one, as the end of a message that names the value; the result is undefined then. The views in the
 * result lie in the fold, in the record or in the state, and are valid until the fold is used again, or the
 * other two go away; state may be what the call before has given. */
const char *fold_apply(struct fold *fold, const struct stage *stage, const struct record *record,
                             struct bytes state, struct fold_result *result);

/* What is sent for a key at the end, data NULL for nothing. EMIT sees the key, and the state as both state and
 * new_state. Returns NULL, or why there is no result. The view is valid as one of fold_apply is. */
const char *fold_total(struct fold *fold, struct bytes key, struct bytes state, struct bytes *emit);

#endif
