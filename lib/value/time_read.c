#include <strings.h>

#include "value/time.h"
#include "value/time_part.h"

static const char no_time[] = "is not a time";
static const char no_day[] = "has a day that its month does not have";
static const char no_weekday[] = "has a weekday that is not that of its date";
static const char too_long[] = "has more than 18 digits after the point";
static const char rest[] = "has something behind the time";
static const char beyond[] = "lies outside of the years 0000 to 9999";

/* --- pieces ------------------------------------------------------------------------------------------------------- */

struct cursor {
    const char *at, *end;
};

static struct cursor cursor_of(struct bytes text)
{
    return (struct cursor){text.data, text.data + text.size};
}

static bool take(struct cursor *cursor, char byte)
{
    if (cursor->at == cursor->end || *cursor->at != byte)
        return false;
    cursor->at++;
    return true;
}

static bool is_digit(const struct cursor *cursor)
{
    return cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9';
}

/* Takes least to most digits: the value must lie from low to high. */
static bool take_number(struct cursor *cursor, int least, int most, int low, int high, int *number)
{
    int digits = 0, value = 0;
    for (; digits < most && is_digit(cursor); digits++)
        value = value * 10 + (*cursor->at++ - '0');
    *number = value;
    return digits >= least && value >= low && value <= high;
}

static bool take_two(struct cursor *cursor, int low, int high, int *number)
{
    return take_number(cursor, 2, 2, low, high, number);
}

/* Takes a word without regard to case. */
static bool take_word(struct cursor *cursor, const char *word, size_t size)
{
    if ((size_t)(cursor->end - cursor->at) < size || strncasecmp(cursor->at, word, size) != 0)
        return false;
    cursor->at += size;
    return true;
}

/* Takes the first three letters of a name; if whole is set, the whole name if it is there. Sets *index. */
static bool take_name(struct cursor *cursor, const char *const *names, int count, bool whole, int *index)
{
    for (int i = 0; i < count; i++)
        if ((whole && take_word(cursor, names[i], strlen(names[i]))) || take_word(cursor, names[i], 3)) {
            *index = i;
            return true;
        }
    return false;
}

static bool take_month(struct cursor *cursor, int *month)
{
    if (!take_name(cursor, time_month_names, 12, false, month))
        return false;
    ++*month;
    return true;
}

/* Takes the digits of a fraction, one at least. Returns a reason, or NULL. */
static const char *take_fraction(struct cursor *cursor, struct time_reading *reading)
{
    if (!is_digit(cursor))
        return no_time;
    for (; is_digit(cursor); reading->digits++) {
        if (reading->digits == TIME_DIGITS)
            return too_long;
        reading->fraction = reading->fraction * 10 + (*cursor->at++ - '0');
    }
    return NULL;
}

/* Takes +HH, +HHMM, +HH:MM or +HH:MM:SS. */
static bool take_offset(struct cursor *cursor, int *offset)
{
    int hours, minutes = 0, seconds = 0;
    const bool negative = cursor->at < cursor->end && *cursor->at == '-';
    if ((!negative && !take(cursor, '+')) || (negative && !take(cursor, '-')) || !take_two(cursor, 0, 23, &hours))
        return false;
    if (take(cursor, ':')) {
        if (!take_two(cursor, 0, 59, &minutes) || (take(cursor, ':') && !take_two(cursor, 0, 59, &seconds)))
            return false;
    } else if (is_digit(cursor) && !take_two(cursor, 0, 59, &minutes)) {
        return false;
    }
    *offset = (hours * 3600 + minutes * 60 + seconds) * (negative ? -1 : 1);
    return true;
}

bool time_read_offset(struct bytes text, int *offset)
{
    struct cursor cursor = cursor_of(text);
    return take_offset(&cursor, offset) && cursor.at == cursor.end;
}

static bool take_universal(struct cursor *cursor)
{
    return take_word(cursor, "UTC", 3) || take_word(cursor, "GMT", 3) || take_word(cursor, "Z", 1);
}

/* A time piece by piece. */
struct pieces {
    int year, month, day, hour, minute, second;
    int weekday; /* -1: not given */
    int offset;
};

