/* descriptor: writing all of something to a descriptor, and pipes.
 *
 * Nothing here prints a message: a function that fails returns false and leaves the reason in errno. */
#ifndef DESCRIPTOR_H
#define DESCRIPTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Writes all size bytes, by as many calls of write as that takes. A signal does not end it. */
bool descriptor_write(int fd, const void *data, size_t size);

/* Writes all size bytes into a file, from the offset on, by pwrite. */
bool descriptor_write_at(int fd, const void *data, size_t size, off_t offset);

/* Makes a pipe whose ends are closed in programs that this one starts: ends[0] is read, ends[1] is written. */
bool descriptor_pipe(int ends[2]);

/* Makes reads and writes fail with EAGAIN instead of waiting. */
bool descriptor_unblock(int fd);

/* Makes the pipe at fd larger if the system can, so that its two ends wait for each other less often. Does nothing if
 * fd is not a pipe, or if the user's quota for pipes is used up. */
void descriptor_widen_pipe(int fd);

#endif
