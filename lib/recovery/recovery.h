/* recovery: the protocol between the stages of an execution and the partitions of a recovery directory, as
 * fl-recovery(5) describes it.
 *
 * The root begins an execution; the stages downstream join it by what the root wrote into `!fl`. A stage adds its
 * steps, each of which has a state. At the end of an epoch it freezes them, and they are saved in the background, one
 * epoch at a time. Every failure ends the program with a message. A struct recovery belongs to the main thread. */
#ifndef RECOVERY_H
#define RECOVERY_H

#include <stdint.h>

#include "base/bytes.h"
#include "recovery/role.h"
#include "state/state.h"
#include "wire/frame.h"

struct recovery;

/* Begins an execution as its root: takes the lock of the directory, checks its partitions, finds the resume epoch, and
 * drops whatever is newer than that. backup is the backup interval in nanoseconds. */
struct recovery *recovery_begin(const char *directory, int64_t backup);

/* Returns whether the fields of `!fl` name an execution. If they do and directory is not NULL, it must be the directory
 * of that execution; otherwise the program ends (78). */
bool recovery_is_announced(const struct control *hello, const char *directory);

/* Joins the execution that the fields of `!fl` name. They are read during the call only. */
struct recovery *recovery_join(const struct control *hello);

/* Writes the fields that this stage adds to `!fl`: the execution, if it is the root, and its steps. */
void recovery_write_hello(const struct recovery *recovery, struct line_writer *writer);

/* How a state is treated that the directory has under another signature: RECOVERY_REFUSE and RECOVERY_HINT end the
 * program (78), the latter with a hint at --accept; RECOVERY_ACCEPT takes it over, under the new signature from the
 * first epoch that is saved. */
enum recovery_other { RECOVERY_REFUSE, RECOVERY_HINT, RECOVERY_ACCEPT };

/* Adds a step of this stage. Its id is wanted; or, if wanted is NULL, base, base-2, base-3 and so on, the first that no
 * step upstream has. The signature is compared with the one that the directory has. Returns the state of the step,
 * which lives as long as the recovery. */
struct state *recovery_add_step(struct recovery *recovery, enum role role, const char *base, const char *wanted,
                                const char *signature, enum recovery_other other);

/* For the sink, after it has added its steps: ends the program (78) if the directory has a step that the flow has
 * not. */
void recovery_check_steps(struct recovery *recovery);

/* The epoch that the execution went on from; 0 in a new directory. */
uint64_t recovery_resume_epoch(const struct recovery *recovery);

/* For a root: returns whether the execution that committed the resume epoch did not reach the end of its input, so that
 * this execution still has to close a final epoch, with new records or without. */
bool recovery_unfinished(const struct recovery *recovery);

/* The newest epoch that this stage knows to be committed: the resume epoch, or the last one that this sink has
 * committed. */
uint64_t recovery_committed(const struct recovery *recovery);

/* How many steps there are upstream; how many with those of this stage, which come last; and the id of each of them,
 * valid as long as the recovery. */
size_t recovery_steps_before(const struct recovery *recovery);
size_t recovery_steps(const struct recovery *recovery);
struct bytes recovery_step_id(const struct recovery *recovery, size_t index);

/* For the sink: notes that the step upstream of that id has saved the epoch. Returns false if there is no such step, or
 * if it has said so before. */
bool recovery_note_saved(struct recovery *recovery, struct bytes id, uint64_t epoch);

/* How many steps upstream have not said yet that they have saved the epoch. */
size_t recovery_unsaved(const struct recovery *recovery, uint64_t epoch);

/* --- saving ------------------------------------------------------------------------------------------------------- */

/* Freezes the states of this stage's steps for the epoch; final: it is the last epoch of the execution. The save before
 * must be finished. */
void recovery_freeze(struct recovery *recovery, uint64_t epoch, bool final);

/* Syncs the file at fd before each save from now on, as the saved states depend on what is in it. name is for messages;
 * it must live as long as the recovery. */
void recovery_sync(struct recovery *recovery, int fd, const char *name);

/* Begins to save the frozen states in the background. commit, for the sink: commits the epoch with them. */
void recovery_save(struct recovery *recovery, bool commit);

/* Returns whether a save has begun that is not finished; whether it is done, so that recovery_finish_save does not
 * block; and a descriptor that can be read from once it is done. */
bool recovery_saving(const struct recovery *recovery);
bool recovery_saved(struct recovery *recovery);
int recovery_wake_fd(const struct recovery *recovery);

/* Returns whether the epoch that was frozen last is committed. */
bool recovery_is_committed(struct recovery *recovery);

/* Waits until the save is done, and thaws the states. Returns the epoch. */
uint64_t recovery_finish_save(struct recovery *recovery);

/* Saves at once one state of a step of this stage, for every epoch up to now: the length of an output before the flow
 * first wrote to it. No save may be going on, and nothing may be frozen. */
void recovery_save_base(struct recovery *recovery, size_t step, struct bytes key, struct bytes state);

/* Closes everything; nothing may be frozen. When the last stage has done so, the directory has only the partitions and
 * the lock file. */
void recovery_close(struct recovery *recovery);

#endif
