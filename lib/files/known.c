#include "files/known.h"

#include <stdlib.h>

#include "base/array.h"
#include "files/rotation.h"

static int compare_numbers(uint64_t left, uint64_t right)
{
    return (left > right) - (left < right);
}

static int by_key(const void *left, const void *right)
{
    const struct known *one = *(const struct known *const *)left, *other = *(const struct known *const *)right;
    return strcmp(one->key, other->key);
}

/* Of one file, the furthest first. */
static int by_file(const void *left, const void *right)
{
    const struct known *one = *(const struct known *const *)left, *other = *(const struct known *const *)right;
    int order = compare_numbers(one->position.device, other->position.device);
    if (order == 0)
        order = compare_numbers(one->position.inode, other->position.inode);
    if (order == 0)
        order = compare_numbers(other->position.offset, one->position.offset);
    return order != 0 ? order : compare_numbers(one->number, other->number);
}

static int by_before(const void *left, const void *right)
{
    const struct known *one = *(const struct known *const *)left, *other = *(const struct known *const *)right;
    const int order = bytes_compare(one->before, other->before);
    return order != 0 ? order : compare_numbers(one->number, other->number);
}

static void add_known(void *context, struct bytes key, struct bytes state)
{
    struct known_files *files = context;
    struct known known = {.key = bytes_string(key), .number = files->count};
    if (!position_parse(state, &known.position))
        message_fail(STATUS_MISFIT, "%s: its saved position is malformed: put a copy of all partitions back",
                     known.key);
    known.before = rotation_before(known.key);
    files->list = array_grow(files->list, files->count, &files->room, sizeof *files->list);
    files->list[files->count++] = known;
}

static struct known **sort(const struct known_files *files, int (*compare)(const void *, const void *))
{
    struct known **sorted = bytes_allocate(files->count * sizeof *sorted);
    for (size_t i = 0; i < files->count; i++)
        sorted[i] = &files->list[i];
    qsort(sorted, files->count, sizeof *sorted, compare);
    return sorted;
}

void known_open(struct known_files *files, struct state *state)
{
    *files = (struct known_files){.list = NULL};
    state_each(state, add_known, files);
    files->by_key = sort(files, by_key);
    files->by_file = sort(files, by_file);
    files->by_before = sort(files, by_before);
}

void known_close(struct known_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->list[i].key);
    free(files->list);
    free(files->by_key);
    free(files->by_file);
    free(files->by_before);
    *files = (struct known_files){.list = NULL};
}

/* How many of the sorted ones come before the wanted one. */
static size_t search(const struct known_files *files, struct known *const *sorted, const struct known *wanted,
                     int (*compare)(const void *, const void *))
{
    size_t low = 0, high = files->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (compare(&sorted[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct known *known_by_key(const struct known_files *files, const char *key)
{
    const struct known wanted = {.key = (char *)key};
    const size_t at = search(files, files->by_key, &wanted, by_key);
    return at < files->count && strcmp(files->by_key[at]->key, key) == 0 ? files->by_key[at] : NULL;
}

const struct known *known_by_file(const struct known_files *files, const char *key, uint64_t device, uint64_t inode,
                                  int fd)
{
    const struct known wanted = {.position = {.offset = UINT64_MAX, .device = device, .inode = inode}};
    for (size_t i = search(files, files->by_file, &wanted, by_file); i < files->count; i++) {
        const struct known *known = files->by_file[i];
        if (known->position.device != device || known->position.inode != inode || known->position.offset == 0)
            break;
        if (position_compare(&known->position, fd) == POSITION_FITS)
            return known;
    }
    const struct known *same = known_by_key(files, key);
    return same != NULL && position_compare(&same->position, fd) == POSITION_FITS ? same : NULL;
}

const struct known *const *known_rotated(const struct known_files *files, const char *path, size_t *count)
{
    const struct known first = {.before = bytes_of(path)}, last = {.before = first.before, .number = SIZE_MAX};
    const size_t start = search(files, files->by_before, &first, by_before);
    *count = search(files, files->by_before, &last, by_before) - start;
    return (const struct known *const *)files->by_before + start;
}
