#include <string.h>

#include "store/store_part.h"

/* The module has one table, which one cursor reads at a time. */
struct feed_table {
    sqlite3_vtab base;
    struct store_feed *feed;
};

struct feed_cursor {
    sqlite3_vtab_cursor base;
    const struct store_feed *feed;
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
    return sqlite3_declare_vtab(database, "CREATE TABLE feed(key_hash, state_key, ser_change, \"check\")");
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
    const struct store_feed *feed = cursor->feed;
    const struct change *change = &feed->changes[cursor->at];
    if (column == 0)
        sqlite3_result_int64(context, change->hash);
    else if (column == 1)
        give_bytes(context, change->key);
    else if (column == 2 && change->state.data != NULL)
        give_bytes(context, change->state);
    else if (column == 3)
        sqlite3_result_int64(context,
                             (sqlite3_int64)store_check_of(feed->step_id, feed->epoch, change->key, change->state));
    return SQLITE_OK;
}

static int feed_row(sqlite3_vtab_cursor *cursor, sqlite3_int64 *row)
{
    *row = (sqlite3_int64)((struct feed_cursor *)cursor)->at;
    return SQLITE_OK;
}

/* Without xCreate the table exists in every connection that has the module. */
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

int store_feed_connect(sqlite3 *database, struct store_feed *feed)
{
    return sqlite3_create_module(database, "feed", &feed_module, feed);
}
