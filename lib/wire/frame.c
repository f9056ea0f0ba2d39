#include "wire/frame.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/scan.h"

void frame_reader_open(struct frame_reader *reader, int fd)
{
    *reader = (struct frame_reader){.fields = NULL};
    line_reader_open(&reader->lines, fd, FRAME_LIMIT);
}

void frame_reader_close(struct frame_reader *reader)
{
    line_reader_close(&reader->lines);
    buffer_free(&reader->unescaped);
    free(reader->fields);
}

/* Replaces a view that has escapes by a view of the unescaped bytes. They lie in reader->unescaped, which must have
 * room for them already: it must not move, as other views lie in it. Returns false if an escape is not \\, \n or \t. */
static bool unescape(struct frame_reader *reader, struct bytes *view)
{
    const char *end = view->data + view->size;
    const char *escape = scan_find(view->data, end, '\\');
    if (escape == end)
        return true;
    char *start = reader->unescaped.data + reader->unescaped.size;
    char *to = start;
    const char *from = view->data;
    while (escape < end) {
        memcpy(to, from, (size_t)(escape - from));
        to += escape - from;
        char code = escape + 1 < end ? escape[1] : '\0';
        if (code != '\\' && code != 'n' && code != 't')
            return false;
        *to++ = code == 'n' ? '\n' : code == 't' ? '\t' : '\\';
        from = escape + 2;
        escape = scan_find(from, end, '\\');
    }
    memcpy(to, from, (size_t)(end - from));
    to += end - from;
    *view = (struct bytes){start, (size_t)(to - start)};
    reader->unescaped.size += view->size;
    return true;
}

/* Reads an escaped record, \=VALUE or \+KEY<TAB>VALUE, from a line without its LF. */
static bool read_escaped(struct frame_reader *reader, struct bytes line, struct record *record)
{
    if (line.size < 2 || (line.data[1] != '=' && line.data[1] != '+'))
        return false;
    const char *body = line.data + 2;
    const char *end = line.data + line.size;
    record->plain = record->same_key = false;
    record->keyed = line.data[1] == '+';
    record->key = (struct bytes){body, 0};
    if (record->keyed) {
        const char *tab = scan_find(body, end, '\t');
        if (tab == end)
            return false;
        record->key.size = (size_t)(tab - body);
        body = tab + 1;
    }
    record->value = (struct bytes){body, (size_t)(end - body)};
    reader->unescaped.size = 0;
    buffer_reserve(&reader->unescaped, line.size);
    return unescape(reader, &record->key) && unescape(reader, &record->value);
}

/* Splits the line of a control frame, without its LF, at the TABs. */
static bool read_control(struct frame_reader *reader, struct bytes line, struct control *control)
{
    const char *at = line.data + 1;
    const char *end = line.data + line.size;
    size_t count = 0;
    reader->unescaped.size = 0;
    buffer_reserve(&reader->unescaped, line.size);
    for (;;) {
        const char *tab = scan_find(at, end, '\t');
        reader->fields = array_grow(reader->fields, count, &reader->fields_room, sizeof *reader->fields);
        reader->fields[count] = (struct bytes){at, (size_t)(tab - at)};
        if (!unescape(reader, &reader->fields[count++]))
            return false;
        if (tab == end)
            break;
        at = tab + 1;
    }
    control->name = reader->fields[0];
    control->fields = reader->fields + 1;
    control->count = count - 1;
    control->frame = (struct bytes){line.data, line.size + 1};
    return control->name.size > 0;
}

/* The prefix of a plain record in the block, as begins_with compares it. */
struct prefix {
    const char *at;
    size_t size;
    uint64_t mask; /* a bit for each of its first 16 bytes */
};

static inline struct prefix prefix_at(const char *at, const char *end)
{
    const size_t size = (size_t)(end - at);
    return (struct prefix){at, size, size < 16 ? ((uint64_t)1 << size) - 1 : 0xffff};
}

/* Returns whether the line begins with the prefix. A short prefix cannot reach beyond the line, as it holds no LF. */
static inline bool begins_with(const char *line, const char *newline, const struct prefix *prefix)
{
    return (scan_equal_sixteen(line, prefix->at) & prefix->mask) == prefix->mask &&
           (prefix->size <= 16 ||
            ((size_t)(newline - line) >= prefix->size && memcmp(line, prefix->at, prefix->size) == 0));
}

enum frame_kind frame_next(struct frame_reader *reader, struct record *records, size_t *count, struct control *control)
{
    struct line_reader *lines = &reader->lines;
    const char *at = lines->data + lines->start;
    const char *const end = lines->data + lines->end;
    struct scan newlines = scan_begin(at, end, '\n');
    const char *newline = scan_next(&newlines);
    struct record *record = records, *const last = records + *count;

