/* fl-key: gives every record a key, or takes it off.
 *
 *     fl-key KEY                        one key for all
 *     fl-key -f N[,N...] [-d CHAR]      fields of the value
 *     fl-key -e EXPR                    what an expression gives
 *     fl-key -x                         none
 *
 * The value goes through byte for byte, and the order of the records stays. */
#include "base/scan.h"
#include "expr/expr.h"
#include "value/field.h"
#include "base/option.h"
#include "stage/stage.h"

static const char usage[] =
    "usage: fl-key [-r DIR] [-s SPAN] [-b SPAN] KEY\n"
    "       fl-key [-r DIR] [-s SPAN] [-b SPAN] [--reject FILE] -f N[,N...] [-d CHAR]\n"
    "       fl-key [-r DIR] [-s SPAN] [-b SPAN] [--reject FILE] -e EXPR\n"
    "       fl-key [-r DIR] [-s SPAN] [-b SPAN] -x\n"
    "\n"
    "  -f, --fields N[,N...]          the key is these fields of the value, counted from 1\n"
    FIELD_USAGE
    "  -e, --expression EXPR          the key is what this gives, of key, value and source\n"
    "  -x, --no-key                   take the key off\n"
    STAGE_REJECT_USAGE STAGE_USAGE;

struct key {
    bool none;
    struct expr *expression;
    struct bytes constant;
    struct buffer prefix; /* of all plain records, where theirs is the same and needs no escapes */
    struct field_list fields;
};

/* Each takes a record's key from somewhere. NULL, or why the record is a bad one. */
static const char *key_by_fields(struct key *key, const struct record *record, struct record *keyed)
{
    const char *why = field_list_take(&key->fields, record->value, &keyed->key);
    if (why != NULL)
        return why;
    /* Fields of a plain value hold no LF, and those that end at blanks no tab; what is between them may be one. */
    const int delimiter = key->fields.delimiter;
    keyed->plain =
        record->plain && (delimiter == FIELD_BLANKS || (delimiter != '\n' && !scan_holds(keyed->key, '\t')));
    return NULL;
}

static const char *key_by_expression(struct key *key, struct stage *stage, const struct record *record,
                                     struct record *keyed)
{
    const struct expr_input input = expr_input_of(record, stage_source(stage));
    struct expr_rows rows;
    const char *why = expr_evaluate(key->expression, &input, &rows);
    if (why != NULL)
        return why;
    keyed->key = rows.values[0];
    if (keyed->key.data == NULL)
        return "has no key: -e gives NULL";
    keyed->plain = record->plain && !scan_holds(keyed->key, '\t') && !scan_holds(keyed->key, '\n');
    return NULL;
}

static void send(struct key *key, struct stage *stage, const struct record *record)
{
    struct record keyed = {.key = key->constant, .value = record->value, .keyed = !key->none};
    const char *why = NULL;
    if (key->fields.count > 0)
        why = key_by_fields(key, record, &keyed);
    else if (key->expression != NULL)
        why = key_by_expression(key, stage, record, &keyed);
    if (why != NULL)
        stage_refuse(stage, record, "%s", why);
    else
        stage_send(stage, &keyed);
}

static void on_records(void *context, struct stage *stage, const struct record *records, size_t count)
{
    struct key *key = context;
    if (key->prefix.size > 0 && records[0].plain)
        stage_pass_prefixed(stage, buffer_bytes(&key->prefix), records, count);
    else
        for (size_t i = 0; i < count; i++)
            send(key, stage, &records[i]);
}

int main(int argc, char **argv)
{
    (void)argc;
    stage_start(argv[0]);
    struct stage_options stage_options = {0};
    const char *fields = NULL, *delimiter = NULL, *expression = NULL;
    bool none = false;
    const struct option_entry options[] = {{.letter = 'f', .name = "fields", .argument = &fields},
                                           {.letter = 'd', .name = "delimiter", .argument = &delimiter},
                                           {.letter = 'e', .name = "expression", .argument = &expression,
                                            .phrase = true},
                                           {.letter = 'x', .name = "no-key", .given = &none},
                                           STAGE_OPTIONS(stage_options), STAGE_REJECT_OPTION(stage_options), {0}};
    size_t count;
    char **operands = option_parse(argv, usage, (const struct option_entry *[]){options, NULL}, 0, 1, &count);
    const int ways = (count == 1) + (fields != NULL) + (expression != NULL) + none;
    if (ways == 0)
        option_refuse("give a key, its fields with -f, or an expression with -e; or take it off with -x");
    if (ways > 1)
        option_refuse("a key, -f, -e and -x contradict each other");
    if (stage_options.reject != NULL && fields == NULL && expression == NULL)
        option_refuse("--reject goes with -f and -e: what is the same for all refuses no record");

    struct key key = {.none = none};
    field_list_open(&key.fields, fields, delimiter);
    if (expression != NULL)
        key.expression = expr_open("-e", expression, EXPR_VALUES, EXPR_RECORD, 1, 1);
    if (count == 1)
        key.constant = bytes_of(operands[0]);
    if (none || (count == 1 && strpbrk(operands[0], "\t\n") == NULL))
        frame_add_prefix(&key.prefix, !none, key.constant);
    const struct stage_program program = {.name = "key", .records = on_records};
    int status = stage_run(&program, &key, &stage_options);
    expr_close(key.expression);
    field_list_close(&key.fields);
    buffer_free(&key.prefix);
    return status;
}
