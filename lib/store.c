#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

#include "crash.h"
#include "message.h"
#include "page.h"
#include "sqlite.h"

enum {
    BUSY_MILLISECONDS = 10000, /* another process opens, recovers or closes the file: it is quick, or it hangs */
    CHECKPOINT_PAGES = 1000,   /* of the write-ahead log */
    EXECUTIONS_KEPT = 1000,
    FEED_MOST = 128,             /* changes that one statement takes */
    FORGET_MOST = 2 * FEED_MOST, /* rows that are deleted for so many: more than are added, never all at once */
    PAGE_ROWS = 64               /* rows of snaps on a page, about */
};

static const char schema[] =
    "PRAGMA main.journal_mode = WAL;"
    "BEGIN IMMEDIATE;"
    "CREATE TABLE parts(part_index INTEGER PRIMARY KEY, part_count INTEGER NOT NULL, directory_id TEXT NOT NULL,"
    " created_at TEXT NOT NULL, floor_epoch INTEGER NOT NULL);"
    "CREATE TABLE exs(ex_num INTEGER PRIMARY KEY, resume_epoch INTEGER NOT NULL, started_at TEXT NOT NULL);"
    "CREATE TABLE steps(step_id TEXT NOT NULL, signature TEXT NOT NULL, first_epoch INTEGER NOT NULL,"
    " PRIMARY KEY(step_id, first_epoch));"
    "CREATE TABLE fronts(step_id TEXT PRIMARY KEY, front_epoch INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE commits(commit_epoch INTEGER PRIMARY KEY, committed_at INTEGER NOT NULL, final INTEGER NOT NULL);"
    "CREATE TABLE snaps(step_id TEXT NOT NULL, state_key BLOB NOT NULL, snap_epoch INTEGER NOT NULL,"
    " ser_change BLOB NOT NULL, \"check\" INTEGER NOT NULL, PRIMARY KEY(step_id, state_key)) WITHOUT ROWID;"
    "CREATE TABLE undos(undo_epoch INTEGER NOT NULL, step_id TEXT NOT NULL, state_key BLOB NOT NULL,"
    " snap_epoch INTEGER NOT NULL, ser_change BLOB NOT NULL, \"check\" INTEGER NOT NULL);";

enum statement {
    BEGIN,
    BEGIN_LOOK,
    COMMIT,
    COMMITTED,
    COMMITTED_BY,
    COMMIT_TIME,
    IS_FINAL,
    LAST_EXECUTION,
    LAST_STARTED,
    EACH_STEP,
    EACH_CONTRADICTION,
    EACH_CHANGE,
    NEWER,
    DROP_SNAPS,
    UNDO,
    DROP_UNDOS,
    DROP_STEPS,
    DROP_FRONTS,
    LOWER_FRONTS,
    DROP_COMMITS,
    DROP_EXECUTIONS,
    GET,
    GET_AT,
    EACH_STATE,
    EACH_STATE_AT,
    HAS_STATES,
    PAGES,
    ADD_EXECUTION,
    FORGET_EXECUTIONS,
    ADD_STEP,
    SET_FRONT,
    ADD_COMMIT,
    FORGET_COMMITS,
    FORGET_SNAPS,
    FORGET_STEP_UNDOS,
    FORGET_STEP,
    FORGET_FRONT,
    KEEP,
    PUT,
    DISCARD,
    FORGET_UNDOS,
    SET_FLOOR,
    STATEMENTS
};

