/* clock: the monotonic clock, which no one sets. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

#define CLOCK_SECOND INT64_C(1000000000)
#define CLOCK_MILLISECOND INT64_C(1000000)

/* In nanoseconds. A clock that cannot be read ends the program (71). */
int64_t clock_now(void);

/* The time left until then as poll takes it, in milliseconds, rounded up; 0 where it is over; -1 for INT64_MAX, which
 * is never. */
int clock_timeout(int64_t until);

#endif
