/* recovery: the protocol between the stages of an execution and the partitions of a recovery directory, as
 * fl-recovery(5) describes it.
 *
 * The root begins an execution and the stages after it join, by what the root wrote into `!fl`. A stage adds its steps,
 * each with a state. At an epoch's end it freezes them; saving is done by a thread in the background, one epoch at a
 * time. Whatever fails ends the program with a message. A struct recovery belongs to the program's main thread. */
#ifndef RECOVERY_H
#define RECOVERY_H

#include <stdint.h>

#include "base/bytes.h"
#include "wire/frame.h"
#include "state/state.h"

struct recovery;

/* Begins an execution as its root: takes the directory's lock, checks its partitions, finds the resume epoch and
 * drops what is newer. backup is the backup interval in nanoseconds. */
struct recovery *recovery_begin(const char *directory, int64_t backup);

/* Whether the fields of `!fl` name an execution. directory, where it is not NULL, must then be the same directory. */
bool recovery_is_announced(const struct control *hello, const char *directory);

/* Joins the execution that the fields of `!fl` name. They are read during the call only. */
struct recovery *recovery_join(const struct control *hello);

/* Writes the fields of `!fl` that a stage adds: the root's, and the steps of this stage. */
void recovery_write_hello(const struct recovery *recovery, struct line_writer *writer);

/* What becomes of a state that the directory remembers under another signature: it is refused; refused with a hint at
 * --accept; or taken over, and remembered under the new one from the first epoch that is saved. */
enum recovery_other { RECOVERY_REFUSE, RECOVERY_HINT, RECOVERY_ACCEPT };

/* Adds a step of this stage: base, or base-2, base-3 and so on where a stage before has that name; or exactly wanted,
 * where that is not NULL. The signature is compared with the one that the directory remembers. Returns the step's
 * state, which lives as long as the recovery. */
struct state *recovery_add_step(struct recovery *recovery, const char *base, const char *wanted, const char *signature,
                                enum recovery_other other);

/* For the sink, after it has added its steps: refuses a flow that lacks a step that the directory has. */
void recovery_check_steps(struct recovery *recovery);

/* The epoch that the execution went on from; 0 in a new directory. */
uint64_t recovery_resume_epoch(const struct recovery *recovery);

/* Of a root: whether the execution that committed the resume epoch did not come to its end, so that this one has still
 * to end the stream, with new records or without. */
bool recovery_unfinished(const struct recovery *recovery);

/* The last epoch of which this stage knows that it is committed: the resume epoch, or the sink's last. */
uint64_t recovery_committed(const struct recovery *recovery);

/* The steps: how many there are before this stage and in it, those of this stage coming last; and each one's id, valid
 * as long as the recovery. */
size_t recovery_steps_before(const struct recovery *recovery);
size_t recovery_steps(const struct recovery *recovery);
struct bytes recovery_step_id(const struct recovery *recovery, size_t index);

/* Freezes the states of this stage's steps for the epoch, which may be the final one. The save before must be finished.
 */
void recovery_freeze(struct recovery *recovery, uint64_t epoch, bool final);

/* Syncs the descriptor before each save, from now on: a file, called name in messages, that what is saved speaks of. */
void recovery_sync(struct recovery *recovery, int fd, const char *name);

/* Saves in the background what was frozen; a sink also commits the epoch. */
void recovery_save(struct recovery *recovery, bool commit);

/* Whether a save has begun and was not finished; whether it is durable, so that to finish it needs no waiting; and a
 * descriptor that can be read from once it is. */
bool recovery_saving(const struct recovery *recovery);
bool recovery_saved(struct recovery *recovery);
int recovery_wake_fd(const struct recovery *recovery);

/* Whether the epoch that was frozen last is committed. */
bool recovery_is_committed(struct recovery *recovery);

/* Waits until the save is durable, and thaws the states. Returns the epoch. */
uint64_t recovery_finish_save(struct recovery *recovery);

/* Saves at once a change that holds for every epoch up to now, of a step of this stage: how long an output was before
 * the flow first wrote to it. Nothing may be frozen. */
void recovery_save_base(struct recovery *recovery, size_t step, struct bytes key, struct bytes state);

/* Closes everything; nothing may be frozen. The last stage to do so leaves only the partitions and the lock file. */
void recovery_close(struct recovery *recovery);

#endif
