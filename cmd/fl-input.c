/* fl-input: the source: the lines of files, or of standard input, as records.
 *
 *     fl-input [-r DIR ...] [FILE...]
 *
 * As the root it saves its position in each file with each epoch, and a resume seeks: no line is read twice and none is
 * skipped, and a file that is not the one that the position belongs to is refused. A pipe cannot seek: the part of it
 * that was processed is read again and compared. */
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/clock.h"
#include "base/message.h"
#include "base/scan.h"
#include "files/inputs.h"
#include "stage/stage.h"

struct source {
    struct inputs inputs;
    bool words;
    bool final_line;
    const char *on_replaced;
    int64_t begun;    /* for a root: when it began to read (clock.h) */
    uint64_t to_read; /* bytes behind the positions at that time; UINT64_MAX: unknown */
    uint64_t read;    /* bytes read since */
};

static const struct option_entry options[] = {
    {'w', "words", OPTION_FLAG, NULL, offsetof(struct source, words),
     "records are the words of the lines, which end at blanks"},
    {'\0', "final-line", OPTION_FLAG, NULL, offsetof(struct source, final_line),
     "with -r: take a last line that has no line end as well"},
    {'\0', "on-replaced", OPTION_TEXT, "WHAT", offsetof(struct source, on_replaced),
     "with -r: of a file that was replaced: fail (the default),\n"
     "restart at its start, continue where the lines before are the same"},
    {0},
};

static void on_begin(void *context, struct stage *stage)
{
    struct source *source = context;
    if (!stage->root)
        return;
    inputs_find_positions(&source->inputs, stage->state);
    source->to_read = inputs_left(&source->inputs);
    source->begun = clock_now();
}

/* Estimated by the pace so far. If a file has grown since the start, there is no estimate. */
static int64_t on_rest(void *context)
{
    const struct source *source = context;
    if (source->read == 0 || source->read > source->to_read)
        return INT64_MAX;
    const double elapsed = (double)(clock_now() - source->begun);
    const double span = elapsed / (double)source->read * (double)(source->to_read - source->read);
    return span < 0x1p63 ? (int64_t)span : INT64_MAX;
}

static void on_freeze(void *context, struct stage *stage)
{
    struct source *source = context;
    inputs_freeze(&source->inputs, stage->state);
}

/* Reads a pipe up to its position, and compares the hash. Returns false if the flow was told to stop. */
static bool skip_replayed(struct input *input, struct stage *stage, struct line_reader *lines)
{
    uint64_t left = input->position.offset;
    input->hash = XXH3_createState();
    if (input->hash == NULL || XXH3_64bits_reset(input->hash) == XXH_ERROR)
        message_fail(STATUS_SYSTEM, "out of memory");
    while (left > 0) {
        if (lines->start == lines->end) {
            if (!stage_wait(stage, input->fd))
                return false;
            ssize_t n = line_fill(lines);
            if (n == -1 && errno != EINTR)
                message_fail(STATUS_IO, "%s: cannot be read: %s", input->name, strerror(errno));
            if (n == 0)
                message_fail(STATUS_MISFIT,
                             "%s: ends %" PRIu64 " bytes before where it was processed to: put it back as it was, or"
                             " begin a new recovery directory",
                             input->name, left);
        }
        size_t here = lines->end - lines->start;
        if (here > left)
            here = (size_t)left;
        XXH3_64bits_update(input->hash, lines->data + lines->start, here);
        lines->start += here;
        left -= here;
    }
    if (input->position.offset > 0 && XXH3_64bits_digest(input->hash) != input->position.hash)
        message_fail(STATUS_MISFIT,
                     "%s: its first %" PRIu64 " bytes are not those that were processed before: put it back as it was,"
                     " or begin a new recovery directory",
                     input->name, input->position.offset);
    return true;
}

/* Sends whole lines, and moves the position of the input on by size bytes. size is that of the lines, but without the
 * LF of a last line that has none in the file. */
static void send(struct source *source, struct input *input, struct stage *stage, struct bytes lines, size_t size)
{
    size_t count = source->words ? frame_write_words(&stage->out, lines) : frame_write_lines(&stage->out, lines);
    inputs_advance(input, (struct bytes){lines.data, size}, count);
    source->read += size;
    stage->sent += count;
    if (count > 0)
        stage_sent(stage);
}

