/* Goal of this test: times are read, written and floored exactly, by real time zones, and what is no time is refused
 * with the reason. Comparisons with Python and SQLite are in tests/differential/time. */
#include "value/time.h"

#include <time.h>

#include "expr/function.h"
#include "value/zone.h"

#include "check.h"

enum { ARGUMENTS_MAX = 6 };

/* Calls a function with arguments that are separated by |, each of input if it begins with ^, a number if it begins
 * with #, and otherwise a text; prints what it gives, or ! and the reason, into *out. */
static void evaluate(const char *name, const char *written, struct buffer *out)
{
    struct datum registers[ARGUMENTS_MAX], result = {.kind = DATUM_NULL};
    const struct datum *known[ARGUMENTS_MAX];
    uint16_t arguments[ARGUMENTS_MAX];
    struct arena arena = {.at = NULL};
    struct buffer why = {0};
    struct call call = {.registers = registers, .arguments = arguments, .arena = &arena, .why = &why};
    char *copy = strdup(written), *rest = copy, *field;
    struct bytes exact[ARGUMENTS_MAX];
    while (call.count < ARGUMENTS_MAX && (field = strsep(&rest, "|")) != NULL) {
        const char mark = *field;
        exact[call.count] = check_copy(field + (mark == '^' || mark == '#'));
        struct datum *datum = &registers[call.count];
        *datum = (struct datum){.kind = mark == '^'   ? DATUM_INPUT
                                        : mark == '#' ? DATUM_NUMBER
                                                      : DATUM_TEXT,
                                .text = exact[call.count]};
        if (mark == '#')
            CHECK(number_parse(datum->text, &datum->number) == NUMBER_OK);
        known[call.count] = mark == '^' ? NULL : datum;
        arguments[call.count] = (uint16_t)call.count;
        call.count++;
    }
    const struct function *function = function_find(bytes_of(name));
    char text[NUMBER_TEXT];
    /* Twice, since a function may keep something from record to record. */
    bool good = function->prepare == NULL || function->prepare(&call, known);
    good = good && function->call(&call, &result) && function->call(&call, &result);
    if (!good)
        buffer_add_byte(out, '!');
    buffer_add(out, good ? datum_bytes(&result, text) : buffer_bytes(&why));
    if (call.memo != NULL)
        function->forget(call.memo);
    for (size_t i = 0; i < call.count; i++)
        free((char *)exact[i].data);
    free(copy);
    buffer_free(&why);
    arena_free(&arena);
}

