#include "files/inputs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "wire/line.h"
#include "base/message.h"
#include "base/option.h"
#include "files/rotation.h"

_Noreturn static void fail_rotated(const char *path)
{
    message_fail(STATUS_TRY_LATER, "%s: was rotated just now: run the flow again", path);
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
    input->seekable = S_ISREG(status.st_mode);
    input->key = standard ? strdup("-") : position_path(input->name, STATUS_NO_INPUT);
    if (input->key == NULL)
        message_fail(STATUS_SYSTEM, "out of memory");
    if (standard && input->seekable)
        input->position.offset = (uint64_t)lseek(input->fd, 0, SEEK_CUR);
    descriptor_widen_pipe(input->fd);
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

/* What is saved of the files of this flow: a file is known by its inode, whatever its name is now. */
struct known {
    char *key;
    struct position position;
};

struct known_list {
    struct known *list;
    size_t count;
};

static void add_known(void *context, struct bytes key, struct bytes state)
{
    struct known_list *known = context;
    known->list = bytes_reallocate(known->list, (known->count + 1) * sizeof *known->list);
    struct known *last = &known->list[known->count++];
    last->key = strndup(key.data, key.size);
    if (last->key == NULL || !position_parse(state, &last->position))
        message_fail(STATUS_MISFIT,
                     "%.*s: its saved position is not what it must be: put a copy of all partitions back",
                     (int)key.size, key.data);
}

/* What is saved under the name of an input; NULL: nothing. */
static const struct known *known_by_key(const struct known_list *known, const struct input *input)
{
    for (size_t i = 0; i < known->count; i++)
        if (strcmp(known->list[i].key, input->key) == 0)
            return &known->list[i];
    return NULL;
}

/* What is saved of the file that an input is; the furthest, where it had several names. Where nothing of it was
 * processed there is only the inode, which another file may have by now: that counts under the same name alone. */
static const struct known *known_by_file(const struct known_list *known, const struct input *input)
{
    const struct known *found = NULL;
    for (size_t i = 0; i < known->count; i++)
        if ((known->list[i].position.offset > 0 || strcmp(known->list[i].key, input->key) == 0) &&
            position_compare(&known->list[i].position, input->fd) == POSITION_FITS &&
            (found == NULL || known->list[i].position.offset > found->position.offset))
            found = &known->list[i];
    return found;
}

static bool is_given(const struct inputs *inputs, const char *key)
{
    for (size_t i = 0; i < inputs->count; i++)
        if (strcmp(inputs->list[i].key, key) == 0)
            return true;
    return false;
}

/* Whether the input at place is the same file as another. */
static bool is_twice(const struct inputs *inputs, size_t place)
{
    struct stat one, other;
    if (fstat(inputs->list[place].fd, &one) == -1)
        return false;
    for (size_t i = 0; i < inputs->count; i++)
        if (i != place && fstat(inputs->list[i].fd, &other) == 0 && one.st_dev == other.st_dev &&
            one.st_ino == other.st_ino)
            return true;
    return false;
}

/* Puts an input that was not given before the one at place. */
static struct input *insert_input(struct inputs *inputs, size_t place, const char *path)
{
    inputs->list = bytes_reallocate(inputs->list, (inputs->count + 1) * sizeof *inputs->list);
    memmove(inputs->list + place + 1, inputs->list + place, (inputs->count++ - place) * sizeof *inputs->list);
    struct input *input = &inputs->list[place];
    *input = (struct input){.name = strdup(path), .found = true, .moved = true};
    if (input->name == NULL)
        message_fail(STATUS_SYSTEM, "out of memory");
    open_input(input);
    if (is_twice(inputs, place))
        fail_rotated(path);
    return input;
}

/* Adds, before the input at *place, which moves on by as many, the files that had its path before, where they have
 * grown since: who writes to a log may have it open for a while after its rotation. */
static void add_grown(struct inputs *inputs, const struct known_list *known, size_t *place)
{
    for (size_t i = 0; i < known->count; i++) {
        const char *path = inputs->list[*place].key;
        const struct known *old = &known->list[i];
        if (is_given(inputs, old->key) || !rotation_is_path(path, old->key))
            continue;
        struct stat status;
        char *now = rotation_path(path, &old->position);
        if (now != NULL && !is_given(inputs, now) && stat(now, &status) == 0 &&
            (uint64_t)status.st_size > old->position.offset) {
            struct input *input = insert_input(inputs, (*place)++, now);
            const struct known *same = known_by_file(known, input);
            input->position = same != NULL ? same->position : old->position;
            if (position_compare(&input->position, input->fd) != POSITION_FITS)
                fail_rotated(now);
        }
        free(now);
    }
}

/* Follows a file that was rotated: the old one is to be read first, and those that came in between. False: it is
 * nowhere. Moves *place on by as many inputs as that puts before the one there. */
static bool follow_rotation(struct inputs *inputs, const struct known_list *known, size_t *place,
                            const struct known *old)
{
    struct rotation rotation;
    switch (rotation_find(inputs->list[*place].key, &old->position, &rotation)) {
    case ROTATION_INCOMPLETE:
        message_fail(STATUS_MISFIT,
                     "%s: was rotated, and %s, which came next, is missing or compressed: put it back, or say "
                     "--on-replaced restart to go on with the newest alone",
                     inputs->list[*place].name, rotation.paths[0]);
    case ROTATION_GONE:
        return false;
    case ROTATION_FOUND:
        break;
    }
    for (size_t i = 0; i < rotation.count; i++) {
        if (is_given(inputs, rotation.paths[i]))
            continue;
        struct input *input = insert_input(inputs, (*place)++, rotation.paths[i]);
        const struct known *same = known_by_file(known, input);
        if (same != NULL)
            input->position = same->position;
        else if (i == 0 && position_compare(&old->position, input->fd) != POSITION_FITS)
            fail_rotated(rotation.paths[i]);
    }
    rotation_free(&rotation);
    return true;
}

/* A file that is not the one its position is of, and the other one is nowhere: it is read from its start, or refused.
 */
static void take_replaced(const struct inputs *inputs, struct input *input, const struct position *before)
{
    static const char remedy[] = "put it back as it was, or say --on-replaced restart to read it from its start";
    enum position_fit fit = position_compare(before, input->fd);
    if (inputs->on_replaced == ON_REPLACED_RESTART)
        return;
    switch (fit) {
    case POSITION_FITS: /* again: it was put back just now */
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

/* Finds the position of the input at *place, which moves on by as many inputs as come before it now and did not. */
static void find_position(struct inputs *inputs, const struct known_list *known, size_t *place, struct state *state)
{
    struct input *input = &inputs->list[*place];
    const struct known *by_key = known_by_key(known, input);
    const struct known *by_file = input->seekable ? known_by_file(known, input) : by_key;
    if (by_file != NULL) {
        input->position = by_file->position;
        if (by_file == by_key)
            return;
        input->moved = true;
        if (!is_given(inputs, by_file->key)) /* it is known by this name from now on */
            state_put(state, bytes_of(by_file->key), (struct bytes){NULL, 0});
        return;
    }
    if (by_key == NULL)
        return;
    input->moved = true;
    for (size_t i = 0; i < inputs->count; i++)
        if (position_compare(&by_key->position, inputs->list[i].fd) == POSITION_FITS)
            return; /* the old one is given too, under another name */
    if (inputs->on_replaced != ON_REPLACED_FAIL || !follow_rotation(inputs, known, place, by_key))
        take_replaced(inputs, &inputs->list[*place], &by_key->position);
}

void inputs_find_positions(struct inputs *inputs, struct state *state)
{
    struct known_list known = {NULL, 0};
    state_each(state, add_known, &known);
    for (size_t i = 0; i < inputs->count; i++)
        if (!inputs->list[i].found) {
            add_grown(inputs, &known, &i);
            find_position(inputs, &known, &i, state);
        }
    for (size_t i = 0; i < known.count; i++)
        free(known.list[i].key);
    free(known.list);
}

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

/* The position of a file as it is now: it may be truncated, and filled again, under the eyes of who reads it. */
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
    for (size_t i = 0; i < inputs->count; i++) {
        struct input *input = &inputs->list[i];
        free(input->key);
        if (input->found)
            free((char *)input->name);
        XXH3_freeState(input->hash);
        buffer_free(&input->tail);
    }
    free(inputs->list);
}
