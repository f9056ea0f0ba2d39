#include "recovery/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/crash.h"
#include "base/descriptor.h"
#include "base/message.h"

#if defined F_OFD_SETLK && !defined LOCK_POSIX
enum { GET = F_OFD_GETLK, TRY = F_OFD_SETLK, WAIT = F_OFD_SETLKW };
#else
enum { GET = F_GETLK, TRY = F_SETLK, WAIT = F_SETLKW };
#endif

enum { JOIN_TRIES = 200, JOIN_PAUSE = 10000000 }; /* nanoseconds each */

/* The locks of the partitions lie behind the lines, one byte for each. */
static const off_t lines_end = (off_t)1 << 30;

static bool set(int fd, int command, short type, off_t start, off_t size)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = size};
    while (fcntl(fd, command, &lock) == -1) {
        if (errno == EACCES)
            errno = EAGAIN;
        if (errno != EINTR)
            return false;
    }
    return true;
}

int lock_open(const char *directory)
{
    struct buffer path = {0};
    buffer_print(&path, "%s/lock", directory);
    const int fd = open(buffer_string(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    buffer_free(&path);
    return fd;
}

/* Reads the line at start: the name of the execution into run, of LOCK_RUN bytes, and the rest into holder. */
static void read_holder(int fd, off_t start, char *run, char *holder)
{
    char line[LOCK_LINE + 1] = {0};
    ssize_t n = pread(fd, line, LOCK_LINE, start);
    char *end = n > 0 ? strchr(line, '\n') : NULL;
    char *who = n > 0 ? strchr(line, ' ') : NULL;
    if (end == NULL || who == NULL || who > end) {
        snprintf(holder, LOCK_LINE, "a process that is just starting");
        snprintf(run, LOCK_RUN, "?");
        return;
    }
    while (end > who && end[-1] == ' ')
        end--;
    *end = '\0';
    *who++ = '\0';
    snprintf(run, LOCK_RUN, "%.*s", LOCK_RUN - 1, line);
    snprintf(holder, LOCK_LINE, "%s", who);
}

static bool write_line(int fd, unsigned number, const char *run)
{
    char line[LOCK_LINE + 1];
    char since[32];
    time_t now = time(NULL);
    struct tm parts;
    if (gmtime_r(&now, &parts) == NULL || strftime(since, sizeof since, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        since[0] = '\0';
    int size =
        snprintf(line, sizeof line, "%s %s (process %ld, since %s)", run, message_program, (long)getpid(), since);
    if (size < 0 || size >= LOCK_LINE)
        size = LOCK_LINE - 1;
    memset(line + size, ' ', (size_t)(LOCK_LINE - 1 - size));
    line[LOCK_LINE - 1] = '\n';
    return descriptor_write_at(fd, line, LOCK_LINE, (off_t)number * LOCK_LINE);
}

bool lock_begin(int fd, const char *run, char *holder)
{
    if (set(fd, TRY, F_WRLCK, 0, lines_end))
        return write_line(fd, 0, run);
    if (errno == EAGAIN) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = lines_end};
        char ignored[LOCK_RUN];
        off_t start = fcntl(fd, GET, &lock) == 0 && lock.l_type != F_UNLCK ? lock.l_start : 0;
        read_holder(fd, start / LOCK_LINE * LOCK_LINE, ignored, holder);
        errno = EAGAIN;
    }
    return false;
}

bool lock_share(int fd)
{
    return set(fd, TRY, F_UNLCK, LOCK_LINE, lines_end - LOCK_LINE);
}

/* Whether the execution that began last is this one. If not, errno is ESTALE, and holder says who began it. */
static bool is_own(int fd, const char *run, char *holder)
{
    char began[LOCK_RUN];
    read_holder(fd, 0, began, holder);
    errno = ESTALE;
    return strcmp(began, run) == 0;
}

bool lock_join(int fd, unsigned line, const char *run, char *holder)
{
    const struct timespec pause = {.tv_nsec = JOIN_PAUSE};
    for (int tries = 0;; tries++) {
        if (!is_own(fd, run, holder))
            return false;
        CRASH_POINT("lock: looked");
        if (set(fd, TRY, F_WRLCK, (off_t)line * LOCK_LINE, LOCK_LINE))
            break;
        /* A stage of an earlier execution may hold it, which is about to find out and to end. */
        if (errno != EAGAIN || tries == JOIN_TRIES)
            return false;
        nanosleep(&pause, NULL);
    }
    /* Look once more: an execution that begins from now on finds our line locked, and one that has begun since the
     * first look has written its name. */
    return is_own(fd, run, holder) && write_line(fd, line, run);
}

void lock_each_holder(int fd, void (*call)(void *context, const char *holder), void *context)
{
    char holder[LOCK_LINE], ignored[LOCK_RUN];
    off_t size = lseek(fd, 0, SEEK_END);
    for (off_t start = 0; start == 0 || start < size; start += LOCK_LINE) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = LOCK_LINE};
        if (fcntl(fd, GET, &lock) == -1 || lock.l_type == F_UNLCK)
            continue;
        read_holder(fd, start, ignored, holder);
        call(context, holder);
        if (lock.l_len > LOCK_LINE) /* a root that is just beginning holds all lines */
            break;
    }
}

bool lock_partition(int fd, unsigned partition)
{
    return set(fd, WAIT, F_WRLCK, lines_end + (off_t)partition, 1);
}

bool lock_release(int fd, unsigned partition)
{
    return set(fd, TRY, F_UNLCK, lines_end + (off_t)partition, 1);
}
