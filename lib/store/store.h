/* store: one partition of a recovery directory, a SQLite file. All SQL of recovery is here.
 *
 * A function that fails ends the program with a message that names the file, what SQLite says and the statement. The
 * exit status is 78 if the file is not what it must be, 75 if it is busy for ten seconds, and 74 otherwise. Bytes that
 * are UTF-8 without NUL are stored as TEXT, others as BLOB, so that a person can read the tables. A struct store
 * belongs to one thread at a time. */
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

/* Which partition a file is. */
struct store_part {
    uint64_t index;
    uint64_t count;
    char directory[40]; /* an id that all partitions of one directory have, and no others */
    uint64_t floor;     /* the oldest epoch that this file can return to */
};

/* A step as a partition knows it. The views are valid during the call that hands it out. */
struct store_step {
    struct bytes id;
    struct bytes role;      /* its name (role.h) */
    struct bytes signature; /* the newest one: another operation may have taken the state over */
    uint64_t first;         /* the first epoch it saved */
    uint64_t front;         /* its changes up to this epoch are in this file */
};

/* Makes the file at path, which must not exist, with mode 0600. Unlike the other functions it does not end the program:
 * it returns NULL, or the reason why it failed, which is valid until the next call of a function that makes a file. */
const char *store_create(const char *path, const struct store_part *part);

/* Returns the format of the partition at path, which its header names; 0 if the file is no partition. */
uint64_t store_format(const char *path);

/* Makes a partition at path in today's format from old, a partition in an older format, which store_open refuses. path
 * and the result are as for store_create. The new file is meant to take the place of the old one, which nobody else may
 * have open. */
const char *store_convert(const char *old, const char *path);

/* Opens a partition; the caller closes it. */
struct store *store_open(const char *path);
void store_close(struct store *store);

/* Both are valid until store_close. */
const struct store_part *store_part(const struct store *store);
const char *store_path(const struct store *store);

/* Return the epoch of the newest commit, that of the newest commit made at or before a time (in seconds since 1970),
 * and the number of the newest execution; 0 if there is none. */
uint64_t store_committed(struct store *store);
uint64_t store_committed_by(struct store *store, int64_t time);
uint64_t store_last_execution(struct store *store);

/* Calls call for each step of the file, in the order of their ids. */
void store_each_step(struct store *store, void (*call)(void *context, const struct store_step *step), void *context);

/* Returns the file to an epoch, which must not be below the floor: drops changes and commits that are newer, and steps
 * that began later. */
void store_return_to(struct store *store, uint64_t epoch);

/* Begin and end a look: everything that is read between the two calls, store_part included, is as it was at the moment
 * of the first. Others may write meanwhile, but the write-ahead log grows as long as the look lasts. */
void store_begin_look(struct store *store);
void store_end_look(struct store *store);

/* Returns when the epoch was committed, in seconds since 1970; 0 if it was not. */
int64_t store_commit_time(struct store *store, uint64_t epoch);

/* Whether the epoch was committed as the last one of its execution, with the end of the input in it. */
bool store_is_final(struct store *store, uint64_t epoch);

/* Appends to text when the newest execution began, as the file has it; nothing if there was no execution. */
void store_last_started(struct store *store, struct buffer *text);

/* Looks at each page of the file, and calls call for each one that is damaged; finding is the rest of a message that
 * begins with the file's name. Returns whether no page is damaged. A page may seem damaged if another process is just
 * copying it from the write-ahead log into the file, or was killed while it did. To rule that out, call
 * store_checkpoint first, and hold the partition's lock over both calls. */
bool store_check_pages(struct store *store, void (*call)(void *context, const char *finding), void *context);

/* Copies what it can of the write-ahead log into the file, under the partition's lock. */
void store_checkpoint(struct store *store);

/* Looks for faults in a file whose pages are whole: what SQLite finds, and rows that contradict their checksum, their
 * place or each other. Calls call for each fault, as store_check_pages does. */
void store_check(struct store *store, void (*call)(void *context, const char *finding), void *context);

/* Copies the file as it is now, or as it was at the beginning of the look, to path. path and the result are as for
 * store_create. */
const char *store_copy(struct store *store, const char *path);

/* Returns the newest state of a key; data is NULL if it has none. Valid until the next call of store_get or
 * store_get_at. */
struct bytes store_get(struct store *store, struct bytes step, struct bytes key);

/* Calls call for each key of a step that has a state, in no particular order. The views are valid during the call. */
void store_each_state(struct store *store, struct bytes step,
                      void (*call)(void *context, struct bytes key, struct bytes state), void *context);

/* The same two as of an epoch, which must not be below the floor. */
struct bytes store_get_at(struct store *store, struct bytes step, struct bytes key, uint64_t epoch);
void store_each_state_at(struct store *store, struct bytes step, uint64_t epoch,
                         void (*call)(void *context, struct bytes key, struct bytes state), void *context);

/* Returns about how many keys of the step have a state; 0 only if no key has one. */
uint64_t store_count_states(struct store *store, struct bytes step);

/* A transaction: store_begin, any of the calls below, store_end. If durable is true, the disk has the transaction when
 * store_end returns. Otherwise others see it from then on; it becomes durable with the next durable transaction of the
 * file, or is lost together with all that follow it. store_end copies the write-ahead log into the file once it has
 * grown long, so the partition's lock must be held from begin to end. */
void store_begin(struct store *store, bool durable);
void store_end(struct store *store);

/* To be called within a transaction. They add an execution, with the epoch that it resumes at; a step, known from an
 * epoch on; the epoch up to which a step's changes are in this file; and the commit of an epoch, which also deletes the
 * commits below floor. store_forget_step deletes everything of a step. */
void store_add_execution(struct store *store, uint64_t number, uint64_t resume_epoch);
void store_add_step(struct store *store, struct bytes step, struct bytes role, struct bytes signature, uint64_t from);
void store_set_front(struct store *store, struct bytes step, uint64_t epoch);
void store_add_commit(struct store *store, uint64_t epoch, bool final, uint64_t floor);
void store_forget_step(struct store *store, struct bytes step);

/* Saves the changes of a step in an epoch, within a transaction. next sets *change to the next change and returns true,
 * or returns false after the last. Each key has at most one change; they come in the order of the low halves of the
 * keys' hashes, and of the keys if these are the same. The views in a change must live until next was called
 * CHANGE_KEPT times more, or store_put returns. count is about how many changes there are, and decides how they are
 * stored. Also deletes what no return to the floor or later needs, up to twice as much as is added. */
void store_put(struct store *store, struct bytes step, uint64_t epoch, uint64_t count,
               bool (*next)(void *context, struct change *change), void *context);

/* Raises the floor, within a transaction: no return to an epoch below it is possible any more. A floor that is not
 * higher than the present one changes nothing. */
void store_raise_floor(struct store *store, uint64_t floor);

#endif
