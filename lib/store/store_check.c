#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/quote.h"
#include "store/block.h"
#include "store/page.h"
#include "store/store_part.h"

/* Calls call for what SQLite itself finds in the file. */
static void check_file(struct store *store, void (*call)(void *context, const char *finding), void *context)
{
    static const char text[] = "PRAGMA integrity_check";
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->database, text, -1, &statement, NULL);
    if (code != SQLITE_OK)
        store_fail(store, text);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *finding = (const char *)sqlite3_column_text(statement, 0);
        if (finding == NULL || strcmp(finding, "ok") != 0)
            call(context, finding != NULL ? finding : "is damaged");
    }
    if (code != SQLITE_DONE)
        store_fail(store, text);
    sqlite3_finalize(statement);
}

/* Where findings go, and the text of the one at hand. */
struct findings {
    void (*call)(void *context, const char *finding);
    void *context;
    struct buffer text;
};

static struct buffer *begin_finding(struct findings *findings)
{
    findings->text.size = 0;
    return &findings->text;
}

static void end_finding(struct findings *findings)
{
    findings->call(findings->context, buffer_string(&findings->text));
}

static void find_in_state(struct findings *findings, struct bytes key, struct bytes step_id, const char *fault)
{
    struct buffer *text = begin_finding(findings);
    buffer_print(text, "the state of key ");
    quote_add(text, key);
    buffer_print(text, " of step %.*s%s", (int)step_id.size, step_id.data, fault);
    end_finding(findings);
}

static void find_in_block(struct findings *findings, uint64_t block, const char *fault)
{
    buffer_print(begin_finding(findings), "block %" PRIu64 " %s", block, fault);
    end_finding(findings);
}

/* Whether a key with this hash belongs to this partition. One of no partitions at all, as a damaged file has it, has no
 * key. */
static bool belongs_here(const struct store *store, uint64_t hash)
{
    return store->part.count > 0 && hash % store->part.count == store->part.index;
}

/* Returns what is wrong with the change in the row at hand; NULL if nothing is. */
static const char *change_fault(const struct store *store, struct bytes step_id, uint64_t epoch, struct bytes key,
                                struct bytes change)
{
    if (store_check_of(step_id, epoch, key, change) != store_column_number(store, EACH_CHANGE, 4))
        return "does not fit its checksum";
    const uint64_t hash = hash_key(key);
    if (!belongs_here(store, hash))
        return "belongs to another partition";
    if ((uint32_t)hash != store_column_number(store, EACH_CHANGE, 6))
        return "has the hash of another key";
    if (epoch > store_column_number(store, EACH_CHANGE, 5)) /* 0 for no front: a row of epoch 0 comes before its step */
        return "is newer than what the step has saved";
    return NULL;
}

static void check_changes(struct store *store, struct findings *findings)
{
    while (store_row(store, EACH_CHANGE)) {
        struct bytes step_id = store_column_bytes(store, EACH_CHANGE, 0),
                     key = store_column_bytes(store, EACH_CHANGE, 2);
        uint64_t epoch = store_column_number(store, EACH_CHANGE, 1);
        const char *fault = change_fault(store, step_id, epoch, key, store_column_bytes(store, EACH_CHANGE, 3));
        if (fault == NULL)
            continue;
        char where[64];
        snprintf(where, sizeof where, ", epoch %" PRIu64 ", %s", epoch, fault);
        find_in_state(findings, key, step_id, where);
    }
    store_reset(store, EACH_CHANGE);
}

/* Looks for faults in the block in the row at hand: whether all keys are in their order, in their block and in their
 * partition. Returns how many keys there are. *last is the last hash of the block before it, and becomes that of this
 * one: a block begins with a larger hash than the one before ended with. */
static uint64_t check_block(const struct store *store, struct findings *findings, struct bytes step_id, int64_t *last)
{
    const uint64_t block = store_column_number(store, EACH_BLOCK, 4);
    struct bytes left = store_column_bytes(store, EACH_BLOCK, 5), key, state;
    uint64_t keys = 0;
    if (store_block_check(block, left) != store_column_number(store, EACH_BLOCK, 6))
        find_in_block(findings, block, "does not fit its checksum");
    enum block_found what;
    for (; (what = block_next(&left, &key, &state)) == BLOCK_STATE; keys++) {
        const uint64_t hash = hash_key(key);
        if (!belongs_here(store, hash))
            find_in_state(findings, key, step_id, ", in an image, belongs to another partition");
        if ((keys == 0 && ((uint32_t)hash != (uint32_t)block || (uint32_t)hash <= *last)) || (uint32_t)hash < *last)
            find_in_state(findings, key, step_id, ", in an image, is not in its place");
        *last = (uint32_t)hash;
    }
    if (what == BLOCK_BROKEN)
        find_in_block(findings, block, "is not made of states");
    return keys;
}

/* How many keys and bytes an image should have, and how many were found in its blocks. */
struct tally {
    uint64_t image; /* 0: before the first */
    uint64_t keys, bytes;
    uint64_t keys_found, bytes_found;
    int64_t last;
};

static void check_tally(struct findings *findings, const struct tally *tally)
{
    if (tally->keys == tally->keys_found && tally->bytes == tally->bytes_found)
        return;
    buffer_print(begin_finding(findings),
                 "image %" PRIu64 " has %" PRIu64 " keys in %" PRIu64 " bytes, of which there are %" PRIu64
                 " in %" PRIu64,
                 tally->image, tally->keys, tally->bytes, tally->keys_found, tally->bytes_found);
    end_finding(findings);
}

static void check_blocks(struct store *store, struct findings *findings)
{
    struct tally tally = {0};
    while (store_row(store, EACH_BLOCK)) {
        const uint64_t image = store_column_number(store, EACH_BLOCK, 0);
        if (image != tally.image) {
            check_tally(findings, &tally);
            tally = (struct tally){.image = image,
                                   .keys = store_column_number(store, EACH_BLOCK, 2),
                                   .bytes = store_column_number(store, EACH_BLOCK, 3),
                                   .last = -1};
        }
        const struct bytes content = store_column_bytes(store, EACH_BLOCK, 5);
        if (content.data == NULL)
            continue; /* it has no blocks */
        tally.bytes_found += content.size;
        tally.keys_found += check_block(store, findings, store_column_bytes(store, EACH_BLOCK, 1), &tally.last);
    }
    check_tally(findings, &tally);
    store_reset(store, EACH_BLOCK);
}

void store_check(struct store *store, void (*call)(void *context, const char *finding), void *context)
{
    struct findings findings = {.call = call, .context = context};
    check_file(store, call, context);
    while (store_row(store, EACH_CONTRADICTION)) {
        buffer_add(begin_finding(&findings), store_column_bytes(store, EACH_CONTRADICTION, 0));
        end_finding(&findings);
    }
    store_reset(store, EACH_CONTRADICTION);
    check_changes(store, &findings);
    check_blocks(store, &findings);
    buffer_free(&findings.text);
}

bool store_check_pages(struct store *store, void (*call)(void *context, const char *finding), void *context)
{
    char finding[64];
    const uint64_t pages = store_number(store, PAGES);
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