static void check_functions(void)
{
    static const struct {
        const char *function, *arguments, *result;
    } cases[] = {
        /* ISO 8601 and RFC 3339 */
        {"timestamp", "^2026-11-22", "1795305600"},
        {"timestamp", "^2026-11-22T00:00", "1795305600"},
        {"timestamp", "^2026-11-22T00:00:04", "1795305604"},
        {"timestamp", "^2026-11-22 00:00:04", "1795305604"},
        {"timestamp", "^2026-11-22t00:00:04z", "1795305604"},
        {"timestamp", "^2026-11-22 00:00:04 UTC", "1795305604"},
        {"timestamp", "^2026-11-22 00:00:04 +0100", "1795302004"},
        {"timestamp", "^2026-11-22T00:00:04+01", "1795302004"},
        {"timestamp", "^2026-11-22T00:00:04-01:30", "1795311004"},
        {"timestamp", "^20261122T000004Z", "1795305604"},
        {"timestamp", "^20261122T0000", "1795305600"},
        {"timestamp", "^2026-11-22T00:00:04.50", "1795305604.5"},
        {"timestamp", "^2026-11-22T00:00:04,123456789012345678Z", "1795305604.123456789012345678"},
        {"timestamp", "^2026-11-22T00:00:04.1234567890123456789",
         "!\"2026-11-22T00:00:04.1234567890123456789\" has "
         "more than 18 digits after the point"},
        {"timestamp", "^1969-12-31T23:59:59.75Z", "-0.25"},
        {"timestamp", "^2026-12-31T23:59:60Z", "1798761600"},
        {"timestamp", "^2026-12-31T23:59:60.5Z", "1798761600.5"},
        {"timestamp", "^2026-11-22T24:00:00", "!\"2026-11-22T24:00:00\" is not a time"},
        {"timestamp", "^2026-02-30", "!\"2026-02-30\" has a day that its month does not have"},
        {"timestamp", "^2100-02-29", "!\"2100-02-29\" has a day that its month does not have"},
        {"timestamp", "^2000-02-29", "951782400"},
        {"timestamp", "^2026-13-01", "!\"2026-13-01\" is not a time"},
        {"timestamp", "^2026-11-22x", "!\"2026-11-22x\" is not a time"},
        {"timestamp", "^2026-11-22T00:00:04 ", "!\"2026-11-22T00:00:04 \" has something behind the time"},
        {"timestamp", "^2026-11-22T00:00:04Zx", "!\"2026-11-22T00:00:04Zx\" has something behind the time"},
        {"timestamp", "^2026-11-22T00:00:04.", "!\"2026-11-22T00:00:04.\" is not a time"},
        {"timestamp", "^0000-01-01T00:00:00+01:00",
         "!\"0000-01-01T00:00:00+01:00\" lies outside of the years 0000 to 9999"},
        {"timestamp", "^", "!\"\" is not a time"},
        {"timestamp", "^now", "!\"now\" is not a time"},
        {"timestamp", "^2026",
         "!\"2026\" is a number: write s, ms, us or ns as the format, for what it counts since 1970"},
        {"timestamp", "^1795305604123",
         "!\"1795305604123\" is a number: write s, ms, us or ns as the format, for what it counts since 1970"},

        /* CLF, RFC 2822, RFC 3164 */
        {"timestamp", "^22/Nov/2026:00:00:04 +0000", "1795305604"},
        {"timestamp", "^[22/Nov/2026:00:00:04 +0100]", "1795302004"},
        {"timestamp", "^[22/Nov/2026:00:00:04 +0100", "!\"[22/Nov/2026:00:00:04 +0100\" is not a time"},
        {"timestamp", "^31/Nov/2026:00:00:04 +0000",
         "!\"31/Nov/2026:00:00:04 +0000\" has a day that its month does not have"},
        {"timestamp", "^Sun, 22 Nov 2026 00:00:04 +0000", "1795305604"},
        {"timestamp", "^22 nov 2026 00:00 GMT", "1795305600"},
        {"timestamp", "^Sun,  1 Nov 2026 00:00:04 EST", "1793509204"},
        {"timestamp", "^22 Nov 2026 00:00:04 UT", "1795305604"},
        {"timestamp", "^Sun, 22 Nov 2026 00:00:04 +0100 (CET)", "1795302004"},
        {"timestamp", "^Mon, 22 Nov 2026 00:00:04 +0000",
         "!\"Mon, 22 Nov 2026 00:00:04 +0000\" has a weekday that is not that of its date"},
        {"timestamp", "^22 Nov 2026 00:00:04 XYZ", "!\"22 Nov 2026 00:00:04 XYZ\" has something behind the time"},
        {"timestamp", "^Nov 22 00:00:04", "!\"Nov 22 00:00:04\" is not a time"},
        {"timestamp", "^Nov 31 00:00:04|rfc3164", "!\"Nov 31 00:00:04\" has a day that its month does not have"},
        {"timestamp", "^2026-11-22|clf", "!\"2026-11-22\" is not a time"},
        {"timestamp", "^2026-11-22|iso", "1795305600"},

        /* numbers */
        {"timestamp", "^1795305604|s", "1795305604"},
        {"timestamp", "#1795305604.5|s", "1795305604.5"},
        {"timestamp", "^1795305604123|ms", "1795305604.123"},
        {"timestamp", "^1795305604123456|us", "1795305604.123456"},
        {"timestamp", "^1795305604123456789|ns", "1795305604.123456789"},
        {"timestamp", "^1.5e3|ms", "1.5"},
        {"timestamp", "^1795305604123|s", "!\"1795305604123\" lies outside of the years 0000 to 9999"},
        {"timestamp", "^2026-11-22|s", "!\"2026-11-22\" is not a number"},

        /* formats */
        {"timestamp", "^22.11.2026 0:4|%d.%m.%Y %H:%M", "1795305840"},
        {"timestamp", "^11/22/26 12:05:06 am|%D %I:%M:%S %p", "1795305906"},
        {"timestamp", "^20261122000004|%Y%m%d%H%M%S", "1795305604"},
        {"timestamp", "^2026112200004|%Y%m%d%H%M%S", "!\"2026112200004\" is not a time of the format \"%Y%m%d%H%M%S\""},
        {"timestamp", "^2026-326|%Y-%j", "1795305600"},
        {"timestamp", "^2026-366|%Y-%j", "!\"2026-366\" has a day that its year does not have of the format \"%Y-%j\""},
        {"timestamp", "^2026-W47-7|%G-W%V-%u", "1795305600"},
        {"timestamp", "^2026-11|%Y-%m", "1793491200"},
        {"timestamp", "^Sunday 22 November   2026|%A %d %B %Y", "1795305600"},
        {"timestamp", "^Nov  2 00:00:04 2026|%b %e %T %Y", "1793577604"},
        {"timestamp", "^1795305604.25|%s.%f", "1795305604.25"},
        {"timestamp", "^-0.25|%s.%f", "-0.25"},
        {"timestamp", "^2026-11-22 00:00:04 GMT|%F %T %Z", "1795305604"},
        {"timestamp", "^2026-11-22 00:00:04 CET|%F %T %Z",
         "!\"2026-11-22 00:00:04 CET\" is not a time of the format \"%F %T %Z\""},
        {"timestamp", "^100%|%Y%%", "!\"100%\" is not a time of the format \"%Y%%\""},
        {"timestamp", "^x|%Q", "!\"%Q\" has the unknown conversion %Q"},
        {"timestamp", "^x|%Y%", "!\"%Y%\" ends with a single %"},
        {"timestamp", "^x|%H:%M", "!\"%H:%M\" has no year"},
        {"timestamp", "^x|%F %I:%M", "!\"%F %I:%M\" needs %I and %p together, without %H"},
        {"timestamp", "^x|%F %d", "!\"%F %d\" reads the same twice, the second time by %d"},
        {"timestamp", "^x|%Y %d", "!\"%Y %d\" has a day without a month"},
        {"timestamp", "^x|%F %M", "!\"%F %M\" has minutes or seconds without what they belong to"},
        {"timestamp", "^x|date",
         "!\"date\" is not a format of times: write iso, clf, rfc2822, rfc3164, s, ms, us, ns, or conversions such as "
         "%Y-%m-%d"},

        /* zones */
        {"timestamp", "^2026-11-22|iso|Europe/Berlin", "1795302000"},
        {"timestamp", "^2026-07-01T12:00|iso|Europe/Berlin", "1782900000"},
        {"timestamp", "^2026-07-01T12:00Z|iso|Europe/Berlin", "1782907200"},
        {"timestamp", "^2026-11-22|iso|+02:00", "1795298400"},
        {"timestamp", "^2026-03-29T02:30|iso|Europe/Berlin",
         "!\"2026-03-29T02:30\" is a time that its time zone skips"},
        {"timestamp", "^2026-10-25T02:30|iso|Europe/Berlin", "1792888200"},
        {"timestamp", "^2026-11-22|iso|Europe/Nowhere",
         "!\"Europe/Nowhere\" is not a time zone: write a name such as Europe/Berlin, UTC, or an offset such as "
         "+02:00"},
        {"timestamp", "^2026-11-22|iso|../zoneinfo/UTC",
         "!\"../zoneinfo/UTC\" is not a time zone: write a name such as Europe/Berlin, UTC, or an offset such as "
         "+02:00"},
        {"timestamp", "^2026-11-22|iso|Europe",
         "!\"Europe\" is not a time zone that can be read: its file is not one of RFC 8536, or counts leap seconds"},

        /* time_text */
        {"time_text", "#1795305604", "2026-11-22T00:00:04Z"},
        {"time_text", "^1795305604.250", "2026-11-22T00:00:04.25Z"},
        {"time_text", "#-0.25", "1969-12-31T23:59:59.75Z"},
        {"time_text", "#1795305604|%d/%b/%Y:%T %z|Europe/Berlin", "22/Nov/2026:01:00:04 +0100"},
        {"time_text", "#1795305604|%G-W%V-%u %Z %:z|America/New_York", "2026-W47-6 EST -05:00"},
        {"time_text", "#1795305604.25|%s %f %3f %1f", "1795305604 25 250 2"},
        {"time_text", "#1795305604|%f %3f", "0 000"},
        {"time_text", "#1793577604|%e;%-d;%k;%-H;%-j;%%;%n%t", " 2;2; 0;0;306;%;\n\t"},
        {"time_text", "#1793577604|%c;%x;%X;%r;%C;%y;%g;%U;%W;%w;%p;%P;%l",
         "Mon Nov  2 00:00:04 2026;11/02/26;00:00:04;12:00:04 AM;20;26;26;44;44;1;AM;am;12"},
        {"time_text", "#0|%a|+02:00", "Thu"},
        {"time_text", "#0|%Z %z|+02:00", "+02:00 +0200"},
        {"time_text", "#0|%Ey", "!\"%Ey\" has the unknown conversion %E"},
        {"time_text", "#0|%", "!\"%\" has the unknown conversion %"},
        {"time_text", "#0|%:d", "!\"%:d\" has the unknown conversion %:d"},
        {"time_text", "#0|%3d", "!\"%3d\" has the unknown conversion %3d"},
        {"time_text", "#0|%39f", "!\"%39f\" has the unknown conversion %39f"},
        {"time_text", "#1795305604123",
         "!1795305604123 seconds lies outside of the years 0000 to 9999: write timestamp(x, 'ms') for milliseconds"},
        {"time_text", "^abc", "!\"abc\" is not a number"},

        /* time_floor */
        {"time_floor", "#1795305604.75|15m", "1795305600"},
        {"time_floor", "#1795305604.75|#0.5", "1795305604.5"},
        {"time_floor", "#-1|day", "-86400"},
        {"time_floor", "#1795305604|week", "1794787200"},
        {"time_floor", "#1795305604|month", "1793491200"},
        {"time_floor", "#1795305604|year", "1767225600"},
        {"time_floor", "#1795305604|day|Europe/Berlin", "1795302000"},
        {"time_floor", "#1795305604|week|Europe/Berlin", "1794783600"},
        {"time_floor", "#1795305604|month|America/New_York", "1793505600"},
        {"time_floor", "#1792888200|hour|Europe/Berlin", "1792886400"}, /* 02:30, the first */
        {"time_floor", "#1792891800|hour|Europe/Berlin", "1792890000"}, /* and the second */
        {"time_floor", "#1792891800|6h|Europe/Berlin", "1792879200"},
        {"time_floor", "#1792891800|day|Europe/Berlin", "1792879200"},
        {"time_floor", "#1792891800|7h|Europe/Berlin",
         "!\"7h\" is a span that does not divide a day, as it must with a time zone"},
        {"time_floor", "#1|fortnight",
         "!\"fortnight\" is not a span of time: write seconds, a span such as 15m, or second, minute, hour, day, week, "
         "month or year"},
        {"time_floor", "#1|#0",
         "!0 is not a span of time: write seconds, a span such as 15m, or second, minute, hour, "
         "day, week, month or year"},

        /* those of SQLite */
        {"date", "^2026-11-22T00:30:00+01:00", "2026-11-21"},
        {"date", "^2026-01-31|+1 month", "2026-03-03"},
        {"date", "^2026-01-31|+1 month|floor", "2026-02-28"},
        {"date", "^2026-01-31|+1 month|ceiling", "2026-03-03"},
        {"date", "^2026-11-22|start of month|+1 month|-1 day", "2026-11-30"},
        {"date", "^2026-11-22|weekday 1", "2026-11-23"},
        {"date", "^1795305604|unixepoch", "2026-11-22"},
        {"date", "^2461366.5|julianday", "2026-11-22"},
        {"date", "^1795305604|auto", "2026-11-22"},
        {"date", "^2026-11-22|auto", "2026-11-22"},
        {"time", "^12:30", "12:30:00"},
        {"time", "^12:30:01.25|subsec", "12:30:01.250"},
        {"datetime", "^2026-11-22|+1 day|+01:30", "2026-11-23 01:30:00"},
        {"datetime", "^2026-11-22|-1.5 hours", "2026-11-21 22:30:00"},
        {"datetime", "^2026-11-22|+0001-02-03 04:05", "2028-01-25 04:05:00"},
        {"unixepoch", "^2026-11-22", "1795305600"},
        {"unixepoch", "^22/Nov/2026:00:00:04 +0000", "1795305604"},
        {"unixepoch", "^2026-11-22 00:00:04.25|subsec", "1795305604.25"},
        {"julianday", "^2026-11-22", "2461366.5"},
        {"strftime", "%f %s %j %J|^1970-01-01 12:00:00.25", "00.250 43200 001 2440588.000002894"},
        {"timediff", "2026-03-01|2025-12-31 12:00", "+0000-01-28 12:00:00.000"},
        {"unixepoch", "^2026", "!\"2026\" is a number: write the modifier unixepoch, julianday or auto behind it"},
        {"unixepoch", "#2026", "!2026 is a number: write the modifier unixepoch, julianday or auto behind it"},
        {"unixepoch", "^yesterday", "!\"yesterday\" is not a time"},
        {"date", "^2026-02-30", "!\"2026-02-30\" has a day that its month does not have"},
        {"date", "^2026-11-22|unixepoch", "!\"2026-11-22\" is not a number"},
        {"date", "^2026-11-22|+1 day|auto",
         "!\"auto\" is not a modifier of times in this place: it stands behind the time"},
        {"date", "^2026-11-22|+1 fortnight", "!\"+1 fortnight\" is not a modifier of times"},
        {"date", "^2026-11-22|+9000 years",
         "!\"2026-11-22\" with its modifiers lies outside of the years 0000 to 9999"},
        {"strftime", "%b|^2026-11-22", "!\"%b\" has the unknown conversion %b"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer out = {0};
        evaluate(cases[i].function, cases[i].arguments, &out);
        const bool equal = bytes_equal(bytes_of(cases[i].result), buffer_bytes(&out));
        buffer_print(&out, " <- %s(%s)", cases[i].function, cases[i].arguments);
        CHECK_ABOUT(buffer_bytes(&out), equal);
        buffer_free(&out);
    }
}

/* The calendar: every day of 800 years follows the one before. */
static void check_calendar(void)
{
    int64_t days = time_days(1600, 1, 1);
    for (int year = 1600; year < 2400; year++)
        for (int month = 1; month <= 12; month++)
            for (int day = 1; day <= time_month_days(year, month); day++, days++) {
                const struct time_date date = time_date(days);
                CHECK(time_days(year, month, day) == days && date.year == year && date.month == month &&
                      date.day == day);
            }
    CHECK(time_days(1970, 1, 1) == 0 && time_weekday(0) == 3 && time_weekday(-4) == 6);
    CHECK(time_days(0, 1, 1) * TIME_DAY == TIME_LEAST && time_days(10000, 1, 1) * TIME_DAY - 1 == TIME_MOST);
}

/* The year of a time without one: a time of tomorrow is ahead, one of the day after is of last year. */
static void check_yearless(void)
{
    const int64_t now = (int64_t)time(NULL);
    for (int64_t away = -300; away <= 60; away++) {
        const int64_t then = now + away * TIME_DAY - 60;
        const struct time_date date = time_date(time_divide(then, TIME_DAY));
        if (date.month == 2 && date.day == 29)
            continue;
        struct buffer written = {0}, arguments = {0}, out = {0};
        struct bytes unknown;
        time_write(&written, bytes_of("%b %e %T"), &(struct time_shown){.seconds = then, .abbreviation = ""}, &unknown);
        buffer_print(&arguments, "^%s|rfc3164", buffer_string(&written));
        evaluate("timestamp", buffer_string(&arguments), &out);
        const int64_t expected =
            away <= 1 ? then
                      : (time_days(date.year - 1, date.month, date.day) - time_days(date.year, date.month, date.day)) *
                                TIME_DAY +
                            then;
        CHECK_ABOUT(buffer_bytes(&out), strtoll(buffer_string(&out), NULL, 10) == expected);
        buffer_free(&written);
        buffer_free(&arguments);
        buffer_free(&out);
    }
}

/* A zone's spans follow each other, and each local time leads to the time that shows it, the first. */
static void check_zones(void)
{
    static const char *const names[] = {"Europe/Berlin", "Europe/Dublin",  "Australia/Lord_Howe",
                                        "Pacific/Apia",  "America/Havana", "Africa/Casablanca",
                                        "UTC",           "-05:30"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct buffer why = {0};
        struct zone *zone = zone_open(bytes_of(names[i]), &why);
        CHECK_ABOUT(bytes_of(names[i]), zone != NULL);
        if (zone == NULL)
            continue;
        int64_t at = -3000000000;
        for (int spans = 0; spans < 300 && at < 6000000000; spans++) {
            const struct zone_span span = zone_find(zone, at);
            CHECK(span.from <= at && at < span.until);
            int64_t seconds;
            CHECK(zone_seconds(zone, at + span.offset, &seconds) && seconds <= at);
            CHECK(seconds + zone_find(zone, seconds).offset == at + span.offset);
            if (span.until == INT64_MAX)
                break;
            const int change = zone_find(zone, span.until).offset - span.offset;
            if (change > 0)
                CHECK(!zone_seconds(zone, span.until + span.offset, &seconds) && seconds == span.until);
            at = span.until;
        }
        zone_close(zone);
        buffer_free(&why);
    }
    setenv("TZDIR", "/nowhere", 1);
    struct buffer why = {0};
    CHECK(zone_open(bytes_of("Europe/Berlin"), &why) == NULL);
    CHECK_TEXT("cannot be looked up: no data of time zones are installed (package tzdata)", buffer_bytes(&why));
    buffer_free(&why);
    unsetenv("TZDIR");
}

int main(void)
{
    check_calendar();
    check_functions();
    check_yearless();
    check_zones();
    return check_end();
}
