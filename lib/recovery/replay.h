/* replay: of a root that is no source, which has its input from the start each time: how much of it was processed by
 * earlier executions, and a hash of that. It is dropped, and compared: a replay is verified, not trusted. */
#ifndef REPLAY_H
#define REPLAY_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/frame.h"
#include "state/state.h"

struct replay;

/* Goes on from what the step's state holds; the state must outlive it. A state that is none ends the program (78). */
struct replay *replay_open(struct state *state);
void replay_close(struct replay *replay);

/* Takes records as they came, and returns how many of them, the first ones, were processed before. Where the last such
 * one is among them and the whole is not what was processed, ends the program (65). */
size_t replay_take(struct replay *replay, const struct record *records, size_t count);

/* Whether records are still to come that were processed before; and, at the end of the input, ends the program (65)
 * where that is so. */
bool replay_goes_on(const struct replay *replay);
void replay_end(const struct replay *replay);

/* Puts into the state how much was processed, and its hash. */
void replay_freeze(struct replay *replay);

#endif
