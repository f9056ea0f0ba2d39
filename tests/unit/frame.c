/* Goal of this test: records and control frames that are written are read as the same ones, wherever the reads begin
 * and end; and a line that is not a frame is reported as FRAME_BAD. */
#include "wire/frame.h"

#include <errno.h>
#include <unistd.h>

#include "check.h"

enum { FRAMES = 2000, ROOM = 64 };

/* The log of the frames written and the log of the frames read must be equal. */
static void log_bytes(struct buffer *log, struct bytes bytes)
{
    buffer_print(log, " %zu:", bytes.size);
    buffer_add(log, bytes);
}

static void log_record(struct buffer *log, const struct record *record)
{
    buffer_print(log, "\nrecord %s", record->keyed ? "keyed" : "bare");
    log_bytes(log, record->key);
    log_bytes(log, record->value);
}

static void log_control(struct buffer *log, const struct control *control)
{
    buffer_print(log, "\ncontrol");
    log_bytes(log, control->name);
    for (size_t i = 0; i < control->count; i++)
        log_bytes(log, control->fields[i]);
}

/* Returns a writer that keeps all bytes in memory. */
static struct line_writer writer_to_memory(void)
{
    struct line_writer writer;
    line_writer_open(&writer, -1, "memory");
    writer.held = true;
    return writer;
}

static struct bytes written(const struct line_writer *writer)
{
    return (struct bytes){writer->data, writer->size};
}

/* Puts up to most random bytes into to: bytes that have a meaning in a frame, and some others. */
static struct bytes random_bytes(char *to, size_t most)
{
    static const char bytes[] = {'\n', '\t', '\\', '\0', '=', '+', '!', 'n', 't', 'a', 'b', ' ', '\r', '\x80', '\xff'};
    bool plain = check_random() % 2 == 0;
    size_t size = check_random() % 8 == 0 ? 0 : (size_t)(check_random() % (most + 1));
    for (size_t i = 0; i < size; i++)
        to[i] = bytes[plain ? 3 + check_random() % 12 : check_random() % sizeof bytes];
    return (struct bytes){to, size};
}

/* Writes a stream, and logs its frames. */
static void write_stream(struct line_writer *writer, struct buffer *log)
{
    char key[64], name[64], value[512];
    struct bytes before = {key, 0};
    for (int i = 0; i < FRAMES; i++) {
        size_t most = check_random() % 50 == 0 ? sizeof value : 20;
        if (check_random() % 10 == 0) {
            struct bytes fields[3] = {bytes_of("name")};
            size_t count = 1 + (size_t)(check_random() % 3);
            frame_write_control(writer, "name");
            for (size_t f = 1; f < count; f++) {
                fields[f] = random_bytes(f == 1 ? name : value, f == 1 ? sizeof name : most);
                frame_write_field(writer, fields[f]);
            }
            frame_write_end(writer);
            log_control(log, &(struct control){.name = fields[0], .fields = fields + 1, .count = count - 1});
            continue;
        }
        struct record record = {.keyed = check_random() % 3 != 0};
        if (check_random() % 2 == 0)
            before = random_bytes(key, sizeof key);
        else if (before.size > 0 && check_random() % 4 == 0)
            key[check_random() % before.size] = 'c';
        record.key = (struct bytes){key, record.keyed ? before.size : 0};
        record.value = random_bytes(value, most);
        bool escaped = memchr(record.value.data, '\n', record.value.size) != NULL ||
                       memchr(record.key.data, '\n', record.key.size) != NULL ||
                       memchr(record.key.data, '\t', record.key.size) != NULL;
        record.plain = !escaped && check_random() % 2 == 0;
        frame_write(writer, &record);
        log_record(log, &record);
    }
}

static bool has_key_of(const struct record *record, const struct record *other)
{
    return record->keyed && other->keyed && bytes_equal(record->key, other->key);
}

/* Takes all frames in the block. Returns false if a line is not a frame. */
static bool read_buffered(struct frame_reader *reader, size_t room, struct buffer *log, struct buffer *frames)
{
    for (;;) {
        struct record records[ROOM];
        struct control control;
        size_t count = room;
        enum frame_kind kind = frame_next(reader, records, &count, &control);
        if (kind == FRAME_MORE || kind == FRAME_BAD)
            return kind == FRAME_MORE;
        if (kind == FRAME_CONTROL) {
            log_control(log, &control);
            buffer_add(frames, control.frame);
            continue;
        }
        CHECK(count >= 1 && count <= room);
        for (size_t i = 0; i < count; i++) {
            log_record(log, &records[i]);
            buffer_add(frames, records[i].frame);
            if (records[i].plain)
                CHECK_ABOUT(records[i].frame, records[i].frame.data[0] != '\\');
            CHECK_ABOUT(records[i].frame, records[i].same_key == (i > 0 && has_key_of(&records[i], &records[i - 1])));
        }
    }
}

