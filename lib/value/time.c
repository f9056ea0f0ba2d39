#include "value/time.h"

#include "value/time_part.h"

const char *const time_month_names[12] = {"January", "February", "March",     "April",   "May",      "June",
                                          "July",    "August",   "September", "October", "November", "December"};
const char *const time_weekday_names[7] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                           "Friday", "Saturday", "Sunday"};

enum { ERA_YEARS = 400, ERA_DAYS = 146097, EPOCH_DAYS = 719468 }; /* the last: from 0000-03-01 to 1970-01-01 */

/* Both conversions count years from March, so that the day that leap years add is the last of its year, and in eras of
 * 400 years, all of which have the same days. The first of a month, from March, is day (153 * month + 2) / 5. */
int64_t time_days(int64_t year, int month, int day)
{
    year -= month <= 2;
    const int64_t era = time_divide(year, ERA_YEARS);
    const int of_era = (int)(year - era * ERA_YEARS);
    const int of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5;
    return era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year + day - 1 - EPOCH_DAYS;
}

struct time_date time_date(int64_t days)
{
    days += EPOCH_DAYS;
    const int64_t era = time_divide(days, ERA_DAYS);
    const int of_era = (int)(days - era * ERA_DAYS);
    const int year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const int of_year = of_era - (365 * year + year / 4 - year / 100);
    const int month = (5 * of_year + 2) / 153;
    const bool is_next = month >= 10;
    return (struct time_date){.year = era * ERA_YEARS + year + is_next,
                              .month = is_next ? month - 9 : month + 3,
                              .day = of_year - (153 * month + 2) / 5 + 1};
}

int time_month_days(int64_t year, int month)
{
    if (month == 2)
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

int time_weekday(int64_t days)
{
    return (int)(days + 3 - time_divide(days + 3, 7) * 7);
}

int64_t time_first_week(int64_t year)
{
    const int64_t fourth = time_days(year, 1, 4);
    return fourth - time_weekday(fourth);
}