static const char *const sql[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [BEGIN_LOOK] = "BEGIN",
    [COMMIT] = "COMMIT",
    [COMMITTED] = "SELECT max(commit_epoch) FROM commits",
    [COMMITTED_BY] = "SELECT max(commit_epoch) FROM commits WHERE committed_at <= ?1",
    [COMMIT_TIME] = "SELECT committed_at FROM commits WHERE commit_epoch = ?1",
    [IS_FINAL] = "SELECT final FROM commits WHERE commit_epoch = ?1",
    [LAST_EXECUTION] = "SELECT max(ex_num) FROM exs",
    [LAST_STARTED] = "SELECT started_at FROM exs ORDER BY ex_num DESC LIMIT 1",
    [EACH_STEP] = "SELECT step_id, signature, (SELECT min(first_epoch) FROM steps WHERE step_id = newest.step_id),"
                  " front_epoch FROM steps AS newest LEFT JOIN fronts USING (step_id) WHERE first_epoch ="
                  " (SELECT max(first_epoch) FROM steps WHERE step_id = newest.step_id) ORDER BY step_id",
    [EACH_CONTRADICTION] =
        "SELECT DISTINCT 'the step ' || step_id || ' has no front' FROM steps"
        " WHERE step_id NOT IN (SELECT step_id FROM fronts)"
        " UNION ALL SELECT 'the front of step ' || step_id || ' is of no step' FROM fronts"
        " WHERE step_id NOT IN (SELECT step_id FROM steps)"
        " UNION ALL SELECT 'epoch ' || committed || ' is committed, and step ' || step_id || ' ends with epoch ' ||"
        " front_epoch FROM fronts, (SELECT max(commit_epoch) AS committed FROM commits) WHERE front_epoch < committed"
        " UNION ALL SELECT 'the floor, epoch ' || floor_epoch || ', is above the end of step ' || step_id ||"
        " ', epoch ' || front_epoch FROM parts, fronts WHERE front_epoch < floor_epoch"
        " UNION ALL SELECT 'it has commits, which belong to partition 0' FROM parts"
        " WHERE part_index > 0 AND EXISTS (SELECT * FROM commits)",
    [EACH_CHANGE] = "SELECT step_id, snap_epoch, state_key, ser_change, \"check\", front_epoch"
                    " FROM snaps LEFT JOIN fronts USING (step_id)"
                    " UNION ALL SELECT step_id, snap_epoch, state_key, ser_change, \"check\", front_epoch"
                    " FROM undos LEFT JOIN fronts USING (step_id)",
    [NEWER] = "SELECT EXISTS (SELECT * FROM fronts WHERE front_epoch > ?1)"
              " OR EXISTS (SELECT * FROM commits WHERE commit_epoch > ?1)",
    [DROP_SNAPS] = "DELETE FROM snaps WHERE snap_epoch > ?1",
    [UNDO] = "INSERT OR ROLLBACK INTO snaps SELECT step_id, state_key, snap_epoch, ser_change, \"check\" FROM undos"
             " WHERE undo_epoch > ?1 AND snap_epoch <= ?1",
    [DROP_UNDOS] = "DELETE FROM undos WHERE undo_epoch > ?1",
    [DROP_STEPS] = "DELETE FROM steps WHERE first_epoch > ?1",
    [DROP_FRONTS] = "DELETE FROM fronts WHERE step_id NOT IN (SELECT step_id FROM steps)",
    [LOWER_FRONTS] = "UPDATE fronts SET front_epoch = ?1 WHERE front_epoch > ?1",
    [DROP_COMMITS] = "DELETE FROM commits WHERE commit_epoch > ?1",
    [DROP_EXECUTIONS] = "DELETE FROM exs WHERE resume_epoch > ?1",
    [GET] = "SELECT snap_epoch, ser_change, \"check\" FROM snaps WHERE step_id = ?1 AND state_key = ?2",
    /* The row that an epoch has of a key: the one there is, if it is not newer, or the one that the first change since
     * then has replaced. */
    [GET_AT] = "SELECT snap_epoch, ser_change, \"check\" FROM snaps WHERE step_id = ?1 AND state_key = ?2"
               " AND snap_epoch <= ?3 UNION ALL SELECT snap_epoch, ser_change, \"check\" FROM undos"
               " WHERE step_id = ?1 AND state_key = ?2 AND snap_epoch <= ?3 AND undo_epoch > ?3",
    [EACH_STATE] = "SELECT state_key, snap_epoch, ser_change, \"check\" FROM snaps WHERE step_id = ?1"
                   " ORDER BY state_key",
    [EACH_STATE_AT] = "SELECT state_key, snap_epoch, ser_change, \"check\" FROM snaps WHERE step_id = ?1"
                      " AND snap_epoch <= ?2 UNION ALL SELECT state_key, snap_epoch, ser_change, \"check\" FROM undos"
                      " WHERE step_id = ?1 AND snap_epoch <= ?2 AND undo_epoch > ?2 ORDER BY state_key",
    [HAS_STATES] = "SELECT EXISTS (SELECT * FROM snaps WHERE step_id = ?1)",
    [PAGES] = "PRAGMA page_count",
    [ADD_EXECUTION] = "INSERT INTO exs VALUES (?1, ?2, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))",
    [FORGET_EXECUTIONS] = "DELETE FROM exs WHERE ex_num <= ?1",
    [ADD_STEP] = "INSERT OR IGNORE INTO steps VALUES (?1, ?2, ?3)",
    [SET_FRONT] = "INSERT OR REPLACE INTO fronts VALUES (?1, ?2)",
    [ADD_COMMIT] = "INSERT INTO commits VALUES (?1, ?2, ?3)",
    [FORGET_COMMITS] = "DELETE FROM commits WHERE commit_epoch < ?1",
    [FORGET_SNAPS] = "DELETE FROM snaps WHERE step_id = ?1",
    [FORGET_STEP_UNDOS] = "DELETE FROM undos WHERE step_id = ?1",
    [FORGET_STEP] = "DELETE FROM steps WHERE step_id = ?1",
    [FORGET_FRONT] = "DELETE FROM fronts WHERE step_id = ?1",
    [KEEP] = "INSERT OR ROLLBACK INTO undos SELECT ?2, snaps.* FROM feed CROSS JOIN snaps"
             " ON snaps.step_id = ?1 AND snaps.state_key = feed.state_key",
    [PUT] = "INSERT OR REPLACE INTO snaps SELECT ?1, state_key, ?2, ser_change, \"check\" FROM feed"
            " WHERE ser_change IS NOT NULL",
    [DISCARD] = "DELETE FROM snaps WHERE step_id = ?1 AND state_key = ?2",
    /* Of the first rows, which are the oldest, those before the first that is still needed. */
    [FORGET_UNDOS] = "DELETE FROM undos WHERE rowid < coalesce((SELECT id FROM (SELECT rowid AS id, undo_epoch"
                     " FROM undos ORDER BY rowid LIMIT ?2) WHERE undo_epoch > ?1 LIMIT 1),"
                     " (SELECT min(rowid) + ?2 FROM undos))",
    [SET_FLOOR] = "UPDATE parts SET floor_epoch = ?1 WHERE floor_epoch < ?1",
};

