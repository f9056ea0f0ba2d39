/* parse: from the text of an expression to its tree.
 *
 * The syntax is that of SQLite's scalar expressions. It differs in two things: `->` and `->>` bind tighter than any
 * other operator, and a concatenation that is an operand of a comparison or of an arithmetic operator must stand in
 * parentheses, as people expect it on either side. Precedence, from the tightest:
 *
 *     ->  ->>
 *     -x  +x  ~x
 *     ||
 *     *  /  %
 *     +  -
 *     &  |  <<  >>
 *     <  >  <=  >=
 *     =  ==  <>  !=  IS  IS NOT  IS [NOT] DISTINCT FROM  [NOT] BETWEEN, IN, LIKE, GLOB, REGEXP  ISNULL  NOTNULL
 *     NOT
 *     AND
 *     OR */
#ifndef PARSE_H
#define PARSE_H

#include "base/bytes.h"

enum node_kind {
    NODE_NULL,
    NODE_BOOLEAN, /* text: "true" or "false" */
    NODE_NUMBER,  /* text: as written */
    NODE_TEXT,    /* text */
    NODE_NAME,  /* text: a column or a field; quoted if it stood in quotes; of record.value the part behind the point */
    NODE_CALL,  /* text: the function; operands: its arguments */
    NODE_UNARY, /* operator - + ~ NOT; one operand */
    NODE_BINARY,  /* two operands */
    NODE_IS_NULL, /* one operand; negated: IS NOT NULL */
    NODE_BETWEEN, /* operands: what is compared, the least, the greatest */
    NODE_IN,      /* operands: what is compared, and the members of the list */
    NODE_MATCH,   /* operator LIKE, GLOB or REGEXP; operands: what is matched, the pattern, and an ESCAPE if given */
    NODE_CASE,    /* operands: WHEN and THEN by turns, and an ELSE at the end, or a NODE_NULL */
    NODE_SWITCH,  /* CASE x WHEN: x before these */
    NODE_CAST     /* text: the type; one operand */
};

/* Binary and unary operators. */
enum operator{
    OPERATOR_NONE,
    OPERATOR_OR,
    OPERATOR_AND,
    OPERATOR_NOT,
    OPERATOR_EQUAL,
    OPERATOR_UNEQUAL,
    OPERATOR_IS,
    OPERATOR_IS_NOT,
    OPERATOR_LIKE,
    OPERATOR_GLOB,
    OPERATOR_REGEXP,
    OPERATOR_LESS,
    OPERATOR_LESS_EQUAL,
    OPERATOR_GREATER,
    OPERATOR_GREATER_EQUAL,
    OPERATOR_BIT_AND,
    OPERATOR_BIT_OR,
    OPERATOR_LEFT,
    OPERATOR_RIGHT,
    OPERATOR_ADD,
    OPERATOR_SUBTRACT,
    OPERATOR_MULTIPLY,
    OPERATOR_DIVIDE,
    OPERATOR_REMAINDER,
    OPERATOR_CONCATENATE,
    OPERATOR_COMPLEMENT,
    OPERATOR_MEMBER,     /* -> */
    OPERATOR_MEMBER_TEXT /* ->> */
};

struct node {
    enum node_kind kind;
    enum operator operator;
    bool negated;        /* NOT BETWEEN, NOT IN, NOT LIKE, IS NOT NULL */
    bool quoted;         /* of a name */
    bool enclosed;       /* it stands in parentheses */
    struct bytes text;   /* without quotes; in the expression, or in the tree */
    const char *place;   /* of its operator, or of its first byte, for a caret */
    struct bytes source; /* all of it in the expression, with its parentheses */
    struct node **operands;
    size_t count;
    size_t room;
};

/* A tree, or why there is none. */
struct tree {
    struct node *root;
    const char *end;     /* where the expression ends: at a comma that belongs to no list, or at the end of the text */
    const char *place;   /* of the fault */
    struct buffer why;   /* the fault, for a message; empty: there is none */
    struct node **nodes; /* all of them */
    size_t count;
    size_t room;
    struct buffer *texts; /* unquoted texts that differ from what is written */
    size_t texts_count;
    size_t texts_room;
};

/* Parses one expression from `at` on, up to a comma outside of parentheses or the end of the text, and sets *tree.
 * Returns false if it is not one: tree->why and tree->place say what is wrong and where. The text must live as long as
 * the tree. The caller calls parse_free in either case. */
bool parse(const char *at, struct tree *tree);
void parse_free(struct tree *tree);

/* The operator as it is written: "||". */
const char *parse_operator_text(enum operator operator);

#endif
