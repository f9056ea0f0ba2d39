/* Goal of this test: a position says of a file whether it is the one that it was taken of, as far as it was taken; and
 * its text is read back as what it was, or not at all. */
#include "files/position.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/message.h"
#include "check.h"

static void check_text_of(void)
{
    char text[POSITION_TEXT];
    struct position position = {10, 5, 2049, 1234, 0x0123456789abcdef}, read = {0};
    CHECK_TEXT("offset=10 records=5 device=2049 inode=1234 hash=0123456789abcdef", position_format(&position, text));
    for (int i = 0; i < 1000; i++) {
        position = (struct position){check_random() >> i % 64, check_random() >> i % 61, check_random(), check_random(),
                                     check_random() >> i % 59};
        struct bytes form = position_format(&position, text);
        CHECK_ABOUT(form, position_parse(form, &read));
        CHECK_ABOUT(form, memcmp(&position, &read, sizeof read) == 0);
    }
    position = (struct position){UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
    CHECK(position_format(&position, text).size < POSITION_TEXT);
}

static void check_refused_texts(void)
{
    static const char *const texts[] = {
        "",
        "offset=10",
        "offset=10 records=5 device=2049 inode=1234 hash=0123456789abcde",
        "offset=10 records=5 device=2049 inode=1234 hash=0123456789ABCDEF",
        "offset=10 records=5 device=2049 inode=1234 hash=0123456789abcdef ",
        " offset=10 records=5 device=2049 inode=1234 hash=0123456789abcdef",
        "offset=010 records=5 device=2049 inode=1234 hash=0123456789abcdef",
        "offset=-1 records=5 device=2049 inode=1234 hash=0123456789abcdef",
        "offset=10  records=5 device=2049 inode=1234 hash=0123456789abcdef",
        "offset=18446744073709551616 records=5 device=2049 inode=1234 hash=0123456789abcdef",
        "offset=10 records=5 inode=1234 device=2049 hash=0123456789abcdef",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct bytes text = check_copy(texts[i]);
        struct position position = {7, 7, 7, 7, 7};
        CHECK_ABOUT(text, !position_parse(text, &position));
        CHECK_ABOUT(text, position.offset == 7 && position.hash == 7);
        free((char *)text.data);
    }
    char longer[POSITION_TEXT + 1];
    memset(longer, '1', sizeof longer);
    struct position position;
    CHECK(!position_parse((struct bytes){longer, sizeof longer}, &position));
    CHECK(
        !position_parse((struct bytes){"offset=10 records=5 device=1 inode=1 hash=0123456789abcdef\0", 59}, &position));
}

static void put(int fd, const char *text, off_t at)
{
    CHECK(pwrite(fd, text, strlen(text), at) == (ssize_t)strlen(text));
}

static int make(const char *name, size_t size)
{
    int fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
    CHECK(fd != -1);
    for (size_t i = 0; i < size; i++)
        put(fd, i % 50 == 49 ? "\n" : "x", (off_t)i);
    return fd;
}

/* Of a file of 3 * POSITION_WINDOW bytes, a position at the offset. */
static void check_file(uint64_t offset)
{
    const off_t end = 3 * POSITION_WINDOW;
    struct position position = {.offset = offset, .records = 17}, other;
    int fd = make("file", (size_t)end);
    const struct bytes nothing = {NULL, 0};
    CHECK(position_take(&position, fd, nothing) == POSITION_FITS);
    CHECK(position.records == 17 && position.offset == offset);
    CHECK(position_compare(&position, fd) == POSITION_FITS);
    other = position;
    CHECK(position_take(&other, fd, nothing) == POSITION_FITS);
    CHECK(memcmp(&other, &position, sizeof other) == 0);

    put(fd, "more\n", end);
    CHECK(position_compare(&position, fd) == POSITION_FITS);
    put(fd, "?", (off_t)offset);
    CHECK(position_compare(&position, fd) == POSITION_FITS);
    if (offset > 0) {
        const struct bytes last = {(offset - 1) % 50 == 49 ? "\n" : "x", 1};
        CHECK(position_take(&other, fd, last) == POSITION_FITS);
        put(fd, "?", (off_t)offset - 1);
        CHECK(position_compare(&position, fd) == POSITION_CHANGED);
        CHECK(position_take(&other, fd, last) == POSITION_CHANGED);
        CHECK(memcmp(&other, &position, sizeof other) == 0);
        put(fd, (offset - 1) % 50 == 49 ? "\n" : "x", (off_t)offset - 1);
        off_t first = offset < POSITION_WINDOW ? 0 : (off_t)offset - POSITION_WINDOW;
        put(fd, "?", first);
        CHECK(position_compare(&position, fd) == POSITION_CHANGED);
        put(fd, first % 50 == 49 ? "\n" : "x", first);
        if (first > 0) {
            put(fd, "?", first - 1);
            CHECK(position_compare(&position, fd) == POSITION_FITS);
        }
        CHECK(ftruncate(fd, (off_t)offset - 1) == 0);
        CHECK(position_compare(&position, fd) == POSITION_SHORTER);
        other = position;
        CHECK(position_take(&other, fd, nothing) == POSITION_SHORTER);
        CHECK(memcmp(&other, &position, sizeof other) == 0);
        CHECK(ftruncate(fd, 0) == 0);
        CHECK(position_compare(&position, fd) == POSITION_SHORTER);
    }
    int copy = make("copy", (size_t)offset);
    CHECK(position_compare(&position, copy) == POSITION_RENEWED);
    close(copy);
    int write_only = open("copy", O_WRONLY);
    CHECK(offset == 0 || position_compare(&position, write_only) == POSITION_UNREADABLE);
    close(write_only);
    close(fd);
    unlink("file");
    unlink("copy");
}

static void check_path(const char *name, const char *expected)
{
    char *path = position_path(name, STATUS_NO_INPUT);
    CHECK_TEXT(expected, bytes_of(path));
    free(path);
}

/* What has no path ends the program with the status. */
static void check_no_path(const char *name, enum status expected)
{
    int status;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        close(STDERR_FILENO);
        free(position_path(name, expected));
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == (int)expected);
}

