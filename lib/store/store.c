#include "store/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/crash.h"
#include "base/hash.h"
#include "base/message.h"
#include "store/page.h"
#include "store/store_part.h"

enum {
    CHECKPOINT_PAGES = 1000, /* of the write-ahead log */
    EXECUTIONS_KEPT = 1000,
    LOOKASIDE_SIZE = 128, /* bytes of a slot that SQLite uses instead of malloc */
    LOOKASIDE_COUNT = 100
};

/* Returns a query, which is run once when the file is opened, at its first row. The caller finalizes it. */
static sqlite3_stmt *first_row(const struct store *store, const char *text)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->database, text, -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW) {
        if (sqlite3_errcode(store->database) == SQLITE_DONE)
            message_fail(STATUS_MISFIT, "%s: is damaged: it does not say which partition it is", store->path);
        store_fail(store, text);
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
    *store = (struct store){.statements = bytes_allocate(STORE_STATEMENTS * sizeof *store->statements)};
    memset(store->statements, 0, STORE_STATEMENTS * sizeof *store->statements);
    store->path = bytes_string(bytes_of(path));
    if (sqlite3_open_v2(path, &store->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, page_file_system()) !=
        SQLITE_OK) {
        if (store->database == NULL)
            message_fail(STATUS_SYSTEM, "%s: out of memory", path);
        store_fail(store, "open");
    }
    /* By default each of a stage's two connections takes 120 kB for small allocations. */
    if (sqlite3_db_config(store->database, SQLITE_DBCONFIG_LOOKASIDE, NULL, LOOKASIDE_SIZE, LOOKASIDE_COUNT) !=
        SQLITE_OK)
        store_fail(store, "lookaside");
    sqlite3_extended_result_codes(store->database, 1);
    sqlite3_busy_timeout(store->database, STORE_BUSY);
    /* A cache of 4000 KiB keeps the pages that an epoch looked up until it is saved. */
    store->durable = true;
    store_run(store, "PRAGMA trusted_schema = OFF; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"
                     "PRAGMA cache_size = -4000;");
    sqlite3_wal_hook(store->database, note_log_pages, store);
    if (store_feed_connect(store->database, &store->feed) != SQLITE_OK)
        store_fail(store, "feed");
    if (pragma(store, "PRAGMA application_id") != STORE_APPLICATION)
        message_fail(STATUS_MISFIT, "%s: is a database, but no partition of a recovery directory", path);
    uint64_t format = pragma(store, "PRAGMA user_version");
    if (format > STORE_FORMAT)
        message_fail(STATUS_MISFIT,
                     "%s: has format %" PRIu64 ", newer than %d, which this program knows: use a newer version"
                     " of the program",
                     path, format, STORE_FORMAT);
    if (format == 0)
        message_fail(STATUS_MISFIT, "%s: has format 0, which never was one: put the right file back", path);
    if (format < STORE_FORMAT)
        message_fail(STATUS_MISFIT,
                     "%s: has format %" PRIu64 ", older than %d: run the flow once, which brings it up to date", path,
                     format, STORE_FORMAT);
    if (!page_has_room(store->database))
        store_fail_page(store, 1);
    read_part(store);
    /* All tables are there. */
    store_run(store, "SELECT 1 FROM exs, steps, fronts, commits, changes, undos, images, blocks LIMIT 0");
    store_run(store, "PRAGMA journal_mode = WAL"); /* a copy that VACUUM made is in another mode */
    return store;
}

void store_close(struct store *store)
{
    CRASH_POINT("close: before");
    for (int i = 0; i < STORE_STATEMENTS; i++)
        sqlite3_finalize(store->statements[i]);
    free(store->statements);
    if (sqlite3_close(store->database) != SQLITE_OK)
        store_fail(store, "close");
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
    return store_number(store, COMMITTED);
}

uint64_t store_committed_by(struct store *store, int64_t time)
{
    store_bind_number(store, COMMITTED_BY, 1, (uint64_t)time);
    return store_number(store, COMMITTED_BY);
}

uint64_t store_last_execution(struct store *store)
{
    return store_number(store, LAST_EXECUTION);
}

