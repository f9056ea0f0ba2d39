/* Goal of this target: whatever bytes come as an expression, it is refused, or it gives the same for the same record
 * twice, and reads nothing beyond the record. The first line is the expression, the rest is the value. */
#include <fcntl.h>
#include <setjmp.h>
#include <unistd.h>

#include "base/message.h"
#include "expr/program.h"
#include "fuzz.h"

static jmp_buf refused;
static struct program program;

/* What a refusal leaves, beside the program, is not freed. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static void on_fail(enum status status)
{
    longjmp(refused, (int)status);
}

/* Compiles without a message. Returns false if the text is refused. */
static bool compile(const char *text)
{
    static int nowhere = -1, errors = -1;
    if (nowhere == -1) {
        nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        errors = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
        message_on_fail = on_fail;
    }
    dup2(nowhere, STDERR_FILENO);
    const bool compiles = setjmp(refused) == 0;
    if (compiles)
        program_compile(&program, "-e", text, COLUMN_STATE, false, PROGRAM_DROP);
    dup2(errors, STDERR_FILENO);
    return compiles;
}

static struct bytes evaluate(struct bytes value, char text[NUMBER_TEXT])
{
    program.registers[COLUMN_KEY] = (struct datum){.kind = DATUM_INPUT, .text = {"k", 1}};
    program.registers[COLUMN_SOURCE] = (struct datum){.kind = DATUM_NULL};
    program.registers[COLUMN_VALUE] = (struct datum){.kind = DATUM_INPUT, .text = value};
    switch (program_run(&program, 0)) {
    case PROGRAM_OK:
        return datum_bytes(&program.registers[program.result], text);
    case PROGRAM_FAILED:
        return buffer_bytes(&program.why);
    default:
        return (struct bytes){NULL, 0};
    }
}

/* Whether a text may have a function of chance or of the time. */
static bool may_change(const char *text)
{
    static const char *const words[] = {"random", "time", "date", "day", "epoch"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasestr(text, words[i]) != NULL)
            return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *const bytes = (const char *)data, *const end = size > 0 ? memchr(bytes, '\n', size) : NULL;
    const size_t first = end != NULL ? (size_t)(end - bytes) : size;
    char *const text = bytes_string((struct bytes){bytes, first});
    const struct bytes value = fuzz_copy(bytes + first, size - first);
    if (compile(text)) {
        char numbers[2][NUMBER_TEXT];
        struct buffer once = {0};
        buffer_add(&once, evaluate(value, numbers[0]));
        const struct bytes again = evaluate(value, numbers[1]);
        FUZZ_CHECK(may_change(text) || bytes_equal(buffer_bytes(&once), again));
        buffer_free(&once);
    }
    program_free(&program);
    free(text);
    free((char *)value.data);
    return 0;
}
