/* output: a file in which each thing that a flow writes stands exactly once.
 *
 * Its committed length is saved as a position under its absolute path, and it is cut back to that when it is opened
 * again. Its length before the flow first wrote to it is saved before the first byte is written. What is not a regular
 * file, such as a device or a FIFO, is written as it is, and so is every file of a flow without recovery. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include "base/bytes.h"
#include "files/position.h"
#include "state/state.h"
#include "wire/line.h"

struct output {
    struct line_writer out; /* what is written to the file */
    struct position position;
    const char *name;    /* not owned */
    char *path;          /* absolute; NULL: the file cannot be cut back */
    struct state *state; /* in which the position is saved; NULL: nowhere */
    bool fresh;          /* the length before the first byte of the flow is not saved yet */
};

/* Opens the file of that name for appending, makes it if it is missing and the flow has not written to it, and cuts it
 * back to the position that state has of it. state may be NULL and must otherwise outlive the output; name must outlive
 * it too. Ends the program if the file is not the one of before (78) or cannot be opened (73). */
void output_open(struct output *output, const char *name, struct state *state);

/* To be called before the first write if the output is fresh: makes the name of the file durable, and returns the state
 * that must be saved for all epochs up to now, under output->path. The view lies in text. */
struct bytes output_base(struct output *output, char text[POSITION_TEXT]);

/* Writes out what is buffered, and puts the end of the file into the state, as the position of the epoch that ends. */
void output_freeze(struct output *output);

/* Writes out what is buffered, and closes the file. An error ends the program (74). */
void output_close(struct output *output);

#endif
