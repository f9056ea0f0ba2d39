#include "files/output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/message.h"

/* Cuts the file back to what is committed of it. */
static void cut_back(const struct output *output)
{
    switch (position_compare(&output->position, output->out.fd)) {
    case POSITION_FITS:
        break;
    case POSITION_SHORTER:
        message_fail(STATUS_MISFIT,
                     "%s: is shorter than the %" PRIu64 " bytes that are committed of it: put it back, or write to "
                     "another file",
                     output->name, output->position.offset);
    case POSITION_UNREADABLE:
        message_fail(STATUS_IO, "%s: cannot be read: %s", output->name, strerror(errno));
    default:
        message_fail(STATUS_MISFIT,
                     "%s: is not the file that this flow has written %" PRIu64 " bytes to: put that one back, or write "
                     "to another file",
                     output->name, output->position.offset);
    }
    CRASH_POINT("cut: before");
    if (ftruncate(output->out.fd, (off_t)output->position.offset) == -1)
        message_fail(STATUS_IO, "%s: cannot be cut back: %s", output->name, strerror(errno));
    CRASH_POINT("cut: after");
}

/* Opens the file for appending; it is made where it is missing and may be. */
static int open_file(const char *name, bool make)
{
    int fd = open(name, O_RDWR | O_APPEND | O_CLOEXEC | (make ? O_CREAT : 0), 0666);
    if (fd == -1 && errno == ENOENT && !make)
        message_fail(STATUS_MISFIT,
                     "%s: is missing, and the flow has written to it: put it back, or write to another file", name);
    if (fd == -1 && (errno == EACCES || errno == ENXIO || errno == EINVAL || errno == ESPIPE))
        fd = open(name, O_WRONLY | O_APPEND | O_CLOEXEC); /* a device, a FIFO */
    if (fd == -1)
        message_fail(STATUS_CANT_CREATE, "%s: cannot be opened for writing: %s", name, strerror(errno));
    return fd;
}

/* The end of the file is the position. */
static void take_end(struct output *output)
{
    off_t end = lseek(output->out.fd, 0, SEEK_END);
    output->position.offset = (uint64_t)end;
    enum position_fit fit =
        end == -1 ? POSITION_UNREADABLE : position_take(&output->position, output->out.fd, (struct bytes){NULL, 0});
    if (fit != POSITION_FITS)
        message_fail(STATUS_IO, "%s: cannot be read: %s", output->name,
                     fit == POSITION_UNREADABLE ? strerror(errno) : "it was cut short");
}

void output_open(struct output *output, const char *name, struct state *state)
{
    struct stat status;
    struct bytes saved = {NULL, 0};
    *output = (struct output){.name = name, .state = state};
    if (state != NULL && (stat(name, &status) == -1 || S_ISREG(status.st_mode))) {
        output->path = position_path(name, STATUS_CANT_CREATE);
        saved = state_get(state, bytes_of(output->path));
        if (saved.data != NULL && !position_parse(saved, &output->position))
            message_fail(STATUS_MISFIT, "%s: its saved position is malformed: put a copy of all partitions back", name);
    }
    line_writer_open(&output->out, open_file(name, saved.data == NULL), name);
    if (output->path == NULL)
        return;
    output->out.synced = true;
    if (saved.data != NULL)
        cut_back(output);
    output->fresh = saved.data == NULL;
    take_end(output);
}

struct bytes output_base(struct output *output, char text[POSITION_TEXT])
{
    char *copy = bytes_string(bytes_of(output->path));
    int fd = open(dirname(copy), O_RDONLY | O_CLOEXEC);
    if (fd == -1 || (fsync(fd) == -1 && errno != EINVAL))
        message_fail(STATUS_IO, "%s: its directory cannot be synced: %s", output->name, strerror(errno));
    close(fd);
    free(copy);
    output->fresh = false;
    return position_format(&output->position, text);
}

void output_freeze(struct output *output)
{
    char text[POSITION_TEXT];
    line_flush(&output->out);
    if (output->path == NULL || output->fresh)
        return;
    take_end(output);
    state_put(output->state, bytes_of(output->path), position_format(&output->position, text));
}

void output_close(struct output *output)
{
    line_flush(&output->out);
    if (close(output->out.fd) == -1)
        message_fail(STATUS_IO, "%s: cannot be closed: %s", output->name, strerror(errno));
    free(output->out.data);
    free(output->path);
}