/* Changes, which SQLite reads as a table: one statement for many of them takes a third of the time of one for each. No
 * more at a time than leave their pages in SQLite's cache from one statement to the next. */
struct feed {
    struct bytes step_id;
    uint64_t epoch;
    struct store_change changes[FEED_MOST];
    size_t count;
};

struct store {
    sqlite3 *database;
    struct feed feed;
    char *path;
    struct store_part part;
    int log_pages;             /* of the write-ahead log, after the last commit */
    struct buffer found;       /* what store_get gave last */
    sqlite3_stmt **statements; /* STATEMENTS of them; NULL until it is run first */
};

_Noreturn static void fail_page(const struct store *store, uint64_t number)
{
    message_fail(STATUS_MISFIT,
                 "%s: page %" PRIu64 " is damaged, or was changed by another program: put a copy of all partitions"
                 " back, as fl-recovery backup makes it",
                 store->path, number);
}

/* Ends the program; what is the statement, or what was tried. */
_Noreturn static void fail(const struct store *store, const char *what)
{
    int code = sqlite3_extended_errcode(store->database);
    const char *why = sqlite3_errmsg(store->database);
    if (code == SQLITE_IOERR_DATA)
        fail_page(store, page_damaged(store->database));
    switch (code & 0xff) {
    case SQLITE_NOTADB:
        message_fail(STATUS_MISFIT,
                     "%s: is not a database: put the right file back, or make a new directory with"
                     " fl-recovery-init",
                     store->path);
    case SQLITE_CORRUPT:
    case SQLITE_ERROR: /* a statement that is none: a table is not what it must be */
        message_fail(STATUS_MISFIT, "%s: is damaged: %s: put a copy of all partitions back (in: %s)", store->path, why,
                     what);
    case SQLITE_CANTOPEN:
        message_fail(STATUS_MISFIT, "%s: cannot be opened: %s", store->path, why);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        message_fail(STATUS_TRY_LATER, "%s: is in use by a program that is no stage of this flow: %s (in: %s)",
                     store->path, why, what);
    default:
        message_fail(STATUS_IO, "%s: %s (in: %s)", store->path, why, what);
    }
}

static void run(const struct store *store, const char *text)
{
    if (sqlite3_exec(store->database, text, NULL, NULL, NULL) != SQLITE_OK)
        fail(store, text);
}

static sqlite3_stmt *prepared(const struct store *store, enum statement which)
{
    sqlite3_stmt **statement = &store->statements[which];
    if (*statement == NULL && sqlite3_prepare_v3(store->database, sql[which], -1, SQLITE_PREPARE_PERSISTENT, statement,
                                                 NULL) != SQLITE_OK)
        fail(store, sql[which]);
    return *statement;
}

/* One step of a statement: true for a row, false when it is done. */
static bool step(const struct store *store, enum statement which)
{
    int code = sqlite3_step(prepared(store, which));
    if (code == SQLITE_ROW)
        return true;
    if (code != SQLITE_DONE)
        fail(store, sql[which]);
    return false;
}

static void reset(const struct store *store, enum statement which)
{
    if (sqlite3_reset(store->statements[which]) != SQLITE_OK)
        fail(store, sql[which]);
}

/* Runs a statement that gives no rows. */
static void execute(const struct store *store, enum statement which)
{
    while (step(store, which))
        continue;
    reset(store, which);
}

static void bind_number(const struct store *store, enum statement which, int place, uint64_t number)
{
    if (sqlite3_bind_int64(prepared(store, which), place, (sqlite3_int64)number) != SQLITE_OK)
        fail(store, sql[which]);
}

/* The bytes must stay as they are until the statement was run. */
static void bind_bytes(const struct store *store, enum statement which, int place, struct bytes bytes)
{
    sqlite3_stmt *statement = prepared(store, which);
    const char *data = bytes.size > 0 ? bytes.data : "";
    int code = bytes_is_text(bytes)
                   ? sqlite3_bind_text64(statement, place, data, bytes.size, SQLITE_STATIC, SQLITE_UTF8)
                   : sqlite3_bind_blob64(statement, place, data, bytes.size, SQLITE_STATIC);
    if (code != SQLITE_OK)
        fail(store, sql[which]);
}

/* A column as it was stored; data is NULL for NULL alone. */
static struct bytes column_bytes(const struct store *store, enum statement which, int column)
{
    sqlite3_stmt *statement = store->statements[which];
    int type = sqlite3_column_type(statement, column);
    if (type == SQLITE_NULL)
        return (struct bytes){NULL, 0};
    const void *data = type == SQLITE_BLOB ? sqlite3_column_blob(statement, column)
                                           : (const void *)sqlite3_column_text(statement, column);
    size_t size = (size_t)sqlite3_column_bytes(statement, column);
    if (data == NULL && (size > 0 || type != SQLITE_BLOB))
        fail(store, sql[which]);
    return (struct bytes){data != NULL ? data : "", size};
}

static uint64_t column_number(const struct store *store, enum statement which, int column)
{
    return (uint64_t)sqlite3_column_int64(store->statements[which], column);
}

/* The one number of a statement's one row; 0 for NULL. */
static uint64_t number(const struct store *store, enum statement which)
{
    uint64_t result = step(store, which) ? column_number(store, which, 0) : 0;
    reset(store, which);
    return result;
}

