/* report: what is so, for a person as aligned columns or for a program as JSON.
 *
 * A report is a list of facts, followed by sections of rows; every fact and every cell has a name. */
#ifndef REPORT_H
#define REPORT_H

#include <stdint.h>

#include "base/bytes.h"

/* One name and its value. */
struct report_cell {
    const char *section; /* NULL: a fact */
    const char *name;
    size_t row;          /* of the section, from 1 */
    struct buffer value; /* data NULL: none */
    bool number;
};

/* All zero is an empty one. */
struct report {
    struct report_cell *cells;
    size_t count, room;
    const char *section;
    size_t row;
};

/* What follows is a row of the section, a name that stays the caller's; of a section the rows follow each other. Before
 * the first row the cells are facts. */
void report_row(struct report *report, const char *section);

/* Adds a cell, under a name that stays the caller's: a text, where data may be NULL for none; or a number. The rows of
 * a section have the same names in the same order. */
void report_text(struct report *report, const char *name, struct bytes text);
void report_number(struct report *report, const char *name, uint64_t number);

/* Appends the report as a table: a line for each fact, and each section under a line of its names. */
void report_print_table(const struct report *report, struct buffer *out);

/* Appends the report as one JSON object: a member for each fact, and for each of the sections, a list of names that
 * ends with NULL, a member that is an array of objects. */
void report_print_json(const struct report *report, const char *const *sections, struct buffer *out);

void report_free(struct report *report);

#endif
