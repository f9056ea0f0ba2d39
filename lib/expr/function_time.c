/* Functions of times: our own, which are exact, and those of SQLite, which count milliseconds. */
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "base/span.h"
#include "expr/function.h"
#include "value/arithmetic.h"
#include "value/time.h"
#include "value/zone.h"

/* --- what a place in an expression keeps -------------------------------------------------------------------------- */

enum form { FORM_ANY, FORM_ISO, FORM_CLF, FORM_RFC2822, FORM_RFC3164, FORM_EPOCH, FORM_SCAN };

enum unit { UNIT_SPAN, UNIT_WEEK, UNIT_MONTH, UNIT_YEAR };

struct known_zone {
    struct known_zone *next;
    struct zone *zone;
    size_t size;
    char name[];
};

struct memo {
    struct known_zone *zones; /* that were asked for */
    struct zone *utc;
    struct buffer out;
    bool format_known; /* the format is a constant, and checked */
    enum form form;
    int digits;      /* of FORM_EPOCH: the number is this many digits too large */
    bool unit_known; /* the unit of time_floor is a constant */
    enum unit unit;
    struct number span;
};

static struct memo *memo_of(struct call *call)
{
    if (call->memo == NULL) {
        struct memo *memo = bytes_allocate(sizeof *memo);
        *memo = (struct memo){.utc = zone_open(bytes_of("UTC"), NULL)};
        call->memo = memo;
    }
    return call->memo;
}

static void forget(void *kept)
{
    struct memo *memo = kept;
    while (memo->zones != NULL) {
        struct known_zone *zone = memo->zones;
        memo->zones = zone->next;
        zone_close(zone->zone);
        free(zone);
    }
    zone_close(memo->utc);
    buffer_free(&memo->out);
    free(memo);
}

static bool fail_because(struct call *call, const struct datum *datum, struct buffer *reason)
{
    call_fail_about(call, datum, "%s", buffer_string(reason));
    buffer_free(reason);
    return false;
}

/* Finds the zone of an argument. */
static bool find_zone(struct call *call, const struct datum *datum, struct zone **zone)
{
    struct memo *memo = memo_of(call);
    if (datum->kind != DATUM_TEXT && datum->kind != DATUM_INPUT)
        return call_fail_about(call, datum, "is not a time zone");
    for (struct known_zone *known = memo->zones; known != NULL; known = known->next)
        if (bytes_equal((struct bytes){known->name, known->size}, datum->text)) {
            *zone = known->zone;
            return true;
        }
    struct buffer why = {0};
    *zone = zone_open(datum->text, &why);
    if (*zone == NULL)
        return fail_because(call, datum, &why);
    struct known_zone *known = bytes_allocate(sizeof *known + datum->text.size);
    *known = (struct known_zone){.next = memo->zones, .zone = *zone, .size = datum->text.size};
    memcpy(known->name, datum->text.data, datum->text.size);
    memo->zones = known;
    return true;
}

/* Finds the zone of an argument that may be missing: UTC then. */
static bool argument_zone(struct call *call, size_t index, struct zone **zone)
{
    *zone = memo_of(call)->utc;
    return index >= call->count || find_zone(call, call_argument(call, index), zone);
}

/* Checks a constant zone when the expression is compiled. */
static bool prepare_zone(struct call *call, const struct datum *const *known, size_t index)
{
    struct zone *zone;
    memo_of(call);
    return index >= call->count || known[index] == NULL || known[index]->kind == DATUM_NULL ||
           find_zone(call, known[index], &zone);
}

/* --- numbers ------------------------------------------------------------------------------------------------------ */

static struct number integer_of(int64_t integer)
{
    return (struct number){.mantissa = integer};
}

/* Makes an exact decimal of a floating number, as it is written. */
static enum number_answer make_exact(struct number *number)
{
    char text[NUMBER_TEXT];
    return number->floating ? number_parse_decimal(number_format(*number, text), number) : NUMBER_OK;
}

/* Sets *number to an argument as an exact decimal. */
static bool call_exact(struct call *call, size_t index, struct number *number)
{
    if (!call_number(call, index, number))
        return false;
    if (make_exact(number) != NUMBER_OK)
        return call_fail_about(call, call_argument(call, index), "is not within the range of exact numbers");
    return true;
}

/* Sets *seconds to number rounded down, and *fraction to the rest, of number.scale digits. Returns false if the seconds
 * lie outside of the years 0 to 9999. */
static bool split(struct number number, int64_t *seconds, number_mantissa *fraction)
{
    const number_mantissa power = number_power_of_ten(number.scale);
    number_mantissa whole = number.mantissa / power;
    *fraction = number.mantissa % power;
    if (*fraction < 0) {
        *fraction += power;
        whole--;
    }
    if (whole < TIME_LEAST || whole > TIME_MOST)
        return false;
    *seconds = (int64_t)whole;
    return true;
}

