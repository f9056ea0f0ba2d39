#include "recovery/report.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/array.h"
#include "value/json.h"
#include "wire/frame.h"

enum { GAP = 2 }; /* blanks between columns */

void report_row(struct report *report, const char *section)
{
    report->row = report->section == section ? report->row + 1 : 1;
    report->section = section;
}

static struct report_cell *add_cell(struct report *report, const char *name)
{
    report->cells = array_grow(report->cells, report->count, &report->room, sizeof *report->cells);
    struct report_cell *cell = &report->cells[report->count++];
    *cell = (struct report_cell){.section = report->section, .row = report->row, .name = name};
    return cell;
}

void report_text(struct report *report, const char *name, struct bytes text)
{
    struct report_cell *cell = add_cell(report, name);
    if (text.data == NULL)
        return;
    buffer_reserve(&cell->value, 1);
    buffer_add(&cell->value, text);
}

void report_number(struct report *report, const char *name, uint64_t number)
{
    struct report_cell *cell = add_cell(report, name);
    cell->number = true;
    buffer_print(&cell->value, "%" PRIu64, number);
}

/* --- for people --------------------------------------------------------------------------------------------------- */

/* Returns how many columns of a terminal the text takes; a UTF-8 character counts as one. */
static size_t width(struct bytes text)
{
    size_t places = 0;
    for (size_t i = 0; i < text.size; i++)
        places += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return places;
}

static void show(const struct report_cell *cell, struct buffer *shown)
{
    shown->size = 0;
    if (cell->value.data == NULL)
        buffer_add_byte(shown, '-');
    else
        frame_escape(shown, buffer_bytes(&cell->value));
}

static void add_blanks(struct buffer *out, size_t count)
{
    while (count-- > 0)
        buffer_add_byte(out, ' ');
}

static void end_line(struct buffer *out)
{
    while (out->size > 0 && out->data[out->size - 1] == ' ')
        out->size--;
    buffer_add_byte(out, '\n');
}

static void print_facts(const struct report *report, size_t count, struct buffer *out)
{
    size_t widest = 0;
    struct buffer shown = {0};
    for (size_t i = 0; i < count; i++)
        if (strlen(report->cells[i].name) > widest)
            widest = strlen(report->cells[i].name);
    for (size_t i = 0; i < count; i++) {
        show(&report->cells[i], &shown);
        buffer_add(out, bytes_of(report->cells[i].name));
        add_blanks(out, widest + GAP - strlen(report->cells[i].name));
        buffer_add(out, buffer_bytes(&shown));
        end_line(out);
    }
    buffer_free(&shown);
}

/* Prints the rows of a section, which have count cells in all. Numbers are aligned to the right. */
static void print_rows(const struct report_cell *cells, size_t count, size_t columns, struct buffer *out)
{
    size_t *widths = bytes_allocate(columns * sizeof *widths);
    bool *numbers = bytes_allocate(columns * sizeof *numbers);
    struct buffer shown = {0};
    for (size_t i = 0; i < columns; i++) {
        widths[i] = strlen(cells[i].name);
        numbers[i] = false;
    }
    for (size_t i = 0; i < count; i++) {
        show(&cells[i], &shown);
        if (width(buffer_bytes(&shown)) > widths[i % columns])
            widths[i % columns] = width(buffer_bytes(&shown));
        numbers[i % columns] |= cells[i].number;
    }
    for (size_t i = 0; i < columns + count; i++) { /* the names first */
        size_t column = i % columns;
        if (i < columns) {
            shown.size = 0;
            for (const char *at = cells[i].name; *at != '\0'; at++)
                buffer_add_byte(&shown, (char)toupper((unsigned char)*at));
        } else {
            show(&cells[i - columns], &shown);
        }
        size_t blanks = widths[column] - width(buffer_bytes(&shown));
        add_blanks(out, numbers[column] ? blanks : 0);
        buffer_add(out, buffer_bytes(&shown));
        add_blanks(out, (numbers[column] ? 0 : blanks) + GAP);
        if (column == columns - 1)
            end_line(out);
    }
    free(widths);
    free(numbers);
    buffer_free(&shown);
}

void report_print_table(const struct report *report, struct buffer *out)
{
    const struct report_cell *cells = report->cells;
    size_t start = 0;
    while (start < report->count && cells[start].section == NULL)
        start++;
    print_facts(report, start, out);
    for (size_t end; start < report->count; start = end) {
        size_t columns = 0;
        for (end = start; end < report->count && cells[end].section == cells[start].section; end++)
            columns += cells[end].row == 1;
        buffer_add_byte(out, '\n');
        print_rows(cells + start, end - start, columns, out);
    }
}

/* --- for programs ------------------------------------------------------------------------------------------------- */

static void add_json_cell(struct buffer *out, const struct report_cell *cell)
{
    json_add_string(out, bytes_of(cell->name));
    buffer_add_byte(out, ':');
    if (cell->value.data == NULL)
        buffer_add(out, bytes_of("null"));
    else if (cell->number)
        buffer_add(out, buffer_bytes(&cell->value));
    else
        json_add_string(out, buffer_bytes(&cell->value));
}

void report_print_json(const struct report *report, const char *const *sections, struct buffer *out)
{
    const char *separator = "{";
    for (size_t i = 0; i < report->count && report->cells[i].section == NULL; i++, separator = ",") {
        buffer_add(out, bytes_of(separator));
        add_json_cell(out, &report->cells[i]);
    }
    for (; *sections != NULL; sections++, separator = ",") {
        size_t row = 0;
        buffer_add(out, bytes_of(separator));
        json_add_string(out, bytes_of(*sections));
        buffer_add(out, bytes_of(":["));
        for (size_t i = 0; i < report->count; i++) {
            const struct report_cell *cell = &report->cells[i];
            if (cell->section == NULL || strcmp(cell->section, *sections) != 0)
                continue;
            buffer_add(out, bytes_of(cell->row == row ? "," : row == 0 ? "{" : "},{"));
            add_json_cell(out, cell);
            row = cell->row;
        }
        buffer_add(out, bytes_of(row > 0 ? "}]" : "]"));
    }
    buffer_add(out, bytes_of("}\n"));
}

void report_free(struct report *report)
{
    for (size_t i = 0; i < report->count; i++)
        buffer_free(&report->cells[i].value);
    free(report->cells);
    *report = (struct report){0};
}
