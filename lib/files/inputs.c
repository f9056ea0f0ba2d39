#include "files/inputs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/descriptor.h"
#include "base/message.h"
#include "base/option.h"
#include "files/known.h"
#include "files/rotation.h"

_Noreturn static void fail_rotated(const char *path)
{
    message_fail(STATUS_TRY_LATER, "%s: was rotated just now: run the flow again", path);
}

/* The key of a file in inputs->files. */
struct file_key {
    uint64_t device, inode;
};

static bool is_given(const struct inputs *inputs, const char *key)
{
    return state_get(inputs->keys, bytes_of(key)).data != NULL;
}

/* Returns the descriptor of an input that is this file, or -1 if there is no such input. */
static int find_file(const struct inputs *inputs, uint64_t device, uint64_t inode)
{
    const struct file_key key = {device, inode};
    const struct bytes found = state_get(inputs->files, (struct bytes){(const char *)&key, sizeof key});
    int fd = -1;
    if (found.data != NULL)
        memcpy(&fd, found.data, sizeof fd);
    return fd;
}

static void open_input(struct input *input)
{
    struct stat status;
    bool standard = strcmp(input->name, "-") == 0;
    input->fd = standard ? STDIN_FILENO : open(input->name, O_RDONLY | O_CLOEXEC);
    if (input->fd == -1 && input->found && errno == ENOENT)
        fail_rotated(input->name);
    if (input->fd == -1)
        message_fail(errno == EMFILE ? STATUS_SYSTEM : STATUS_NO_INPUT, "%s: cannot be opened: %s", input->name,
                     strerror(errno));
    if (fstat(input->fd, &status) == -1)
        message_fail(STATUS_IO, "%s: %s", input->name, strerror(errno));
    if (S_ISDIR(status.st_mode))
        message_fail(STATUS_NO_INPUT, "%s: is a directory", input->name);
    input->device = (uint64_t)status.st_dev;
    input->inode = (uint64_t)status.st_ino;
    input->seekable = S_ISREG(status.st_mode);
    input->key = standard ? bytes_string(bytes_of("-")) : position_path(input->name, STATUS_NO_INPUT);
    if (standard && input->seekable)
        input->position.offset = (uint64_t)lseek(input->fd, 0, SEEK_CUR);
    descriptor_widen_pipe(input->fd);
}

/* Adds an open input behind the others. */
static void add_input(struct inputs *inputs, const struct input *input)
{
    const struct file_key file = {input->device, input->inode};
    inputs->list = array_grow(inputs->list, inputs->count, &inputs->room, sizeof *inputs->list);
    inputs->list[inputs->count++] = *input;
    state_put(inputs->keys, bytes_of(input->key), bytes_of(""));
    state_put(inputs->files, (struct bytes){(const char *)&file, sizeof file},
              (struct bytes){(const char *)&input->fd, sizeof input->fd});
}

static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

void inputs_open(struct inputs *inputs, char **names, size_t count)
{
    static char *standard[] = {"-", NULL};
    if (count == 0) {
        names = standard;
        count = 1;
    }
    raise_file_limit();
    inputs->keys = state_open(NULL);
    inputs->files = state_open(NULL);
    for (size_t i = 0; i < count; i++) {
        struct input input = {.name = names[i]};
        open_input(&input);
        if (is_given(inputs, input.key))
            option_refuse("%s: is given twice", names[i]);
        add_input(inputs, &input);
    }
}

/* --- positions that were saved ------------------------------------------------------------------------------------ */

static const struct known *known_of(const struct known_files *known, const struct input *input)
{
    return known_by_file(known, input->key, input->device, input->inode, input->fd);
}

static void free_input(struct input *input)
{
    free(input->key);
    if (input->found)
        free((char *)input->name);
    XXH3_freeState(input->hash);
    buffer_free(&input->tail);
}

/* Adds the rotated file at path behind the other inputs, unless it is one of them under another name. It goes on from
 * its saved position. If it has none, it goes on from the position expected, which must fit it, or, if expected is
 * NULL, from its start. */