/* Returns seconds + fraction / 10^digits. */
static struct number join(int64_t seconds, number_mantissa fraction, int digits)
{
    for (; digits > 0 && fraction % 10 == 0; digits--)
        fraction /= 10;
    return (struct number){.mantissa = seconds * number_power_of_ten(digits) + fraction, .scale = digits};
}

static const char outside[] = "lies outside of the years 0000 to 9999";

/* Sets *seconds and *fraction to the time of an argument; the fraction has *digits digits. */
static bool call_time(struct call *call, size_t index, int64_t *seconds, number_mantissa *fraction, int *digits)
{
    struct number number;
    if (!call_exact(call, index, &number))
        return false;
    *digits = number.scale;
    return split(number, seconds, fraction) ||
           call_fail_about(call, call_argument(call, index), "seconds %s: write timestamp(x, 'ms') for milliseconds",
                           outside);
}

static struct timespec now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return time;
}

/* Whether an argument is the word of the expression, and not of input, that stands for the present. */
static bool is_now(const struct datum *datum)
{
    return datum->kind == DATUM_TEXT && datum->text.size == 3 && strncasecmp(datum->text.data, "now", 3) == 0;
}

/* --- timestamp ---------------------------------------------------------------------------------------------------- */

/* Finds the form that a format asks for. */
static bool find_form(struct call *call, const struct datum *format, enum form *form, int *digits)
{
    static const struct {
        const char *name;
        enum form form;
        int digits;
    } names[] = {{"iso", FORM_ISO, 0},         {"clf", FORM_CLF, 0}, {"rfc2822", FORM_RFC2822, 0},
                 {"rfc3164", FORM_RFC3164, 0}, {"s", FORM_EPOCH, 0}, {"ms", FORM_EPOCH, 3},
                 {"us", FORM_EPOCH, 6},        {"ns", FORM_EPOCH, 9}};
    if (format->kind != DATUM_TEXT && format->kind != DATUM_INPUT)
        return call_fail_about(call, format, "is not a format of times");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (bytes_equal(format->text, bytes_of(names[i].name))) {
            *form = names[i].form;
            *digits = names[i].digits;
            return true;
        }
    if (format->text.size == 0 || memchr(format->text.data, '%', format->text.size) == NULL)
        return call_fail_about(call, format,
                               "is not a format of times: write iso, clf, rfc2822, rfc3164, s, ms, us, ns, "
                               "or conversions such as %%Y-%%m-%%d");
    struct buffer why = {0};
    if (!time_scan_check(format->text, &why))
        return fail_because(call, format, &why);
    *form = FORM_SCAN;
    return true;
}

static bool prepare_timestamp(struct call *call, const struct datum *const *known)
{
    struct memo *memo = memo_of(call);
    if (call->count >= 2 && known[1] != NULL && known[1]->kind != DATUM_NULL) {
        if (!find_form(call, known[1], &memo->form, &memo->digits))
            return false;
        memo->format_known = true;
    }
    return prepare_zone(call, known, 2);
}

/* Gives a number of seconds, or of what is smaller by so many digits. */
static bool give_epoch(struct call *call, struct datum *result, int digits)
{
    struct number number;
    int64_t seconds;
    number_mantissa fraction;
    if (!call_exact(call, 0, &number))
        return false;
    if (arithmetic_divide(number, integer_of((int64_t)number_power_of_ten(digits)), &number) != NUMBER_OK ||
        !split(number, &seconds, &fraction))
        return call_fail_about(call, call_argument(call, 0), outside);
    return give_number(result, number);
}

/* Sets *seconds to a time that was read, of a zone if it has none itself. */
static bool seconds_of(struct call *call, const struct datum *datum, const struct time_reading *reading,
                       struct zone *zone, int64_t *seconds)
{
    *seconds = reading->seconds;
    if (reading->zoned || zone_seconds(zone, reading->seconds, seconds))
        return true;
    return call_fail_about(call, datum, "is a time that its time zone skips");
}

/* Reads a time of RFC 3164, in the latest year in which it is not more than a day ahead. */
static const char *read_yearless(struct bytes text, struct zone *zone, struct time_reading *reading)
{
    enum { YEARS = 9 }; /* that may pass from one 29th of February to the next, and one for the time ahead */
    const int64_t latest = now().tv_sec + TIME_DAY;
    const int64_t year = time_date(time_divide(latest + zone_find(zone, latest).offset, TIME_DAY)).year;
    const char *reason = NULL;
    for (int64_t y = year; y > year - YEARS; y--) {
        int64_t seconds;
        reason = time_read_rfc3164(text, y, reading);
        if (reason == NULL && (!zone_seconds(zone, reading->seconds, &seconds) || seconds <= latest))
            return NULL;
    }
    return reason;
}

