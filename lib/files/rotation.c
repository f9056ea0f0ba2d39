#include "files/rotation.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/decimal.h"

/* A number with fewer digits counts rotations; one with as many or more is a date. */
enum { DATE_DIGITS = 8 };

static const char *name_in(const char *path)
{
    return strrchr(path, '/') + 1;
}

/* The path of the file called name in the directory of path, in memory that the caller frees; of "", the directory. */
static char *path_beside(const char *path, const char *name)
{
    struct buffer beside = {0};
    buffer_print(&beside, "%.*s%s", (int)(name_in(path) - path), path, name);
    (void)buffer_string(&beside);
    return beside.data;
}

static DIR *open_directory_of(const char *path)
{
    char *directory = path_beside(path, "");
    DIR *list = opendir(directory);
    free(directory);
    return list;
}

/* The path is the rotation's from then on. */
static void add_path(struct rotation *rotation, char *path)
{
    rotation->paths = array_grow(rotation->paths, rotation->count, &rotation->room, sizeof *rotation->paths);
    rotation->paths[rotation->count++] = path;
}

void rotation_free(struct rotation *rotation)
{
    for (size_t i = 0; i < rotation->count; i++)
        free(rotation->paths[i]);
    free(rotation->paths);
    *rotation = (struct rotation){.paths = NULL};
}

struct bytes rotation_before(const char *path)
{
    const char *end = path + strlen(path), *digits = end;
    while (digits > path && digits[-1] >= '0' && digits[-1] <= '9')
        digits--;
    const bool numbered = digits < end && digits > path && (digits[-1] == '.' || digits[-1] == '-');
    return (struct bytes){path, numbered ? (size_t)(digits - path) - 1 : 0};
}

/* The digits that follow base and one byte, as in base.1 and base-20261101. Returns NULL if the name has another form.
 */
static const char *number_of(const char *name, const char *base)
{
    const struct bytes before = rotation_before(name);
    return before.size > 0 && bytes_equal(before, bytes_of(base)) ? name + before.size + 1 : NULL;
}

static bool is_regular(const char *path, struct stat *status)
{
    return stat(path, status) == 0 && S_ISREG(status->st_mode);
}

static bool is_the_file(const char *path, const struct position *position)
{
    struct stat status;
    if (!is_regular(path, &status) || !position_is_of(position, &status))
        return false;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1)
        return false;
    const bool fits = position_compare(position, fd) == POSITION_FITS;
    close(fd);
    return fits;
}

static int by_name(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* path.3 is followed by path.2 and path.1: all must be there. */
static enum rotation_answer add_counted(struct rotation *rotation, const char *path, const char *digits)
{
    struct stat status;
    uint64_t number = 0;
    bool there = true;
    (void)decimal_parse(bytes_of(digits), 0, UINT64_MAX, &number);
    while (there && number > 1) {
        struct buffer next = {0};
        buffer_print(&next, "%s%c%" PRIu64, path, digits[-1], --number);
        there = is_regular(buffer_string(&next), &status);
        if (!there)
            rotation_free(rotation);
        add_path(rotation, next.data);
    }
    return there ? ROTATION_FOUND : ROTATION_INCOMPLETE;
}

/* path-20261101 is followed by all that have a later date. */
static void add_dated(struct rotation *rotation, const char *path, const char *digits)
{
    DIR *list = open_directory_of(path);
    if (list == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
        const char *other = number_of(entry->d_name, name_in(path));
        if (other != NULL && strlen(other) == strlen(digits) && other[-1] == digits[-1] && strcmp(other, digits) > 0)
            add_path(rotation, path_beside(path, entry->d_name));
    }
    closedir(list);
    qsort(rotation->paths + 1, rotation->count - 1, sizeof *rotation->paths, by_name);
}

char *rotation_path(const char *path, const struct position *position)
{
    const char *base = name_in(path);
    char *found = NULL;
    DIR *list = open_directory_of(path);
    if (list == NULL)
        return NULL;
    for (struct dirent *entry; found == NULL && (entry = readdir(list)) != NULL;) {
        if (strncmp(entry->d_name, base, strlen(base)) != 0)
            continue;
        found = path_beside(path, entry->d_name);
        if (!is_the_file(found, position)) {
            free(found);
            found = NULL;
        }
    }
    closedir(list);
    return found;
}

enum rotation_answer rotation_find(const char *path, const struct position *position, struct rotation *rotation)
{
    char *found = rotation_path(path, position);
    *rotation = (struct rotation){.paths = NULL};
    if (found == NULL)
        return ROTATION_GONE;
    add_path(rotation, found);
    const char *digits = number_of(found, path);
    if (digits != NULL && strlen(digits) < DATE_DIGITS)
        return add_counted(rotation, path, digits);
    if (digits != NULL)
        add_dated(rotation, path, digits);
    return ROTATION_FOUND;
}
