/* What a crash point does in the build of the crash tests, as the environment says:
 *
 *     FL_CRASH=PROGRAM:POINT:K   the K-th hit of that point in that program kills the process, by SIGKILL
 *     FL_CRASH_LOG=FILE          each hit appends a line to FILE: the program, a tab and the point */
#include "base/crash.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/message.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void log_hit(const char *file, const char *point)
{
    char line[256];
    int size = snprintf(line, sizeof line, "%s\t%s\n", message_program, point);
    int fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd == -1 || write(fd, line, (size_t)size) != size)
        abort();
    close(fd);
}

/* Whether this is the hit that the environment asks for. */
static bool is_asked_for(const char *wanted, const char *point)
{
    static unsigned long hits;
    char start[256];
    int size = snprintf(start, sizeof start, "%s:%s:", message_program, point);
    return strncmp(wanted, start, (size_t)size) == 0 && ++hits == strtoul(wanted + size, NULL, 10);
}

void crash_point(const char *point)
{
    const char *wanted = getenv("FL_CRASH");
    const char *file = getenv("FL_CRASH_LOG");
    if (wanted == NULL && file == NULL)
        return;
    pthread_mutex_lock(&mutex); /* the thread that saves has points too */
    if (file != NULL)
        log_hit(file, point);
    if (wanted != NULL && is_asked_for(wanted, point)) {
        kill(getpid(), SIGKILL);
        for (;;)
            pause();
    }
    pthread_mutex_unlock(&mutex);
}
