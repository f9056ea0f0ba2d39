#include "expr/query.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/resource.h>
#include <time.h>

#include "base/array.h"
#include "base/message.h"
#include "expr/program.h"
#include "expr/query_part.h"
#include "expr/sql.h"

#define SECONDS_MAX 10                /* for one record */
#define MEMORY_MAX (16 * FRAME_LIMIT) /* that one record may make SQLite allocate, about */
#define ROWS_MAX FRAME_LIMIT          /* bytes of the rows of one record */

enum { STEPS = 200 /* instructions of SQLite's machine between two looks at the clock */ };

/* What a column is bound to. */
struct column {
    bool mentioned; /* by the text, perhaps; the others are not bound */
    int type;       /* as sqlite3_value_type */
    int64_t integer;
    double real;
    struct bytes text;
};

/* A value of a query's row. */
struct cell {
    size_t offset; /* in texts; NOWHERE: drop() or discard() */
    size_t size;
};

#define NOWHERE SIZE_MAX
#define DROP_NAME "dr0p" /* of the function drop() */

/* What drop() and discard() give: a blob, which nothing that comes in is. */
static const char drop_mark[] = "fl\x01 drop", discard_mark[] = "fl\x01 discard";

struct query {
    sqlite3 *database;
    sqlite3_stmt *statement;
    const char *option;
    const char *text;
    size_t seen;  /* columns of the record */
    size_t width; /* columns of a row */
    struct column columns[COLUMNS];
    bool numeric;  /* one of them is a number */
    bool tried;    /* it is being opened, and evaluated once with NULL for all columns */
    bool wrong;    /* then: a constant argument of a function is wrong */
    int row_calls; /* of fl_row, in what is being compiled; one at most */

    struct bytes *values;
    size_t values_room;
    struct cell *cells; /* of a query's rows */
    size_t cell_count;
    size_t cells_room;
    struct buffer texts;

    unsigned looks;        /* at what the evaluation takes, so far */
    struct timespec began; /* the time of the second */
    size_t memory;         /* that the process had then, at most */
    const char *overrun;   /* why the evaluation was stopped */
    struct buffer why;
};

/* --- numbers ------------------------------------------------------------------------------------------------------ */

/* The text of a number that is untouched, or data NULL. */
static struct bytes untouched(const struct query *query, int type, sqlite3_int64 integer, double real)
{
    static const enum program_column order[COLUMNS] = {COLUMN_VALUE, COLUMN_STATE, COLUMN_NEW_STATE, COLUMN_KEY,
                                                       COLUMN_SOURCE};
    for (size_t i = 0; query->numeric && i < COLUMNS; i++) {
        const struct column *column = &query->columns[order[i]];
        if (column->mentioned && column->type == type &&
            (type == SQLITE_INTEGER ? column->integer == integer : memcmp(&column->real, &real, sizeof real) == 0))
            return column->text;
    }
    return (struct bytes){NULL, 0};
}

static struct bytes format_integer(const struct query *query, sqlite3_int64 integer, char text[NUMBER_TEXT])
{
    struct bytes same = untouched(query, SQLITE_INTEGER, integer, 0);
    return same.data != NULL ? same : number_format_integer(integer, text);
}

static struct bytes format_real(const struct query *query, double real, char text[NUMBER_TEXT])
{
    struct bytes same = untouched(query, SQLITE_FLOAT, 0, real);
    if (same.data != NULL)
        return same;
    struct bytes digits = number_format((struct number){.real = real, .floating = true}, text);
    memmove(text, digits.data, digits.size);
    if (memchr(text, '.', digits.size) == NULL && memchr(text, 'e', digits.size) == NULL) {
        memcpy(text + digits.size, ".0", 2);
        digits.size += 2;
    }
    return (struct bytes){text, digits.size};
}

