#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { QUOTED_MAX = 80 };

const char *message_program = "fl";
void (*message_on_fail)(enum status status);

void message_start(const char *argv0)
{
    if (argv0 != NULL) {
        const char *slash = strrchr(argv0, '/');
        message_program = slash != NULL ? slash + 1 : argv0;
    }
    /* Each is opened the wrong way round: using it then fails with EBADF, as if it were still closed. */
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) == -1)
            _Exit(STATUS_SYSTEM);
    /* A file that may grow no more is an error of write, with a message, and not a sudden end. */
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
    for (int done = 0; done < size;) {
        ssize_t n = write(STDERR_FILENO, line + done, (size_t)(size - done));
        if (n == -1 && errno != EINTR)
            break;
        if (n > 0)
            done += (int)n;
    }
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

/* The length of the UTF-8 sequence at data that is not ASCII, or 0 where there is none. */
static size_t utf8_sequence(const unsigned char *data, size_t size)
{
    size_t length = data[0] >= 0xf0 && data[0] <= 0xf4 ? 4 : data[0] >= 0xe0 ? 3 : data[0] >= 0xc2 ? 2 : 0;
    if (data[0] > 0xf4 || length == 0 || length > size)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((data[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

void message_quote(struct buffer *buffer, struct bytes bytes)
{
    const unsigned char *data = (const unsigned char *)bytes.data;
    size_t size = bytes.size < QUOTED_MAX ? bytes.size : QUOTED_MAX;
    buffer_add_byte(buffer, '"');
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = data[i];
        size_t sequence;
        if (byte == '\t' || byte == '\n' || byte == '\r')
            buffer_print(buffer, "\\%c", byte == '\t' ? 't' : byte == '\n' ? 'n' : 'r');
        else if (byte == '"' || byte == '\\')
            buffer_print(buffer, "\\%c", byte);
        else if (byte >= 0x20 && byte < 0x7f)
            buffer_add_byte(buffer, (char)byte);
        else if (byte >= 0x80 && (sequence = utf8_sequence(data + i, bytes.size - i)) > 0) {
            buffer_add(buffer, (struct bytes){bytes.data + i, sequence});
            i += sequence - 1;
        } else
            buffer_print(buffer, "\\x%02x", byte);
    }
    if (bytes.size > QUOTED_MAX)
        buffer_add(buffer, bytes_of("..."));
    buffer_add_byte(buffer, '"');
}
