/* fl-recovery: inspects and maintains a recovery directory.
 *
 *     fl-recovery status [--json] DIR
 *     fl-recovery dump DIR [STEP [KEY]]
 *     fl-recovery check DIR
 *     fl-recovery backup DIR TO
 *     fl-recovery forget DIR STEP
 *     fl-recovery rewind DIR EPOCH
 *
 * The first four commands only read, at any time: they hold all partitions at one moment, as of the last commit, and
 * keep no flow from writing. They print after the directory is closed, so that a slow reader, or one that goes away,
 * leaves nothing behind. The last two change the directory, under the lock that an execution takes. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/decimal.h"
#include "base/descriptor.h"
#include "base/message.h"
#include "base/option.h"
#include "recovery/directory.h"
#include "recovery/overview.h"
#include "state/state_list.h"
#include "wire/frame.h"

static const char *const forms[] = {"status [--json] DIR", "dump DIR [STEP [KEY]]", "check DIR", "backup DIR TO",
                                    "forget DIR STEP",     "rewind DIR EPOCH",      NULL};
static const struct option_usage usage = {
    .forms = forms,
    .text = "  status                         show what DIR holds, and who uses it\n"
            "  dump                           print the states as of the last commit\n"
            "  check                          look for damage\n"
            "  backup                         copy all partitions into a new directory TO\n"
            "  forget                         drop STEP and its states\n"
            "  rewind                         return to EPOCH\n",
};

struct options {
    bool json;
};

static const struct option_entry entries[] = {
    {'\0', "json", OPTION_FLAG, NULL, offsetof(struct options, json), "with status: as one JSON object"},
    {0},
};

static void print(struct buffer *out)
{
    if (!descriptor_write(STDOUT_FILENO, out->data, out->size))
        message_fail(STATUS_IO, "standard output: %s", strerror(errno));
    buffer_free(out);
}

/* Closes the directory and ends the program if the directory does not have the step. */
static void need_step(struct directory *directory, char **operands)
{
    if (directory_has_step(directory, bytes_of(operands[1])))
        return;
    directory_close(directory);
    message_fail(STATUS_NO_INPUT, "%s: has no step %s: fl-recovery status %s shows which it has", operands[0],
                 operands[1], operands[0]);
}

static int show_status(char **operands, bool json)
{
    struct report report = {0};
    struct buffer out = {0};
    overview_make(operands[0], &report);
    if (json)
        report_print_json(&report, overview_sections, &out);
    else
        report_print_table(&report, &out);
    report_free(&report);
    print(&out);
    return STATUS_OK;
}

static int show_table(char **operands)
{
    return show_status(operands, false);
}

static int show_json(char **operands)
{
    return show_status(operands, true);
}

/* --- dump --------------------------------------------------------------------------------------------------------- */

struct dump {
    struct directory directory;
    struct buffer lines;
    struct bytes step; /* the step that was given, or the step at hand */
    bool all;          /* of all steps: each line names its step */
};

static void dump_state(struct dump *dump, struct bytes key, struct bytes state)
{
    if (dump->all) {
        frame_escape(&dump->lines, dump->step);
        buffer_add_byte(&dump->lines, '\t');
    }
    frame_escape(&dump->lines, key);
    buffer_add_byte(&dump->lines, '\t');
    frame_escape(&dump->lines, state);
    buffer_add_byte(&dump->lines, '\n');
}

/* The states of the step at hand in one partition. */
struct dump_part {
    const struct dump *dump;
    struct store *store;
};

static void each_state(void *from, void (*call)(void *context, struct bytes key, struct bytes state), void *context)
{
    const struct dump_part *part = from;
    store_each_state_at(part->store, part->dump->step, part->dump->directory.epoch, call, context);
}

static void dump_step(void *context, const struct store_step *step)
{
    struct dump *dump = context;
    if (!dump->all && !bytes_equal(step->id, dump->step))
        return;
    if (dump->all)
        dump->step = step->id;
    for (unsigned i = 0; i < dump->directory.count; i++) {
        struct dump_part part = {dump, dump->directory.parts[i]};
        struct state *states = state_open(&(struct state_loader){.each = each_state, .from = &part});
        size_t count;
        struct state_pair *list = state_list(states, &count);
        for (size_t k = 0; k < count; k++)
            dump_state(dump, list[k].key, list[k].state);
        free(list);
        state_close(states);
    }
}

