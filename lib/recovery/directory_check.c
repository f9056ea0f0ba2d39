#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recovery/directory_part.h"

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

/* Checks a partition in a process of its own, since a file that cannot be read may end it. Returns 0; STATUS_MISFIT if
 * the file was read and something is wrong; or another status, with *unread set. */
static int check_part(const struct directory *directory, unsigned index, bool *unread)
{
    enum { FINDINGS = 1 };
    int status;
    pid_t child = fork();
    if (child == 0) {
        struct buffer file = {0};
        directory_find_part(&file, directory->path, index);
        struct store *store = store_open(file.data);
        struct findings findings = {.path = store_path(store)};
        bool whole = store_check_pages(store, ignore_finding, NULL);
        if (!whole) {
            directory_lock_part(directory->lock, directory->path, index);
            store_checkpoint(store);
            whole = store_check_pages(store, say_finding, &findings);
        }
        if (whole)
            store_check(store, say_finding, &findings);
        directory_close_part(directory, index, store);
        _Exit(!whole ? STATUS_MISFIT : findings.any ? FINDINGS : 0);
    }
    if (child == -1)
        message_fail(STATUS_SYSTEM, "a process cannot be started: %s", strerror(errno));
    while (waitpid(child, &status, 0) == -1 && errno == EINTR)
        continue;
    /* One that has ended early has left the partition locked, since the two have one descriptor of the lock file. */
    directory_unlock_part(directory->lock, directory->path, index);
    if (WIFEXITED(status) && WEXITSTATUS(status) <= FINDINGS)
        return WEXITSTATUS(status) == FINDINGS ? STATUS_MISFIT : 0;
    *unread = true;
    return WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_INTERNAL;
}

/* Prints a message for each partition that is another one than its name says. Returns whether there is any. */
static bool say_misplaced(const struct directory *directory, unsigned count)
{
    struct buffer file = {0}, why = {0};
    struct store *first = NULL;
    bool any = false;
    for (unsigned i = 0; i < count; i++) {
        directory_find_part(&file, directory->path, i);
        struct store *store = store_open(file.data);
        if (i == 0)
            first = store;
        if (directory_is_misplaced(first, store, i, &why)) {
            message_say("%s: %s", store_path(store), why.data);
            any = true;
        }
        if (i > 0)
            directory_close_part(directory, i, store);
    }
    directory_close_part(directory, 0, first);
    buffer_free(&file);
    buffer_free(&why);
    return any;
}

int directory_check(const char *name)
{
    unsigned end;
    int result = 0;
    bool unread = false;
    struct directory directory;
    directory_open(&directory, name);
    directory_list_parts(directory.path, STATUS_MISFIT, &end);
    for (unsigned i = 0; i < end; i++) {
        int status = check_part(&directory, i, &unread);
        if (status != 0 && (result == 0 || result == STATUS_MISFIT))
            result = status;
    }
    if (!unread && say_misplaced(&directory, end))
        result = STATUS_MISFIT;
    else if (!unread)
        directory_begin_look(&directory);
    directory_close(&directory);
    return result;
}
