/* frame: the lines on the pipe between two stages, as fl-frame(5) describes them.
 *
 *     =VALUE              a record without a key
 *     +KEY<TAB>VALUE      a record with a key
 *     \=... and \+...     the same, escaped: \\ \n \t
 *     !NAME<TAB>FIELD...  a control frame, its fields escaped
 */
#ifndef FRAME_H
#define FRAME_H

#include <stdint.h>

#include "base/bytes.h"
#include "wire/line.h"

/* The longest frame, in bytes. */
#define FRAME_LIMIT ((size_t)64 * 1024 * 1024)

/* One record. The views are the reader's or the maker's. */
struct record {
    struct bytes key; /* empty where it has none */
    struct bytes value;
    bool keyed;
    bool plain;         /* known to need no escapes: no LF in either, no TAB in the key; false: not known */
    bool same_key;      /* the key is known to be that of the record before it in the same call */
    struct bytes frame; /* the line it came in, with its LF; of a record that was made, nothing */
};

/* One control frame: `!epoch 4 17` has the name "epoch" and the fields "4" and "17", without their escapes. */
struct control {
    struct bytes name;
    const struct bytes *fields;
    size_t count;
    struct bytes frame; /* the line it came in, with its LF */
};

enum frame_kind {
    FRAME_RECORDS, /* count records */
    FRAME_CONTROL, /* one control frame */
    FRAME_MORE,    /* what is buffered holds no whole frame: line_fill it */
    FRAME_BAD      /* a line that is no frame: reader->bad */
};

/* Frames out of what a line_reader holds. */
struct frame_reader {
    struct line_reader lines;
    struct buffer unescaped; /* what the escapes of the frames handed out stand for */
    struct bytes *fields;
    size_t fields_room;
    struct bytes bad; /* of FRAME_BAD: the line */
};

/* Begins to read frames from fd, which stays the caller's. */
void frame_reader_open(struct frame_reader *reader, int fd);
void frame_reader_close(struct frame_reader *reader);

/* Takes what comes next of what is buffered: up to *count consecutive records, setting *count to how many, or one
 * control frame. The records are plain, and their frames lie one behind the other; or it is one alone. Everything
 * handed out is valid until the next call or line_fill. */
enum frame_kind frame_next(struct frame_reader *reader, struct record *records, size_t *count, struct control *control);

/* Puts what stands before the value of a plain record, and returns where that goes. */
static inline char *frame_put_prefix(char *to, bool keyed, struct bytes key)
{
    *to++ = keyed ? '+' : '=';
    if (keyed) {
        to = bytes_copy(to, key);
        *to++ = '\t';
    }
    return to;
}

/* Writes a record, escaped only where it must be. */
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

/* What stands before the value of a plain record that came. */
static inline struct bytes frame_prefix(const struct record *record)
{
    return (struct bytes){record->frame.data, (size_t)(record->value.data - record->frame.data)};
}

/* Writes a record that came, with another value. */
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

/* Appends the prefix of all plain records that have that key, which holds no TAB and no LF, or that have none. */
void frame_add_prefix(struct buffer *buffer, bool keyed, struct bytes key);

/* The bytes of plain records whose frames lie one behind the other, one at least. */
static inline size_t frame_sizes(const struct record *records, size_t count)
{
    const struct bytes first = records[0].frame, last = records[count - 1].frame;
    return (size_t)(last.data + last.size - first.data);
}

/* Writes such records, each with that prefix in the place of its own. */
static inline void frame_write_prefixed(struct line_writer *writer, struct bytes prefix, const struct record *records,
                                        size_t count)
{
    char few[32]; /* which line_copy may read to its end */
    char *const start = line_reserve(writer, frame_sizes(records, count) + count * prefix.size);
    char *to = start;
    if (prefix.size <= sizeof few) {
        memcpy(few, prefix.data, prefix.size);
        prefix.data = few;
    }
    for (size_t i = 0; i < count; i++) {
        to = line_copy(to, prefix);
        to = line_copy(to, (struct bytes){records[i].value.data, records[i].value.size + 1}); /* with its LF */
    }
    writer->size += (size_t)(to - start);
}

/* Writes such records as lines: their frames without the first byte, and so the key, a tab and the value, or the value
 * alone. */
static inline void frame_write_text(struct line_writer *writer, const struct record *records, size_t count)
{
    char *const start = line_reserve(writer, frame_sizes(records, count));
    char *to = start;
    for (size_t i = 0; i < count; i++)
        to = line_copy(to, (struct bytes){records[i].frame.data + 1, records[i].frame.size - 1});
    writer->size += (size_t)(to - start);
}

/* Writes each of the lines, all of which end with a LF, as a record without a key. Returns how many. LINE_SLACK bytes
 * behind them may be read. */
size_t frame_write_lines(struct line_writer *writer, struct bytes lines);

/* Writes each of the words, which end at blanks, tabs and LFs, as a record without a key. Returns how many. */
size_t frame_write_words(struct line_writer *writer, struct bytes lines);

/* Appends the bytes with their escapes: \\ \n \t. */
void frame_escape(struct buffer *buffer, struct bytes bytes);

/* Writes `!` and the name; then each field; then the end of the line. */
void frame_write_control(struct line_writer *writer, const char *name);
void frame_write_field(struct line_writer *writer, struct bytes field);
void frame_write_number(struct line_writer *writer, uint64_t number);
void frame_write_end(struct line_writer *writer);

#endif
