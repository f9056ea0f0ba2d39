/* fl-out: the sink: prints the records, and commits.
 *
 *     fl-out [-f FORMAT] [--hold] [FILE]
 *
 * In FILE each record stands exactly once: its length is saved with each epoch, it is synced before the commit, and a
 * resume cuts it back. On standard output it stands at least once. */
#include <stdlib.h>

#include "base/message.h"
#include "base/option.h"
#include "files/output.h"
#include "stage/stage.h"

static const char usage[] =
    "usage: fl-out [-r DIR] [-s SPAN] [-b SPAN] [-i STEP] [-f FORMAT] [--hold] [FILE]\n"
    "\n"
    "  -f, --format FORMAT            print this of a record: %k its key, %v its value, %%, \\t, \\n, \\\\\n"
    "      --hold                     print the lines of an epoch only when it is saved everywhere\n"
    STAGE_STEP_USAGE STAGE_USAGE;

/* A part of a format: a literal, or one of the two. */
struct piece {
    enum { PIECE_LITERAL, PIECE_KEY, PIECE_VALUE } kind;
    struct bytes literal;
};

struct out {
    struct piece *pieces; /* NULL: the key, a tab and the value, or the value alone */
    size_t count;
    const char *name;     /* of the file; NULL: standard output */
    struct output file;
    bool hold;
};

static void add_piece(struct out *out, struct piece piece)
{
    out->pieces = bytes_reallocate(out->pieces, (out->count + 1) * sizeof *out->pieces);
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

/* A record that came escaped, and so alone. */
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
    struct out *out = context;
    char text[POSITION_TEXT];
    if (out->file.fresh)
        stage_save_base(stage, bytes_of(out->file.path), output_base(&out->file, text));
    if (out->pieces != NULL)
        for (size_t i = 0; i < count; i++)
            write_formatted(out, &stage->out, &records[i]);
    else if (records[0].plain)
        frame_write_text(&stage->out, records, count);
    else
        write_unescaped(&stage->out, &records[0]);
    out->file.position.records += count;
}

static void on_begin(void *context, struct stage *stage)
{
    struct out *out = context;
    if (out->hold) {
        if (!stage->recovers)
            option_refuse("--hold goes with recovery: give -r to a stage of the flow");
        stage_hold(stage);
    }
    if (out->name == NULL)
        return;
    output_open(&out->file, out->name, stage->recovers ? stage->state : NULL);
    stage->out.fd = out->file.fd;
    stage->out.name = out->name;
    if (out->file.path != NULL)
        stage_sync(stage, out->file.fd, out->name);
}

static void on_freeze(void *context, struct stage *stage)
{
    struct out *out = context;
    if (out->name != NULL)
        output_freeze(&out->file, stage->state);
}

int main(int argc, char **argv)
{
    (void)argc;
    message_start(argv[0]);
    struct stage_options stage_options = {0};
    struct out out = {.pieces = NULL};
    const char *format = NULL;
    const struct option_entry options[] = {{.letter = 'f', .name = "format", .argument = &format},
                                           {.name = "hold", .given = &out.hold},
                                           STAGE_OPTIONS(stage_options), STAGE_STEP_OPTION(stage_options), {0}};
    char **operands = option_parse(argv, usage, (const struct option_entry *[]){options, NULL}, 0, 1, NULL);
    out.name = operands[0];
    if (out.name != NULL && *out.name == '\0')
        option_refuse("the name of the file is empty");
    if (out.hold && out.name != NULL)
        option_refuse("--hold is for standard output: in a file each line stands once without it");
    if (format != NULL)
        read_format(&out, format);

    const struct stage_program program = {
        .name = "out", .signature = "out", .sink = true, .begin = on_begin, .records = on_records, .freeze = on_freeze};
    int status = stage_run(&program, &out, &stage_options);
    free(out.pieces);
    output_close(&out.file);
    return status;
}
