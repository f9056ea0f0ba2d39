/* fold: how a record changes its key's state, and what is sent for it: by an operation (op.h), or by expressions
 * (expr.h).
 *
 *     OP                 as the operation says
 *     -e STATE[,EMIT]    STATE is the new state; EMIT is sent, or the new state if there is no EMIT
 *     -q QUERY           each row has a STATE, or a STATE and an EMIT: every EMIT is sent, and the STATE of the last
 * row is the new state; if there is no row, the state stays
 *
 * STATE and EMIT see the state before the record as state, and EMIT sees the new one as new_state. A STATE that is
 * discard() discards the key, and one that is drop() leaves the record out; an EMIT that is drop() sends nothing. */
#ifndef FOLD_H
#define FOLD_H

#include "expr/query.h"
#include "op/op.h"
#include "stage/stage.h"

/* When something is sent: for each record, or for each key at the end. At the end a query has no EMIT. */
enum fold_when { FOLD_EACH, FOLD_END };

struct fold {
    /* The options, as they were given. */
    const char *expression;
    const char *query;

    /* The fold's own, after fold_open. */
    enum fold_when when;
    struct op op;            /* op.apply NULL: expressions */
    struct expr *next;       /* STATE; NULL: there is an operation, or a query */
    struct expr *emit;       /* EMIT; NULL: the new state is sent, or what the query says */
    struct query *rows;      /* NULL: there is no query */
    struct buffer states[2]; /* new states, by turns: the one before is still read */
};

/* The options of a fold of either kind, for a struct fold. */
extern const struct option_entry fold_each_options[], fold_end_options[];

/* Returns in how many of the ways the fold was given: an operand, which may be NULL, -e, and -q. */
static inline int fold_ways(const struct fold *fold, const char *operation)
{
    return (operation != NULL) + (fold->expression != NULL) + (fold->query != NULL);
}

/* Makes the fold of the operand, NULL for none, or of its options, of which exactly one must be given, and signs the
 * stage, whose step has that name. A fault in them ends the program (64). */
void fold_open(struct fold *fold, struct stage *stage, const char *step, enum fold_when when, const char *operation);
void fold_close(struct fold *fold);

struct fold_result {
    struct op_result first;   /* the new state, data NULL if the key is discarded; and what is sent first */
    const struct bytes *more; /* what is sent then: more[0], more[stride], ...; those with data NULL are not sent */
    size_t count, stride;
};

/* Folds a record of the stage into the state of its key; state.data is NULL if the key has none. Returns NULL, or why
 * the record is a bad one, as the end of a message that names the value; the result is then undefined. The views in the
 * result lie in the fold, in the record or in the state, and are valid until the fold is used again or the other two go
 * away. state may be the result of the call before. */
const char *fold_apply(struct fold *fold, struct stage *stage, const struct record *record, struct bytes state,
                       struct fold_result *result);

/* Sets *emit to what is sent for a key at the end; data NULL: nothing. EMIT sees the key, and the state both as state
 * and as new_state. Returns NULL, or why there is no result. The view is valid as one of fold_apply is. */
const char *fold_total(struct fold *fold, struct bytes key, struct bytes state, struct bytes *emit);

#endif