/* Takes Z, UTC, GMT or an offset, if there is more than blanks. */
static bool take_zone(struct cursor *cursor, struct pieces *pieces, struct time_reading *reading)
{
    if (cursor->at == cursor->end)
        return true;
    take(cursor, ' ');
    reading->zoned = true;
    return take_universal(cursor) || take_offset(cursor, &pieces->offset);
}

/* Takes HH:MM[:SS[.5]]; without colons if compact. */
static const char *take_clock(struct cursor *cursor, bool compact, bool seconds_too, struct pieces *pieces,
                              struct time_reading *reading)
{
    if (!take_two(cursor, 0, 23, &pieces->hour) || (!compact && !take(cursor, ':')) ||
        !take_two(cursor, 0, 59, &pieces->minute))
        return no_time;
    if (compact ? !is_digit(cursor) : !take(cursor, ':'))
        return seconds_too ? no_time : NULL;
    if (!take_two(cursor, 0, 60, &pieces->second))
        return no_time;
    return take(cursor, '.') || take(cursor, ',') ? take_fraction(cursor, reading) : NULL;
}

static const char *give(int64_t days, const struct pieces *pieces, struct time_reading *reading)
{
    if (pieces->weekday >= 0 && pieces->weekday != time_weekday(days))
        return no_weekday;
    reading->seconds = days * TIME_DAY + pieces->hour * 3600 + pieces->minute * 60 + pieces->second - pieces->offset;
    return reading->seconds < TIME_LEAST || reading->seconds > TIME_MOST ? beyond : NULL;
}

static const char *give_date(const struct pieces *pieces, struct time_reading *reading)
{
    if (pieces->day > time_month_days(pieces->year, pieces->month))
        return no_day;
    return give(time_days(pieces->year, pieces->month, pieces->day), pieces, reading);
}

static const struct pieces empty_pieces = {.month = 1, .day = 1, .weekday = -1};

/* --- the known forms ---------------------------------------------------------------------------------------------- */

const char *time_read_iso(struct bytes text, struct time_reading *reading)
{
    struct cursor cursor = cursor_of(text);
    struct pieces pieces = empty_pieces;
    *reading = (struct time_reading){.digits = 0};
    if (!take_number(&cursor, 4, 4, 0, 9999, &pieces.year))
        return no_time;
    const bool compact = !take(&cursor, '-');
    if (!take_two(&cursor, 1, 12, &pieces.month) || (!compact && !take(&cursor, '-')) ||
        !take_two(&cursor, 1, 31, &pieces.day))
        return no_time;
    if (cursor.at < cursor.end || compact) {
        if (!take(&cursor, 'T') && !take(&cursor, 't') && (compact || !take(&cursor, ' ')))
            return no_time;
        const char *reason = take_clock(&cursor, compact, false, &pieces, reading);
        if (reason != NULL)
            return reason;
        if (!take_zone(&cursor, &pieces, reading) || cursor.at < cursor.end)
            return rest;
    }
    return give_date(&pieces, reading);
}

const char *time_read_clf(struct bytes text, struct time_reading *reading)
{
    struct cursor cursor = cursor_of(text);
    struct pieces pieces = empty_pieces;
    *reading = (struct time_reading){.digits = 0};
    if (take(&cursor, '[') && (cursor.at == cursor.end || *--cursor.end != ']'))
        return no_time;
    if (!take_two(&cursor, 1, 31, &pieces.day) || !take(&cursor, '/') || !take_month(&cursor, &pieces.month) ||
        !take(&cursor, '/') || !take_number(&cursor, 4, 4, 0, 9999, &pieces.year) || !take(&cursor, ':'))
        return no_time;
    const char *reason = take_clock(&cursor, false, true, &pieces, reading);
    if (reason != NULL)
        return reason;
    if (!take_zone(&cursor, &pieces, reading) || cursor.at < cursor.end)
        return rest;
    return give_date(&pieces, reading);
}

