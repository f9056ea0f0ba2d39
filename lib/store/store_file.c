/* Making a partition: a new one, one from a partition of an older format, and a copy. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "store/page.h"
#include "store/store_part.h"

/* The size at the front of the next token of a block. */
#define TOKEN_SIZE "CAST(substr(content, next, 11) AS INTEGER)"

static const char schema[] =
    "PRAGMA main.journal_mode = WAL;"
    "BEGIN IMMEDIATE;"
    "CREATE TABLE parts(part_index INTEGER PRIMARY KEY, part_count INTEGER NOT NULL, directory_id TEXT NOT NULL,"
    " created_at TEXT NOT NULL, floor_epoch INTEGER NOT NULL);"
    "CREATE TABLE exs(ex_num INTEGER PRIMARY KEY, resume_epoch INTEGER NOT NULL, started_at TEXT NOT NULL);"
    "CREATE TABLE steps(step_id TEXT NOT NULL, role TEXT NOT NULL, signature TEXT NOT NULL, first_epoch INTEGER NOT "
    "NULL,"
    " PRIMARY KEY(step_id, first_epoch));"
    "CREATE TABLE fronts(step_id TEXT PRIMARY KEY, front_epoch INTEGER NOT NULL, changes INTEGER NOT NULL,"
    " images INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE commits(commit_epoch INTEGER PRIMARY KEY, committed_at INTEGER NOT NULL, final INTEGER NOT NULL);"
    "CREATE TABLE changes(step_id TEXT NOT NULL, key_hash INTEGER NOT NULL, state_key BLOB NOT NULL,"
    " snap_epoch INTEGER NOT NULL, ser_change BLOB, \"check\" INTEGER NOT NULL,"
    " PRIMARY KEY(step_id, key_hash, state_key)) WITHOUT ROWID;"
    "CREATE TABLE undos(undo_epoch INTEGER NOT NULL, step_id TEXT NOT NULL, key_hash INTEGER NOT NULL,"
    " state_key BLOB NOT NULL, snap_epoch INTEGER NOT NULL, ser_change BLOB, \"check\" INTEGER NOT NULL);"
    "CREATE TABLE images(image_id INTEGER PRIMARY KEY, step_id TEXT NOT NULL, image_epoch INTEGER NOT NULL,"
    " keys INTEGER NOT NULL, bytes INTEGER NOT NULL);"
    "CREATE TABLE blocks(block INTEGER PRIMARY KEY, content BLOB NOT NULL, \"check\" INTEGER NOT NULL);"
    /* All states, for a person: the rows, and the states of the newest images that no row hides. A block is taken apart
     * from the front, token by token: key, state, key, state. before is the token before. */
    "CREATE VIEW snaps(step_id, state_key, snap_epoch, ser_change) AS"
    " WITH newest AS (SELECT step_id, max(image_id) AS image_id, image_epoch FROM images GROUP BY step_id),"
    " tokens(block, step_id, snap_epoch, number, before, token, next) AS"
    " (SELECT block, step_id, image_epoch, 0, NULL, NULL, 1 FROM newest CROSS JOIN blocks"
    " ON block BETWEEN image_id << 32 AND image_id << 32 | 4294967295"
    " UNION ALL SELECT block, step_id, snap_epoch, number + 1, token,"
    " substr(content, next + 1 + length(" TOKEN_SIZE "), " TOKEN_SIZE "),"
    " next + 1 + length(" TOKEN_SIZE ") + " TOKEN_SIZE
    " FROM tokens JOIN blocks USING (block) WHERE next <= length(content) ORDER BY block)"
    " SELECT step_id, state_key, snap_epoch, ser_change FROM changes WHERE ser_change IS NOT NULL"
    " UNION ALL SELECT step_id, iif(instr(before, x'00'), before, CAST(before AS TEXT)), snap_epoch,"
    " iif(instr(token, x'00'), token, CAST(token AS TEXT)) FROM tokens WHERE number > 0 AND number % 2 = 0"
    /* Step and key as one value: for two, SQLite would read all rows for each state. */
    " AND step_id || char(10) || before NOT IN (SELECT step_id || char(10) || state_key FROM changes);";

/* Makes the file and calls fill. Returns NULL; or removes the file and returns the reason. */
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
    if (code == SQLITE_OK) /* closing the file would do the same, but not report a failure */
        code = sqlite3_wal_checkpoint_v2(database, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    if (code != SQLITE_OK)
        snprintf(why, sizeof why, "%s", database != NULL ? sqlite3_errmsg(database) : sqlite3_errstr(code));
    int closed = sqlite3_close(database);
    if (code == SQLITE_OK && closed != SQLITE_OK)
        snprintf(why, sizeof why, "%s", sqlite3_errstr(code = closed));
    if (code == SQLITE_OK)
        return NULL;
    /* If the disk is full, SQLite leaves the last two behind. */
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    struct buffer file = {0};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        file.size = 0;
        buffer_print(&file, "%s%s", path, suffixes[i]);
        unlink(buffer_string(&file));
    }
    buffer_free(&file);
    return why;
}

/* Makes the tables, and runs the SQL in rows to fill them. Frees rows. */
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

