/* Goal of this test: lines of any size and number go to a program and come back, and neither waits for the other for
 * ever; programs end in all ways; and a program is reported that cannot be started, says nothing, or cannot be written
 * to. */
#include "exec/coprocess.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/message.h"
#include "check.h"

#define SECOND INT64_C(1000000000)
#define MILLISECOND INT64_C(1000000)

static void start(struct coprocess *coprocess, char **command)
{
    coprocess_open(coprocess, command, 20 * SECOND);
    CHECK(!coprocess_runs(coprocess));
    const char *why = coprocess_start(coprocess);
    CHECK_ABOUT(bytes_of(why), why == NULL);
    CHECK(coprocess_runs(coprocess));
}

#define START(coprocess, ...) start((coprocess), (char *[]){__VA_ARGS__, NULL})

/* Returns the next line; data NULL: the output has ended. */
static struct bytes next(struct coprocess *coprocess)
{
    struct bytes line;
    while (!coprocess_take(coprocess, &line)) {
        if (coprocess_has_ended(coprocess))
            return (struct bytes){NULL, 0};
        const char *why = coprocess_wait(coprocess);
        CHECK_ABOUT(bytes_of(why), why == NULL);
        if (why != NULL)
            return (struct bytes){NULL, 0};
    }
    return line;
}

/* No line is left, and the program ends with this status. */
static void check_ends(struct coprocess *coprocess, int expected, const char *how)
{
    int status;
    CHECK(next(coprocess).data == NULL);
    CHECK_TEXT(how, bytes_of(coprocess_end(coprocess, &status)));
    CHECK(status == expected);
    CHECK(!coprocess_runs(coprocess));
    coprocess_close(coprocess);
}

static void check_in_step(void)
{
    struct coprocess cat;
    struct bytes more;
    START(&cat, "cat");
    for (int i = 0; i < 1000; i++) {
        char text[32];
        snprintf(text, sizeof text, "%.*s%d", i % 7, "line ", i);
        coprocess_give(&cat, bytes_of(text));
        CHECK_TEXT(text, next(&cat));
        CHECK(!coprocess_has_more(&cat, &more));
    }
    coprocess_give_end(&cat);
    check_ends(&cat, 0, "\"cat\" ended with status 0");
}

static size_t size_of(int line)
{
    return (size_t)line * 7919 % 100000;
}

/* Far more than pipes hold is given before the first line is taken. */
static void check_ahead(char **command, const char *how)
{
    enum { LINES = 300 };
    struct coprocess coprocess;
    struct buffer line = {0};
    memset(buffer_reserve(&line, 100000), 'x', 100000);
    start(&coprocess, command);
    for (int i = 0; i < LINES; i++)
        coprocess_give(&coprocess, (struct bytes){line.data, size_of(i)});
    coprocess_give_end(&coprocess);
    CHECK(coprocess_unwritten(&coprocess) > 10000000);
    for (int i = 0; i < LINES; i++) {
        struct bytes answer = next(&coprocess);
        CHECK(answer.data != NULL && answer.size == size_of(i) && memcmp(answer.data, line.data, answer.size) == 0);
    }
    check_ends(&coprocess, 0, how);
    buffer_free(&line);
}

static void check_ends_of_all_kinds(void)
{
    struct coprocess coprocess;
    START(&coprocess, "sh", "-c", "printf 'a\\n\\nb'; exit 3");
    CHECK_TEXT("a", next(&coprocess));
    CHECK_TEXT("", next(&coprocess));
    CHECK_TEXT("b", next(&coprocess));
    check_ends(&coprocess, 3, "\"sh -c printf 'a\\\\n\\\\nb'; exit 3\" ended with status 3");

    START(&coprocess, "sh", "-c", "kill -KILL $$");
    check_ends(&coprocess, 128 + SIGKILL, "\"sh -c kill -KILL $$\" was ended by signal 9 (Killed)");

    /* It has ended before it is given lines. */
    START(&coprocess, "true");
    CHECK(next(&coprocess).data == NULL);
    for (int i = 0; i < 100000; i++)
        coprocess_give(&coprocess, bytes_of("more than a pipe holds"));
    check_ends(&coprocess, 0, "\"true\" ended with status 0");

    START(&coprocess, "head", "-n", "1");
    for (int i = 0; i < 100000; i++)
        coprocess_give(&coprocess, bytes_of("one"));
    coprocess_give_end(&coprocess);
    CHECK_TEXT("one", next(&coprocess));
    check_ends(&coprocess, 0, "\"head -n 1\" ended with status 0");

    /* The same co-process is started again. */
    START(&coprocess, "wc", "-l");
    for (int i = 0; i < 3; i++) {
        int status;
        coprocess_give(&coprocess, bytes_of("a"));
        coprocess_give_end(&coprocess);
        struct bytes line = next(&coprocess);
        CHECK(line.size > 0 && line.data[line.size - 1] == '1');
        CHECK(next(&coprocess).data == NULL);
        CHECK_TEXT("\"wc -l\" ended with status 0", bytes_of(coprocess_end(&coprocess, &status)));
        CHECK_ABOUT(bytes_of("start"), coprocess_start(&coprocess) == NULL);
    }
    coprocess_give_end(&coprocess);
    CHECK(next(&coprocess).data != NULL);
    check_ends(&coprocess, 0, "\"wc -l\" ended with status 0");
}

