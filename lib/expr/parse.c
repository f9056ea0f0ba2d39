#include "expr/parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"
#include "expr/token.h"

enum { DEPTH_MAX = 500 }; /* of expressions within expressions */

/* How tight an operator binds. */
enum level {
    LEVEL_OR = 1,
    LEVEL_AND,
    LEVEL_NOT,
    LEVEL_EQUALITY,
    LEVEL_COMPARISON,
    LEVEL_BITS,
    LEVEL_SUM,
    LEVEL_PRODUCT,
    LEVEL_CONCATENATION,
    LEVEL_SIGN,
    LEVEL_MEMBER
};

static const struct {
    const char *text;
    enum operator operator;
    enum level level;
} binary_operators[] = {
    {"or", OPERATOR_OR, LEVEL_OR},
    {"and", OPERATOR_AND, LEVEL_AND},
    {"=", OPERATOR_EQUAL, LEVEL_EQUALITY},
    {"==", OPERATOR_EQUAL, LEVEL_EQUALITY},
    {"<>", OPERATOR_UNEQUAL, LEVEL_EQUALITY},
    {"!=", OPERATOR_UNEQUAL, LEVEL_EQUALITY},
    {"<", OPERATOR_LESS, LEVEL_COMPARISON},
    {"<=", OPERATOR_LESS_EQUAL, LEVEL_COMPARISON},
    {">", OPERATOR_GREATER, LEVEL_COMPARISON},
    {">=", OPERATOR_GREATER_EQUAL, LEVEL_COMPARISON},
    {"&", OPERATOR_BIT_AND, LEVEL_BITS},
    {"|", OPERATOR_BIT_OR, LEVEL_BITS},
    {"<<", OPERATOR_LEFT, LEVEL_BITS},
    {">>", OPERATOR_RIGHT, LEVEL_BITS},
    {"+", OPERATOR_ADD, LEVEL_SUM},
    {"-", OPERATOR_SUBTRACT, LEVEL_SUM},
    {"*", OPERATOR_MULTIPLY, LEVEL_PRODUCT},
    {"/", OPERATOR_DIVIDE, LEVEL_PRODUCT},
    {"%", OPERATOR_REMAINDER, LEVEL_PRODUCT},
    {"||", OPERATOR_CONCATENATE, LEVEL_CONCATENATION},
    {"->", OPERATOR_MEMBER, LEVEL_MEMBER},
    {"->>", OPERATOR_MEMBER_TEXT, LEVEL_MEMBER},
};

/* Words that are no names unless they are quoted. */
static const char *const reserved[] = {
    "and",    "as",   "between", "case",   "cast",   "collate", "distinct", "else",  "end",   "escape",
    "exists", "from", "glob",    "in",     "is",     "isnull",  "like",     "match", "not",   "notnull",
    "null",   "or",   "over",    "regexp", "select", "then",    "values",   "when",  "where", "with",
};

struct parser {
    struct tree *tree;
    struct token token; /* the next one, not taken yet */
    const char *end;    /* of the last token that was taken */
    unsigned depth;
};

/* --- the tree ----------------------------------------------------------------------------------------------------- */

