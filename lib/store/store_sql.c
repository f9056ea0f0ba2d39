#include <inttypes.h>
#include <string.h>
#include <xxhash.h>

#include "base/message.h"
#include "base/quote.h"
#include "store/page.h"
#include "store/store_part.h"

/* The blocks of a row of images; the newest image of the step ?1 that is not newer than the epoch ?2; and the deletion
 * of the blocks of some images. */
#define BLOCKS_OF_IMAGE " block BETWEEN image_id << 32 AND image_id << 32 | 4294967295 "
#define IMAGE_AT "(SELECT max(image_id) FROM images WHERE step_id = ?1 AND image_epoch <= ?2)"
#define DELETE_BLOCKS(WHERE)                                                                                           \
    "DELETE FROM blocks WHERE block IN (SELECT block FROM images CROSS JOIN blocks ON" BLOCKS_OF_IMAGE "WHERE " WHERE  \
    ")"

static const char *const sql[STORE_STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [BEGIN_LOOK] = "BEGIN",
    [COMMIT] = "COMMIT",
    [COMMITTED] = "SELECT max(commit_epoch) FROM commits",
    [COMMITTED_BY] = "SELECT max(commit_epoch) FROM commits WHERE committed_at <= ?1",
    [COMMIT_TIME] = "SELECT committed_at FROM commits WHERE commit_epoch = ?1",
    [IS_FINAL] = "SELECT final FROM commits WHERE commit_epoch = ?1",
    [LAST_EXECUTION] = "SELECT max(ex_num) FROM exs",
    [LAST_STARTED] = "SELECT started_at FROM exs ORDER BY ex_num DESC LIMIT 1",
    [EACH_STEP] =
        "SELECT step_id, role, signature, (SELECT min(first_epoch) FROM steps WHERE step_id = newest.step_id),"
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
        " WHERE part_index > 0 AND EXISTS (SELECT * FROM commits)"
        " UNION ALL SELECT 'image ' || image_id || ' of step ' || step_id || ', epoch ' || image_epoch ||"
        " ', is newer than what the step has saved' FROM images LEFT JOIN fronts USING (step_id)"
        " WHERE image_epoch > coalesce(front_epoch, 0)"
        " UNION ALL SELECT 'step ' || step_id || ' has ' || images || ' images, of which there are ' || there FROM"
        " (SELECT step_id, fronts.images, count(image_id) AS there FROM fronts LEFT JOIN images USING (step_id)"
        " GROUP BY step_id) WHERE there <> images"
        " UNION ALL SELECT 'block ' || block || ' is of no image' FROM blocks"
        " WHERE block >> 32 NOT IN (SELECT image_id FROM images)",
    [EACH_CHANGE] = "SELECT step_id, snap_epoch, state_key, ser_change, \"check\", front_epoch, key_hash"
                    " FROM changes LEFT JOIN fronts USING (step_id)"
                    " UNION ALL SELECT step_id, snap_epoch, state_key, ser_change, \"check\", front_epoch, key_hash"
                    " FROM undos LEFT JOIN fronts USING (step_id)",
    [EACH_BLOCK] = "SELECT image_id, step_id, keys, bytes, block, content, \"check\" FROM images"
                   " LEFT JOIN blocks ON" BLOCKS_OF_IMAGE "ORDER BY image_id, block",
    [NEWER] = "SELECT EXISTS (SELECT * FROM fronts WHERE front_epoch > ?1)"
              " OR EXISTS (SELECT * FROM commits WHERE commit_epoch > ?1)",
    [DROP_CHANGES] = "DELETE FROM changes WHERE snap_epoch > ?1",
    [UNDO] = "INSERT OR ROLLBACK INTO changes SELECT step_id, key_hash, state_key, snap_epoch, ser_change, \"check\""
             " FROM undos WHERE undo_epoch > ?1 AND snap_epoch <= ?1",
    [DROP_UNDOS] = "DELETE FROM undos WHERE undo_epoch > ?1",
    [DROP_BLOCKS] = DELETE_BLOCKS("image_epoch > ?1"),
    [DROP_IMAGES] = "DELETE FROM images WHERE image_epoch > ?1",
    [DROP_STEPS] = "DELETE FROM steps WHERE first_epoch > ?1",
    [DROP_FRONTS] = "DELETE FROM fronts WHERE step_id NOT IN (SELECT step_id FROM steps)",
    [LOWER_FRONTS] = "UPDATE fronts SET front_epoch = min(front_epoch, ?1),"
                     " changes = (SELECT count(*) FROM changes WHERE changes.step_id = fronts.step_id),"
                     " images = (SELECT count(*) FROM images WHERE images.step_id = fronts.step_id)",
    [DROP_COMMITS] = "DELETE FROM commits WHERE commit_epoch > ?1",
    [DROP_EXECUTIONS] = "DELETE FROM exs WHERE resume_epoch > ?1",
    [GET] = "SELECT snap_epoch, ser_change, \"check\" FROM changes"
            " WHERE step_id = ?1 AND key_hash = ?2 AND state_key = ?3",
    /* The row of a key as of an epoch: the present one if it is not newer, otherwise the one that the first change
     * after the epoch replaced. */
    [GET_AT] = "SELECT snap_epoch, ser_change, \"check\" FROM changes"
               " WHERE step_id = ?1 AND key_hash = ?2 AND state_key = ?3 AND snap_epoch <= ?4"
               " UNION ALL SELECT snap_epoch, ser_change, \"check\" FROM undos"
               " WHERE step_id = ?1 AND state_key = ?3 AND snap_epoch <= ?4 AND undo_epoch > ?4",
    /* The image and its block in one statement, so that both are of one moment. */
    [GET_BLOCK] = "SELECT block, content, \"check\", " IMAGE_AT " FROM blocks WHERE block <= " IMAGE_AT " << 32 | ?3"
                  " ORDER BY block DESC LIMIT 1",
    [EACH_ROW] = "SELECT key_hash, state_key, snap_epoch, ser_change, \"check\" FROM changes WHERE step_id = ?1"
                 " ORDER BY key_hash, CAST(state_key AS BLOB)",
    [EACH_ROW_AT] = "SELECT * FROM (SELECT key_hash, state_key, snap_epoch, ser_change, \"check\" FROM changes"
                    " WHERE step_id = ?1 AND snap_epoch <= ?2"
                    " UNION ALL SELECT key_hash, state_key, snap_epoch, ser_change, \"check\" FROM undos"
                    " WHERE step_id = ?1 AND snap_epoch <= ?2 AND undo_epoch > ?2)"
                    " ORDER BY key_hash, CAST(state_key AS BLOB)",
    [IMAGE] = "SELECT " IMAGE_AT,
    [IMAGE_BLOCKS] = "SELECT block, content, \"check\" FROM blocks"
                     " WHERE block BETWEEN ?1 << 32 AND ?1 << 32 | 4294967295 ORDER BY block",
    [HOLDING] = "SELECT changes, images FROM fronts WHERE step_id = ?1",
    [NEWEST_IMAGE] = "SELECT keys, bytes FROM images WHERE image_id = " IMAGE_AT,
    [COUNT_STATES] = "SELECT EXISTS (SELECT * FROM changes WHERE step_id = ?1)"
                     " + coalesce((SELECT changes FROM fronts WHERE step_id = ?1), 0)"
                     " + coalesce((SELECT keys FROM images WHERE image_id = " IMAGE_AT "), 0)",
    [PAGES] = "PRAGMA page_count",
    [ADD_EXECUTION] = "INSERT INTO exs VALUES (?1, ?2, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))",
    [FORGET_EXECUTIONS] = "DELETE FROM exs WHERE ex_num <= ?1",
    [ADD_STEP] = "INSERT OR IGNORE INTO steps VALUES (?1, ?2, ?3, ?4)",
    [SET_FRONT] = "INSERT INTO fronts VALUES (?1, ?2, 0, 0)"
                  " ON CONFLICT (step_id) DO UPDATE SET front_epoch = excluded.front_epoch",
    /* Only if the step is known: a row of epoch 0 comes before its step. */
    [COUNT_MORE] = "INSERT INTO fronts SELECT DISTINCT step_id, 0, max(0, ?2), ?3 FROM steps WHERE step_id = ?1"
                   " ON CONFLICT (step_id) DO UPDATE SET changes = max(0, changes + ?2), images = images + ?3",
    [ADD_COMMIT] = "INSERT INTO commits VALUES (?1, ?2, ?3)",
    [FORGET_COMMITS] = "DELETE FROM commits WHERE commit_epoch < ?1",
    [FORGET_CHANGES] = "DELETE FROM changes WHERE step_id = ?1",
    [FORGET_STEP_UNDOS] = "DELETE FROM undos WHERE step_id = ?1",
    [FORGET_STEP_BLOCKS] = DELETE_BLOCKS("step_id = ?1"),
    [FORGET_STEP_IMAGES] = "DELETE FROM images WHERE step_id = ?1",
    [FORGET_STEP] = "DELETE FROM steps WHERE step_id = ?1",
    [FORGET_FRONT] = "DELETE FROM fronts WHERE step_id = ?1",
    [KEEP] = "INSERT OR ROLLBACK INTO undos SELECT ?2, changes.* FROM feed CROSS JOIN changes ON changes.step_id = ?1"
             " AND changes.key_hash = feed.key_hash AND changes.state_key = feed.state_key",
    [PUT] = "INSERT OR REPLACE INTO changes SELECT ?1, key_hash, state_key, ?2, ser_change, \"check\" FROM feed"
            " WHERE ser_change IS NOT NULL OR ?3",
    [DISCARD] = "DELETE FROM changes WHERE step_id = ?1 AND key_hash = ?2 AND state_key = ?3",
    /* Of the first ?2 rows, which are the oldest, those before the first one that is still needed. */
    [FORGET_UNDOS] = "DELETE FROM undos WHERE rowid < coalesce((SELECT id FROM (SELECT rowid AS id, undo_epoch"
                     " FROM undos ORDER BY rowid LIMIT ?2) WHERE undo_epoch > ?1 LIMIT 1),"
                     " (SELECT min(rowid) + ?2 FROM undos))",
    [NEXT_IMAGE] = "SELECT coalesce(max(image_id), 0) + 1 FROM images",
    [ADD_BLOCK] = "INSERT INTO blocks VALUES (?1, ?2, ?3)",
    [ADD_IMAGE] = "INSERT INTO images VALUES (?1, ?2, ?3, ?4, ?5)",
    [KEEP_ALL] = "INSERT OR ROLLBACK INTO undos SELECT ?2, changes.* FROM changes WHERE step_id = ?1",
    [FORGET_BLOCKS] = DELETE_BLOCKS("step_id = ?1 AND image_id < " IMAGE_AT),
    [FORGET_IMAGES] = "DELETE FROM images WHERE step_id = ?1 AND image_id < " IMAGE_AT,
    [SET_FLOOR] = "UPDATE parts SET floor_epoch = ?1 WHERE floor_epoch < ?1",
};