static bool read_time(struct call *call, const struct datum *datum, enum form form, struct zone *zone,
                      struct time_reading *reading)
{
    const char *reason = NULL;
    struct bytes text;
    struct number number;
    if (!call_text(call, 0, &text))
        return false;
    switch (form) {
    case FORM_ISO:
        reason = time_read_iso(text, reading);
        break;
    case FORM_CLF:
        reason = time_read_clf(text, reading);
        break;
    case FORM_RFC2822:
        reason = time_read_rfc2822(text, reading);
        break;
    case FORM_RFC3164:
        reason = read_yearless(text, zone, reading);
        break;
    case FORM_SCAN:
        reason = time_scan(text, call_argument(call, 1)->text, reading);
        if (reason != NULL)
            return call_fail_about(call, datum, "%s of the format \"%.*s\"", reason,
                                   (int)call_argument(call, 1)->text.size, call_argument(call, 1)->text.data);
        break;
    default:
        reason = time_read(text, reading);
        if (reason != NULL && datum_number(datum, &number) != NUMBER_NONE)
            reason = "is a number: write s, ms, us or ns as the format, for what it counts since 1970";
    }
    return reason == NULL || call_fail_about(call, datum, "%s", reason);
}

static bool call_timestamp(struct call *call, struct datum *result)
{
    const struct datum *datum = call_argument(call, 0);
    const struct memo *memo = memo_of(call);
    enum form form = memo->form;
    int digits = memo->digits;
    struct time_reading reading;
    struct zone *zone;
    int64_t seconds;
    if (call->count >= 2 && !memo->format_known && !find_form(call, call_argument(call, 1), &form, &digits))
        return false;
    if (form == FORM_EPOCH)
        return give_epoch(call, result, digits);
    if (form == FORM_ANY && is_now(datum)) {
        const struct timespec time = now();
        return give_number(result, join(time.tv_sec, time.tv_nsec, 9));
    }
    if (!argument_zone(call, 2, &zone) || !read_time(call, datum, form, zone, &reading) ||
        !seconds_of(call, datum, &reading, zone, &seconds))
        return false;
    if (seconds < TIME_LEAST || seconds > TIME_MOST)
        return call_fail_about(call, datum, outside);
    return give_number(result, join(seconds, reading.fraction, reading.digits));
}

/* --- time_text ---------------------------------------------------------------------------------------------------- */

static bool fail_conversion(struct call *call, const struct datum *format, struct bytes unknown)
{
    return call_fail_about(call, format, "has the unknown conversion %.*s", (int)unknown.size, unknown.data);
}

static bool prepare_time_text(struct call *call, const struct datum *const *known)
{
    struct memo *memo = memo_of(call);
    const struct datum *format = call->count >= 2 ? known[1] : NULL;
    if (format != NULL && format->kind != DATUM_NULL) {
        struct bytes unknown;
        if (format->kind != DATUM_TEXT && format->kind != DATUM_INPUT)
            return call_fail_about(call, format, "is not a format of times");
        if (!time_write(&memo->out, format->text, &(struct time_shown){.abbreviation = ""}, &unknown))
            return fail_conversion(call, format, unknown);
    }
    return prepare_zone(call, known, 2);
}

static bool call_time_text(struct call *call, struct datum *result)
{
    struct memo *memo = memo_of(call);
    struct time_shown time;
    struct zone *zone;
    struct bytes format, unknown;
    if (!call_time(call, 0, &time.seconds, &time.fraction, &time.digits) || !argument_zone(call, 2, &zone))
        return false;
    const struct zone_span span = zone_find(zone, time.seconds);
    time.offset = span.offset;
    time.abbreviation = span.abbreviation;
    time.utc = zone_is_utc(zone);
    if (!time_is_shown(&time))
        return call_fail_about(call, call_argument(call, 0), outside);
    memo->out.size = 0;
    if (call->count == 1)
        time_write_iso(&memo->out, &time);
    else if (!call_text(call, 1, &format))
        return false;
    else if (!time_write(&memo->out, format, &time, &unknown))
        return fail_conversion(call, call_argument(call, 1), unknown);
    return give_kept(call, result, buffer_bytes(&memo->out));
}

/* --- time_floor --------------------------------------------------------------------------------------------------- */

/* Finds the unit, or the span in seconds. */
static bool find_unit(struct call *call, const struct datum *datum, enum unit *unit, struct number *span)
{
    static const struct {
        const char *name;
        enum unit unit;
        int seconds;
    } names[] = {{"second", UNIT_SPAN, 1},  {"minute", UNIT_SPAN, 60}, {"hour", UNIT_SPAN, 3600},
                 {"day", UNIT_SPAN, 86400}, {"week", UNIT_WEEK, 0},    {"month", UNIT_MONTH, 0},
                 {"year", UNIT_YEAR, 0}};
    *unit = UNIT_SPAN;
    enum number_answer answer = datum_number(datum, span);
    if (answer == NUMBER_OK)
        answer = make_exact(span);
    if (answer == NUMBER_OK && span->mantissa > 0)
        return true;
    if (answer == NUMBER_NONE && (datum->kind == DATUM_TEXT || datum->kind == DATUM_INPUT)) {
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (bytes_equal(datum->text, bytes_of(names[i].name))) {
                *unit = names[i].unit;
                *span = integer_of(names[i].seconds);
                return true;
            }
        int64_t nanoseconds;
        char *string = bytes_string(datum->text);
        const bool read = strlen(string) == datum->text.size && span_parse(string, &nanoseconds) && nanoseconds > 0;
        free(string);
        if (read) {
            *span = join(nanoseconds / 1000000000, nanoseconds % 1000000000, 9);
            return true;
        }
    }
    return call_fail_about(call, datum,
                           "is not a span of time: write seconds, a span such as 15m, or second, minute, "
                           "hour, day, week, month or year");
}