/* The checksum of a row, as fl-recovery(5) defines it: each part hashed with XXH3, seeded by what came before. */
static uint64_t row_check(struct bytes step_id, uint64_t epoch, struct bytes key, struct bytes change)
{
    uint64_t check = XXH3_64bits_withSeed(step_id.data, step_id.size, epoch);
    check = XXH3_64bits_withSeed(key.data, key.size, check);
    return XXH3_64bits_withSeed(change.data, change.size, check);
}

static void verify(const struct store *store, struct bytes step_id, uint64_t epoch, struct bytes key,
                   struct bytes change, uint64_t check)
{
    if (row_check(step_id, epoch, key, change) == check)
        return;
    struct buffer shown = {0};
    message_quote(&shown, key);
    buffer_add_byte(&shown, '\0');
    message_fail(STATUS_MISFIT,
                 "%s: is damaged: the state of key %s of step %.*s does not fit its checksum: look for"
                 " more with fl-recovery check, and put a copy of all partitions back",
                 store->path, shown.data, (int)step_id.size, step_id.data);
}

/* --- the feed ----------------------------------------------------------------------------------------------------- */

/* The one table of the module, and the one cursor that reads it at a time. */
struct feed_table {
    sqlite3_vtab base;
    struct feed *feed;
};

struct feed_cursor {
    sqlite3_vtab_cursor base;
    const struct feed *feed;
    size_t at;
};

static int feed_connect(sqlite3 *database, void *feed, int count, const char *const *arguments, sqlite3_vtab **made,
                        char **error)
{
    (void)count;
    (void)arguments;
    (void)error;
    struct feed_table *table = sqlite3_malloc(sizeof *table);
    if (table == NULL)
        return SQLITE_NOMEM;
    *table = (struct feed_table){.feed = feed};
    *made = &table->base;
    return sqlite3_declare_vtab(database, "CREATE TABLE feed(state_key, ser_change, \"check\")");
}

static int feed_disconnect(sqlite3_vtab *table)
{
    sqlite3_free(table);
    return SQLITE_OK;
}

static int feed_plan(sqlite3_vtab *table, sqlite3_index_info *plan)
{
    (void)table;
    (void)plan;
    return SQLITE_OK;
}

static int feed_open(sqlite3_vtab *table, sqlite3_vtab_cursor **made)
{
    struct feed_cursor *cursor = sqlite3_malloc(sizeof *cursor);
    if (cursor == NULL)
        return SQLITE_NOMEM;
    *cursor = (struct feed_cursor){.feed = ((struct feed_table *)table)->feed};
    *made = &cursor->base;
    return SQLITE_OK;
}

static int feed_close(sqlite3_vtab_cursor *cursor)
{
    sqlite3_free(cursor);
    return SQLITE_OK;
}

static int feed_next(sqlite3_vtab_cursor *base)
{
    ((struct feed_cursor *)base)->at++;
    return SQLITE_OK;
}

static int feed_begin(sqlite3_vtab_cursor *cursor, int plan, const char *name, int count, sqlite3_value **arguments)
{
    (void)plan;
    (void)name;
    (void)count;
    (void)arguments;
    ((struct feed_cursor *)cursor)->at = 0;
    return SQLITE_OK;
}

static int feed_ended(sqlite3_vtab_cursor *cursor)
{
    return ((struct feed_cursor *)cursor)->at == ((struct feed_cursor *)cursor)->feed->count;
}

static void give_bytes(sqlite3_context *context, struct bytes bytes)
{
    const char *data = bytes.size > 0 ? bytes.data : "";
    if (bytes_is_text(bytes))
        sqlite3_result_text64(context, data, bytes.size, SQLITE_STATIC, SQLITE_UTF8);
    else
        sqlite3_result_blob64(context, data, bytes.size, SQLITE_STATIC);
}

static int feed_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const struct feed_cursor *cursor = (struct feed_cursor *)base;
    const struct feed *feed = cursor->feed;
    const struct store_change *change = &feed->changes[cursor->at];
    if (column == 0)
        give_bytes(context, change->key);
    else if (column == 1 && change->state.data != NULL)
        give_bytes(context, change->state);
    else if (column == 2)
        sqlite3_result_int64(context,
                             (sqlite3_int64)row_check(feed->step_id, feed->epoch, change->key, change->state));
    return SQLITE_OK;
}

static int feed_row(sqlite3_vtab_cursor *cursor, sqlite3_int64 *row)
{
    *row = (sqlite3_int64)((struct feed_cursor *)cursor)->at;
    return SQLITE_OK;
}

/* Without xCreate it is a table that is there by itself. */
static const sqlite3_module feed_module = {
    .xConnect = feed_connect,
    .xBestIndex = feed_plan,
    .xDisconnect = feed_disconnect,
    .xOpen = feed_open,
    .xClose = feed_close,
    .xFilter = feed_begin,
    .xNext = feed_next,
    .xEof = feed_ended,
    .xColumn = feed_column,
    .xRowid = feed_row,
};

/* --- files -------------------------------------------------------------------------------------------------------- */

