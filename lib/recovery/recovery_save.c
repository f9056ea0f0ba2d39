/* Saving the frozen states: the work of the saver, and the main thread's side of it. */
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/crash.h"
#include "base/hash.h"
#include "base/message.h"
#include "recovery/directory.h"
#include "recovery/recovery_part.h"

static void begin_write(const struct recovery *recovery, unsigned index, bool durable)
{
    directory_lock_part(recovery->lock, recovery->directory, index);
    store_begin(recovery_writer(recovery, index), durable);
}

static void end_write(const struct recovery *recovery, unsigned index)
{
    store_end(recovery_writer(recovery, index));
    directory_unlock_part(recovery->lock, recovery->directory, index);
}

/* The oldest epoch to which the partitions must be able to return: the last commit, or, with a backup interval, the
 * last commit that is older than the interval. */
static uint64_t find_floor(struct recovery *recovery)
{
    if (recovery->backup == 0)
        return store_committed(recovery_writer(recovery, 0));
    const int64_t seconds = (recovery->backup + CLOCK_SECOND - 1) / CLOCK_SECOND;
    return store_committed_by(recovery_writer(recovery, 0), (int64_t)time(NULL) - seconds);
}

static bool next_change(void *state, struct change *change)
{
    return state_next_change(state, change);
}

static void save_step(struct recovery *recovery, struct own_step *own, unsigned index)
{
    struct store *store = recovery_writer(recovery, index);
    const size_t count = state_begin_changes(own->state, index, recovery->count);
    if (!own->known)
        store_add_step(store, own->id, own->signature, recovery->epoch);
    if (count > 0)
        store_put(store, own->id, recovery->epoch, count, next_change, own->state);
    /* Last: if a page changes again after it was written to the log, SQLite writes all frame headers after it anew. */
    store_set_front(store, own->id, recovery->epoch);
}

/* Partition 0, which has the commits, is the last one. */
void recovery_save_all(void *context)
{
    struct recovery *recovery = context;
    CRASH_POINT("sync: before");
    for (size_t i = 0; i < recovery->synced_count; i++)
        if (fdatasync(recovery->synced[i].fd) == -1)
            message_fail(STATUS_IO, "%s: cannot be synced: %s", recovery->synced[i].name, strerror(errno));
    CRASH_POINT("sync: after");
    for (unsigned index = recovery->count; index-- > 0;) {
        /* The sink writes to each partition after all other steps, so its sync covers what they have saved. */
        begin_write(recovery, index, recovery->commit);
        const uint64_t floor = find_floor(recovery);
        store_raise_floor(recovery_writer(recovery, index), floor);
        if (index == 0 && recovery->root && !recovery->execution_saved)
            store_add_execution(recovery_writer(recovery, 0), recovery->execution, recovery->resume_epoch);
        for (size_t i = 0; i < recovery->own_count; i++)
            save_step(recovery, recovery->own[i], index);
        if (index == 0 && recovery->commit)
            store_add_commit(recovery_writer(recovery, 0), recovery->epoch, recovery->final, floor);
        end_write(recovery, index);
    }
    recovery->execution_saved = true;
    for (size_t i = 0; i < recovery->own_count; i++)
        recovery->own[i]->known = true;
}

void recovery_freeze(struct recovery *recovery, uint64_t epoch, bool final)
{
    recovery->epoch = epoch;
    recovery->final = final;
    for (size_t i = 0; i < recovery->own_count; i++)
        state_freeze(recovery->own[i]->state, final);
}

void recovery_sync(struct recovery *recovery, int fd, const char *name)
{
    recovery->synced =
        array_grow(recovery->synced, recovery->synced_count, &recovery->synced_room, sizeof *recovery->synced);
    recovery->synced[recovery->synced_count++] = (struct synced){fd, name};
}

void recovery_save(struct recovery *recovery, bool commit)
{
    recovery->commit = commit;
    worker_begin(recovery->saver);
}

bool recovery_saving(const struct recovery *recovery)
{
    return worker_is_busy(recovery->saver);
}

bool recovery_saved(struct recovery *recovery)
{
    return worker_is_done(recovery->saver);
}

bool recovery_is_committed(struct recovery *recovery)
{
    if (worker_is_busy(recovery->saver))
        return false;
    if (recovery->committed < recovery->epoch)
        recovery->committed = store_committed(recovery_reader(recovery, 0));
    return recovery->committed >= recovery->epoch;
}

int recovery_wake_fd(const struct recovery *recovery)
{
    return worker_fd(recovery->saver);
}

uint64_t recovery_finish_save(struct recovery *recovery)
{
    worker_wait(recovery->saver);
    if (recovery->commit)
        recovery->committed = recovery->epoch;
    for (size_t i = 0; i < recovery->own_count; i++)
        state_thaw(recovery->own[i]->state);
    return recovery->epoch;
}

/* Gives the one change that context points to. */
static bool next_base(void *context, struct change *change)
{
    struct change *base = context;
    *change = *base;
    base->key.data = NULL;
    return change->key.data != NULL;
}

void recovery_save_base(struct recovery *recovery, size_t step, struct bytes key, struct bytes state)
{
    const uint64_t hash = hash_key(key);
    const unsigned index = (unsigned)(hash % recovery->count);
    struct change base = {.key = key, .state = state, .hash = (uint32_t)hash};
    CRASH_POINT("base: before");
    begin_write(recovery, index, true);
    store_put(recovery_writer(recovery, index), recovery->steps[step].id, 0, 1, next_base, &base);
    end_write(recovery, index);
    state_note_saved(recovery->own[step - recovery->steps_before]->state, key);
    CRASH_POINT("base: after");
}
