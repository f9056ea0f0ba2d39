/* reject: the file for records that a stage cannot take, each in it exactly once, as a line of JSON.
 *
 *     {"step":"statemap","source":"nums.txt","record":17,"key":"ALL","value":"abc","why":"is not a number"}
 *
 * A key or a value that is not UTF-8 without NUL stands as key_hex or value_hex. */
#ifndef REJECT_H
#define REJECT_H

#include <stdint.h>

#include "base/bytes.h"
#include "wire/frame.h"
#include "files/output.h"

struct reject {
    struct output file;
    struct line_writer out;
    struct state *state; /* of the step `reject`; NULL: the flow does not take part in recovery */
    uint64_t count;      /* of this execution */
};

/* Opens the file, which goes on from what state says of it. */
void reject_open(struct reject *reject, const char *name, struct state *state);

/* Writes a line: the record, by its number in the source, and what is wrong with it. */
void reject_write(struct reject *reject, const char *step, struct bytes source, uint64_t number,
                  const struct record *record, const char *why);

/* The epoch ends: what was written belongs to it. */
void reject_freeze(struct reject *reject);

/* Writes out what is left, says how many there were, and closes. */
void reject_close(struct reject *reject);

#endif
