/* output: a file in which what a flow writes stands exactly once.
 *
 * Its committed length is saved as a position under its absolute path; when it is opened again it is cut back to that.
 * How long it was before the flow first wrote to it is saved before the first byte is written. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include "base/bytes.h"
#include "files/position.h"
#include "state/state.h"

struct output {
    const char *name; /* not owned */
    int fd;
    char *path; /* NULL: it is nothing that could be cut back */
    bool fresh; /* its length is not saved yet */
    struct position position;
};

/* Opens the file for appending, and makes it where it is missing and may be. state is where its position is saved;
 * NULL: nowhere. A file that is not the one of before ends the program (78), and so does one that cannot be opened
 * (73). What is no regular file is written to as it is. */
void output_open(struct output *output, const char *name, struct state *state);

/* Before the first write to a fresh one: makes its name durable, and returns what is to be saved of it for all epochs
 * up to now. */
struct bytes output_base(struct output *output, char text[POSITION_TEXT]);

/* Everything written so far, which must be flushed, belongs to the epoch that ends: puts the position into the state.
 */
void output_freeze(struct output *output, struct state *state);

void output_close(struct output *output);

#endif
