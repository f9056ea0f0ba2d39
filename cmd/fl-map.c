/* fl-map: gives every record a new value, or makes any number of records of it.
 *
 *     fl-map [-k EXPR] -f N[,N...]        fields of the old one
 *     fl-map [-k EXPR] -e EXPR            the value of an expression; NULL drops the record
 *     fl-map [-k EXPR] -q QUERY           a record for each row of a query
 *     fl-map [-k EXPR] -x CMD [ARG...]    what a program answers for the value
 *     fl-map --per-epoch -x CMD [ARG...]  the lines that a filter makes of the values of an epoch
 *
 * The order of the records stays. */
#include "base/scan.h"
#include "expr/expr.h"
#include "value/field.h"
#include "exec/exec.h"
#include "base/option.h"
#include "stage/stage.h"

static const char usage[] =
    "usage: fl-map [-r DIR] [-s SPAN] [-b SPAN] [--reject FILE] [-k EXPR] -f N[,N...] [-d CHAR]\n"
    "       fl-map [-r DIR] [-s SPAN] [-b SPAN] [--reject FILE] [-k EXPR] -e EXPR\n"
    "       fl-map [-r DIR] [-s SPAN] [-b SPAN] [--reject FILE] [-k EXPR] -q QUERY\n"
    "       fl-map [-r DIR] [-s SPAN] [-b SPAN] [--reject FILE] [-k EXPR] [--timeout SPAN]\n"
    "           -x CMD [ARG...]\n"
    "       fl-map [-r DIR] [-s SPAN] [-b SPAN] [--reject FILE] [--timeout SPAN] --per-epoch\n"
    "           -x CMD [ARG...]\n"
    "\n"
    "  -f, --fields N[,N...]          the new value is these fields of the old one, counted from 1\n"
    FIELD_USAGE
    "  -e, --expression EXPR          the new value, of key, value and source; NULL drops the record\n"
    "  -q, --query QUERY              a SELECT of one column: a record for each of its rows\n"
    "  -k, --key EXPR                 the new key, of the record that came in\n"
    EXEC_USAGE EXEC_EPOCH_USAGE STAGE_REJECT_USAGE STAGE_USAGE;

struct map {
    struct field_list fields; /* of which the new value is made; or, where there are none, */
    struct expr *value;       /* what gives it; NULL: a program */
    struct expr *key;         /* NULL: the key stays */
};

/* Evaluates the new key into sent. NULL, or why the record is a bad one. */
static const char *set_key(struct map *map, const struct expr_input *input, struct record *sent)
{
    struct expr_rows rows;
    const char *why = expr_evaluate(map->key, input, &rows);
    if (why != NULL)
        return why;
    if (rows.values[0].data == NULL)
        return "has no key: -k gives NULL";
    sent->key = rows.values[0];
    sent->keyed = true;
    return NULL;
}

/* Sends a record on with the one value that it was given; plain: which holds no LF. NULL, or why it is a bad one. */
static const char *send_value(struct map *map, struct stage *stage, const struct record *record, struct bytes value,
                              bool plain)
{
    if (map->key == NULL) {
        stage_send_value(stage, record, value, plain);
        return NULL;
    }
    const struct expr_input input = expr_input_of(record, stage_source(stage));
    struct record sent = {.value = value};
    const char *why = set_key(map, &input, &sent);
    if (why == NULL)
        stage_send(stage, &sent);
    return why;
}

static const char *take_fields(struct map *map, struct stage *stage, const struct record *record)
{
    struct bytes value;
    const char *why = field_list_take(&map->fields, record->value, &value);
    return why != NULL ? why : send_value(map, stage, record, value, map->fields.delimiter != '\n');
}

