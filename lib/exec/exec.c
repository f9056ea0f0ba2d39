#include "exec/exec.h"

#include "base/clock.h"
#include "base/quote.h"
#include "exec/coprocess.h"
#include "base/message.h"
#include "base/span.h"

#define TIMEOUT (60 * CLOCK_SECOND)

enum { AHEAD = 256 * 1024 }; /* bytes that may be given before they are written */

const char exec_later[] = "one before it must be answered first";

struct run {
    const struct exec *exec;
    void *context;
    bool per_epoch;
    struct coprocess process;
    struct buffer line;
    bool asked; /* in step: in this execution */
    bool given; /* per epoch: it has given a line in this epoch */
};

static void flush(void *context)
{
    struct stage *stage = context;
    line_flush(&stage->out);
}

static void start(struct run *run)
{
    const char *why = coprocess_start(&run->process);
    if (why != NULL)
        message_fail(STATUS_UNAVAILABLE, "-x: %s", why);
}

const char *exec_request_value(void *context, struct stage *stage, const struct record *record, size_t outstanding,
                                 struct buffer *line)
{
    (void)context;
    (void)stage;
    (void)outstanding;
    if (memchr(record->value.data, '\n', record->value.size) != NULL)
        return "holds a LF, and a co-process takes lines";
    buffer_add(line, record->value);
    return NULL;
}

/* What is wrong with a line that it gave. */
static const char *quote(struct run *run, struct bytes line, const char *why)
{
    run->line.size = 0;
    buffer_print(&run->line, "%s gives ", run->process.name.data);
    quote_add(&run->line, line);
    buffer_print(&run->line, ", which %s", why);
    buffer_add_byte(&run->line, '\0');
    return run->line.data;
}

/* --- in step ------------------------------------------------------------------------------------------------------ */

/* The program has said more than it was asked for: then nobody knows which line answers which record. The record is one
 * of those at hand, or NULL for none. */
static void check_turn(struct run *run, struct stage *stage, const struct record *record)
{
    struct bytes more;
    if (!coprocess_has_more(&run->process, &more))
        return;
    const char *why = quote(run, more, "answers no record: it must give one line for each, when it has read it");
    stage->out.size = 0; /* the records there may have the answers of others */
    if (record != NULL)
        stage_fail(stage, record, STATUS_UNAVAILABLE, "is not answered in turn: %s", why);
    message_fail(STATUS_UNAVAILABLE, "%s", why);
}

static struct bytes next_answer(struct run *run, struct stage *stage, const struct record *record)
{
    struct coprocess *process = &run->process;
    struct bytes line;
    int status;
    while (!coprocess_take(process, &line)) {
        if (coprocess_has_ended(process))
            stage_fail(stage, record, STATUS_UNAVAILABLE, "is not answered: %s", coprocess_end(process, &status));
        const char *why = coprocess_wait(process);
        if (why != NULL)
            stage_fail(stage, record, STATUS_UNAVAILABLE, "is not answered: %s%s", why,
                       process->silent ? ": let it flush its output after each line (jq --unbuffered, python3 -u, awk "
                                         "with fflush(), mawk -W interactive), or give a longer --timeout"
                                       : "");
    }
    return line;
}

static void ask_in_step(struct run *run, struct stage *stage, const struct record *records, size_t count)
{
    size_t asked = 0, answered = 0;
    check_turn(run, stage, &records[0]);
    while (answered < count) {
        if (asked < count && coprocess_unwritten(&run->process) < AHEAD) {
            run->line.size = 0;
            const char *why =
                run->exec->request(run->context, stage, &records[asked], asked - answered, &run->line);
            if (why == NULL) {
                coprocess_give(&run->process, buffer_bytes(&run->line));
                run->asked = true;
                asked++;
                continue;
            }
            if (asked == answered) {
                stage_refuse(stage, &records[asked], "%s", why);
                answered = ++asked;
                continue;
            }
        }
        const struct record *record = &records[answered];
        struct bytes line = next_answer(run, stage, record);
        const char *why = run->exec->answer(run->context, stage, record, line);
        if (why != NULL)
            stage_fail(stage, record, STATUS_UNAVAILABLE, "is answered wrongly: %s", quote(run, line, why));
        answered++;
    }
    check_turn(run, stage, &records[count - 1]);
}

/* Its input ends, and nothing more may come of it. One that was never asked has nothing to fail with. */
static void end_in_step(struct run *run, struct stage *stage)
{
    struct coprocess *process = &run->process;
    const char *why = NULL;
    int status = -1;
    coprocess_give_end(process);
    while (!coprocess_has_ended(process)) {
        why = coprocess_wait(process);
        if (run->asked)
            check_turn(run, stage, NULL);
        if (why != NULL)
            break;
    }
    if (why == NULL)
        why = coprocess_end(process, &status);
    if (status == 0 || !run->asked)
        return;
    line_flush(&stage->out);
    message_fail(STATUS_UNAVAILABLE, "%s after the end of its input", why);
}

