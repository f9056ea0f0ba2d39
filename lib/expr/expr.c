#include "expr/expr.h"

#include <math.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/resource.h>
#include <time.h>

#include "base/message.h"
#include "base/quote.h"
#include "expr/expr_json.h"
#include "expr/sql.h"
#include "store/sqlite.h"
#include "value/field.h"
#include "value/number.h"

#define SECONDS_MAX 10                /* for one record */
#define MEMORY_MAX (16 * FRAME_LIMIT) /* that one record may make SQLite allocate, about */
#define ROWS_MAX FRAME_LIMIT          /* bytes of the rows of one record */

enum {
    COLUMNS = EXPR_NEW_STATE,
    STEPS = 200,    /* instructions of SQLite's machine between two looks at the clock */
    PATTERNS = 8,   /* regular expressions kept compiled */
    GROUPS_MAX = 99 /* of a regular expression */
};

static const char *const column_names[COLUMNS] = {"key", "value", "source", "state", "new_state"};

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
    size_t offset; /* in texts; NOWHERE: NULL */
    size_t size;
};

#define NOWHERE SIZE_MAX

struct pattern {
    struct buffer text;
    bool compiled;
    regex_t regex;
};

struct expr {
    sqlite3 *database;
    sqlite3_stmt *statement;
    const char *option;
    const char *text;
    enum expr_kind kind;
    size_t seen;  /* columns of the record */
    size_t width; /* columns of a row */
    struct column columns[COLUMNS];
    bool numeric;  /* one of them is a number */
    size_t *first; /* for each of them, and then for an argument, the column that a number is compared with first */
    size_t at;     /* which of these is being read */
    int row_calls; /* of fl_row, in what is being compiled; one at most */

    struct bytes *values;
    size_t values_room;
    char (*numbers)[NUMBER_TEXT]; /* the texts of computed numbers, one for each column of a row */
    struct cell *cells;           /* of a query's rows */
    size_t cell_count;
    size_t cells_room;
    struct buffer texts;

    struct pattern patterns[PATTERNS];
    size_t next_pattern;   /* the one to replace next */
    bool bad_pattern;      /* one did not compile */
    struct buffer subject; /* what is searched */

    unsigned looks;        /* at what the evaluation takes, so far */
    struct timespec began; /* the time of the second */
    size_t memory;         /* that the process had then, at most */
    const char *overrun;   /* why the evaluation was stopped */
    struct buffer why;
};

/* --- the text ----------------------------------------------------------------------------------------------------- */

const char *expr_comma(const char *text)
{
    int depth = 0;
    for (const char *at = text; at != NULL && *at != '\0'; at = sql_token_end(at)) {
        depth += (*at == '(') - (*at == ')');
        if (*at == ',' && depth == 0)
            return at;
    }
    return NULL;
}

