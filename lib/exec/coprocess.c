#include "exec/coprocess.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/message.h"
#include "base/quote.h"
#include "base/scan.h"
#include "wire/frame.h"

#define MOMENT CLOCK_MILLISECOND

extern char **environ;

__attribute__((format(printf, 2, 3))) static const char *say_why(struct coprocess *coprocess, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    coprocess->why.size = 0;
    buffer_print(&coprocess->why, "%s %s", coprocess->name.data, text);
    return buffer_string(&coprocess->why);
}

/* Returns a span of nanoseconds in seconds. */
static double seconds(int64_t span)
{
    return (double)span / (double)CLOCK_SECOND;
}

void coprocess_open(struct coprocess *coprocess, char **command, int64_t timeout)
{
    struct buffer words = {0};
    *coprocess = (struct coprocess){.command = command, .timeout = timeout, .input = -1, .output = {.fd = -1}};
    for (char **word = command; *word != NULL; word++) {
        if (word > command)
            buffer_add_byte(&words, ' ');
        buffer_add(&words, bytes_of(*word));
    }
    quote_add(&coprocess->name, buffer_bytes(&words));
    (void)buffer_string(&coprocess->name);
    buffer_free(&words);
}

static void close_input(struct coprocess *coprocess)
{
    if (coprocess->input != -1)
        close(coprocess->input);
    coprocess->input = -1;
    coprocess->given.size = coprocess->written = 0;
}

static void close_output(struct coprocess *coprocess)
{
    if (coprocess->output.fd != -1)
        close(coprocess->output.fd);
    coprocess->output.fd = -1;
}

void coprocess_close(struct coprocess *coprocess)
{
    close_input(coprocess);
    close_output(coprocess);
    line_reader_close(&coprocess->output);
    buffer_free(&coprocess->given);
    buffer_free(&coprocess->why);
    buffer_free(&coprocess->name);
    coprocess->process = 0;
}

static void make_pipe(int *ends, int own)
{
    if (!descriptor_pipe(ends) || !descriptor_unblock(ends[own]))
        message_fail(STATUS_SYSTEM, "a pipe cannot be made: %s", strerror(errno));
}

