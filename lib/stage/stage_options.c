/* The options that all stages have, or some, and the --help of a stage. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "stage/stage_part.h"

static const struct option_entry reject_options[] = {
    {'\0', "reject", OPTION_TEXT, "FILE", offsetof(struct common_options, reject),
     "write bad records to FILE, as lines of JSON, and go on"},
    {0},
};
static const struct option_entry accept_options[] = {
    {'\0', "accept", OPTION_FLAG, NULL, offsetof(struct common_options, accept),
     "take over the state that another operation or expression has saved"},
    {0},
};
static const struct option_entry step_options[] = {
    {'i', "step", OPTION_TEXT, "STEP", offsetof(struct common_options, step),
     "the step's name in the recovery directory"},
    {0},
};
static const struct option_entry recovery_options[] = {
    {'r', "recovery-directory", OPTION_TEXT, "DIR", offsetof(struct common_options, directory),
     "take part in recovery from here on, with the directory DIR"},
    {'s', "snapshot-interval", OPTION_SPAN, "SPAN", offsetof(struct common_options, interval),
     "with -r: save this often (10s; 0 is after every record)"},
    {'b', "backup-interval", OPTION_SPAN, "SPAN", offsetof(struct common_options, backup),
     "with -r: be able to go back this far (0)"},
    {0},
};

/* The common options of a program, in the order of --help. */
struct tables {
    struct option_table list[STAGE_TABLES + 5];
    size_t count;
};

static void add_table(struct tables *tables, const struct option_entry *entries, void *into)
{
    tables->list[tables->count++] = (struct option_table){entries, into};
}

static bool may_refuse(const struct stage_program *program)
{
    for (size_t i = 0; i < STAGE_FORMS && program->forms[i].text != NULL; i++)
        if (program->forms[i].refuses)
            return true;
    return false;
}

/* Appends the options of a table as a synopsis has them: [-r DIR] [-s SPAN] [-b SPAN]. */
static void add_synopsis(struct buffer *form, const struct option_entry *entries)
{
    for (; entries->name != NULL; entries++) {
        buffer_add(form, bytes_of(form->size > 0 ? " [" : "["));
        if (entries->letter != '\0')
            buffer_print(form, "-%c", entries->letter);
        else
            buffer_print(form, "--%s", entries->name);
        if (entries->value != NULL)
            buffer_print(form, " %s", entries->value);
        buffer_add_byte(form, ']');
    }
}

static const char *make_form(const struct stage_program *program, const struct stage_form *of, struct buffer *form)
{
    add_synopsis(form, recovery_options);
    if (program->keeps_state)
        add_synopsis(form, step_options);
    if (of->refuses)
        add_synopsis(form, reject_options);
    if (program->accepts)
        add_synopsis(form, accept_options);
    buffer_print(form, "%s%s", *of->text != '\0' ? " " : "", of->text);
    return buffer_string(form);
}

char **options_read(struct loop *loop, char **argv)
{
    const struct stage_program *program = loop->program;
    struct buffer made[STAGE_FORMS] = {
        {0},
    };
    const char *forms[STAGE_FORMS + 1] = {NULL};
    struct tables tables = {.count = 0};
    for (size_t i = 0; i < STAGE_FORMS && program->forms[i].text != NULL; i++)
        forms[i] = make_form(program, &program->forms[i], &made[i]);
    for (size_t i = 0; i < STAGE_TABLES && program->options[i].entries != NULL; i++)
        add_table(&tables, program->options[i].entries, (char *)loop->program_context + program->options[i].offset);
    if (may_refuse(program))
        add_table(&tables, reject_options, &loop->options);
    if (program->accepts)
        add_table(&tables, accept_options, &loop->options);
    if (program->keeps_state)
        add_table(&tables, step_options, &loop->options);
    add_table(&tables, recovery_options, &loop->options);
    char **operands = option_parse(argv, &(struct option_usage){forms, program->about}, tables.list, program->least,
                                   program->most, NULL);
    for (size_t i = 0; i < STAGE_FORMS; i++)
        buffer_free(&made[i]);
    return operands;
}

static int64_t read_interval(const struct option_span *given, const char *variable, int64_t otherwise)
{
    const char *text = getenv(variable);
    if (given->given)
        return given->nanoseconds;
    return text != NULL && *text != '\0' ? option_read_span(variable, text, false) : otherwise;
}

int64_t options_snapshot_interval(const struct loop *loop)
{
    return read_interval(&loop->options.interval, "FL_SNAPSHOT_INTERVAL", 10 * CLOCK_SECOND);
}

int64_t options_backup_interval(const struct loop *loop)
{
    return read_interval(&loop->options.backup, "FL_BACKUP_INTERVAL", 0);
}

const char *options_directory(const struct loop *loop)
{
    const char *given = loop->options.directory;
    const char *directory = given != NULL ? given : getenv("FL_RECOVERY_DIRECTORY");
    if (given != NULL && *given == '\0')
        option_refuse("-r: the name of the recovery directory is empty");
    return directory != NULL && *directory != '\0' ? directory : NULL;
}

void options_check(const struct loop *loop)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const struct common_options *options = &loop->options;
    const char *step = options->step;
    if (step != NULL && (*step == '\0' || step[strspn(step, allowed)] != '\0'))
        option_refuse("-i: \"%s\" is not a name for a step: take letters, digits, and . _ -", step);
    if (options_directory(loop) == NULL && (options->interval.given || options->backup.given))
        option_refuse("%s goes with -r", options->interval.given ? "-s" : "-b");
    (void)options_snapshot_interval(loop);
    (void)options_backup_interval(loop);
}
