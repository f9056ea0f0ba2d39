/* Goal of this test: a saved position is found by name, by file and by the path before a rotation, as if each question
 * looked at all of them. */
#include "files/known.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "files/rotation.h"

enum { FILES = 8, SIZE = 100, ROUNDS = 300, KNOWN_MOST = 60 };

static struct file {
    int fd;
    uint64_t device, inode;
    uint64_t hashes[SIZE + 1]; /* of a position at each offset */
} files[FILES];

static void make_files(void)
{
    for (int i = 0; i < FILES; i++) {
        char name[] = "file-?", line[SIZE];
        struct stat status;
        name[5] = (char)('0' + i);
        memset(line, 'a' + i, sizeof line);
        const int fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
        CHECK(fd != -1 && write(fd, line, sizeof line) == SIZE && fstat(fd, &status) == 0);
        files[i] = (struct file){.fd = fd, .device = (uint64_t)status.st_dev, .inode = (uint64_t)status.st_ino};
        for (uint64_t offset = 0; offset <= SIZE; offset++) {
            struct position position = {.offset = offset};
            CHECK(position_take(&position, fd, (struct bytes){NULL, 0}) == POSITION_FITS);
            files[i].hashes[offset] = position.hash;
        }
    }
}

/* Of few names, with and without a number. */
static const char *random_key(void)
{
    static const char *const numbers[] = {"", ".1", ".2", "-20261101", ".1.2", ".x", "."};
    static char key[40];
    snprintf(key, sizeof key, "/logs/%c%s", (char)('a' + check_random() % 6),
             numbers[check_random() % (sizeof numbers / sizeof *numbers)]);
    return key;
}

/* A position that fits one of the files, or another device or inode, or other bytes; some are at offset 0, and some
 * behind the end. */
static struct position random_position(void)
{
    const struct file *file = &files[check_random() % FILES];
    const uint64_t offset = check_random() % 4 == 0 ? 0 : check_random() % 8 == 0 ? SIZE + 1 : check_random() % SIZE;
    struct position position = {.offset = offset,
                                .records = check_random() % 3,
                                .device = file->device,
                                .inode = file->inode,
                                .hash = offset <= SIZE ? file->hashes[offset] : 0};
    position.device += check_random() % 8 == 0;
    position.hash ^= check_random() % 8 == 0;
    return position;
}

static struct {
    char keys[KNOWN_MOST][40];
    struct position positions[KNOWN_MOST];
    size_t count;
} table;

/* In the order in which the state gives them, which decides between two that are equally far. */
static void list_known(void *context, struct bytes key, struct bytes value)
{
    (void)context;
    snprintf(table.keys[table.count], sizeof *table.keys, "%.*s", (int)key.size, key.data);
    CHECK_ABOUT(value, position_parse(value, &table.positions[table.count++]));
}

static const char *key_by_file(const char *key, int fd)
{
    size_t found = table.count;
    for (size_t i = 0; i < table.count; i++)
        if ((table.positions[i].offset > 0 || strcmp(table.keys[i], key) == 0) &&
            position_compare(&table.positions[i], fd) == POSITION_FITS &&
            (found == table.count || table.positions[i].offset > table.positions[found].offset))
            found = i;
    return found < table.count ? table.keys[found] : "none";
}

static const char *key_of(const struct known *known)
{
    return known != NULL ? known->key : "none";
}

static void check_questions(const struct known_files *known, const char *key)
{
    size_t count, seen = 0;
    const char *same = "none";
    const struct known *const *rotated = known_rotated(known, key, &count);
    for (size_t i = 0; i < table.count; i++) {
        if (strcmp(table.keys[i], key) == 0)
            same = table.keys[i];
        if (bytes_equal(rotation_before(table.keys[i]), bytes_of(key)))
            CHECK_ABOUT(bytes_of(key), seen < count && strcmp(rotated[seen++]->key, table.keys[i]) == 0);
    }
    CHECK_ABOUT(bytes_of(key), seen == count);
    CHECK_TEXT(same, bytes_of(key_of(known_by_key(known, key))));
    for (int i = 0; i < FILES; i++)
        CHECK_TEXT(key_by_file(key, files[i].fd),
                   bytes_of(key_of(known_by_file(known, key, files[i].device, files[i].inode, files[i].fd))));
}

static void check_known(size_t count)
{
    char text[POSITION_TEXT];
    struct state *state = state_open(NULL);
    struct known_files known;
    for (size_t i = 0; i < count; i++) {
        const struct position position = random_position();
        state_put(state, bytes_of(random_key()), position_format(&position, text));
    }
    table.count = 0;
    state_each(state, list_known, NULL);
    known_open(&known, state);
    for (int i = 0; i < 10; i++)
        check_questions(&known, random_key());
    known_close(&known);
    state_close(state);
}

static void check_before(const char *path, const char *expected)
{
    CHECK_TEXT(expected, rotation_before(path));
}

int main(void)
{
    char directory[4096];
    const char *temporary = getenv("TMPDIR");
    snprintf(directory, sizeof directory, "%s/known.XXXXXX", temporary != NULL ? temporary : "/tmp");
    if (mkdtemp(directory) == NULL || chdir(directory) == -1) {
        perror(directory);
        return 1;
    }
    check_before("/log.1", "/log");
    check_before("/log-20261101", "/log");
    check_before("/log.1.22", "/log.1");
    check_before("/log-1-", "");
    check_before("/log", "");
    check_before("/log.", "");
    check_before("/log1", "");
    check_before("/log.1x", "");
    check_before("/log/2", "");
    check_before("12", "");
    make_files();
    for (size_t i = 0; i < ROUNDS; i++)
        check_known(i % KNOWN_MOST);
    for (int i = 0; i < FILES; i++) {
        char name[] = "file-?";
        name[5] = (char)('0' + i);
        close(files[i].fd);
        unlink(name);
    }
    CHECK(chdir("/") == 0 && rmdir(directory) == 0);
    return check_end();
}
