/* An image of a step has all its states as of an epoch, in the order of the low halves of their hashes, in blocks that
 * fill a page each. To make one costs a tenth of as many rows. What has changed since then is in rows, until these are
 * so many that another image is cheaper. */
#include "base/crash.h"
#include "base/hash.h"
#include "store/block.h"
#include "store/store_part.h"

/* What a test build sets lower. */
#ifndef STORE_IMAGE_LEAST
#define STORE_IMAGE_LEAST 4096 /* changes, without which there is no image */
#endif
#ifndef STORE_BLOCK_MOST
#define STORE_BLOCK_MOST 4040 /* bytes: with what SQLite adds, they fill a page */
#endif

enum {
    ROW_COST = 2048,  /* of putting a row, in the bytes of images that are written in that time */
    STATE_COST = 256, /* of a state in an image */
    UNDO_ROOM = 40    /* bytes of an undo, beside key and state */
};

/* The content of the block at hand, which is in the first columns of a row. */
static struct bytes content(const struct store *store, enum store_statement which)
{
    const uint64_t block = store_column_number(store, which, 0);
    const struct bytes found = store_column_bytes(store, which, 1);
    if (store_block_check(block, found) != store_column_number(store, which, 2))
        store_fail_block(store, block);
    return found;
}

struct bytes store_image_get(struct store *store, struct bytes step_id, uint64_t epoch, struct bytes key, uint32_t hash)
{
    struct bytes state = {NULL, 0}, found, value;
    store_bind_bytes(store, GET_BLOCK, 1, step_id);
    store_bind_number(store, GET_BLOCK, 2, epoch);
    store_bind_number(store, GET_BLOCK, 3, hash);
    if (store_row(store, GET_BLOCK) &&
        store_column_number(store, GET_BLOCK, 0) >> 32 == store_column_number(store, GET_BLOCK, 3)) {
        struct bytes left = content(store, GET_BLOCK);
        enum block_found what;
        while ((what = block_next(&left, &found, &value)) == BLOCK_STATE && state.data == NULL)
            if (bytes_equal(found, key))
                state = store_keep_found(store, value);
        if (what == BLOCK_BROKEN)
            store_fail_block(store, store_column_number(store, GET_BLOCK, 0));
    }
    store_reset(store, GET_BLOCK);
    return state;
}

/* --- all states of a step ----------------------------------------------------------------------------------------- */

/* Those of an image, and the rows that are in place of them, side by side. */
struct states {
    struct store *store;
    struct bytes step_id;
    enum store_statement rows;
    struct change row;   /* key.data NULL: there is none any more */
    struct change state; /* the same, of the image */
    struct bytes left;   /* of the block that the state is in */
    bool row_given;      /* so that the next one is wanted */
    bool state_given;
};

static int compare(const struct change *a, const struct change *b)
{
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return bytes_equal(a->key, b->key) ? 0 : bytes_compare(a->key, b->key);
}

/* Which of two that are each in order comes first: below 0 for a, 0 for both. One of them is there. */
static int first_of(const struct change *a, const struct change *b)
{
    if (a->key.data == NULL || b->key.data == NULL)
        return a->key.data != NULL ? -1 : 1;
    return compare(a, b);
}

static void next_row(struct states *states)
{
    const struct store *store = states->store;
    const enum store_statement rows = states->rows;
    states->row = (struct change){0};
    if (!store_row(store, rows))
        return;
    states->row = (struct change){.key = store_column_bytes(store, rows, 1),
                                  .state = store_column_bytes(store, rows, 3),
                                  .hash = (uint32_t)store_column_number(store, rows, 0)};
    store_verify(store, states->step_id, store_column_number(store, rows, 2), states->row.key, states->row.state,
                 store_column_number(store, rows, 4));
}