static void add_found(struct inputs *inputs, const struct known_files *known, const char *path,
                      const struct position *expected)
{
    struct input input = {.name = bytes_string(bytes_of(path)), .found = true, .moved = true};
    open_input(&input);
    if (find_file(inputs, input.device, input.inode) != -1) {
        close(input.fd);
        free_input(&input);
        return;
    }
    const struct known *saved = known_of(known, &input);
    if (saved == NULL && expected != NULL && position_compare(expected, input.fd) != POSITION_FITS)
        fail_rotated(path);
    if (saved != NULL || expected != NULL)
        input.position = saved != NULL ? saved->position : *expected;
    add_input(inputs, &input);
}

/* Whether the file still has its path and has not grown. */
static bool rests(const struct known *known)
{
    struct stat status;
    return stat(known->key, &status) == 0 && position_is_of(&known->position, &status) &&
           (uint64_t)status.st_size <= known->position.offset;
}

/* Adds the files that had the input's path before and have grown since: a writer may keep a log open for a while after
 * its rotation. */
static void add_grown(struct inputs *inputs, const struct known_files *known, const struct input *input)
{
    size_t count;
    const struct known *const *old = known_rotated(known, input->key, &count);
    for (size_t i = 0; i < count; i++) {
        struct stat status;
        const struct position *position = &old[i]->position;
        if (find_file(inputs, position->device, position->inode) != -1 || rests(old[i]))
            continue;
        char *now = rotation_path(input->key, position);
        if (now != NULL && !is_given(inputs, now) && stat(now, &status) == 0 &&
            (uint64_t)status.st_size > position->offset)
            add_found(inputs, known, now, position);
        free(now);
    }
}

/* Adds the file that had the input's path before, and those that had it in between. Returns false if it is nowhere. */
static bool follow_rotation(struct inputs *inputs, const struct known_files *known, const struct input *input,
                            const struct position *before)
{
    struct rotation rotation;
    switch (rotation_find(input->key, before, &rotation)) {
    case ROTATION_INCOMPLETE:
        message_fail(STATUS_MISFIT,
                     "%s: was rotated, and %s, which came next, is missing or compressed: put it back, or say "
                     "--on-replaced restart to go on with the newest alone",
                     input->name, rotation.paths[0]);
    case ROTATION_GONE:
        return false;
    case ROTATION_FOUND:
        break;
    }
    for (size_t i = 0; i < rotation.count; i++)
        if (!is_given(inputs, rotation.paths[i]))
            add_found(inputs, known, rotation.paths[i], i == 0 ? before : NULL);
    rotation_free(&rotation);
    return true;
}

/* Refuses an input that does not fit the position saved under its name, or has it read from its start. */
static void take_replaced(const struct inputs *inputs, struct input *input, const struct position *before)
{
    static const char remedy[] = "put it back as it was, or say --on-replaced restart to read it from its start";
    enum position_fit fit = position_compare(before, input->fd);
    if (inputs->on_replaced == ON_REPLACED_RESTART)
        return;
    switch (fit) {
    case POSITION_FITS: /* it was put back just now */
        input->position = *before;
        break;
    case POSITION_SHORTER:
        message_fail(STATUS_MISFIT,
                     "%s: was truncated: it is shorter than the %" PRIu64 " bytes that were processed of it: %s",
                     input->name, before->offset, remedy);
    case POSITION_CHANGED:
        message_fail(STATUS_MISFIT,
                     "%s: was replaced, or changed before byte %" PRIu64 ", up to which it was processed: %s",
                     input->name, before->offset, remedy);
    case POSITION_RENEWED:
        if (inputs->on_replaced == ON_REPLACED_CONTINUE) {
            input->position = *before;
            return;
        }
        message_fail(STATUS_MISFIT,
                     "%s: was replaced by another file, in which the lines that were processed are the same: %s, or "
                     "--on-replaced continue to go on in it",
                     input->name, remedy);
    case POSITION_UNREADABLE:
        message_fail(STATUS_IO, "%s: cannot be read: %s", input->name, strerror(errno));
    }
}

