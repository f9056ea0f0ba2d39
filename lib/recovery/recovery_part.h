/* recovery_part: the struct that recovery.c (who takes part) and recovery_save.c (saving) share. Only they include it.
 *
 * While a save is going on, the worker's thread reads the struct and uses the writers of the partitions and the frozen
 * halves of the states; the main thread then changes nothing but what is marked below, and reads partitions through
 * readers. */
#ifndef RECOVERY_PART_H
#define RECOVERY_PART_H

#include "base/worker.h"
#include "recovery/lock.h"
#include "recovery/recovery.h"
#include "store/store.h"

/* A step of the flow. */
struct step {
    struct bytes id; /* a C string */
    enum role role;
    uint64_t saved; /* main thread, of a sink: the last epoch that the step, which is upstream, said to have saved */
};

/* What this stage has of a step of its own. */
struct own_step {
    struct recovery *recovery;
    struct bytes id; /* that of its struct step */
    enum role role;
    struct bytes signature;
    enum recovery_other other;
    struct state *state;
    bool known; /* the partitions have the step, and its signature */
};

/* Connections to a partition, each opened when it is first needed. The worker uses writer during a save, and the main
 * thread at all other times, so that the pages which it has read are in the cache when they are changed. The main
 * thread uses reader during a save. */
struct partition {
    struct store *writer;
    struct store *reader;
};

/* A file that is synced before each save. */
struct synced {
    int fd;
    const char *name;
};

struct recovery {
    char *directory; /* absolute */
    char run[LOCK_RUN];
    uint64_t execution;
    uint64_t resume_epoch;
    bool unfinished;
    int64_t backup;
    bool root;
    int lock;
    unsigned count;
    struct partition *partitions;

    struct step *steps; /* those upstream, then those of this stage */
    size_t steps_count, steps_room, steps_before;
    struct own_step **own;
    size_t own_count, own_room;

    struct worker *saver;
    uint64_t committed; /* main thread */
    uint64_t epoch;     /* that was frozen last */
    bool final;
    bool commit;
    bool execution_saved; /* worker: the execution is recorded */
    struct synced *synced;
    size_t synced_count, synced_room;
};

/* The connection of the main thread to a partition, and that of the worker. */
struct store *recovery_reader(const struct recovery *recovery, unsigned index);
struct store *recovery_writer(const struct recovery *recovery, unsigned index);

/* The work of the saver. */
void recovery_save_all(void *recovery);

#endif