/* Makes the file and has it filled, or removes it: NULL, or why not. */
static const char *make_file(const char *path, int (*fill)(sqlite3 *database, const void *from), const void *from)
{
    static char why[512];
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd == -1)
        return strerror(errno);
    close(fd);
    sqlite3 *database = NULL;
    int code = sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, page_file_system());
    if (code == SQLITE_OK)
        code = page_make_room(database);
    if (code == SQLITE_OK)
        code = fill(database, from);
    if (code == SQLITE_OK) /* when it is closed, SQLite would do so as well, but not say where that fails */
        code = sqlite3_wal_checkpoint_v2(database, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    if (code != SQLITE_OK)
        snprintf(why, sizeof why, "%s", database != NULL ? sqlite3_errmsg(database) : sqlite3_errstr(code));
    int closed = sqlite3_close(database);
    if (code == SQLITE_OK && closed != SQLITE_OK)
        snprintf(why, sizeof why, "%s", sqlite3_errstr(code = closed));
    if (code == SQLITE_OK)
        return NULL;
    /* On a full disk SQLite leaves the last two behind. */
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    struct buffer file = {0};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        file.size = 0;
        buffer_print(&file, "%s%s", path, suffixes[i]);
        buffer_add_byte(&file, '\0');
        unlink(file.data);
    }
    buffer_free(&file);
    return why;
}

/* Makes the tables, and runs rows, which is freed, to fill them. */
static int fill_tables(sqlite3 *database, char *rows)
{
    char *text = rows == NULL ? NULL
                              : sqlite3_mprintf("%s%s PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
                                                schema, rows, STORE_APPLICATION, STORE_FORMAT);
    int code = text == NULL ? SQLITE_NOMEM : sqlite3_exec(database, text, NULL, NULL, NULL);
    sqlite3_free(text);
    sqlite3_free(rows);
    return code;
}

static int fill_new(sqlite3 *database, const void *from)
{
    const struct store_part *part = from;
    return fill_tables(database, sqlite3_mprintf("INSERT INTO parts VALUES (%llu, %llu, %Q,"
                                                 " strftime('%%Y-%%m-%%dT%%H:%%M:%%SZ', 'now'), 0);",
                                                 (unsigned long long)part->index, (unsigned long long)part->count,
                                                 part->directory));
}

/* Of format 1, which does not say of a commit whether it was final, and has all versions of a key in one table, a
 * discarded state as NULL. It must leave no write-ahead log behind, which would be taken for that of the file that
 * comes in its place. */
static int fill_converted(sqlite3 *database, const void *from)
{
    char *attach = sqlite3_mprintf("ATTACH %Q AS old; PRAGMA old.journal_mode = DELETE", (const char *)from);
    sqlite3_busy_timeout(database, BUSY_MILLISECONDS);
    int code = attach == NULL ? SQLITE_NOMEM : sqlite3_exec(database, attach, NULL, NULL, NULL);
    sqlite3_free(attach);
    if (code != SQLITE_OK)
        return code;
    return fill_tables(database,
                       sqlite3_mprintf("INSERT INTO parts SELECT * FROM old.parts;"
                                       "INSERT INTO exs SELECT * FROM old.exs;"
                                       "INSERT INTO steps SELECT * FROM old.steps;"
                                       "INSERT INTO fronts SELECT * FROM old.fronts;"
                                       "INSERT INTO commits SELECT *, 0 FROM old.commits;"
                                       "CREATE TEMP VIEW rows AS SELECT *, lead(snap_epoch) OVER (PARTITION BY step_id,"
                                       " state_key ORDER BY snap_epoch) AS undo_epoch FROM old.snaps;"
                                       "INSERT INTO snaps SELECT step_id, state_key, snap_epoch, ser_change, \"check\""
                                       " FROM rows WHERE undo_epoch IS NULL AND ser_change IS NOT NULL;"
                                       "INSERT INTO undos SELECT undo_epoch, step_id, state_key, snap_epoch,"
                                       " ser_change, \"check\" FROM rows WHERE undo_epoch IS NOT NULL"
                                       " AND ser_change IS NOT NULL ORDER BY undo_epoch;"));
}

static int fill_copy(sqlite3 *database, const void *from)
{
    const struct store *store = from;
    sqlite3_backup *backup = sqlite3_backup_init(database, "main", store->database, "main");
    if (backup == NULL)
        return sqlite3_errcode(database);
    int code = sqlite3_backup_step(backup, -1);
    int finished = sqlite3_backup_finish(backup);
    return code == SQLITE_DONE ? finished : code;
}

const char *store_create(const char *path, const struct store_part *part)
{
    return make_file(path, fill_new, part);
}

bool store_is_old(const char *path)
{
    enum { FORMAT_AT = 60, APPLICATION_AT = 68, HEADER = 100 };
    const unsigned char old[] = {0, 0, 0, 1};
    const unsigned char application[] = {(STORE_APPLICATION >> 24) & 0xff, (STORE_APPLICATION >> 16) & 0xff,
                                         (STORE_APPLICATION >> 8) & 0xff, STORE_APPLICATION & 0xff};
    char header[HEADER];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd == -1 ? -1 : pread(fd, header, HEADER, 0);
    if (fd != -1)
        close(fd);
    return size == HEADER && memcmp(header + FORMAT_AT, old, sizeof old) == 0 &&
           memcmp(header + APPLICATION_AT, application, sizeof application) == 0;
}

const char *store_convert(const char *old, const char *path)
{
    return make_file(path, fill_converted, old);
}

const char *store_copy(struct store *store, const char *path)
{
    return make_file(path, fill_copy, store);
}

/* The first row of a query that is run once, at the opening. */
static sqlite3_stmt *first_row(const struct store *store, const char *text)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->database, text, -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW) {
        if (sqlite3_errcode(store->database) == SQLITE_DONE)
            message_fail(STATUS_MISFIT, "%s: is damaged: it does not say which partition it is", store->path);
        fail(store, text);
    }
    return statement;
}

