/* fl-out: the sink: prints the records, and commits.
 *
 *     fl-out [-f FORMAT] [--hold] [FILE]
 *
 * In FILE each record stands exactly once: its length is saved with each epoch, it is synced before the commit, and a
 * resume cuts it back. On standard output it stands at least once. */
#include <stdlib.h>

#include "base/array.h"
#include "stage/stage.h"

/* A part of a format: a literal, or the key or the value of the record. */
struct piece {
    enum { PIECE_LITERAL, PIECE_KEY, PIECE_VALUE } kind;
    struct bytes literal;
};

struct out {
    const char *format; /* as it was given; NULL: it was not */
    bool hold;
    struct piece *pieces; /* of the format; NULL: the key, a tab and the value, or the value alone */
    size_t count, room;
    struct output *file; /* NULL: standard output */
};

static const struct option_entry options[] = {
    {'f', "format", OPTION_TEXT, "FORMAT", offsetof(struct out, format),
     "print this of a record: %k its key, %v its value, %%, \\t, \\n, \\\\"},
    {'\0', "hold", OPTION_FLAG, NULL, offsetof(struct out, hold),
     "print the lines of an epoch only when it is saved everywhere"},
    {0},
};

static void add_piece(struct out *out, struct piece piece)
{
    out->pieces = array_grow(out->pieces, out->count, &out->room, sizeof *out->pieces);
    out->pieces[out->count++] = piece;
}

static void read_format(struct out *out, const char *format)
{
    for (const char *at = format; *at != '\0'; at++) {
        struct piece piece = {PIECE_LITERAL, {at, 1}};
        if (*at == '%' || *at == '\\') {
            static const char codes[] = "%k%v%%\\t\\n\\\\";
            static const char means[] = "  %\t\n\\";
            size_t i = 0;
            while (i < sizeof means - 1 && memcmp(codes + 2 * i, at, 2) != 0)
                i++;
            if (i == sizeof means - 1)
                option_refuse("-f: \"%.2s\" means nothing: there are %%k %%v %%%% \\t \\n \\\\", at);
            piece.kind = i == 0 ? PIECE_KEY : i == 1 ? PIECE_VALUE : PIECE_LITERAL;
            piece.literal.data = means + i;
            at++;
        }
        add_piece(out, piece);
    }
    add_piece(out, (struct piece){PIECE_LITERAL, bytes_of("\n")});
}

static void write_formatted(const struct out *out, struct line_writer *writer, const struct record *record)
{
    for (size_t i = 0; i < out->count; i++) {
        const struct piece *piece = &out->pieces[i];
        line_add(writer, piece->kind == PIECE_KEY     ? record->key
                         : piece->kind == PIECE_VALUE ? record->value
                                                      : piece->literal);
    }
}

/* For a record that came escaped, and so alone. */
static void write_unescaped(struct line_writer *writer, const struct record *record)
{
    if (record->keyed) {
        line_add(writer, record->key);
        line_add(writer, bytes_of("\t"));
    }
    line_add(writer, record->value);
    line_add(writer, bytes_of("\n"));
}

static void on_records(void *context, struct stage *stage, const struct record *records, size_t count)
{
    const struct out *out = context;
    struct line_writer *writer = out->file != NULL ? stage_write_output(stage, out->file, count) : &stage->out;
    if (out->pieces != NULL)
        for (size_t i = 0; i < count; i++)
            write_formatted(out, writer, &records[i]);
    else if (records[0].plain)
        frame_write_text(writer, records, count);
    else
        write_unescaped(writer, &records[0]);
}

static void on_begin(void *context, struct stage *stage)
{
    const struct out *out = context;
    if (!out->hold)
        return;
    if (!stage->recovers)
        option_refuse("--hold goes with recovery: give -r to a stage of the flow");
    stage_hold(stage);
}

static void on_open(void *context, struct stage *stage, char **operands)
{
    struct out *out = context;
    const char *name = operands[0];
    if (name != NULL && *name == '\0')
        option_refuse("the name of the file is empty");
    if (out->hold && name != NULL)
        option_refuse("--hold is for standard output: in a file each line stands once without it");
    if (out->format != NULL)
        read_format(out, out->format);
    if (name != NULL)
        out->file = stage_add_output(stage, name, NULL);
}

static void on_close(void *context)
{
    free(((struct out *)context)->pieces);
}

static const struct stage_program program = {
    .name = "out",
    .role = ROLE_SINK,
    .forms = {{.text = "[-f FORMAT] [--hold] [FILE]"}},
    .options = {{options, 0}},
    .most = 1,
    .keeps_state = true,
    .signature = "out",
    .open = on_open,
    .calls = {.begin = on_begin, .records = on_records},
    .close = on_close,
};

int main(int argc, char **argv)
{
    struct out out = {0};
    (void)argc;
    return stage_main(&program, &out, argv);
}
