#include "base/option.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/decimal.h"
#include "base/message.h"
#include "base/quote.h"
#include "base/size.h"
#include "base/span.h"

enum {
    OPTIONS_MAX = 40,
    LONG = UINT8_MAX + 1, /* what getopt_long returns for a long name: LONG + the entry's place; else the letter */
    HELP_COLUMN = 33,     /* of --help, in which the text of an option begins */
    WIDTH = 96            /* columns of a synopsis */
};

/* An option and its variable. */
struct known {
    const struct option_entry *entry;
    void *variable;
    bool seen;
};

/* The options of every program. */
struct every {
    bool help, version;
};

/* The tables as one list, and in the two forms that getopt_long reads. */
struct grammar {
    struct known list[OPTIONS_MAX];
    size_t count;
    char letters[2 * OPTIONS_MAX + 3];
    struct option names[OPTIONS_MAX + 1];
};

static bool takes_argument(const struct option_entry *entry)
{
    return entry->kind != OPTION_FLAG;
}

static void grammar_add(struct grammar *grammar, const struct option_table *table)
{
    char *letter = strchr(grammar->letters, '\0');
    struct option *name = grammar->names;
    while (name->name != NULL)
        name++;
    for (const struct option_entry *entry = table->entries; entry->name != NULL; entry++) {
        if (grammar->count == OPTIONS_MAX)
            message_fail(STATUS_INTERNAL, "a program has more than %d options", OPTIONS_MAX);
        if (entry->letter != '\0') {
            *letter++ = entry->letter;
            if (takes_argument(entry))
                *letter++ = ':';
        }
        *name++ = (struct option){
            .name = entry->name,
            .has_arg = takes_argument(entry) ? required_argument : no_argument,
            .val = LONG + (int)grammar->count,
        };
        grammar->list[grammar->count++] =
            (struct known){.entry = entry, .variable = (char *)table->into + entry->offset};
    }
}

/* The option that getopt_long means by a letter, or by LONG + its place. */
static struct known *grammar_find(struct grammar *grammar, int answer)
{
    if (answer >= LONG)
        return &grammar->list[answer - LONG];
    struct known *known = grammar->list;
    while (known->entry->letter != answer)
        known++;
    return known;
}

