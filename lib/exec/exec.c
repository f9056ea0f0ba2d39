#include "exec/exec.h"

#include "base/clock.h"
#include "base/message.h"
#include "base/quote.h"

#define TIMEOUT (60 * CLOCK_SECOND)

enum { AHEAD = 256 * 1024 }; /* bytes that may be given before they are written */

const char exec_later[] = "one before it must be answered first";

const struct option_entry exec_options[] = {
    {'x', "exec", OPTION_COMMAND, "CMD [ARG...]", offsetof(struct exec, command),
     "ask the program CMD, which answers each line with a line"},
    {'\0', "timeout", OPTION_SPAN, "SPAN", offsetof(struct exec, timeout),
     "with -x: how long CMD may say nothing (60s; 0 is for ever)"},
    {0},
};

const struct option_entry exec_epoch_options[] = {
    {'\0', "per-epoch", OPTION_FLAG, NULL, offsetof(struct exec, per_epoch),
     "with -x: run CMD once an epoch, as a filter of all its lines"},
    {0},
};

static void flush(void *context)
{
    struct stage *stage = context;
    line_flush(&stage->out);
}

static void start(struct exec *exec)
{
    const char *why = coprocess_start(&exec->process);
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

/* A message about a line that the co-process gave: the line, and what is wrong with it. */
static const char *quote(struct exec *exec, struct bytes line, const char *why)
{
    exec->line.size = 0;
    buffer_print(&exec->line, "%s gives ", exec->process.name.data);
    quote_add(&exec->line, line);
    buffer_print(&exec->line, ", which %s", why);
    return buffer_string(&exec->line);
}

/* --- in step ------------------------------------------------------------------------------------------------------ */

/* Ends the program if the co-process has given a line that answers no record: it is then unknown which line answers
 * which record. record is one of those at hand, or NULL. */
static void check_turn(struct exec *exec, struct stage *stage, const struct record *record)
{
    struct bytes more;
    if (!coprocess_has_more(&exec->process, &more))
        return;
    const char *why = quote(exec, more, "answers no record: it must give one line for each, when it has read it");
    stage->out.size = 0; /* the records in it may have the answers of others */
    if (record != NULL)
        stage_fail(stage, record, STATUS_UNAVAILABLE, "is not answered in turn: %s", why);
    message_fail(STATUS_UNAVAILABLE, "%s", why);
}

static struct bytes next_answer(struct exec *exec, struct stage *stage, const struct record *record)
{
    struct coprocess *process = &exec->process;
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

static void ask_in_step(struct exec *exec, struct stage *stage, const struct record *records, size_t count)
{
    size_t asked = 0, answered = 0;
    check_turn(exec, stage, &records[0]);
    while (answered < count) {
        if (asked < count && coprocess_unwritten(&exec->process) < AHEAD) {
            exec->line.size = 0;
            const char *why =
                exec->calls->request(exec->context, stage, &records[asked], asked - answered, &exec->line);
            if (why == NULL) {
                coprocess_give(&exec->process, buffer_bytes(&exec->line));
                exec->asked = true;
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
        struct bytes line = next_answer(exec, stage, record);
        const char *why = exec->calls->answer(exec->context, stage, record, line);
        if (why != NULL)
            stage_fail(stage, record, STATUS_UNAVAILABLE, "is answered wrongly: %s", quote(exec, line, why));
        answered++;
    }
    check_turn(exec, stage, &records[count - 1]);
}

/* Ends the input of the co-process, which must not give another line. If it was never asked, its status does not
 * matter. */
static void end_in_step(struct exec *exec, struct stage *stage)
{
    struct coprocess *process = &exec->process;
    const char *why = NULL;
    int status = -1;
    coprocess_give_end(process);
    while (!coprocess_has_ended(process)) {
        why = coprocess_wait(process);
        if (exec->asked)
            check_turn(exec, stage, NULL);
        if (why != NULL)
            break;
    }
    if (why == NULL)
        why = coprocess_end(process, &status);
    if (status == 0 || !exec->asked)
        return;
    line_flush(&stage->out);
    message_fail(STATUS_UNAVAILABLE, "%s after the end of its input", why);
}

/* --- per epoch ---------------------------------------------------------------------------------------------------- */

static void take_lines(struct exec *exec, struct stage *stage)
{
    struct bytes line;
    while (coprocess_take(&exec->process, &line)) {
        const char *why = exec->calls->answer(exec->context, stage, NULL, line);
        if (why != NULL)
            message_fail(STATUS_UNAVAILABLE, "%s", quote(exec, line, why));
        exec->given = true;
    }
}

static void wait_for_epoch(struct exec *exec, struct stage *stage)
{
    const char *why = coprocess_wait(&exec->process);
    if (why != NULL)
        message_fail(STATUS_UNAVAILABLE, "%s%s", why, exec->process.silent ? ": give a longer --timeout" : "");
    take_lines(exec, stage);
}

static void give_epoch(struct exec *exec, struct stage *stage, const struct record *records, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        exec->line.size = 0;
        const char *why = exec->calls->request(exec->context, stage, &records[i], 0, &exec->line);
        if (why != NULL) {
            stage_refuse(stage, &records[i], "%s", why);
            continue;
        }
        if (!coprocess_runs(&exec->process))
            start(exec);
        coprocess_give(&exec->process, buffer_bytes(&exec->line));
        while (coprocess_unwritten(&exec->process) >= AHEAD)
            wait_for_epoch(exec, stage);
    }
}

/* POSIX: grep ends with 1 if it has found nothing, and with more than 1 if it has failed. */
static bool is_grep(const char *command)
{
    size_t size = strlen(command);
    return size >= 4 && strcmp(command + size - 4, "grep") == 0;
}

static void end_epoch(struct exec *exec, struct stage *stage)
{
    int status;
    coprocess_give_end(&exec->process);
    while (!coprocess_has_ended(&exec->process))
        wait_for_epoch(exec, stage);
    take_lines(exec, stage);
    const char *why = coprocess_end(&exec->process, &status);
    if (status != 0 && !(status == 1 && !exec->given && is_grep(exec->process.command[0])))
        message_fail(STATUS_UNAVAILABLE, "%s", why);
    exec->given = false;
    if (exec->calls->complete != NULL)
        exec->calls->complete(exec->context, stage);
}

/* ------------------------------------------------------------------------------------------------------------------ */

static void on_begin(void *context, struct stage *stage)
{
    struct exec *exec = context;
    exec->process.before_wait = flush;
    exec->process.context = stage;
    if (exec->calls->begin != NULL)
        exec->calls->begin(exec->context, stage);
    if (!exec->per_epoch)
        start(exec);
}

static void on_records(void *context, struct stage *stage, const struct record *records, size_t count)
{
    struct exec *exec = context;
    if (exec->per_epoch)
        give_epoch(exec, stage, records, count);
    else
        ask_in_step(exec, stage, records, count);
}

static void on_complete(void *context, struct stage *stage)
{
    struct exec *exec = context;
    if (!exec->per_epoch)
        check_turn(exec, stage, NULL);
    else if (coprocess_runs(&exec->process))
        end_epoch(exec, stage);
}

static void on_finish(void *context, struct stage *stage)
{
    struct exec *exec = context;
    if (!exec->per_epoch)
        end_in_step(exec, stage);
}

static const struct stage_calls stage_calls = {
    .begin = on_begin, .records = on_records, .complete = on_complete, .finish = on_finish};

bool exec_is_given(const struct exec *exec)
{
    if (exec->command == NULL && (exec->timeout.given || exec->per_epoch))
        option_refuse("%s goes with -x", exec->timeout.given ? "--timeout" : "--per-epoch");
    return exec->command != NULL;
}

void exec_use(struct exec *exec, struct stage *stage, const struct exec_calls *calls, void *context)
{
    exec->calls = calls;
    exec->context = context;
    coprocess_open(&exec->process, exec->command, exec->timeout.given ? exec->timeout.nanoseconds : TIMEOUT);
    stage_use(stage, &stage_calls, exec);
}

void exec_close(struct exec *exec)
{
    if (exec->calls == NULL)
        return;
    coprocess_close(&exec->process);
    buffer_free(&exec->line);
}
