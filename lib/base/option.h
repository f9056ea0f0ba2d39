/* option: the command line of every program, and its --help.
 *
 * Options may stand before, between and after the operands, whatever the C library or POSIXLY_CORRECT says; `--` ends
 * them, and a lone `-` is an operand. Long names may be shortened as getopt_long allows. Each option may be given
 * once. Every program also has --help and --version. */
#ifndef OPTION_H
#define OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The argument that an option takes, and the type of the variable that it is stored in. */
enum option_kind {
    OPTION_FLAG,          /* none: bool, set to true */
    OPTION_TEXT,          /* any: const char *, which points into argv */
    OPTION_PHRASE,        /* the same, but most arguments have blanks: an operand too many may be the rest of one */
    OPTION_COUNT,         /* a whole number from 1 on: uint64_t */
    OPTION_SIZE,          /* a size in bytes, such as 64M: size_t */
    OPTION_SPAN,          /* a span of time, such as 30s: struct option_span */
    OPTION_POSITIVE_SPAN, /* the same, above 0 */
    OPTION_COMMAND, /* all words that follow, at least one, whatever they look like: char **, a list in argv that ends
                       with NULL */
};

struct option_span {
    bool given;
    int64_t nanoseconds;
};

/* One option. A list of them ends with an entry that is all zero. */
struct option_entry {
    char letter;      /* '\0': it has a long name only */
    const char *name; /* the long name */
    enum option_kind kind;
    const char *value; /* the argument's name in --help: "SPAN"; NULL for a flag */
    size_t offset;     /* of its variable in the struct that the list is for */
    const char *help;  /* its line in --help; a LF in it begins another one */
};

/* A list of options, and the struct that holds their variables. A list of tables ends with one whose entries are
 * NULL. */
struct option_table {
    const struct option_entry *entries;
    void *into;
};

/* What --help prints before the options: a line of the synopsis for each form, a list that ends with NULL, without the
 * program's name; and text, whole lines about the operands, or NULL. */
struct option_usage {
    const char *const *forms;
    const char *text;
};

/* Any number of operands. */
#define OPTION_ANY SIZE_MAX

/* Reads the command line by the tables; the variable of an option that is not given stays as it was. Returns the
 * operands as a list in argv that ends with NULL, and sets *count to their number if count is not NULL; there are at
 * least `least` and at most `most` of them. Does not return on --help and --version (0, or 74 if standard output
 * cannot be written), nor on a wrong command line (64). */
char **option_parse(char **argv, const struct option_usage *usage, const struct option_table *tables, size_t least,
                    size_t most, size_t *count);

/* Reads a span of time, in nanoseconds; positive: above 0. A text that is not one ends the program (64) with a message
 * that begins with where: "-s", or the name of a variable of the environment. */
int64_t option_read_span(const char *where, const char *text, bool positive);

/* Ends the program (64) with a message and a pointer to --help: for a value that an option does not take, options that
 * contradict each other, and the like. */
__attribute__((format(printf, 1, 2))) _Noreturn void option_refuse(const char *format, ...);

#endif
