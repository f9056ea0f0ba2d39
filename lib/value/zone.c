#include "value/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "value/time.h"

enum { FILE_MAX = 1 << 20, NAME_MAX_SIZE = 100, ABBREVIATION = 10 };

struct kind {
    int offset;
    char abbreviation[ABBREVIATION + 1];
};

/* The day of a change, every year: the week'th weekday of a month, 5 for the last; or the day of the year. */
struct change {
    enum { CHANGE_WEEKDAY, CHANGE_DAY_WITHOUT_LEAP, CHANGE_DAY } form;
    int month, week, weekday; /* 0 is Sunday */
    int day;                  /* from 1 without the 29th of February, or from 0 with it */
    int seconds;              /* since midnight; may be negative or beyond the day */
};

struct zone {
    bool utc, fixed;
    size_t count;      /* of changes */
    int64_t *changes;  /* when they happen, ascending */
    uint8_t *kinds_of; /* what comes then, an index of kinds */
    struct kind *kinds;
    size_t kind_count;
    bool has_rule; /* for the time after the last change: kind rule[0], and from start to end rule[1] */
    bool has_summer;
    struct kind rule[2];
    struct change start, end;
    struct zone_span recent;
};

/* --- the rule for the future, as POSIX writes it in TZ ------------------------------------------------------------ */

/* Takes a number of up to three digits. */
static bool take_number(const char **at, int most, int *number)
{
    int digits = 0;
    for (*number = 0; **at >= '0' && **at <= '9' && digits < 3; digits++)
        *number = *number * 10 + (*(*at)++ - '0');
    return digits > 0 && *number <= most;
}

/* Takes [+-]h[hh][:mm[:ss]]. */
static bool take_time(const char **at, int *seconds)
{
    const int sign = **at == '-' ? -1 : 1;
    int hours, minutes = 0, rest = 0;
    *at += **at == '-' || **at == '+';
    if (!take_number(at, 167, &hours))
        return false;
    if (**at == ':') {
        ++*at;
        if (!take_number(at, 59, &minutes))
            return false;
        if (**at == ':') {
            ++*at;
            if (!take_number(at, 59, &rest))
                return false;
        }
    }
    *seconds = sign * (hours * 3600 + minutes * 60 + rest);
    return true;
}

/* Takes letters, or anything within <>. */
static bool take_abbreviation(const char **at, char to[ABBREVIATION + 1])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const bool quoted = **at == '<';
    *at += quoted;
    const size_t size = quoted ? strcspn(*at, ">") : strspn(*at, letters);
    if (size == 0 || size > ABBREVIATION || (quoted && (*at)[size] != '>'))
        return false;
    memcpy(to, *at, size);
    to[size] = '\0';
    *at += size + quoted;
    return true;
}

static bool take_change(const char **at, struct change *change)
{
    *change = (struct change){.form = CHANGE_DAY, .seconds = 2 * 3600};
    if (*(*at)++ != ',')
        return false;
    if (**at == 'M') {
        ++*at;
        change->form = CHANGE_WEEKDAY;
        if (!take_number(at, 12, &change->month) || *(*at)++ != '.' || !take_number(at, 5, &change->week) ||
            *(*at)++ != '.' || !take_number(at, 6, &change->weekday) || change->month == 0 || change->week == 0)
            return false;
    } else {
        if (**at == 'J') {
            ++*at;
            change->form = CHANGE_DAY_WITHOUT_LEAP;
        }
        if (!take_number(at, 365, &change->day))
            return false;
    }
    if (**at != '/')
        return true;
    ++*at;
    return take_time(at, &change->seconds);
}

/* Reads the rule: std offset [dst [offset] , start , end]. Its offsets are west of Greenwich. */
static bool read_rule(struct zone *zone, const char *at)
{
    int west;
    if (!take_abbreviation(&at, zone->rule[0].abbreviation) || !take_time(&at, &west))
        return false;
    zone->has_rule = true;
    zone->rule[0].offset = -west;
    if (*at == '\0')
        return true;
    zone->has_summer = true;
    west -= 3600;
    if (!take_abbreviation(&at, zone->rule[1].abbreviation) || (*at != ',' && !take_time(&at, &west)))
        return false;
    zone->rule[1].offset = -west;
    return take_change(&at, &zone->start) && take_change(&at, &zone->end) && *at == '\0';
}

/* Returns when a change happens in a year, with the clock before it at offset. */
static int64_t change_in(const struct change *change, int64_t year, int offset)
{
    int64_t days = time_days(year, 1, 1);
    if (change->form == CHANGE_DAY) {
        days += change->day;
    } else if (change->form == CHANGE_DAY_WITHOUT_LEAP) {
        days += change->day - 1 + (change->day > 59 && time_month_days(year, 2) == 29);
    } else {
        const int64_t first = time_days(year, change->month, 1);
        const int to = (change->weekday + 6 - time_weekday(first) + 7) % 7; /* from the first to such a weekday */
        days = first + to + (change->week - 1) * 7;
        if (days >= first + time_month_days(year, change->month))
            days -= 7;
    }
    return days * TIME_DAY + change->seconds - offset;
}

