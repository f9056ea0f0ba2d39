/* fl-key: gives every record a key, or takes it off.
 *
 *     fl-key KEY                        one key for all
 *     fl-key -f N[,N...] [-d CHAR]      fields of the value
 *     fl-key -e EXPR                    what an expression gives
 *     fl-key -x                         none
 *
 * The value goes through byte for byte, and the order of the records stays. */
#include <string.h>

#include "base/scan.h"
#include "expr/expr.h"
#include "stage/stage.h"
#include "value/field.h"

struct key {
    bool none;
    const char *text; /* of -e; NULL: it was not given */
    struct field_list fields;
    struct expr *expression;
    struct bytes constant;
    struct buffer prefix; /* of all plain records, if theirs is the same and needs no escapes */
};

static const struct option_entry options[] = {
    {'f', "fields", OPTION_TEXT, "N[,N...]", offsetof(struct key, fields.given),
     "the key is these fields of the value, counted from 1"},
    FIELD_DELIMITER_OPTION(offsetof(struct key, fields)),
    {'e', "expression", OPTION_PHRASE, "EXPR", offsetof(struct key, text),
     "the key is what this gives, of key, value and source"},
    {'x', "no-key", OPTION_FLAG, NULL, offsetof(struct key, none), "take the key off"},
    {0},
};

/* Both set the key of keyed from a record. Return NULL, or why the record is a bad one. */
static const char *key_by_fields(struct key *key, const struct record *record, struct record *keyed)
{
    const char *why = field_list_take(&key->fields, record->value, &keyed->key);
    if (why != NULL)
        return why;
    /* Fields of a plain value hold no LF, and fields that end at blanks hold no tab; a delimiter between them may be
     * one. */
    const int delimiter = key->fields.delimiter;
    keyed->plain = record->plain && (delimiter == FIELD_BLANKS || (delimiter != '\n' && !scan_holds(keyed->key, '\t')));
    return NULL;
}

/* The key's data is NULL if the record is left out. */
static const char *key_by_expression(struct key *key, struct stage *stage, const struct record *record,
                                     struct record *keyed)
{
    const struct expr_input input = expr_input_of(record, stage_source(stage));
    struct expr_result result;
    const enum expr_answer answer = expr_evaluate(key->expression, &input, &result);
    if (answer == EXPR_BAD)
        return result.why;
    if (answer == EXPR_DROP) {
        keyed->key.data = NULL;
        return NULL;
    }
    keyed->key = result.value;
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
    else if (key->expression != NULL && keyed.key.data == NULL)
        stage_omit(stage, STAGE_DROPPED);
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

static void on_open(void *context, struct stage *stage, char **operands)
{
    struct key *key = context;
    const char *constant = operands[0];
    const int ways = (constant != NULL) + (key->fields.given != NULL) + (key->text != NULL) + key->none;
    if (ways == 0)
        option_refuse("give a key, its fields with -f, or an expression with -e; or take it off with -x");
    if (ways > 1)
        option_refuse("a key, -f, -e and -x contradict each other");
    if (stage->rejects && key->fields.given == NULL && key->text == NULL)
        option_refuse("--reject goes with -f and -e: what is the same for all refuses no record");
    field_list_open(&key->fields);
    if (key->text != NULL)
        key->expression = expr_open("-e", key->text, EXPR_VALUE, EXPR_RECORD, NULL);
    key->constant = bytes_of(constant);
    if (key->none || (constant != NULL && strpbrk(constant, "\t\n") == NULL))
        frame_add_prefix(&key->prefix, !key->none, key->constant);
}

static void on_close(void *context)
{
    struct key *key = context;
    expr_close(key->expression);
    field_list_close(&key->fields);
    buffer_free(&key->prefix);
}

static const struct stage_program program = {
    .name = "key",
    .forms = {{.text = "KEY"},
              {"-f N[,N...] [-d CHAR]", .refuses = true},
              {"-e EXPR", .refuses = true},
              {.text = "-x"}},
    .options = {{options, 0}},
    .most = 1,
    .open = on_open,
    .calls = {.records = on_records},
    .close = on_close,
};

int main(int argc, char **argv)
{
    struct key key = {0};
    (void)argc;
    return stage_main(&program, &key, argv);
}
