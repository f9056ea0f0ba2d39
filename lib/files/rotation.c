#include "files/rotation.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/message.h"

/* From this length on a number is a date, which grows; a shorter one counts how often it was rotated. */
enum { DATE_DIGITS = 8 };

static void add_path(struct rotation *rotation, const char *directory, const char *name)
{
    struct buffer path = {0};
    buffer_print(&path, "%s/%s", directory, name);
    buffer_add_byte(&path, '\0');
    rotation->paths = bytes_reallocate(rotation->paths, (rotation->count + 1) * sizeof *rotation->paths);
    rotation->paths[rotation->count++] = path.data;
}

void rotation_free(struct rotation *rotation)
{
    for (size_t i = 0; i < rotation->count; i++)
        free(rotation->paths[i]);
    free(rotation->paths);
    *rotation = (struct rotation){NULL, 0};
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

static bool is_the_file(const char *directory, const char *name, const struct position *position)
{
    struct stat status;
    struct buffer path = {0};
    buffer_print(&path, "%s/%s", directory, name);
    buffer_add_byte(&path, '\0');
    bool same = stat(path.data, &status) == 0 && S_ISREG(status.st_mode) &&
                position_is_of(position, &status);
    int fd = same ? open(path.data, O_RDONLY | O_CLOEXEC) : -1;
    same = fd != -1 && position_compare(position, fd) == POSITION_FITS;
    if (fd != -1)
        close(fd);
    buffer_free(&path);
    return same;
}

static int by_name(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* base.2 is followed by base.1: both must be there. */
static enum rotation_answer add_counted(struct rotation *rotation, const char *directory, const char *base,
                                        const char *digits)
{
    struct buffer name = {0};
    enum rotation_answer answer = ROTATION_FOUND;
    for (unsigned long number = strtoul(digits, NULL, 10); answer == ROTATION_FOUND && number > 1;) {
        name.size = 0;
        buffer_print(&name, "%s%c%lu", base, digits[-1], --number);
        buffer_add_byte(&name, '\0');
        add_path(rotation, directory, name.data);
        struct stat status;
        if (stat(rotation->paths[rotation->count - 1], &status) == -1 || !S_ISREG(status.st_mode)) {
            char *missing = rotation->paths[--rotation->count];
            rotation_free(rotation);
            rotation->paths = bytes_allocate(sizeof *rotation->paths);
            rotation->paths[rotation->count++] = missing;
            answer = ROTATION_INCOMPLETE;
        }
    }
    buffer_free(&name);
    return answer;
}

/* base-20261101 is followed by all that have a later date. */
static void add_dated(struct rotation *rotation, const char *directory, const char *base, const char *digits)
{
    DIR *list = opendir(directory);
    if (list == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
        const char *other = number_of(entry->d_name, base);
        if (other != NULL && strlen(other) == strlen(digits) && other[-1] == digits[-1] && strcmp(other, digits) > 0)
            add_path(rotation, directory, entry->d_name);
    }
    closedir(list);
    qsort(rotation->paths + 1, rotation->count - 1, sizeof *rotation->paths, by_name);
}

char *rotation_path(const char *path, const struct position *position)
{
    const char *base = strrchr(path, '/') + 1;
    struct buffer found = {0};
    char *directory = strndup(path, base - path > 1 ? (size_t)(base - path) - 1 : 1);
    DIR *list = directory != NULL ? opendir(directory) : NULL;
    for (struct dirent *entry; list != NULL && found.data == NULL && (entry = readdir(list)) != NULL;)
        if (strncmp(entry->d_name, base, strlen(base)) == 0 && is_the_file(directory, entry->d_name, position)) {
            buffer_print(&found, "%s/%s", directory, entry->d_name);
            buffer_add_byte(&found, '\0');
        }
    if (list != NULL)
        closedir(list);
    free(directory);
    return found.data;
}

enum rotation_answer rotation_find(const char *path, const struct position *position, struct rotation *rotation)
{
    char *found = rotation_path(path, position);
    *rotation = (struct rotation){NULL, 0};
    if (found == NULL)
        return ROTATION_GONE;
    enum rotation_answer answer = ROTATION_FOUND;
    const char *slash = strrchr(path, '/');
    const char *digits = number_of(strrchr(found, '/') + 1, slash + 1);
    char *directory = strndup(path, slash > path ? (size_t)(slash - path) : 1);
    if (directory == NULL)
        message_fail(STATUS_SYSTEM, "out of memory");
    rotation->paths = bytes_allocate(sizeof *rotation->paths);
    rotation->paths[rotation->count++] = found;
    if (digits != NULL && strlen(digits) >= DATE_DIGITS)
        add_dated(rotation, directory, slash + 1, digits);
    else if (digits != NULL)
        answer = add_counted(rotation, directory, slash + 1, digits);
    free(directory);
    return answer;
}
