/* fl-map: gives every record a new value, or makes any number of records of it.
 *
 *     fl-map [-k EXPR] -e EXPR        the value of an expression; NULL drops the record
 *     fl-map [-k EXPR] -q QUERY       a record for each row of a query
 *
 * The order of the records stays. */
#include "expr.h"
#include "option.h"
#include "stage.h"

static const char usage[] =
    "usage: fl-map [-r DIR] [-s SPAN] [-b SPAN] [--reject FILE] [-k EXPR] -e EXPR\n"
    "       fl-map [-r DIR] [-s SPAN] [-b SPAN] [--reject FILE] [-k EXPR] -q QUERY\n"
    "\n"
    "  -e, --expression EXPR          the new value, of key, value and source; NULL drops the record\n"
    "  -q, --query QUERY              a SELECT of one column: a record for each of its rows\n"
    "  -k, --key EXPR                 the new key, of the record that came in\n"
    STAGE_REJECT_USAGE STAGE_USAGE;

struct map {
    struct expr *value;
    struct expr *key; /* NULL: the key stays */
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

/* NULL, or why the record is a bad one. */
static const char *on_record(struct map *map, struct stage *stage, const struct record *record)
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
        if (why == NULL)
            stage_send(stage, &sent);
    }
    return why;
}

static void on_records(void *context, struct stage *stage, const struct record *records, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *why = on_record(context, stage, &records[i]);
        if (why != NULL)
            stage_refuse(stage, &records[i], "%s", why);
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    stage_start(argv[0]);
    struct stage_options stage_options = {0};
    const char *expression = NULL, *query = NULL, *key = NULL;
    const struct option_entry options[] = {{.letter = 'e', .name = "expression", .argument = &expression},
                                           {.letter = 'q', .name = "query", .argument = &query},
                                           {.letter = 'k', .name = "key", .argument = &key},
                                           STAGE_OPTIONS(stage_options), STAGE_REJECT_OPTION(stage_options), {0}};
    option_parse(argv, usage, (const struct option_entry *[]){options, NULL}, 0, 0, NULL);
    if (expression == NULL && query == NULL)
        option_refuse("give the new value with -e, or a query with -q");
    if (expression != NULL && query != NULL)
        option_refuse("-e and -q contradict each other");

    struct map map = {.value = query != NULL ? expr_open("-q", query, EXPR_QUERY, EXPR_RECORD, 1, 1)
                                             : expr_open("-e", expression, EXPR_VALUES, EXPR_RECORD, 1, 1)};
    if (key != NULL)
        map.key = expr_open("-k", key, EXPR_VALUES, EXPR_RECORD, 1, 1);
    const struct stage_program program = {.name = "map", .records = on_records};
    int status = stage_run(&program, &map, &stage_options);
    expr_close(map.value);
    expr_close(map.key);
    return status;
}