void store_each_step(struct store *store, void (*call)(void *context, const struct store_step *step), void *context)
{
    while (store_row(store, EACH_STEP)) {
        struct store_step found = {
            .id = store_column_bytes(store, EACH_STEP, 0),
            .role = store_column_bytes(store, EACH_STEP, 1),
            .signature = store_column_bytes(store, EACH_STEP, 2),
            .first = store_column_number(store, EACH_STEP, 3),
            .front = store_column_number(store, EACH_STEP, 4),
        };
        call(context, &found);
    }
    store_reset(store, EACH_STEP);
}

void store_return_to(struct store *store, uint64_t epoch)
{
    static const enum store_statement drops[] = {DROP_CHANGES, UNDO,           DROP_UNDOS,  DROP_BLOCKS,
                                                 DROP_IMAGES,  DROP_STEPS,     DROP_FRONTS, LOWER_FRONTS,
                                                 DROP_COMMITS, DROP_EXECUTIONS};
    store_bind_number(store, NEWER, 1, epoch);
    if (store_number(store, NEWER) == 0)
        return;
    store_begin(store, true);
    for (size_t i = 0; i < sizeof drops / sizeof *drops; i++) {
        if (drops[i] != DROP_FRONTS)
            store_bind_number(store, drops[i], 1, epoch);
        store_execute(store, drops[i]);
    }
    store_end(store);
}

void store_begin_look(struct store *store)
{
    store_execute(store, BEGIN_LOOK);
    read_part(store);
}

void store_end_look(struct store *store)
{
    store_execute(store, COMMIT);
}

int64_t store_commit_time(struct store *store, uint64_t epoch)
{
    store_bind_number(store, COMMIT_TIME, 1, epoch);
    return (int64_t)store_number(store, COMMIT_TIME);
}

bool store_is_final(struct store *store, uint64_t epoch)
{
    store_bind_number(store, IS_FINAL, 1, epoch);
    return store_number(store, IS_FINAL) != 0;
}

void store_last_started(struct store *store, struct buffer *text)
{
    if (store_row(store, LAST_STARTED))
        buffer_add(text, store_column_bytes(store, LAST_STARTED, 0));
    store_reset(store, LAST_STARTED);
}

void store_checkpoint(struct store *store)
{
    if (sqlite3_wal_checkpoint_v2(store->database, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL) != SQLITE_OK)
        store_fail(store, "checkpoint");
}

