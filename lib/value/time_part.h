/* time_part: what the files of time share. */
#ifndef TIME_PART_H
#define TIME_PART_H

#include "value/time.h"

extern const char *const time_month_names[12];
extern const char *const time_weekday_names[7]; /* from Monday */

/* Returns the day, since 1970, on which the first week of a year of ISO 8601 begins: that with its first Thursday. */
int64_t time_first_week(int64_t year);

#endif
