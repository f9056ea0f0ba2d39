/* fl-recovery-init: makes a recovery directory.
 *
 *     fl-recovery-init DIR [COUNT]
 *
 * All partitions are made, or none; a directory that has some is left as it is. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"
#include "option.h"
#include "recovery.h"
#include "store.h"

static const char usage[] =
    "usage: fl-recovery-init DIR [COUNT]\n"
    "\n"
    "  DIR                            is made where it is missing\n"
    "  COUNT                          of the partitions, fixed from then on (1)\n"
    "      --help, --version          show this, show the version\n";

static unsigned read_count(const char *text)
{
    unsigned count = 0;
    const char *at = text;
    while (*at >= '0' && *at <= '9' && count <= RECOVERY_PARTITIONS_MOST)
        count = count * 10 + (unsigned)(*at++ - '0');
    if (*at != '\0' || count < 1 || count > RECOVERY_PARTITIONS_MOST)
        option_refuse("\"%s\" is no count of partitions: take 1 to %d", text, RECOVERY_PARTITIONS_MOST);
    return count;
}

/* Makes the directory. Returns whether it was missing. */
static bool make_directory(const char *directory)
{
    if (mkdir(directory, 0700) == 0)
        return true;
    struct stat status;
    if (errno != EEXIST)
        message_fail(STATUS_CANT_CREATE, "%s: cannot be made: %s", directory, strerror(errno));
    if (stat(directory, &status) == -1 || !S_ISDIR(status.st_mode))
        message_fail(STATUS_CANT_CREATE, "%s: is no directory", directory);
    return false;
}

static void refuse_partitions(const char *directory)
{
    unsigned index;
    DIR *list = opendir(directory);
    if (list == NULL)
        message_fail(STATUS_CANT_CREATE, "%s: cannot be read: %s", directory, strerror(errno));
    for (struct dirent *entry; (entry = readdir(list)) != NULL;)
        if (recovery_is_part(entry->d_name, &index))
            message_fail(STATUS_MISFIT, "%s: has partitions already (%s): use it as it is, or give another directory",
                         directory, entry->d_name);
    closedir(list);
}

/* So that the names of the new files outlast a loss of power. */
static void sync_directory(const char *directory)
{
    int fd = open(directory, O_RDONLY | O_CLOEXEC);
    if (fd == -1 || (fsync(fd) == -1 && errno != EINVAL))
        message_fail(STATUS_IO, "%s: cannot be synced: %s", directory, strerror(errno));
    close(fd);
}

static void make_partitions(const char *directory, unsigned count, bool made)
{
    unsigned char random[16];
    struct buffer path = {0};
    struct store_part part = {.count = count};
    if (getentropy(random, sizeof random) == -1)
        message_fail(STATUS_SYSTEM, "no random numbers: %s", strerror(errno));
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(part.directory + 2 * i, 3, "%02x", random[i]);
    for (unsigned i = 0; i < count; i++) {
        path.size = 0;
        recovery_part_path(&path, directory, i);
        part.index = i;
        const char *why = store_create(path.data, &part);
        if (why == NULL)
            continue;
        message_say("%s: cannot be made: %s", path.data, why);
        while (i-- > 0) {
            path.size = 0;
            recovery_part_path(&path, directory, i);
            unlink(path.data);
        }
        if (made)
            rmdir(directory);
        exit(STATUS_CANT_CREATE);
    }
    buffer_free(&path);
}

int main(int argc, char **argv)
{
    (void)argc;
    message_start(argv[0]);
    const struct option_entry options[] = {{0}};
    size_t given;
    char **operands = option_parse(argv, usage, (const struct option_entry *[]){options, NULL}, 1, 2, &given);
    unsigned count = given == 2 ? read_count(operands[1]) : 1;

    /* Not to be ended half way. */
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    bool made = make_directory(operands[0]);
    if (!made)
        refuse_partitions(operands[0]);
    make_partitions(operands[0], count, made);
    sync_directory(operands[0]);
    return STATUS_OK;
}