static uint64_t pragma(const struct store *store, const char *text)
{
    sqlite3_stmt *statement = first_row(store, text);
    uint64_t value = (uint64_t)sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

static void read_part(struct store *store)
{
    sqlite3_stmt *row = first_row(store, "SELECT part_index, part_count, directory_id, floor_epoch FROM parts");
    store->part.index = (uint64_t)sqlite3_column_int64(row, 0);
    store->part.count = (uint64_t)sqlite3_column_int64(row, 1);
    const unsigned char *directory = sqlite3_column_text(row, 2);
    snprintf(store->part.directory, sizeof store->part.directory, "%s",
             directory != NULL ? (const char *)directory : "");
    store->part.floor = (uint64_t)sqlite3_column_int64(row, 3);
    sqlite3_finalize(row);
}

static int note_log_pages(void *store, sqlite3 *database, const char *name, int pages)
{
    (void)database;
    (void)name;
    ((struct store *)store)->log_pages = pages;
    return SQLITE_OK;
}

struct store *store_open(const char *path)
{
    struct store *store = bytes_allocate(sizeof *store);
    *store = (struct store){.statements = bytes_allocate(STATEMENTS * sizeof *store->statements)};
    memset(store->statements, 0, STATEMENTS * sizeof *store->statements);
    store->path = bytes_allocate(strlen(path) + 1);
    memcpy(store->path, path, strlen(path) + 1);
    if (sqlite3_open_v2(path, &store->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, page_file_system()) !=
        SQLITE_OK) {
        if (store->database == NULL)
            message_fail(STATUS_SYSTEM, "%s: out of memory", path);
        fail(store, "open");
    }
    sqlite3_extended_result_codes(store->database, 1);
    sqlite3_busy_timeout(store->database, BUSY_MILLISECONDS);
    run(store, "PRAGMA trusted_schema = OFF; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"
               "PRAGMA cache_size = -4000;"); /* kibibytes, which may last from the look-ups of an epoch to its save */
    sqlite3_wal_hook(store->database, note_log_pages, store);
    if (sqlite3_create_module(store->database, "feed", &feed_module, &store->feed) != SQLITE_OK)
        fail(store, "feed");
    if (pragma(store, "PRAGMA application_id") != STORE_APPLICATION)
        message_fail(STATUS_MISFIT, "%s: is a database, but no partition of a recovery directory", path);
    uint64_t format = pragma(store, "PRAGMA user_version");
    if (format > STORE_FORMAT)
        message_fail(STATUS_MISFIT,
                     "%s: has format %" PRIu64 ", newer than %d, which this program knows: use a newer version"
                     " of the program",
                     path, format, STORE_FORMAT);
    if (format == 1)
        message_fail(STATUS_MISFIT, "%s: has format 1, older than %d: run the flow once, which brings it up to date",
                     path, STORE_FORMAT);
    if (format < STORE_FORMAT)
        message_fail(STATUS_MISFIT, "%s: has format %" PRIu64 ", which never was one: put the right file back", path,
                     format);
    if (!page_has_room(store->database))
        fail_page(store, 1);
    read_part(store);
    run(store, "SELECT 1 FROM exs, steps, fronts, commits, snaps, undos LIMIT 0"); /* all of them are there */
    run(store, "PRAGMA journal_mode = WAL"); /* which a copy that VACUUM has made is not in */
    return store;
}

void store_close(struct store *store)
{
    CRASH_POINT("close: before");
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(store->statements[i]);
    free(store->statements);
    if (sqlite3_close(store->database) != SQLITE_OK)
        fail(store, "close");
    CRASH_POINT("close: after");
    buffer_free(&store->found);
    free(store->path);
    free(store);
}

const struct store_part *store_part(const struct store *store)
{
    return &store->part;
}

const char *store_path(const struct store *store)
{
    return store->path;
}

uint64_t store_committed(struct store *store)
{
    return number(store, COMMITTED);
}

uint64_t store_committed_by(struct store *store, int64_t time)
{
    bind_number(store, COMMITTED_BY, 1, (uint64_t)time);
    return number(store, COMMITTED_BY);
}

uint64_t store_last_execution(struct store *store)
{
    return number(store, LAST_EXECUTION);
}

void store_each_step(struct store *store, void (*call)(void *context, const struct store_step *step), void *context)
{
    while (step(store, EACH_STEP)) {
        struct store_step found = {
            .id = column_bytes(store, EACH_STEP, 0),
            .signature = column_bytes(store, EACH_STEP, 1),
            .first = column_number(store, EACH_STEP, 2),
            .front = column_number(store, EACH_STEP, 3),
        };
        call(context, &found);
    }
    reset(store, EACH_STEP);
}

void store_return_to(struct store *store, uint64_t epoch)
{
    static const enum statement drops[] = {DROP_SNAPS,  UNDO,         DROP_UNDOS,   DROP_STEPS,
                                           DROP_FRONTS, LOWER_FRONTS, DROP_COMMITS, DROP_EXECUTIONS};
    bind_number(store, NEWER, 1, epoch);
    if (number(store, NEWER) == 0)
        return;
    store_begin(store);
    for (size_t i = 0; i < sizeof drops / sizeof *drops; i++) {
        if (drops[i] != DROP_FRONTS)
            bind_number(store, drops[i], 1, epoch);
        execute(store, drops[i]);
    }
    store_end(store);
}

/* The state that GET or GET_AT gives, bound but for the step and the key. */
static struct bytes get(struct store *store, enum statement which, struct bytes step_id, struct bytes key)
{
    bind_bytes(store, which, 1, step_id);
    bind_bytes(store, which, 2, key);
    struct bytes state = {NULL, 0};
    if (step(store, which)) {
        state = column_bytes(store, which, 1);
        verify(store, step_id, column_number(store, which, 0), key, state, column_number(store, which, 2));
        store->found.size = 0;
        buffer_reserve(&store->found, 1);
        buffer_add(&store->found, state);
        state = buffer_bytes(&store->found);
    }
    reset(store, which); /* and no longer hold on to this moment of the file: the write-ahead log would grow */
    return state;
}

struct bytes store_get(struct store *store, struct bytes step_id, struct bytes key)
{
    return get(store, GET, step_id, key);
}

struct bytes store_get_at(struct store *store, struct bytes step_id, struct bytes key, uint64_t epoch)
{
    bind_number(store, GET_AT, 3, epoch);
    return get(store, GET_AT, step_id, key);
}

/* Calls for each row of EACH_STATE or EACH_STATE_AT, which are ready to run. */
static void each_state(struct store *store, enum statement which, struct bytes step_id,
                       void (*call)(void *context, struct bytes key, struct bytes state), void *context)
{
    while (step(store, which)) {
        struct bytes key = column_bytes(store, which, 0), state = column_bytes(store, which, 2);
        verify(store, step_id, column_number(store, which, 1), key, state, column_number(store, which, 3));
        call(context, key, state);
    }
    reset(store, which);
}

void store_each_state(struct store *store, struct bytes step_id,
                      void (*call)(void *context, struct bytes key, struct bytes state), void *context)
{
    bind_bytes(store, EACH_STATE, 1, step_id);
    each_state(store, EACH_STATE, step_id, call, context);
}

void store_each_state_at(struct store *store, struct bytes step_id, uint64_t epoch,
                         void (*call)(void *context, struct bytes key, struct bytes state), void *context)
{
    bind_bytes(store, EACH_STATE_AT, 1, step_id);
    bind_number(store, EACH_STATE_AT, 2, epoch);
    each_state(store, EACH_STATE_AT, step_id, call, context);
}

void store_begin_look(struct store *store)
{
    execute(store, BEGIN_LOOK);
    read_part(store);
}

void store_end_look(struct store *store)
{
    execute(store, COMMIT);
}

int64_t store_commit_time(struct store *store, uint64_t epoch)
{
    bind_number(store, COMMIT_TIME, 1, epoch);
    return (int64_t)number(store, COMMIT_TIME);
}

bool store_is_final(struct store *store, uint64_t epoch)
{
    bind_number(store, IS_FINAL, 1, epoch);
    return number(store, IS_FINAL) != 0;
}

void store_last_started(struct store *store, struct buffer *text)
{
    if (step(store, LAST_STARTED))
        buffer_add(text, column_bytes(store, LAST_STARTED, 0));
    reset(store, LAST_STARTED);
}

/* What SQLite itself finds in the file. */
static void check_file(struct store *store, void (*call)(void *context, const char *finding), void *context)
{
    static const char text[] = "PRAGMA integrity_check";
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->database, text, -1, &statement, NULL);
    if (code != SQLITE_OK)
        fail(store, text);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *finding = (const char *)sqlite3_column_text(statement, 0);
        if (finding == NULL || strcmp(finding, "ok") != 0)
            call(context, finding != NULL ? finding : "is damaged");
    }
    if (code != SQLITE_DONE)
        fail(store, text);
    sqlite3_finalize(statement);
}

