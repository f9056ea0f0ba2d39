/* Reading the states of a step: an image has all of them as of its epoch, and rows have those that changed since. A row
 * hides the state that the image has of the same key. */
#include "base/hash.h"
#include "store/block.h"
#include "store/store_part.h"

/* The content of a block: columns 0 to 2 of the row at hand are its number, its content and its checksum. */
static struct bytes verified_block(const struct store *store, enum store_statement which)
{
    const uint64_t block = store_column_number(store, which, 0);
    const struct bytes content = store_column_bytes(store, which, 1);
    if (store_block_check(block, content) != store_column_number(store, which, 2))
        store_fail_block(store, block);
    return content;
}

/* --- one state ---------------------------------------------------------------------------------------------------- */

/* Copies a state to where it stays until the next call. */
static struct bytes keep_found(struct store *store, struct bytes state)
{
    store->found.size = 0;
    buffer_reserve(&store->found, 1); /* data is not NULL for an empty state either */
    buffer_add(&store->found, state);
    return buffer_bytes(&store->found);
}

/* The state of a key in the image that is the newest at an epoch; data NULL for none. */
static struct bytes get_from_image(struct store *store, struct bytes step_id, uint64_t epoch, struct bytes key,
                                   uint32_t hash)
{
    struct bytes state = {NULL, 0}, found, value;
    store_bind_bytes(store, GET_BLOCK, 1, step_id);
    store_bind_number(store, GET_BLOCK, 2, epoch);
    store_bind_number(store, GET_BLOCK, 3, hash);
    if (store_row(store, GET_BLOCK) &&
        store_column_number(store, GET_BLOCK, 0) >> 32 == store_column_number(store, GET_BLOCK, 3)) {
        struct bytes left = verified_block(store, GET_BLOCK);
        enum block_found what;
        while ((what = block_next(&left, &found, &value)) == BLOCK_STATE && state.data == NULL)
            if (bytes_equal(found, key))
                state = keep_found(store, value);
        if (what == BLOCK_BROKEN)
            store_fail_block(store, store_column_number(store, GET_BLOCK, 0));
    }
    store_reset(store, GET_BLOCK);
    return state;
}

/* The state of a key as of an epoch. which is GET or GET_AT, and its parameters from the fourth on are bound. */
static struct bytes get(struct store *store, enum store_statement which, struct bytes step_id, struct bytes key,
                        uint64_t epoch)
{
    const uint32_t hash = hash_key_low(key);
    store_bind_bytes(store, which, 1, step_id);
    store_bind_number(store, which, 2, hash);
    store_bind_bytes(store, which, 3, key);
    const bool found = store_row(store, which);
    struct bytes state = {NULL, 0};
    if (found) {
        state = store_column_bytes(store, which, 1);
        store_verify(store, step_id, store_column_number(store, which, 0), key, state,
                     store_column_number(store, which, 2));
        if (state.data != NULL)
            state = keep_found(store, state);
    }
    store_reset(store, which);
    return found ? state : get_from_image(store, step_id, epoch, key, hash);
}

struct bytes store_get(struct store *store, struct bytes step_id, struct bytes key)
{
    return get(store, GET, step_id, key, STORE_NOW);
}

struct bytes store_get_at(struct store *store, struct bytes step_id, struct bytes key, uint64_t epoch)
{
    store_bind_number(store, GET_AT, 4, epoch);
    return get(store, GET_AT, step_id, key, epoch);
}

/* --- all states --------------------------------------------------------------------------------------------------- */

int store_compare_changes(const struct change *a, const struct change *b)
{
    if (a->key.data == NULL || b->key.data == NULL)
        return a->key.data != NULL ? -1 : 1;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return bytes_equal(a->key, b->key) ? 0 : bytes_compare(a->key, b->key);
}

static void next_row(struct store_states *states)
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

static void next_of_image(struct store_states *states)
{
    const struct store *store = states->store;
    const uint32_t before = states->imaged.hash;
    enum block_found what;
    struct bytes key, value;
    states->imaged = (struct change){0};
    while ((what = block_next(&states->block, &key, &value)) == BLOCK_END) {
        if (!store_row(store, IMAGE_BLOCKS))
            return;
        states->block = verified_block(store, IMAGE_BLOCKS);
    }
    if (what == BLOCK_BROKEN)
        store_fail_block(store, store_column_number(store, IMAGE_BLOCKS, 0));
    states->imaged = (struct change){.key = key, .state = value, .hash = hash_key_low(key)};
    if (states->imaged.hash < before)
        store_fail_block(store, store_column_number(store, IMAGE_BLOCKS, 0));
}

struct store_states store_begin_states(struct store *store, struct bytes step_id, uint64_t epoch)
{
    const enum store_statement rows = epoch == STORE_NOW ? EACH_ROW : EACH_ROW_AT;
    struct store_states states = {.store = store, .step_id = step_id, .rows = rows};
    store_bind_bytes(store, rows, 1, step_id);
    if (rows == EACH_ROW_AT)
        store_bind_number(store, rows, 2, epoch);
    next_row(&states);
    store_bind_bytes(store, IMAGE, 1, step_id);
    store_bind_number(store, IMAGE, 2, epoch);
    store_bind_number(store, IMAGE_BLOCKS, 1, store_number(store, IMAGE));
    next_of_image(&states);
    return states;
}

bool store_next_state(struct store_states *states, struct change *state)
{
    for (;;) {
        if (states->row_given)
            next_row(states);
        if (states->imaged_given)
            next_of_image(states);
        if (states->row.key.data == NULL && states->imaged.key.data == NULL)
            break;
        const int order = store_compare_changes(&states->row, &states->imaged);
        states->row_given = order <= 0;
        states->imaged_given = order >= 0;
        *state = order <= 0 ? states->row : states->imaged;
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
    struct store_states states = store_begin_states(store, step_id, epoch);
    while (store_next_state(&states, &state))
        call(context, state.key, state.state);
}

void store_each_state(struct store *store, struct bytes step_id,
                      void (*call)(void *context, struct bytes key, struct bytes state), void *context)
{
    store_execute(store, BEGIN_LOOK); /* rows and blocks are of one moment */
    store_each_state_at(store, step_id, STORE_NOW, call, context);
    store_execute(store, COMMIT);
}

uint64_t store_count_states(struct store *store, struct bytes step_id)
{
    store_bind_bytes(store, COUNT_STATES, 1, step_id);
    store_bind_number(store, COUNT_STATES, 2, STORE_NOW);
    return store_number(store, COUNT_STATES);
}
