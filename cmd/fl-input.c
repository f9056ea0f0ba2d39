/* fl-input: the source: the lines of files, or of standard input, as records.
 *
 *     fl-input [-r DIR ...] [FILE...]
 *
 * As the root it saves its position in each file with each epoch, and a resume seeks: no line is read twice and none is
 * skipped, and a file that is not the one that the position belongs to is refused. A pipe cannot seek: what was processed of it
 * is read again and compared. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "message.h"
#include "option.h"
#include "position.h"
#include "stage.h"

static const char usage[] =
    "usage: fl-input [-r DIR] [-s SPAN] [-b SPAN] [-i STEP] [-w] [--final-line]\n"
    "           [--on-replaced fail|restart|continue] [FILE...]\n"
    "\n"
    "  -w, --words                    records are the words of the lines, which end at blanks\n"
    "      --final-line               with -r: take a last line that has no line end as well\n"
    "      --on-replaced WHAT         with -r: of a file that is not the one of before: fail (the default),\n"
    "                                 restart at its start, continue where the lines before are the same\n"
    STAGE_STEP_USAGE STAGE_USAGE;

struct input {
    const char *name; /* "-" is standard input */
    char *key;        /* its position is saved under this */
    int fd;
    bool seekable;
    bool moved;       /* the position changed since it was saved */
    struct position position;
    XXH3_state_t *hash; /* of a pipe: all bytes before the position */
};

struct inputs {
    struct input *list;
    size_t count;
    bool words;
    bool final_line;
    enum { ON_REPLACED_FAIL, ON_REPLACED_RESTART, ON_REPLACED_CONTINUE } on_replaced;
};

static void open_input(struct input *input)
{
    struct stat status;
    bool standard = strcmp(input->name, "-") == 0;
    input->fd = standard ? STDIN_FILENO : open(input->name, O_RDONLY | O_CLOEXEC);
    if (input->fd == -1)
        message_fail(errno == EMFILE ? STATUS_SYSTEM : STATUS_NO_INPUT, "%s: cannot be opened: %s", input->name,
                     strerror(errno));
    if (fstat(input->fd, &status) == -1)
        message_fail(STATUS_IO, "%s: %s", input->name, strerror(errno));
    if (S_ISDIR(status.st_mode))
        message_fail(STATUS_NO_INPUT, "%s: is a directory", input->name);
    input->seekable = S_ISREG(status.st_mode);
    input->key = standard ? strdup("-") : position_path(input->name, STATUS_NO_INPUT);
    if (input->key == NULL)
        message_fail(STATUS_SYSTEM, "out of memory");
    if (standard && input->seekable)
        input->position.offset = (uint64_t)lseek(input->fd, 0, SEEK_CUR);
    line_widen_pipe(input->fd);
}

/* --- positions, of a root ----------------------------------------------------------------------------------------- */

/* A file that is not the one its position is of. Returns whether to read it from its start. */
static bool restart_replaced(const struct inputs *inputs, const struct input *input, enum position_fit fit)
{
    static const char remedy[] = "put it back as it was, or say --on-replaced restart to read it from its start";
    if (fit == POSITION_UNREADABLE)
        message_fail(STATUS_IO, "%s: cannot be read: %s", input->name, strerror(errno));
    if (inputs->on_replaced == ON_REPLACED_RESTART)
        return true;
    if (fit == POSITION_RENEWED && inputs->on_replaced == ON_REPLACED_CONTINUE)
        return false;
    if (fit == POSITION_SHORTER)
        message_fail(STATUS_MISFIT, "%s: was truncated: it is shorter than the %" PRIu64 " bytes that were processed of it: %s",
                     input->name, input->position.offset, remedy);
    if (fit == POSITION_CHANGED)
        message_fail(STATUS_MISFIT, "%s: was replaced, or changed before byte %" PRIu64 ", up to which it was processed: %s",
                     input->name, input->position.offset, remedy);
    message_fail(STATUS_MISFIT, "%s: was replaced by another file, in which the lines that were processed are the same: %s, or"
                 " --on-replaced continue to go on in it", input->name, remedy);
}

