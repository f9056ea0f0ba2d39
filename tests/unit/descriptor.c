/* Goal of this test: descriptor_write writes everything once and in order, even if signals interrupt it in the middle
 * of a write, and reports an error of write. */
#include "base/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>
#include <unistd.h>

#include "check.h"

enum { SIZE = 4 * 1024 * 1024, PIECE = 1000 };

static atomic_int signals;

static void count_signal(int number)
{
    (void)number;
    signals++;
}

static char byte_at(size_t place)
{
    return (char)(place * 2654435761u >> 16);
}

/* Begins to read after the writer was interrupted, and reads little at once, so that it waits again and again. */
static void *read_all(void *context)
{
    static char read_bytes[SIZE];
    const int fd = *(int *)context;
    size_t size = 0;
    while (signals < 3)
        sched_yield();
    for (ssize_t n; size < SIZE && (n = read(fd, read_bytes + size, PIECE)) > 0;)
        size += (size_t)n;
    for (size_t i = 0; i < size; i++)
        if (read_bytes[i] != byte_at(i))
            return NULL;
    char more;
    return size == SIZE && read(fd, &more, 1) == 0 ? read_bytes : NULL;
}

static void check_interrupted(void)
{
    int ends[2];
    pthread_t reader;
    void *whole;
    sigset_t alarm_signal;
    struct sigaction action = {.sa_handler = count_signal}; /* without SA_RESTART */
    char *data = bytes_allocate(SIZE);
    for (size_t i = 0; i < SIZE; i++)
        data[i] = byte_at(i);
    CHECK(descriptor_pipe(ends) && sigaction(SIGALRM, &action, NULL) == 0);
    CHECK((fcntl(ends[0], F_GETFD) & FD_CLOEXEC) != 0 && (fcntl(ends[1], F_GETFD) & FD_CLOEXEC) != 0);
    sigemptyset(&alarm_signal);
    sigaddset(&alarm_signal, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &alarm_signal, NULL);
    CHECK(pthread_create(&reader, NULL, read_all, &ends[0]) == 0);
    pthread_sigmask(SIG_UNBLOCK, &alarm_signal, NULL);
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 1000}, {0, 1000}}, NULL);
    CHECK(descriptor_write(ends[1], data, SIZE));
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, NULL);
    close(ends[1]);
    CHECK(pthread_join(reader, &whole) == 0 && whole != NULL);
    close(ends[0]);
    free(data);
}

static void check_errors(void)
{
    int ends[2];
    const int full = open("/dev/full", O_WRONLY);
    CHECK(full != -1 && !descriptor_write(full, "a", 1) && errno == ENOSPC);
    CHECK(!descriptor_write_at(full, "a", 1, 0) && errno == ENOSPC);
    CHECK(descriptor_write(full, "", 0));
    close(full);
    CHECK(descriptor_pipe(ends) && descriptor_unblock(ends[0]));
    char byte;
    CHECK(read(ends[0], &byte, 1) == -1 && errno == EAGAIN);
    close(ends[0]);
    close(ends[1]);
}

static void check_file(void)
{
    FILE *file = tmpfile();
    char text[10];
    CHECK(file != NULL && descriptor_write_at(fileno(file), "world", 5, 6));
    CHECK(descriptor_write_at(fileno(file), "hello ", 6, 0));
    CHECK(pread(fileno(file), text, sizeof text, 0) == 10 && memcmp(text, "hello worl", 10) == 0);
    fclose(file);
}

int main(void)
{
    check_interrupted();
    check_errors();
    check_file();
    return check_end();
}
