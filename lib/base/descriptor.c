#include "base/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { PIPE_SIZE = 1024 * 1024 }; /* bytes: the largest that Linux gives to every user by default */

bool descriptor_write(int fd, const void *data, size_t size)
{
    for (size_t done = 0; done < size;) {
        const ssize_t n = write(fd, (const char *)data + done, size - done);
        if (n == -1 && errno != EINTR)
            return false;
        if (n > 0)
            done += (size_t)n;
    }
    return true;
}

bool descriptor_write_at(int fd, const void *data, size_t size, off_t offset)
{
    for (size_t done = 0; done < size;) {
        const ssize_t n = pwrite(fd, (const char *)data + done, size - done, offset + (off_t)done);
        if (n == -1 && errno != EINTR)
            return false;
        if (n > 0)
            done += (size_t)n;
    }
    return true;
}

bool descriptor_pipe(int ends[2])
{
    return pipe(ends) == 0 && fcntl(ends[0], F_SETFD, FD_CLOEXEC) != -1 && fcntl(ends[1], F_SETFD, FD_CLOEXEC) != -1;
}

bool descriptor_unblock(int fd)
{
    return fcntl(fd, F_SETFL, O_NONBLOCK) != -1;
}

void descriptor_widen_pipe(int fd)
{
#ifdef F_SETPIPE_SZ
    const int saved = errno;
    (void)fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE);
    errno = saved;
#else
    (void)fd;
#endif
}