/* Starts the command with these descriptors as standard input and output. Returns 0 or an error number. */
static int spawn(struct coprocess *coprocess, int input, int output)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGXFSZ); /* which message_start ignores */
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (error == 0) {
        if ((error = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)) == 0 &&
            (error = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)) == 0 &&
            (error = posix_spawnattr_setsigmask(&attributes, &none)) == 0 &&
            (error = posix_spawnattr_setsigdefault(&attributes, &defaults)) == 0 &&
            (error = posix_spawnattr_setpgroup(&attributes, 0)) == 0 &&
            (error = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                               POSIX_SPAWN_SETPGROUP)) == 0)
            error = posix_spawnp(&coprocess->process, coprocess->command[0], &actions, &attributes, coprocess->command,
                                 environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

const char *coprocess_start(struct coprocess *coprocess)
{
    int input[2], output[2];
    make_pipe(input, 1);
    make_pipe(output, 0);
    signal(SIGCHLD, SIG_DFL); /* if it is inherited as ignored, the kernel keeps no exit status for waitpid */
    int error = spawn(coprocess, input[0], output[1]);
    close(input[0]);
    close(output[1]);
    coprocess->input = input[1];
    coprocess->given_end = false;
    if (coprocess->output.data == NULL)
        line_reader_open(&coprocess->output, output[0], FRAME_LIMIT);
    coprocess->output.fd = output[0];
    coprocess->output.start = coprocess->output.end = coprocess->searched = 0;
    if (error == 0)
        return NULL;
    close_input(coprocess);
    close_output(coprocess);
    coprocess->process = 0;
    const bool one_word = error == ENOENT && coprocess->command[1] == NULL && strchr(*coprocess->command, ' ') != NULL;
    return say_why(coprocess, "cannot be started: %s%s", strerror(error),
                   one_word ? ": give it and its arguments as words of their own, without quotes around all" : "");
}

void coprocess_give(struct coprocess *coprocess, struct bytes line)
{
    struct buffer *given = &coprocess->given;
    if (coprocess->input == -1)
        return;
    if (coprocess->written > given->size / 2) {
        given->size -= coprocess->written;
        memmove(given->data, given->data + coprocess->written, given->size);
        coprocess->written = 0;
    }
    buffer_add(given, line);
    buffer_add_byte(given, '\n');
}

void coprocess_give_end(struct coprocess *coprocess)
{
    coprocess->given_end = true;
    if (coprocess_unwritten(coprocess) == 0)
        close_input(coprocess);
}

bool coprocess_take(struct coprocess *coprocess, struct bytes *line)
{
    struct line_reader *output = &coprocess->output;
    const char *start = output->data + output->start;
    const char *end = output->data + output->end;
    const char *stop = scan_find(start + coprocess->searched, end, '\n');
    coprocess->searched = (size_t)(stop - start);
    if (stop == end && (start == end || !coprocess_has_ended(coprocess)))
        return false;
    *line = (struct bytes){start, (size_t)(stop - start)};
    output->start += line->size + (stop < end);
    coprocess->searched = 0;
    return true;
}

/* Writes as much as the pipe takes. A write to a co-process that has closed its input must not end this program by
 * SIGPIPE, unlike a write to the downstream stage. Returns NULL, or why the co-process can no longer be used. */
static const char *write_some(struct coprocess *coprocess)
{
    sigset_t pipe_signal, before, pending;
    int number;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    sigpending(&pending);
    const bool was_pending = sigismember(&pending, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    ssize_t n = write(coprocess->input, coprocess->given.data + coprocess->written, coprocess_unwritten(coprocess));
    const int error = errno;
    if (n == -1 && error == EPIPE && !was_pending)
        sigwait(&pipe_signal, &number);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (n == -1 && error == EPIPE)
        close_input(coprocess); /* it wants no more */
    else if (n == -1 && error != EAGAIN && error != EINTR)
        return say_why(coprocess, "cannot be written to: %s", strerror(error));
    if (n == -1)
        return NULL;
    coprocess->written += (size_t)n;
    if (coprocess_unwritten(coprocess) > 0)
        return NULL;
    coprocess->given.size = coprocess->written = 0;
    if (coprocess->given_end)
        close_input(coprocess);
    return NULL;
}

/* Reads once. Returns NULL, or why the co-process can no longer be used. */
static const char *read_some(struct coprocess *coprocess)
{
    ssize_t n = line_fill(&coprocess->output);
    if (n > 0 || (n == -1 && (errno == EAGAIN || errno == EINTR)))
        return NULL;
    if (n == 0) {
        close_output(coprocess);
        return NULL;
    }
    return errno == EMSGSIZE ? say_why(coprocess, "gives a line longer than the limit of %zu bytes", FRAME_LIMIT)
                             : say_why(coprocess, "cannot be read from: %s", strerror(errno));
}

bool coprocess_has_more(struct coprocess *coprocess, struct bytes *more)
{
    struct line_reader *output = &coprocess->output;
    if (output->start == output->end && !coprocess_has_ended(coprocess))
        (void)read_some(coprocess);
    const char *start = output->data + output->start;
    const char *end = output->data + output->end;
    *more = (struct bytes){start, (size_t)(scan_find(start, end, '\n') - start)};
    return start < end;
}

static const char *hangs(struct coprocess *coprocess, const char *what)
{
    kill(-coprocess->process, SIGKILL);
    return say_why(coprocess, "%s for %gs", what, seconds(coprocess->timeout));
}

/* Writes and reads as poll allows it. */
static const char *write_and_read(struct coprocess *coprocess, const struct pollfd *fds)
{
    const char *why = fds[1].revents != 0 ? write_some(coprocess) : NULL;
    if (why == NULL && fds[0].revents != 0)
        why = read_some(coprocess);
    if (why != NULL)
        kill(-coprocess->process, SIGKILL);
    return why;
}

const char *coprocess_wait(struct coprocess *coprocess)
{
    int64_t end = INT64_MAX;
    for (bool moment = true;;) {
        struct pollfd fds[2] = {{.fd = coprocess->output.fd, .events = POLLIN},
                                {.fd = coprocess_unwritten(coprocess) > 0 ? coprocess->input : -1, .events = POLLOUT}};
        const int timeout = moment ? (int)(MOMENT / CLOCK_MILLISECOND) : clock_timeout(end);
        int ready = poll(fds, 2, timeout);
        if (ready == -1 && errno != EINTR)
            message_fail(STATUS_SYSTEM, "poll: %s", strerror(errno));
        if (ready > 0)
            return write_and_read(coprocess, fds);
        if (ready == 0 && timeout == 0) {
            coprocess->silent = true;
            return hangs(coprocess, "has said nothing");
        }
        if (moment) {
            moment = false;
            if (coprocess->timeout > 0 && coprocess->timeout <= INT64_MAX / 2)
                end = clock_now() + coprocess->timeout;
            if (coprocess->before_wait != NULL)
                coprocess->before_wait(coprocess->context);
        }
    }
}

const char *coprocess_end(struct coprocess *coprocess, int *status)
{
    int ended = 0;
    *status = -1;
    coprocess_give_end(coprocess);
    while (coprocess->input != -1) {
        const char *why = coprocess_wait(coprocess);
        if (why != NULL)
            return why;
    }
    const int64_t begin = clock_now();
    for (int64_t nap = CLOCK_MILLISECOND / 8;; nap = nap < 16 * CLOCK_MILLISECOND ? 2 * nap : nap) {
        pid_t process = waitpid(coprocess->process, &ended, WNOHANG);
        if (process == -1 && errno != EINTR)
            message_fail(STATUS_SYSTEM, "%s cannot be waited for: %s", coprocess->name.data, strerror(errno));
        if (process == coprocess->process)
            break;
        if (coprocess->timeout > 0 && clock_now() - begin > coprocess->timeout)
            return hangs(coprocess, "has not ended after its output");
        if (nap == CLOCK_MILLISECOND && coprocess->before_wait != NULL)
            coprocess->before_wait(coprocess->context);
        nanosleep(&(struct timespec){.tv_nsec = (long)nap}, NULL);
    }
    coprocess->process = 0;
    if (WIFSIGNALED(ended)) {
        *status = 128 + WTERMSIG(ended);
        return say_why(coprocess, "was ended by signal %d (%s)", WTERMSIG(ended), strsignal(WTERMSIG(ended)));
    }
    *status = WEXITSTATUS(ended);
    return say_why(coprocess, "ended with status %d", *status);
}
