/* fl-out: the sink: prints the records, and commits.
 *
 *     fl-out [-f FORMAT] [--hold] [FILE]
 *
 * In FILE each record stands exactly once: its length is saved with each epoch, it is synced before the commit, and a
 * resume cuts it back. On standard output it stands at least once. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"
#include "option.h"
#include "position.h"
#include "stage.h"

static const char usage[] =
    "usage: fl-out [-r DIR] [-s SPAN] [-b SPAN] [-i STEP] [-f FORMAT] [--hold] [FILE]\n"
    "\n"
    "  -f, --format FORMAT            print this for each record: %k the key, %v the value, %%, \\t, \\n, \\\\\n"
    "      --hold                     print the lines of an epoch only when it is saved everywhere\n"
    STAGE_STEP_USAGE STAGE_USAGE;

/* A part of a format: a literal, or one of the two. */
struct piece {
    enum { PIECE_LITERAL, PIECE_KEY, PIECE_VALUE } kind;
    struct bytes literal;
};

struct out {
    struct piece *pieces; /* NULL: the key, a tab and the value, or the value alone */
    size_t count;
    const char *name;     /* of the file; NULL: standard output */
    char *path;           /* where its position is saved under; NULL: it is none that can be cut back */
    struct position position;
    bool new;             /* how long it was before is not saved yet */
    bool hold;
};

static void add_piece(struct out *out, struct piece piece)
{
    out->pieces = bytes_reallocate(out->pieces, (out->count + 1) * sizeof *out->pieces);
    out->pieces[out->count++] = piece;
}

static void read_format(struct out *out, const char *format)
{
    for (const char *at = format; *at != '\0'; at++) {
        struct piece piece = {PIECE_LITERAL, {at, 1}};
        if (*at == '%' || *at == '\\') {
            static const char codes[] = "%k%v%%\\t\\n\\\\";
            static const char means[] = "  %\t\n\\";
            size_t i = 0;
            while (i < sizeof means - 1 && memcmp(codes + 2 * i, at, 2) != 0)
                i++;
            if (i == sizeof means - 1)
                option_refuse("-f: \"%.2s\" means nothing: there are %%k %%v %%%% \\t \\n \\\\", at);
            piece.kind = i == 0 ? PIECE_KEY : i == 1 ? PIECE_VALUE : PIECE_LITERAL;
            piece.literal.data = means + i;
            at++;
        }
        add_piece(out, piece);
    }
    add_piece(out, (struct piece){PIECE_LITERAL, bytes_of("\n")});
}

static void write_formatted(const struct out *out, struct line_writer *writer, const struct record *record)
{
    for (size_t i = 0; i < out->count; i++) {
        const struct piece *piece = &out->pieces[i];
        line_add(writer, piece->kind == PIECE_KEY     ? record->key
                         : piece->kind == PIECE_VALUE ? record->value
                                                      : piece->literal);
    }
}

/* The frame of a plain record is the line to be printed, behind its first byte. */
static void write_default(struct line_writer *writer, const struct record *record)
{
    if (record->plain) {
        line_add(writer, (struct bytes){record->frame.data + 1, record->frame.size - 1});
        return;
    }
    if (record->keyed) {
        line_add(writer, record->key);
        line_add(writer, bytes_of("\t"));
    }
    line_add(writer, record->value);
    line_add(writer, bytes_of("\n"));
}

static void sync_parent(const char *name)
{
    char *copy = strdup(name);
    int fd = copy != NULL ? open(dirname(copy), O_RDONLY | O_CLOEXEC) : -1;
    if (fd == -1 || (fsync(fd) == -1 && errno != EINVAL))
        message_fail(STATUS_IO, "%s: its directory cannot be synced: %s", name, strerror(errno));
    close(fd);
    free(copy);
}

/* Before the first byte goes into a file that the flow has not written to: how long it is now. */
static void save_base(struct out *out, struct stage *stage)
{
    char text[POSITION_TEXT];
    sync_parent(out->name);
    stage_save_base(stage, bytes_of(out->path), position_format(&out->position, text));
    out->new = false;
}

static void on_records(void *context, struct stage *stage, const struct record *records, size_t count)
{
    struct out *out = context;
    if (out->new)
        save_base(out, stage);
    for (size_t i = 0; i < count; i++) {
        if (out->pieces == NULL)
            write_default(&stage->out, &records[i]);
        else
            write_formatted(out, &stage->out, &records[i]);
    }
    out->position.records += count;
}