/* NULL, or why the record is a bad one. */
static const char *evaluate(struct map *map, struct stage *stage, const struct record *record)
{
    const struct expr_input input = expr_input_of(record, stage_source(stage));
    struct record sent = {.key = record->key, .keyed = record->keyed};
    struct expr_rows rows;
    bool key_is_set = map->key == NULL;
    const char *why = expr_evaluate(map->value, &input, &rows);
    for (size_t i = 0; why == NULL && i < rows.count; i++) {
        if (rows.values[i].data == NULL)
            continue;
        if (!key_is_set)
            why = set_key(map, &input, &sent);
        key_is_set = true;
        sent.value = rows.values[i];
        sent.plain = record->plain && map->key == NULL && !scan_holds(sent.value, '\n');
        if (why == NULL)
            stage_send(stage, &sent);
    }
    return why;
}

static void on_records(void *context, struct stage *stage, const struct record *records, size_t count)
{
    struct map *map = context;
    for (size_t i = 0; i < count; i++) {
        const char *why =
            map->fields.count > 0 ? take_fields(map, stage, &records[i]) : evaluate(map, stage, &records[i]);
        if (why != NULL)
            stage_refuse(stage, &records[i], "%s", why);
    }
}

static const char *on_answer(void *context, struct stage *stage, const struct record *record, struct bytes line)
{
    const char *why = send_value(context, stage, record, line, true);
    if (why != NULL)
        stage_refuse(stage, record, "%s", why);
    return NULL;
}

static const char *on_line(void *context, struct stage *stage, const struct record *none, struct bytes line)
{
    (void)context;
    (void)none;
    stage_send(stage, &(struct record){.value = line, .plain = true});
    return NULL;
}

int main(int argc, char **argv)
{
    (void)argc;
    stage_start(argv[0]);
    struct stage_options stage_options = {0};
    struct exec_options exec_options = {0};
    const char *fields = NULL, *delimiter = NULL, *expression = NULL, *query = NULL, *key = NULL;
    const struct option_entry options[] = {
        {.letter = 'f', .name = "fields", .argument = &fields},
        {.letter = 'd', .name = "delimiter", .argument = &delimiter},
        {.letter = 'e', .name = "expression", .argument = &expression, .phrase = true},
        {.letter = 'q', .name = "query", .argument = &query},
        {.letter = 'k', .name = "key", .argument = &key},
        EXEC_OPTIONS(exec_options), EXEC_EPOCH_OPTION(exec_options),
        STAGE_OPTIONS(stage_options), STAGE_REJECT_OPTION(stage_options), {0}};
    option_parse(argv, usage, (const struct option_entry *[]){options, NULL}, 0, 0, NULL);
    const bool program_given = exec_is_given(&exec_options);
    const int ways = (fields != NULL) + (expression != NULL) + (query != NULL) + program_given;
    if (ways == 0)
        option_refuse("give fields with -f, an expression with -e, a query with -q, or a program with -x");
    if (ways > 1)
        option_refuse("-f, -e, -q and -x contradict each other");
    if (key != NULL && exec_options.per_epoch)
        option_refuse("-k and --per-epoch contradict each other: put fl-key after");

    struct map map = {.value = NULL};
    int status;
    field_list_open(&map.fields, fields, delimiter);
    if (key != NULL)
        map.key = expr_open("-k", key, EXPR_VALUES, EXPR_RECORD, 1, 1);
    if (program_given) {
        const struct exec exec = {.name = "map",
                                      .request = exec_request_value,
                                      .answer = exec_options.per_epoch ? on_line : on_answer};
        status = exec_run(&exec, &map, &exec_options, &stage_options);
    } else {
        if (query != NULL)
            map.value = expr_open("-q", query, EXPR_QUERY, EXPR_RECORD, 1, 1);
        else if (expression != NULL)
            map.value = expr_open("-e", expression, EXPR_VALUES, EXPR_RECORD, 1, 1);
        const struct stage_program program = {.name = "map", .records = on_records};
        status = stage_run(&program, &map, &stage_options);
    }
    field_list_close(&map.fields);
    expr_close(map.value);
    expr_close(map.key);
    return status;
}
