#include "recovery/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/message.h"

/* How often a look is begun anew where a running flow commits between the first partition and the last. */
enum { LOOKS_MOST = 100 };

/* --- files -------------------------------------------------------------------------------------------------------- */

void directory_part_path(struct buffer *path, const char *directory, unsigned index)
{
    buffer_print(path, "%s/part-%u.sqlite3", directory, index);
    *buffer_reserve(path, 1) = '\0';
}

static bool is_part(const char *name, unsigned *index)
{
    char again[64];
    if (sscanf(name, "part-%u.sqlite3", index) != 1)
        return false;
    snprintf(again, sizeof again, "part-%u.sqlite3", *index);
    return strcmp(name, again) == 0;
}

/* How many partition files a directory holds, and one more than the highest index. */
static unsigned list_parts(const char *path, enum status status, unsigned *end)
{
    DIR *list = opendir(path);
    if (list == NULL)
        message_fail(status, "%s: cannot be read: %s", path, strerror(errno));
    unsigned count = 0, index;
    *end = 0;
    for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
        if (!is_part(entry->d_name, &index) || index >= DIRECTORY_PARTITIONS_MOST)
            continue;
        count++;
        if (index >= *end)
            *end = index + 1;
    }
    closedir(list);
    return count;
}

char *directory_resolve(const char *name)
{
    char *resolved = realpath(name, NULL);
    if (resolved == NULL && errno == ENOENT)
        message_fail(STATUS_MISFIT, "%s: there is no such recovery directory: make it with fl-recovery-init %s", name,
                     name);
    if (resolved == NULL)
        message_fail(STATUS_MISFIT, "%s: cannot be used as recovery directory: %s", name, strerror(errno));
    return resolved;
}

char *directory_find(const char *name)
{
    unsigned end;
    char *path = directory_resolve(name);
    if (list_parts(path, STATUS_MISFIT, &end) == 0)
        message_fail(STATUS_MISFIT, "%s: holds no partitions: make them with fl-recovery-init %s", name, name);
    return path;
}

/* Makes the directory. Returns whether it was missing. */
static bool make_directory(const char *name)
{
    struct stat status;
    if (mkdir(name, 0700) == 0)
        return true;
    if (errno != EEXIST)
        message_fail(STATUS_CANT_CREATE, "%s: cannot be made: %s", name, strerror(errno));
    if (stat(name, &status) == -1 || !S_ISDIR(status.st_mode))
        message_fail(STATUS_CANT_CREATE, "%s: is no directory", name);
    return false;
}

/* Waits for others that are making partitions here; the lock goes with the process. */
static void lock_making(const char *name)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd == -1 || flock(fd, LOCK_EX) == -1)
        message_fail(STATUS_CANT_CREATE, "%s: cannot be locked: %s", name, strerror(errno));
}

static void refuse_partitions(const char *name)
{
    unsigned end;
    struct buffer first = {0};
    if (list_parts(name, STATUS_CANT_CREATE, &end) == 0)
        return;
    directory_part_path(&first, name, 0);
    if (access(first.data, F_OK) == -1)
        message_fail(STATUS_MISFIT,
                     "%s: has partitions already (part-%u.sqlite3), but no part-0.sqlite3: put the missing ones back,"
                     " or remove these where fl-recovery-init was killed",
                     name, end - 1);
    message_fail(STATUS_MISFIT,
                 "%s: has partitions already (part-%u.sqlite3): use it as it is, or give another directory", name,
                 end - 1);
}

/* So that the names of new files outlast a loss of power. */
static void sync_directory(const char *name)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd == -1 || (fsync(fd) == -1 && errno != EINVAL))
        message_fail(STATUS_IO, "%s: cannot be synced: %s", name, strerror(errno));
    close(fd);
}

/* The name of a partition as long as not all of them are made. */
static void new_path(struct buffer *path, const char *name, unsigned index)
{
    path->size = 0;
    buffer_print(path, "%s/part-%u.sqlite3.new", name, index);
    buffer_add_byte(path, '\0');
}

/* The new partition cannot be made: removes those before it, and the directory if it was made. */
_Noreturn static void give_up(const char *name, unsigned index, bool made, const char *why)
{
    struct buffer path = {0};
    directory_part_path(&path, name, index);
    message_say("%s: cannot be made: %s", path.data, why);
    while (index-- > 0) {
        new_path(&path, name, index);
        unlink(path.data);
    }
    if (made)
        rmdir(name);
    _Exit(STATUS_CANT_CREATE);
}