/* The span of a time by the rule: one of three of a year, of which the outer two reach to its bounds. */
static struct zone_span find_by_rule(const struct zone *zone, int64_t seconds, int64_t from)
{
    struct zone_span span = {from, INT64_MAX, zone->rule[0].offset, zone->rule[0].abbreviation};
    if (!zone->has_summer)
        return span;
    const int64_t year = time_date(time_divide(seconds + zone->rule[0].offset, TIME_DAY)).year;
    bool summer = false;
    int64_t last = INT64_MIN, next = INT64_MAX;
    /* The years beside it, as a change may lie beyond the bounds of its year. */
    for (int64_t y = year - 1; y <= year + 1; y++) {
        const int64_t start = change_in(&zone->start, y, zone->rule[0].offset);
        const int64_t end = change_in(&zone->end, y, zone->rule[1].offset);
        if (start <= seconds && start >= last) {
            last = start;
            summer = true;
        }
        if (end <= seconds && end > last) {
            last = end;
            summer = false;
        }
        if (start > seconds && start < next)
            next = start;
        if (end > seconds && end < next)
            next = end;
    }
    return (struct zone_span){last > from ? last : from, next, zone->rule[summer].offset,
                              zone->rule[summer].abbreviation};
}

/* --- files -------------------------------------------------------------------------------------------------------- */

static int64_t load(const unsigned char *at, int size)
{
    uint64_t value = at[0] & 0x80 ? UINT64_MAX : 0;
    for (int i = 0; i < size; i++)
        value = value << 8 | at[i];
    return (int64_t)value;
}

/* A file of RFC 8536 has the data twice, with times of four and of eight bytes; then, on a line, the rule. */
enum { HEADER = 44, COUNTS = 20 };

struct header {
    size_t universal, standard, leaps, times, types, letters;
};

static bool read_header(const unsigned char *at, const unsigned char *end, struct header *header)
{
    if (end - at < HEADER || memcmp(at, "TZif", 4) != 0 || at[4] < '2')
        return false;
    size_t *const counts[] = {&header->universal, &header->standard, &header->leaps,
                              &header->times,     &header->types,    &header->letters};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        const int64_t count = load(at + COUNTS + 4 * i, 4);
        if (count < 0 || count > FILE_MAX)
            return false;
        *counts[i] = (size_t)count;
    }
    return true;
}

static size_t size_of(const struct header *header, size_t time)
{
    return header->times * (time + 1) + header->types * 6 + header->letters + header->leaps * (time + 4) +
           header->standard + header->universal;
}

static bool read_data(struct zone *zone, const unsigned char *at, const struct header *header)
{
    const unsigned char *indices = at + header->times * 8, *types = indices + header->times;
    const char *letters = (const char *)types + header->types * 6;
    zone->count = header->times;
    zone->kind_count = header->types;
    zone->changes = bytes_allocate(zone->count * sizeof *zone->changes);
    zone->kinds_of = bytes_allocate(zone->count);
    zone->kinds = bytes_allocate(zone->kind_count * sizeof *zone->kinds);
    for (size_t i = 0; i < zone->count; i++) {
        zone->changes[i] = load(at + 8 * i, 8);
        zone->kinds_of[i] = indices[i];
        if (indices[i] >= header->types || (i > 0 && zone->changes[i] <= zone->changes[i - 1]))
            return false;
    }
    for (size_t i = 0; i < zone->kind_count; i++) {
        const unsigned char *type = types + 6 * i;
        const int64_t offset = load(type, 4);
        const size_t place = type[5],
                     size = place < header->letters ? strnlen(letters + place, header->letters - place) : 0;
        if (offset < -TIME_DAY - 2 * 3600 || offset > TIME_DAY + 2 * 3600 || size > ABBREVIATION ||
            place + size >= header->letters)
            return false;
        zone->kinds[i].offset = (int)offset;
        memcpy(zone->kinds[i].abbreviation, letters + place, size + 1);
    }
    return true;
}

static bool read_file(struct zone *zone, const unsigned char *data, size_t size)
{
    const unsigned char *at = data, *end = data + size;
    struct header header;
    if (!read_header(at, end, &header) || size_of(&header, 4) > (size_t)(end - at) - HEADER)
        return false;
    at += HEADER + size_of(&header, 4);
    if (!read_header(at, end, &header) || size_of(&header, 8) > (size_t)(end - at) - HEADER || header.types == 0 ||
        header.leaps > 0)
        return false;
    at += HEADER;
    if (!read_data(zone, at, &header))
        return false;
    at += size_of(&header, 8);
    const unsigned char *line_end = end - at >= 2 ? memchr(at + 1, '\n', (size_t)(end - at) - 1) : NULL;
    if (line_end == NULL || *at != '\n')
        return false;
    char *rule = bytes_string((struct bytes){(const char *)at + 1, (size_t)(line_end - at) - 1});
    const bool read = *rule == '\0' || read_rule(zone, rule);
    free(rule);
    return read;
}