/* Takes the zone of RFC 2822, whose names are those of its obs-zone. */
static bool take_mail_zone(struct cursor *cursor, struct pieces *pieces, struct time_reading *reading)
{
    static const struct {
        const char *name;
        int hours;
    } zones[] = {{"EST", -5}, {"EDT", -4}, {"CST", -6}, {"CDT", -5},
                 {"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7}};
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
        if (take_word(cursor, zones[i].name, 3)) {
            pieces->offset = zones[i].hours * 3600;
            return reading->zoned = true;
        }
    return take_zone(cursor, pieces, reading) || take_word(cursor, "UT", 2);
}

const char *time_read_rfc2822(struct bytes text, struct time_reading *reading)
{
    struct cursor cursor = cursor_of(text);
    struct pieces pieces = empty_pieces;
    *reading = (struct time_reading){.digits = 0};
    if (take_name(&cursor, time_weekday_names, 7, false, &pieces.weekday)) {
        if (!take(&cursor, ',') || !take(&cursor, ' '))
            return no_time;
        take(&cursor, ' '); /* before a day of one digit */
    }
    if (!take_number(&cursor, 1, 2, 1, 31, &pieces.day) || !take(&cursor, ' ') || !take_month(&cursor, &pieces.month) ||
        !take(&cursor, ' ') || !take_number(&cursor, 4, 4, 0, 9999, &pieces.year) || !take(&cursor, ' '))
        return no_time;
    const char *reason = take_clock(&cursor, false, false, &pieces, reading);
    if (reason != NULL)
        return reason;
    if (cursor.at < cursor.end && (!take(&cursor, ' ') || !take_mail_zone(&cursor, &pieces, reading)))
        return rest;
    if (cursor.at < cursor.end && (!take(&cursor, ' ') || !take(&cursor, '(') || cursor.end[-1] != ')'))
        return rest;
    return give_date(&pieces, reading);
}

const char *time_read_rfc3164(struct bytes text, int64_t year, struct time_reading *reading)
{
    struct cursor cursor = cursor_of(text);
    struct pieces pieces = empty_pieces;
    *reading = (struct time_reading){.digits = 0};
    pieces.year = (int)year;
    if (!take_month(&cursor, &pieces.month) || !take(&cursor, ' '))
        return no_time;
    const int digits = take(&cursor, ' ') ? 1 : 2;
    if (!take_number(&cursor, digits, digits, 1, 31, &pieces.day) || !take(&cursor, ' '))
        return no_time;
    const char *reason = take_clock(&cursor, false, true, &pieces, reading);
    if (reason != NULL)
        return reason;
    return cursor.at < cursor.end ? rest : give_date(&pieces, reading);
}

const char *time_read_clock(struct bytes text, int64_t days, struct time_reading *reading)
{
    struct cursor cursor = cursor_of(text);
    struct pieces pieces = empty_pieces;
    *reading = (struct time_reading){.digits = 0};
    const char *reason = take_clock(&cursor, false, false, &pieces, reading);
    if (reason != NULL)
        return reason;
    if (!take_zone(&cursor, &pieces, reading) || cursor.at < cursor.end)
        return rest;
    return give(days, &pieces, reading);
}

const char *time_read(struct bytes text, struct time_reading *reading)
{
    const char *data = text.data;
    if (text.size < 10)
        return no_time;
    if (data[0] == '[' || data[2] == '/')
        return time_read_clf(text, reading);
    if (data[4] == '-' || data[8] == 'T' || data[8] == 't')
        return time_read_iso(text, reading);
    return time_read_rfc2822(text, reading);
}

/* --- by a format -------------------------------------------------------------------------------------------------- */

/* What a format gives. */
enum {
    GIVES_YEAR = 1,
    GIVES_MONTH = 2,
    GIVES_DAY = 4,
    GIVES_DAY_OF_YEAR = 8,
    GIVES_WEEK_YEAR = 16,
    GIVES_WEEK = 32,
    GIVES_WEEKDAY = 64,
    GIVES_HOUR = 128,
    GIVES_HALF_HOUR = 256, /* an hour from 1 to 12 */
    GIVES_HALF = 512,      /* AM or PM */
    GIVES_SECONDS = 1024   /* since 1970 */
};

struct scanning {
    struct cursor cursor;
    struct pieces pieces;
    struct time_reading reading;
    int day_of_year, week_year, week, half;
    int64_t seconds;
    bool negative; /* are the seconds, and so the fraction */
    unsigned gives;
};

/* A conversion of a number. */
struct number_conversion {
    char letter;
    signed char least, most; /* digits */
    short low, high;
    bool blank; /* may stand for a leading zero */
    unsigned gives;
};

static const struct number_conversion number_conversions[] = {
    {'Y', 4, 4, 0, 9999, false, GIVES_YEAR},
    {'y', 2, 2, 0, 99, false, GIVES_YEAR},
    {'m', 1, 2, 1, 12, false, GIVES_MONTH},
    {'d', 1, 2, 1, 31, true, GIVES_DAY},
    {'e', 1, 2, 1, 31, true, GIVES_DAY},
    {'j', 1, 3, 1, 366, false, GIVES_DAY_OF_YEAR},
    {'u', 1, 1, 1, 7, false, GIVES_WEEKDAY},
    {'G', 4, 4, 0, 9999, false, GIVES_WEEK_YEAR},
    {'V', 1, 2, 1, 53, false, GIVES_WEEK},
    {'H', 1, 2, 0, 23, false, GIVES_HOUR},
    {'k', 1, 2, 0, 23, true, GIVES_HOUR},
    {'I', 1, 2, 1, 12, false, GIVES_HALF_HOUR},
    {'l', 1, 2, 1, 12, true, GIVES_HALF_HOUR},
    {'M', 1, 2, 0, 59, false, 0},
    {'S', 1, 2, 0, 60, false, 0},
};

static const struct number_conversion *find_number(char letter)
{
    for (size_t i = 0; i < sizeof number_conversions / sizeof *number_conversions; i++)
        if (number_conversions[i].letter == letter)
            return &number_conversions[i];
    return NULL;
}

/* Returns the format that a conversion stands for, or NULL. */
static const char *find_composite(char letter)
{
    return letter == 'T'   ? "%H:%M:%S"
           : letter == 'R' ? "%H:%M"
           : letter == 'D' ? "%m/%d/%y"
           : letter == 'F' ? "%Y-%m-%d"
                           : NULL;
}

static bool is_blank(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static unsigned gives_of(char letter)
{
    const struct number_conversion *conversion = find_number(letter);
    switch (letter) {
    case 'b':
    case 'B':
    case 'h':
        return GIVES_MONTH;
    case 'a':
    case 'A':
        return GIVES_WEEKDAY;
    case 'p':
        return GIVES_HALF;
    case 's':
        return GIVES_SECONDS;
    default:
        return conversion != NULL ? conversion->gives : 0;
    }
}

static int *place_of(struct scanning *scanning, char letter)
{
    struct pieces *pieces = &scanning->pieces;
    switch (letter) {
    case 'Y':
    case 'y':
        return &pieces->year;
    case 'm':
        return &pieces->month;
    case 'd':
    case 'e':
        return &pieces->day;
    case 'j':
        return &scanning->day_of_year;
    case 'u':
        return &pieces->weekday;
    case 'G':
        return &scanning->week_year;
    case 'V':
        return &scanning->week;
    case 'M':
        return &pieces->minute;
    case 'S':
        return &pieces->second;
    default:
        return &pieces->hour;
    }
}

/* Takes the number of a conversion, with all of its digits if exact. */
static bool scan_number(struct scanning *scanning, const struct number_conversion *conversion, bool exact)
{
    int *place = place_of(scanning, conversion->letter);
    int least = exact ? conversion->most : conversion->least, most = conversion->most;
    if (conversion->blank && take(&scanning->cursor, ' '))
        least = most = 1;
    if (!take_number(&scanning->cursor, least, most, conversion->low, conversion->high, place))
        return false;
    if (conversion->letter == 'y')
        *place += *place < 69 ? 2000 : 1900;
    else if (conversion->letter == 'u')
        --*place;
    return true;
}

static bool scan_seconds(struct scanning *scanning)
{
    struct cursor *cursor = &scanning->cursor;
    const bool negative = take(cursor, '-');
    int64_t value = 0;
    if (!is_digit(cursor))
        return false;
    for (; is_digit(cursor); cursor->at++)
        if ((value = value * 10 + (*cursor->at - '0')) > TIME_MOST)
            return false;
    scanning->negative = negative;
    scanning->seconds = negative ? -value : value;
    scanning->reading.zoned = true;
    return true;
}

static bool scan_word(struct scanning *scanning, char letter)
{
    struct cursor *cursor = &scanning->cursor;
    struct pieces *pieces = &scanning->pieces;
    switch (letter) {
    case 'b':
    case 'B':
    case 'h':
        if (!take_name(cursor, time_month_names, 12, true, &pieces->month))
            return false;
        pieces->month++;
        return true;
    case 'a':
    case 'A':
        return take_name(cursor, time_weekday_names, 7, true, &pieces->weekday);
    case 'p':
        scanning->half = take_word(cursor, "PM", 2);
        return scanning->half || take_word(cursor, "AM", 2);
    case 's':
        return scan_seconds(scanning);
    case 'z':
        scanning->reading.zoned = true;
        return take_word(cursor, "Z", 1) || take_offset(cursor, &pieces->offset);
    case 'Z':
        scanning->reading.zoned = true;
        return take_universal(cursor);
    default:
        return take(cursor, '%');
    }
}

static bool is_number(struct cursor format)
{
    if (!take(&format, '%') || format.at == format.end)
        return false;
    return find_number(*format.at) != NULL || find_composite(*format.at) != NULL;
}

static bool is_blank_conversion(const struct cursor *format)
{
    return format->end - format->at >= 2 && format->at[0] == '%' && (format->at[1] == 'n' || format->at[1] == 't');
}

/* Takes the blanks of a format and those of the text. */
static bool scan_blanks(struct cursor *format, struct cursor *cursor)
{
    while (format->at < format->end && (is_blank(*format->at) || is_blank_conversion(format)))
        format->at += *format->at == '%' ? 2 : 1;
    if (cursor->at == cursor->end || !is_blank(*cursor->at))
        return false;
    while (cursor->at < cursor->end && is_blank(*cursor->at))
        cursor->at++;
    return true;
}

/* Reads by a format; before and after say whether another number stands there without anything between. */
static const char *scan_format(struct scanning *scanning, struct bytes text, bool before, bool after)
{
    struct cursor format = cursor_of(text);
    while (format.at < format.end) {
        if (is_blank(*format.at) || is_blank_conversion(&format)) {
            if (!scan_blanks(&format, &scanning->cursor))
                return no_time;
            before = false;
            continue;
        }
        if (*format.at != '%') {
            if (!take(&scanning->cursor, *format.at++))
                return no_time;
            before = false;
            continue;
        }
        const char letter = format.at[1];
        const struct number_conversion *conversion = find_number(letter);
        const char *composite = find_composite(letter);
        format.at += 2;
        const bool next = format.at < format.end ? is_number(format) : after;
        const char *reason = NULL;
        if (composite != NULL)
            reason = scan_format(scanning, bytes_of(composite), before, next);
        else if (letter == 'f')
            reason = take_fraction(&scanning->cursor, &scanning->reading);
        else if (conversion != NULL ? !scan_number(scanning, conversion, before || next) : !scan_word(scanning, letter))
            reason = no_time;
        if (reason != NULL)
            return reason;
        scanning->gives |= gives_of(letter);
        before = conversion != NULL || composite != NULL;
    }
    return NULL;
}

/* Sets *days to the date that was read. */
static const char *resolve_date(const struct scanning *scanning, int64_t *days)
{
    const struct pieces *pieces = &scanning->pieces;
    if (scanning->gives & GIVES_WEEK) {
        const int64_t first = time_first_week(scanning->week_year);
        *days = first + (scanning->week - 1) * 7 + (pieces->weekday >= 0 ? pieces->weekday : 0);
        return *days >= time_first_week(scanning->week_year + 1) ? "has a week that its year does not have" : NULL;
    }
    if (scanning->gives & GIVES_DAY_OF_YEAR) {
        *days = time_days(pieces->year, 1, scanning->day_of_year);
        const struct time_date date = time_date(*days);
        if (date.year != pieces->year)
            return "has a day that its year does not have";
        return ((scanning->gives & GIVES_MONTH) && date.month != pieces->month) ||
                       ((scanning->gives & GIVES_DAY) && date.day != pieces->day)
                   ? "has a day of the year that is not that of its date"
                   : NULL;
    }
    if (pieces->day > time_month_days(pieces->year, pieces->month))
        return no_day;
    *days = time_days(pieces->year, pieces->month, pieces->day);
    return NULL;
}

const char *time_scan(struct bytes text, struct bytes format, struct time_reading *reading)
{
    struct scanning scanning = {.cursor = cursor_of(text), .pieces = empty_pieces};
    const char *reason = scan_format(&scanning, format, false, false);
    if (reason == NULL && scanning.cursor.at < scanning.cursor.end)
        reason = rest;
    if (reason != NULL)
        return reason;
    *reading = scanning.reading;
    if (scanning.gives & GIVES_SECONDS) {
        reading->seconds = scanning.seconds;
        reading->fraction = scanning.negative ? -reading->fraction : reading->fraction;
        return reading->seconds < TIME_LEAST ? beyond : NULL;
    }
    int64_t days;
    reason = resolve_date(&scanning, &days);
    if (reason != NULL)
        return reason;
    if (scanning.gives & GIVES_HALF_HOUR)
        scanning.pieces.hour = scanning.pieces.hour % 12 + 12 * scanning.half;
    return give(days, &scanning.pieces, reading);
}

/* Gathers what a format gives, in *gives. Returns false, with the reason, if a conversion is unknown or its like was
 * there before. */
static bool gather(struct cursor format, unsigned *gives, unsigned *letters, struct buffer *why)
{
    static const char words[] = "bBhaApszZfnt%";
    while (format.at < format.end) {
        if (!take(&format, '%')) {
            format.at++;
            continue;
        }
        const char letter = format.at < format.end ? *format.at : '\0';
        const char *composite = find_composite(letter);
        if (letter == '\0' || (composite == NULL && find_number(letter) == NULL && strchr(words, letter) == NULL)) {
            buffer_print(why, letter != '\0' ? "has the unknown conversion %%%.*s" : "ends with a single %%%.*s",
                         letter != '\0', format.at);
            return false;
        }
        format.at++;
        if (composite != NULL && !gather(cursor_of(bytes_of(composite)), gives, letters, why))
            return false;
        static const char once[] = "MSfz";
        const char *place = strchr(once, letter == 'Z' ? 'z' : letter);
        const unsigned bit = place != NULL ? 1u << (place - once) : 0;
        const unsigned more = gives_of(letter);
        if ((*gives & more) || (*letters & bit)) {
            buffer_print(why, "reads the same twice, the second time by %%%c", letter);
            return false;
        }
        *gives |= more;
        *letters |= bit;
    }
    return true;
}

bool time_scan_check(struct bytes format, struct buffer *why)
{
    unsigned gives = 0, letters = 0;
    if (!gather(cursor_of(format), &gives, &letters, why))
        return false;
    const unsigned calendar = GIVES_YEAR | GIVES_MONTH | GIVES_DAY | GIVES_DAY_OF_YEAR;
    const unsigned weeks = GIVES_WEEK_YEAR | GIVES_WEEK;
    const unsigned hours = GIVES_HOUR | GIVES_HALF_HOUR | GIVES_HALF;
    const char *reason = NULL;
    if ((gives & GIVES_SECONDS) && ((gives & ~(unsigned)GIVES_SECONDS) || (letters & ~4u)))
        reason = "has %s, beside which only %f can stand";
    else if (gives & GIVES_SECONDS)
        return true;
    else if ((gives & calendar) && (gives & weeks))
        reason = "mixes the year of weeks, %G and %V, with other dates";
    else if ((gives & weeks) && ((gives & weeks) != weeks || !(gives & GIVES_WEEKDAY)))
        reason = "needs %G, %V and a weekday together";
    else if (!(gives & (GIVES_YEAR | GIVES_WEEK_YEAR)))
        reason = "has no year";
    else if ((gives & GIVES_DAY) && !(gives & (GIVES_MONTH | GIVES_DAY_OF_YEAR)))
        reason = "has a day without a month";
    else if ((gives & GIVES_HALF_HOUR ? GIVES_HALF_HOUR | GIVES_HALF : gives & GIVES_HOUR) != (gives & hours))
        reason = "needs %I and %p together, without %H";
    else if ((letters & 4u) && !(letters & 2u))
        reason = "has %f without %S";
    else if (((letters & 2u) && !(letters & 1u)) || ((letters & 1u) && !(gives & hours)))
        reason = "has minutes or seconds without what they belong to";
    if (reason == NULL)
        return true;
    buffer_add(why, bytes_of(reason));
    return false;
}
