/* Goal of this test: what option_parse makes of command lines, each in a process of its own, and what spans mean. */
#include "base/option.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "base/message.h"
#include "base/span.h"

enum { WORDS = 8, TEXT = 512 };

static const char usage[] = "usage: fl-test [-h] [-r DIR] [OPERAND [OPERAND]]\n\n  -r DIR  a directory\n";
#define HINT " (fl-test --help shows the usage)\n"

/* A program with two tables: prints what it was given. */
static int program(char **argv)
{
    const char *directory = "-";
    const char *step = "-";
    bool hold = false;
    bool quiet = false;
    char **command = NULL;
    const struct option_entry own[] = {{.letter = 'h', .name = "hold", .given = &hold},
                                       {.letter = 'q', .given = &quiet},
                                       {.name = "step", .argument = &step},
                                       {.letter = 'x', .name = "exec", .command = &command},
                                       {0}};
    const struct option_entry common[] = {{.letter = 'r', .name = "recovery-directory", .argument = &directory}, {0}};
    const struct option_entry *const tables[] = {own, common, NULL};

    message_start(argv[0]);
    size_t count;
    char **operands = option_parse(argv, usage, tables, 1, 3, &count);
    printf("%s %s %d%d %zu:", directory, step, hold, quiet, count);
    for (; *operands != NULL; operands++)
        printf(" %s", *operands);
    if (command != NULL)
        printf(" |");
    for (; command != NULL && *command != NULL; command++)
        printf(" %s", *command);
    printf("\n");
    return fflush(stdout) == 0 ? STATUS_OK : STATUS_IO;
}

