#include "base/message.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/descriptor.h"

const char *message_program = "fl";
void (*message_on_fail)(enum status status);

void message_start(const char *argv0)
{
    if (argv0 != NULL) {
        const char *slash = strrchr(argv0, '/');
        message_program = slash != NULL ? slash + 1 : argv0;
    }
    /* Opened for the wrong direction, so that using it fails with EBADF, as if it were still closed. */
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) == -1)
            _Exit(STATUS_SYSTEM);
    signal(SIGXFSZ, SIG_IGN);
}

static void message_print(const char *format, va_list arguments)
{
    int saved = errno;
    char line[4096];
    int size = snprintf(line, sizeof line, "%s: ", message_program);
    if (size < 0 || (size_t)size >= sizeof line)
        size = 0;
    int more = vsnprintf(line + size, sizeof line - (size_t)size - 1, format, arguments);
    if (more > 0)
        size += more;
    if ((size_t)size > sizeof line - 2)
        size = (int)sizeof line - 2;
    line[size++] = '\n';
    (void)descriptor_write(STDERR_FILENO, line, (size_t)size);
    errno = saved;
}

void message_say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    message_print(format, arguments);
    va_end(arguments);
}

void message_fail(enum status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    message_print(format, arguments);
    va_end(arguments);
    if (message_on_fail != NULL)
        message_on_fail(status);
    _Exit((int)status);
}
