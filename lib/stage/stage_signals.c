/* Signals, and what a program says downstream when it fails. Both are of the process, and so their variables are
 * global to this file. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "stage/stage_part.h"

static volatile sig_atomic_t came;
static int wake[2] = {-1, -1};

static void on_signal(int number)
{
    const int saved = errno;
    if (came) {
        message_say("ended by a second signal: nothing after the last commit is recorded");
        signal(number, SIG_DFL);
        raise(number);
    }
    came = 1;
    (void)!write(wake[1], "", 1);
    errno = saved;
}

void signals_catch(void)
{
    static const int caught[] = {SIGINT, SIGTERM, SIGHUP};
    if (!descriptor_pipe(wake) || !descriptor_unblock(wake[0]) || !descriptor_unblock(wake[1]))
        message_fail(STATUS_SYSTEM, "a pipe cannot be made: %s", strerror(errno));
    for (size_t i = 0; i < sizeof caught / sizeof *caught; i++) {
        struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
        struct sigaction before;
        sigemptyset(&action.sa_mask);
        /* A signal that nohup or a shell's `&` has had ignored stays ignored. */
        if (sigaction(caught[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(caught[i], &action, NULL);
    }
}

bool signals_came(void)
{
    return came != 0;
}

int signals_fd(void)
{
    return wake[0];
}

static pthread_t main_thread;

/* Does so between frames only: another thread cannot know whether the main thread is in the middle of one. */
static void tell_failure(enum status status)
{
    char frame[32];
    struct stat output;
    if (!pthread_equal(pthread_self(), main_thread) || fstat(STDOUT_FILENO, &output) == -1 ||
        (!S_ISFIFO(output.st_mode) && !S_ISSOCK(output.st_mode)))
        return;
    const int size = snprintf(frame, sizeof frame, "!failed\t%d\n", (int)status);
    (void)!write(STDOUT_FILENO, frame, (size_t)size);
}

void signals_tell_failures(void)
{
    main_thread = pthread_self();
    message_on_fail = tell_failure;
}