static bool prepare_time_floor(struct call *call, const struct datum *const *known)
{
    struct memo *memo = memo_of(call);
    if (known[1] != NULL && known[1]->kind != DATUM_NULL) {
        if (!find_unit(call, known[1], &memo->unit, &memo->span))
            return false;
        memo->unit_known = true;
    }
    return prepare_zone(call, known, 2);
}

/* Returns the local day on which the week, month or year of a local day begins. */
static int64_t first_day(int64_t days, enum unit unit)
{
    const struct time_date date = time_date(days);
    if (unit == UNIT_WEEK)
        return days - time_weekday(days);
    return time_days(date.year, unit == UNIT_MONTH ? date.month : 1, 1);
}

static bool call_time_floor(struct call *call, struct datum *result)
{
    enum { HOUR = 3600 };
    const struct datum *datum = call_argument(call, 1);
    const struct memo *memo = memo_of(call);
    enum unit unit = memo->unit;
    struct number time, span = memo->span, start, rest;
    struct zone *zone;
    int64_t seconds;
    number_mantissa fraction;
    if (!call_exact(call, 0, &time) || (!memo->unit_known && !find_unit(call, datum, &unit, &span)) ||
        !argument_zone(call, 2, &zone))
        return false;
    if (!split(time, &seconds, &fraction))
        return call_fail_about(call, call_argument(call, 0), "seconds %s", outside);
    if (unit == UNIT_SPAN && zone_is_utc(zone))
        return number_floor(time, span, &start) ? give_number(result, start)
                                                : call_fail(call, "the start is beyond the range of numbers");
    const struct zone_span now_span = zone_find(zone, seconds);
    const int64_t local = seconds + now_span.offset;
    fraction = 0;
    int digits = 0;
    bool is_short = false;
    if (unit == UNIT_SPAN) {
        struct number local_time;
        if (arithmetic_remainder(integer_of(TIME_DAY), span, &rest) != NUMBER_OK || rest.mantissa != 0)
            return call_fail_about(call, datum, "is a span that does not divide a day, as it must with a time zone");
        if (arithmetic_add(time, integer_of(now_span.offset), &local_time) != NUMBER_OK ||
            !number_floor(local_time, span, &start) || !split(start, &seconds, &fraction))
            return call_fail(call, "the start is beyond the range of times");
        digits = start.scale;
        is_short = number_compare(span, integer_of(HOUR)) <= 0;
    } else {
        seconds = first_day(time_divide(local, TIME_DAY), unit) * TIME_DAY;
    }
    /* A short span begins by the clock of its time, if that went then: the two hours from 2 to 3 are two. */
    if (is_short && seconds - now_span.offset >= now_span.from)
        seconds -= now_span.offset;
    else if (!zone_seconds(zone, seconds, &seconds))
        fraction = 0; /* it begins where the clocks skip its start */
    return give_number(result, join(seconds, fraction, digits));
}

/* --- functions of SQLite ------------------------------------------------------------------------------------------ */

#define MILLISECONDS_DAY INT64_C(86400000)
#define MILLISECONDS_LEAST (TIME_LEAST * 1000)
#define MILLISECONDS_MOST (TIME_MOST * 1000 + 999)
#define JULIAN_DAYS INT64_C(210866760000000) /* milliseconds from the begin of julian days to 1970 */

/* A time as SQLite has it. */
struct moment {
    int64_t milliseconds; /* since 1970 */
    int overflow;         /* days by which +N months has gone beyond the end of its month */
    bool subsecond, utc, local;
};

/* Sets *product to number * factor + offset, rounded to an integer: down, or half away from zero. Returns false if it
 * is too large for a time. */
static bool round_product(struct number number, int64_t factor, bool away, int64_t *product)
{
    const struct number most = {.mantissa = INT64_C(1) << 60},
                        half = {.mantissa = number.mantissa < 0 && away ? -5 : 5, .scale = 1};
    struct number result;
    if (arithmetic_multiply(number, integer_of(factor), &result) != NUMBER_OK ||
        arithmetic_add(result, half, &result) != NUMBER_OK || number_compare(result, most) > 0 ||
        number_compare(result, integer_of(-(INT64_C(1) << 60))) < 0)
        return false;
    const number_mantissa power = number_power_of_ten(result.scale);
    number_mantissa whole = result.mantissa / power;
    if (!away && result.mantissa % power < 0)
        whole--;
    *product = (int64_t)whole;
    return true;
}