/* Opens the file of a zone. Sets *installed if the directory of the zone data is there. */
static FILE *open_file(struct bytes name, bool *installed)
{
    static const char *const places[] = {"/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo",
                                         "/etc/zoneinfo"};
    const char *own = getenv("TZDIR");
    *installed = false;
    for (size_t i = 0; i < (own != NULL ? 1 : sizeof places / sizeof *places); i++) {
        struct buffer path = {0};
        buffer_print(&path, "%s/", own != NULL ? own : places[i]);
        *installed = *installed || access(buffer_string(&path), F_OK) == 0;
        buffer_add(&path, name);
        FILE *file = fopen(buffer_string(&path), "r");
        buffer_free(&path);
        if (file != NULL)
            return file;
    }
    return NULL;
}

static bool is_name(struct bytes name)
{
    if (name.size == 0 || name.size > NAME_MAX_SIZE || name.data[0] == '/' || name.data[0] == '.')
        return false;
    for (size_t i = 0; i < name.size; i++) {
        const char byte = name.data[i];
        if ((byte < 'a' || byte > 'z') && (byte < 'A' || byte > 'Z') && (byte < '0' || byte > '9') &&
            memchr("/_+-", byte, 4) == NULL)
            return false;
    }
    return true;
}

static bool read_named(struct zone *zone, struct bytes name, struct buffer *why)
{
    bool installed = true;
    FILE *file = is_name(name) ? open_file(name, &installed) : NULL;
    if (file == NULL) {
        buffer_print(why, installed ? "is not a time zone: write a name such as Europe/Berlin, UTC, or an offset "
                                      "such as +02:00"
                                    : "cannot be looked up: no data of time zones are installed (package tzdata)");
        return false;
    }
    unsigned char *data = bytes_allocate(FILE_MAX);
    const size_t size = fread(data, 1, FILE_MAX, file);
    const bool read = size < FILE_MAX && read_file(zone, data, size);
    free(data);
    fclose(file);
    if (!read)
        buffer_print(why,
                     "is not a time zone that can be read: its file is not one of RFC 8536, or counts leap seconds");
    return read;
}

struct zone *zone_open(struct bytes name, struct buffer *why)
{
    struct zone *zone = bytes_allocate(sizeof *zone);
    *zone = (struct zone){.utc = bytes_equal(name, bytes_of("UTC")) || bytes_equal(name, bytes_of("Z"))};
    int offset = 0;
    if (zone->utc || time_read_offset(name, &offset)) {
        zone->fixed = zone->has_rule = true;
        zone->rule[0].offset = offset;
        snprintf(zone->rule[0].abbreviation, sizeof zone->rule[0].abbreviation, "%.*s", zone->utc ? 3 : (int)name.size,
                 zone->utc ? "UTC" : name.data);
    } else if (!read_named(zone, name, why)) {
        zone_close(zone);
        return NULL;
    }
    return zone;
}

void zone_close(struct zone *zone)
{
    free(zone->changes);
    free(zone->kinds_of);
    free(zone->kinds);
    free(zone);
}

bool zone_is_utc(const struct zone *zone)
{
    return zone->utc;
}

bool zone_is_fixed(const struct zone *zone)
{
    return zone->fixed;
}

/* --- finding ------------------------------------------------------------------------------------------------------ */

static struct zone_span find(const struct zone *zone, int64_t seconds)
{
    size_t low = 0, high = zone->count; /* the first change after the time is among them, or high */
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (zone->changes[middle] > seconds)
            high = middle;
        else
            low = middle + 1;
    }
    const int64_t from = low > 0 ? zone->changes[low - 1] : INT64_MIN;
    if (low == zone->count && zone->has_rule)
        return find_by_rule(zone, seconds, from);
    const struct kind *kind = &zone->kinds[low > 0 ? zone->kinds_of[low - 1] : 0];
    return (struct zone_span){from, low < zone->count ? zone->changes[low] : INT64_MAX, kind->offset,
                              kind->abbreviation};
}

struct zone_span zone_find(struct zone *zone, int64_t seconds)
{
    if (zone->recent.abbreviation == NULL || seconds < zone->recent.from || seconds >= zone->recent.until)
        zone->recent = find(zone, seconds);
    return zone->recent;
}

bool zone_seconds(struct zone *zone, int64_t local, int64_t *seconds)
{
    /* A clock is never further from UTC than 26 hours. */
    struct zone_span span = zone_find(zone, local - 26 * 3600);
    while (local - span.offset >= span.until)
        span = zone_find(zone, span.until);
    *seconds = local - span.offset >= span.from ? local - span.offset : span.from;
    return *seconds != span.from || local - span.offset == span.from;
}
