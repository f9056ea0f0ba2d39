/* fl-map: gives every record a new value, or makes any number of records of it.
 *
 *     fl-map [-k EXPR] -f N[,N...]        fields of the old one
 *     fl-map [-k EXPR] -e EXPR            the value of an expression; drop() leaves the record out
 *     fl-map [-k EXPR] -q QUERY           a record for each row of a query
 *     fl-map [-k EXPR] -x CMD [ARG...]    the answer of a program to the value
 *     fl-map --per-epoch -x CMD [ARG...]  the lines that a filter makes of the values of an epoch
 *
 * The order of the records stays. */
#include "base/scan.h"
#include "exec/exec.h"
#include "expr/query.h"
#include "stage/stage.h"
#include "value/field.h"

struct map {
    const char *expression, *query, *key_text; /* as they were given; NULL: they were not */
    struct exec exec;
    struct field_list fields; /* of which the new value is made, if count is not 0 */
    struct expr *value;       /* gives the new value; NULL: something else does */
    struct query *rows;       /* gives new values; NULL: something else does */
    struct expr *key;         /* NULL: the key stays */
};

static const struct option_entry options[] = {
    {'f', "fields", OPTION_TEXT, "N[,N...]", offsetof(struct map, fields.given),
     "the new value is these fields of the old one, counted from 1"},
    FIELD_DELIMITER_OPTION(offsetof(struct map, fields)),
    {'e', "expression", OPTION_PHRASE, "EXPR", offsetof(struct map, expression),
     "the new value, of key, value and source; drop() leaves a record out"},
    {'q', "query", OPTION_TEXT, "QUERY", offsetof(struct map, query),
     "a SELECT of one column: a record for each of its rows"},
    {'k', "key", OPTION_TEXT, "EXPR", offsetof(struct map, key_text), "the new key, of the record that came in"},
    {0},
};

/* Each of these makes something of a record. Returns NULL if that is done, or why the record is a bad one. */

/* Evaluates the new key, if there is one, into sent. Sets *dropped if the key is drop(). */
static const char *set_key(struct map *map, const struct expr_input *input, struct record *sent, bool *dropped)
{
    struct expr_result result;
    if (map->key == NULL)
        return NULL;
    const enum expr_answer answer = expr_evaluate(map->key, input, &result);
    if (answer == EXPR_BAD)
        return result.why;
    *dropped = answer == EXPR_DROP;
    sent->key = result.value;
    sent->keyed = true;
    return NULL;
}

/* Sends a record with the one value that was made of it; plain: the value holds no LF. */
static const char *send_value(struct map *map, struct stage *stage, const struct record *record, struct bytes value,
                              bool plain)
{
    if (map->key == NULL) {
        stage_send_value(stage, record, value, plain);
        return NULL;
    }
    const struct expr_input input = expr_input_of(record, stage_source(stage));
    struct record sent = {.value = value};
    bool dropped = false;
    const char *why = set_key(map, &input, &sent, &dropped);
    if (why != NULL)
        return why;
    if (dropped)
        stage_omit(stage, STAGE_DROPPED);
    else
        stage_send(stage, &sent);
    return NULL;
}

static const char *take_fields(struct map *map, struct stage *stage, const struct record *record)
{
    struct bytes value;
    const char *why = field_list_take(&map->fields, record->value, &value);
    return why != NULL ? why : send_value(map, stage, record, value, map->fields.delimiter != '\n');
}

static const char *evaluate(struct map *map, struct stage *stage, const struct record *record)
{
    const struct expr_input input = expr_input_of(record, stage_source(stage));
    struct expr_result result;
    const enum expr_answer answer = expr_evaluate(map->value, &input, &result);
    if (answer == EXPR_BAD)
        return result.why;
    if (answer == EXPR_OK)
        return send_value(map, stage, record, result.value,
                          record->plain && (result.number || !scan_holds(result.value, '\n')));
    stage_omit(stage, STAGE_DROPPED);
    return NULL;
}