static void next_state(struct states *states)
{
    const struct store *store = states->store;
    const struct change before = states->state;
    enum block_found what;
    struct bytes key, value;
    states->state = (struct change){0};
    while ((what = block_next(&states->left, &key, &value)) == BLOCK_END) {
        if (!store_row(store, IMAGE_BLOCKS))
            return;
        states->left = content(store, IMAGE_BLOCKS);
    }
    if (what == BLOCK_BROKEN)
        store_fail_block(store, store_column_number(store, IMAGE_BLOCKS, 0));
    states->state = (struct change){.key = key, .state = value, .hash = hash_key_low(key)};
    if (states->state.hash < before.hash)
        store_fail_block(store, store_column_number(store, IMAGE_BLOCKS, 0));
}

/* The states as of an epoch, or as they are now. */
static struct states begin_states(struct store *store, struct bytes step_id, uint64_t epoch)
{
    const enum store_statement rows = epoch == STORE_NOW ? EACH_ROW : EACH_ROW_AT;
    struct states states = {.store = store, .step_id = step_id, .rows = rows};
    store_bind_bytes(store, rows, 1, step_id);
    if (rows == EACH_ROW_AT)
        store_bind_number(store, rows, 2, epoch);
    next_row(&states);
    store_bind_bytes(store, IMAGE, 1, step_id);
    store_bind_number(store, IMAGE, 2, epoch);
    store_bind_number(store, IMAGE_BLOCKS, 1, store_number(store, IMAGE));
    next_state(&states);
    return states;
}

/* The next one; false after the last. */
static bool give_state(struct states *states, struct change *state)
{
    for (;;) {
        if (states->row_given)
            next_row(states);
        if (states->state_given)
            next_state(states);
        if (states->row.key.data == NULL && states->state.key.data == NULL)
            break;
        const int first = first_of(&states->row, &states->state);
        states->row_given = first <= 0;
        states->state_given = first >= 0;
        *state = first <= 0 ? states->row : states->state;
        if (state->state.data != NULL)
            return true;
    }
    store_reset(states->store, states->rows);
    store_reset(states->store, IMAGE_BLOCKS);
    *state = (struct change){0};
    return false;
}

void store_each_state_at(struct store *store, struct bytes step_id, uint64_t epoch,
                         void (*call)(void *context, struct bytes key, struct bytes state), void *context)
{
    struct change state;
    struct states states = begin_states(store, step_id, epoch);
    while (give_state(&states, &state))
        call(context, state.key, state.state);
}

void store_each_state(struct store *store, struct bytes step_id,
                      void (*call)(void *context, struct bytes key, struct bytes state), void *context)
{
    store_execute(store, BEGIN_LOOK); /* rows and blocks of one moment */
    store_each_state_at(store, step_id, STORE_NOW, call, context);
    store_execute(store, COMMIT);
}

/* --- making one --------------------------------------------------------------------------------------------------- */

/* The one that is being made. */
struct making {
    struct store *store;
    uint64_t id;
    uint64_t keys;
    uint64_t bytes; /* of its blocks */
    struct buffer block;
    uint32_t first; /* the hash of the block's first key */
    uint32_t last;
};

static void end_block(struct making *making)
{
    if (making->block.size == 0)
        return;
    const struct bytes bytes = buffer_bytes(&making->block);
    const uint64_t block = making->id << 32 | making->first; /* so it is found by the hash of a key */
    store_bind_number(making->store, ADD_BLOCK, 1, block);
    store_bind_blob(making->store, ADD_BLOCK, 2, bytes);
    store_bind_number(making->store, ADD_BLOCK, 3, store_block_check(block, bytes));
    store_execute(making->store, ADD_BLOCK);
    making->bytes += bytes.size;
    making->block.size = 0;
}

/* Keys of one hash are in one block, since that is how it is found. */
static void add_state(struct making *making, const struct change *state)
{
    if (state->state.data == NULL)
        return;
    if (making->block.size + block_room(state->key, state->state) > STORE_BLOCK_MOST && state->hash != making->last)
        end_block(making);
    if (making->block.size == 0)
        making->first = state->hash;
    making->last = state->hash;
    block_add(&making->block, state->key, state->state);
    making->keys++;
}

