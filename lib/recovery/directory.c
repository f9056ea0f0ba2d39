#include "recovery/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/array.h"
#include "base/crash.h"
#include "base/decimal.h"
#include "recovery/directory_part.h"

/* How often a look begins anew because a running flow commits between the first partition and the last. */
enum { LOOKS_MOST = 100 };

/* --- files -------------------------------------------------------------------------------------------------------- */

void directory_part_path(struct buffer *path, const char *directory, unsigned index)
{
    buffer_print(path, "%s/part-%u.sqlite3", directory, index);
    (void)buffer_string(path);
}

void directory_new_part_path(struct buffer *file, const char *path, unsigned index)
{
    file->size = 0;
    buffer_print(file, "%s/part-%u.sqlite3.new", path, index);
    (void)buffer_string(file);
}

void directory_find_part(struct buffer *file, const char *path, unsigned index)
{
    file->size = 0;
    directory_part_path(file, path, index);
    if (access(file->data, F_OK) == -1)
        message_fail(STATUS_MISFIT, "%s: is missing: put back a copy of all partitions of the same time", file->data);
}

/* Whether this is the name of a partition. If so, sets *index. */
static bool is_part(const char *name, unsigned *index)
{
    static const char start[] = "part-";
    char again[64];
    uint64_t number;
    if (strncmp(name, start, sizeof start - 1) != 0)
        return false;
    struct bytes rest = bytes_of(name + sizeof start - 1);
    if (!decimal_take(&rest, DIRECTORY_PARTITIONS_MOST - 1, &number))
        return false;
    *index = (unsigned)number;
    snprintf(again, sizeof again, "part-%u.sqlite3", *index);
    return strcmp(name, again) == 0;
}

unsigned directory_list_parts(const char *path, enum status status, unsigned *end)
{
    DIR *list = opendir(path);
    if (list == NULL)
        message_fail(status, "%s: cannot be read: %s", path, strerror(errno));
    unsigned count = 0, index;
    *end = 0;
    for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
        if (!is_part(entry->d_name, &index))
            continue;
        count++;
        if (index >= *end)
            *end = index + 1;
    }
    closedir(list);
    return count;
}

void directory_sync(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1 || (fsync(fd) == -1 && errno != EINVAL))
        message_fail(STATUS_IO, "%s: cannot be synced: %s", path, strerror(errno));
    close(fd);
}

char *directory_resolve(const char *name)
{
    char *resolved = realpath(name, NULL);
    if (resolved == NULL && errno == ENOENT)
        message_fail(STATUS_MISFIT, "%s: no such recovery directory: make it with fl-recovery-init %s", name, name);
    if (resolved == NULL)
        message_fail(STATUS_MISFIT, "%s: cannot be used as recovery directory: %s", name, strerror(errno));
    return resolved;
}

void directory_draw_name(char *name, size_t digits)
{
    unsigned char random;
    for (size_t i = 0; i < digits; i += 2) {
        if (getentropy(&random, 1) == -1)
            message_fail(STATUS_SYSTEM, "no random numbers: %s", strerror(errno));
        snprintf(name + i, 3, "%02x", random);
    }
}

char *directory_find(const char *name)
{
    unsigned end;
    char *path = directory_resolve(name);
    if (directory_list_parts(path, STATUS_MISFIT, &end) == 0)
        message_fail(STATUS_MISFIT, "%s: holds no partitions: make them with fl-recovery-init %s", name, name);
    return path;
}

/* --- locks -------------------------------------------------------------------------------------------------------- */

int directory_open_lock(const char *path)
{
    int lock = lock_open(path);
    if (lock == -1)
        message_fail(STATUS_MISFIT, "%s/lock: cannot be opened: %s", path, strerror(errno));
    return lock;
}

void directory_take(int lock, const char *name, char run[LOCK_RUN])
{
    char holder[LOCK_LINE];
    directory_draw_name(run, 16);
    if (!lock_begin(lock, run, holder)) {
        if (errno == EAGAIN)
            message_fail(STATUS_TRY_LATER, "%s: is in use by %s: try again when it has ended", name, holder);
        message_fail(STATUS_SYSTEM, "%s/lock: cannot be locked: %s", name, strerror(errno));
    }
    CRASH_POINT("lock: taken");
}