void directory_create(const char *name, unsigned count,
                      const char *(*make)(void *context, const char *path, unsigned index), void *context)
{
    struct buffer path = {0};
    /* Not to be ended half way. */
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    bool made = make_directory(name);
    lock_making(name);
    refuse_partitions(name);
    for (unsigned i = 0; i < count; i++) {
        new_path(&path, name, i);
        unlink(path.data); /* what one that was killed has left */
        const char *why = make(context, path.data, i);
        if (why != NULL)
            give_up(name, i, made, why);
    }
    /* Partition 0 comes last: with it the directory is whole. */
    for (unsigned i = count; i-- > 0;) {
        struct buffer final = {0};
        directory_part_path(&final, name, i);
        new_path(&path, name, i);
        if (rename(path.data, final.data) == -1)
            message_fail(STATUS_CANT_CREATE, "%s: cannot be made: %s", final.data, strerror(errno));
        buffer_free(&final);
    }
    sync_directory(name);
    if (made) {
        path.size = 0;
        buffer_print(&path, "%s/..", name);
        buffer_add_byte(&path, '\0');
        sync_directory(path.data);
    }
    buffer_free(&path);
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
    unsigned char random[8];
    char holder[LOCK_LINE];
    if (getentropy(random, sizeof random) == -1)
        message_fail(STATUS_SYSTEM, "no random numbers: %s", strerror(errno));
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(run + 2 * i, 3, "%02x", random[i]);
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

/* --- older formats ------------------------------------------------------------------------------------------------ */

void directory_convert(const char *path)
{
    unsigned end;
    struct buffer old = {0}, copy = {0};
    list_parts(path, STATUS_MISFIT, &end);
    for (unsigned i = 0; i < end; i++) {
        old.size = 0;
        directory_part_path(&old, path, i);
        const uint64_t format = store_format(old.data);
        if (format == 0 || format >= STORE_FORMAT)
            continue;
        new_path(&copy, path, i);
        unlink(copy.data); /* what one that was killed has left */
        CRASH_POINT("convert: before");
        const char *why = store_convert(old.data, copy.data);
        if (why != NULL)
            message_fail(STATUS_IO, "%s: cannot be brought up to date from format %" PRIu64 ": %s", old.data, format,
                         why);
        sync_directory(path); /* the write-ahead log of the old one is gone: it must not meet the new one */
        CRASH_POINT("convert: copied");
        if (rename(copy.data, old.data) == -1)
            message_fail(STATUS_IO, "%s: cannot be replaced: %s", old.data, strerror(errno));
        sync_directory(path);
        CRASH_POINT("convert: after");
    }
    buffer_free(&old);
    buffer_free(&copy);
}

/* --- partitions that fit together --------------------------------------------------------------------------------- */

/* Sets file to the path of a partition, which must be there. */
static void find_part(struct buffer *file, const char *path, unsigned index)
{
    file->size = 0;
    directory_part_path(file, path, index);
    if (access(file->data, F_OK) == -1)
        message_fail(STATUS_MISFIT, "%s: is missing: put back a copy of all partitions of the same time", file->data);
}

/* Whether a partition is not what its name says beside the first one; why then says so, ended by a NUL. */
static bool is_misplaced(const struct store *first, const struct store *store, unsigned index, struct buffer *why)
{
    const struct store_part *directory = store_part(first), *part = store_part(store);
    why->size = 0;
    if (strcmp(part->directory, directory->directory) != 0 || part->count != directory->count)
        buffer_print(why, "belongs to another recovery directory than part-0.sqlite3: put the right file back");
    else if (part->index != index)
        buffer_print(why, "is partition %" PRIu64 " by what it says: give it its name back", part->index);
    else
        return false;
    buffer_add_byte(why, '\0');
    return true;
}

struct store **directory_open_parts(const char *path, unsigned *count)
{
    struct buffer file = {0}, why = {0};
    unsigned there = list_parts(path, STATUS_MISFIT, count);
    for (unsigned i = 0; i < *count; i++)
        find_part(&file, path, i);
    struct store **parts = bytes_allocate(*count * sizeof *parts);
    for (unsigned i = 0; i < *count; i++) {
        find_part(&file, path, i);
        parts[i] = store_open(file.data);
        if (is_misplaced(parts[0], parts[i], i, &why))
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

/* A step and how many partitions know it. */
struct known_step {
    struct buffer id;
    uint64_t first;
    unsigned seen;
};

struct survey {
    struct known_step *steps;
    size_t count;
    uint64_t front; /* the lowest */
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
        survey->steps = bytes_reallocate(survey->steps, (i + 1) * sizeof *survey->steps);
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
    bool found = why->size == 0;
    buffer_add_byte(why, '\0');
    return found;
}

/* --- from outside ------------------------------------------------------------------------------------------------- */

static void open_directory(struct directory *directory, const char *name, bool claim)
{
    char run[LOCK_RUN];
    *directory = (struct directory){.path = directory_find(name)};
    directory->lock = directory_open_lock(directory->path);
    if (claim)
        directory_take(directory->lock, name, run);
    directory->parts = directory_open_parts(directory->path, &directory->count);
}

void directory_look(struct directory *directory, const char *name)
{
    struct buffer why = {0};
    open_directory(directory, name, false);
    for (unsigned looks = 0;; looks++) {
        /* Partition 0, which has the commits, comes first: what is committed there the others have, by then. */
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

void directory_claim(struct directory *directory, const char *name)
{
    open_directory(directory, name, true);
}

/* Two that close at the same moment would each take the other for a reason to leave the write-ahead log. */
static void close_part(const char *path, int lock, unsigned index, struct store *store)
{
    directory_lock_part(lock, path, index);
    store_close(store);
    directory_unlock_part(lock, path, index);
}

void directory_close(struct directory *directory)
{
    for (unsigned i = 0; i < directory->count; i++)
        close_part(directory->path, directory->lock, i, directory->parts[i]);
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

struct findings {
    const char *path;
    bool any;
};

static void say_finding(void *context, const char *finding)
{
    struct findings *findings = context;
    findings->any = true;
    message_say("%s: %s", findings->path, finding);
}

static void ignore_finding(void *context, const char *finding)
{
    (void)context;
    (void)finding;
}

/* Checks a partition in a process of its own, which a file that cannot be read may end. Returns 0, STATUS_MISFIT where
 * it was read and something is wrong, or another status with unread set. */
static int check_part(const char *path, int lock, unsigned index, bool *unread)
{
    enum { FINDINGS = 1 };
    int status;
    pid_t child = fork();
    if (child == 0) {
        struct buffer file = {0};
        find_part(&file, path, index);
        struct store *store = store_open(file.data);
        struct findings findings = {.path = store_path(store)};
        bool whole = store_check_pages(store, ignore_finding, NULL);
        if (!whole) {
            directory_lock_part(lock, path, index);
            store_checkpoint(store);
            whole = store_check_pages(store, say_finding, &findings);
        }
        if (whole)
            store_check(store, say_finding, &findings);
        directory_lock_part(lock, path, index);
        store_close(store);
        _Exit(!whole ? STATUS_MISFIT : findings.any ? FINDINGS : 0);
    }
    if (child == -1)
        message_fail(STATUS_SYSTEM, "a process cannot be started: %s", strerror(errno));
    while (waitpid(child, &status, 0) == -1 && errno == EINTR)
        continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) <= FINDINGS)
        return WEXITSTATUS(status) == FINDINGS ? STATUS_MISFIT : 0;
    *unread = true;
    return WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_INTERNAL;
}

/* Says of each partition that is not what its name says that it is not. Returns whether there is one. */
static bool say_misplaced(const char *path, int lock, unsigned count)
{
    struct buffer file = {0}, why = {0};
    struct store *first = NULL;
    bool any = false;
    for (unsigned i = 0; i < count; i++) {
        find_part(&file, path, i);
        struct store *store = store_open(file.data);
        if (i == 0)
            first = store;
        if (is_misplaced(first, store, i, &why)) {
            message_say("%s: %s", store_path(store), why.data);
            any = true;
        }
        if (i > 0)
            close_part(path, lock, i, store);
    }
    close_part(path, lock, 0, first);
    buffer_free(&file);
    buffer_free(&why);
    return any;
}

int directory_check(const char *name)
{
    unsigned end;
    int result = 0;
    bool unread = false;
    char *path = directory_find(name);
    int lock = directory_open_lock(path);
    list_parts(path, STATUS_MISFIT, &end);
    for (unsigned i = 0; i < end; i++) {
        int status = check_part(path, lock, i, &unread);
        directory_unlock_part(lock, path, i); /* which the process has left locked until its end */
        if (status != 0 && (result == 0 || result == STATUS_MISFIT))
            result = status;
    }
    if (!unread && say_misplaced(path, lock, end)) {
        result = STATUS_MISFIT;
    } else if (!unread) {
        struct directory directory;
        directory_look(&directory, name);
        directory_close(&directory);
    }
    close(lock);
    free(path);
    return result;
}

static const char *copy_part(void *context, const char *path, unsigned index)
{
    const struct directory *directory = context;
    return store_copy(directory->parts[index], path);
}

void directory_copy(const struct directory *directory, const char *to)
{
    directory_create(to, directory->count, copy_part, (void *)directory);
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
    /* Partition 0, which has the commits, comes first: after a crash all others go back too. */
    for (unsigned i = 0; i < directory->count; i++) {
        directory_lock_part(directory->lock, directory->path, i);
        store_return_to(directory->parts[i], epoch);
        directory_unlock_part(directory->lock, directory->path, i);
    }
    return true;
}
