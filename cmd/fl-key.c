/* fl-key: gives every record a key, or takes it off.
 *
 *     fl-key KEY                        one key for all
 *     fl-key -f N[,N...] [-d CHAR]      fields of the value
 *     fl-key -e EXPR                    what an expression gives
 *     fl-key -x                         none
 *
 * The value goes through byte for byte, and the order of the records stays. */
#include <limits.h>
#include <stdlib.h>

#include "expr.h"
#include "field.h"
#include "option.h"
#include "stage.h"

static const char usage[] =
    "usage: fl-key [-r DIR] [-s SPAN] [-b SPAN] KEY\n"
    "       fl-key [-r DIR] [-s SPAN] [-b SPAN] [--reject FILE] -f N[,N...] [-d CHAR]\n"
    "       fl-key [-r DIR] [-s SPAN] [-b SPAN] [--reject FILE] -e EXPR\n"
    "       fl-key [-r DIR] [-s SPAN] [-b SPAN] -x\n"
    "\n"
    "  -f, --fields N[,N...]          the key is these fields of the value, counted from 1\n"
    "  -d, --delimiter CHAR           that end at CHAR each, as cut counts them (blanks, as awk does)\n"
    "  -e, --expression EXPR          the key is what this gives, of key, value and source\n"
    "  -x, --no-key                   take the key off\n"
    STAGE_REJECT_USAGE STAGE_USAGE;

struct key {
    bool none;
    struct expr *expression;
    struct bytes constant;
    struct buffer prefix;  /* of all plain records, where theirs is the same and needs no escapes */
    size_t *fields;        /* counted from 1, in the order of the key */
    size_t count;
    size_t last;           /* the highest of them */
    int delimiter;         /* a byte, or FIELD_BLANKS */
    struct bytes *found;   /* the fields of the value at hand, up to last */
    struct buffer joined;
};

/* Finds the first key->last fields of the value. False where it has fewer. */
static bool split(const struct key *key, struct bytes value)
{
    struct field_reader fields = field_begin(value, key->delimiter);
    for (size_t i = 0; i < key->last; i++)
        if (!field_next(&fields, &key->found[i]))
            return false;
    return true;
}

/* The key of a record whose fields were found. */
static struct bytes join(struct key *key)
{
    if (key->count == 1)
        return key->found[key->last - 1];
    key->joined.size = 0;
    for (size_t i = 0; i < key->count; i++) {
        if (i > 0)
            buffer_add_byte(&key->joined, key->delimiter != FIELD_BLANKS ? (char)key->delimiter : ' ');
        buffer_add(&key->joined, key->found[key->fields[i] - 1]);
    }
    return buffer_bytes(&key->joined);
}

/* Each takes a record's key from somewhere. NULL, or why the record is a bad one. */
static const char *key_by_fields(struct key *key, const struct record *record, struct record *keyed)
{
    if (!split(key, record->value)) {
        key->joined.size = 0;
        buffer_print(&key->joined, "has no field %zu%c", key->last, '\0');
        return key->joined.data;
    }
    keyed->key = join(key);
    /* Fields of a plain value hold no LF, and those that end at blanks no tab. */
    keyed->plain = record->plain && (key->delimiter == FIELD_BLANKS || !line_holds(keyed->key, '\t'));
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
    keyed->plain = record->plain && !line_holds(keyed->key, '\t') && !line_holds(keyed->key, '\n');
    return NULL;
}

static void send(struct key *key, struct stage *stage, const struct record *record)
{
    struct record keyed = {.key = key->constant, .value = record->value, .keyed = !key->none};
    const char *why = NULL;
    if (key->fields != NULL)
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

static void read_fields(struct key *key, const char *list)
{
    const char *at = list;
    do {
        size_t field = 0;
        const char *start = at;
        for (; *at >= '0' && *at <= '9' && field < SIZE_MAX / 20; at++)
            field = field * 10 + (size_t)(*at - '0');
        if (at == start || field == 0 || field > INT_MAX || (*at != ',' && *at != '\0'))
            option_refuse("-f: \"%s\" is no list of fields such as 2 or 1,3", list);
        key->fields = bytes_reallocate(key->fields, (key->count + 1) * sizeof *key->fields);
        key->fields[key->count++] = field;
        if (field > key->last)
            key->last = field;
    } while (*at++ == ',');
    key->found = bytes_allocate(key->last * sizeof *key->found);
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
    if (fields == NULL && delimiter != NULL)
        option_refuse("-d goes with -f");

    struct key key = {.none = none, .delimiter = FIELD_BLANKS};
    if (delimiter != NULL && !field_parse_delimiter(bytes_of(delimiter), &key.delimiter))
        option_refuse("-d: \"%s\" is not one byte (\\t stands for a tab)", delimiter);
    if (fields != NULL)
        read_fields(&key, fields);
    if (expression != NULL)
        key.expression = expr_open("-e", expression, EXPR_VALUES, EXPR_RECORD, 1, 1);
    if (count == 1)
        key.constant = bytes_of(operands[0]);
    if (none || (count == 1 && strpbrk(operands[0], "\t\n") == NULL))
        frame_add_prefix(&key.prefix, !none, key.constant);
    const struct stage_program program = {.name = "key", .records = on_records};
    int status = stage_run(&program, &key, &stage_options);
    expr_close(key.expression);
    free(key.fields);
    free(key.found);
    buffer_free(&key.joined);
    buffer_free(&key.prefix);
    return status;
}