/* Runs the program; puts what it printed, on both outputs, into text, and returns its status. */
static int run(const char *const *words, char *text)
{
    char *argv[WORDS + 2] = {strdup("/usr/bin/fl-test")};
    for (size_t i = 0; i < WORDS && words[i] != NULL; i++)
        argv[i + 1] = strdup(words[i]);
    int ends[2];
    CHECK(pipe(ends) == 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        _exit(program(argv));
    }
    close(ends[1]);
    size_t size = 0;
    for (ssize_t n; (n = read(ends[0], text + size, TEXT - 1 - size)) > 0;)
        size += (size_t)n;
    text[size] = '\0';
    close(ends[0]);
    for (char **word = argv; *word != NULL; word++)
        free(*word);
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void check_command_lines(void)
{
    static const struct {
        const char *words[WORDS];
        int status;
        const char *text;
    } lines[] = {
        {{"a"}, 0, "- - 00 1: a\n"},
        {{"a", "-r", "db", "b"}, 0, "db - 00 2: a b\n"},
        {{"-rdb", "a", "-hq", "b", "--step=s", "c"}, 0, "db s 11 3: a b c\n"},
        {{"--recovery-directory", "db", "a"}, 0, "db - 00 1: a\n"},
        {{"--recovery-directory=", "a"}, 0, " - 00 1: a\n"},
        {{"a", "--", "-r", "--"}, 0, "- - 00 3: a -r --\n"},
        {{"-", "-q", "-"}, 0, "- - 01 2: - -\n"},
        {{"-r", "-", "-", "-h"}, 0, "- - 10 1: -\n"},
        {{"-r", "--", "a"}, 0, "-- - 00 1: a\n"},
        {{"", "-h"}, 0, "- - 10 1: \n"},
        {{"a", "-x", "b"}, 0, "- - 00 1: a | b\n"},
        {{"a", "-hx", "b", "-r", "--", "-x", "--help"}, 0, "- - 10 1: a | b -r -- -x --help\n"},
        {{"-h", "a", "b", "-xc", "-q"}, 0, "- - 10 2: a b | c -q\n"},
        {{"a", "b", "-xc", "d"}, 0, "- - 00 2: a b | c d\n"},
        {{"a", "-x-q", "a"}, 0, "- - 00 1: a | -q a\n"},
        {{"a", "b", "--exec=c", "--step", "d"}, 0, "- - 00 2: a b | c --step d\n"},
        {{"a", "--exec", "", ""}, 0, "- - 00 1: a |  \n"},
        {{"a", "-x", "--", "-"}, 0, "- - 00 1: a | -- -\n"},
        {{"a", "--", "-x", "b"}, 0, "- - 00 3: a -x b\n"},
        {{"--version", "-z"}, 0, "fl-test " FL_VERSION "\n"},
        {{"--help"}, 0, usage},
        {{NULL}, 64, "fl-test: an operand is missing" HINT},
        {{"a", "b", "c", "d\n"}, 64, "fl-test: unexpected operand \"d\\n\"" HINT},
        {{"-z"}, 64, "fl-test: unknown option -z" HINT},
        {{"-qz", "a"}, 64, "fl-test: unknown option -z" HINT},
        {{"a", "-\xc3\xa9"}, 64, "fl-test: unknown option \"-\\xc3\"" HINT},
        {{"a", "--zero", "b"}, 64, "fl-test: unknown option --zero" HINT},
        {{"a", "--ze\tro"}, 64, "fl-test: unknown option \"--ze\\tro\"" HINT},
        {{"a", "--zero=1"}, 64, "fl-test: unknown option --zero=1" HINT},
        {{"a", "--step"}, 64, "fl-test: option --step needs an argument" HINT},
        {{"-xa", "b"}, 64, "fl-test: an operand is missing" HINT},
        {{"a", "-x"}, 64, "fl-test: option -x needs an argument" HINT},
        {{"a", "--exec"}, 64, "fl-test: option --exec needs an argument" HINT},
        {{"a", "-r"}, 64, "fl-test: option -r needs an argument" HINT},
        {{"a", "--hold=1"}, 64, "fl-test: option --hold takes no argument" HINT},
        {{"-r", "a", "--recovery-directory", "b"}, 64, "fl-test: option --recovery-directory is given twice" HINT},
        {{"-hh", "a"}, 64, "fl-test: option -h is given twice" HINT},
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char text[TEXT];
        int status = run(lines[i].words, text);
        CHECK(status == lines[i].status);
        CHECK(strcmp(text, lines[i].text) == 0);
        if (status != lines[i].status || strcmp(text, lines[i].text) != 0)
            fprintf(stderr, "line %zu: status %d: %s", i, status, text);
    }
}

static void check_spans(void)
{
    static const struct {
        const char *text;
        int64_t nanoseconds; /* -1: refused */
    } spans[] = {
        {"10", 10000000000},
        {"0", 0},
        {"0.5", 500000000},
        {".5", 500000000},
        {"5.", 5000000000},
        {"500ms", 500000000},
        {"0.25ms", 250000},
        {"30s", 30000000000},
        {"5m", 300000000000},
        {"1h", 3600000000000},
        {"1.5h", 5400000000000},
        {"2d", 172800000000000},
        {"0.000000001", 1},
        {"0.0000000019999999999999999999999999", 1},
        {"000000000000000000000000000001", 1000000000},
        {"9223372036.854775807", INT64_MAX},
        {"106751d", 9223286400000000000},
        {"9223372036.854775808", -1},
        {"9223372037", -1},
        {"106752d", -1},
        {"18446744073709551617", -1},
        {"99999999999999999999999d", -1},
        {"", -1},
        {".", -1},
        {"ms", -1},
        {".s", -1},
        {"-1", -1},
        {"+1", -1},
        {" 1", -1},
        {"1 ", -1},
        {"1 s", -1},
        {"1..5", -1},
        {"1e3", -1},
        {"0x10", -1},
        {"1S", -1},
        {"1sm", -1},
        {"1m30s", -1},
        {"inf", -1},
    };
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        int64_t nanoseconds = -7;
        bool good = span_parse(spans[i].text, &nanoseconds);
        CHECK(good == (spans[i].nanoseconds != -1));
        CHECK(nanoseconds == (good ? spans[i].nanoseconds : -7));
        if (nanoseconds != (spans[i].nanoseconds != -1 ? spans[i].nanoseconds : -7))
            fprintf(stderr, "span \"%s\": %lld\n", spans[i].text, (long long)nanoseconds);
    }
}

int main(void)
{
    unsetenv("POSIXLY_CORRECT");
    check_command_lines();
    setenv("POSIXLY_CORRECT", "1", 1);
    check_command_lines();
    check_spans();
    return check_end();
}