/* Feeds a stream through a pipe in pieces of most bytes or, if any, of 1 to most bytes, and compares the logs. */
static void check_pieces(struct bytes stream, struct bytes expected, size_t most, bool any, size_t room)
{
    struct frame_reader reader;
    struct buffer log = {0}, frames = {0};
    int ends[2];
    CHECK(pipe(ends) == 0);
    frame_reader_open(&reader, ends[0]);
    bool whole = true;
    for (size_t done = 0, size; done < stream.size && whole; done += size) {
        size = any ? 1 + (size_t)(check_random() % most) : most;
        if (size > stream.size - done)
            size = stream.size - done;
        CHECK(write(ends[1], stream.data + done, size) == (ssize_t)size);
        /* A block that is nearly full takes fewer bytes. */
        for (size_t left = size; left > 0 && whole;) {
            ssize_t n = line_fill(&reader.lines);
            CHECK(n > 0);
            whole = n > 0 && read_buffered(&reader, room, &log, &frames);
            left -= n > 0 ? (size_t)n : left;
        }
        CHECK_ABOUT(reader.bad, whole);
    }
    close(ends[1]);
    CHECK(line_fill(&reader.lines) == 0);
    CHECK(reader.lines.start == reader.lines.end);
    CHECK(bytes_equal(buffer_bytes(&log), expected));
    CHECK(bytes_equal(buffer_bytes(&frames), stream));
    frame_reader_close(&reader);
    close(ends[0]);
    buffer_free(&log);
    buffer_free(&frames);
}

static void check_streams(void)
{
    for (int i = 0; i < 3; i++) {
        struct line_writer writer = writer_to_memory();
        struct buffer log = {0};
        write_stream(&writer, &log);
        for (size_t most = 1; most <= 32768; most *= most < 4 ? 3 : 11) {
            check_pieces(written(&writer), buffer_bytes(&log), most, false, ROOM);
            check_pieces(written(&writer), buffer_bytes(&log), most, true, 1 + most % ROOM);
        }
        check_pieces(written(&writer), buffer_bytes(&log), 1000, true, 1);
        free(writer.data);
        buffer_free(&log);
    }
}

/* Frames that are longer than a block. */
static void check_long(void)
{
    struct line_writer writer = writer_to_memory();
    struct buffer log = {0}, key = {0}, value = {0};
    for (size_t size = LINE_READ / 2 - 2; size < 4 * LINE_READ; size += LINE_READ / 2) {
        while (value.size < size)
            buffer_add_byte(&value, (char)('a' + value.size % 26));
        buffer_add_byte(&key, value.size % 3 == 0 ? '\t' : 'k');
        const struct record record = {.keyed = true, .key = buffer_bytes(&key), .value = buffer_bytes(&value)};
        frame_write(&writer, &record);
        log_record(&log, &record);
    }
    check_pieces(written(&writer), buffer_bytes(&log), 65536, false, ROOM);
    check_pieces(written(&writer), buffer_bytes(&log), 65536, true, ROOM);
    free(writer.data);
    buffer_free(&log);
    buffer_free(&key);
    buffer_free(&value);
}

/* The last line of a block is shorter than the prefix of the line before it, and equal to it as far as it goes. */
static void check_end_of_block(void)
{
    struct line_writer writer = writer_to_memory();
    struct frame_reader reader;
    struct record records[ROOM];
    struct control control;
    char filler[LINE_READ], key[1000];
    size_t count = ROOM;
    memset(filler, 'a', sizeof filler);
    memset(key, 'a', sizeof key);
    const struct bytes keys[] = {{key, sizeof key}, {key, 20}};
    const size_t rest = keys[0].size + keys[1].size + 2 * strlen("+\t1\n");
    frame_write_plain(&writer, false, (struct bytes){NULL, 0}, (struct bytes){filler, LINE_READ - rest - 2});
    for (size_t i = 0; i < 2; i++)
        frame_write_plain(&writer, true, keys[i], bytes_of("1"));
    CHECK(writer.size == LINE_READ);
    frame_reader_open(&reader, -1);
    memcpy(reader.lines.data, writer.data, writer.size);
    reader.lines.end = writer.size;
    CHECK(frame_next(&reader, records, &count, &control) == FRAME_RECORDS && count == 3);
    CHECK(!records[1].same_key && !records[2].same_key && bytes_equal(records[2].key, keys[1]));
    frame_reader_close(&reader);
    free(writer.data);
}

/* A writer that is held writes what is released, piece by piece and in order, and nothing else. */
static void check_held(void)
{
    struct line_writer writer;
    char read_bytes[16];
    int ends[2];
    CHECK(pipe(ends) == 0);
    line_writer_open(&writer, ends[1], "pipe");
    writer.held = true;
    line_add(&writer, bytes_of("abcde"));
    line_flush(&writer);
    line_release(&writer, 2);
    CHECK(read(ends[0], read_bytes, sizeof read_bytes) == 2 && memcmp(read_bytes, "ab", 2) == 0);
    line_add(&writer, bytes_of("f"));
    line_release(&writer, 3);
    writer.held = false;
    line_flush(&writer);
    CHECK(writer.size == 0);
    CHECK(read(ends[0], read_bytes, sizeof read_bytes) == 4 && memcmp(read_bytes, "cdef", 4) == 0);
    close(ends[0]);
    close(ends[1]);
    free(writer.data);
}

