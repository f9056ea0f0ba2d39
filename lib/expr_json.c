#include "expr_json.h"

#include <stdlib.h>

#include "member.h"
#include "number.h"

enum { LABELS_MAX = 8 /* of a path that is followed here */ };

/* SQLite's own function, which what is not plain is asked of. */
struct own {
    const char *sql;
    sqlite3 *database; /* where it was not replaced; opened when it is first asked */
    sqlite3_stmt *statement;
};

static void close_own(void *context)
{
    struct own *own = context;
    sqlite3_finalize(own->statement);
    sqlite3_close(own->database);
    free(own);
}

static int open_own(struct own *own)
{
    if (own->statement != NULL)
        return SQLITE_OK;
    sqlite3_close(own->database);
    int answer = sqlite3_open_v2(":memory:", &own->database,
                                 SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX, NULL);
    if (answer == SQLITE_OK)
        answer = sqlite3_prepare_v3(own->database, own->sql, -1, SQLITE_PREPARE_PERSISTENT, &own->statement, NULL);
    return answer;
}

static void ask_own(struct own *own, sqlite3_context *context, sqlite3_value **arguments)
{
    int answer = open_own(own);
    for (int i = 0; i < 2 && answer == SQLITE_OK; i++)
        answer = sqlite3_bind_value(own->statement, i + 1, arguments[i]);
    if (answer == SQLITE_OK)
        answer = sqlite3_step(own->statement);
    if (answer == SQLITE_ROW)
        sqlite3_result_value(context, sqlite3_column_value(own->statement, 0));
    else if (answer == SQLITE_NOMEM)
        sqlite3_result_error_nomem(context);
    else
        sqlite3_result_error(context, sqlite3_errmsg(own->database), -1);
    sqlite3_reset(own->statement);
}

static struct bytes text_of(sqlite3_value *value)
{
    const char *data = sqlite3_value_blob(value);
    return (struct bytes){data != NULL ? data : "", (size_t)sqlite3_value_bytes(value)};
}

/* Splits `a.b.c` into its labels, each of letters, digits and _, which no digit begins: of these alone all versions of
 * SQLite think alike. Returns how many; 0: the path is another one. */
static size_t split(struct bytes path, struct bytes labels[LABELS_MAX])
{
    const char *at = path.data, *const end = at + path.size;
    for (size_t count = 0; count < LABELS_MAX; at++) {
        const char *start = at;
        while (at < end && (((*at | 0x20) >= 'a' && (*at | 0x20) <= 'z') || *at == '_' ||
                            (*at >= '0' && *at <= '9' && at > start)))
            at++;
        labels[count++] = (struct bytes){start, (size_t)(at - start)};
        if (at == start || (at < end && *at != '.'))
            return 0;
        if (at == end)
            return count;
    }
    return 0;
}

/* False for a number that is none of those of SQLite. */
static bool give(sqlite3_context *context, const struct member *found, bool bound)
{
    int64_t integer;
    double real;
    switch (found->kind) {
    case MEMBER_NONE:
    case MEMBER_NULL:
        return true;
    case MEMBER_FALSE:
    case MEMBER_TRUE:
        sqlite3_result_int(context, found->kind == MEMBER_TRUE);
        return true;
    case MEMBER_STRING:
        /* Of a text that is bound, a part of it outlives the statement's step as it does itself. */
        sqlite3_result_text(context, found->text.data, (int)found->text.size,
                            bound ? SQLITE_STATIC : SQLITE_TRANSIENT);
        return true;
    case MEMBER_NUMBER:
        break;
    }
    switch (number_parse_json(found->text, &integer, &real)) {
    case NUMBER_INTEGER:
        sqlite3_result_int64(context, integer);
        return true;
    case NUMBER_REAL:
        sqlite3_result_double(context, real);
        return true;
    case NUMBER_NOT_JSON:
        break;
    }
    return false;
}

/* Looks up what the path, without its start, leads to, or asks SQLite. */
static void look_up(sqlite3_context *context, sqlite3_value **arguments, struct bytes path)
{
    struct bytes labels[LABELS_MAX];
    struct member found;
    const size_t count = sqlite3_value_type(arguments[0]) == SQLITE_TEXT ? split(path, labels) : 0;
    if (count == 0 || !member_find(text_of(arguments[0]), labels, count, &found) ||
        !give(context, &found, sqlite3_value_frombind(arguments[0])))
        ask_own(sqlite3_user_data(context), context, arguments);
}

/* The path behind its start; empty where it does not start so, or is no text. */
static struct bytes path_behind(sqlite3_value *value, const char *start)
{
    const size_t size = strlen(start);
    struct bytes path = {"", 0};
    if (sqlite3_value_type(value) == SQLITE_TEXT)
        path = text_of(value);
    if (path.size < size || memcmp(path.data, start, size) != 0)
        return (struct bytes){"", 0};
    return (struct bytes){path.data + size, path.size - size};
}

static void call_extract(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    (void)count;
    look_up(context, arguments, path_behind(arguments[1], "$."));
}

/* `->>`, which a label without the start leads on from as well: `x ->> 'name'`. */
static void call_arrow(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    (void)count;
    const struct bytes path = path_behind(arguments[1], "$.");
    look_up(context, arguments, path.size > 0 ? path : path_behind(arguments[1], ""));
}

static int add(sqlite3 *database, const char *name, const char *sql,
               void (*call)(sqlite3_context *, int, sqlite3_value **))
{
    struct own *own = malloc(sizeof *own);
    if (own == NULL)
        return SQLITE_NOMEM;
    *own = (struct own){.sql = sql};
    return sqlite3_create_function_v2(database, name, 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, own, call, NULL, NULL,
                                      close_own);
}

int expr_json_add(sqlite3 *database)
{
    const int answer = add(database, "json_extract", "SELECT json_extract(?1, ?2)", call_extract);
    return answer == SQLITE_OK ? add(database, "->>", "SELECT ?1 ->> ?2", call_arrow) : answer;
}