static bool is_word(struct bytes text, const char *word)
{
    return text.size == strlen(word) && strncasecmp(text.data, word, text.size) == 0;
}

static bool begins_with(struct bytes *text, const char *word)
{
    const size_t size = strlen(word);
    if (text->size < size || strncasecmp(text->data, word, size) != 0)
        return false;
    *text = (struct bytes){text->data + size, text->size - size};
    return true;
}

static bool set_date(struct moment *moment, int64_t days)
{
    const int64_t of_day =
        moment->milliseconds - time_divide(moment->milliseconds, MILLISECONDS_DAY) * MILLISECONDS_DAY;
    moment->milliseconds = days * MILLISECONDS_DAY + of_day;
    return true;
}

static struct time_date date_of(const struct moment *moment)
{
    return time_date(time_divide(moment->milliseconds, MILLISECONDS_DAY));
}

static bool is_within(const struct moment *moment)
{
    return moment->milliseconds >= MILLISECONDS_LEAST && moment->milliseconds <= MILLISECONDS_MOST;
}

/* Adds months, and days beyond them. */
static bool add_months(struct moment *moment, int64_t months, int64_t days)
{
    const struct time_date date = date_of(moment);
    const int64_t month = date.year * 12 + date.month - 1 + months, year = time_divide(month, 12);
    const int of_year = (int)(month - year * 12) + 1;
    const int most = time_month_days(year, of_year);
    moment->overflow = date.day > most ? date.day - most : 0;
    return set_date(moment, time_days(year, of_year, date.day) + days);
}

/* Takes digits, exactly so many. */
static bool take_digits(struct bytes *text, size_t count, int *number)
{
    *number = 0;
    if (text->size < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        const unsigned digit = (unsigned char)text->data[i] - (unsigned)'0';
        if (digit > 9)
            return false;
        *number = *number * 10 + (int)digit;
    }
    *text = (struct bytes){text->data + count, text->size - count};
    return true;
}

/* Adds HH:MM[:SS[.SSS]]. */
static bool add_clock(struct moment *moment, struct bytes text, bool negative)
{
    struct time_reading reading;
    if (time_read_clock(text, 0, &reading) != NULL || reading.zoned)
        return false;
    int64_t milliseconds;
    if (!round_product(join(reading.seconds, reading.fraction, reading.digits), 1000, false, &milliseconds))
        return false;
    moment->milliseconds += negative ? -milliseconds : milliseconds;
    return true;
}

/* Adds YYYY-MM-DD[ HH:MM[:SS[.SSS]]], of years, months below 12 and days below 31. */
static bool add_date(struct moment *moment, struct bytes text, bool negative)
{
    int years, months, days;
    if (!take_digits(&text, 4, &years) || !begins_with(&text, "-") || !take_digits(&text, 2, &months) ||
        !begins_with(&text, "-") || !take_digits(&text, 2, &days) || months > 11 || days > 30)
        return false;
    const int sign = negative ? -1 : 1;
    add_months(moment, sign * (years * 12 + months), sign * days);
    return text.size == 0 || (begins_with(&text, " ") && add_clock(moment, text, negative));
}

/* Adds a number of units. */
static bool add_units(struct moment *moment, struct bytes text)
{
    static const struct {
        const char *name;
        int64_t seconds;
        int months;
    } units[] = {{"second", 1, 0},  {"minute", 60, 0},     {"hour", 3600, 0},
                 {"day", 86400, 0}, {"month", 2592000, 1}, {"year", 31536000, 12}};
    enum { MONTHS_MOST = 176546 };
    const char *blank = memchr(text.data, ' ', text.size);
    struct number number;
    if (blank == NULL ||
        number_parse_decimal((struct bytes){text.data, (size_t)(blank - text.data)}, &number) != NUMBER_OK)
        return false;
    struct bytes name = {blank, (size_t)(text.data + text.size - blank)};
    while (begins_with(&name, " "))
        ;
    if (name.size > 3 && (name.data[name.size - 1] == 's' || name.data[name.size - 1] == 'S'))
        name.size--;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (!is_word(name, units[i].name))
            continue;
        int64_t milliseconds;
        moment->overflow = 0;
        if (units[i].months > 0) {
            struct number whole;
            if (arithmetic_whole_quotient(number, integer_of(1), &whole) != NUMBER_OK || whole.mantissa > MONTHS_MOST ||
                whole.mantissa < -MONTHS_MOST || arithmetic_subtract(number, whole, &number) != NUMBER_OK)
                return false;
            add_months(moment, (int64_t)whole.mantissa * units[i].months, 0);
        }
        if (!round_product(number, units[i].seconds * 1000, true, &milliseconds))
            return false;
        moment->milliseconds += milliseconds;
        return true;
    }
    return false;
}