/* Ends the program: the text cannot be what is wanted. place is where in it, or NULL. */
__attribute__((format(printf, 3, 4))) static _Noreturn void refuse(const struct expr *expr, const char *place,
                                                                   const char *format, ...)
{
    struct buffer shown = {0};
    char reason[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    if (place != NULL)
        sql_add_caret(&shown, expr->text, place);
    buffer_add_byte(&shown, '\0');
    message_fail(STATUS_USAGE, "%s: %s%s", expr->option, reason, shown.data);
}

/* --- numbers ------------------------------------------------------------------------------------------------------ */

/* The text of a number that is untouched, or data NULL. */
static struct bytes untouched(const struct expr *expr, int type, sqlite3_int64 integer, double real)
{
    static const size_t order[COLUMNS] = {1, 3, 4, 0, 2};
    for (size_t i = 0; expr->numeric && i <= COLUMNS; i++) {
        const struct column *column = &expr->columns[i == 0 ? expr->first[expr->at] : order[i - 1]];
        if (column->mentioned && column->type == type &&
            (type == SQLITE_INTEGER ? column->integer == integer : memcmp(&column->real, &real, sizeof real) == 0))
            return column->text;
    }
    return (struct bytes){NULL, 0};
}

static struct bytes format_integer(const struct expr *expr, sqlite3_int64 integer, char text[NUMBER_TEXT])
{
    struct bytes same = untouched(expr, SQLITE_INTEGER, integer, 0);
    return same.data != NULL ? same : number_format_integer(integer, text);
}

static struct bytes format_real(const struct expr *expr, double real, char text[NUMBER_TEXT])
{
    struct bytes same = untouched(expr, SQLITE_FLOAT, 0, real);
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

/* The same, where the reason begins with a value. */
static void fail_about(sqlite3_context *context, const char *function, struct bytes about, const char *why)
{
    struct buffer quoted = {0};
    if (about.data != NULL)
        quote_add(&quoted, about);
    else
        buffer_print(&quoted, "NULL");
    fail(context, "%s: %.*s %s", function, (int)quoted.size, quoted.data, why);
    buffer_free(&quoted);
}

/* An argument's bytes, valid while the function runs; NULL: data NULL. A number's text may be put into text. */
static struct bytes value_bytes(const struct expr *expr, sqlite3_value *value, char text[NUMBER_TEXT])
{
    switch (sqlite3_value_type(value)) {
    case SQLITE_NULL:
        return (struct bytes){NULL, 0};
    case SQLITE_INTEGER:
        return format_integer(expr, sqlite3_value_int64(value), text);
    case SQLITE_FLOAT:
        return format_real(expr, sqlite3_value_double(value), text);
    default: {
        const char *data = sqlite3_value_blob(value);
        return (struct bytes){data != NULL ? data : "", (size_t)sqlite3_value_bytes(value)};
    }
    }
}

static void give_text(sqlite3_context *context, struct bytes text)
{
    sqlite3_result_text(context, text.data, (int)text.size, SQLITE_TRANSIENT);
}

static void call_num(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    (void)count;
    const int type = sqlite3_value_type(arguments[0]);
    if (type == SQLITE_INTEGER || type == SQLITE_FLOAT) {
        sqlite3_result_value(context, arguments[0]);
        return;
    }
    char text[NUMBER_TEXT];
    struct bytes value = value_bytes(sqlite3_user_data(context), arguments[0], text);
    int64_t integer = 0;
    double real = 0;
    switch (value.data != NULL ? number_parse_json(value, &integer, &real) : NUMBER_NOT_JSON) {
    case NUMBER_INTEGER:
        sqlite3_result_int64(context, integer);
        break;
    case NUMBER_REAL:
        sqlite3_result_double(context, real);
        break;
    case NUMBER_NOT_JSON:
        fail_about(context, "num", value, "is not a number");
    }
}

static void call_field(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    const struct expr *expr = sqlite3_user_data(context);
    char text[NUMBER_TEXT], delimiter_text[NUMBER_TEXT];
    struct bytes value = value_bytes(expr, arguments[0], text), field = {NULL, 0};
    int delimiter = FIELD_BLANKS;
    if (sqlite3_value_type(arguments[1]) != SQLITE_INTEGER || sqlite3_value_int64(arguments[1]) < 1) {
        fail_about(context, "field", value_bytes(expr, arguments[1], delimiter_text),
                   "is no number of a field: they count from 1");
        return;
    }
    if (count == 3) {
        struct bytes given = value_bytes(expr, arguments[2], delimiter_text);
        if (given.data == NULL || !field_parse_delimiter(given, &delimiter)) {
            fail_about(context, "field", given, "is not one byte (\\t stands for a tab)");
            return;
        }
    }
    if (value.data == NULL)
        return;
    struct field_reader fields = field_begin(value, delimiter);
    for (sqlite3_int64 left = sqlite3_value_int64(arguments[1]); left > 0; left--)
        if (!field_next(&fields, &field))
            return;
    give_text(context, field);
}

/* The regular expression of a text, compiled once for as long as it is among the last ones. NULL: the function has
 * failed. */
static const regex_t *compile(sqlite3_context *context, const char *function, struct bytes text)
{
    struct expr *expr = sqlite3_user_data(context);
    for (size_t i = 0; i < PATTERNS; i++)
        if (expr->patterns[i].compiled && bytes_equal(text, buffer_bytes(&expr->patterns[i].text)))
            return &expr->patterns[i].regex;
    struct pattern *pattern = &expr->patterns[expr->next_pattern];
    if (pattern->compiled)
        regfree(&pattern->regex);
    pattern->compiled = false;
    pattern->text.size = 0;
    buffer_add(&pattern->text, text);
    buffer_add_byte(&pattern->text, '\0');
    pattern->text.size--;
    char reason[256] = "has a NUL in it";
    int answer = 0;
    if (memchr(text.data, '\0', text.size) == NULL) {
        answer = regcomp(&pattern->regex, pattern->text.data, REG_EXTENDED);
        pattern->compiled = answer == 0;
    }
    if (answer != 0) {
        size_t size = (size_t)snprintf(reason, sizeof reason, "is no regular expression: ");
        regerror(answer, &pattern->regex, reason + size, sizeof reason - size);
    }
    if (!pattern->compiled) {
        expr->bad_pattern = true;
        fail_about(context, function, text, reason);
        return NULL;
    }
    expr->next_pattern = (expr->next_pattern + 1) % PATTERNS;
    return &pattern->regex;
}

/* Whether the text matches; found has room for count groups, and for one at least. Where the system cannot be told
 * where a text ends, it ends before its first NUL. */
static bool search(struct expr *expr, const regex_t *regex, struct bytes text, regmatch_t *found, size_t count)
{
    int flags = 0;
#ifdef REG_STARTEND
    flags = REG_STARTEND;
    found[0] = (regmatch_t){.rm_so = 0, .rm_eo = (regoff_t)text.size};
#endif
    expr->subject.size = 0;
    buffer_add(&expr->subject, text);
    buffer_add_byte(&expr->subject, '\0');
    return regexec(regex, expr->subject.data, count, found, flags) == 0;
}

static void call_regexp(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    (void)count;
    struct expr *expr = sqlite3_user_data(context);
    regmatch_t found;
    char pattern_text[NUMBER_TEXT], text[NUMBER_TEXT];
    struct bytes pattern = value_bytes(expr, arguments[0], pattern_text), value = value_bytes(expr, arguments[1], text);
    const regex_t *regex = pattern.data != NULL ? compile(context, "regexp", pattern) : NULL;
    if (regex != NULL && value.data != NULL)
        sqlite3_result_int(context, search(expr, regex, value, &found, 0));
}

static void call_match(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    struct expr *expr = sqlite3_user_data(context);
    char pattern_text[NUMBER_TEXT], text[NUMBER_TEXT];
    struct bytes value = value_bytes(expr, arguments[0], text), pattern = value_bytes(expr, arguments[1], pattern_text);
    const regex_t *regex = pattern.data != NULL ? compile(context, "match", pattern) : NULL;
    if (regex == NULL)
        return;
    const sqlite3_int64 group = count == 3 ? sqlite3_value_int64(arguments[2]) : 0;
    if (group < 0 || (size_t)group > regex->re_nsub || group > GROUPS_MAX ||
        (count == 3 && sqlite3_value_type(arguments[2]) != SQLITE_INTEGER)) {
        fail_about(context, "match", pattern, "has no such group");
        return;
    }
    regmatch_t found[GROUPS_MAX + 1];
    if (value.data == NULL || !search(expr, regex, value, found, (size_t)group + 1) || found[group].rm_so < 0)
        return;
    give_text(context,
              (struct bytes){value.data + found[group].rm_so, (size_t)(found[group].rm_eo - found[group].rm_so)});
}

/* A row of a query. */
static void take_row(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    struct expr *expr = sqlite3_user_data(context);
    for (int i = 0; i < count; i++) {
        char text[NUMBER_TEXT];
        if (sqlite3_value_type(arguments[i]) == SQLITE_FLOAT && isinf(sqlite3_value_double(arguments[i]))) {
            fail(context, "the result is infinite");
            return;
        }
        struct bytes value = value_bytes(expr, arguments[i], text);
        if (expr->texts.size + value.size + expr->cell_count * sizeof *expr->cells > ROWS_MAX) {
            fail(context, "it gives more than %zu bytes", ROWS_MAX);
            return;
        }
        if (expr->cell_count == expr->cells_room) {
            expr->cells_room = expr->cells_room == 0 ? 16 : 2 * expr->cells_room;
            expr->cells = bytes_reallocate(expr->cells, expr->cells_room * sizeof *expr->cells);
        }
        expr->cells[expr->cell_count++] = (struct cell){value.data != NULL ? expr->texts.size : NOWHERE, value.size};
        buffer_add(&expr->texts, value);
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
    struct expr *expr = context;
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
            return expr->row_calls++ > 0 ? SQLITE_DENY : SQLITE_OK;
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
    struct expr *expr = context;
    struct timespec now;
    if (++expr->looks == 1)
        return 0;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    if (expr->looks == 2) {
        expr->began = now;
        expr->memory = memory_used();
    }
    if (now.tv_sec - expr->began.tv_sec > SECONDS_MAX)
        expr->overrun = "it takes longer than 10 s of the processor";
    else if (memory_used() - expr->memory > MEMORY_MAX)
        expr->overrun = "it takes more than 1 GiB of memory";
    return expr->overrun != NULL;
}

static _Noreturn void fail_internally(const struct expr *expr)
{
    message_fail(sqlite3_errcode(expr->database) == SQLITE_NOMEM ? STATUS_SYSTEM : STATUS_INTERNAL, "%s: SQLite: %s",
                 expr->option, sqlite3_errmsg(expr->database));
}

static void add_functions(struct expr *expr)
{
    static const struct {
        const char *name;
        int arguments;
        void (*call)(sqlite3_context *, int, sqlite3_value **);
    } functions[] = {{"num", 1, call_num},       {"field", 2, call_field}, {"field", 3, call_field},
                     {"regexp", 2, call_regexp}, {"match", 2, call_match}, {"match", 3, call_match}};
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (sqlite3_create_function(expr->database, functions[i].name, functions[i].arguments, flags, expr,
                                    functions[i].call, NULL, NULL) != SQLITE_OK)
            fail_internally(expr);
    if (expr_json_add(expr->database) != SQLITE_OK)
        fail_internally(expr);
    if (sqlite3_create_function(expr->database, "fl_row", -1, SQLITE_UTF8, expr, NULL, take_row, end_rows) != SQLITE_OK)
        fail_internally(expr);
}

static void open_database(struct expr *expr)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX;
    /* What sorts goes to no file; and of all virtual tables those of JSON stay, which are made by their first use. */
    static const char *kept[] = {"json_each", "json_tree", NULL};
    static const char first[] = "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;"
                                "SELECT 1 FROM json_each('[]'), json_tree('[]');"
                                "BEGIN"; /* so no evaluation has a transaction of its own to end */
    if (sqlite_start() != SQLITE_OK || sqlite3_open_v2(":memory:", &expr->database, flags, NULL) != SQLITE_OK ||
        sqlite3_exec(expr->database, first, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_drop_modules(expr->database, kept) != SQLITE_OK ||
        sqlite3_db_config(expr->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK ||
        sqlite3_db_config(expr->database, SQLITE_DBCONFIG_DQS_DML, 0, NULL) != SQLITE_OK)
        fail_internally(expr);
    sqlite3_limit(expr->database, SQLITE_LIMIT_LENGTH, (int)FRAME_LIMIT);
    sqlite3_limit(expr->database, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(expr->database, SQLITE_LIMIT_WORKER_THREADS, 0);
    add_functions(expr);
    sqlite3_set_authorizer(expr->database, authorize, expr);
    sqlite3_progress_handler(expr->database, STEPS, watch, expr);
}

/* --- compiling ---------------------------------------------------------------------------------------------------- */

/* Writes the table of the record: of a query with all columns, since it may ask for `*`; else with those that the text
 * may mention. */
static void add_record(const struct expr *expr, struct buffer *sql)
{
    const char *separator = "";
    buffer_print(sql, "WITH record AS (SELECT ");
    for (size_t i = 0; i < expr->seen; i++)
        if (expr->kind == EXPR_QUERY || expr->columns[i].mentioned) {
            buffer_print(sql, "%s?%zu AS %s", separator, i + 1, column_names[i]);
            separator = ", ";
        }
    buffer_print(sql, "%s) SELECT ", *separator == '\0' ? "NULL" : "");
}

/* Prepares the text between before and after. Returns NULL where that fails, with SQLite's error; place is where in the
 * text, or NULL where it does not say. */
static sqlite3_stmt *prepare(struct expr *expr, const char *before, const char *after, const char **place)
{
    struct buffer sql = {0};
    sqlite3_stmt *statement = NULL;
    add_record(expr, &sql);
    buffer_print(&sql, "%s", before);
    const size_t start = sql.size, length = strlen(expr->text);
    buffer_print(&sql, "%s\n%s", expr->text, after); /* on a line of its own, as a comment may be at the end */
    expr->row_calls = expr->kind == EXPR_QUERY ? 0 : 1;
    *place = NULL;
    if (sql.size > INT32_MAX)
        refuse(expr, NULL, "it is too long");
    int answer =
        sqlite3_prepare_v3(expr->database, sql.data, (int)sql.size, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
#if SQLITE_VERSION_NUMBER >= 3038000
    if (answer != SQLITE_OK && sqlite3_libversion_number() >= 3038000) {
        int offset = sqlite3_error_offset(expr->database);
        if (offset >= 0 && (size_t)offset >= start)
            *place = expr->text + ((size_t)offset - start < length ? (size_t)offset - start : length);
    }
#else
    (void)length;
#endif
    buffer_free(&sql);
    if (answer == SQLITE_NOMEM)
        fail_internally(expr);
    return statement;
}

static _Noreturn void refuse_text(const struct expr *expr, const char *place)
{
    const char *why = sqlite3_errmsg(expr->database);
    if (place != NULL && *place == '\0') {
        if (strstr(why, "syntax error") != NULL)
            refuse(expr, place, "it ends too early");
        place = NULL; /* in what was put around it */
    }
    if (strstr(why, "no such column") != NULL) {
        struct buffer columns = {0};
        for (size_t i = 0; i < expr->seen; i++)
            buffer_print(&columns, "%s%s", i == 0 ? "" : i + 1 < expr->seen ? ", " : " and ", column_names[i]);
        refuse(expr, place, "%s: there are %.*s, and a text stands in single quotes", why, (int)columns.size,
               columns.data);
    }
    refuse(expr, place, "%s", why);
}

static void check_width(const struct expr *expr, size_t width, size_t least, size_t most)
{
    if (width >= least && width <= most)
        return;
    if (least == most)
        refuse(expr, NULL, "it gives %zu columns, and must give %zu", width, most);
    refuse(expr, NULL, "it gives %zu columns, and must give %zu to %zu", width, least, most);
}

/* A query becomes a table, whose rows are taken one by one: so it can stand where it sees the record. */
static void compile_query(struct expr *expr, size_t least, size_t most)
{
    const char *place;
    expr->width = 1;
    for (;;) {
        struct buffer before = {0}, after = {0};
        buffer_print(&before, "(WITH fl_rows(");
        buffer_print(&after, ") SELECT fl_row(");
        for (size_t i = 1; i <= expr->width; i++) {
            buffer_print(&before, "%sc%zu", i > 1 ? ", " : "", i);
            buffer_print(&after, "%sc%zu", i > 1 ? ", " : "", i);
        }
        buffer_print(&before, ") AS (%c", '\0');
        buffer_print(&after, ") FROM fl_rows) FROM record%c", '\0');
        expr->statement = prepare(expr, before.data, after.data, &place);
        buffer_free(&before);
        buffer_free(&after);
        if (expr->statement != NULL)
            break;
        size_t width;
        if (sscanf(sqlite3_errmsg(expr->database), "table fl_rows has %zu values", &width) != 1 || width == expr->width)
            refuse_text(expr, place);
        check_width(expr, width, least, most);
        expr->width = width;
    }
    check_width(expr, expr->width, least, most);
}

/* What stands as an argument of a function in WHERE is a list of expressions and nothing more: no names, no aggregates,
 * no end of the SELECT. */
static void compile_values(struct expr *expr, size_t least, size_t most)
{
    const char *place = expr_comma(expr->text);
    const bool condition = expr->kind == EXPR_CONDITION;
    if (condition && place != NULL)
        refuse(expr, place, "a condition is one expression");
    sqlite3_stmt *statement = prepare(expr, "1 FROM record WHERE coalesce(NULL, ", ")", &place);
    if (statement == NULL)
        refuse_text(expr, place);
    sqlite3_finalize(statement);
    expr->statement = prepare(expr, condition ? "(" : "", condition ? ") IS TRUE FROM record" : "FROM record", &place);
    if (expr->statement == NULL)
        refuse_text(expr, place);
    expr->width = (size_t)sqlite3_column_count(expr->statement);
    check_width(expr, expr->width, least, most);
}

/* The column whose name the text is, or, where it is none, `value`. */
static size_t named_column(const char *text, size_t size)
{
    static const char blanks[] = " \t\n\r\f";
    while (size > 0 && strchr(blanks, *text) != NULL)
        text++, size--;
    while (size > 0 && strchr(blanks, text[size - 1]) != NULL)
        size--;
    for (size_t i = 0; i < COLUMNS; i++)
        if (strlen(column_names[i]) == size && strncasecmp(text, column_names[i], size) == 0)
            return i;
    return 1;
}

/* Finds out, of each expression of a list, what it names. */
static void name_columns(struct expr *expr)
{
    const char *text = expr->text;
    expr->first = bytes_allocate((expr->width + 1) * sizeof *expr->first);
    expr->first[expr->width] = 1;
    for (size_t i = 0; i < expr->width; i++) {
        const char *comma = i + 1 < expr->width && expr->kind == EXPR_VALUES ? expr_comma(text) : NULL;
        expr->first[i] = named_column(text, comma != NULL ? (size_t)(comma - text) : strlen(text));
        if (comma != NULL)
            text = comma + 1;
    }
}

struct expr *expr_open(const char *option, const char *text, enum expr_kind kind, enum expr_scope scope, size_t least,
                       size_t most)
{
    struct expr *expr = bytes_allocate(sizeof *expr);
    struct expr_rows rows;
    *expr = (struct expr){.option = option, .text = text, .kind = kind, .seen = scope};
    const char *place, *wrong = sql_check(text, &place);
    if (wrong != NULL)
        refuse(expr, place, "%s", wrong);
    for (size_t i = 0; i < expr->seen; i++)
        expr->columns[i].mentioned =
            strcasestr(text, column_names[i]) != NULL || (kind == EXPR_QUERY && strchr(text, '*') != NULL);
    open_database(expr);
    if (kind == EXPR_QUERY)
        compile_query(expr, least, most);
    else
        compile_values(expr, least, most);
    name_columns(expr);
    expr->numbers = bytes_allocate(expr->width * sizeof *expr->numbers);
    /* A regular expression that is wrong for a record of which nothing is known is wrong for each. */
    const char *why = expr_evaluate(expr, &(struct expr_input){.key = {NULL, 0}}, &rows);
    if (why != NULL && expr->bad_pattern)
        refuse(expr, NULL, "%s", sqlite3_errmsg(expr->database));
    return expr;
}

void expr_close(struct expr *expr)
{
    if (expr == NULL)
        return;
    sqlite3_finalize(expr->statement);
    sqlite3_close(expr->database);
    for (size_t i = 0; i < PATTERNS; i++) {
        if (expr->patterns[i].compiled)
            regfree(&expr->patterns[i].regex);
        buffer_free(&expr->patterns[i].text);
    }
    buffer_free(&expr->subject);
    buffer_free(&expr->texts);
    buffer_free(&expr->why);
    free(expr->first);
    free(expr->values);
    free(expr->cells);
    free(expr->numbers);
    free(expr);
}

size_t expr_columns(const struct expr *expr)
{
    return expr->width;
}

/* --- evaluating --------------------------------------------------------------------------------------------------- */

/* Why the evaluation failed, on one line. */
static const char *failed(struct expr *expr, const char *reason)
{
    if (sqlite3_errcode(expr->database) == SQLITE_NOMEM)
        fail_internally(expr);
    expr->why.size = 0;
    buffer_print(&expr->why, "makes %s fail: %s%c", expr->option, reason, '\0');
    for (char *at = expr->why.data; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = ' ';
    return expr->why.data;
}

static int bind(struct expr *expr, size_t index, struct bytes text)
{
    struct column *column = &expr->columns[index];
    const int parameter = (int)index + 1;
    column->text = text;
    column->type = SQLITE_NULL;
    if (text.data == NULL)
        return sqlite3_bind_null(expr->statement, parameter);
    switch (number_parse_json(text, &column->integer, &column->real)) {
    case NUMBER_INTEGER:
        column->type = SQLITE_INTEGER;
        expr->numeric = true;
        return sqlite3_bind_int64(expr->statement, parameter, column->integer);
    case NUMBER_REAL:
        column->type = SQLITE_FLOAT;
        expr->numeric = true;
        return sqlite3_bind_double(expr->statement, parameter, column->real);
    default:
        column->type = SQLITE_TEXT;
        return sqlite3_bind_text64(expr->statement, parameter, text.data, text.size, SQLITE_STATIC, SQLITE_UTF8);
    }
}

static void reserve_values(struct expr *expr, size_t count)
{
    if (count > expr->values_room) {
        expr->values = bytes_reallocate(expr->values, count * sizeof *expr->values);
        expr->values_room = count;
    }
}

/* The row at which the statement stands. NULL, or why it is none. */
static const char *read_row(struct expr *expr)
{
    reserve_values(expr, expr->width);
    for (size_t i = 0; i < expr->width; i++) {
        struct bytes *value = &expr->values[i];
        sqlite3_value *column = sqlite3_column_value(expr->statement, (int)i); /* no other thread uses it */
        expr->at = i;
        double real;
        switch (sqlite3_value_type(column)) {
        case SQLITE_NULL:
            *value = (struct bytes){NULL, 0};
            break;
        case SQLITE_INTEGER:
            *value = format_integer(expr, sqlite3_value_int64(column), expr->numbers[i]);
            break;
        case SQLITE_FLOAT:
            real = sqlite3_value_double(column);
            if (isinf(real))
                return failed(expr, "the result is infinite");
            *value = format_real(expr, real, expr->numbers[i]);
            break;
        default:
            value->data = sqlite3_value_blob(column);
            value->size = (size_t)sqlite3_value_bytes(column);
            if (value->data == NULL && sqlite3_errcode(expr->database) == SQLITE_NOMEM)
                fail_internally(expr);
            if (value->data == NULL)
                value->data = "";
        }
    }
    return NULL;
}

/* The rows that were taken. */
static void read_cells(struct expr *expr)
{
    reserve_values(expr, expr->cell_count);
    for (size_t i = 0; i < expr->cell_count; i++) {
        const struct cell *cell = &expr->cells[i];
        expr->values[i] = (struct bytes){NULL, 0};
        if (cell->offset != NOWHERE)
            expr->values[i] = (struct bytes){cell->size > 0 ? expr->texts.data + cell->offset : "", cell->size};
    }
}

const char *expr_evaluate(struct expr *expr, const struct expr_input *input, struct expr_rows *rows)
{
    const struct bytes columns[COLUMNS] = {input->key, input->value, input->source, input->state, input->new_state};
    sqlite3_reset(expr->statement);
    expr->looks = 0;
    expr->at = expr->width;
    expr->numeric = false;
    expr->overrun = NULL;
    expr->cell_count = expr->texts.size = 0;
    for (size_t i = 0; i < expr->seen; i++)
        if (expr->columns[i].mentioned && bind(expr, i, columns[i]) != SQLITE_OK)
            return failed(expr, sqlite3_errmsg(expr->database));
    if (sqlite3_step(expr->statement) != SQLITE_ROW)
        return failed(expr, expr->overrun != NULL ? expr->overrun : sqlite3_errmsg(expr->database));
    if (expr->kind == EXPR_QUERY) {
        read_cells(expr);
        *rows = (struct expr_rows){expr->values, expr->cell_count / expr->width};
        return NULL;
    }
    const char *why = read_row(expr);
    *rows = (struct expr_rows){expr->values, 1};
    return why;
}
