/* lock: one execution at a time in a recovery directory, and one writer at a time in a partition.
 *
 * The lock file holds a line of LOCK_LINE bytes for each stage of the execution that takes part, which says who it is.
 * A stage keeps its own line locked for as long as it lives. Line 0 is the root's and begins with the execution's name.
 * The root of another execution wants all lines at once, and can name one that still holds any. The kernel frees the
 * locks whatever happens to a process.
 *
 * The locks are open-file-description locks if the system has them, and those of fcntl otherwise (or with LOCK_POSIX).
 * The latter belong to the process, which loses all of them when it closes any descriptor of the file; a process that
 * it has forked has none of them, while it shares the former. So each process opens the file once and keeps it open
 * until it needs no lock; a forked one uses the descriptor that it has inherited, and the two do not hold locks at the
 * same time. */
#ifndef LOCK_H
#define LOCK_H

#include <stdbool.h>
#include <stddef.h>

enum {
    LOCK_LINE = 128, /* bytes of a line, with its LF */
    LOCK_RUN = 32    /* bytes that name an execution, with the NUL */
};

/* Opens the lock file of the directory, and makes it (0600) if it is missing. Returns the descriptor, or -1 with errno.
 */
int lock_open(const char *directory);

/* Takes all lines for the root of the execution named run, and writes line 0. Returns false with errno if that fails:
 * EAGAIN if somebody holds a line, of whom holder, of LOCK_LINE bytes, then says who it is. */
bool lock_begin(int fd, const char *run, char *holder);

/* Leaves all lines but line 0 to the stages of the execution. Returns false with errno if that fails. */
bool lock_share(int fd);

/* Takes the line for a stage of the execution named run, and writes it. Returns false with errno if that fails: EAGAIN
 * if the line stays held for two seconds, ESTALE if the file says that another execution has begun since. holder, of
 * LOCK_LINE bytes, then says who began the execution that the file names. */
bool lock_join(int fd, unsigned line, const char *run, char *holder);

/* Calls for each stage that holds a line, without taking any: holder says who it is, during the call. Stages that hold
 * their lines through the same descriptor, or by fcntl's locks in this process, are left out. */
void lock_each_holder(int fd, void (*call)(void *context, const char *holder), void *context);

/* Waits for the right to write to a partition; gives it back. Both return false with errno if that fails. */
bool lock_partition(int fd, unsigned partition);
bool lock_release(int fd, unsigned partition);

#endif