/* An SQL function: the low half of a key's hash, which older formats do not store. */
static void key_hash(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    const void *key = sqlite3_value_blob(values[0]);
    sqlite3_result_int64(context, hash_key_low((struct bytes){key, (size_t)sqlite3_value_bytes(values[0])}));
}

/* For all older formats alike. They do not have the role of a step: its signature tells it. */
static const char converted[] =
    "INSERT INTO parts SELECT * FROM old.parts;"
    "INSERT INTO exs SELECT * FROM old.exs;"
    "INSERT INTO steps SELECT step_id, CASE signature WHEN 'input' THEN 'source' WHEN 'out' THEN 'sink'"
    " WHEN 'reject' THEN 'side' WHEN 'replay' THEN 'replay' ELSE 'operator' END, signature, first_epoch"
    " FROM old.steps;";

/* Formats 1 and 2 have no images, and no counts. */
static const char counted[] =
    "INSERT INTO fronts SELECT *, (SELECT count(*) FROM changes WHERE changes.step_id = fronts.step_id), 0"
    " FROM old.fronts AS fronts;";

/* The columns of changes and undos, from a row that has no key_hash. */
#define OLD_ROW "step_id, key_hash(state_key), state_key, snap_epoch, ser_change, \"check\""

/* Format 1 does not know whether a commit was final, and has all versions of a key in one table, with NULL for a
 * discarded state. */
static const char from_1[] =
    "INSERT INTO commits SELECT *, 0 FROM old.commits;"
    "CREATE TEMP VIEW rows AS SELECT *, lead(snap_epoch) OVER (PARTITION BY step_id, state_key ORDER BY snap_epoch)"
    " AS undo_epoch FROM old.snaps;"
    "INSERT INTO changes SELECT " OLD_ROW " FROM rows WHERE undo_epoch IS NULL AND ser_change IS NOT NULL"
    " ORDER BY 1, 2;"
    "INSERT INTO undos SELECT undo_epoch, " OLD_ROW " FROM rows"
    " WHERE undo_epoch IS NOT NULL AND ser_change IS NOT NULL ORDER BY undo_epoch;";

static const char from_2[] =
    "INSERT INTO commits SELECT * FROM old.commits;"
    "INSERT INTO changes SELECT " OLD_ROW " FROM old.snaps ORDER BY 1, 2;"
    "INSERT INTO undos SELECT undo_epoch, " OLD_ROW " FROM old.undos ORDER BY old.undos.rowid;";

static const char from_3[] = "INSERT INTO commits SELECT * FROM old.commits;"
                             "INSERT INTO fronts SELECT * FROM old.fronts;"
                             "INSERT INTO changes SELECT * FROM old.changes ORDER BY step_id, key_hash, state_key;"
                             "INSERT INTO undos SELECT * FROM old.undos ORDER BY old.undos.rowid;"
                             "INSERT INTO images SELECT * FROM old.images;"
                             "INSERT INTO blocks SELECT * FROM old.blocks ORDER BY block;";

/* A partition of an older format. */
struct older {
    const char *path;
    uint64_t format;
};

/* The old file must not leave a write-ahead log behind: it would be taken for that of the file that takes its place. */
static int fill_converted(sqlite3 *database, const void *from)
{
    static const struct {
        const char *rows, *fronts;
    } formats[STORE_FORMAT] = {[1] = {from_1, counted}, [2] = {from_2, counted}, [3] = {from_3, ""}};
    const struct older *older = from;
    char *attach = sqlite3_mprintf("ATTACH %Q AS old; PRAGMA old.journal_mode = DELETE", older->path);
    sqlite3_busy_timeout(database, STORE_BUSY);
    int code = sqlite3_create_function(database, "key_hash", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, key_hash,
                                       NULL, NULL);
    if (code == SQLITE_OK)
        code = attach == NULL ? SQLITE_NOMEM : sqlite3_exec(database, attach, NULL, NULL, NULL);
    sqlite3_free(attach);
    if (code != SQLITE_OK)
        return code;
    return fill_tables(
        database, sqlite3_mprintf("%s%s%s", formats[older->format].rows, converted, formats[older->format].fronts));
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

uint64_t store_format(const char *path)
{
    enum { FORMAT_AT = 60, APPLICATION_AT = 68, HEADER = 100 };
    const unsigned char application[] = {(STORE_APPLICATION >> 24) & 0xff, (STORE_APPLICATION >> 16) & 0xff,
                                         (STORE_APPLICATION >> 8) & 0xff, STORE_APPLICATION & 0xff};
    unsigned char header[HEADER];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd == -1 ? -1 : pread(fd, header, HEADER, 0);
    if (fd != -1)
        close(fd);
    if (size != HEADER || memcmp(header + APPLICATION_AT, application, sizeof application) != 0)
        return 0;
    return (uint64_t)header[FORMAT_AT] << 24 | (uint64_t)header[FORMAT_AT + 1] << 16 |
           (uint64_t)header[FORMAT_AT + 2] << 8 | header[FORMAT_AT + 3];
}

const char *store_convert(const char *old, const char *path)
{
    const struct older older = {old, store_format(old)};
    if (older.format == 0 || older.format >= STORE_FORMAT)
        return "its format cannot be read";
    return make_file(path, fill_converted, &older);
}

const char *store_copy(struct store *store, const char *path)
{
    return make_file(path, fill_copy, store);
}
