#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recovery/directory_part.h"

/* Makes the directory if it is missing. Returns whether it was. */
static bool make_directory(const char *name)
{
    struct stat status;
    if (mkdir(name, 0700) == 0)
        return true;
    if (errno != EEXIST)
        message_fail(STATUS_CANT_CREATE, "%s: cannot be made: %s", name, strerror(errno));
    if (stat(name, &status) == -1 || !S_ISDIR(status.st_mode))
        message_fail(STATUS_CANT_CREATE, "%s: is not a directory", name);
    return false;
}

/* Waits for other processes that are making partitions here. The lock is kept until this process ends. */
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
    if (directory_list_parts(name, STATUS_CANT_CREATE, &end) == 0)
        return;
    directory_part_path(&first, name, 0);
    if (access(first.data, F_OK) == -1)
        message_fail(STATUS_MISFIT,
                     "%s: already has partitions (part-%u.sqlite3), but no part-0.sqlite3: put the missing ones back,"
                     " or remove these if fl-recovery-init was killed",
                     name, end - 1);
    message_fail(STATUS_MISFIT,
                 "%s: already has partitions (part-%u.sqlite3): use it as it is, or give another directory", name,
                 end - 1);
}

/* Says why a partition cannot be made, removes those before it, and the directory if it was made, and ends the program.
 */
_Noreturn static void give_up(const char *name, unsigned index, bool made, const char *why)
{
    struct buffer path = {0};
    directory_part_path(&path, name, index);
    message_say("%s: cannot be made: %s", path.data, why);
    while (index-- > 0) {
        directory_new_part_path(&path, name, index);
        unlink(path.data);
    }
    if (made)
        rmdir(name);
    _Exit(STATUS_CANT_CREATE);
}

void directory_create(const char *name, unsigned count,
                      const char *(*make)(void *context, const char *path, unsigned index), void *context)
{
    struct buffer path = {0}, final = {0};
    /* A signal must not end it half way. */
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    bool made = make_directory(name);
    lock_making(name);
    refuse_partitions(name);
    for (unsigned i = 0; i < count; i++) {
        directory_new_part_path(&path, name, i);
        unlink(path.data); /* a process that was killed may have left it */
        const char *why = make(context, path.data, i);
        if (why != NULL)
            give_up(name, i, made, why);
    }
    /* Partition 0 comes last: with it the directory is whole. */
    for (unsigned i = count; i-- > 0;) {
        final.size = 0;
        directory_part_path(&final, name, i);
        directory_new_part_path(&path, name, i);
        if (rename(path.data, final.data) == -1)
            message_fail(STATUS_CANT_CREATE, "%s: cannot be made: %s", final.data, strerror(errno));
    }
    directory_sync(name);
    if (made) {
        path.size = 0;
        buffer_print(&path, "%s/..", name);
        directory_sync(buffer_string(&path));
    }
    buffer_free(&path);
    buffer_free(&final);
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