void directory_lock_part(int lock, const char *path, unsigned index)
{
    if (!lock_partition(lock, index))
        message_fail(STATUS_SYSTEM, "%s/lock: cannot be locked: %s", path, strerror(errno));
}

void directory_unlock_part(int lock, const char *path, unsigned index)
{
    if (!lock_release(lock, index))
        message_fail(STATUS_SYSTEM, "%s/lock: cannot be unlocked: %s", path, strerror(errno));
}

/* --- partitions that fit together --------------------------------------------------------------------------------- */

bool directory_is_misplaced(const struct store *first, const struct store *store, unsigned index, struct buffer *why)
{
    const struct store_part *directory = store_part(first), *part = store_part(store);
    why->size = 0;
    if (strcmp(part->directory, directory->directory) != 0 || part->count != directory->count)
        buffer_print(why, "belongs to another recovery directory than part-0.sqlite3: put the right file back");
    else if (part->index != index)
        buffer_print(why, "is partition %" PRIu64 " by what it says: give it its name back", part->index);
    (void)buffer_string(why);
    return why->size > 0;
}

struct store **directory_open_parts(const char *path, unsigned *count)
{
    struct buffer file = {0}, why = {0};
    unsigned there = directory_list_parts(path, STATUS_MISFIT, count);
    for (unsigned i = 0; i < *count; i++)
        directory_find_part(&file, path, i);
    struct store **parts = bytes_allocate(*count * sizeof *parts);
    for (unsigned i = 0; i < *count; i++) {
        directory_find_part(&file, path, i);
        parts[i] = store_open(file.data);
        if (directory_is_misplaced(parts[0], parts[i], i, &why))
            message_fail(STATUS_MISFIT, "%s: %s", store_path(parts[i]), why.data);
    }
    if (store_part(parts[0])->count != there)
        message_fail(STATUS_MISFIT,
                     "%s: %u of %" PRIu64 " partitions are there, part-%u.sqlite3 is missing: put back a copy of all "
                     "partitions of the same time",
                     path, there, store_part(parts[0])->count, there);
    buffer_free(&file);
    buffer_free(&why);
    return parts;
}

/* A step, and how many partitions know it. */
struct known_step {
    struct buffer id;
    uint64_t first;
    unsigned seen;
};

struct survey {
    struct known_step *steps;
    size_t count, room;
    uint64_t front; /* the lowest of all */
};

static void survey_step(void *context, const struct store_step *step)
{
    struct survey *survey = context;
    size_t i = 0;
    if (step->front < survey->front)
        survey->front = step->front;
    while (i < survey->count && !bytes_equal(buffer_bytes(&survey->steps[i].id), step->id))
        i++;
    if (i == survey->count) {
        survey->steps = array_grow(survey->steps, survey->count, &survey->room, sizeof *survey->steps);
        survey->steps[survey->count++] = (struct known_step){.first = step->first};
        buffer_add(&survey->steps[i].id, step->id);
    }
    survey->steps[i].seen++;
}

bool directory_find_epoch(const char *path, struct store *const *parts, unsigned count, uint64_t *epoch,
                          struct buffer *why)
{
    struct survey survey = {.front = store_committed(parts[0])};
    unsigned oldest = 0, youngest = 0;
    for (unsigned i = 0; i < count; i++) {
        uint64_t before = survey.front;
        store_each_step(parts[i], survey_step, &survey);
        if (survey.front < before)
            oldest = i;
        if (store_part(parts[i])->floor > store_part(parts[youngest])->floor)
            youngest = i;
    }
    *epoch = survey.front;
    why->size = 0;
    if (*epoch < store_part(parts[youngest])->floor)
        buffer_print(why,
                     "%s: ends with epoch %" PRIu64 ", and %s returns to epoch %" PRIu64
                     " at the earliest: put back copies of all partitions of the same time, as fl-recovery backup "
                     "makes them, and for those of different times keep a longer backup interval (-b)",
                     store_path(parts[oldest]), survey.front, store_path(parts[youngest]),
                     store_part(parts[youngest])->floor);
    for (size_t i = 0; i < survey.count; i++) {
        struct known_step *step = &survey.steps[i];
        if (why->size == 0 && step->first <= *epoch && step->seen < count)
            buffer_print(why,
                         "%s: some partitions know no step %.*s: drop it from the others with fl-recovery forget, or "
                         "put back copies of all of the same time",
                         path, (int)step->id.size, step->id.data);
        buffer_free(&step->id);
    }
    free(survey.steps);
    (void)buffer_string(why);
    return why->size == 0;
}