_Noreturn void store_fail_page(const struct store *store, uint64_t number)
{
    message_fail(STATUS_MISFIT,
                 "%s: page %" PRIu64 " is damaged, or was changed by another program: put a copy of all partitions"
                 " back, as fl-recovery backup makes it",
                 store->path, number);
}

_Noreturn void store_fail_block(const struct store *store, uint64_t block)
{
    message_fail(STATUS_MISFIT,
                 "%s: is damaged: block %" PRIu64 " is not what was written: look for more with fl-recovery check, and"
                 " put a copy of all partitions back",
                 store->path, block);
}

_Noreturn void store_fail(const struct store *store, const char *what)
{
    int code = sqlite3_extended_errcode(store->database);
    const char *why = sqlite3_errmsg(store->database);
    if (code == SQLITE_IOERR_DATA)
        store_fail_page(store, page_damaged(store->database));
    switch (code & 0xff) {
    case SQLITE_NOTADB:
        message_fail(STATUS_MISFIT,
                     "%s: is not a database: put the right file back, or make a new directory with"
                     " fl-recovery-init",
                     store->path);
    case SQLITE_CORRUPT:
    case SQLITE_ERROR: /* a statement that cannot be prepared: a table is not what it must be */
        message_fail(STATUS_MISFIT, "%s: is damaged: %s: put a copy of all partitions back (in: %s)", store->path, why,
                     what);
    case SQLITE_CANTOPEN:
        message_fail(STATUS_MISFIT, "%s: cannot be opened: %s", store->path, why);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        message_fail(STATUS_TRY_LATER, "%s: is in use by a program that is not a stage of this flow: %s (in: %s)",
                     store->path, why, what);
    default:
        message_fail(STATUS_IO, "%s: %s (in: %s)", store->path, why, what);
    }
}

