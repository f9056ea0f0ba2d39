/* fl-recovery-init: makes a recovery directory.
 *
 *     fl-recovery-init DIR [COUNT]
 *
 * It makes all partitions or none, and leaves a directory that has partitions as it is. */
#include "base/decimal.h"
#include "base/message.h"
#include "base/option.h"
#include "recovery/directory.h"

static const char usage[] =
    "usage: fl-recovery-init DIR [COUNT]\n"
    "\n"
    "  DIR                            the directory, which is made if it is missing\n"
    "  COUNT                          number of partitions, fixed from then on (default 1)\n"
    "      --help, --version          show this, show the version\n";

static unsigned read_count(const char *text)
{
    uint64_t count;
    if (!decimal_parse(bytes_of(text), 1, DIRECTORY_PARTITIONS_MOST, &count))
        option_refuse("\"%s\" is no count of partitions: take 1 to %d", text, DIRECTORY_PARTITIONS_MOST);
    return (unsigned)count;
}

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
    const struct option_entry options[] = {{0}};
    size_t given;
    char **operands = option_parse(argv, usage, (const struct option_entry *[]){options, NULL}, 1, 2, &given);
    unsigned count = given == 2 ? read_count(operands[1]) : 1;

    struct store_part part = {.count = count};
    directory_draw_name(part.directory, 32);
    directory_create(operands[0], count, make_partition, &part);
    return STATUS_OK;
}
