/* report: facts and tables, printed as columns for people or as JSON for programs.
 *
 * A report is a list of facts, followed by sections of rows. Every fact and every cell has a name. */
#ifndef REPORT_H
#define REPORT_H

#include <stdint.h>

#include "base/bytes.h"

/* One name and its value. */
struct report_cell {
    const char *section; /* NULL for a fact */
    const char *name;
    size_t row;          /* in its section, from 1 */
    struct buffer value; /* data is NULL if there is no value */
    bool number;
};

/* All zero is an empty report. */
struct report {
    struct report_cell *cells;
    size_t count, room;
    const char *section;
    size_t row;
};

/* Begins a row of the section: the cells added from now on belong to it. Cells added before the first row are facts.
 * All rows of a section must follow each other. The name must outlive the report. */
void report_row(struct report *report, const char *section);

/* Add a cell with a text, whose data may be NULL for no value, or with a number. All rows of a section must have the
 * same names in the same order. The text is copied; the name must outlive the report. */
void report_text(struct report *report, const char *name, struct bytes text);
void report_number(struct report *report, const char *name, uint64_t number);

/* Appends the report for people: a line for each fact, and each section as columns under a line of names. */
void report_print_table(const struct report *report, struct buffer *out);

/* Appends the report as one JSON object: a member for each fact, and for each section a member that is an array of
 * objects. sections lists the names of the sections, also of those without rows, and ends with NULL. */
void report_print_json(const struct report *report, const char *const *sections, struct buffer *out);

/* Frees the memory and leaves an empty report. */
void report_free(struct report *report);

#endif
