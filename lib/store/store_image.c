/* Making and forgetting images. An image has all states of a step as of an epoch, in the order of the low halves of
 * their keys' hashes, in blocks that fill a page each. A state in an image costs a tenth of a row. Later changes are
 * saved as rows, until there are so many that another image is cheaper. */
#include "base/crash.h"
#include "store/block.h"
#include "store/store_part.h"

/* The test builds set both lower. */
#ifndef STORE_IMAGE_LEAST
#define STORE_IMAGE_LEAST 4096 /* changes; for fewer there is no image */
#endif
#ifndef STORE_BLOCK_MOST
#define STORE_BLOCK_MOST 4040 /* bytes: with what SQLite adds, they fill a page */
#endif

enum {
    ROW_COST = 2048,  /* of putting a row, in bytes of images that are written in the same time */
    STATE_COST = 256, /* of a state in an image, in the same unit, beside its bytes */
    UNDO_ROOM = 40    /* bytes of an undo beside its key and state */
};

/* --- what a partition holds of a step ----------------------------------------------------------------------------- */

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

void store_count_more(const struct store *store, struct bytes step_id, int64_t rows, int64_t images)
{
    if (rows == 0 && images == 0)
        return;
    store_bind_bytes(store, COUNT_MORE, 1, step_id);
    store_bind_number(store, COUNT_MORE, 2, (uint64_t)rows);
    store_bind_number(store, COUNT_MORE, 3, (uint64_t)images);
    store_execute(store, COUNT_MORE);
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

bool store_wants_image(const struct store_holding *holding, uint64_t changes)
{
    const uint64_t keys = holding->keys, size = keys > 0 ? holding->bytes / keys : 0;
    changes += holding->rows;
    if (changes < STORE_IMAGE_LEAST || changes * (ROW_COST + size) < keys * (STATE_COST + size))
        return false;
    /* If history is kept, an image must not take more room than the undos of the rows that it stands for. */
    return holding->images < 2 || changes * (UNDO_ROOM + size) >= holding->bytes;
}

/* --- making one --------------------------------------------------------------------------------------------------- */

/* The image that is being made. */
struct making {
    struct store *store;
    uint64_t id;
    uint64_t keys;       /* so far */
    uint64_t bytes;      /* of the blocks that are written */
    struct buffer block; /* the one that is being filled */
    uint32_t first;      /* the hash of its first key */
    uint32_t last;       /* and of its last */
};

static void end_block(struct making *making)
{
    if (making->block.size == 0)
        return;
    const struct bytes bytes = buffer_bytes(&making->block);
    const uint64_t block = making->id << 32 | making->first; /* so that the hash of a key finds it */
    store_bind_number(making->store, ADD_BLOCK, 1, block);
    store_bind_blob(making->store, ADD_BLOCK, 2, bytes);
    store_bind_number(making->store, ADD_BLOCK, 3, store_block_check(block, bytes));
    store_execute(making->store, ADD_BLOCK);
    making->bytes += bytes.size;
    making->block.size = 0;
}

/* Keys of one hash come into one block, however large it grows: a look-up reads one block. */
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

/* Adds the states that the step has, with the changes in place of those of the same keys. */
static void add_all(struct making *making, struct bytes step_id, bool (*next)(void *context, struct change *change),
                    void *context)
{
    struct store_states states = store_begin_states(making->store, step_id, STORE_NOW);
    struct change change = {0}, state = {0};
    bool change_wanted = true, state_wanted = true;
    for (;;) {
        if (change_wanted && !next(context, &change))
            change = (struct change){0};
        if (state_wanted)
            store_next_state(&states, &state);
        if (change.key.data == NULL && state.key.data == NULL)
            break;
        const int order = store_compare_changes(&change, &state);
        add_state(making, order <= 0 ? &change : &state);
        change_wanted = order <= 0;
        state_wanted = order >= 0;
    }
    end_block(making);
    buffer_free(&making->block);
}

void store_put_image(struct store *store, struct bytes step_id, uint64_t epoch,
                     bool (*next)(void *context, struct change *change), void *context)
{
    CRASH_POINT("image: before");
    struct making making = {.store = store, .id = store_number(store, NEXT_IMAGE)};
    add_all(&making, step_id, next, context);
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