/* Returns the milliseconds that the clocks of the system's zone show at a time. */
static int64_t local_time(int64_t milliseconds)
{
    const time_t seconds = time_divide(milliseconds, 1000);
    struct tm local;
    tzset();
    return localtime_r(&seconds, &local) != NULL ? milliseconds + local.tm_gmtoff * 1000 : milliseconds;
}

static bool make_utc(struct moment *moment)
{
    enum { TRIES = 3 }; /* as SQLite; a time that the clocks skip is never found */
    const int64_t local = moment->milliseconds;
    for (int i = 0; i < TRIES && !moment->utc; i++) {
        const int64_t error = local_time(moment->milliseconds) - local;
        if (error == 0)
            break;
        moment->milliseconds -= error;
    }
    moment->utc = true;
    moment->local = false;
    return true;
}

static bool start_of(struct moment *moment, struct bytes unit)
{
    const int64_t days = time_divide(moment->milliseconds, MILLISECONDS_DAY);
    moment->milliseconds = days * MILLISECONDS_DAY;
    if (is_word(unit, "day"))
        return true;
    if (is_word(unit, "month"))
        return set_date(moment, first_day(days, UNIT_MONTH));
    return is_word(unit, "year") && set_date(moment, first_day(days, UNIT_YEAR));
}

static bool to_weekday(struct moment *moment, struct bytes number)
{
    if (number.size != 1 || number.data[0] < '0' || number.data[0] > '6')
        return false;
    const int64_t days = time_divide(moment->milliseconds, MILLISECONDS_DAY);
    const int sunday = (time_weekday(days) + 1) % 7;
    return set_date(moment, days + (number.data[0] - '0' - sunday + 7) % 7);
}

/* Changes a moment by a modifier. Returns false if there is no such modifier. */
static bool modify(struct moment *moment, struct bytes text)
{
    if (is_word(text, "subsec") || is_word(text, "subsecond"))
        return moment->subsecond = true;
    if (is_word(text, "ceiling")) {
        moment->overflow = 0;
        return true;
    }
    if (is_word(text, "floor")) {
        moment->milliseconds -= moment->overflow * MILLISECONDS_DAY;
        return true;
    }
    if (is_word(text, "localtime")) {
        if (!moment->local)
            moment->milliseconds = local_time(moment->milliseconds);
        moment->utc = false;
        return moment->local = true;
    }
    if (is_word(text, "utc"))
        return make_utc(moment);
    if (begins_with(&text, "start of "))
        return start_of(moment, text);
    if (begins_with(&text, "weekday "))
        return to_weekday(moment, text);
    if (text.size == 0 || memchr("+-0123456789", text.data[0], 12) == NULL)
        return false;
    const bool is_signed = text.data[0] == '+' || text.data[0] == '-', negative = text.data[0] == '-';
    const struct bytes digits = {text.data + is_signed, text.size - is_signed};
    if (is_signed && digits.size >= 10 && digits.data[4] == '-')
        return add_date(moment, digits, negative);
    return digits.size >= 5 && digits.data[2] == ':' ? add_clock(moment, digits, negative) : add_units(moment, text);
}

/* Sets a moment to a number: of days, of seconds, or of what its size makes likely. */
static bool set_number(struct call *call, size_t index, struct bytes unit, struct moment *moment)
{
    static const struct number days_end = {.mantissa = 53734845, .scale = 1};
    struct number number;
    bool days = is_word(unit, "julianday");
    if (!call_exact(call, index, &number))
        return false;
    const bool are_days = number.mantissa >= 0 && number_compare(number, days_end) < 0;
    if (is_word(unit, "auto"))
        days = are_days;
    if (!round_product(number, days ? MILLISECONDS_DAY : 1000, false, &moment->milliseconds) || (days && !are_days))
        return call_fail_about(call, call_argument(call, index), "is not a time that SQLite has");
    if (days)
        moment->milliseconds -= JULIAN_DAYS;
    return true;
}

static bool set_now(struct moment *moment)
{
    const struct timespec time = now();
    *moment = (struct moment){.milliseconds = time.tv_sec * INT64_C(1000) + time.tv_nsec / 1000000, .utc = true};
    return true;
}

/* Sets a moment to a text. */
static bool set_text(struct call *call, size_t index, struct bytes text, struct moment *moment)
{
    const struct datum *datum = call_argument(call, index);
    struct time_reading reading;
    struct number number;
    if (is_now(datum))
        return set_now(moment);
    if (datum->kind == DATUM_TEXT && (is_word(text, "subsec") || is_word(text, "subsecond")))
        return set_now(moment) && (moment->subsecond = true);
    if (datum_number(datum, &number) != NUMBER_NONE)
        return call_fail_about(call, datum, "is a number: write the modifier unixepoch, julianday or auto behind it");
    const bool is_clock = text.size >= 5 && text.data[2] == ':';
    const char *reason = is_clock ? time_read_clock(text, time_days(2000, 1, 1), &reading) : time_read(text, &reading);
    if (reason != NULL)
        return call_fail_about(call, datum, "%s", reason);
    /* As SQLite does: rounded to milliseconds, but never up to the next second. */
    struct number fraction = join(0, reading.fraction, reading.digits);
    int64_t milliseconds;
    if (!round_product(fraction, 1000, false, &milliseconds))
        return call_fail_about(call, datum, outside);
    moment->milliseconds = reading.seconds * 1000 + (milliseconds < 999 ? milliseconds : 999);
    moment->utc = reading.zoned;
    return true;
}