/* An option as a message names it: in the form in which it was given. text has room for size bytes. */
static const char *grammar_name(const struct grammar *grammar, int answer, char *text, size_t size)
{
    if (answer >= LONG)
        snprintf(text, size, "--%s", grammar->list[answer - LONG].entry->name);
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

/* Refuses a word of the command line, quoted if it is an operand or has bytes that a line cannot show. */
static _Noreturn void refuse_word(const char *why, const char *word, bool quote, const char *remedy)
{
    for (const char *byte = word; *byte != '\0'; byte++)
        if (*byte <= ' ' || *byte >= 0x7f)
            quote = true;
    struct buffer quoted = {0};
    if (quote)
        quote_add(&quoted, bytes_of(word));
    option_refuse("%s %s%s", why, quote ? buffer_string(&quoted) : word, remedy);
}

/* --- values ------------------------------------------------------------------------------------------------------- */

int64_t option_read_span(const char *where, const char *text, bool positive)
{
    int64_t span;
    if (!span_parse(text, &span) || (positive && span == 0))
        option_refuse("%s: \"%s\" is not a span of time%s such as 10, 0.5, 500ms, 30s, 5m, 1h or 2d", where, text,
                      positive ? " above 0," : "");
    return span;
}

/* Stores the argument of an option in its variable. */
static void take_value(const struct known *known, char *text)
{
    const struct option_entry *entry = known->entry;
    char where[64] = {'-', entry->letter};
    if (entry->letter == '\0')
        snprintf(where, sizeof where, "--%s", entry->name);
    switch (entry->kind) {
    case OPTION_FLAG:
        *(bool *)known->variable = true;
        break;
    case OPTION_TEXT:
    case OPTION_PHRASE:
        *(const char **)known->variable = text;
        break;
    case OPTION_COUNT:
        if (!decimal_parse(bytes_of(text), 1, INT64_MAX, known->variable))
            option_refuse("%s: \"%s\" is not a count from 1 on", where, text);
        break;
    case OPTION_SIZE:
        if (!size_parse(text, known->variable))
            option_refuse("%s: \"%s\" is not a size such as 500K, 64M or 2G", where, text);
        break;
    case OPTION_SPAN:
    case OPTION_POSITIVE_SPAN:
        *(struct option_span *)known->variable =
            (struct option_span){true, option_read_span(where, text, entry->kind == OPTION_POSITIVE_SPAN)};
        break;
    case OPTION_COMMAND: /* option_parse, which knows argv, takes it */
        break;
    }
}

/* --- help --------------------------------------------------------------------------------------------------------- */

/* The size of what stays together in a line of a synopsis: a word, an option and its argument, or all in brackets. */
static size_t part_size(const char *at)
{
    size_t size = 0, depth = 0;
    const bool option = *at == '-';
    for (bool argument = false; at[size] != '\0'; size++) {
        depth += at[size] == '[';
        depth -= at[size] == ']';
        if (at[size] != ' ' || depth > 0)
            continue;
        if (!option || argument || at[size + 1] == '[' || at[size + 1] == '-')
            break;
        argument = true;
    }
    return size;
}

static void add_form(struct buffer *text, const char *lead, const char *form)
{
    const size_t start = text->size;
    buffer_print(text, "%s%s", lead, message_program);
    size_t width = text->size - start;
    for (const char *at = form; *at != '\0';) {
        const size_t size = part_size(at);
        if (width + 1 + size > WIDTH) {
            buffer_print(text, "\n           ");
            width = strlen("           ") - 1;
        } else {
            buffer_add_byte(text, ' ');
        }
        buffer_add(text, (struct bytes){at, size});
        width += 1 + size;
        at += size;
        at += *at == ' ';
    }
    buffer_add_byte(text, '\n');
}

static void add_help(struct buffer *text, const struct option_entry *entry)
{
    struct buffer option = {0};
    buffer_print(&option, entry->letter != '\0' ? "  -%c, " : "      ", entry->letter);
    buffer_print(&option, "--%s%s%s", entry->name, takes_argument(entry) ? " " : "",
                 takes_argument(entry) ? entry->value : "");
    buffer_print(text, "%-*s", HELP_COLUMN, buffer_string(&option));
    for (const char *at = entry->help; *at != '\0'; at++)
        if (*at == '\n')
            buffer_print(text, "\n%-*s", HELP_COLUMN, "");
        else
            buffer_add_byte(text, *at);
    buffer_add_byte(text, '\n');
    buffer_free(&option);
}

static _Noreturn void print_and_end(const struct buffer *text)
{
    if (fwrite(text->data, text->size, 1, stdout) != 1 || fclose(stdout) != 0)
        message_fail(STATUS_IO, "standard output: %s", strerror(errno));
    exit(STATUS_OK);
}

static _Noreturn void print_help(const struct option_usage *usage, const struct option_table *tables)
{
    struct buffer text = {0};
    for (const char *const *form = usage->forms; *form != NULL; form++)
        add_form(&text, form == usage->forms ? "usage: " : "       ", *form);
    buffer_add_byte(&text, '\n');
    buffer_add(&text, bytes_of(usage->text));
    for (; tables->entries != NULL; tables++)
        for (const struct option_entry *entry = tables->entries; entry->name != NULL; entry++)
            add_help(&text, entry);
    buffer_print(&text, "%-*s%s\n", HELP_COLUMN, "      --help, --version", "show this, show the version");
    print_and_end(&text);
}

static _Noreturn void print_version(void)
{
    struct buffer text = {0};
    buffer_print(&text, "%s %s\n", message_program, FL_VERSION);
    print_and_end(&text);
}

/* --- the command line --------------------------------------------------------------------------------------------- */

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
        if (grammar->list[i].entry->kind == OPTION_PHRASE)
            snprintf(remedy, sizeof remedy, ": the %s follows -%c, in quotes", grammar->list[i].entry->name,
                     grammar->list[i].entry->letter);
    refuse_word("unexpected operand", word, true, remedy);
}

char **option_parse(char **argv, const struct option_usage *usage, const struct option_table *tables, size_t least,
                    size_t most, size_t *count)
{
    struct every every = {false, false};
    static const struct option_entry every_program[] = {
        {'\0', "help", OPTION_FLAG, NULL, offsetof(struct every, help), NULL},
        {'\0', "version", OPTION_FLAG, NULL, offsetof(struct every, version), NULL},
        {0},
    };
    /* `-`: operands are answers too, in their order; `:`: a missing argument is told from an unknown option. */
    struct grammar grammar = {.letters = "-:"};
    grammar_add(&grammar, &(struct option_table){every_program, &every});
    for (const struct option_table *table = tables; table->entries != NULL; table++)
        grammar_add(&grammar, table);

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
                        optopt != 0 ? grammar_name(&grammar, optopt, name, sizeof name) : argv[optind - 1], false, "");
        if (answer == '?' || answer == ':')
            option_refuse("option %s %s", grammar_name(&grammar, optopt, name, sizeof name),
                          takes_argument(grammar_find(&grammar, optopt)->entry) ? "needs an argument"
                                                                                : "takes no argument");
        struct known *known = grammar_find(&grammar, answer);
        if (known->seen)
            option_refuse("option %s is given twice", grammar_name(&grammar, answer, name, sizeof name));
        known->seen = true;
        take_value(known, optarg);
        if (known->entry->kind == OPTION_COMMAND) {
            /* Of `-xcat`, which is one word, the command begins within that word. */
            argv[optind - 1] = optarg;
            *(char ***)known->variable = argv + optind - 1;
            optind = argc;
        }
        if (every.help)
            print_help(usage, tables);
        if (every.version)
            print_version();
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
