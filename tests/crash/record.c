/* Preloaded into the programs of a flow, keeps a record of all that reaches a disk, in one order over all of them:
 *
 *     FL_RECORD=DIR           the directory, absolute: what is done in it and below is recorded
 *     FL_RECORD_LOG=FILE      where the record is appended
 *
 * A call is recorded as `NAME INODE OFFSET SIZE` and a LF, behind which SIZE bytes follow: of write, the data; of
 * create, mkdir and unlink, the path; of rename, the new path, the old one being a line of its own before. Of truncate,
 * OFFSET is the length. sync is fsync or fdatasync, of a directory too. Shared memory files (-shm) are left out: they
 * are made anew. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FILES = 1024, LOG_LEAST = 500 };

static int record = -1;
static const char *root;
static bool recorded[FILES]; /* by descriptor */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void read_environment(void)
{
    const char *file = getenv("FL_RECORD_LOG");
    root = getenv("FL_RECORD");
    if (file == NULL || root == NULL)
        return;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    record = fcntl(fd, F_DUPFD_CLOEXEC, LOG_LEAST);
    if (record == -1)
        abort();
    syscall(SYS_close, fd);
}

/* What stands between the two is one step of the record: the call, and what is noted of it. */
static void begin(void)
{
    pthread_mutex_lock(&mutex);
    if (flock(record, LOCK_EX) == -1)
        abort();
}

static void end(void)
{
    int saved = errno;
    flock(record, LOCK_UN);
    pthread_mutex_unlock(&mutex);
    errno = saved;
}

static void note(const char *name, ino_t inode, off_t offset, const void *data, size_t size)
{
    int saved = errno;
    char head[128];
    int length =
        snprintf(head, sizeof head, "%s %llu %lld %zu\n", name, (unsigned long long)inode, (long long)offset, size);
    const struct iovec parts[] = {{head, (size_t)length}, {(void *)data, size}};
    if (writev(record, parts, 2) != (ssize_t)((size_t)length + size))
        abort();
    errno = saved;
}

static void note_path(const char *name, ino_t inode, const char *path)
{
    note(name, inode, 0, path, strlen(path));
}

static ino_t inode_of(int fd)
{
    struct stat status;
    return fstat(fd, &status) == -1 ? 0 : status.st_ino;
}

static bool is_recorded(int fd)
{
    return record != -1 && fd >= 0 && fd < FILES && recorded[fd];
}

/* Whether a path is to be recorded; full is what it is without links, of a file that may be missing. */
static bool find_path(const char *path, char full[PATH_MAX])
{
    char directory[PATH_MAX], resolved[PATH_MAX];
    if (record == -1)
        return false;
    const char *slash = strrchr(path, '/');
    if (slash != NULL && slash[1] == '\0')
        return false;
    snprintf(directory, sizeof directory, "%.*s", slash != NULL ? (int)(slash - path) + 1 : 1,
             slash != NULL ? path : ".");
    const char *name = slash != NULL ? slash + 1 : path;
    if (realpath(path, full) == NULL) {
        if (realpath(directory, resolved) == NULL ||
            (size_t)snprintf(full, PATH_MAX, "%s/%s", resolved, name) >= PATH_MAX)
            return false;
    }
    size_t size = strlen(root), length = strlen(full);
    return strncmp(full, root, size) == 0 && (full[size] == '/' || full[size] == '\0') &&
           (length < 4 || strcmp(full + length - 4, "-shm") != 0);
}

static int open_at(int directory, const char *path, int flags, va_list rest)
{
    char full[PATH_MAX];
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
    int saved = errno;
    bool wanted = find_path(path, full);
    errno = saved;
    if (!wanted)
        return (int)syscall(SYS_openat, directory, path, flags, mode);
    begin();
    bool missing = (flags & O_CREAT) != 0 && access(full, F_OK) == -1;
    errno = saved;
    int fd = (int)syscall(SYS_openat, directory, path, flags, mode);
    if (fd >= FILES)
        abort();
    if (fd != -1) {
        recorded[fd] = true;
        if (missing)
            note_path("create", inode_of(fd), full);
        else if ((flags & O_TRUNC) != 0)
            note("truncate", inode_of(fd), 0, NULL, 0);
    }
    end();
    return fd;
}

#define OPEN(name)                                                                                                     \
    int name(const char *path, int flags, ...)                                                                         \
    {                                                                                                                  \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        int fd = open_at(AT_FDCWD, path, flags, rest);                                                                 \
        va_end(rest);                                                                                                  \
        return fd;                                                                                                     \
    }
OPEN(open)
OPEN(open64)

int close(int fd)
{
    if (fd >= 0 && fd < FILES)
        recorded[fd] = false;
    return (int)syscall(SYS_close, fd);
}

ssize_t write(int fd, const void *data, size_t size)
{
    if (!is_recorded(fd))
        return syscall(SYS_write, fd, data, size);
    begin();
    ssize_t n = syscall(SYS_write, fd, data, size);
    if (n > 0) /* behind it the place of the descriptor is the end of what was written, with O_APPEND as well */
        note("write", inode_of(fd), lseek(fd, 0, SEEK_CUR) - n, data, (size_t)n);
    end();
    return n;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
    if (!is_recorded(fd))
        return syscall(SYS_pwrite64, fd, data, size, offset);
    begin();
    ssize_t n = syscall(SYS_pwrite64, fd, data, size, offset);
    if (n > 0)
        note("write", inode_of(fd), offset, data, (size_t)n);
    end();
    return n;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    return pwrite64(fd, data, size, offset);
}

int ftruncate64(int fd, off64_t size)
{
    if (!is_recorded(fd))
        return (int)syscall(SYS_ftruncate, fd, size);
    begin();
    int result = (int)syscall(SYS_ftruncate, fd, size);
    if (result == 0)
        note("truncate", inode_of(fd), size, NULL, 0);
    end();
    return result;
}

int ftruncate(int fd, off_t size)
{
    return ftruncate64(fd, size);
}

static int sync_with(long number, int fd)
{
    if (!is_recorded(fd))
        return (int)syscall(number, fd);
    begin();
    int result = (int)syscall(number, fd);
    if (result == 0)
        note("sync", inode_of(fd), 0, NULL, 0);
    end();
    return result;
}

int fsync(int fd)
{
    return sync_with(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return sync_with(SYS_fdatasync, fd);
}

int unlink(const char *path)
{
    char full[PATH_MAX];
    if (!find_path(path, full))
        return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    begin();
    int result = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    if (result == 0)
        note_path("unlink", 0, full);
    end();
    return result;
}

int rename(const char *from, const char *to)
{
    char full[PATH_MAX], old[PATH_MAX];
    if (!find_path(from, old) || !find_path(to, full))
        return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    begin();
    int result = (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    if (result == 0) {
        note_path("from", 0, old);
        note_path("rename", 0, full);
    }
    end();
    return result;
}

int mkdir(const char *path, mode_t mode)
{
    char full[PATH_MAX];
    struct stat status;
    if (!find_path(path, full))
        return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
    begin();
    int result = (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
    if (result == 0)
        note_path("mkdir", stat(full, &status) == 0 ? status.st_ino : 0, full);
    end();
    return result;
}