/* --- functions ---------------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void fail(sqlite3_context *context, const char *format, ...)
{
    char reason[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    sqlite3_result_error(context, reason, -1);
}

struct bytes query_value_bytes(const struct query *query, sqlite3_value *value, char text[NUMBER_TEXT])
{
    switch (sqlite3_value_type(value)) {
    case SQLITE_NULL:
        return (struct bytes){NULL, 0};
    case SQLITE_INTEGER:
        return format_integer(query, sqlite3_value_int64(value), text);
    case SQLITE_FLOAT:
        return format_real(query, sqlite3_value_double(value), text);
    default: {
        const char *data = sqlite3_value_blob(value);
        return (struct bytes){data != NULL ? data : "", (size_t)sqlite3_value_bytes(value)};
    }
    }
}

static void call_drop(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    (void)count;
    (void)arguments;
    sqlite3_result_blob(context, drop_mark, sizeof drop_mark, SQLITE_STATIC);
}

static void call_discard(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    (void)count;
    (void)arguments;
    sqlite3_result_blob(context, discard_mark, sizeof discard_mark, SQLITE_STATIC);
}

static bool is_mark(sqlite3_value *value, const char *mark, size_t size)
{
    return sqlite3_value_type(value) == SQLITE_BLOB && (size_t)sqlite3_value_bytes(value) == size &&
           memcmp(sqlite3_value_blob(value), mark, size) == 0;
}

static void add_cell(struct query *query, struct cell cell)
{
    query->cells = array_grow(query->cells, query->cell_count, &query->cells_room, sizeof *query->cells);
    query->cells[query->cell_count++] = cell;
}

/* A row of a query. */
static void take_row(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    struct query *query = sqlite3_user_data(context);
    for (int i = 0; i < count; i++) {
        const bool is_state = query->seen > EXPR_RECORD && i == 0;
        const bool drops = is_mark(arguments[i], drop_mark, sizeof drop_mark);
        const bool discards = is_mark(arguments[i], discard_mark, sizeof discard_mark);
        char text[NUMBER_TEXT];
        if (sqlite3_value_type(arguments[i]) == SQLITE_FLOAT && isinf(sqlite3_value_double(arguments[i]))) {
            fail(context, "the result is infinite");
            return;
        }
        if (is_state ? drops : discards) {
            fail(context, is_state ? "drop() is the new state: write discard() to discard the key"
                                   : "discard() has its place in the first column, of a state");
            return;
        }
        struct bytes value = query_value_bytes(query, arguments[i], text);
        if (value.data == NULL) {
            fail(context, is_state ? "the new state is NULL: write discard() to discard the key"
                                   : "the result is NULL: write drop() to leave it out");
            return;
        }
        if (query->texts.size + value.size + query->cell_count * sizeof *query->cells > ROWS_MAX) {
            fail(context, "it gives more than %zu bytes", ROWS_MAX);
            return;
        }
        add_cell(query, (struct cell){drops || discards ? NOWHERE : query->texts.size, value.size});
        if (!drops && !discards)
            buffer_add(&query->texts, value);
    }
}

static void end_rows(sqlite3_context *context)
{
    sqlite3_result_null(context);
}

/* --- what an expression may do ------------------------------------------------------------------------------------ */

static bool begins(const char *name, const char *start)
{
    return strncasecmp(name, start, strlen(start)) == 0;
}

/* Only computing: tables are the record, the query's own, and what JSON is made of. */
static int authorize(void *context, int action, const char *first, const char *second, const char *database,
                     const char *trigger)
{
    struct query *query = context;
    (void)database;
    (void)trigger;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_READ:
        /* A table of which no column is read is asked for with an empty name of a column, a query's own too. */
        if (second[0] == '\0')
            return begins(first, "sqlite_") || begins(first, "pragma_") ? SQLITE_DENY : SQLITE_OK;
        return strcasecmp(first, "json_each") == 0 || strcasecmp(first, "json_tree") == 0 ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_FUNCTION:
        if (strcasecmp(second, "fl_row") == 0)
            return query->row_calls++ > 0 ? SQLITE_DENY : SQLITE_OK;
        return strcasecmp(second, "load_extension") == 0 || strcasecmp(second, "fts3_tokenizer") == 0 ? SQLITE_DENY
                                                                                                      : SQLITE_OK;
    default:
        return SQLITE_DENY;
    }
}

/* The most memory that the process has had so far, in bytes. */
static size_t memory_used(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
#ifdef __APPLE__
    return (size_t)usage.ru_maxrss;
#else
    return (size_t)usage.ru_maxrss * 1024;
#endif
}

