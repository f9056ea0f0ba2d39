/* Preloaded into a program, makes one of its calls fail, as the environment says:
 *
 *     FL_SHIM=CALL:K:HOW      the K-th of these calls fails; with K+, each from then on
 *     FL_SHIM_LOG=FILE        the first failure leaves a byte in FILE
 *
 * CALL is write, pwrite, read, pread, sync (fsync and fdatasync), ftruncate, open, rename or malloc (calloc and realloc
 * as well). HOW is the name of an error; SHORT: one byte is moved; KILL: the process is killed before the call; TORN:
 * it is killed when half of the bytes are written. Writes to standard error are left alone: messages are what is
 * tested. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

enum how { HOW_ERROR, HOW_SHORT, HOW_KILL, HOW_TORN };

static const char *wanted = ""; /* the call */
static size_t wanted_size;
static unsigned long first;
static bool ever;
static enum how how;
static int error;
static atomic_ulong calls;
static atomic_int unsynced = -1; /* the descriptor whose sync has failed */

/* Until then the loader and the C library are at work, which is not what is tested. */
__attribute__((constructor)) static void read_environment(void)
{
    static const struct {
        const char *name;
        enum how how;
        int error;
    } hows[] = {{"EIO", HOW_ERROR, EIO},       {"ENOSPC", HOW_ERROR, ENOSPC}, {"EINTR", HOW_ERROR, EINTR},
                {"EMFILE", HOW_ERROR, EMFILE}, {"ENOMEM", HOW_ERROR, ENOMEM}, {"SHORT", HOW_SHORT, 0},
                {"KILL", HOW_KILL, 0},         {"TORN", HOW_TORN, 0}};
    const char *text = getenv("FL_SHIM");
    const char *colon = text != NULL ? strchr(text, ':') : NULL;
    if (colon == NULL)
        return;
    char *end;
    first = strtoul(colon + 1, &end, 10);
    ever = *end == '+';
    end += ever;
    size_t i = 0;
    while (*end != ':' || strcmp(end + 1, hows[i].name) != 0)
        if (*end != ':' || ++i == sizeof hows / sizeof *hows)
            abort();
    how = hows[i].how;
    error = hows[i].error;
    wanted_size = (size_t)(colon - text);
    wanted = text;
}

/* Whether this call is to fail; kills the process where it is to be killed before. */
static bool fails(const char *call)
{
    if (wanted_size == 0 || strlen(call) != wanted_size || memcmp(call, wanted, wanted_size) != 0)
        return false;
    unsigned long number = atomic_fetch_add(&calls, 1) + 1;
    if (number < first || (number > first && !ever))
        return false;
    const char *log = getenv("FL_SHIM_LOG");
    if (number == first && log != NULL) {
        long fd = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (fd == -1 || syscall(SYS_write, fd, "!", 1) != 1)
            abort();
        syscall(SYS_close, fd);
    }
    if (how == HOW_KILL)
        kill(getpid(), SIGKILL);
    errno = error;
    return true;
}

/* How many bytes a call that is to fail moves all the same. */
static size_t shortened(size_t size)
{
    return how == HOW_TORN ? size / 2 : how == HOW_SHORT && size > 0 ? 1 : 0;
}

ssize_t write(int fd, const void *data, size_t size)
{
    if (fd == STDERR_FILENO || !fails("write"))
        return syscall(SYS_write, fd, data, size);
    ssize_t n = how == HOW_ERROR ? -1 : syscall(SYS_write, fd, data, shortened(size));
    if (how == HOW_TORN)
        kill(getpid(), SIGKILL);
    return n;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
    if (!fails("pwrite"))
        return syscall(SYS_pwrite64, fd, data, size, offset);
    ssize_t n = how == HOW_ERROR ? -1 : syscall(SYS_pwrite64, fd, data, shortened(size), offset);
    if (how == HOW_TORN)
        kill(getpid(), SIGKILL);
    return n;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    return pwrite64(fd, data, size, offset);
}

ssize_t read(int fd, void *data, size_t size)
{
    if (!fails("read"))
        return syscall(SYS_read, fd, data, size);
    return how == HOW_ERROR ? -1 : syscall(SYS_read, fd, data, shortened(size));
}

ssize_t pread64(int fd, void *data, size_t size, off64_t offset)
{
    if (!fails("pread"))
        return syscall(SYS_pread64, fd, data, size, offset);
    return how == HOW_ERROR ? -1 : syscall(SYS_pread64, fd, data, shortened(size), offset);
}

ssize_t pread(int fd, void *data, size_t size, off_t offset)
{
    return pread64(fd, data, size, offset);
}

/* A sync that has failed may have lost what was to be synced: trying again would only say that nothing is left. */
static int sync_with(long number, int fd)
{
    if (fd == unsynced) {
        static const char text[] = "shim: a sync is tried again after it has failed\n";
        syscall(SYS_write, STDERR_FILENO, text, sizeof text - 1);
        abort();
    }
    if (!fails("sync"))
        return (int)syscall(number, fd);
    unsynced = fd;
    return -1;
}

int fsync(int fd)
{
    return sync_with(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return sync_with(SYS_fdatasync, fd);
}

int close(int fd)
{
    if (fd == unsynced)
        unsynced = -1;
    return (int)syscall(SYS_close, fd);
}

int ftruncate64(int fd, off64_t size)
{
    return fails("ftruncate") ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

int ftruncate(int fd, off_t size)
{
    return ftruncate64(fd, size);
}

static int open_with(int directory, const char *path, int flags, va_list rest)
{
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
    return fails("open") ? -1 : (int)syscall(SYS_openat, directory, path, flags, mode);
}

#define OPEN(name)                                                                                                     \
    int name(const char *path, int flags, ...)                                                                         \
    {                                                                                                                  \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        int fd = open_with(AT_FDCWD, path, flags, rest);                                                               \
        va_end(rest);                                                                                                  \
        return fd;                                                                                                     \
    }
#define OPENAT(name)                                                                                                   \
    int name(int directory, const char *path, int flags, ...)                                                          \
    {                                                                                                                  \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        int fd = open_with(directory, path, flags, rest);                                                              \
        va_end(rest);                                                                                                  \
        return fd;                                                                                                     \
    }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

int rename(const char *from, const char *to)
{
    return fails("rename") ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

void *malloc(size_t size)
{
    return fails("malloc") ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails("malloc") ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    return fails("malloc") ? NULL : __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails("malloc") ? NULL : __libc_memalign(alignment, size);
}