/* The saved position of a file that is known by another name: it was renamed, or its directory was. */
struct search {
    const struct inputs *inputs;
    struct input *input;
    struct buffer key; /* under which it is saved; empty: nothing was found */
};

static void search_renamed(void *context, struct bytes key, struct bytes state)
{
    struct search *search = context;
    struct position position;
    struct stat status;
    if (search->key.size > 0 || !position_parse(state, &position) || fstat(search->input->fd, &status) == -1 ||
        position.inode != (uint64_t)status.st_ino || position.device != (uint64_t)status.st_dev)
        return;
    for (size_t i = 0; i < search->inputs->count; i++)
        if (bytes_equal(bytes_of(search->inputs->list[i].key), key))
            return;
    if (position_compare(&position, search->input->fd) != POSITION_FITS)
        return;
    search->input->position = position;
    buffer_add(&search->key, key);
}

static void find_position(struct inputs *inputs, struct input *input, struct stage *stage)
{
    struct bytes saved = state_get(stage->state, bytes_of(input->key));
    if (saved.data != NULL) {
        if (!position_parse(saved, &input->position))
            message_fail(STATUS_MISFIT, "%s: its saved position is not what it must be: put a copy of all partitions back",
                         input->name);
        enum position_fit fit = input->seekable ? position_compare(&input->position, input->fd) : POSITION_FITS;
        if (fit != POSITION_FITS && restart_replaced(inputs, input, fit))
            input->position = (struct position){0};
    } else if (input->seekable) {
        struct search search = {inputs, input, {0}};
        state_each(stage->state, search_renamed, &search);
        if (search.key.size > 0) {
            state_put(stage->state, buffer_bytes(&search.key), (struct bytes){NULL, 0});
            input->moved = true;
        }
        buffer_free(&search.key);
    }
}

static void on_begin(void *context, struct stage *stage)
{
    struct inputs *inputs = context;
    for (size_t i = 0; stage->root && i < inputs->count; i++)
        find_position(inputs, &inputs->list[i], stage);
}

static void on_freeze(void *context, struct stage *stage)
{
    struct inputs *inputs = context;
    char text[POSITION_TEXT];
    for (size_t i = 0; i < inputs->count; i++) {
        struct input *input = &inputs->list[i];
        if (!input->moved)
            continue;
        if (input->hash != NULL)
            input->position.hash = XXH3_64bits_digest(input->hash);
        else if (!position_take(&input->position, input->fd))
            message_fail(STATUS_IO, "%s: cannot be read: %s", input->name,
                         errno != 0 ? strerror(errno) : "it was truncated while it was being read");
        state_put(stage->state, bytes_of(input->key), position_format(&input->position, text));
        input->moved = false;
    }
}

/* --- lines -------------------------------------------------------------------------------------------------------- */

/* What comes before the position of a pipe is read, and compared. False: the flow was told to stop. */
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
                message_fail(STATUS_DATA, "%s: ends %" PRIu64 " bytes before where it was processed to: put it back as it was, or"
                             " begin a new recovery directory", input->name, left);
        }
        size_t here = lines->end - lines->start;
        if (here > left)
            here = (size_t)left;
        XXH3_64bits_update(input->hash, lines->data + lines->start, here);
        lines->start += here;
        left -= here;
    }
    if (input->position.offset > 0 && XXH3_64bits_digest(input->hash) != input->position.hash)
        message_fail(STATUS_DATA, "%s: its first %" PRIu64 " bytes are not those that were processed before: put it back as it"
                     " was, or begin a new recovery directory", input->name, input->position.offset);
    return true;
}

/* Sends whole lines, the first size bytes of which are the input's, and moves the position behind these. */
static void send(const struct inputs *inputs, struct input *input, struct stage *stage, struct bytes lines, size_t size)
{
    size_t count = inputs->words ? frame_write_words(&stage->out, lines) : frame_write_lines(&stage->out, lines);
    if (input->hash != NULL)
        XXH3_64bits_update(input->hash, lines.data, size);
    input->position.offset += size;
    input->position.records += count;
    input->moved = true;
    stage->sent += count;
    if (count > 0)
        stage_sent(stage);
}

