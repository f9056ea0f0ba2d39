/* option: the command line of every program.
 *
 * Options may stand before, between and after the operands, whatever the C library or POSIXLY_CORRECT says; `--` ends
 * them, and a lone `-` is an operand. Long names may be shortened as getopt_long allows. Each option may be given
 * once. Every program also has --help and --version. */
#ifndef OPTION_H
#define OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One option. A table of options ends with an entry that is all zero. */
struct option_entry {
    char letter;           /* '\0': it has a long name only */
    const char *name;      /* the long name; NULL: it has a letter only */
    const char **argument; /* set to the option's argument, which lies in argv; NULL: the option takes none */
    bool *given;           /* set to true when the option is given; NULL: nobody asks */
    char ***command;       /* in the place of argument: set to all words that follow the option, one at least, whatever
                              they look like; a list that ends with NULL and lies in argv */
    bool phrase;           /* the argument has blanks in most cases; what is not quoted is an operand too many */
};

/* Any number of operands. */
#define OPTION_ANY SIZE_MAX

/* Reads the command line by tables, a list of tables that ends with NULL; what is not given is left as it was.
 * Returns the operands, at least least and at most most of them, as a list that ends with NULL and lies in argv;
 * where count is not NULL, sets it to their number.
 *
 * usage is the whole text of --help: the synopsis, an empty line, and a line for each option. Does not return on
 * --help and --version (0; 74 where standard output cannot take it), nor on a wrong command line (64).
 *
 *     const char *delimiter = NULL;
 *     const struct option_entry options[] = {{.letter = 'd', .argument = &delimiter}, {0}};
 *     char **operands = option_parse(argv, usage, (const struct option_entry *[]){options, NULL}, 0, OPTION_ANY, NULL);
 */
char **option_parse(char **argv, const char *usage, const struct option_entry *const *tables, size_t least, size_t most,
                    size_t *count);

/* Ends the program (64) with a message and a pointer to --help: for a value that an option does not take, options that
 * contradict each other, and the like. */
__attribute__((format(printf, 1, 2))) _Noreturn void option_refuse(const char *format, ...);

#endif
