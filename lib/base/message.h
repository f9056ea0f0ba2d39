/* message: messages on standard error, and the exit statuses.
 *
 * A message is one line, `prog: where: what: why`, without a full stop. It is written by one call of write, so that the
 * stages of a flow do not tear each other's lines. A message of more than 4096 bytes is cut. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdarg.h>

/* The exit statuses, as in sysexits.h, which not every system has. */
enum status {
    STATUS_OK = 0,           /* done, and committed */
    STATUS_USAGE = 64,       /* the command line is wrong */
    STATUS_DATA = 65,        /* a bad record, or a stream that is incomplete or malformed */
    STATUS_NO_INPUT = 66,    /* an input is missing */
    STATUS_UNAVAILABLE = 69, /* a program that the user named cannot be run, failed, or answers wrongly */
    STATUS_INTERNAL = 70,    /* an error of this program */
    STATUS_SYSTEM = 71,      /* out of memory, threads, descriptors */
    STATUS_CANT_CREATE = 73, /* an output cannot be created */
    STATUS_IO = 74,          /* an I/O error, or the upstream stage died */
    STATUS_TRY_LATER = 75,   /* the recovery directory is in use */
    STATUS_MISFIT = 78       /* a recovery directory, an input, an output or a replay is not what was saved */
};

/* The name that messages begin with. One per process; message_start sets it, first of all in main. */
extern const char *message_program;

/* Starts a program. Sets message_program to the last part of argv0. If a standard descriptor is closed, opens the null
 * device instead, so that no file opened later gets its number and is written to by mistake; using such a descriptor
 * still fails. Ignores SIGXFSZ, so that a file that may not grow is an error of write and not a sudden end. */
void message_start(const char *argv0);

/* Prints a message. Leaves errno unchanged. */
__attribute__((format(printf, 1, 2))) void message_say(const char *format, ...);

/* A function that message_fail calls after printing, in the thread that failed; NULL: none. It must not call
 * message_fail itself. */
extern void (*message_on_fail)(enum status status);

/* Prints a message and ends the program with the status, at once: without flushing anything, and without an `!end`. */
__attribute__((format(printf, 2, 3))) _Noreturn void message_fail(enum status status, const char *format, ...);

#endif
