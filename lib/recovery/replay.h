/* replay: for a root that is not a source, and so receives its input from the start each time: how many records earlier
 * executions have processed, and a hash of them. They are dropped, and compared: a replay is verified, not trusted. */
#ifndef REPLAY_H
#define REPLAY_H

#include <stdbool.h>
#include <stddef.h>

#include "state/state.h"
#include "wire/frame.h"

struct replay;

/* Begins with what state has, which must outlive the replay. A state that cannot be read ends the program (78). */
struct replay *replay_open(struct state *state);
void replay_close(struct replay *replay);

/* Takes records as they came, and returns how many of the first ones were processed before. If the last of all that
 * were processed is among them, and their hash is not the saved one, ends the program (78). */
size_t replay_take(struct replay *replay, const struct record *records, size_t count);

/* Returns whether records are still to come that were processed before. */
bool replay_goes_on(const struct replay *replay);

/* At the end of the input: ends the program (78) if records are missing that were processed before. */
void replay_end(const struct replay *replay);

/* Puts the number of records processed so far, and their hash, into the state. */
void replay_freeze(struct replay *replay);

#endif
