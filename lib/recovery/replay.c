#include "recovery/replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

#include "base/message.h"

struct replay {
    struct state *state;
    XXH3_state_t *hash; /* of the frames of all records so far */
    uint64_t count;     /* of them */
    uint64_t skip;      /* of them, those that are still to be dropped */
    uint64_t expected;  /* the hash when none is left */
};

static struct bytes state_key(void)
{
    return bytes_of("records");
}

struct replay *replay_open(struct state *state)
{
    struct replay *replay = bytes_allocate(sizeof *replay);
    *replay = (struct replay){.state = state, .hash = XXH3_createState()};
    if (replay->hash == NULL || XXH3_64bits_reset(replay->hash) == XXH_ERROR)
        message_fail(STATUS_SYSTEM, "out of memory");
    struct bytes saved = state_get(state, state_key());
    char text[64];
    snprintf(text, sizeof text, "%.*s", (int)(saved.size < sizeof text ? saved.size : 0),
             saved.data != NULL ? saved.data : "");
    if (saved.data != NULL && sscanf(text, "%" SCNu64 " %" SCNx64, &replay->skip, &replay->expected) != 2)
        message_fail(STATUS_MISFIT,
                     "the state of step replay, \"%s\", is not what it must be: put a copy of all partitions back",
                     text);
    return replay;
}

void replay_close(struct replay *replay)
{
    if (replay == NULL)
        return;
    XXH3_freeState(replay->hash);
    free(replay);
}

/* The frames of records in a row lie one after the other. */
static void add(struct replay *replay, const struct record *records, size_t count)
{
    if (count == 0)
        return;
    XXH3_64bits_update(replay->hash, records[0].frame.data, frame_sizes(records, count));
    replay->count += count;
}

size_t replay_take(struct replay *replay, const struct record *records, size_t count)
{
    size_t dropped = replay->skip < count ? (size_t)replay->skip : count;
    add(replay, records, dropped);
    replay->skip -= dropped;
    if (dropped > 0 && replay->skip == 0 && XXH3_64bits_digest(replay->hash) != replay->expected)
        message_fail(STATUS_MISFIT,
                     "the first %" PRIu64 " records are not those that were processed before: the input was changed,"
                     " or the stages before this one: put back what was, or begin a new recovery directory",
                     replay->count);
    add(replay, records + dropped, count - dropped);
    return dropped;
}

bool replay_goes_on(const struct replay *replay)
{
    return replay->skip > 0;
}

void replay_end(const struct replay *replay)
{
    if (replay->skip > 0)
        message_fail(STATUS_MISFIT,
                     "the input has %" PRIu64 " records, and %" PRIu64 " were processed before: put it back as it was, "
                                                                       "or begin a new recovery directory",
                     replay->count, replay->count + replay->skip);
}

void replay_freeze(struct replay *replay)
{
    char text[64];
    int size = snprintf(text, sizeof text, "%" PRIu64 " %016" PRIx64, replay->count, XXH3_64bits_digest(replay->hash));
    state_put(replay->state, state_key(), (struct bytes){text, (size_t)size});
}
