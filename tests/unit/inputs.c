/* Goal of this test: a file in which any of the last bytes that were read has changed, up to POSITION_WINDOW of them,
 * is not saved as read, in whatever pieces it was read. */
#include "files/inputs.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { SIZE = 3 * POSITION_WINDOW };

static char data[SIZE];

/* The status of a process that reads size bytes of the file in pieces, and saves its position when the byte at the
 * offset changed has become another one. */
static int save_changed(size_t size, size_t piece, size_t changed)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        char *names[] = {"file", NULL};
        struct inputs inputs = {0};
        struct state *state = state_open(NULL);
        const int fd = open("file", O_WRONLY);
        close(STDERR_FILENO);
        inputs_open(&inputs, names, 1);
        for (size_t at = 0; at < size; at += piece)
            inputs_advance(&inputs.list[0], (struct bytes){data + at, size - at < piece ? size - at : piece}, 1);
        const char byte = (char)(data[changed] ^ 1);
        if (pwrite(fd, &byte, 1, (off_t)changed) != 1)
            _exit(1);
        inputs_freeze(&inputs, state);
        const bool saved = !inputs.list[0].moved && state_get(state, bytes_of(inputs.list[0].key)).size > 0;
        inputs_close(&inputs);
        state_close(state);
        _exit(!saved);
    }
    CHECK(child != -1 && waitpid(child, &status, 0) == child && WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void check_changes(size_t size, size_t piece)
{
    const size_t window = size < POSITION_WINDOW ? size : POSITION_WINDOW;
    const size_t places[] = {1, 2, piece, piece + 1, 2 * piece - 1, window / 2, window - 1, window, window + 1};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (places[i] < 1 || places[i] > size)
            continue;
        const int fd = open("file", O_WRONLY | O_CREAT | O_TRUNC, 0600);
        CHECK(fd != -1 && write(fd, data, SIZE) == SIZE);
        close(fd);
        CHECK(save_changed(size, piece, size - places[i]) == (places[i] <= window ? STATUS_MISFIT : 0));
    }
}

int main(void)
{
    char directory[4096];
    const char *temporary = getenv("TMPDIR");
    snprintf(directory, sizeof directory, "%s/inputs.XXXXXX", temporary != NULL ? temporary : "/tmp");
    if (mkdtemp(directory) == NULL || chdir(directory) == -1) {
        perror(directory);
        return 1;
    }
    fflush(NULL);
    for (size_t i = 0; i < SIZE; i++)
        data[i] = (char)check_random();
    const size_t sizes[] = {1, 100, POSITION_WINDOW - 1, POSITION_WINDOW, POSITION_WINDOW + 1, SIZE};
    const size_t pieces[] = {1, 7, 1000, POSITION_WINDOW - 1, POSITION_WINDOW, POSITION_WINDOW + 100, SIZE};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t k = 0; k < sizeof pieces / sizeof *pieces; k++)
            check_changes(sizes[i], pieces[k]);
    CHECK(unlink("file") == 0 && chdir("/") == 0 && rmdir(directory) == 0);
    return check_end();
}
