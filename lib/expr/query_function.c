/* The functions of function.h within queries. */
#include <stdlib.h>

#include "expr/function.h"
#include "expr/query_part.h"

enum {
    ARGUMENTS_MAX = 8, /* more than any of these functions takes */
    MEMOS = 8          /* of one function: for as many places of a query */
};

/* What a function keeps from record to record. SQLite has one context for each place at which a function stands. That
 * is only a hint: with the memo of another place the result is the same, but a pattern may be compiled again. */
struct memo {
    const sqlite3_context *place;
    void *kept;
};

/* One function of one query. */
struct bridge {
    struct query *query;
    const struct function *function;
    struct arena arena;
    struct buffer why;
    struct memo memos[MEMOS];
    size_t next; /* the one to use for the next new place */
};

static void close_bridge(void *context)
{
    struct bridge *bridge = context;
    for (size_t i = 0; i < MEMOS; i++)
        if (bridge->memos[i].kept != NULL)
            bridge->function->forget(bridge->memos[i].kept);
    arena_free(&bridge->arena);
    buffer_free(&bridge->why);
    free(bridge);
}

static struct memo *find_memo(struct bridge *bridge, const sqlite3_context *place)
{
    for (size_t i = 0; i < MEMOS; i++)
        if (bridge->memos[i].place == place)
            return &bridge->memos[i];
    struct memo *memo = &bridge->memos[bridge->next++ % MEMOS];
    memo->place = place;
    return memo;
}

static void fail(struct bridge *bridge, sqlite3_context *context)
{
    struct buffer why = {0};
    buffer_print(&why, "%s: ", bridge->function->name);
    buffer_add(&why, buffer_bytes(&bridge->why));
    sqlite3_result_error(context, why.data, (int)why.size);
    buffer_free(&why);
}

static void give(sqlite3_context *context, const struct datum *result)
{
    double real, low;
    switch (result->kind) {
    case DATUM_NULL:
        sqlite3_result_null(context);
        break;
    case DATUM_BOOLEAN:
        sqlite3_result_int(context, result->truth);
        break;
    case DATUM_NUMBER:
        if (number_is_small(&result->number)) {
            sqlite3_result_int64(context, (sqlite3_int64)result->number.mantissa);
            break;
        }
        number_split(result->number, &real, &low);
        sqlite3_result_double(context, real);
        break;
    default:
        sqlite3_result_text64(context, result->text.data, result->text.size, SQLITE_TRANSIENT, SQLITE_UTF8);
    }
}

/* Lets the function look at the arguments that are known while the columns are NULL: most are constants. What it
 * prepares is forgotten, since some are not, and a memo may be that of another place. Returns false if an argument is
 * wrong. */
static bool check_constants(const struct bridge *bridge, const struct call *given, struct datum *data)
{
    const struct datum *known[ARGUMENTS_MAX];
    struct call call = *given;
    call.memo = NULL;
    for (size_t i = 0; i < call.count; i++) {
        data[i].kind = data[i].kind != DATUM_NULL ? DATUM_TEXT : DATUM_NULL;
        known[i] = data[i].kind != DATUM_NULL ? &data[i] : NULL;
    }
    const bool good = bridge->function->prepare == NULL || bridge->function->prepare(&call, known);
    if (call.memo != NULL)
        bridge->function->forget(call.memo);
    return good;
}

static void call_bridge(sqlite3_context *context, int count, sqlite3_value **values)
{
    static const uint16_t arguments[ARGUMENTS_MAX] = {0, 1, 2, 3, 4, 5, 6, 7};
    struct bridge *bridge = sqlite3_user_data(context);
    struct datum data[ARGUMENTS_MAX], result;
    char texts[ARGUMENTS_MAX][NUMBER_TEXT];
    bool null = false;
    struct call call = {.registers = data,
                        .arguments = arguments,
                        .count = (size_t)count,
                        .arena = &bridge->arena,
                        .why = &bridge->why};
    arena_reset(&bridge->arena);
    for (int i = 0; i < count; i++) {
        const struct bytes text = query_value_bytes(bridge->query, values[i], texts[i]);
        data[i] = (struct datum){.kind = text.data != NULL ? DATUM_INPUT : DATUM_NULL, .text = text};
        null |= text.data == NULL;
    }
    if (null && !bridge->function->sees_null) {
        if (!query_is_tried(bridge->query) || check_constants(bridge, &call, data)) {
            sqlite3_result_null(context);
            return;
        }
        query_note_wrong(bridge->query);
        fail(bridge, context);
        return;
    }
    struct memo *memo = find_memo(bridge, context);
    call.memo = memo->kept;
    const bool done = bridge->function->call(&call, &result);
    memo->kept = call.memo;
    if (done)
        give(context, &result);
    else
        fail(bridge, context);
}

int query_add_functions(struct query *query, sqlite3 *database)
{
    static const char *const names[] = {
        "div",         "field",  "ip_in",          "lower",    "match",      "num",   "octet_lower", "octet_substr",
        "octet_upper", "regexp", "regexp_replace", "sha256",   "size_bytes", "split", "time_floor",  "time_text",
        "timestamp",   "upper",  "url_host",       "url_path", "url_query",  "xxh3"};
    int answer = SQLITE_OK;
    for (size_t i = 0; i < sizeof names / sizeof *names && answer == SQLITE_OK; i++) {
        const struct function *function = function_find(bytes_of(names[i]));
        for (size_t count = function->least; count <= function->most && answer == SQLITE_OK; count++) {
            struct bridge *bridge = bytes_allocate(sizeof *bridge);
            *bridge = (struct bridge){.query = query, .function = function};
            answer = sqlite3_create_function_v2(database, names[i], (int)count,
                                                SQLITE_UTF8 | (function->impure ? 0 : SQLITE_DETERMINISTIC), bridge,
                                                call_bridge, NULL, NULL, close_bridge);
        }
    }
    return answer;
}