/* --- from outside ------------------------------------------------------------------------------------------------- */

void directory_open(struct directory *directory, const char *name)
{
    *directory = (struct directory){.path = directory_find(name)};
    directory->lock = directory_open_lock(directory->path);
}

void directory_begin_look(struct directory *directory)
{
    struct buffer why = {0};
    directory->parts = directory_open_parts(directory->path, &directory->count);
    for (unsigned looks = 0;; looks++) {
        /* Partition 0, which has the commits, comes first: the others have by then what is committed there. */
        for (unsigned i = 0; i < directory->count; i++)
            store_begin_look(directory->parts[i]);
        if (directory_find_epoch(directory->path, directory->parts, directory->count, &directory->epoch, &why))
            break;
        if (looks == LOOKS_MOST)
            message_fail(STATUS_MISFIT, "%s", why.data);
        for (unsigned i = 0; i < directory->count; i++)
            store_end_look(directory->parts[i]);
    }
    buffer_free(&why);
}

void directory_look(struct directory *directory, const char *name)
{
    directory_open(directory, name);
    directory_begin_look(directory);
}

void directory_claim(struct directory *directory, const char *name)
{
    char run[LOCK_RUN];
    directory_open(directory, name);
    directory_take(directory->lock, name, run);
    directory->parts = directory_open_parts(directory->path, &directory->count);
}

void directory_close_part(const struct directory *directory, unsigned index, struct store *store)
{
    directory_lock_part(directory->lock, directory->path, index);
    store_close(store);
    directory_unlock_part(directory->lock, directory->path, index);
}

void directory_close(struct directory *directory)
{
    for (unsigned i = 0; i < directory->count; i++)
        directory_close_part(directory, i, directory->parts[i]);
    free(directory->parts);
    close(directory->lock);
    free(directory->path);
}

uint64_t directory_floor(const struct directory *directory)
{
    uint64_t floor = 0;
    for (unsigned i = 0; i < directory->count; i++)
        if (store_part(directory->parts[i])->floor > floor)
            floor = store_part(directory->parts[i])->floor;
    return floor;
}

struct search {
    struct bytes step;
    bool found;
};

static void compare_step(void *context, const struct store_step *step)
{
    struct search *search = context;
    search->found = search->found || bytes_equal(step->id, search->step);
}

bool directory_has_step(const struct directory *directory, struct bytes step)
{
    struct search search = {.step = step};
    for (unsigned i = 0; i < directory->count; i++)
        store_each_step(directory->parts[i], compare_step, &search);
    return search.found;
}

void directory_forget(struct directory *directory, struct bytes step)
{
    for (unsigned i = 0; i < directory->count; i++) {
        directory_lock_part(directory->lock, directory->path, i);
        store_begin(directory->parts[i], true);
        store_forget_step(directory->parts[i], step);
        store_end(directory->parts[i]);
        directory_unlock_part(directory->lock, directory->path, i);
    }
}

bool directory_rewind(struct directory *directory, uint64_t epoch)
{
    struct buffer why = {0};
    if (!directory_find_epoch(directory->path, directory->parts, directory->count, &directory->epoch, &why))
        message_fail(STATUS_MISFIT, "%s", why.data);
    buffer_free(&why);
    if (epoch < directory_floor(directory) || epoch > directory->epoch)
        return false;
    /* Partition 0, which has the commits, comes first: after a crash in between, all others go back too. */
    for (unsigned i = 0; i < directory->count; i++) {
        directory_lock_part(directory->lock, directory->path, i);
        store_return_to(directory->parts[i], epoch);
        directory_unlock_part(directory->lock, directory->path, i);
    }
    return true;
}
