#include "expr/expr_json.h"

#include <stdlib.h>

#include "value/json_find.h"
#include "value/number.h"

enum { LABELS_MAX = 8 /* of a path that is followed here */ };

/* One of the two. */
struct function {
    bool bare; /* a path may be without its start, `$.` */

    /* The path of the last call, which most often is that of the next. */
    struct buffer path;
    struct bytes labels[LABELS_MAX]; /* in it */
    size_t count;                    /* 0: the path is another one than of labels */

    /* SQLite's own function, which is asked of what is not plain. */
    const char *sql;
    sqlite3 *database; /* where it was not replaced; opened when it is first asked */
    sqlite3_stmt *statement;
};

static void close_function(void *context)
{
    struct function *function = context;
    sqlite3_finalize(function->statement);
    sqlite3_close(function->database);
    buffer_free(&function->path);
    free(function);
}

static int open_own(struct function *function)
{
    if (function->statement != NULL)
        return SQLITE_OK;
    sqlite3_close(function->database);
    int answer = sqlite3_open_v2(":memory:", &function->database,
                                 SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX, NULL);
    if (answer == SQLITE_OK)
        answer = sqlite3_prepare_v3(function->database, function->sql, -1, SQLITE_PREPARE_PERSISTENT,
                                    &function->statement, NULL);
    return answer;
}

static void ask_own(struct function *function, sqlite3_context *context, sqlite3_value **arguments)
{
    int answer = open_own(function);
    for (int i = 0; i < 2 && answer == SQLITE_OK; i++)
        answer = sqlite3_bind_value(function->statement, i + 1, arguments[i]);
    if (answer == SQLITE_OK)
        answer = sqlite3_step(function->statement);
    if (answer == SQLITE_ROW)
        sqlite3_result_value(context, sqlite3_column_value(function->statement, 0));
    else if (answer == SQLITE_NOMEM)
        sqlite3_result_error_nomem(context);
    else
        sqlite3_result_error(context, sqlite3_errmsg(function->database), -1);
    sqlite3_reset(function->statement);
}

static struct bytes text_of(sqlite3_value *value)
{
    const char *data = sqlite3_value_blob(value);
    return (struct bytes){data != NULL ? data : "", (size_t)sqlite3_value_bytes(value)};
}

/* Splits `a.b.c` into its labels, each of letters, digits and _, which no digit begins: of these alone all versions of
 * SQLite think alike. Returns how many; 0: it is something else. */
static size_t split(const char *at, const char *end, struct bytes labels[LABELS_MAX])
{
    for (size_t count = 0; count < LABELS_MAX; at++) {
        const char *start = at;
        while (at < end &&
               (((*at | 0x20) >= 'a' && (*at | 0x20) <= 'z') || *at == '_' || (*at >= '0' && *at <= '9' && at > start)))
            at++;
        labels[count++] = (struct bytes){start, (size_t)(at - start)};
        if (at == start || (at < end && *at != '.'))
            return 0;
        if (at == end)
            return count;
    }
    return 0;
}

static void take_path(struct function *function, struct bytes path)
{
    if (bytes_equal(path, buffer_bytes(&function->path)))
        return;
    function->path.size = 0;
    buffer_add(&function->path, path);
    const char *start = function->path.data, *const end = start + path.size;
    const bool whole = path.size > 2 && memcmp(start, "$.", 2) == 0;
    function->count = whole || function->bare ? split(start + (whole ? 2 : 0), end, function->labels) : 0;
}

/* False for a number that is none of those of SQLite. */
static bool give(sqlite3_context *context, const struct json_member *found, bool bound)
{
    int64_t integer;
    double real;
    switch (found->kind) {
    case JSON_NONE:
    case JSON_NULL:
        return true;
    case JSON_FALSE:
    case JSON_TRUE:
        sqlite3_result_int(context, found->kind == JSON_TRUE);
        return true;
    case JSON_STRING:
        /* Of a text that is bound, a part of it outlives the statement's step as it does itself. */
        sqlite3_result_text(context, found->text.data, (int)found->text.size, bound ? SQLITE_STATIC : SQLITE_TRANSIENT);
        return true;
    case JSON_NUMBER:
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

static void look_up(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    struct function *function = sqlite3_user_data(context);
    struct json_member found;
    (void)count;
    if (sqlite3_value_type(arguments[0]) == SQLITE_TEXT && sqlite3_value_type(arguments[1]) == SQLITE_TEXT) {
        take_path(function, text_of(arguments[1]));
        if (function->count > 0 && json_find(text_of(arguments[0]), function->labels, function->count, &found) &&
            give(context, &found, sqlite3_value_frombind(arguments[0])))
            return;
    }
    ask_own(function, context, arguments);
}

static int add(sqlite3 *database, const char *name, const char *sql, bool bare)
{
    struct function *function = bytes_allocate(sizeof *function);
    *function = (struct function){.sql = sql, .bare = bare};
    return sqlite3_create_function_v2(database, name, 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, function, look_up, NULL,
                                      NULL, close_function);
}

int expr_json_add(sqlite3 *database)
{
    const int answer = add(database, "json_extract", "SELECT json_extract(?1, ?2)", false);
    return answer == SQLITE_OK ? add(database, "->>", "SELECT ?1 ->> ?2", true) : answer;
}