void store_begin(struct store *store, bool durable)
{
    if (store->durable != durable)
        store_run(store, durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    store->durable = durable;
    CRASH_POINT("begin: before");
    store_execute(store, BEGIN);
    CRASH_POINT("begin: after");
}

void store_end(struct store *store)
{
    CRASH_POINT("commit: before");
    store_execute(store, COMMIT);
    CRASH_POINT("commit: after");
    if (store->log_pages < CHECKPOINT_PAGES)
        return;
    CRASH_POINT("checkpoint: before");
    store_checkpoint(store);
    CRASH_POINT("checkpoint: after");
}

void store_add_execution(struct store *store, uint64_t execution, uint64_t resume_epoch)
{
    store_bind_number(store, ADD_EXECUTION, 1, execution);
    store_bind_number(store, ADD_EXECUTION, 2, resume_epoch);
    store_execute(store, ADD_EXECUTION);
    if (execution > EXECUTIONS_KEPT) {
        store_bind_number(store, FORGET_EXECUTIONS, 1, execution - EXECUTIONS_KEPT);
        store_execute(store, FORGET_EXECUTIONS);
    }
}

void store_add_step(struct store *store, struct bytes step_id, struct bytes role, struct bytes signature, uint64_t from)
{
    store_bind_bytes(store, ADD_STEP, 1, step_id);
    store_bind_bytes(store, ADD_STEP, 2, role);
    store_bind_bytes(store, ADD_STEP, 3, signature);
    store_bind_number(store, ADD_STEP, 4, from);
    store_execute(store, ADD_STEP);
}

void store_set_front(struct store *store, struct bytes step_id, uint64_t epoch)
{
    store_bind_bytes(store, SET_FRONT, 1, step_id);
    store_bind_number(store, SET_FRONT, 2, epoch);
    store_execute(store, SET_FRONT);
}

void store_add_commit(struct store *store, uint64_t epoch, bool final, uint64_t floor)
{
    store_bind_number(store, ADD_COMMIT, 1, epoch);
    store_bind_number(store, ADD_COMMIT, 2, (uint64_t)time(NULL));
    store_bind_number(store, ADD_COMMIT, 3, final);
    store_execute(store, ADD_COMMIT);
    store_bind_number(store, FORGET_COMMITS, 1, floor);
    store_execute(store, FORGET_COMMITS);
}

void store_forget_step(struct store *store, struct bytes step_id)
{
    static const enum store_statement forget[] = {FORGET_CHANGES,     FORGET_STEP_UNDOS, FORGET_STEP_BLOCKS,
                                                  FORGET_STEP_IMAGES, FORGET_STEP,       FORGET_FRONT};
    for (size_t i = 0; i < sizeof forget / sizeof *forget; i++) {
        store_bind_bytes(store, forget[i], 1, step_id);
        store_execute(store, forget[i]);
    }
}

/* Deletes undos that no return needs: up to twice as many as are added, never all at once. */
static void forget_undos(struct store *store, uint64_t changes)
{
    store_bind_number(store, FORGET_UNDOS, 1, store->part.floor);
    store_bind_number(store, FORGET_UNDOS, 2, 2 * changes);
    store_execute(store, FORGET_UNDOS);
}

/* Deletes the rows of the keys in the feed that are discarded. No image may have a state of them. */
static void discard(struct store *store)
{
    const struct store_feed *feed = &store->feed;
    store_bind_bytes(store, DISCARD, 1, feed->step_id);
    for (size_t i = 0; i < feed->count; i++) {
        if (feed->changes[i].state.data != NULL)
            continue;
        store_bind_number(store, DISCARD, 2, feed->changes[i].hash);
        store_bind_bytes(store, DISCARD, 3, feed->changes[i].key);
        store_execute(store, DISCARD);
    }
}

static void put_rows(struct store *store, struct bytes step_id, uint64_t epoch, bool imaged,
                     bool (*next)(void *context, struct change *change), void *context)
{
    struct store_feed *feed = &store->feed;
    static const enum store_statement fed[] = {KEEP, PUT};
    int64_t rows = 0;
    feed->step_id = step_id;
    feed->epoch = epoch;
    for (size_t i = 0; i < sizeof fed / sizeof *fed; i++) {
        store_bind_bytes(store, fed[i], 1, step_id);
        store_bind_number(store, fed[i], 2, epoch);
    }
    store_bind_number(store, PUT, 3, imaged);
    do {
        bool saved = imaged; /* then a discarded key has a row, too, which is kept when the key comes back */
        forget_undos(store, STORE_FEED_MOST);
        for (feed->count = 0; feed->count < STORE_FEED_MOST && next(context, &feed->changes[feed->count]);
             feed->count++)
            saved = saved || feed->changes[feed->count].saved;
        const uint64_t kept = saved ? store_execute(store, KEEP) : 0;
        rows += (int64_t)store_execute(store, PUT);
        if (!imaged)
            discard(store);
        rows -= (int64_t)kept; /* their rows were replaced or deleted */
    } while (feed->count == STORE_FEED_MOST);
    store_count_more(store, step_id, rows, 0);
}

void store_put(struct store *store, struct bytes step_id, uint64_t epoch, uint64_t count,
               bool (*next)(void *context, struct change *change), void *context)
{
    struct store_holding holding = store_find_holding(store, step_id);
    if (holding.images > 1)
        holding.images -= store_forget_images(store, step_id);
    if (epoch == 0 || !store_wants_image(&holding, count)) { /* what was before the first epoch must stay apart */
        put_rows(store, step_id, epoch, holding.images > 0, next, context);
        return;
    }
    forget_undos(store, count);
    store_put_image(store, step_id, epoch, next, context);
}

void store_raise_floor(struct store *store, uint64_t floor)
{
    if (floor <= store->part.floor)
        return;
    store->part.floor = floor;
    store_bind_number(store, SET_FLOOR, 1, floor);
    store_execute(store, SET_FLOOR);
}