    while (record < last && newline != end) {
        const bool keyed = *at == '+';
        const char *before = keyed ? scan_find(at, newline, '\t') : at;
        if (before == newline || (!keyed && *at != '='))
            break;
        const struct prefix prefix = prefix_at(at, before + 1);
        bool same_key = false;
        do {
            record->key = (struct bytes){at + 1, keyed ? prefix.size - 2 : 0};
            record->value = (struct bytes){at + prefix.size, (size_t)(newline - at) - prefix.size};
            record->keyed = keyed;
            record->plain = true;
            record->same_key = same_key;
            record->frame = (struct bytes){at, (size_t)(newline + 1 - at)};
            at = newline + 1;
            newline = scan_next(&newlines);
            same_key = keyed;
        } while (++record < last && newline != end && begins_with(at, newline, &prefix));
    }
    const size_t n = (size_t)(record - records);
    if (n > 0) {
        lines->start = (size_t)(at - lines->data);
        *count = n;
        return FRAME_RECORDS;
    }

    if (newline == end)
        return FRAME_MORE;
    struct bytes line = {at, (size_t)(newline - at)};
    lines->start = (size_t)(newline + 1 - lines->data);
    if (line.size > 0 && *at == '!' && read_control(reader, line, control))
        return FRAME_CONTROL;
    if (line.size > 0 && *at == '\\' && *count > 0 && read_escaped(reader, line, &records[0])) {
        records[0].frame = (struct bytes){at, line.size + 1};
        *count = 1;
        return FRAME_RECORDS;
    }
    reader->bad = line;
    return FRAME_BAD;
}

/* Writes the bytes with their escapes to `to`, which must have room for twice as many, and returns the end. */
static char *escape(char *to, struct bytes bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        char byte = bytes.data[i];
        if (byte == '\\' || byte == '\n' || byte == '\t') {
            *to++ = '\\';
            byte = byte == '\n' ? 'n' : byte == '\t' ? 't' : '\\';
        }
        *to++ = byte;
    }
    return to;
}

void frame_escape(struct buffer *buffer, struct bytes bytes)
{
    char *start = buffer_reserve(buffer, 2 * bytes.size);
    buffer->size += (size_t)(escape(start, bytes) - start);
}

void frame_write_checked(struct line_writer *writer, bool keyed, struct bytes key, struct bytes value)
{
    if (!scan_holds(value, '\n') && !(keyed && (scan_holds(key, '\n') || scan_holds(key, '\t')))) {
        frame_write_plain(writer, keyed, key, value);
        return;
    }
    char *start = line_reserve(writer, 2 * (key.size + value.size) + 4);
    char *to = start;
    *to++ = '\\';
    *to++ = keyed ? '+' : '=';
    if (keyed) {
        to = escape(to, key);
        *to++ = '\t';
    }
    to = escape(to, value);
    *to++ = '\n';
    writer->size += (size_t)(to - start);
}

void frame_add_prefix(struct buffer *buffer, bool keyed, struct bytes key)
{
    char *start = buffer_reserve(buffer, key.size + 2);
    buffer->size += (size_t)(frame_put_prefix(start, keyed, key) - start);
}

size_t frame_write_lines(struct line_writer *writer, struct bytes lines)
{
    const char *at = lines.data;
    const char *end = at + lines.size;
    struct scan newlines = scan_begin(at, end, '\n');
    size_t count = 0;
    while (at < end) {
        size_t size = (size_t)(scan_next(&newlines) + 1 - at);
        char *to = line_reserve(writer, size + 1);
        *to = '=';
        line_copy(to + 1, (struct bytes){at, size});
        writer->size += size + 1;
        at += size;
        count++;
    }
    return count;
}

size_t frame_write_words(struct line_writer *writer, struct bytes lines)
{
    const char *at = lines.data;
    const char *end = at + lines.size;
    size_t count = 0;
    for (;;) {
        while (at < end && (*at == ' ' || *at == '\t' || *at == '\n'))
            at++;
        if (at == end)
            return count;
        const char *start = at;
        while (at < end && *at != ' ' && *at != '\t' && *at != '\n')
            at++;
        frame_write_plain(writer, false, (struct bytes){start, 0}, (struct bytes){start, (size_t)(at - start)});
        count++;
    }
}

void frame_write_control(struct line_writer *writer, const char *name)
{
    line_add(writer, bytes_of("!"));
    line_add(writer, bytes_of(name));
}

void frame_write_field(struct line_writer *writer, struct bytes field)
{
    char *start = line_reserve(writer, 2 * field.size + 1);
    *start = '\t';
    writer->size += (size_t)(escape(start + 1, field) - start);
}

void frame_write_number(struct line_writer *writer, uint64_t number)
{
    char digits[24];
    int size = snprintf(digits, sizeof digits, "%" PRIu64, number);
    frame_write_field(writer, (struct bytes){digits, (size_t)size});
}

void frame_write_end(struct line_writer *writer)
{
    line_add(writer, bytes_of("\n"));
}