static const char *take_rows(struct map *map, struct stage *stage, const struct record *record)
{
    const struct expr_input input = expr_input_of(record, stage_source(stage));
    struct record sent = {.key = record->key, .keyed = record->keyed};
    struct query_rows rows;
    bool dropped = false, sends = false;
    const char *why = query_evaluate(map->rows, &input, &rows);
    for (size_t i = 0; why == NULL && i < rows.count && !sends; i++)
        sends = rows.values[i].data != NULL;
    if (why == NULL && sends)
        why = set_key(map, &input, &sent, &dropped);
    if (why != NULL)
        return why;
    if (!sends || dropped)
        stage_omit(stage, rows.count == 0 ? STAGE_NO_ROW : STAGE_DROPPED);
    for (size_t i = 0; i < rows.count && sends && !dropped; i++) {
        sent.value = rows.values[i];
        sent.plain = record->plain && map->key == NULL && !scan_holds(sent.value, '\n');
        if (sent.value.data != NULL)
            stage_send(stage, &sent);
    }
    return NULL;
}

static void on_records(void *context, struct stage *stage, const struct record *records, size_t count)
{
    struct map *map = context;
    for (size_t i = 0; i < count; i++) {
        const char *why = map->value != NULL  ? evaluate(map, stage, &records[i])
                          : map->rows != NULL ? take_rows(map, stage, &records[i])
                                              : take_fields(map, stage, &records[i]);
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

static const struct exec_calls in_step = {.request = exec_request_value, .answer = on_answer};
static const struct exec_calls per_epoch = {.request = exec_request_value, .answer = on_line};

static void on_open(void *context, struct stage *stage, char **operands)
{
    struct map *map = context;
    (void)operands;
    const bool asks = exec_is_given(&map->exec);
    const int ways = (map->fields.given != NULL) + (map->expression != NULL) + (map->query != NULL) + asks;
    if (ways == 0)
        option_refuse("give fields with -f, an expression with -e, a query with -q, or a program with -x");
    if (ways > 1)
        option_refuse("-f, -e, -q and -x contradict each other");
    if (map->key_text != NULL && map->exec.per_epoch)
        option_refuse("-k and --per-epoch contradict each other: put fl-key after");
    field_list_open(&map->fields);
    if (map->key_text != NULL)
        map->key = expr_open("-k", map->key_text, EXPR_VALUE, EXPR_RECORD, NULL);
    if (map->query != NULL)
        map->rows = query_open("-q", map->query, EXPR_RECORD, 1, 1);
    if (map->expression != NULL)
        map->value = expr_open("-e", map->expression, EXPR_VALUE, EXPR_RECORD, NULL);
    if (asks)
        exec_use(&map->exec, stage, map->exec.per_epoch ? &per_epoch : &in_step, map);
}

static void on_close(void *context)
{
    struct map *map = context;
    exec_close(&map->exec);
    field_list_close(&map->fields);
    expr_close(map->value);
    query_close(map->rows);
    expr_close(map->key);
}

static const struct stage_program program = {
    .name = "map",
    .forms = {{"[-k EXPR] -f N[,N...] [-d CHAR]", .refuses = true},
              {"[-k EXPR] -e EXPR", .refuses = true},
              {"[-k EXPR] -q QUERY", .refuses = true},
              {"[-k EXPR] [--timeout SPAN] -x CMD [ARG...]", .refuses = true},
              {"[--timeout SPAN] --per-epoch -x CMD [ARG...]", .refuses = true}},
    .options = {{options, 0},
                {exec_options, offsetof(struct map, exec)},
                {exec_epoch_options, offsetof(struct map, exec)}},
    .open = on_open,
    .calls = {.records = on_records},
    .close = on_close,
};

int main(int argc, char **argv)
{
    struct map map = {0};
    (void)argc;
    return stage_main(&program, &map, argv);
}