/* Notes a fault, if it is the first one, and returns NULL. */
__attribute__((format(printf, 3, 4))) static struct node *refuse(struct parser *parser, const char *place,
                                                                 const char *format, ...)
{
    struct tree *tree = parser->tree;
    if (tree->why.size > 0)
        return NULL;
    char why[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    tree->place = place;
    buffer_print(&tree->why, "%s", why);
    return NULL;
}

/* The next token is not what can stand there. */
static struct node *refuse_token(struct parser *parser, const char *expected)
{
    const struct token *token = &parser->token;
    if (token->kind == TOKEN_WRONG)
        return refuse(parser, token->text.data, "%s", token->why);
    if (token->kind == TOKEN_END)
        return refuse(parser, token->text.data, "it ends too early: %s is missing", expected);
    return refuse(parser, token->text.data, "%s is expected here, not %.*s", expected, (int)token->text.size,
                  token->text.data);
}

static struct node *new_node(struct parser *parser, enum node_kind kind, const char *place)
{
    struct tree *tree = parser->tree;
    struct node *node = bytes_allocate(sizeof *node);
    *node = (struct node){.kind = kind, .place = place};
    tree->nodes = array_grow(tree->nodes, tree->count, &tree->room, sizeof *tree->nodes);
    tree->nodes[tree->count++] = node;
    return node;
}

static void add_operand(struct node *node, struct node *operand)
{
    node->operands = array_grow(node->operands, node->count, &node->room, sizeof *node->operands);
    node->operands[node->count++] = operand;
}

static struct bytes unquote(struct parser *parser, const struct token *token)
{
    struct tree *tree = parser->tree;
    tree->texts = array_grow(tree->texts, tree->texts_count, &tree->texts_room, sizeof *tree->texts);
    struct buffer *text = &tree->texts[tree->texts_count++];
    *text = (struct buffer){0};
    buffer_reserve(text, token->text.size);
    token_unquote(token, text);
    return buffer_bytes(text);
}

static void take(struct parser *parser)
{
    parser->end = parser->token.text.data + parser->token.text.size;
    parser->token = token_next(parser->end);
}

static bool take_word(struct parser *parser, const char *word)
{
    if (!token_is(&parser->token, word))
        return false;
    take(parser);
    return true;
}

static bool expect(struct parser *parser, const char *word)
{
    if (take_word(parser, word))
        return true;
    refuse_token(parser, word);
    return false;
}

static struct node *finish(struct parser *parser, struct node *node, const char *start)
{
    node->source = (struct bytes){start, (size_t)(parser->end - start)};
    return node;
}

/* --- concatenations within other operators ------------------------------------------------------------------------ */

static bool is_open_concatenation(const struct node *node)
{
    return node->kind == NODE_BINARY && node->operator== OPERATOR_CONCATENATE && !node->enclosed;
}

#define TEXT(view) (int)(view).size, (view).data

/* Refuses LEFT || RIGHT as an operand of a comparison or of arithmetic, and shows both readings. */
static bool check_concatenation(struct parser *parser, const struct node *left, struct bytes sign,
                                const struct node *right)
{
    if (is_open_concatenation(left)) {
        const struct bytes first = left->operands[0]->source, last = left->operands[1]->source;
        refuse(parser, left->place, "write (%.*s) %.*s %.*s or %.*s || (%.*s %.*s %.*s), whichever is meant",
               TEXT(left->source), TEXT(sign), TEXT(right->source), TEXT(first), TEXT(last), TEXT(sign),
               TEXT(right->source));
        return false;
    }
    if (is_open_concatenation(right)) {
        const struct node *first = right;
        while (is_open_concatenation(first))
            first = first->operands[0];
        const char *rest = first->source.data + first->source.size;
        const int rest_size = (int)(right->source.data + right->source.size - rest);
        refuse(parser, right->place, "write %.*s %.*s (%.*s) or (%.*s %.*s %.*s)%.*s, whichever is meant",
               TEXT(left->source), TEXT(sign), TEXT(right->source), TEXT(left->source), TEXT(sign), TEXT(first->source),
               rest_size, rest);
        return false;
    }
    return true;
}

/* --- operands ----------------------------------------------------------------------------------------------------- */

static struct node *parse_level(struct parser *parser, enum level level);

static struct node *parse_whole(struct parser *parser)
{
    return parse_level(parser, LEVEL_OR);
}

static struct node *parse_case(struct parser *parser, const char *place)
{
    struct node *node = new_node(parser, NODE_CASE, place), *operand;
    if (!token_is(&parser->token, "when")) {
        node->kind = NODE_SWITCH;
        if ((operand = parse_whole(parser)) == NULL)
            return NULL;
        add_operand(node, operand);
    }
    if (!token_is(&parser->token, "when"))
        return refuse_token(parser, "WHEN");
    while (take_word(parser, "when")) {
        if ((operand = parse_whole(parser)) == NULL || !expect(parser, "THEN"))
            return NULL;
        add_operand(node, operand);
        if ((operand = parse_whole(parser)) == NULL)
            return NULL;
        add_operand(node, operand);
    }
    operand = take_word(parser, "else") ? parse_whole(parser) : new_node(parser, NODE_NULL, place);
    if (operand == NULL || !expect(parser, "END"))
        return NULL;
    add_operand(node, operand);
    return node;
}

static struct node *parse_cast(struct parser *parser, const char *place)
{
    struct node *node = new_node(parser, NODE_CAST, place), *operand;
    if (!expect(parser, "(") || (operand = parse_whole(parser)) == NULL || !expect(parser, "AS"))
        return NULL;
    if (parser->token.kind != TOKEN_NAME)
        return refuse_token(parser, "a type");
    node->text = parser->token.text;
    take(parser);
    add_operand(node, operand);
    return expect(parser, ")") ? node : NULL;
}

/* Reads operands up to the closing parenthesis; the opening one has been taken. */
static struct node *parse_list(struct parser *parser, struct node *node)
{
    if (take_word(parser, ")"))
        return node;
    do {
        struct node *operand = parse_whole(parser);
        if (operand == NULL)
            return NULL;
        add_operand(node, operand);
    } while (take_word(parser, ","));
    return expect(parser, ")") ? node : NULL;
}

static struct node *parse_name(struct parser *parser, struct token name)
{
    const bool quoted = name.kind == TOKEN_QUOTED_NAME;
    struct node *node = new_node(parser, NODE_NAME, name.text.data);
    if (!quoted && take_word(parser, "(")) {
        node->kind = NODE_CALL;
        node->text = name.text;
        if (token_is(&parser->token, "*") || token_is(&parser->token, "distinct"))
            return refuse(parser, name.text.data, "functions over many rows belong in a query: -q");
        if (parse_list(parser, node) == NULL)
            return NULL;
        if (token_is(&parser->token, "over") || token_is(&parser->token, "filter"))
            return refuse(parser, parser->token.text.data, "functions over many rows belong in a query: -q");
        return node;
    }
    if (take_word(parser, ".")) {
        if (!token_is(&name, "record"))
            return refuse(parser, name.text.data, "the one table is record: a member of JSON is written with ->>");
        name = parser->token;
        if (name.kind != TOKEN_NAME && name.kind != TOKEN_QUOTED_NAME)
            return refuse_token(parser, "the name of a column");
        take(parser);
    }
    node->quoted = name.kind == TOKEN_QUOTED_NAME;
    node->text = node->quoted ? unquote(parser, &name) : name.text;
    return node;
}

static bool is_reserved(const struct token *token)
{
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (token->kind == TOKEN_NAME && token_is(token, reserved[i]))
            return true;
    return false;
}

/* Returns whether a reserved word is the name of a function, too. */
static bool names_function(const struct token *token)
{
    return token_is(token, "glob") || token_is(token, "like") || token_is(token, "match") || token_is(token, "regexp");
}

static struct node *parse_enclosed(struct parser *parser)
{
    if (token_is(&parser->token, "select") || token_is(&parser->token, "values") || token_is(&parser->token, "with"))
        return refuse(parser, parser->token.text.data,
                      "a query within an expression is not possible: write it with -q");
    struct node *node = parse_whole(parser);
    if (node == NULL)
        return NULL;
    if (token_is(&parser->token, ","))
        return refuse(parser, parser->token.text.data, "a list of values stands behind IN alone");
    if (!expect(parser, ")"))
        return NULL;
    node->enclosed = true;
    return node;
}

/* An operand without operators. */
static struct node *parse_operand(struct parser *parser)
{
    const struct token token = parser->token;
    const char *place = token.text.data;
    struct node *node;
    switch (token.kind) {
    case TOKEN_NUMBER:
        take(parser);
        node = new_node(parser, NODE_NUMBER, place);
        node->text = token.text;
        return node;
    case TOKEN_TEXT:
    case TOKEN_BYTES:
        take(parser);
        node = new_node(parser, NODE_TEXT, place);
        node->text = unquote(parser, &token);
        return node;
    case TOKEN_QUOTED_NAME:
        take(parser);
        return parse_name(parser, token);
    case TOKEN_NAME:
        if (take_word(parser, "case"))
            return parse_case(parser, place);
        if (take_word(parser, "cast"))
            return parse_cast(parser, place);
        if (take_word(parser, "null"))
            return new_node(parser, NODE_NULL, place);
        if (token_is(&token, "exists") || token_is(&token, "select"))
            return refuse(parser, place, "a query within an expression is not possible: write it with -q");
        take(parser);
        if (is_reserved(&token) && !(names_function(&token) && token_is(&parser->token, "("))) {
            parser->token = token;
            break;
        }
        if ((token_is(&token, "true") || token_is(&token, "false")) && !token_is(&parser->token, "(")) {
            node = new_node(parser, NODE_BOOLEAN, place);
            node->text = token.text;
            return node;
        }
        return parse_name(parser, token);
    default:
        if (take_word(parser, "("))
            return parse_enclosed(parser);
    }
    return refuse_token(parser, "a value");
}

/* --- operators ---------------------------------------------------------------------------------------------------- */

static struct node *parse_prefix(struct parser *parser, enum level level)
{
    static const struct {
        const char *text;
        enum operator operator;
        enum level level;
    } prefixes[] = {{"not", OPERATOR_NOT, LEVEL_NOT},
                    {"-", OPERATOR_SUBTRACT, LEVEL_SIGN},
                    {"+", OPERATOR_ADD, LEVEL_SIGN},
                    {"~", OPERATOR_COMPLEMENT, LEVEL_SIGN}};
    const char *place = parser->token.text.data;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        if (!token_is(&parser->token, prefixes[i].text))
            continue;
        if (prefixes[i].level < level)
            return refuse(parser, place, "NOT must stand in parentheses here");
        take(parser);
        struct node *node = new_node(parser, NODE_UNARY, place);
        node->operator= prefixes[i].operator;
        struct node *operand = parse_level(parser, prefixes[i].level);
        if (operand == NULL)
            return NULL;
        add_operand(node, operand);
        return node;
    }
    return parse_operand(parser);
}