/* Stops what takes too long, or too much. Most evaluations are done before the second look, and cost no system call. */
static int watch(void *context)
{
    struct query *query = context;
    struct timespec now;
    if (++query->looks == 1)
        return 0;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    if (query->looks == 2) {
        query->began = now;
        query->memory = memory_used();
    }
    if (now.tv_sec - query->began.tv_sec > SECONDS_MAX)
        query->overrun = "it takes longer than 10 s of the processor";
    else if (memory_used() - query->memory > MEMORY_MAX)
        query->overrun = "it takes more than 1 GiB of memory";
    return query->overrun != NULL;
}

static _Noreturn void fail_internally(const struct query *query)
{
    message_fail(sqlite3_errcode(query->database) == SQLITE_NOMEM ? STATUS_SYSTEM : STATUS_INTERNAL, "%s: SQLite: %s",
                 query->option, sqlite3_errmsg(query->database));
}

static void add_functions(struct query *query)
{
    if (query_add_functions(query, query->database) != SQLITE_OK ||
        sqlite3_create_function(query->database, DROP_NAME, 0, SQLITE_UTF8, NULL, call_drop, NULL, NULL) != SQLITE_OK ||
        sqlite3_create_function(query->database, "discard", 0, SQLITE_UTF8, NULL, call_discard, NULL, NULL) !=
            SQLITE_OK ||
        sqlite3_create_function(query->database, "fl_row", -1, SQLITE_UTF8, query, NULL, take_row, end_rows) !=
            SQLITE_OK)
        fail_internally(query);
}

