/* lock: one execution at a time in a recovery directory, and one writer at a time in a partition.
 *
 * The lock file holds a line of LOCK_LINE bytes for each stage of the execution that takes part: who it is. A stage
 * keeps its own line locked for as long as it lives; line 0 is the root's and begins with the execution's name. The
 * root of another execution wants all lines at once, and can name whoever still holds one. The kernel frees the locks
 * whatever happens to a process. Where the system has open-file-description locks these are used, otherwise those
 * of fcntl, which do here, since a process opens the file once. */
#ifndef LOCK_H
#define LOCK_H

#include <stdbool.h>
#include <stddef.h>

enum {
    LOCK_LINE = 128, /* bytes of a line, with its LF */
    LOCK_RUN = 32    /* bytes that name an execution, with the NUL */
};

/* Opens the lock file of the directory, making it (0600) where it is missing. Returns the descriptor or -1 with errno.
 */
int lock_open(const char *directory);

/* Takes the whole for the root of the execution named run, and writes its line. On failure holder, of LOCK_LINE
 * bytes, says who has it, and the answer is false; errno is EAGAIN, or what fcntl or write said. */
bool lock_begin(int fd, const char *run, char *holder);

/* Gives the other lines free to the stages of the execution. */
bool lock_share(int fd);

/* Takes the line for a stage of the execution named run. False where the line is held (EAGAIN), or where the file
 * says that another execution has begun since (ESTALE); holder says which. */
bool lock_join(int fd, unsigned line, const char *run, char *holder);

/* Calls for each stage that holds a line, without taking any: holder says who it is, during the call. */
void lock_each_holder(int fd, void (*call)(void *context, const char *holder), void *context);

/* Waits for the right to write to a partition, and gives it back. */
bool lock_partition(int fd, unsigned partition);
bool lock_release(int fd, unsigned partition);

#endif
