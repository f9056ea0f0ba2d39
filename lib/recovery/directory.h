/* directory: a recovery directory as a whole: its files, whether they fit together, and what may be done to it from
 * outside, by a program that is no stage. Whatever fails ends the program with a message. */
#ifndef DIRECTORY_H
#define DIRECTORY_H

#include <stdint.h>

#include "base/bytes.h"
#include "recovery/lock.h"
#include "store/store.h"

enum { DIRECTORY_PARTITIONS_MOST = 1000 };

/* Appends the path of a partition, and a NUL that is not counted. */
void directory_part_path(struct buffer *path, const char *directory, unsigned index);

/* The absolute path of a directory, without symbolic links, in memory of the caller's. directory_find also refuses one
 * without partitions. */
char *directory_resolve(const char *name);
char *directory_find(const char *name);

/* Writes that many random hexadecimal digits, an even number of them, and a NUL to name. */
void directory_draw_name(char *name, size_t digits);

/* Makes a directory (0700) where it is missing, and count partitions in it by calling make, which answers NULL, or why
 * not: all, durably, or none. A directory that has partitions is refused. */
void directory_create(const char *name, unsigned count,
                      const char *(*make)(void *context, const char *path, unsigned index), void *context);

/* Opens the lock file of the directory at path. */
int directory_open_lock(const char *path);

/* Takes the whole lock, for an execution or a change from outside, and gives it a new name. Where somebody has it the
 * program ends (75). */
void directory_take(int lock, const char *name, char run[LOCK_RUN]);

/* Waits for the right to write to a partition of the directory at path, and gives it back. */
void directory_lock_part(int lock, const char *path, unsigned index);
void directory_unlock_part(int lock, const char *path, unsigned index);

/* Brings the partitions of the directory at path that are of an older format up to date, one after the other; a crash
 * on the way leaves what the same call finishes. Under the whole lock. */
void directory_convert(const char *path);

/* Opens all partitions of the directory at path, and checks that all are there and belong together. The list and the
 * stores in it are the caller's. */
struct store **directory_open_parts(const char *path, unsigned *count);

/* The epoch to go on from: the last commit, or the newest epoch that all partitions can return to, where copies of
 * different times were put back. False where there is none; why then says so, ended by a NUL. */
bool directory_find_epoch(const char *path, struct store *const *parts, unsigned count, uint64_t *epoch,
                          struct buffer *why);

/* A directory that was opened from outside. */
struct directory {
    char *path;
    int lock;
    unsigned count;
    struct store **parts;
    uint64_t epoch; /* to go on from */
};

/* Opens a directory to read it as of its epoch, whether a flow is running or not: all partitions are held at one moment
 * (store_begin_look) until it is closed, so that should be soon. */
void directory_look(struct directory *directory, const char *name);

/* Opens a directory to change it; while a flow is running the program ends (75). */
void directory_claim(struct directory *directory, const char *name);

/* Closes it. The last one to do so leaves only the partitions and the lock file. */
void directory_close(struct directory *directory);

/* The oldest epoch that all partitions can return to. */
uint64_t directory_floor(const struct directory *directory);

/* Says of a step whether the directory, which is being looked at or claimed, has it. */
bool directory_has_step(const struct directory *directory, struct bytes step);

/* Looks for all that is wrong, and prints a message for each finding. Returns 0, or the status to end with. */
int directory_check(const char *name);

/* Copies a directory that is being looked at: durably, all partitions or none. */
void directory_copy(const struct directory *directory, const char *to);

/* Both change a claimed directory, so that a crash on the way leaves what the same call finishes: drop a step and its
 * states; go back to an epoch, or return false where that is not between the floor and the epoch to go on from, which
 * directory->epoch then says. */
void directory_forget(struct directory *directory, struct bytes step);
bool directory_rewind(struct directory *directory, uint64_t epoch);

#endif