/* Reads the time and the modifiers from the argument first on. */
static bool read_moment(struct call *call, size_t first, size_t end, struct moment *moment)
{
    *moment = (struct moment){.milliseconds = 0};
    if (first >= end)
        return set_now(moment);
    struct bytes text, modifier;
    if (!call_text(call, first, &text))
        return false;
    size_t next = first + 1;
    if (next < end && !call_text(call, next, &modifier))
        return false;
    const bool is_auto = next < end && is_word(modifier, "auto");
    struct number number;
    if (next < end && (is_word(modifier, "unixepoch") || is_word(modifier, "julianday") ||
                       (is_auto && datum_number(call_argument(call, first), &number) != NUMBER_NONE))) {
        if (!set_number(call, first, modifier, moment))
            return false;
        next++;
    } else {
        if (!set_text(call, first, text, moment))
            return false;
        next += is_auto;
    }
    for (; is_within(moment) && next < end; next++) {
        if (!call_text(call, next, &modifier))
            return false;
        if (!modify(moment, modifier))
            return call_fail_about(call, call_argument(call, next), "is not a modifier of times%s",
                                   is_word(modifier, "unixepoch") || is_word(modifier, "julianday") ||
                                           is_word(modifier, "auto")
                                       ? " in this place: it stands behind the time"
                                       : "");
    }
    return is_within(moment) || call_fail_about(call, call_argument(call, first), "with its modifiers %s", outside);
}

/* Gives a moment by a format of ours. */
static bool give_moment(struct call *call, struct datum *result, const struct moment *moment, const char *format)
{
    struct memo *memo = memo_of(call);
    struct time_shown time = {.seconds = time_divide(moment->milliseconds, 1000), .digits = 3, .abbreviation = "UTC"};
    struct bytes unknown;
    time.fraction = moment->milliseconds - time.seconds * 1000;
    memo->out.size = 0;
    time_write(&memo->out, bytes_of(format), &time, &unknown);
    return give_kept(call, result, buffer_bytes(&memo->out));
}

static bool call_date(struct call *call, struct datum *result)
{
    struct moment moment;
    return read_moment(call, 0, call->count, &moment) && give_moment(call, result, &moment, "%F");
}

static bool call_clock(struct call *call, struct datum *result)
{
    struct moment moment;
    return read_moment(call, 0, call->count, &moment) &&
           give_moment(call, result, &moment, moment.subsecond ? "%T.%3f" : "%T");
}

static bool call_datetime(struct call *call, struct datum *result)
{
    struct moment moment;
    return read_moment(call, 0, call->count, &moment) &&
           give_moment(call, result, &moment, moment.subsecond ? "%F %T.%3f" : "%F %T");
}

static struct number julian_day(const struct moment *moment)
{
    struct number days;
    arithmetic_divide(integer_of(moment->milliseconds + JULIAN_DAYS), integer_of(MILLISECONDS_DAY), &days);
    return days;
}

static bool call_julianday(struct call *call, struct datum *result)
{
    struct moment moment;
    return read_moment(call, 0, call->count, &moment) && give_number(result, julian_day(&moment));
}

static bool call_unixepoch(struct call *call, struct datum *result)
{
    struct moment moment;
    if (!read_moment(call, 0, call->count, &moment))
        return false;
    const int64_t seconds = time_divide(moment.milliseconds, 1000);
    return give_number(result, join(seconds, moment.subsecond ? moment.milliseconds - seconds * 1000 : 0, 3));
}

/* Appends the seconds since 1970, with three digits after the point if the modifier subsec was there. */
static void write_seconds(struct buffer *out, const struct moment *moment)
{
    const long long milliseconds = moment->milliseconds, size = llabs(milliseconds);
    if (moment->subsecond)
        buffer_print(out, "%s%lld.%03d", milliseconds < 0 ? "-" : "", size / 1000, (int)(size % 1000));
    else
        buffer_print(out, "%lld", (long long)time_divide(milliseconds, 1000));
}

/* Appends a time by a format of SQLite's strftime, whose %f is seconds with three digits after the point, and whose
 * conversions are fewer. */
