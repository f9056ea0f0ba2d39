/* message: what goes to standard error, and the exit status.
 *
 * A message is one line, `prog: where: what: why`, without a full stop, written by one call of write
 * so that the stages of a flow do not tear each other's lines. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdarg.h>

/* The exit statuses, as in sysexits.h, which not every system has. */
enum status {
    STATUS_OK = 0,           /* done, and committed */
    STATUS_USAGE = 64,       /* the command line is wrong */
    STATUS_DATA = 65,        /* a bad record, or a replay that differs */
    STATUS_NO_INPUT = 66,    /* an input is missing */
    STATUS_UNAVAILABLE = 69, /* a program that was given cannot be run, failed, or does not answer as it must */
    STATUS_INTERNAL = 70,    /* an error of this program */
    STATUS_SYSTEM = 71,      /* out of memory, threads, descriptors */
    STATUS_CANT_CREATE = 73, /* an output cannot be created */
    STATUS_IO = 74,          /* an I/O error, or the stage before died */
    STATUS_TRY_LATER = 75,   /* the recovery directory is in use */
    STATUS_MISFIT = 78       /* the recovery directory does not fit */
};

/* The name that messages begin with. One per process; set first of all in main. */
extern const char *message_program;

/* Starts a program: sets message_program to the last part of argv0, and opens the null device in the place of
 * a standard descriptor that is closed, so that no file opened later is written to by mistake: a closed
 * standard output then fails when it is written to. */
void message_start(const char *argv0);

/* Prints a message. errno is left as it was. */
__attribute__((format(printf, 1, 2))) void message_say(const char *format, ...);

/* What message_fail calls after it has printed, in whatever thread that is; NULL: nothing. It must not fail itself. */
extern void (*message_on_fail)(enum status status);

/* Prints a message and ends the program with the status, at once: nothing is flushed, no `!end` is written. */
__attribute__((format(printf, 2, 3))) _Noreturn void message_fail(enum status status, const char *format, ...);

#endif