/* Cuts the file back to what is committed of it. */
static void cut_back(const struct out *out, int fd)
{
    switch (position_compare(&out->position, fd)) {
    case POSITION_FITS:
        break;
    case POSITION_SHORTER:
        message_fail(STATUS_MISFIT, "%s: is shorter than the %" PRIu64 " bytes that are committed of it: put it back, or write to"
                     " another file", out->name, out->position.offset);
    case POSITION_UNREADABLE:
        message_fail(STATUS_IO, "%s: cannot be read: %s", out->name, strerror(errno));
    default:
        message_fail(STATUS_MISFIT, "%s: is not the file that this flow has written %" PRIu64 " bytes to: put that one back, or"
                     " write to another file", out->name, out->position.offset);
    }
    if (ftruncate(fd, (off_t)out->position.offset) == -1)
        message_fail(STATUS_IO, "%s: cannot be cut back: %s", out->name, strerror(errno));
}

/* Opens the file for appending; it is made where it is missing and may be. */
static int open_file(const char *name, bool make)
{
    int fd = open(name, O_RDWR | O_APPEND | O_CLOEXEC | (make ? O_CREAT : 0), 0666);
    if (fd == -1 && errno == ENOENT && !make)
        message_fail(STATUS_MISFIT, "%s: is missing, and the flow has written to it: put it back, or write to another file",
                     name);
    if (fd == -1 && (errno == EACCES || errno == ENXIO || errno == EINVAL || errno == ESPIPE))
        fd = open(name, O_WRONLY | O_APPEND | O_CLOEXEC); /* a device, a FIFO */
    if (fd == -1)
        message_fail(STATUS_CANT_CREATE, "%s: cannot be opened for writing: %s", name, strerror(errno));
    return fd;
}

static void on_begin(void *context, struct stage *stage)
{
    struct out *out = context;
    if (out->hold) {
        if (!stage->recovers)
            option_refuse("--hold goes with recovery: give -r to a stage of the flow");
        stage_hold(stage);
    }
    if (out->name == NULL)
        return;
    struct stat status;
    bool there = stat(out->name, &status) == 0;
    struct bytes saved = {NULL, 0};
    if (stage->recovers && (!there || S_ISREG(status.st_mode))) {
        out->path = position_path(out->name, STATUS_CANT_CREATE);
        saved = state_get(stage->state, bytes_of(out->path));
        if (saved.data != NULL && !position_parse(saved, &out->position))
            message_fail(STATUS_MISFIT, "%s: what is saved of it is not what it must be", out->name);
    }
    int fd = open_file(out->name, saved.data == NULL);
    if (out->path != NULL) {
        if (saved.data != NULL)
            cut_back(out, fd);
        out->new = saved.data == NULL;
        off_t end = lseek(fd, 0, SEEK_END);
        out->position.offset = (uint64_t)end;
        if (end == -1 || !position_take(&out->position, fd))
            message_fail(STATUS_IO, "%s: cannot be read: %s", out->name, strerror(errno));
        stage->sync_fd = fd;
    }
    stage->out.fd = fd;
    stage->out.name = out->name;
}

static void on_freeze(void *context, struct stage *stage)
{
    struct out *out = context;
    char text[POSITION_TEXT];
    if (out->path == NULL || out->new)
        return;
    off_t end = lseek(stage->out.fd, 0, SEEK_CUR);
    out->position.offset = (uint64_t)end;
    if (end == -1 || !position_take(&out->position, stage->out.fd))
        message_fail(STATUS_IO, "%s: cannot be read: %s", out->name, errno != 0 ? strerror(errno) : "it was cut short");
    state_put(stage->state, bytes_of(out->path), position_format(&out->position, text));
}

int main(int argc, char **argv)
{
    (void)argc;
    message_start(argv[0]);
    struct stage_options stage_options = {0};
    struct out out = {.pieces = NULL};
    const char *format = NULL;
    const struct option_entry options[] = {{.letter = 'f', .name = "format", .argument = &format},
                                           {.name = "hold", .given = &out.hold},
                                           STAGE_OPTIONS(stage_options), STAGE_STEP_OPTION(stage_options), {0}};
    char **operands = option_parse(argv, usage, (const struct option_entry *[]){options, NULL}, 0, 1, NULL);
    out.name = operands[0];
    if (out.name != NULL && *out.name == '\0')
        option_refuse("the name of the file is empty");
    if (out.hold && out.name != NULL)
        option_refuse("--hold is for standard output: in a file each line stands once without it");
    if (format != NULL)
        read_format(&out, format);

    const struct stage_program program = {
        .name = "out", .signature = "out", .sink = true, .begin = on_begin, .records = on_records, .freeze = on_freeze};
    int status = stage_run(&program, &out, &stage_options);
    free(out.pieces);
    free(out.path);
    return status;
}
