/* program: an expression compiled to instructions, and their evaluation for one record.
 *
 * The instructions work on registers, each of which holds a datum. The first registers are the columns, set for each
 * record; then come the constants, set when the expression is compiled; then the intermediate results. So a column or a
 * constant as an operand costs no instruction. What can be computed without a record is a constant. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "expr/function.h"
#include "expr/parse.h"

enum program_column { COLUMN_KEY, COLUMN_VALUE, COLUMN_SOURCE, COLUMN_STATE, COLUMN_NEW_STATE, COLUMNS };

extern const char *const program_columns[COLUMNS]; /* their names */

enum action {
    ACTION_COPY,
    ACTION_JUMP,
    ACTION_JUMP_IF_FALSE,
    ACTION_JUMP_IF_TRUE,
    ACTION_JUMP_UNLESS_TRUE, /* if it is false or NULL */
    ACTION_JUMP_UNLESS_NULL,
    ACTION_CHECK_CONDITION, /* it must be a boolean or NULL */
    ACTION_AND,
    ACTION_OR,
    ACTION_NOT,
    ACTION_IS_NULL,
    ACTION_COMPARE, /* by the operator of the node */
    ACTION_IS,
    ACTION_IN,
    ACTION_CONCATENATE,
    ACTION_ADD,
    ACTION_SUBTRACT,
    ACTION_MULTIPLY,
    ACTION_DIVIDE,
    ACTION_REMAINDER,
    ACTION_NEGATE,
    ACTION_NUMBER,
    ACTION_BITS,
    ACTION_CAST,
    ACTION_CALL,
    ACTION_DROP,
    ACTION_DISCARD,
    ACTION_END
};

/* What CAST makes. */
enum program_type { TYPE_TEXT, TYPE_INTEGER, TYPE_NUMBER, TYPE_REAL };

struct instruction {
    uint8_t action;
    uint8_t operator; /* of COMPARE, BITS and arithmetic */
    bool negated;     /* of IS_NULL, IS and IN */
    uint16_t target;  /* registers */
    uint16_t a, b;
    uint32_t next;           /* where a jump goes; of CALL the site; of IN the first of its arguments */
    uint32_t count;          /* of IN, its members; of CAST, the enum program_type */
    const struct node *node; /* for messages */
};

/* Where a function is called. */
struct site {
    const struct function *function;
    uint32_t first; /* of its arguments */
    uint32_t count;
    void *memo;
};

struct program {
    const char *option; /* "-e" */
    const char *text;
    struct tree tree;
    struct instruction *code;
    size_t code_count, code_room;
    struct datum *registers;
    size_t register_count; /* columns, constants and intermediate results */
    uint16_t *arguments;   /* registers */
    size_t argument_count, argument_room;
    struct site *sites;
    size_t site_count, site_room;
    bool reads[COLUMNS];    /* which columns it mentions */
    size_t fixed;           /* registers that are no constants: columns and intermediate results */
    uint16_t result;        /* the register of the result */
    struct arena constants; /* their texts */
    struct arena arena;     /* of one evaluation */
    struct buffer why;
};

enum program_words { PROGRAM_DROP = 1, PROGRAM_DISCARD = 2 };

/* Compiles the expression at text, for messages about the option, with the first `columns` columns; condition: it must
 * be a boolean. words are those of drop() and discard() that it may use. The text must live as long as the program. If
 * it does not compile, ends the program that runs (64) with a message that shows the text and a caret. */
void program_compile(struct program *program, const char *option, const char *text, size_t columns, bool condition,
                     unsigned words);
void program_free(struct program *program);

enum program_answer { PROGRAM_OK, PROGRAM_DROPPED, PROGRAM_DISCARDED, PROGRAM_FAILED };

/* Evaluates the program from an instruction on (0: from the start), for the columns that are in its registers. The
 * result is in its register, valid until the next evaluation; or the reason is in why, whose last line but one is the
 * expression and whose last has a caret under the place that failed. */
enum program_answer program_run(struct program *program, size_t from);

#endif
