/* store: one partition of a recovery directory, a SQLite file. All SQL of recovery is here.
 *
 * A function that fails ends the program with a message that names the file, what SQLite says and the statement:
 * 78 where the file is not what it must be, 75 where it is busy for ten seconds, 74 otherwise. Bytes that are UTF-8
 * without NUL are stored as TEXT, others as BLOB, so that a person can read the tables. A struct store belongs to one
 * thread at a time. */
#ifndef STORE_H
#define STORE_H

#include <stdint.h>

#include "base/bytes.h"
#include "state/change.h"

enum {
    STORE_FORMAT = 4,              /* user_version */
    STORE_APPLICATION = 0x666c6f77 /* application_id: "flow" */
};

struct store;

/* What a partition says of itself. */
struct store_part {
    uint64_t index;
    uint64_t count;
    char directory[40]; /* the same in all partitions of a directory, and in no other's */
    uint64_t floor;     /* the oldest epoch that this file can return to */
};

/* A step as a partition knows it. The views are valid during the call that hands it out. */
struct store_step {
    struct bytes id;
    struct bytes role;      /* its name (role.h) */
    struct bytes signature; /* the newest: a state may be taken over under another one */
    uint64_t first;         /* the first epoch it saved */
    uint64_t front;         /* its changes up to this epoch are in this file */
};

/* Makes the file at path, which must not exist, mode 0600. Unlike all else here it answers: NULL, or why not, in a
 * buffer that the next call reuses. */
const char *store_create(const char *path, const struct store_part *part);

/* The format of the partition at path, as its header has it; 0 where it is none. And its copy in the format of today of
 * one that has an older format, which store_open refuses; it is made as store_create makes one, and answered for in the
 * same way. The copy is to take the place of the file, which nobody else may have open. */
uint64_t store_format(const char *path);
const char *store_convert(const char *old, const char *path);

/* Opens a partition; the caller closes it. */
struct store *store_open(const char *path);
void store_close(struct store *store);

const struct store_part *store_part(const struct store *store);
const char *store_path(const struct store *store);

/* The newest commit, the newest commit made at or before a time (seconds since 1970), the newest execution; 0: none. */
uint64_t store_committed(struct store *store);
uint64_t store_committed_by(struct store *store, int64_t time);
uint64_t store_last_execution(struct store *store);

/* Calls for each step of the file, in the order of their ids. */
void store_each_step(struct store *store, void (*call)(void *context, const struct store_step *step), void *context);

/* Drops what is newer than the epoch: changes, steps that began later, commits. */
void store_return_to(struct store *store, uint64_t epoch);

/* A look at the file as it is at this moment, until its end: what is read between the two calls is of one moment, and
 * store_part too. It keeps nobody from writing, but the write-ahead log grows as long as it lasts. */
void store_begin_look(struct store *store);
void store_end_look(struct store *store);

/* When the epoch was committed, in seconds since 1970; 0 where it was not. */
int64_t store_commit_time(struct store *store, uint64_t epoch);

/* Whether the epoch was committed as the last one of its execution, with the end of the input in it. */
bool store_is_final(struct store *store, uint64_t epoch);

/* Appends when the newest execution began, as the file has it; nothing where there is none. */
void store_last_started(struct store *store, struct buffer *text);

/* Looks at each page of the file, and calls for each one that is damaged with what follows the file's name in a
 * message. Returns whether there is none. What somebody else is just copying into the file from the write-ahead log,
 * or one who was killed has copied in part, may seem damaged; store_checkpoint, which stands under the partition's lock
 * as long as the look does, puts an end to that. */
bool store_check_pages(struct store *store, void (*call)(void *context, const char *finding), void *context);
void store_checkpoint(struct store *store);

/* Looks for what is wrong in a file whose pages are whole: what SQLite finds, and rows that contradict their checksum,
 * their place or each other. Calls for each finding in the same way. */
void store_check(struct store *store, void (*call)(void *context, const char *finding), void *context);

/* Copies the file as it is now, or as it was at the beginning of the look, to path, as store_create makes and answers.
 */
const char *store_copy(struct store *store, const char *path);

/* The newest state of a key; data is NULL where it has none. Valid until the next call. */
struct bytes store_get(struct store *store, struct bytes step, struct bytes key);

/* Calls for each key of a step that has a state, in no order, with views valid during the call. */
void store_each_state(struct store *store, struct bytes step,
                      void (*call)(void *context, struct bytes key, struct bytes state), void *context);

/* Both as of an epoch, which must not be below the floor. */
struct bytes store_get_at(struct store *store, struct bytes step, struct bytes key, uint64_t epoch);
void store_each_state_at(struct store *store, struct bytes step, uint64_t epoch,
                         void (*call)(void *context, struct bytes key, struct bytes state), void *context);

/* About how many keys of the step have a state; 0: none has. */
uint64_t store_count_states(struct store *store, struct bytes step);

/* A transaction: begin, the calls below, end. Where it is to be durable the disk has it when store_end returns;
 * otherwise others see it, and it becomes durable with the next one of the file that is, or is lost together with all
 * that come after it. store_end copies the write-ahead log into the file once it has grown long; so begin to end stands
 * under the partition's lock. */
void store_begin(struct store *store, bool durable);
void store_end(struct store *store);
void store_add_execution(struct store *store, uint64_t number, uint64_t resume_epoch);
void store_add_step(struct store *store, struct bytes step, struct bytes role, struct bytes signature, uint64_t from);
void store_set_front(struct store *store, struct bytes step, uint64_t epoch);
void store_add_commit(struct store *store, uint64_t epoch, bool final, uint64_t floor);
void store_forget_step(struct store *store, struct bytes step);

/* The changes of a step in an epoch, for each key one at most, in the order of the low halves of their hashes, and of
 * their keys where these are the same: next sets the change and returns true, or returns false after the last. The
 * views must live until it was asked for CHANGE_KEPT more, or store_put returns. There are about count of them, by
 * which it is decided how they are stored. Deletes twice as much that no return to the floor or later needs, where
 * there is any. */
void store_put(struct store *store, struct bytes step, uint64_t epoch, uint64_t count,
               bool (*next)(void *context, struct change *change), void *context);

/* Notes that no return to before floor will be made. */
void store_raise_floor(struct store *store, uint64_t floor);

#endif