/* Sends the lines of [start, end), each ended by a LF. */
static void send_lines(struct source *source, struct input *input, struct stage *stage, const char *start,
                       const char *end)
{
    while (start < end) {
        const char *to = stage->eager ? scan_find(start, end, '\n') + 1 : end;
        send(source, input, stage, (struct bytes){start, (size_t)(to - start)}, (size_t)(to - start));
        start = to;
    }
}

/* Sends the last line if it has no line end, or leaves it for the next run. */
static void send_final_line(struct source *source, struct input *input, struct stage *stage,
                            const struct line_reader *lines)
{
    const struct bytes line = {lines->data + lines->start, lines->end - lines->start};
    if (line.size == 0)
        return;
    if (stage->root && !source->final_line) {
        message_say("%s: the last line has no line end: it is left for the next run (--final-line takes it)",
                    input->name);
        return;
    }
    lines->data[lines->end] = '\n'; /* within LINE_SLACK */
    send(source, input, stage, (struct bytes){line.data, line.size + 1}, line.size);
}

/* Sends the records of an input. Returns false if the flow was told to stop. */
static bool read_input(struct source *source, struct input *input, struct stage *stage)
{
    struct line_reader lines;
    bool goes_on = true;
    line_reader_open(&lines, input->fd, FRAME_LIMIT);
    stage_name_source(stage, bytes_of(input->name), input->position.records);
    if (!input->seekable && stage->root)
        goes_on = skip_replayed(input, stage, &lines);
    else if (input->seekable && lseek(input->fd, (off_t)input->position.offset, SEEK_SET) == -1)
        message_fail(STATUS_IO, "%s: cannot be read: %s", input->name, strerror(errno));
    while (goes_on) {
        const char *start = lines.data + lines.start;
        const char *end = lines.data + lines.end;
        const char *newline = lines.end > lines.start ? memrchr(start, '\n', (size_t)(end - start)) : NULL;
        if (newline != NULL) {
            send_lines(source, input, stage, start, newline + 1);
            lines.start += (size_t)(newline + 1 - start);
        }
        goes_on = stage_wait(stage, input->fd);
        ssize_t n = goes_on ? line_fill(&lines) : 0;
        if (n == -1 && errno == EMSGSIZE)
            message_fail(STATUS_DATA, "%s: record %" PRIu64 ": is longer than the limit of %zu bytes", input->name,
                         input->position.records + 1, FRAME_LIMIT);
        if (n == -1 && errno != EINTR)
            message_fail(STATUS_IO, "%s: cannot be read: %s", input->name, strerror(errno));
        if (n == 0)
            break;
    }
    if (goes_on)
        send_final_line(source, input, stage, &lines);
    line_reader_close(&lines);
    return goes_on;
}

static void on_open(void *context, struct stage *stage, char **operands)
{
    struct source *source = context;
    const char *what = source->on_replaced;
    size_t count = 0;
    (void)stage;
    if (what != NULL && strcmp(what, "restart") == 0)
        source->inputs.on_replaced = ON_REPLACED_RESTART;
    else if (what != NULL && strcmp(what, "continue") == 0)
        source->inputs.on_replaced = ON_REPLACED_CONTINUE;
    else if (what != NULL && strcmp(what, "fail") != 0)
        option_refuse("--on-replaced: \"%s\" is not one of fail, restart and continue", what);
    while (operands[count] != NULL)
        count++;
    inputs_open(&source->inputs, operands, count);
}

static void on_read(void *context, struct stage *stage)
{
    struct source *source = context;
    for (size_t i = 0; i < source->inputs.count; i++)
        if (!read_input(source, &source->inputs.list[i], stage))
            return;
}

static void on_close(void *context)
{
    inputs_close(&((struct source *)context)->inputs);
}

static const struct stage_program program = {
    .name = "input",
    .role = ROLE_SOURCE,
    .forms = {{.text = "[-w] [--final-line] [--on-replaced fail|restart|continue] [FILE...]"}},
    .options = {{options, 0}},
    .most = OPTION_ANY,
    .keeps_state = true,
    .signature = "input",
    .open = on_open,
    .read = on_read,
    .calls = {.begin = on_begin, .rest = on_rest, .freeze = on_freeze},
    .close = on_close,
};

int main(int argc, char **argv)
{
    struct source source = {0};
    (void)argc;
    return stage_main(&program, &source, argv);
}