/* Builds a node of two operands, the second of which binds tighter than level. */
static struct node *parse_right(struct parser *parser, struct node *node, struct node *left, struct bytes sign,
                                enum level level)
{
    struct node *right = parse_level(parser, level + 1);
    if (right == NULL)
        return NULL;
    if (level >= LEVEL_EQUALITY && level <= LEVEL_PRODUCT && !check_concatenation(parser, left, sign, right))
        return NULL;
    add_operand(node, left);
    add_operand(node, right);
    return node;
}

static struct node *parse_between(struct parser *parser, struct node *node, struct node *left, struct bytes sign)
{
    if (parse_right(parser, node, left, sign, LEVEL_EQUALITY) == NULL || !expect(parser, "AND"))
        return NULL;
    struct node *most = parse_level(parser, LEVEL_COMPARISON);
    if (most == NULL || !check_concatenation(parser, left, sign, most))
        return NULL;
    add_operand(node, most);
    return node;
}

static struct node *parse_in(struct parser *parser, struct node *node, struct node *left)
{
    add_operand(node, left);
    if (!expect(parser, "("))
        return NULL;
    if (token_is(&parser->token, "select") || token_is(&parser->token, "values") || token_is(&parser->token, "with"))
        return refuse(parser, parser->token.text.data,
                      "a query within an expression is not possible: write it with -q");
    return parse_list(parser, node);
}

