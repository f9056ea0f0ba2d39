/* fl-recovery-init: makes a recovery directory.
 *
 *     fl-recovery-init DIR [COUNT]
 *
 * It makes all partitions or none, and leaves a directory that has partitions as it is. */
#include "base/decimal.h"
#include "base/message.h"
#include "base/option.h"
#include "recovery/directory.h"
#include "store/store.h"

static const char *const forms[] = {"DIR [COUNT]", NULL};
static const struct option_usage usage = {
    .forms = forms,
    .text = "  DIR                            the directory, which is made if it is missing\n"
            "  COUNT                          number of partitions, fixed from then on (default 1)\n",
};

static const char *make_partition(void *context, const char *path, unsigned index)
{
    struct store_part *part = context;
    part->index = index;
    return store_create(path, part);
}

int main(int argc, char **argv)
{
    (void)argc;
    message_start(argv[0]);
    char **operands = option_parse(argv, &usage, (const struct option_table[]){{NULL, NULL}}, 1, 2, NULL);
    uint64_t count = 1;
    if (operands[1] != NULL && !decimal_parse(bytes_of(operands[1]), 1, DIRECTORY_PARTITIONS_MOST, &count))
        option_refuse("\"%s\" is not a number of partitions: take 1 to %d", operands[1], DIRECTORY_PARTITIONS_MOST);

    struct store_part part = {.count = count};
    directory_draw_name(part.directory, 32);
    directory_create(operands[0], (unsigned)count, make_partition, &part);
    return STATUS_OK;
}
