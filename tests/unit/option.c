/* Goal of this test: what option_parse makes of command lines, each in a process of its own, and what spans mean. */
#include "base/option.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/message.h"
#include "base/span.h"
#include "check.h"

enum { WORDS = 8, TEXT = 2048 };

#define HINT " (fl-test --help shows the usage)\n"

static const char help[] = "usage: fl-test [-h] [-r DIR] OPERAND [OPERAND [OPERAND]]\n"
                           "       fl-test [--step STEP] [--every SPAN] [--most COUNT] [--memory SIZE]\n"
                           "           [--recovery-directory DIR] -x CMD [ARG...]\n"
                           "\n"
                           "  OPERAND is anything\n"
                           "  -h, --hold                     hold\n"
                           "  -q, --quiet                    quiet,\n"
                           "                                 and more of it\n"
                           "      --step STEP                a step\n"
                           "  -x, --exec CMD [ARG...]        a command\n"
                           "      --every SPAN               a span\n"
                           "      --most COUNT               a count\n"
                           "      --memory SIZE              a size\n"
                           "  -r, --recovery-directory DIR   a directory\n"
                           "      --help, --version          show this, show the version\n";

static const char *const forms[] = {
    "[-h] [-r DIR] OPERAND [OPERAND [OPERAND]]",
    "[--step STEP] [--every SPAN] [--most COUNT] [--memory SIZE] [--recovery-directory DIR] -x CMD [ARG...]", NULL};

static const struct option_usage usage = {forms, "  OPERAND is anything\n"};

struct own {
    bool hold, quiet;
    const char *step;
    char **command;
    struct option_span every;
    uint64_t most;
    size_t memory;
};

static const struct option_entry own_options[] = {
    {'h', "hold", OPTION_FLAG, NULL, offsetof(struct own, hold), "hold"},
    {'q', "quiet", OPTION_FLAG, NULL, offsetof(struct own, quiet), "quiet,\nand more of it"},
    {'\0', "step", OPTION_TEXT, "STEP", offsetof(struct own, step), "a step"},
    {'x', "exec", OPTION_COMMAND, "CMD [ARG...]", offsetof(struct own, command), "a command"},
    {'\0', "every", OPTION_POSITIVE_SPAN, "SPAN", offsetof(struct own, every), "a span"},
    {'\0', "most", OPTION_COUNT, "COUNT", offsetof(struct own, most), "a count"},
    {'\0', "memory", OPTION_SIZE, "SIZE", offsetof(struct own, memory), "a size"},
    {0},
};

struct common {
    const char *directory;
};

static const struct option_entry common_options[] = {
    {'r', "recovery-directory", OPTION_TEXT, "DIR", offsetof(struct common, directory), "a directory"},
    {0},
};

/* A program with two tables: prints what it was given. */
static int program(char **argv)
{
    struct own own = {.step = "-"};
    struct common common = {"-"};
    const struct option_table tables[] = {{own_options, &own}, {common_options, &common}, {NULL, NULL}};

    message_start(argv[0]);
    size_t count;
    char **operands = option_parse(argv, &usage, tables, 1, 3, &count);
    printf("%s %s %d%d %zu:", common.directory, own.step, own.hold, own.quiet, count);
    for (; *operands != NULL; operands++)
        printf(" %s", *operands);
    if (own.command != NULL)
        printf(" |");
    for (; own.command != NULL && *own.command != NULL; own.command++)
        printf(" %s", *own.command);
    if (own.every.given || own.most > 0 || own.memory > 0)
        printf(" (%lld %llu %zu)", (long long)own.every.nanoseconds, (unsigned long long)own.most, own.memory);
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
        {{"--help"}, 0, help},
        {{"a", "--every", "5ms", "--most", "1", "--memory=3K"}, 0, "- - 00 1: a (5000000 1 3072)\n"},
        {{"a", "--every", "0"},
         64,
         "fl-test: --every: \"0\" is not a span of time above 0, such as 10, 0.5, 500ms, 30s, 5m,"
         " 1h or 2d" HINT},
        {{"a", "--most", "0"}, 64, "fl-test: --most: \"0\" is not a count from 1 on" HINT},
        {{"a", "--most", "-2"}, 64, "fl-test: --most: \"-2\" is not a count from 1 on" HINT},
        {{"a", "--memory", "1X"}, 64, "fl-test: --memory: \"1X\" is not a size such as 500K, 64M or 2G" HINT},
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