/* Sends the lines of [start, end), each ended by a LF. */
static void send_lines(const struct inputs *inputs, struct input *input, struct stage *stage, const char *start,
                       const char *end)
{
    while (start < end) {
        const char *to = stage->eager ? line_find(start, end, '\n') + 1 : end;
        send(inputs, input, stage, (struct bytes){start, (size_t)(to - start)}, (size_t)(to - start));
        start = to;
    }
}

/* The last line, without an end of its own. */
static void send_final_line(const struct inputs *inputs, struct input *input, struct stage *stage, struct bytes line)
{
    if (line.size == 0)
        return;
    if (stage->root && !inputs->final_line) {
        message_say("%s: the last line has no line end: it is left for the next run (--final-line takes it)", input->name);
        return;
    }
    struct buffer whole = {0};
    buffer_add(&whole, line);
    buffer_add_byte(&whole, '\n');
    send(inputs, input, stage, buffer_bytes(&whole), line.size);
    buffer_free(&whole);
}

/* Returns false when the flow was told to stop. */
static bool read_input(const struct inputs *inputs, struct input *input, struct stage *stage)
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
            send_lines(inputs, input, stage, start, newline + 1);
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
        send_final_line(inputs, input, stage, (struct bytes){lines.data + lines.start, lines.end - lines.start});
    line_reader_close(&lines);
    return goes_on;
}

static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void open_inputs(struct inputs *inputs, char **names, size_t count)
{
    static char *standard[] = {"-", NULL};
    if (count == 0) {
        names = standard;
        count = 1;
    }
    raise_file_limit();
    inputs->list = bytes_allocate(count * sizeof *inputs->list);
    for (size_t i = 0; i < count; i++) {
        inputs->list[i] = (struct input){.name = names[i]};
        open_input(&inputs->list[i]);
        for (size_t j = 0; j < i; j++)
            if (strcmp(inputs->list[j].key, inputs->list[i].key) == 0)
                option_refuse("%s: is given twice", names[i]);
    }
    inputs->count = count;
}

int main(int argc, char **argv)
{
    (void)argc;
    stage_start(argv[0]);
    struct stage_options stage_options = {0};
    struct inputs inputs = {.list = NULL};
    const char *on_replaced = NULL;
    const struct option_entry options[] = {{.letter = 'w', .name = "words", .given = &inputs.words},
                                           {.name = "final-line", .given = &inputs.final_line},
                                           {.name = "on-replaced", .argument = &on_replaced},
                                           STAGE_OPTIONS(stage_options), STAGE_STEP_OPTION(stage_options), {0}};
    size_t count;
    char **operands = option_parse(argv, usage, (const struct option_entry *[]){options, NULL}, 0, OPTION_ANY, &count);
    if (on_replaced != NULL && strcmp(on_replaced, "restart") == 0)
        inputs.on_replaced = ON_REPLACED_RESTART;
    else if (on_replaced != NULL && strcmp(on_replaced, "continue") == 0)
        inputs.on_replaced = ON_REPLACED_CONTINUE;
    else if (on_replaced != NULL && strcmp(on_replaced, "fail") != 0)
        option_refuse("--on-replaced: \"%s\" is none of fail, restart and continue", on_replaced);

    open_inputs(&inputs, operands, count);
    const struct stage_program program = {
        .name = "input", .signature = "input", .begin = on_begin, .freeze = on_freeze};
    struct stage stage;
    stage_begin_source(&stage, &program, &inputs, &stage_options);
    for (size_t i = 0; i < inputs.count; i++)
        if (!read_input(&inputs, &inputs.list[i], &stage))
            break;
    int status = stage_end(&stage);
    for (size_t i = 0; i < inputs.count; i++) {
        free(inputs.list[i].key);
        XXH3_freeState(inputs.list[i].hash);
    }
    free(inputs.list);
    return status;
}