void store_run(const struct store *store, const char *text)
{
    if (sqlite3_exec(store->database, text, NULL, NULL, NULL) != SQLITE_OK)
        store_fail(store, text);
}

static sqlite3_stmt *prepared(const struct store *store, enum store_statement which)
{
    sqlite3_stmt **statement = &store->statements[which];
    if (*statement == NULL &&
        sqlite3_prepare_v3(store->database, sql[which], -1, SQLITE_PREPARE_PERSISTENT, statement, NULL) != SQLITE_OK)
        store_fail(store, sql[which]);
    return *statement;
}

bool store_row(const struct store *store, enum store_statement which)
{
    int code = sqlite3_step(prepared(store, which));
    if (code == SQLITE_ROW)
        return true;
    if (code != SQLITE_DONE)
        store_fail(store, sql[which]);
    return false;
}

void store_reset(const struct store *store, enum store_statement which)
{
    if (sqlite3_reset(store->statements[which]) != SQLITE_OK)
        store_fail(store, sql[which]);
}

uint64_t store_execute(const struct store *store, enum store_statement which)
{
    while (store_row(store, which))
        continue;
    store_reset(store, which);
    return (uint64_t)sqlite3_changes(store->database);
}

void store_bind_number(const struct store *store, enum store_statement which, int place, uint64_t number)
{
    if (sqlite3_bind_int64(prepared(store, which), place, (sqlite3_int64)number) != SQLITE_OK)
        store_fail(store, sql[which]);
}

