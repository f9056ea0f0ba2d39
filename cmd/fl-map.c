/* fl-map: gives every record a new value, or makes any number of records of it.
 *
 *     fl-map [-k EXPR] -e EXPR            the value of an expression; NULL drops the record
 *     fl-map [-k EXPR] -q QUERY           a record for each row of a query
 *     fl-map [-k EXPR] -x CMD [ARG...]    what a program answers for the value
 *     fl-map --per-epoch -x CMD [ARG...]  the lines that a filter makes of the values of an epoch
 *
 * The order of the records stays. */
#include "expr.h"
#include "mapper.h"
#include "option.h"
#include "stage.h"

static const char usage[] =
    "usage: fl-map [-r DIR] [-s SPAN] [-b SPAN] [--reject FILE] [-k EXPR] -e EXPR\n"
    "       fl-map [-r DIR] [-s SPAN] [-b SPAN] [--reject FILE] [-k EXPR] -q QUERY\n"
    "       fl-map [-r DIR] [-s SPAN] [-b SPAN] [--reject FILE] [-k EXPR] [--timeout SPAN]\n"
    "           -x CMD [ARG...]\n"
    "       fl-map [-r DIR] [-s SPAN] [-b SPAN] [--reject FILE] [--timeout SPAN] --per-epoch\n"
    "           -x CMD [ARG...]\n"
    "\n"
    "  -e, --expression EXPR          the new value, of key, value and source; NULL drops the record\n"
    "  -q, --query QUERY              a SELECT of one column: a record for each of its rows\n"
    "  -k, --key EXPR                 the new key, of the record that came in\n"
    MAPPER_USAGE MAPPER_EPOCH_USAGE STAGE_REJECT_USAGE STAGE_USAGE;

struct map {
    struct expr *value; /* NULL: a program gives it */
    struct expr *key;   /* NULL: the key stays */
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
        sent.plain = record->plain && map->key == NULL && !line_holds(sent.value, '\n');
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

static const char *on_answer(void *context, struct stage *stage, const struct record *record, struct bytes line)
{
    struct map *map = context;
    struct record sent = {.key = record->key, .value = line, .keyed = record->keyed, .plain = record->plain};
    if (map->key != NULL) {
        const struct expr_input input = expr_input_of(record, stage_source(stage));
        const char *why = set_key(map, &input, &sent);
        sent.plain = false;
        if (why != NULL) {
            stage_refuse(stage, record, "%s", why);
            return NULL;
        }
    }
    stage_send(stage, &sent);
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
    struct mapper_options mapper_options = {0};
    const char *expression = NULL, *query = NULL, *key = NULL;
    const struct option_entry options[] = {
        {.letter = 'e', .name = "expression", .argument = &expression, .phrase = true},
        {.letter = 'q', .name = "query", .argument = &query},
        {.letter = 'k', .name = "key", .argument = &key},
        MAPPER_OPTIONS(mapper_options), MAPPER_EPOCH_OPTION(mapper_options),
        STAGE_OPTIONS(stage_options), STAGE_REJECT_OPTION(stage_options), {0}};
    option_parse(argv, usage, (const struct option_entry *[]){options, NULL}, 0, 0, NULL);
    const bool program_given = mapper_is_given(&mapper_options);
    if (expression == NULL && query == NULL && !program_given)
        option_refuse("give the new value with -e, a query with -q, or a program with -x");
    if ((expression != NULL) + (query != NULL) + program_given > 1)
        option_refuse("%s and %s contradict each other", expression != NULL ? "-e" : "-q",
                      expression != NULL && query != NULL ? "-q" : "-x");
    if (key != NULL && mapper_options.per_epoch)
        option_refuse("-k and --per-epoch contradict each other: put fl-key after");

    struct map map = {.value = NULL};
    int status;
    if (key != NULL)
        map.key = expr_open("-k", key, EXPR_VALUES, EXPR_RECORD, 1, 1);
    if (program_given) {
        const struct mapper mapper = {.name = "map",
                                      .request = mapper_request_value,
                                      .answer = mapper_options.per_epoch ? on_line : on_answer};
        status = mapper_run(&mapper, &map, &mapper_options, &stage_options);
    } else {
        map.value = query != NULL ? expr_open("-q", query, EXPR_QUERY, EXPR_RECORD, 1, 1)
                                  : expr_open("-e", expression, EXPR_VALUES, EXPR_RECORD, 1, 1);
        const struct stage_program program = {.name = "map", .records = on_records};
        status = stage_run(&program, &map, &stage_options);
    }
    expr_close(map.value);
    expr_close(map.key);
    return status;
}
