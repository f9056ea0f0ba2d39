/* time: dates of the Gregorian calendar, and times as text.
 *
 * A time is a count of seconds since 1970-01-01 00:00:00 UTC, without leap seconds. The calendar is taken as it is
 * today for all years (proleptic), and texts have the years 0000 to 9999. Names of months and weekdays are English,
 * in any case. */
#ifndef TIME_H
#define TIME_H

#include "base/bytes.h"
#include "value/number.h"

#define TIME_DAY INT64_C(86400)
#define TIME_LEAST INT64_C(-62167219200) /* 0000-01-01 00:00:00 */
#define TIME_MOST INT64_C(253402300799)  /* 9999-12-31 23:59:59 */

enum { TIME_DIGITS = 18 }; /* after the point, in a text */

/* --- the calendar ------------------------------------------------------------------------------------------------- */

struct time_date {
    int64_t year;
    int month, day; /* from 1 */
};

/* Returns the days since 1970-01-01. The day may lie outside of its month: the 31st of a month of 30 days is the first
 * of the next. */
int64_t time_days(int64_t year, int month, int day);

/* Returns the date of a day since 1970-01-01. */
struct time_date time_date(int64_t days);

/* Returns how many days a month has. */
int time_month_days(int64_t year, int month);

/* Returns the weekday of a day since 1970-01-01: 0 is Monday. */
int time_weekday(int64_t days);

/* Returns the quotient rounded down. */
static inline int64_t time_divide(int64_t number, int64_t by)
{
    return number / by - (number % by < 0);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

/* A time that was read: whole seconds, and fraction / 10^digits of a second. */
struct time_reading {
    int64_t seconds;  /* since 1970; if zoned is false, as if its zone were UTC */
    int64_t fraction; /* negative only if seconds was written with a minus sign: %s.%f */
    int digits;
    bool zoned; /* the text gives the zone */
};

/* Each reads a text, and nothing may stand before or behind the time. Returns NULL, or the reason why the text is no
 * such time, which follows it in a message: "is not a time". *reading is undefined then.
 *
 * The second 60 is the first second of the next minute. The hour 24 is refused, and so are days that the month does not
 * have and a weekday that is not that of the date.
 *
 *     time_read_iso      2026-11-22, 2026-11-22T00:00[:04[.5]][ZONE], with a T or a blank before the hour, a point or a
 *                        comma before the fraction, and a blank or none before the zone; 20261122T000004Z
 *     time_read_clf      22/Nov/2026:00:00:04[.5][ ZONE], with or without brackets around
 *     time_read_rfc2822  [Sun, ]22 Nov 2026 00:00[:04][ ZONE][ (comment)]
 *     time_read_rfc3164  Nov 22 00:00:04 of the given year
 *     time_read          any of these but the last, by its form
 *
 * ZONE is Z, UTC, GMT or +HH, +HHMM, +HH:MM, +HH:MM:SS with either sign; of RFC 2822 also UT and EST to PDT. */
const char *time_read(struct bytes text, struct time_reading *reading);
const char *time_read_iso(struct bytes text, struct time_reading *reading);
const char *time_read_clf(struct bytes text, struct time_reading *reading);
const char *time_read_rfc2822(struct bytes text, struct time_reading *reading);
const char *time_read_rfc3164(struct bytes text, int64_t year, struct time_reading *reading);

/* Reads HH:MM[:SS[.5]][ZONE] of the given day since 1970. */
const char *time_read_clock(struct bytes text, int64_t days, struct time_reading *reading);

/* Reads a zone that is a fixed offset, +02, +0200 or +02:00, in seconds east of Greenwich. Returns false if text is
 * anything else. */
bool time_read_offset(struct bytes text, int *offset);

/* Reads a text by a format of strptime(3): %Y %y %m %d %e %j %b %B %h %a %A %u %G %V, %H %k %I %l %p %M %S %f (the
 * digits of a fraction), %z (Z or an offset) %Z (UTC, GMT or Z), %s, %T %R %D %F, %n %t %%. Blanks in the format stand
 * for one or more blanks. Numbers may lack leading zeros, but %Y and %G have four digits and %y two, and a number that
 * follows another without anything between has all of its digits. The years of %y are 1969 to 2068. */
const char *time_scan(struct bytes text, struct bytes format, struct time_reading *reading);

/* Checks a format of time_scan: its conversions, and that it gives a date. Returns false, and appends the reason to
 * *why, if it does not. */
bool time_scan_check(struct bytes format, struct buffer *why);

/* --- writing ------------------------------------------------------------------------------------------------------ */

/* A time and the clock that shows it. */
struct time_shown {
    int64_t seconds; /* since 1970, UTC */
    int offset;      /* of the clock, east of Greenwich */
    bool utc;        /* the clock is UTC itself */
    const char *abbreviation;
    number_mantissa fraction; /* the fraction of a second is fraction / 10^digits */
    int digits;
};

/* Returns whether the clock shows one of the years 0000 to 9999. */
bool time_is_shown(const struct time_shown *time);

/* Appends the time in ISO 8601: 2026-11-22T00:00:04.5+01:00, with Z for UTC, and the fraction if there is one. */
void time_write_iso(struct buffer *out, const struct time_shown *time);

/* Appends the time by a format of strftime(3) in the C locale, with these besides: %f is the digits of the fraction, 0
 * if there is none; %3f is three digits, the rest cut, and so with other numbers up to 38; %:z is +01:00; %-d lacks the
 * zeros or blanks before the number, and so do other numbers. Returns false, and sets *unknown to the conversion, if
 * there is no such conversion. */
bool time_write(struct buffer *out, struct bytes format, const struct time_shown *time, struct bytes *unknown);

/* Appends the part of a format that stands before the next %, and returns the place of the %, or end. */
const char *time_write_literal(struct buffer *out, const char *at, const char *end);

#endif