/* Finds the position of an input, and adds what is to be read before it. */
static void find_position(struct inputs *inputs, const struct known_files *known, struct input *input,
                          struct state *state)
{
    const struct known *same_key = known_by_key(known, input->key);
    const struct known *same_file = input->seekable ? known_of(known, input) : same_key;
    if (same_file != NULL) {
        input->position = same_file->position;
        if (same_file == same_key)
            return;
        input->moved = true;
        if (!is_given(inputs, same_file->key)) /* from now on its position is saved under its new name */
            state_put(state, bytes_of(same_file->key), (struct bytes){NULL, 0});
        return;
    }
    if (same_key == NULL)
        return;
    const struct position *before = &same_key->position;
    const int other = find_file(inputs, before->device, before->inode);
    input->moved = true;
    if (other != -1 && position_compare(before, other) == POSITION_FITS)
        return; /* the old file is given too, under another name */
    if (inputs->on_replaced != ON_REPLACED_FAIL || !follow_rotation(inputs, known, input, before))
        take_replaced(inputs, input, before);
}

void inputs_find_positions(struct inputs *inputs, struct state *state)
{
    const struct inputs given = *inputs;
    struct known_files known;
    known_open(&known, state);
    inputs->list = NULL;
    inputs->count = inputs->room = 0;
    for (size_t i = 0; i < given.count; i++) {
        struct input input = given.list[i];
        add_grown(inputs, &known, &input);
        find_position(inputs, &known, &input, state);
        add_input(inputs, &input);
    }
    free(given.list);
    known_close(&known);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

uint64_t inputs_left(const struct inputs *inputs)
{
    uint64_t left = 0;
    for (size_t i = 0; i < inputs->count; i++) {
        const struct input *input = &inputs->list[i];
        struct stat status;
        if (!input->seekable || fstat(input->fd, &status) == -1)
            return UINT64_MAX;
        if ((uint64_t)status.st_size > input->position.offset)
            left += (uint64_t)status.st_size - input->position.offset;
    }
    return left;
}

void inputs_advance(struct input *input, struct bytes read, uint64_t records)
{
    struct buffer *tail = &input->tail;
    input->position.offset += read.size;
    input->position.records += records;
    input->moved = true;
    if (input->hash != NULL) {
        XXH3_64bits_update(input->hash, read.data, read.size);
        return;
    }
    size_t more = read.size < POSITION_WINDOW ? read.size : POSITION_WINDOW;
    size_t keep = tail->size < POSITION_WINDOW - more ? tail->size : POSITION_WINDOW - more;
    if (keep > 0)
        memmove(tail->data, tail->data + tail->size - keep, keep);
    tail->size = keep;
    buffer_add(tail, (struct bytes){read.data + read.size - more, more});
}

/* Completes the position by the file as it is now: it may have been truncated and filled again while it was read. */
static void take_position(struct input *input)
{
    switch (position_take(&input->position, input->fd, buffer_bytes(&input->tail))) {
    case POSITION_FITS:
        break;
    case POSITION_UNREADABLE:
        message_fail(STATUS_IO, "%s: cannot be read: %s", input->name, strerror(errno));
    default:
        message_fail(STATUS_MISFIT, "%s: was truncated or changed while it was being read: put it back as it was",
                     input->name);
    }
}

void inputs_freeze(struct inputs *inputs, struct state *state)
{
    char text[POSITION_TEXT];
    for (size_t i = 0; i < inputs->count; i++) {
        struct input *input = &inputs->list[i];
        if (!input->moved)
            continue;
        if (input->hash != NULL)
            input->position.hash = XXH3_64bits_digest(input->hash);
        else
            take_position(input);
        state_put(state, bytes_of(input->key), position_format(&input->position, text));
        input->moved = false;
    }
}

void inputs_close(struct inputs *inputs)
{
    for (size_t i = 0; i < inputs->count; i++)
        free_input(&inputs->list[i]);
    free(inputs->list);
    state_close(inputs->keys);
    state_close(inputs->files);
}