static void check_no_shell(void)
{
    struct coprocess coprocess;
    START(&coprocess, "printf", "%s\n", "$HOME; *", "a  b", "");
    CHECK_TEXT("$HOME; *", next(&coprocess));
    CHECK_TEXT("a  b", next(&coprocess));
    CHECK_TEXT("", next(&coprocess));
    check_ends(&coprocess, 0, "\"printf %s\\n $HOME; * a  b \" ended with status 0");

    char *missing[] = {"no such;command", "x", NULL};
    coprocess_open(&coprocess, missing, 0);
    CHECK_TEXT("\"no such;command x\" cannot be started: No such file or directory",
               bytes_of(coprocess_start(&coprocess)));
    CHECK(!coprocess_runs(&coprocess));
    coprocess_close(&coprocess);
}

static int waits;

static void count_waits(void *context)
{
    CHECK(context == &waits);
    waits++;
}

static void check_silence(void)
{
    struct coprocess coprocess;
    char *sleeps[] = {"sleep", "1000", NULL};
    int status;
    coprocess_open(&coprocess, sleeps, 50 * MILLISECOND);
    coprocess.before_wait = count_waits;
    coprocess.context = &waits;
    CHECK(coprocess_start(&coprocess) == NULL);
    CHECK_TEXT("\"sleep 1000\" has said nothing for 0.05s", bytes_of(coprocess_wait(&coprocess)));
    CHECK(waits == 1 && coprocess.silent);
    CHECK(coprocess_wait(&coprocess) == NULL && coprocess_has_ended(&coprocess));
    CHECK_TEXT("\"sleep 1000\" was ended by signal 9 (Killed)", bytes_of(coprocess_end(&coprocess, &status)));
    coprocess_close(&coprocess);

    /* Its output ends before it does. */
    char *lingers[] = {"sh", "-c", "exec >&-; exec sleep 1000", NULL};
    coprocess_open(&coprocess, lingers, 50 * MILLISECOND);
    CHECK(coprocess_start(&coprocess) == NULL);
    CHECK(next(&coprocess).data == NULL);
    CHECK_TEXT("\"sh -c exec >&-; exec sleep 1000\" has not ended after its output for 0.05s",
               bytes_of(coprocess_end(&coprocess, &status)));
    CHECK(status == -1);
    coprocess_close(&coprocess);

    char *lingers_briefly[] = {"sh", "-c", "exec >&-; exec sleep 0.05", NULL};
    coprocess_open(&coprocess, lingers_briefly, 0);
    CHECK(coprocess_start(&coprocess) == NULL);
    CHECK(next(&coprocess).data == NULL);
    CHECK(coprocess_end(&coprocess, &status) != NULL && status == 0);
    coprocess_close(&coprocess);
}

static void check_more(void)
{
    struct coprocess coprocess;
    struct bytes more;
    START(&coprocess, "sh", "-c", "read -r x; echo 1; printf '2\\n3'; read -r x");
    CHECK(!coprocess_has_more(&coprocess, &more));
    coprocess_give(&coprocess, bytes_of("x"));
    CHECK_TEXT("1", next(&coprocess));
    while (!coprocess_has_more(&coprocess, &more))
        (void)coprocess_wait(&coprocess);
    CHECK_TEXT("2", more);
    CHECK_TEXT("2", next(&coprocess));
    while (!coprocess_has_more(&coprocess, &more))
        (void)coprocess_wait(&coprocess);
    CHECK_TEXT("3", more);
    coprocess_give_end(&coprocess);
    CHECK_TEXT("3", next(&coprocess));
    CHECK(!coprocess_has_more(&coprocess, &more));
    check_ends(&coprocess, 1, "\"sh -c read -r x; echo 1; printf '2\\\\n3'; read -r x\" ended with status 1");
}

/* What this process ignores or blocks, the program does not; and its end is seen all the same. */
static void check_signals(void)
{
    struct coprocess coprocess;
    int status;
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &term, NULL);
    signal(SIGCHLD, SIG_IGN);
    START(&coprocess, "sh", "-c", "kill -TERM $$; echo blocked");
    CHECK(next(&coprocess).data == NULL);
    CHECK(coprocess_end(&coprocess, &status) != NULL && status == 128 + SIGTERM);
    coprocess_close(&coprocess);
    pthread_sigmask(SIG_UNBLOCK, &term, NULL);
    START(&coprocess, "sh", "-c", "kill -XFSZ $$; echo ignored");
    CHECK(next(&coprocess).data == NULL);
    CHECK(coprocess_end(&coprocess, &status) != NULL && status == 128 + SIGXFSZ);
    coprocess_close(&coprocess);
}

/* Only a co-process that has closed its input may lose lines: another error of write is reported. */
static void check_write_error(void)
{
    struct coprocess coprocess;
    START(&coprocess, "cat");
    int full = open("/dev/full", O_WRONLY);
    CHECK(full != -1 && dup2(full, coprocess.input) == coprocess.input);
    coprocess_give(&coprocess, bytes_of("a"));
    CHECK_TEXT("\"cat\" cannot be written to: No space left on device", bytes_of(coprocess_wait(&coprocess)));
    close(full);
    coprocess_close(&coprocess);
}

int main(void)
{
    message_start("coprocess");
    check_in_step();
    check_ahead((char *[]){"cat", NULL}, "\"cat\" ended with status 0");
    check_ahead((char *[]){"awk", "{ print; fflush() }", NULL}, "\"awk { print; fflush() }\" ended with status 0");
    check_ends_of_all_kinds();
    check_no_shell();
    check_silence();
    check_more();
    check_signals();
    check_write_error();
    return check_end();
}
