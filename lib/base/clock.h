/* clock: the monotonic clock, which goes on evenly when the time of day is set. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

#define CLOCK_SECOND INT64_C(1000000000)
#define CLOCK_MILLISECOND INT64_C(1000000)

/* Returns the time in nanoseconds since a fixed moment. If the clock cannot be read, the program ends (71). */
int64_t clock_now(void);

/* Returns the time left until `until`, a time of clock_now, as poll takes it: in milliseconds, rounded up; 0 if `until`
 * has passed; -1, which makes poll wait for ever, if `until` is INT64_MAX. */
int clock_timeout(int64_t until);

#endif