/* What is wrong with the change at hand; NULL: nothing. */
static const char *change_fault(const struct store *store, struct bytes step_id, uint64_t epoch, struct bytes key,
                                struct bytes change)
{
    if (row_check(step_id, epoch, key, change) != column_number(store, EACH_CHANGE, 4))
        return "does not fit its checksum";
    if (XXH3_64bits(key.data, key.size) % store->part.count != store->part.index)
        return "belongs to another partition";
    if (epoch > column_number(store, EACH_CHANGE, 5)) /* 0 for none: the row of epoch 0 comes before its step */
        return "is newer than what the step has saved";
    return NULL;
}

void store_check(struct store *store, void (*call)(void *context, const char *finding), void *context)
{
    struct buffer finding = {0};
    check_file(store, call, context);
    while (step(store, EACH_CONTRADICTION)) {
        finding.size = 0;
        buffer_add(&finding, column_bytes(store, EACH_CONTRADICTION, 0));
        buffer_add_byte(&finding, '\0');
        call(context, finding.data);
    }
    reset(store, EACH_CONTRADICTION);
    while (step(store, EACH_CHANGE)) {
        struct bytes step_id = column_bytes(store, EACH_CHANGE, 0), key = column_bytes(store, EACH_CHANGE, 2);
        uint64_t epoch = column_number(store, EACH_CHANGE, 1);
        const char *fault = change_fault(store, step_id, epoch, key, column_bytes(store, EACH_CHANGE, 3));
        if (fault == NULL)
            continue;
        finding.size = 0;
        buffer_print(&finding, "the state of key ");
        message_quote(&finding, key);
        buffer_print(&finding, " of step %.*s, epoch %" PRIu64 ", %s", (int)step_id.size, step_id.data, epoch, fault);
        buffer_add_byte(&finding, '\0');
        call(context, finding.data);
    }
    reset(store, EACH_CHANGE);
    buffer_free(&finding);
}

