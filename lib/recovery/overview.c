#include "recovery/overview.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "files/position.h"
#include "recovery/directory.h"
#include "recovery/role.h"

const char *const overview_sections[] = {"steps", "inputs", "outputs", "holders", NULL};

enum section { STEPS, INPUTS, OUTPUTS, HOLDERS };

struct overview {
    struct directory directory;
    struct report *report;
    enum section section; /* the section that is being made */
    struct bytes step;    /* the step at hand */
    uint64_t keys;        /* of the step */
    uint64_t bytes;       /* of its keys and states */
};

static void count_state(void *context, struct bytes key, struct bytes state)
{
    struct overview *overview = context;
    overview->keys++;
    overview->bytes += key.size + state.size;
}

/* Returns a note about the file that now has the path of a position, or NULL if there is nothing to note. */
static const char *file_note(const struct position *position, const struct stat *file)
{
    if (!position_is_of(position, file))
        return "another file";
    return (uint64_t)file->st_size < position->offset ? "shorter" : NULL;
}

static void report_size(struct report *report, const char *name, bool known, uint64_t size)
{
    if (known)
        report_number(report, name, size);
    else
        report_text(report, name, (struct bytes){NULL, 0});
}

/* Reports a state of an input or output: a file and the position in it. */
static void report_file(void *context, struct bytes key, struct bytes state)
{
    struct overview *overview = context;
    struct report *report = overview->report;
    const bool input = overview->section == INPUTS;
    struct position position = {0};
    struct stat file = {0};
    char *path = bytes_string(key);
    const bool known = position_parse(state, &position);
    const bool named = path[0] == '/';
    const bool there = named && stat(path, &file) == 0;
    const char *note = !known            ? "no position"
                       : there           ? file_note(&position, &file)
                       : !named          ? NULL
                       : errno == ENOENT ? "missing"
                                         : strerror(errno);

    report_row(report, overview_sections[overview->section]);
    report_text(report, input ? "input" : "output", key);
    report_text(report, "step", overview->step);
    report_size(report, input ? "position" : "committed", known, position.offset);
    report_size(report, "records", known, position.records);
    report_size(report, "size", there, (uint64_t)file.st_size);
    report_size(report, input ? "lag" : "uncommitted", there && note == NULL, (uint64_t)file.st_size - position.offset);
    report_text(report, "note", bytes_of(note));
    free(path);
}

/* Returns the section that shows the files of a step of that role, or STEPS if the step has no files. */
static enum section file_section(struct bytes name)
{
    enum role role = ROLE_OPERATOR;
    (void)role_parse(name, &role);
    return role == ROLE_SOURCE ? INPUTS : role == ROLE_SINK || role == ROLE_SIDE ? OUTPUTS : STEPS;
}

static void report_step(void *context, const struct store_step *step)
{
    struct overview *overview = context;
    const struct directory *directory = &overview->directory;
    if (step->first > directory->epoch)
        return;
    if (overview->section != STEPS && overview->section != file_section(step->role))
        return;
    overview->step = step->id;
    overview->keys = overview->bytes = 0;
    for (unsigned i = 0; i < directory->count; i++)
        store_each_state_at(directory->parts[i], step->id, directory->epoch,
                            overview->section == STEPS ? count_state : report_file, overview);
    if (overview->section != STEPS)
        return;
    report_row(overview->report, overview_sections[STEPS]);
    report_text(overview->report, "step", step->id);
    report_text(overview->report, "signature", step->signature);
    report_number(overview->report, "keys", overview->keys);
    report_number(overview->report, "bytes", overview->bytes);
}

static void report_holder(void *context, const char *holder)
{
    struct overview *overview = context;
    report_row(overview->report, overview_sections[HOLDERS]);
    report_text(overview->report, "holder", bytes_of(holder));
}

/* Reports the facts about the directory as a whole. */
static void report_facts(struct overview *overview)
{
    const struct directory *directory = &overview->directory;
    struct report *report = overview->report;
    struct buffer begun = {0};
    char committed[32] = "";
    struct tm parts;
    const time_t time = (time_t)store_commit_time(directory->parts[0], directory->epoch);
    if (time > 0 && gmtime_r(&time, &parts) != NULL)
        strftime(committed, sizeof committed, "%Y-%m-%dT%H:%M:%SZ", &parts);
    store_last_started(directory->parts[0], &begun);
    report_text(report, "directory", bytes_of(directory->path));
    report_number(report, "partitions", directory->count);
    report_number(report, "execution", store_last_execution(directory->parts[0]));
    report_text(report, "begun", buffer_bytes(&begun));
    report_number(report, "epoch", directory->epoch);
    report_text(report, "committed", bytes_of(committed[0] != '\0' ? committed : NULL));
    report_number(report, "floor", directory_floor(directory));
    buffer_free(&begun);
}

void overview_make(const char *name, struct report *report)
{
    struct overview overview = {.report = report};
    directory_look(&overview.directory, name);
    report_facts(&overview);
    for (overview.section = STEPS; overview.section < HOLDERS; overview.section++)
        store_each_step(overview.directory.parts[0], report_step, &overview);
    lock_each_holder(overview.directory.lock, report_holder, &overview);
    directory_close(&overview.directory);
}
