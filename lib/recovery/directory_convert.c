#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/crash.h"
#include "recovery/directory_part.h"

void directory_convert(const char *path)
{
    unsigned end;
    struct buffer old = {0}, copy = {0};
    directory_list_parts(path, STATUS_MISFIT, &end);
    for (unsigned i = 0; i < end; i++) {
        old.size = 0;
        directory_part_path(&old, path, i);
        const uint64_t format = store_format(old.data);
        if (format == 0 || format >= STORE_FORMAT)
            continue;
        directory_new_part_path(&copy, path, i);
        unlink(copy.data); /* a process that was killed may have left it */
        CRASH_POINT("convert: before");
        const char *why = store_convert(old.data, copy.data);
        if (why != NULL)
            message_fail(STATUS_IO, "%s: cannot be brought up to date from format %" PRIu64 ": %s", old.data, format,
                         why);
        directory_sync(path); /* the write-ahead log of the old file is gone, and must not meet the new file */
        CRASH_POINT("convert: copied");
        if (rename(copy.data, old.data) == -1)
            message_fail(STATUS_IO, "%s: cannot be replaced: %s", old.data, strerror(errno));
        directory_sync(path);
        CRASH_POINT("convert: after");
    }
    buffer_free(&old);
    buffer_free(&copy);
}