bool store_check_pages(struct store *store, void (*call)(void *context, const char *finding), void *context)
{
    char finding[64];
    const uint64_t pages = number(store, PAGES);
    bool whole = true;
    for (uint64_t i = 1; i <= pages; i++) {
        if (page_is_whole(store->database, i))
            continue;
        whole = false;
        snprintf(finding, sizeof finding, "page %" PRIu64 " is damaged", i);
        call(context, finding);
    }
    return whole;
}

void store_checkpoint(struct store *store)
{
    if (sqlite3_wal_checkpoint_v2(store->database, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL) != SQLITE_OK)
        fail(store, "checkpoint");
}

bool store_has_states(struct store *store, struct bytes step_id)
{
    bind_bytes(store, HAS_STATES, 1, step_id);
    return number(store, HAS_STATES) != 0;
}

uint64_t store_rows_about(struct store *store)
{
    return number(store, PAGES) * PAGE_ROWS;
}

void store_begin(struct store *store)
{
    CRASH_POINT("begin: before");
    execute(store, BEGIN);
    CRASH_POINT("begin: after");
}

void store_end(struct store *store)
{
    CRASH_POINT("commit: before");
    execute(store, COMMIT);
    CRASH_POINT("commit: after");
    if (store->log_pages < CHECKPOINT_PAGES)
        return;
    CRASH_POINT("checkpoint: before");
    store_checkpoint(store);
    CRASH_POINT("checkpoint: after");
}

void store_add_execution(struct store *store, uint64_t execution, uint64_t resume_epoch)
{
    bind_number(store, ADD_EXECUTION, 1, execution);
    bind_number(store, ADD_EXECUTION, 2, resume_epoch);
    execute(store, ADD_EXECUTION);
    if (execution > EXECUTIONS_KEPT) {
        bind_number(store, FORGET_EXECUTIONS, 1, execution - EXECUTIONS_KEPT);
        execute(store, FORGET_EXECUTIONS);
    }
}

void store_add_step(struct store *store, struct bytes step_id, struct bytes signature, uint64_t from)
{
    bind_bytes(store, ADD_STEP, 1, step_id);
    bind_bytes(store, ADD_STEP, 2, signature);
    bind_number(store, ADD_STEP, 3, from);
    execute(store, ADD_STEP);
}

void store_set_front(struct store *store, struct bytes step_id, uint64_t epoch)
{
    bind_bytes(store, SET_FRONT, 1, step_id);
    bind_number(store, SET_FRONT, 2, epoch);
    execute(store, SET_FRONT);
}

void store_add_commit(struct store *store, uint64_t epoch, bool final, uint64_t floor)
{
    bind_number(store, ADD_COMMIT, 1, epoch);
    bind_number(store, ADD_COMMIT, 2, (uint64_t)time(NULL));
    bind_number(store, ADD_COMMIT, 3, final);
    execute(store, ADD_COMMIT);
    bind_number(store, FORGET_COMMITS, 1, floor);
    execute(store, FORGET_COMMITS);
}

void store_forget_step(struct store *store, struct bytes step_id)
{
    static const enum statement forget[] = {FORGET_SNAPS, FORGET_STEP_UNDOS, FORGET_STEP, FORGET_FRONT};
    for (size_t i = 0; i < sizeof forget / sizeof *forget; i++) {
        bind_bytes(store, forget[i], 1, step_id);
        execute(store, forget[i]);
    }
}

static void forget_undos(struct store *store)
{
    bind_number(store, FORGET_UNDOS, 1, store->part.floor);
    bind_number(store, FORGET_UNDOS, 2, FORGET_MOST);
    execute(store, FORGET_UNDOS);
}

void store_put(struct store *store, struct bytes step_id, uint64_t epoch,
               bool (*next)(void *context, struct store_change *change), void *context)
{
    struct feed *feed = &store->feed;
    static const enum statement fed[] = {KEEP, PUT};
    feed->step_id = step_id;
    feed->epoch = epoch;
    bind_bytes(store, DISCARD, 1, step_id);
    for (size_t i = 0; i < sizeof fed / sizeof *fed; i++) {
        bind_bytes(store, fed[i], 1, step_id);
        bind_number(store, fed[i], 2, epoch);
    }
    do {
        bool saved = false;
        forget_undos(store);
        for (feed->count = 0; feed->count < FEED_MOST && next(context, &feed->changes[feed->count]); feed->count++)
            saved = saved || feed->changes[feed->count].saved;
        if (saved)
            execute(store, KEEP);
        execute(store, PUT);
        for (size_t i = 0; i < feed->count; i++) {
            if (feed->changes[i].state.data != NULL)
                continue;
            bind_bytes(store, DISCARD, 2, feed->changes[i].key);
            execute(store, DISCARD);
        }
    } while (feed->count == FEED_MOST);
}

void store_raise_floor(struct store *store, uint64_t floor)
{
    if (floor <= store->part.floor)
        return;
    store->part.floor = floor;
    bind_number(store, SET_FLOOR, 1, floor);
    execute(store, SET_FLOOR);
}