static void check_paths(const char *directory)
{
    char expected[4096 + 16];
    close(make("file", 1));
    CHECK(mkdir("sub", 0700) == 0 && symlink("sub", "link") == 0 && symlink("../file", "sub/far") == 0);
    snprintf(expected, sizeof expected, "%s/file", directory);
    check_path("file", expected);
    check_path("./file", expected);
    check_path("sub/../file", expected);
    check_path("link/far", expected);
    check_path(expected, expected);
    snprintf(expected, sizeof expected, "%s/sub/new", directory);
    check_path("sub/new", expected);
    check_path("link/new", expected);
    check_path("sub/../sub//new", expected);
    snprintf(expected, sizeof expected, "%s/new", directory);
    check_path("new", expected);
    check_path("/no-file-of-this-name", "/no-file-of-this-name");

    check_no_path("missing/new", STATUS_NO_INPUT);
    check_no_path("file/new", STATUS_CANT_CREATE);
    unlink("sub/far");
    unlink("link");
    rmdir("sub");
    unlink("file");
}

int main(void)
{
    char directory[4096], name[4096];
    const char *temporary = getenv("TMPDIR");
    snprintf(name, sizeof name, "%s/position.XXXXXX", temporary != NULL ? temporary : "/tmp");
    if (mkdtemp(name) == NULL || realpath(name, directory) == NULL || chdir(directory) == -1) {
        perror(name);
        return 1;
    }
    check_text_of();
    check_refused_texts();
    const uint64_t offsets[] = {0,
                                1,
                                49,
                                50,
                                POSITION_WINDOW - 1,
                                POSITION_WINDOW,
                                POSITION_WINDOW + 1,
                                2 * POSITION_WINDOW,
                                3 * POSITION_WINDOW};
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++)
        check_file(offsets[i]);
    check_paths(directory);
    CHECK(chdir("/") == 0 && rmdir(directory) == 0);
    return check_end();
}
