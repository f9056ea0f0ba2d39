/* evaluate: evaluates the expressions that harnesses make up. Each line of standard input is
 *
 *     EXPR TAB KEY TAB VALUE
 *
 * where KEY and VALUE are `-` for NULL, or `=` and the bytes. The answer is a line: `=` and the result, `~` for drop(),
 * `!` and the reason if the record is a bad one, or `?` if the expression does not compile. */
#include "expr/expr.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/message.h"

static jmp_buf refused;

static void on_fail(enum status status)
{
    longjmp(refused, (int)status);
}

static struct bytes column(char *text)
{
    return *text == '-' ? (struct bytes){NULL, 0} : bytes_of(text + 1);
}

static void answer(char *text, const struct expr_input *input)
{
    struct expr_result result;
    struct expr *expr;
    if (setjmp(refused) != 0) {
        puts("?");
        return;
    }
    expr = expr_open("-e", text, EXPR_VALUE, EXPR_RECORD, NULL);
    switch (expr_evaluate(expr, input, &result)) {
    case EXPR_OK:
        printf("=%.*s\n", (int)result.value.size, result.value.data);
        break;
    case EXPR_BAD:
        printf("!%.*s\n", (int)strcspn(result.why, "\n"), result.why);
        break;
    default:
        puts("~");
    }
    expr_close(expr);
}

int main(int argc, char **argv)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t size;
    (void)argc;
    message_start(argv[0]);
    message_on_fail = on_fail;
    while ((size = getline(&line, &room, stdin)) > 0) {
        line[size - 1] = '\0';
        char *const key = strchr(line, '\t') + 1, *const value = strchr(key, '\t') + 1;
        key[-1] = value[-1] = '\0';
        answer(line, &(struct expr_input){.key = column(key), .value = column(value)});
    }
    free(line);
    return 0;
}
