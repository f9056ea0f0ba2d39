/* Goal of this test: a text becomes the tree that SQLite's precedence gives it, or is refused at the right place. */
#include "expr/parse.h"

#include "check.h"

static void dump(struct buffer *out, const struct node *node)
{
    static const char *const names[] = {
        [NODE_NULL] = "null",      [NODE_CALL] = "call",       [NODE_UNARY] = "",    [NODE_BINARY] = "",
        [NODE_IS_NULL] = "isnull", [NODE_BETWEEN] = "between", [NODE_IN] = "in",     [NODE_MATCH] = "",
        [NODE_CASE] = "case",      [NODE_SWITCH] = "switch",   [NODE_CAST] = "cast",
    };
    static const char *const matches[] = {
        [OPERATOR_LIKE] = "like", [OPERATOR_GLOB] = "glob", [OPERATOR_REGEXP] = "regexp"};
    switch (node->kind) {
    case NODE_TEXT:
        buffer_print(out, "'%.*s'", (int)node->text.size, node->text.data);
        return;
    case NODE_NAME:
        buffer_print(out, node->quoted ? "\"%.*s\"" : "%.*s", (int)node->text.size, node->text.data);
        return;
    case NODE_NUMBER:
    case NODE_BOOLEAN:
        buffer_print(out, "%.*s", (int)node->text.size, node->text.data);
        return;
    default:
        break;
    }
    buffer_print(out, "(%s%s", node->negated ? "not-" : "", names[node->kind]);
    if (node->kind == NODE_BINARY)
        buffer_print(out, "%s",
                     node->operator== OPERATOR_IS       ? "is"
                     : node->operator== OPERATOR_IS_NOT ? "is-not"
                                                        : parse_operator_text(node->operator));
    if (node->kind == NODE_MATCH)
        buffer_print(out, "%s", matches[node->operator]);
    if (node->kind == NODE_UNARY)
        buffer_print(out, "%s",
                     node->operator== OPERATOR_NOT          ? "not"
                     : node->operator== OPERATOR_COMPLEMENT ? "~"
                                                            : parse_operator_text(node->operator));
    if (node->kind == NODE_CALL || node->kind == NODE_CAST)
        buffer_print(out, " %.*s", (int)node->text.size, node->text.data);
    for (size_t i = 0; i < node->count; i++) {
        buffer_add_byte(out, ' ');
        dump(out, node->operands[i]);
    }
    buffer_add_byte(out, ')');
}

static void check_trees(void)
{
    static const struct {
        const char *text, *tree;
    } cases[] = {
        {"1 + 2 * 3", "(+ 1 (* 2 3))"},
        {"(1 + 2) * 3", "(* (+ 1 2) 3)"},
        {"1 - 2 - 3", "(- (- 1 2) 3)"},
        {"a or b and not c = d", "(or a (and b (not (= c d))))"},
        {"NOT a IS NULL", "(not (isnull a))"},
        {"a is not null", "(not-isnull a)"},
        {"a notnull", "(not-isnull a)"},
        {"a isnull and b not null", "(and (isnull a) (not-isnull b))"},
        {"a is b", "(is a b)"},
        {"a IS NOT DISTINCT FROM b", "(is a b)"},
        {"a is distinct from b", "(is-not a b)"},
        {"a < b = c > d", "(= (< a b) (> c d))"},
        {"a == b", "(= a b)"},
        {"a != b", "(<> a b)"},
        {"a between 1 and 2 and c", "(and (between a 1 2) c)"},
        {"a not between 1 + 1 and 2", "(not-between a (+ 1 1) 2)"},
        {"a in (1, 2)", "(in a 1 2)"},
        {"a not in ()", "(not-in a)"},
        {"a like 'x%' escape '!'", "(like a 'x%' '!')"},
        {"a not glob '*'", "(not-glob a '*')"},
        {"a REGEXP '^x' or b", "(or (regexp a '^x') b)"},
        {"- a ->> 'b'", "(- (->> a 'b'))"},
        {"value ->> 'a' || ' ' || value ->> 'b'", "(|| (|| (->> value 'a') ' ') (->> value 'b'))"},
        {"value -> 'a' -> 0", "(-> (-> value 'a') 0)"},
        {"-1 + +2", "(+ (- 1) (+ 2))"},
        {"a & b << 1 + 1", "(<< (& a b) (+ 1 1))"},
        {"case when a then 1 end", "(case a 1 (null))"},
        {"case a when 1 then 'x' when 2 then 'y' else 'z' end", "(switch a 1 'x' 2 'y' 'z')"},
        {"cast(a as integer)", "(cast integer a)"},
        {"f()", "(call f)"},
        {"like('a%', b) or not match(a, 'b')", "(or (call like 'a%' b) (not (call match a 'b')))"},
        {"f(1, g(2))", "(call f 1 (call g 2))"},
        {"'it''s'", "'it's'"},
        {"x'414a'", "'AJ'"},
        {"\"unit \"\"price\"", "\"unit \"price\""},
        {"record.value", "value"},
        {"true and FALSE", "(and true FALSE)"},
        {"a -- a comment\n + /* another */ b", "(+ a b)"},
        {".5 + 1. + 1e3 + 0xff", "(+ (+ (+ .5 1.) 1e3) 0xff)"},
        {"(a || b) = c", "(= (|| a b) c)"},
        {"(a || b) is null", "(isnull (|| a b))"},
        {"a || (b / 2)", "(|| a (/ b 2))"},
        {"a, b", "a"}, /* up to the comma */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tree tree;
        struct buffer out = {0};
        if (parse(cases[i].text, &tree))
            dump(&out, tree.root);
        else
            buffer_add(&out, buffer_bytes(&tree.why));
        buffer_print(&out, " <- %s", cases[i].text);
        CHECK_ABOUT(buffer_bytes(&out), strncmp(buffer_string(&out), cases[i].tree, strlen(cases[i].tree)) == 0 &&
                                            out.data[strlen(cases[i].tree)] == ' ');
        buffer_free(&out);
        parse_free(&tree);
    }
}