static struct node *parse_match(struct parser *parser, struct node *node, struct node *left, struct bytes sign)
{
    if (parse_right(parser, node, left, sign, LEVEL_EQUALITY) == NULL || !take_word(parser, "escape"))
        return parser->tree->why.size > 0 ? NULL : node;
    struct node *escape = parse_level(parser, LEVEL_COMPARISON);
    if (escape == NULL)
        return NULL;
    add_operand(node, escape);
    return node;
}

/* IS, and what may follow it. */
static struct node *parse_is(struct parser *parser, struct node *node, struct node *left, struct bytes sign)
{
    bool negated = take_word(parser, "not");
    if (take_word(parser, "distinct")) {
        if (!expect(parser, "FROM"))
            return NULL;
        negated = !negated;
    }
    if (parse_right(parser, node, left, sign, LEVEL_EQUALITY) == NULL)
        return NULL;
    node->kind = NODE_BINARY;
    node->operator= negated ? OPERATOR_IS_NOT : OPERATOR_IS;
    if (node->operands[1]->kind == NODE_NULL) {
        node->kind = NODE_IS_NULL;
        node->negated = negated;
        node->count = 1;
    }
    return node;
}

/* The operators of the level of equality that are words. Returns NULL if the next token is none of them, or with a
 * fault. */
