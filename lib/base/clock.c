#include "base/clock.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <time.h>

#include "base/message.h"

int64_t clock_now(void)
{
    struct timespec time;
    if (clock_gettime(CLOCK_MONOTONIC, &time) == -1)
        message_fail(STATUS_SYSTEM, "the clock cannot be read: %s", strerror(errno));
    return time.tv_sec * CLOCK_SECOND + time.tv_nsec;
}

int clock_timeout(int64_t until)
{
    if (until == INT64_MAX)
        return -1;
    int64_t left = until - clock_now();
    if (left <= 0)
        return 0;
    return left / CLOCK_MILLISECOND >= INT_MAX ? INT_MAX : (int)(left / CLOCK_MILLISECOND) + 1;
}