static void check_refusals(void)
{
    static const struct {
        const char *text;
        size_t place;
        const char *why;
    } cases[] = {
        {"", 0, "it ends too early: a value is missing"},
        {"1 +", 3, "it ends too early: a value is missing"},
        {"(1", 2, "it ends too early: ) is missing"},
        {"1)", 1, "nothing is open that this ) closes"},
        {"1 2", 2, "an operator or the end is expected here, not 2"},
        {"'abc", 0, "a quote does not end"},
        {"a /* b", 2, "a comment does not end"},
        {"a; b", 1, "nothing may follow, and so a ; has no place here"},
        {"12abc", 0, "this is not a number"},
        {"1.2.3", 3, "an operator or the end is expected here, not .3"},
        {"?1", 0, "parameters have no place here: the columns of the record have names"},
        {"a || t / 10", 2, "write (a || t) / 10 or a || (t / 10), whichever is meant"},
        {"a || ' ' || t / 10", 9, "write (a || ' ' || t) / 10 or a || ' ' || (t / 10), whichever is meant"},
        {"value = 'a' || value = 'b'", 12,
         "write value = ('a' || value) or (value = 'a') || value, whichever is meant"},
        {"1 + a || b || c", 11, "write 1 + (a || b || c) or (1 + a) || b || c, whichever is meant"},
        {"a between b || c and d", 12, "write a between (b || c) or (a between b) || c, whichever is meant"},
        {"a || b is null", 2, "write (a || b) is null or a || (b is null), whichever is meant"},
        {"count(*)", 0, "functions over many rows belong in a query: -q"},
        {"sum(a) over ()", 7, "functions over many rows belong in a query: -q"},
        {"(select 1)", 1, "a query within an expression is not possible: write it with -q"},
        {"a in (select 1)", 6, "a query within an expression is not possible: write it with -q"},
        {"a collate nocase", 2, "there is no collate: compare lower(x) or trim(x) instead"},
        {"a match b", 2, "there is no match: write match(x, ere) or x REGEXP ere"},
        {"(1, 2)", 2, "a list of values stands behind IN alone"},
        {"a.b", 0, "the one table is record: a member of JSON is written with ->>"},
        {"case 1 end", 7, "WHEN is expected here, not end"},
        {"a not b", 6, "BETWEEN, IN, LIKE, GLOB, REGEXP or NULL is expected here, not b"},
        {"1 + not a", 4, "NOT must stand in parentheses here"},
        {"a @ b", 2, "parameters have no place here: the columns of the record have names"},
        {"a ! b", 2, "this has no meaning in an expression"},
        {"x'4'", 0, "x'...' takes two digits for each byte"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tree tree;
        struct buffer about = {0};
        const bool parsed = parse(cases[i].text, &tree);
        const char *why = parsed ? "parsed" : tree.why.data;
        const size_t place = parsed ? 0 : (size_t)(tree.place - cases[i].text);
        buffer_print(&about, "%s: at %zu: %s", cases[i].text, place, why);
        CHECK_ABOUT(buffer_bytes(&about), !parsed && place == cases[i].place && strcmp(why, cases[i].why) == 0);
        buffer_free(&about);
        parse_free(&tree);
    }
}

static void check_depth(void)
{
    enum { DEEP = 100000 };
    struct tree tree;
    char *text = bytes_allocate(2 * DEEP + 2);
    memset(text, '(', DEEP);
    memset(text + DEEP, ')', DEEP);
    text[DEEP] = '1';
    text[2 * DEEP] = '\0';
    CHECK(!parse(text, &tree));
    parse_free(&tree);
    free(text);
}

int main(void)
{
    check_trees();
    check_refusals();
    check_depth();
    return check_end();
}