void store_bind_bytes(const struct store *store, enum store_statement which, int place, struct bytes bytes)
{
    sqlite3_stmt *statement = prepared(store, which);
    const char *data = bytes.size > 0 ? bytes.data : "";
    int code = bytes_is_text(bytes)
                   ? sqlite3_bind_text64(statement, place, data, bytes.size, SQLITE_STATIC, SQLITE_UTF8)
                   : sqlite3_bind_blob64(statement, place, data, bytes.size, SQLITE_STATIC);
    if (code != SQLITE_OK)
        store_fail(store, sql[which]);
}

void store_bind_blob(const struct store *store, enum store_statement which, int place, struct bytes bytes)
{
    const char *data = bytes.size > 0 ? bytes.data : "";
    if (sqlite3_bind_blob64(prepared(store, which), place, data, bytes.size, SQLITE_STATIC) != SQLITE_OK)
        store_fail(store, sql[which]);
}

struct bytes store_column_bytes(const struct store *store, enum store_statement which, int column)
{
    sqlite3_stmt *statement = store->statements[which];
    int type = sqlite3_column_type(statement, column);
    if (type == SQLITE_NULL)
        return (struct bytes){NULL, 0};
    const void *data = type == SQLITE_BLOB ? sqlite3_column_blob(statement, column)
                                           : (const void *)sqlite3_column_text(statement, column);
    size_t size = (size_t)sqlite3_column_bytes(statement, column);
    if (data == NULL && (size > 0 || type != SQLITE_BLOB))
        store_fail(store, sql[which]);
    return (struct bytes){data != NULL ? data : "", size};
}

uint64_t store_column_number(const struct store *store, enum store_statement which, int column)
{
    return (uint64_t)sqlite3_column_int64(store->statements[which], column);
}

uint64_t store_number(const struct store *store, enum store_statement which)
{
    uint64_t result = store_row(store, which) ? store_column_number(store, which, 0) : 0;
    store_reset(store, which);
    return result;
}

/* Each part is hashed with XXH3, with the hash of the parts before it as the seed. */
uint64_t store_check_of(struct bytes step_id, uint64_t epoch, struct bytes key, struct bytes change)
{
    uint64_t check = XXH3_64bits_withSeed(step_id.data, step_id.size, epoch);
    check = XXH3_64bits_withSeed(key.data, key.size, check);
    return change.data != NULL ? XXH3_64bits_withSeed(change.data, change.size, check) : check;
}

uint64_t store_block_check(uint64_t block, struct bytes content)
{
    return XXH3_64bits_withSeed(content.data, content.size, block);
}

void store_verify(const struct store *store, struct bytes step_id, uint64_t epoch, struct bytes key,
                  struct bytes change, uint64_t check)
{
    if (store_check_of(step_id, epoch, key, change) == check)
        return;
    struct buffer shown = {0};
    quote_add(&shown, key);
    message_fail(STATUS_MISFIT,
                 "%s: is damaged: the state of key %s of step %.*s does not fit its checksum: look for"
                 " more with fl-recovery check, and put a copy of all partitions back",
                 store->path, buffer_string(&shown), (int)step_id.size, step_id.data);
}