static bool write_moment(struct buffer *out, struct bytes format, const struct moment *moment, struct bytes *unknown)
{
    static const char letters[] = "deFgGHIjklmMpPRSTuUVwWY%";
    struct time_shown time = {.seconds = time_divide(moment->milliseconds, 1000), .digits = 3, .abbreviation = "UTC"};
    time.fraction = moment->milliseconds - time.seconds * 1000;
    const char *at = format.data, *end = at + format.size;
    while (at < end) {
        at = time_write_literal(out, at, end);
        if (at == end)
            break;
        *unknown = (struct bytes){at, end - at > 1 ? 2 : 1};
        const char letter = unknown->size > 1 ? at[1] : '\0';
        at += unknown->size;
        double high, low;
        if (letter == 'f') {
            time_write(out, bytes_of("%S.%3f"), &time, unknown);
        } else if (letter == 's') {
            write_seconds(out, moment);
        } else if (letter == 'J') {
            number_split(julian_day(moment), &high, &low);
            buffer_print(out, "%.16g", high);
        } else if (letter == '\0' || strchr(letters, letter) == NULL || !time_write(out, *unknown, &time, unknown)) {
            return false;
        }
    }
    return true;
}

static bool prepare_strftime(struct call *call, const struct datum *const *known)
{
    struct memo *memo = memo_of(call);
    const struct moment moment = {.milliseconds = 0};
    struct bytes unknown;
    return known[0] == NULL || (known[0]->kind != DATUM_TEXT && known[0]->kind != DATUM_INPUT) ||
           write_moment(&memo->out, known[0]->text, &moment, &unknown) || fail_conversion(call, known[0], unknown);
}

static bool call_strftime(struct call *call, struct datum *result)
{
    struct memo *memo = memo_of(call);
    struct moment moment;
    struct bytes format, unknown;
    if (!call_text(call, 0, &format) || !read_moment(call, 1, call->count, &moment))
        return false;
    memo->out.size = 0;
    if (!write_moment(&memo->out, format, &moment, &unknown))
        return fail_conversion(call, call_argument(call, 0), unknown);
    return give_kept(call, result, buffer_bytes(&memo->out));
}

/* Gives what has to be added to the second time for the first, as SQLite's modifier +YYYY-MM-DD HH:MM:SS.SSS. */
static bool call_timediff(struct call *call, struct datum *result)
{
    struct moment first, second, moved;
    if (!read_moment(call, 0, 1, &first) || !read_moment(call, 1, 2, &second))
        return false;
    const bool negative = first.milliseconds < second.milliseconds;
    const int sign = negative ? -1 : 1;
    const struct time_date a = date_of(&first), b = date_of(&second);
    int64_t months = sign * ((a.year - b.year) * 12 + a.month - b.month);
    for (;; months--) {
        moved = second;
        add_months(&moved, sign * months, 0);
        if (sign * (first.milliseconds - moved.milliseconds) >= 0)
            break;
    }
    const int64_t rest = sign * (first.milliseconds - moved.milliseconds);
    struct memo *memo = memo_of(call);
    memo->out.size = 0;
    buffer_print(&memo->out, "%c%04d-%02d-%02d %02d:%02d:%02d.%03d", negative ? '-' : '+', (int)(months / 12),
                 (int)(months % 12), (int)(rest / MILLISECONDS_DAY), (int)(rest / 3600000 % 24),
                 (int)(rest / 60000 % 60), (int)(rest / 1000 % 60), (int)(rest % 1000));
    return give_kept(call, result, buffer_bytes(&memo->out));
}

/* clang-format off */
const struct function functions_time[] = {
    {.name = "timestamp", .least = 1, .most = 3, .result = RESULT_NUMBER, .call = call_timestamp,
     .prepare = prepare_timestamp, .forget = forget, .impure = true},
    {.name = "time_text", .least = 1, .most = 3, .result = RESULT_TEXT, .call = call_time_text,
     .prepare = prepare_time_text, .forget = forget},
    {.name = "time_floor", .least = 2, .most = 3, .result = RESULT_NUMBER, .call = call_time_floor,
     .prepare = prepare_time_floor, .forget = forget},
    {.name = "date", .most = SIZE_MAX, .result = RESULT_TEXT, .call = call_date, .forget = forget, .impure = true},
    {.name = "time", .most = SIZE_MAX, .result = RESULT_TEXT, .call = call_clock, .forget = forget, .impure = true},
    {.name = "datetime", .most = SIZE_MAX, .result = RESULT_TEXT, .call = call_datetime, .forget = forget,
     .impure = true},
    {.name = "julianday", .most = SIZE_MAX, .result = RESULT_NUMBER, .call = call_julianday, .impure = true},
    {.name = "unixepoch", .most = SIZE_MAX, .result = RESULT_NUMBER, .call = call_unixepoch, .impure = true},
    {.name = "strftime", .least = 1, .most = SIZE_MAX, .result = RESULT_TEXT, .call = call_strftime,
     .prepare = prepare_strftime, .forget = forget, .impure = true},
    {.name = "timediff", .least = 2, .most = 2, .result = RESULT_TEXT, .call = call_timediff, .forget = forget,
     .impure = true},
    {0}};
/* clang-format on */