/* --- per epoch ---------------------------------------------------------------------------------------------------- */

static void take_lines(struct run *run, struct stage *stage)
{
    struct bytes line;
    while (coprocess_take(&run->process, &line)) {
        const char *why = run->exec->answer(run->context, stage, NULL, line);
        if (why != NULL)
            message_fail(STATUS_UNAVAILABLE, "%s", quote(run, line, why));
        run->given = true;
    }
}

static void wait_for_epoch(struct run *run, struct stage *stage)
{
    const char *why = coprocess_wait(&run->process);
    if (why != NULL)
        message_fail(STATUS_UNAVAILABLE, "%s%s", why, run->process.silent ? ": give a longer --timeout" : "");
    take_lines(run, stage);
}

static void give_epoch(struct run *run, struct stage *stage, const struct record *records, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        run->line.size = 0;
        const char *why = run->exec->request(run->context, stage, &records[i], 0, &run->line);
        if (why != NULL) {
            stage_refuse(stage, &records[i], "%s", why);
            continue;
        }
        if (!coprocess_runs(&run->process))
            start(run);
        coprocess_give(&run->process, buffer_bytes(&run->line));
        while (coprocess_unwritten(&run->process) >= AHEAD)
            wait_for_epoch(run, stage);
    }
}

/* A grep that finds nothing ends with 1, as POSIX has it, and with more where something is wrong. */
static bool is_grep(const char *command)
{
    size_t size = strlen(command);
    return size >= 4 && strcmp(command + size - 4, "grep") == 0;
}

static void end_epoch(struct run *run, struct stage *stage)
{
    int status;
    coprocess_give_end(&run->process);
    while (!coprocess_has_ended(&run->process))
        wait_for_epoch(run, stage);
    take_lines(run, stage);
    const char *why = coprocess_end(&run->process, &status);
    if (status != 0 && !(status == 1 && !run->given && is_grep(run->process.command[0])))
        message_fail(STATUS_UNAVAILABLE, "%s", why);
    run->given = false;
    if (run->exec->complete != NULL)
        run->exec->complete(run->context, stage);
}

/* ------------------------------------------------------------------------------------------------------------------ */

static void on_begin(void *context, struct stage *stage)
{
    struct run *run = context;
    run->process.before_wait = flush;
    run->process.context = stage;
    if (run->exec->begin != NULL)
        run->exec->begin(run->context, stage);
    if (!run->per_epoch)
        start(run);
}

static void on_records(void *context, struct stage *stage, const struct record *records, size_t count)
{
    struct run *run = context;
    if (run->per_epoch)
        give_epoch(run, stage, records, count);
    else
        ask_in_step(run, stage, records, count);
}

static void on_complete(void *context, struct stage *stage)
{
    struct run *run = context;
    if (!run->per_epoch)
        check_turn(run, stage, NULL);
    else if (coprocess_runs(&run->process))
        end_epoch(run, stage);
}

static void on_finish(void *context, struct stage *stage)
{
    struct run *run = context;
    if (!run->per_epoch)
        end_in_step(run, stage);
}

static int64_t read_timeout(const char *text)
{
    int64_t timeout = TIMEOUT;
    if (text != NULL && !span_parse(text, &timeout))
        option_refuse("--timeout: \"%s\" is not a span of time such as 10, 0.5, 500ms, 30s, 5m, 1h or 2d", text);
    return timeout;
}

bool exec_is_given(const struct exec_options *options)
{
    if (options->command == NULL && (options->timeout != NULL || options->per_epoch))
        option_refuse("%s goes with -x", options->timeout != NULL ? "--timeout" : "--per-epoch");
    return options->command != NULL;
}

int exec_run(const struct exec *exec, void *context, const struct exec_options *options,
               const struct stage_options *stage_options)
{
    struct run run = {.exec = exec, .context = context, .per_epoch = options->per_epoch};
    coprocess_open(&run.process, options->command, read_timeout(options->timeout));
    const struct stage_program program = {.name = exec->name,
                                          .signature = exec->signature,
                                          .accepts = exec->accepts,
                                          .begin = on_begin,
                                          .records = on_records,
                                          .complete = on_complete,
                                          .finish = on_finish};
    int status = stage_run(&program, &run, stage_options);
    coprocess_close(&run.process);
    buffer_free(&run.line);
    return status;
}