struct store_holding store_find_holding(const struct store *store, struct bytes step_id)
{
    struct store_holding holding = {0};
    store_bind_bytes(store, HOLDING, 1, step_id);
    if (store_row(store, HOLDING)) {
        holding.rows = store_column_number(store, HOLDING, 0);
        holding.images = store_column_number(store, HOLDING, 1);
    }
    store_reset(store, HOLDING);
    if (holding.images == 0)
        return holding;
    store_bind_bytes(store, NEWEST_IMAGE, 1, step_id);
    store_bind_number(store, NEWEST_IMAGE, 2, STORE_NOW);
    if (store_row(store, NEWEST_IMAGE)) {
        holding.keys = store_column_number(store, NEWEST_IMAGE, 0);
        holding.bytes = store_column_number(store, NEWEST_IMAGE, 1);
    }
    store_reset(store, NEWEST_IMAGE);
    return holding;
}

bool store_wants_image(const struct store_holding *holding, uint64_t changes)
{
    const uint64_t keys = holding->keys, size = keys > 0 ? holding->bytes / keys : 0;
    changes += holding->rows;
    if (changes < STORE_IMAGE_LEAST || changes * (ROW_COST + size) < keys * (STATE_COST + size))
        return false;
    /* Where history is kept, an image must not take more room than the undos of the rows in its place. */
    return holding->images < 2 || changes * (UNDO_ROOM + size) >= holding->bytes;
}

void store_put_image(struct store *store, struct bytes step_id, uint64_t epoch,
                     bool (*next)(void *context, struct change *change), void *context)
{
    CRASH_POINT("image: before");
    struct making making = {.store = store, .id = store_number(store, NEXT_IMAGE)};
    struct states states = begin_states(store, step_id, STORE_NOW);
    struct change change = {0}, state = {0};
    bool change_wanted = true, state_wanted = true;
    for (;;) {
        if (change_wanted && !next(context, &change))
            change = (struct change){0};
        if (state_wanted)
            give_state(&states, &state);
        if (change.key.data == NULL && state.key.data == NULL)
            break;
        const int first = first_of(&change, &state);
        add_state(&making, first <= 0 ? &change : &state);
        change_wanted = first <= 0;
        state_wanted = first >= 0;
    }
    end_block(&making);
    buffer_free(&making.block);
    CRASH_POINT("image: blocks");
    store_bind_bytes(store, KEEP_ALL, 1, step_id);
    store_bind_number(store, KEEP_ALL, 2, epoch);
    store_execute(store, KEEP_ALL);
    store_bind_bytes(store, FORGET_CHANGES, 1, step_id);
    const uint64_t rows = store_execute(store, FORGET_CHANGES);
    store_count_more(store, step_id, -(int64_t)rows, 1);
    store_bind_number(store, ADD_IMAGE, 1, making.id);
    store_bind_bytes(store, ADD_IMAGE, 2, step_id);
    store_bind_number(store, ADD_IMAGE, 3, epoch);
    store_bind_number(store, ADD_IMAGE, 4, making.keys);
    store_bind_number(store, ADD_IMAGE, 5, making.bytes);
    store_execute(store, ADD_IMAGE);
    CRASH_POINT("image: after");
}

uint64_t store_forget_images(const struct store *store, struct bytes step_id)
{
    static const enum store_statement forget[] = {FORGET_BLOCKS, FORGET_IMAGES};
    uint64_t forgotten = 0;
    for (size_t i = 0; i < sizeof forget / sizeof *forget; i++) {
        store_bind_bytes(store, forget[i], 1, step_id);
        store_bind_number(store, forget[i], 2, store->part.floor);
        forgotten = store_execute(store, forget[i]);
    }
    store_count_more(store, step_id, 0, -(int64_t)forgotten);
    return forgotten;
}