static void open_database(struct query *query)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX;
    /* What sorts goes to no file; and of all virtual tables those of JSON stay, which are made by their first use. */
    static const char *kept[] = {"json_each", "json_tree", NULL};
    static const char first[] = "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;"
                                "SELECT 1 FROM json_each('[]'), json_tree('[]');"
                                "BEGIN"; /* so no evaluation has a transaction of its own to end */
    if (sqlite_start() != SQLITE_OK || sqlite3_open_v2(":memory:", &query->database, flags, NULL) != SQLITE_OK ||
        sqlite3_exec(query->database, first, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_drop_modules(query->database, kept) != SQLITE_OK ||
        sqlite3_db_config(query->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK ||
        sqlite3_db_config(query->database, SQLITE_DBCONFIG_DQS_DML, 0, NULL) != SQLITE_OK)
        fail_internally(query);
    sqlite3_limit(query->database, SQLITE_LIMIT_LENGTH, (int)FRAME_LIMIT);
    sqlite3_limit(query->database, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(query->database, SQLITE_LIMIT_WORKER_THREADS, 0);
    add_functions(query);
    sqlite3_set_authorizer(query->database, authorize, query);
    sqlite3_progress_handler(query->database, STEPS, watch, query);
}

/* --- compiling ---------------------------------------------------------------------------------------------------- */

/* Writes the table of the record, with all columns, since the query may ask for `*`. */
static void add_record(const struct query *query, struct buffer *sql)
{
    buffer_print(sql, "WITH record AS (SELECT ");
    for (size_t i = 0; i < query->seen; i++)
        buffer_print(sql, "%s?%zu AS %s", i > 0 ? ", " : "", i + 1, program_columns[i]);
    buffer_print(sql, ") SELECT ");
}

/* Appends a query's text. DROP is a word of SQLite's: the function drop() has another name in it, of the same length,
 * so that places stay. */
static void add_text(const char *text, struct buffer *sql)
{
    const char *next;
    for (const char *at = text; *at != '\0'; at = next) {
        next = sql_token_end(at);
        const bool drops = next - at == 4 && strncasecmp(at, "drop", 4) == 0 && next[strspn(next, " \t\n\r\f")] == '(';
        buffer_add(sql, drops ? bytes_of(DROP_NAME) : (struct bytes){at, (size_t)(next - at)});
    }
}

/* Prepares the text between before and after. Returns NULL where that fails, with SQLite's error; place is where in the
 * text, or NULL where it does not say. */
static sqlite3_stmt *prepare(struct query *query, const char *before, const char *after, const char **place)
{
    struct buffer sql = {0};
    sqlite3_stmt *statement = NULL;
    add_record(query, &sql);
    buffer_print(&sql, "%s", before);
    const size_t start = sql.size, length = strlen(query->text);
    add_text(query->text, &sql);
    buffer_print(&sql, "\n%s", after); /* on a line of its own, as a comment may be at the end */
    query->row_calls = 0;
    *place = NULL;
    if (sql.size > INT32_MAX)
        sql_refuse(query->option, query->text, NULL, "it is too long");
    int answer =
        sqlite3_prepare_v3(query->database, sql.data, (int)sql.size, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
#if SQLITE_VERSION_NUMBER >= 3038000
    if (answer != SQLITE_OK && sqlite3_libversion_number() >= 3038000) {
        int offset = sqlite3_error_offset(query->database);
        if (offset >= 0 && (size_t)offset >= start)
            *place = query->text + ((size_t)offset - start < length ? (size_t)offset - start : length);
    }
#else
    (void)length;
#endif
    buffer_free(&sql);
    if (answer == SQLITE_NOMEM)
        fail_internally(query);
    return statement;
}

static _Noreturn void refuse_text(const struct query *query, const char *place)
{
    const char *why = sqlite3_errmsg(query->database);
    if (place != NULL && *place == '\0') {
        if (strstr(why, "syntax error") != NULL)
            sql_refuse(query->option, query->text, place, "it ends too early");
        place = NULL; /* in what was put around it */
    }
    if (strstr(why, "no such column") != NULL) {
        struct buffer columns = {0};
        for (size_t i = 0; i < query->seen; i++)
            buffer_print(&columns, "%s%s", i == 0 ? "" : i + 1 < query->seen ? ", " : " and ", program_columns[i]);
        sql_refuse(query->option, query->text, place, "%s: there are %.*s, and a text stands in single quotes", why,
                   (int)columns.size, columns.data);
    }
    sql_refuse(query->option, query->text, place, "%s", why);
}

static void check_width(const struct query *query, size_t width, size_t least, size_t most)
{
    if (width >= least && width <= most)
        return;
    if (least == most)
        sql_refuse(query->option, query->text, NULL, "it gives %zu columns, and must give %zu", width, most);
    sql_refuse(query->option, query->text, NULL, "it gives %zu columns, and must give %zu to %zu", width, least, most);
}

/* A query becomes a table, whose rows are taken one by one: so it can stand where it sees the record. */
static void compile(struct query *query, size_t least, size_t most)
{
    const char *place;
    query->width = 1;
    for (;;) {
        struct buffer before = {0}, after = {0};
        buffer_print(&before, "(WITH fl_rows(");
        buffer_print(&after, ") SELECT fl_row(");
        for (size_t i = 1; i <= query->width; i++) {
            buffer_print(&before, "%sc%zu", i > 1 ? ", " : "", i);
            buffer_print(&after, "%sc%zu", i > 1 ? ", " : "", i);
        }
        buffer_print(&before, ") AS (%c", '\0');
        buffer_print(&after, ") FROM fl_rows) FROM record%c", '\0');
        query->statement = prepare(query, before.data, after.data, &place);
        buffer_free(&before);
        buffer_free(&after);
        if (query->statement != NULL)
            break;
        size_t width;
        if (sscanf(sqlite3_errmsg(query->database), "table fl_rows has %zu values", &width) != 1 ||
            width == query->width)
            refuse_text(query, place);
        check_width(query, width, least, most);
        query->width = width;
    }
    check_width(query, query->width, least, most);
}

/* Refuses `json_each(value)`: there the name means a column of json_each itself, and every record would be gone. */
static void check_names(const struct query *query)
{
    int depth = 0, inside = 0; /* the depth of the parentheses, and that in which the arguments of json_each are */
    bool is_each = false;
    char before = '\0';
    const char *next;
    for (const char *at = query->text; *at != '\0'; at = next) {
        next = sql_token_end(at);
        const size_t size = (size_t)(next - at);
        if (strchr(" \t\r\n\f", *at) != NULL)
            continue;
        depth += (*at == '(') - (*at == ')');
        if (*at == '(' && is_each && inside == 0)
            inside = depth;
        if (depth < inside)
            inside = 0;
        for (int i = 0; i < 2; i++)
            if (inside > 0 && before != '.' && *next != '(' && size == strlen(program_columns[i]) &&
                strncasecmp(at, program_columns[i], size) == 0)
                sql_refuse(query->option, query->text, at, "which %s? That of the record is record.%s",
                           program_columns[i], program_columns[i]);
        is_each = size == 9 && (strncasecmp(at, "json_each", size) == 0 || strncasecmp(at, "json_tree", size) == 0);
        before = *at;
    }
}

struct query *query_open(const char *option, const char *text, enum expr_scope scope, size_t least, size_t most)
{
    struct query *query = bytes_allocate(sizeof *query);
    struct query_rows rows;
    *query = (struct query){.option = option, .text = text, .seen = scope};
    const char *place, *wrong = sql_check(text, &place);
    if (wrong != NULL)
        sql_refuse(query->option, query->text, place, "%s", wrong);
    check_names(query);
    for (size_t i = 0; i < query->seen; i++)
        query->columns[i].mentioned = strcasestr(text, program_columns[i]) != NULL || strchr(text, '*') != NULL;
    open_database(query);
    compile(query, least, most);
    /* A regular expression that is wrong for a record of which nothing is known is wrong for each. */
    query->tried = true;
    const char *why = query_evaluate(query, &(struct expr_input){.key = {NULL, 0}}, &rows);
    query->tried = false;
    if (why != NULL && query->wrong)
        sql_refuse(query->option, query->text, NULL, "%s", sqlite3_errmsg(query->database));
    return query;
}

void query_close(struct query *query)
{
    if (query == NULL)
        return;
    sqlite3_finalize(query->statement);
    sqlite3_close(query->database);
    buffer_free(&query->texts);
    buffer_free(&query->why);
    free(query->values);
    free(query->cells);
    free(query);
}

size_t query_columns(const struct query *query)
{
    return query->width;
}

/* --- evaluating --------------------------------------------------------------------------------------------------- */

/* Why the evaluation failed, on one line. */
static const char *failed(struct query *query, const char *reason)
{
    if (sqlite3_errcode(query->database) == SQLITE_NOMEM)
        fail_internally(query);
    query->why.size = 0;
    buffer_print(&query->why, "makes %s fail: %s%c", query->option, reason, '\0');
    for (char *at = query->why.data; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = ' ';
    return query->why.data;
}

static int bind(struct query *query, size_t index, struct bytes text)
{
    struct column *column = &query->columns[index];
    const int parameter = (int)index + 1;
    column->text = text;
    column->type = SQLITE_NULL;
    if (text.data == NULL)
        return sqlite3_bind_null(query->statement, parameter);
    switch (number_parse_json(text, &column->integer, &column->real)) {
    case NUMBER_INTEGER:
        column->type = SQLITE_INTEGER;
        query->numeric = true;
        return sqlite3_bind_int64(query->statement, parameter, column->integer);
    case NUMBER_REAL:
        column->type = SQLITE_FLOAT;
        query->numeric = true;
        return sqlite3_bind_double(query->statement, parameter, column->real);
    default:
        column->type = SQLITE_TEXT;
        return sqlite3_bind_text64(query->statement, parameter, text.data, text.size, SQLITE_STATIC, SQLITE_UTF8);
    }
}

static void reserve_values(struct query *query, size_t count)
{
    if (count > query->values_room) {
        query->values = bytes_reallocate(query->values, count * sizeof *query->values);
        query->values_room = count;
    }
}

/* The rows that were taken. */
static void read_cells(struct query *query)
{
    reserve_values(query, query->cell_count);
    for (size_t i = 0; i < query->cell_count; i++) {
        const struct cell *cell = &query->cells[i];
        query->values[i] = (struct bytes){NULL, 0};
        if (cell->offset != NOWHERE)
            query->values[i] = (struct bytes){cell->size > 0 ? query->texts.data + cell->offset : "", cell->size};
    }
}

const char *query_evaluate(struct query *query, const struct expr_input *input, struct query_rows *rows)
{
    const struct bytes columns[COLUMNS] = {input->key, input->value, input->source, input->state, input->new_state};
    sqlite3_reset(query->statement);
    query->looks = 0;
    query->numeric = false;
    query->overrun = NULL;
    query->cell_count = query->texts.size = 0;
    for (size_t i = 0; i < query->seen; i++)
        if (query->columns[i].mentioned && bind(query, i, columns[i]) != SQLITE_OK)
            return failed(query, sqlite3_errmsg(query->database));
    if (sqlite3_step(query->statement) != SQLITE_ROW)
        return failed(query, query->overrun != NULL ? query->overrun : sqlite3_errmsg(query->database));
    read_cells(query);
    *rows = (struct query_rows){query->values, query->cell_count / query->width};
    return NULL;
}

bool query_is_tried(const struct query *query)
{
    return query->tried;
}

void query_note_wrong(struct query *query)
{
    query->wrong = true;
}
