/* directory: a recovery directory as a whole: its files, whether they fit together, and what a program that is no stage
 * may do to it. A function that fails ends the program with a message. */
#ifndef DIRECTORY_H
#define DIRECTORY_H

#include <stdint.h>

#include "base/bytes.h"
#include "recovery/lock.h"
#include "store/store.h"

enum { DIRECTORY_PARTITIONS_MOST = 1000 };

/* --- files -------------------------------------------------------------------------------------------------------- */

/* Appends the path of a partition, and a NUL that is not counted. */
void directory_part_path(struct buffer *path, const char *directory, unsigned index);

/* Return the absolute path of a directory, without symbolic links. directory_find also refuses a directory without
 * partitions. The caller frees the path. */
char *directory_resolve(const char *name);
char *directory_find(const char *name);

/* Writes that many random hexadecimal digits, an even number of them, and a NUL to name. */
void directory_draw_name(char *name, size_t digits);

/* Makes count partitions in a directory by calling make for each path: all of them, durably, or none. make returns
 * NULL, or the reason why it failed. The directory is made (0700) if it is missing, and refused if it has partitions.
 */
void directory_create(const char *name, unsigned count,
                      const char *(*make)(void *context, const char *path, unsigned index), void *context);

/* --- locks (lock.h) ----------------------------------------------------------------------------------------------- */

/* Opens the lock file of the directory at path. */
int directory_open_lock(const char *path);

/* Takes the whole lock for an execution, or for a change from outside, and writes the new name of that to run. If
 * somebody holds the lock, the program ends (75). */
void directory_take(int lock, const char *name, char run[LOCK_RUN]);

/* Waits for the right to write to a partition of the directory at path; gives it back. */
void directory_lock_part(int lock, const char *path, unsigned index);
void directory_unlock_part(int lock, const char *path, unsigned index);

/* --- partitions --------------------------------------------------------------------------------------------------- */

/* Converts the partitions that have an older format to the format of today, one after the other. After a crash on the
 * way the same call finishes the rest. The caller must hold the whole lock. */
void directory_convert(const char *path);

/* Opens all partitions of the directory at path, and checks that all are there and belong together. The caller closes
 * the stores and frees the list. */
struct store **directory_open_parts(const char *path, unsigned *count);

/* Sets *epoch to the epoch to go on from: the last commit, or, if copies of different times were put back, the newest
 * epoch that all partitions can return to. Returns false if there is no such epoch, and sets why to the reason, ended
 * by a NUL that is not counted. */
bool directory_find_epoch(const char *path, struct store *const *parts, unsigned count, uint64_t *epoch,
                          struct buffer *why);

/* --- from outside ------------------------------------------------------------------------------------------------- */

/* A directory that was opened by a program that is no stage. */
struct directory {
    char *path;
    int lock;
    unsigned count;
    struct store **parts;
    uint64_t epoch; /* to go on from */
};

/* Opens a directory to read it as of its epoch, whether a flow is running or not. All partitions are held at one moment
 * (store_begin_look) until the directory is closed, which should be soon. */
void directory_look(struct directory *directory, const char *name);

/* Opens a directory to change it. If a flow is running, the program ends (75). */
void directory_claim(struct directory *directory, const char *name);

/* Closes the directory. The last process to do so leaves only the partitions and the lock file. */
void directory_close(struct directory *directory);

/* Returns the oldest epoch that all partitions can return to. */
uint64_t directory_floor(const struct directory *directory);

/* Whether any partition has the step. */
bool directory_has_step(const struct directory *directory, struct bytes step);

/* Looks for everything that is wrong with a directory, and prints a message for each finding. Returns 0, or the status
 * to end with. */
int directory_check(const char *name);

/* Copies a directory that was opened by directory_look: all partitions, durably, or none. */
void directory_copy(const struct directory *directory, const char *to);

/* Drops a step and its states from a claimed directory. After a crash on the way the same call finishes the rest. */
void directory_forget(struct directory *directory, struct bytes step);

/* Returns a claimed directory to an epoch. After a crash on the way the same call finishes the rest. Returns false if
 * the epoch is not between the floor and the epoch to go on from; directory->epoch is then the latter. */
bool directory_rewind(struct directory *directory, uint64_t epoch);

#endif
