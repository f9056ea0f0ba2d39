/* Goal of this target: whatever bytes come, the reader of frames gives the same frames for any pieces, its views lie in
 * its memory, and each record is written and read again as the same record. The first byte says how large the pieces
 * are and how many records frame_next may give at once. */
#include "wire/frame.h"

#include "base/decimal.h"
#include "fuzz.h"

enum { ROOM = 8 };

struct reading {
    struct frame_reader reader;
    struct bytes left; /* still to come */
    size_t piece;      /* most bytes at once; 0: all */
    size_t room;       /* most records at once */
    struct buffer log; /* the frames read */
};

/* Puts more bytes into the reader's block. Returns false if none are left. */
static bool feed(struct reading *reading)
{
    struct line_reader *lines = &reading->reader.lines;
    size_t size = reading->left.size;
    if (size == 0)
        return false;
    if (reading->piece > 0 && size > reading->piece)
        size = reading->piece;
    size_t kept = lines->end - lines->start;
    char *data = bytes_allocate(kept + size + LINE_SLACK);
    memcpy(data, lines->data + lines->start, kept);
    memcpy(data + kept, reading->left.data, size);
    free(lines->data);
    lines->data = data;
    lines->start = 0;
    lines->end = lines->room = kept + size;
    reading->left = (struct bytes){reading->left.data + size, reading->left.size - size};
    return true;
}

static void log_bytes(struct buffer *log, struct bytes bytes)
{
    buffer_print(log, " %zu:", bytes.size);
    buffer_add(log, bytes);
}

/* A record, written and read again, must be the same record. */
static void check_again(const struct record *record)
{
    struct line_writer writer;
    struct frame_reader reader;
    struct record again;
    struct control control;
    size_t count = 1;
    line_writer_open(&writer, -1, "memory");
    writer.held = true;
    frame_write(&writer, record);
    frame_reader_open(&reader, -1);
    FUZZ_CHECK(writer.size <= reader.lines.room);
    memcpy(reader.lines.data, writer.data, writer.size);
    reader.lines.end = writer.size;
    FUZZ_CHECK(frame_next(&reader, &again, &count, &control) == FRAME_RECORDS && count == 1);
    FUZZ_CHECK(reader.lines.start == reader.lines.end);
    FUZZ_CHECK(again.keyed == record->keyed && bytes_equal(again.key, record->key) &&
               bytes_equal(again.value, record->value));
    frame_reader_close(&reader);
    free(writer.data);
}

/* Takes a frame or some records. Returns false at the end, or if a line is not a frame. */
static bool take(struct reading *reading)
{
    struct record records[ROOM];
    struct control control;
    size_t count = reading->room;
    uint64_t number;
    enum frame_kind kind = frame_next(&reading->reader, records, &count, &control);
    if (kind == FRAME_MORE)
        return feed(reading);
    if (kind == FRAME_BAD) {
        buffer_print(&reading->log, "\nbad");
        log_bytes(&reading->log, reading->reader.bad);
        return false;
    }
    if (kind == FRAME_CONTROL) {
        buffer_print(&reading->log, "\ncontrol");
        log_bytes(&reading->log, control.name);
        for (size_t i = 0; i < control.count; i++) {
            log_bytes(&reading->log, control.fields[i]);
            if (decimal_parse(control.fields[i], 0, UINT64_MAX, &number))
                buffer_print(&reading->log, "=%llu", (unsigned long long)number);
        }
        log_bytes(&reading->log, control.frame);
        return true;
    }
    FUZZ_CHECK(count >= 1 && count <= reading->room);
    for (size_t i = 0; i < count; i++) {
        buffer_print(&reading->log, "\nrecord %d", records[i].keyed);
        log_bytes(&reading->log, records[i].key);
        log_bytes(&reading->log, records[i].value);
        log_bytes(&reading->log, records[i].frame);
        FUZZ_CHECK(!records[i].same_key || (i > 0 && bytes_equal(records[i].key, records[i - 1].key)));
        check_again(&records[i]);
    }
    return true;
}

static void read_all(struct reading *reading, struct bytes stream, size_t piece, size_t room)
{
    *reading = (struct reading){.left = stream, .piece = piece, .room = room};
    frame_reader_open(&reading->reader, -1);
    while (take(reading))
        continue;
    frame_reader_close(&reading->reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reading whole, pieces;
    if (size == 0)
        return 0;
    const struct bytes stream = {(const char *)data + 1, size - 1};
    read_all(&whole, stream, 0, ROOM);
    read_all(&pieces, stream, 1 + (data[0] & 31), 1 + (data[0] >> 5));
    FUZZ_CHECK(bytes_equal(buffer_bytes(&whole.log), buffer_bytes(&pieces.log)));
    buffer_free(&whole.log);
    buffer_free(&pieces.log);
    return 0;
}
