#include "recovery/replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

#include "base/message.h"
#include "base/quote.h"

enum { STATE_TEXT = 64 };

struct replay {
    struct state *state;
    XXH3_state_t *hash; /* of the frames of all records so far */
    uint64_t count;     /* records so far */
    uint64_t skip;      /* records that are still to be dropped */
    uint64_t expected;  /* the saved hash, compared when skip comes to 0 */
};

static struct bytes state_key(void)
{
    return bytes_of("records");
}

/* Writes `COUNT HASH`, the hash as 16 hexadecimal digits. */
static struct bytes format_state(uint64_t count, uint64_t hash, char text[STATE_TEXT])
{
    const int size = snprintf(text, STATE_TEXT, "%" PRIu64 " %016" PRIx64, count, hash);
    return (struct bytes){text, (size_t)size};
}

/* Reads what format_state writes, and nothing else. */
static bool read_state(struct replay *replay, struct bytes saved)
{
    char text[STATE_TEXT], again[STATE_TEXT];
    if (saved.size >= sizeof text)
        return false;
    *bytes_copy(text, saved) = '\0';
    return sscanf(text, "%" SCNu64 " %" SCNx64, &replay->skip, &replay->expected) == 2 &&
           bytes_equal(format_state(replay->skip, replay->expected, again), saved);
}

struct replay *replay_open(struct state *state)
{
    struct replay *replay = bytes_allocate(sizeof *replay);
    *replay = (struct replay){.state = state, .hash = XXH3_createState()};
    if (replay->hash == NULL || XXH3_64bits_reset(replay->hash) == XXH_ERROR)
        message_fail(STATUS_SYSTEM, "out of memory");
    const struct bytes saved = state_get(state, state_key());
    struct buffer shown = {0};
    if (saved.data != NULL && !read_state(replay, saved)) {
        quote_add(&shown, saved);
        message_fail(STATUS_MISFIT, "the state of step replay, %s, is malformed: put a copy of all partitions back",
                     buffer_string(&shown));
    }
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
                     " or the stages upstream: put back what was, or begin a new recovery directory",
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
    char text[STATE_TEXT];
    state_put(replay->state, state_key(), format_state(replay->count, XXH3_64bits_digest(replay->hash), text));
}
