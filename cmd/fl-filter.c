/* fl-filter: sends on the records for which a condition is true.
 *
 *     fl-filter [-v] -e EXPR
 *
 * They go through byte for byte, and in their order. */
#include "expr.h"
#include "option.h"
#include "stage.h"

static const char usage[] =
    "usage: fl-filter [-r DIR] [-s SPAN] [-b SPAN] [--reject FILE] [-v] -e EXPR\n"
    "\n"
    "  -e, --expression EXPR          keep the records for which this is true, of key, value and source\n"
    "  -v, --invert                   keep the others: for which it is false, or NULL\n"
    STAGE_REJECT_USAGE STAGE_USAGE;

struct filter {
    struct expr *condition;
    bool invert;
};

static void on_records(void *context, struct stage *stage, const struct record *records, size_t count)
{
    const struct filter *filter = context;
    size_t first = 0; /* of the records to keep that are not yet sent */
    for (size_t i = 0; i < count; i++) {
        const struct expr_input input = expr_input_of(&records[i], stage_source(stage));
        struct expr_rows rows;
        const char *why = expr_evaluate(filter->condition, &input, &rows);
        if (why == NULL && (*rows.values[0].data == '1') != filter->invert)
            continue;
        stage_pass(stage, records + first, i - first);
        first = i + 1;
        if (why != NULL)
            stage_refuse(stage, &records[i], "%s", why);
    }
    stage_pass(stage, records + first, count - first);
}

int main(int argc, char **argv)
{
    (void)argc;
    stage_start(argv[0]);
    struct stage_options stage_options = {0};
    struct filter filter = {0};
    const char *expression = NULL;
    const struct option_entry options[] = {{.letter = 'e', .name = "expression", .argument = &expression},
                                           {.letter = 'v', .name = "invert", .given = &filter.invert},
                                           STAGE_OPTIONS(stage_options), STAGE_REJECT_OPTION(stage_options), {0}};
    option_parse(argv, usage, (const struct option_entry *[]){options, NULL}, 0, 0, NULL);
    if (expression == NULL)
        option_refuse("give a condition with -e");

    filter.condition = expr_open("-e", expression, EXPR_CONDITION, EXPR_RECORD, 1, 1);
    const struct stage_program program = {.name = "filter", .records = on_records};
    int status = stage_run(&program, &filter, &stage_options);
    expr_close(filter.condition);
    return status;
}
