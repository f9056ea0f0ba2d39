#include "base/option.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/message.h"
#include "base/quote.h"

enum {
    OPTIONS_MAX = 32,
    LONG = UINT8_MAX + 1 /* what getopt_long returns for a long name: LONG + the entry's place; else the letter */
};

/* The tables as one list, and in the two forms that getopt_long reads. */
struct grammar {
    const struct option_entry *entries[OPTIONS_MAX];
    size_t count;
    bool seen[OPTIONS_MAX];
    char letters[2 * OPTIONS_MAX + 3];
    struct option names[OPTIONS_MAX + 1];
};

static bool takes_argument(const struct option_entry *entry)
{
    return entry->argument != NULL || entry->command != NULL;
}

static void grammar_add(struct grammar *grammar, const struct option_entry *table)
{
    char *letter = strchr(grammar->letters, '\0');
    struct option *name = grammar->names;
    while (name->name != NULL)
        name++;
    for (const struct option_entry *entry = table; entry->letter != '\0' || entry->name != NULL; entry++) {
        if (grammar->count == OPTIONS_MAX)
            message_fail(STATUS_INTERNAL, "a program has more than %d options", OPTIONS_MAX);
        if (entry->letter != '\0') {
            *letter++ = entry->letter;
            if (takes_argument(entry))
                *letter++ = ':';
        }
        if (entry->name != NULL)
            *name++ = (struct option){
                .name = entry->name,
                .has_arg = takes_argument(entry) ? required_argument : no_argument,
                .val = LONG + (int)grammar->count,
            };
        grammar->entries[grammar->count++] = entry;
    }
}

/* The place of the entry that getopt_long means by a letter, or LONG + the place. */
static size_t grammar_find(const struct grammar *grammar, int answer)
{
    if (answer >= LONG)
        return (size_t)(answer - LONG);
    size_t place = 0;
    while (grammar->entries[place]->letter != answer)
        place++;
    return place;
}

/* An option as a message names it: in the form in which it was given. text has room for size bytes. */
static const char *grammar_name(const struct grammar *grammar, int answer, char *text, size_t size)
{
    if (answer >= LONG)
        snprintf(text, size, "--%s", grammar->entries[answer - LONG]->name);
    else
        snprintf(text, size, "-%c", answer);
    return text;
}

void option_refuse(const char *format, ...)
{
    char reason[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    message_fail(STATUS_USAGE, "%s (%s --help shows the usage)", reason, message_program);
}

/* Refuses a word of the command line, quoted where it is an operand or has bytes that a line cannot show. */
static _Noreturn void refuse_word(const char *why, const char *word, bool quote, const char *remedy)
{
    for (const char *byte = word; *byte != '\0'; byte++)
        if (*byte <= ' ' || *byte >= 0x7f)
            quote = true;
    struct buffer quoted = {0};
    if (quote)
        quote_add(&quoted, bytes_of(word));
    else
        buffer_add(&quoted, bytes_of(word));
    option_refuse("%s %.*s%s", why, (int)quoted.size, quoted.data, remedy);
}

/* Prints a text on standard output and ends the program. */
__attribute__((format(printf, 1, 2))) static _Noreturn void print_and_end(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    bool printed = vprintf(format, arguments) >= 0 && fclose(stdout) == 0;
    va_end(arguments);
    if (!printed)
        message_fail(STATUS_IO, "standard output: %s", strerror(errno));
    exit(STATUS_OK);
}

/* The next answer of getopt_long. In musl a lone `-` ends the options like a `--`: it is given as an operand here. */
static int next_answer(int argc, char **argv, const struct grammar *grammar)
{
    int before = optind;
    int answer = getopt_long(argc, argv, grammar->letters, grammar->names, NULL);
    if (answer == -1 && optind == before && optind < argc) {
        optarg = argv[optind++];
        return 1;
    }
    return answer;
}

static _Noreturn void refuse_operand(const struct grammar *grammar, const char *word)
{
    char remedy[128] = "";
    for (size_t i = 0; i < grammar->count && *remedy == '\0'; i++)
        if (grammar->entries[i]->phrase)
            snprintf(remedy, sizeof remedy, ": the %s follows -%c, in quotes", grammar->entries[i]->name,
                     grammar->entries[i]->letter);
    refuse_word("unexpected operand", word, true, remedy);
}

char **option_parse(char **argv, const char *usage, const struct option_entry *const *tables, size_t least, size_t most,
                    size_t *count)
{
    bool help = false;
    bool version = false;
    const struct option_entry every_program[] = {
        {.name = "help", .given = &help}, {.name = "version", .given = &version}, {0}};
    /* `-`: operands are answers too, in their order; `:`: a missing argument is told from an unknown option. */
    struct grammar grammar = {.letters = "-:"};
    grammar_add(&grammar, every_program);
    for (; *tables != NULL; tables++)
        grammar_add(&grammar, *tables);

    int argc = 0;
    while (argv[argc] != NULL)
        argc++;
    char **operands = argv; /* each in the place of a word before its own, so that the NULL behind them fits too */
    size_t found = 0;
    char name[64];
    opterr = 0;
    for (int answer; (answer = next_answer(argc, argv, &grammar)) != -1;) {
        if (answer == 1) {
            operands[found++] = optarg;
            continue;
        }
        if (answer == '?' && optopt < LONG)
            refuse_word("unknown option",
                        optopt != 0 ? grammar_name(&grammar, optopt, name, sizeof name) : argv[optind - 1], false,
                        "");
        if (answer == '?' || answer == ':')
            option_refuse("option %s %s", grammar_name(&grammar, optopt, name, sizeof name),
                          takes_argument(grammar.entries[grammar_find(&grammar, optopt)]) ? "needs an argument"
                                                                                          : "takes no argument");
        size_t place = grammar_find(&grammar, answer);
        const struct option_entry *entry = grammar.entries[place];
        if (grammar.seen[place])
            option_refuse("option %s is given twice", grammar_name(&grammar, answer, name, sizeof name));
        grammar.seen[place] = true;
        if (entry->argument != NULL)
            *entry->argument = optarg;
        if (entry->given != NULL)
            *entry->given = true;
        if (entry->command != NULL) {
            /* Of `-xcat`, which is one word, the command begins within that word. */
            argv[optind - 1] = optarg;
            *entry->command = argv + optind - 1;
            optind = argc;
        }
        if (help)
            print_and_end("%s", usage);
        if (version)
            print_and_end("%s %s\n", message_program, FL_VERSION);
    }
    while (optind < argc)
        operands[found++] = argv[optind++];
    operands[found] = NULL;

    if (found < least)
        option_refuse("an operand is missing");
    if (found > most)
        refuse_operand(&grammar, operands[most]);
    if (count != NULL)
        *count = found;
    return operands;
}