static struct node *parse_word_operator(struct parser *parser, struct node *left)
{
    static const struct {
        const char *text;
        enum operator operator;
    } matches[] = {{"like", OPERATOR_LIKE}, {"glob", OPERATOR_GLOB}, {"regexp", OPERATOR_REGEXP}};
    const struct token sign = parser->token;
    if (sign.kind != TOKEN_NAME)
        return NULL;
    struct node *node = new_node(parser, NODE_IS_NULL, sign.text.data);
    if (take_word(parser, "is"))
        return parse_is(parser, node, left, sign.text);
    node->negated = take_word(parser, "not");
    if (take_word(parser, "between")) {
        node->kind = NODE_BETWEEN;
        return parse_between(parser, node, left, sign.text);
    }
    if (take_word(parser, "in")) {
        node->kind = NODE_IN;
        return parse_in(parser, node, left);
    }
    for (size_t i = 0; i < sizeof matches / sizeof *matches; i++) {
        if (!take_word(parser, matches[i].text))
            continue;
        node->kind = NODE_MATCH;
        node->operator= matches[i].operator;
        return parse_match(parser, node, left, sign.text);
    }
    const bool null = node->negated && take_word(parser, "null");
    if (null || (!node->negated && token_is(&parser->token, "notnull")) || token_is(&parser->token, "isnull")) {
        if (!null) {
            node->negated = token_is(&parser->token, "notnull");
            take(parser);
        }
        add_operand(node, left);
        return node;
    }
    if (node->negated)
        return refuse_token(parser, "BETWEEN, IN, LIKE, GLOB, REGEXP or NULL");
    if (token_is(&sign, "collate") || token_is(&sign, "match"))
        return refuse(parser, sign.text.data, "there is no %.*s: %s", TEXT(sign.text),
                      token_is(&sign, "match") ? "write match(x, ere) or x REGEXP ere"
                                               : "compare lower(x) or trim(x) instead");
    return NULL;
}

/* Reads an operand and the operators behind it that bind at least as tight as level. */
static struct node *parse_level(struct parser *parser, enum level level)
{
    const char *start = parser->token.text.data;
    if (++parser->depth > DEPTH_MAX)
        return refuse(parser, start, "it is nested deeper than %d levels", DEPTH_MAX);
    struct node *left = parse_prefix(parser, level);
    while (left != NULL) {
        finish(parser, left, start);
        const struct token sign = parser->token;
        size_t i = 0;
        while (i < sizeof binary_operators / sizeof *binary_operators && !token_is(&sign, binary_operators[i].text))
            i++;
        if (i < sizeof binary_operators / sizeof *binary_operators) {
            if (binary_operators[i].level < level)
                break;
            take(parser);
            struct node *node = new_node(parser, NODE_BINARY, sign.text.data);
            node->operator= binary_operators[i].operator;
            left = parse_right(parser, node, left, sign.text, binary_operators[i].level);
            continue;
        }
        struct node *node = level <= LEVEL_EQUALITY ? parse_word_operator(parser, left) : NULL;
        if (node == NULL && parser->tree->why.size == 0)
            break;
        left = node;
    }
    parser->depth--;
    return left;
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */

bool parse(const char *at, struct tree *tree)
{
    *tree = (struct tree){.end = at};
    struct parser parser = {.tree = tree, .token = token_next(at), .end = at};
    tree->root = parse_whole(&parser);
    if (tree->root != NULL && parser.token.kind != TOKEN_END && !token_is(&parser.token, ",")) {
        if (token_is(&parser.token, ")"))
            refuse(&parser, parser.token.text.data, "nothing is open that this ) closes");
        else
            refuse_token(&parser, "an operator or the end");
        tree->root = NULL;
    }
    tree->end = parser.token.text.data;
    if (tree->root == NULL)
        (void)buffer_string(&tree->why);
    return tree->root != NULL;
}

void parse_free(struct tree *tree)
{
    for (size_t i = 0; i < tree->count; i++) {
        free(tree->nodes[i]->operands);
        free(tree->nodes[i]);
    }
    for (size_t i = 0; i < tree->texts_count; i++)
        buffer_free(&tree->texts[i]);
    free(tree->nodes);
    free(tree->texts);
    buffer_free(&tree->why);
    *tree = (struct tree){.root = NULL};
}

const char *parse_operator_text(enum operator operator)
{
    for (size_t i = 0; i < sizeof binary_operators / sizeof *binary_operators; i++)
        if (binary_operators[i].operator== operator)
            return binary_operators[i].text;
    return "?";
}