/* Dumps the state of one key. Returns whether the step has one. */
static bool dump_key(struct dump *dump, struct bytes key)
{
    struct bytes state = {NULL, 0};
    for (unsigned i = 0; i < dump->directory.count && state.data == NULL; i++)
        state = store_get_at(dump->directory.parts[i], dump->step, key, dump->directory.epoch);
    if (state.data != NULL)
        dump_state(dump, key, state);
    return state.data != NULL;
}

static int dump_states(char **operands)
{
    const char *step = operands[1], *key = step != NULL ? operands[2] : NULL;
    struct dump dump = {.step = bytes_of(step), .all = step == NULL};
    bool found = true;
    directory_look(&dump.directory, operands[0]);
    if (step != NULL)
        need_step(&dump.directory, operands);
    if (key != NULL)
        found = dump_key(&dump, bytes_of(key));
    else
        store_each_step(dump.directory.parts[0], dump_step, &dump);
    directory_close(&dump.directory);
    if (!found)
        message_fail(STATUS_NO_INPUT, "%s: step %s has no key %s", operands[0], step, key);
    print(&dump.lines);
    return STATUS_OK;
}

/* --- the others --------------------------------------------------------------------------------------------------- */

static int check(char **operands)
{
    return directory_check(operands[0]);
}

static int backup(char **operands)
{
    struct directory directory;
    directory_look(&directory, operands[0]);
    directory_copy(&directory, operands[1]);
    directory_close(&directory);
    return STATUS_OK;
}

static int forget(char **operands)
{
    struct directory directory;
    directory_claim(&directory, operands[0]);
    need_step(&directory, operands);
    directory_forget(&directory, bytes_of(operands[1]));
    directory_close(&directory);
    return STATUS_OK;
}

static int rewind_to(char **operands)
{
    struct directory directory;
    uint64_t epoch;
    if (!decimal_parse(bytes_of(operands[1]), 0, UINT64_MAX, &epoch))
        option_refuse("\"%s\" is not an epoch", operands[1]);
    directory_claim(&directory, operands[0]);
    const bool done = directory_rewind(&directory, epoch);
    const uint64_t floor = directory_floor(&directory), last = directory.epoch;
    directory_close(&directory);
    if (!done)
        message_fail(STATUS_MISFIT,
                     "%s: cannot go back to epoch %" PRIu64 ": its history is from epoch %" PRIu64 " to %" PRIu64
                     ", and longer with a longer backup interval (-b)",
                     operands[0], epoch, floor, last);
    return STATUS_OK;
}

static const struct command {
    const char *name;
    size_t least; /* operands */
    size_t most;
    int (*run)(char **operands);
} commands[] = {{"status", 1, 1, show_table}, {"dump", 1, 3, dump_states}, {"check", 1, 1, check},
                {"backup", 2, 2, backup},     {"forget", 2, 2, forget},    {"rewind", 2, 2, rewind_to}};

int main(int argc, char **argv)
{
    (void)argc;
    message_start(argv[0]);
    struct options options = {.json = false};
    size_t given;
    char **operands =
        option_parse(argv, &usage, (const struct option_table[]){{entries, &options}, {NULL, NULL}}, 1, 4, &given);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(operands[0], commands[i].name) != 0)
            continue;
        if (given - 1 < commands[i].least || given - 1 > commands[i].most)
            option_refuse("%s: %s", operands[0],
                          given - 1 > commands[i].most ? "too many operands" : "an operand is missing");
        if (options.json && commands[i].run != show_table)
            option_refuse("option --json goes with status alone");
        return (options.json ? show_json : commands[i].run)(operands + 1);
    }
    option_refuse("\"%s\" is not a command: take status, dump, check, backup, forget or rewind", operands[0]);
}