static void check_words(const char *text, size_t count, const char *expected)
{
    struct line_writer writer = writer_to_memory();
    struct bytes copy = check_copy(text);
    CHECK(frame_write_words(&writer, copy) == count);
    CHECK_TEXT(expected, written(&writer));
    free((char *)copy.data);
    free(writer.data);
}

static void check_written(const struct record *record, const char *expected)
{
    struct line_writer writer = writer_to_memory();
    frame_write(&writer, record);
    CHECK_TEXT(expected, written(&writer));
    free(writer.data);
}

/* The forms that fl-frame(5) shows. */
static void check_forms(void)
{
    static const struct {
        bool keyed;
        const char *key, *value, *frame;
    } forms[] = {
        {false, "", "", "=\n"},
        {false, "", "a b", "=a b\n"},
        {false, "", "a\tb\\n", "=a\tb\\n\n"},
        {false, "", "a\nb\\\t", "\\=a\\nb\\\\\\t\n"},
        {true, "", "", "+\t\n"},
        {true, "k", "v", "+k\tv\n"},
        {true, "k\\", "v\tw\\", "+k\\\tv\tw\\\n"},
        {true, "k\t", "v\\", "\\+k\\t\tv\\\\\n"},
        {true, "k\n", "", "\\+k\\n\t\n"},
        {true, "k\\", "\n", "\\+k\\\\\t\\n\n"},
        {false, "", "!end\t0", "=!end\t0\n"},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        check_written(
            &(struct record){.keyed = forms[i].keyed, .key = bytes_of(forms[i].key), .value = bytes_of(forms[i].value)},
            forms[i].frame);

    struct line_writer writer = writer_to_memory();
    static const char lines[7 + LINE_SLACK] = "a\n\n \\b\n";
    CHECK(frame_write_lines(&writer, (struct bytes){lines, 7}) == 3);
    CHECK(frame_write_lines(&writer, (struct bytes){lines, 0}) == 0);
    frame_write_control(&writer, "epoch");
    frame_write_number(&writer, 0);
    frame_write_number(&writer, UINT64_MAX);
    frame_write_field(&writer, bytes_of(""));
    frame_write_field(&writer, bytes_of("a\tb\nc\\"));
    frame_write_end(&writer);
    CHECK_TEXT("=a\n=\n= \\b\n!epoch\t0\t18446744073709551615\t\ta\\tb\\nc\\\\\n", written(&writer));
    free(writer.data);
}

/* Reads a line that is not a frame, between two that are. */
static void check_bad(const char *line)
{
    struct frame_reader reader;
    struct record records[ROOM];
    struct control control;
    size_t count = ROOM;
    int ends[2];
    CHECK(pipe(ends) == 0);
    frame_reader_open(&reader, ends[0]);
    dprintf(ends[1], "=1\n%s\n=2\n", line);
    CHECK(line_fill(&reader.lines) > 0);
    CHECK(frame_next(&reader, records, &count, &control) == FRAME_RECORDS && count == 1);
    count = ROOM;
    CHECK_ABOUT(bytes_of(line), frame_next(&reader, records, &count, &control) == FRAME_BAD);
    CHECK_TEXT(line, reader.bad);
    frame_reader_close(&reader);
    close(ends[0]);
    close(ends[1]);
}

static void check_refused(void)
{
    static const char *const lines[] = {"",       "a",     " =a",    "+",      "+key", "\\",       "\\a",  "\\+",
                                        "\\+key", "\\=\\", "\\=\\x", "\\=a\\", "!",    "!\tfield", "!a\\", "!a\t\\x"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        check_bad(lines[i]);
}

/* A frame that is longer than the limit is not waited for. */
static void check_limit(void)
{
    struct frame_reader reader;
    struct record records[ROOM];
    struct control control;
    int ends[2];
    CHECK(pipe(ends) == 0);
    frame_reader_open(&reader, ends[0]);
    CHECK(reader.lines.limit == FRAME_LIMIT);
    reader.lines.limit = 100;
    dprintf(ends[1], "=%099d", 0);
    CHECK(line_fill(&reader.lines) == 100);
    size_t count = ROOM;
    CHECK(frame_next(&reader, records, &count, &control) == FRAME_MORE);
    dprintf(ends[1], "\n=%0100d", 0);
    CHECK(line_fill(&reader.lines) == 102);
    CHECK(frame_next(&reader, records, &count, &control) == FRAME_RECORDS && count == 1);
    count = ROOM;
    CHECK(frame_next(&reader, records, &count, &control) == FRAME_MORE);
    errno = 0;
    CHECK(line_fill(&reader.lines) == -1 && errno == EMSGSIZE);
    frame_reader_close(&reader);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    check_forms();
    check_streams();
    check_long();
    check_end_of_block();
    check_refused();
    check_limit();
    check_held();
    check_words("", 0, "");
    check_words(" \t\n", 0, "");
    check_words("\ta b\n\n\tc\t\td \\\n", 5, "=a\n=b\n=c\n=d\n=\\\n");
    return check_end();
}
