/* frame: reads and writes the lines on the pipe between two stages, as fl-frame(5) describes them.
 *
 *     =VALUE              a record without a key
 *     +KEY<TAB>VALUE      a record with a key
 *     \=... and \+...     the same, with the escapes \\ \n \t in key and value
 *     !NAME<TAB>FIELD...  a control frame, its fields escaped
 */
#ifndef FRAME_H
#define FRAME_H

#include <stdint.h>

#include "base/bytes.h"
#include "wire/line.h"

/* The longest frame that is waited for, in bytes without its LF. */
#define FRAME_LIMIT ((size_t)64 * 1024 * 1024)

/* One record. Its views belong to the reader that gave it, or to the code that made it. */
struct record {
    struct bytes key; /* empty if keyed is false */
    struct bytes value;
    bool keyed;
    bool plain;         /* known to need no escapes: no LF in either, no TAB in the key; false: not known */
    bool same_key;      /* the key is known to be that of the record before it in the same call of frame_next */
    struct bytes frame; /* the line that it was read from, with its LF; empty if the record was not read */
};

/* One control frame: `!epoch 4 17` has the name "epoch" and the fields "4" and "17". Name and fields are unescaped. */
struct control {
    struct bytes name;
    const struct bytes *fields;
    size_t count;
    struct bytes frame; /* the line that it was read from, with its LF */
};

enum frame_kind {
    FRAME_RECORDS, /* records and count are set */
    FRAME_CONTROL, /* control is set */
    FRAME_MORE,    /* the block holds no whole frame: call line_fill for reader->lines */
    FRAME_BAD      /* the next line is not a frame: reader->bad is that line without its LF */
};

/* Reads frames from the block of a line_reader. */
struct frame_reader {
    struct line_reader lines;
    struct buffer unescaped; /* keys, values and fields of the last frame, if they had escapes */
    struct bytes *fields;    /* name and fields of the last control frame */
    size_t fields_room;
    struct bytes bad; /* after FRAME_BAD: the line, without its LF */
};

/* Begins to read frames from fd, which the caller closes. frame_reader_close frees what the reader holds. */
void frame_reader_open(struct frame_reader *reader, int fd);
void frame_reader_close(struct frame_reader *reader);

/* Takes the next frames from the block: up to *count records in a row, of which it sets *count to the number, or one
 * control frame. Several records are all plain, and their frames lie one behind the other without a gap; a record that
 * came with escapes is returned alone. *count must be at least 1. All views are valid until the next call of frame_next
 * or line_fill. */
enum frame_kind frame_next(struct frame_reader *reader, struct record *records, size_t *count, struct control *control);

/* Writes the prefix of a plain record, which is everything before its value: `=`, or `+KEY<TAB>`. to must have room for
 * key.size + 2 bytes. Returns the end of the prefix. */
static inline char *frame_put_prefix(char *to, bool keyed, struct bytes key)
{
    *to++ = keyed ? '+' : '=';
    if (keyed) {
        to = bytes_copy(to, key);
        *to++ = '\t';
    }
    return to;
}

/* Write a record. frame_write_checked looks whether it needs escapes; frame_write_plain is for one that is known to
 * need none; frame_write does the former unless record->plain. key is not looked at unless keyed. */
void frame_write_checked(struct line_writer *writer, bool keyed, struct bytes key, struct bytes value);
static inline void frame_write_plain(struct line_writer *writer, bool keyed, struct bytes key, struct bytes value)
{
    char *start = line_reserve(writer, key.size + value.size + 3);
    char *to = bytes_copy(frame_put_prefix(start, keyed, key), value);
    *to++ = '\n';
    writer->size += (size_t)(to - start);
}
static inline void frame_write(struct line_writer *writer, const struct record *record)
{
    if (record->plain)
        frame_write_plain(writer, record->keyed, record->key, record->value);
    else
        frame_write_checked(writer, record->keyed, record->key, record->value);
}

/* Returns the prefix of a plain record that was read, as a view of its frame. */
static inline struct bytes frame_prefix(const struct record *record)
{
    return (struct bytes){record->frame.data, (size_t)(record->value.data - record->frame.data)};
}

/* Writes a record that was read, with another value. plain: that value is known to hold no LF. */
static inline void frame_write_value(struct line_writer *writer, const struct record *record, struct bytes value,
                                     bool plain)
{
    if (!record->plain || !plain) {
        frame_write_checked(writer, record->keyed, record->key, value);
        return;
    }
    const struct bytes prefix = frame_prefix(record);
    char *start = line_reserve(writer, prefix.size + value.size + 1);
    char *to = bytes_copy(line_copy(start, prefix), value);
    *to++ = '\n';
    writer->size += (size_t)(to - start);
}

/* Appends the prefix of plain records that have this key, which must hold no TAB and no LF, or no key. */
void frame_add_prefix(struct buffer *buffer, bool keyed, struct bytes key);

/* Returns the size in bytes of the frames of records that frame_next gave in one call, at least one. */
static inline size_t frame_sizes(const struct record *records, size_t count)
{
    const struct bytes first = records[0].frame, last = records[count - 1].frame;
    return (size_t)(last.data + last.size - first.data);
}

/* Writes such records, which must be plain, each with this prefix instead of its own. */
static inline void frame_write_prefixed(struct line_writer *writer, struct bytes prefix, const struct record *records,
                                        size_t count)
{
    char few[32]; /* line_copy reads all of them */
    char *const start = line_reserve(writer, frame_sizes(records, count) + count * prefix.size);
    char *to = start;
    if (prefix.size <= sizeof few) {
        __builtin_memcpy(few, prefix.data, prefix.size);
        prefix.data = few;
    }
    for (size_t i = 0; i < count; i++) {
        to = line_copy(to, prefix);
        to = line_copy(to, (struct bytes){records[i].value.data, records[i].value.size + 1}); /* with its LF */
    }
    writer->size += (size_t)(to - start);
}

/* Writes such records, which must be plain, as lines of text: their frames without the first byte, and so the key, a
 * TAB and the value, or the value alone. */
static inline void frame_write_text(struct line_writer *writer, const struct record *records, size_t count)
{
    char *const start = line_reserve(writer, frame_sizes(records, count));
    char *to = start;
    for (size_t i = 0; i < count; i++)
        to = line_copy(to, (struct bytes){records[i].frame.data + 1, records[i].frame.size - 1});
    writer->size += (size_t)(to - start);
}

/* Writes each line as a record without a key, and returns the number of lines. All lines end with a LF. LINE_SLACK
 * bytes behind them must be readable. */
size_t frame_write_lines(struct line_writer *writer, struct bytes lines);

/* Writes each word as a record without a key, and returns the number of words. Words end at blanks, TABs and LFs. */
size_t frame_write_words(struct line_writer *writer, struct bytes lines);

/* Appends the bytes with the escapes \\ \n \t. */
void frame_escape(struct buffer *buffer, struct bytes bytes);

/* Write a control frame in parts: first `!` and the name, which needs no escapes; then each field, with a TAB before it
 * and with escapes; then the end of the line. */
void frame_write_control(struct line_writer *writer, const char *name);
void frame_write_field(struct line_writer *writer, struct bytes field);
void frame_write_number(struct line_writer *writer, uint64_t number);
void frame_write_end(struct line_writer *writer);

#endif
