#include "value/time.h"
#include "value/time_part.h"

/* A time as its clock shows it. */
struct face {
    const struct time_shown *time;
    int64_t days;
    struct time_date date;
    int hour, minute, second, weekday, of_year; /* the last from 1 */
};

static struct face face_of(const struct time_shown *time)
{
    const int64_t local = time->seconds + time->offset, days = time_divide(local, TIME_DAY);
    const int rest = (int)(local - days * TIME_DAY);
    struct face face = {.time = time,
                        .days = days,
                        .date = time_date(days),
                        .hour = rest / 3600,
                        .minute = rest / 60 % 60,
                        .second = rest % 60,
                        .weekday = time_weekday(days)};
    face.of_year = (int)(days - time_days(face.date.year, 1, 1)) + 1;
    return face;
}

bool time_is_shown(const struct time_shown *time)
{
    return time->seconds + time->offset >= TIME_LEAST && time->seconds + time->offset <= TIME_MOST;
}

/* Appends a number of at least width places, of which the first are filled with fill. */
static void write_number(struct buffer *out, int64_t number, int width, char fill)
{
    char digits[24];
    int count = 0;
    do
        digits[count++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    char *to = buffer_reserve(out, (size_t)(count > width ? count : width));
    out->size += (size_t)(count > width ? count : width);
    for (; width > count; width--)
        *to++ = fill;
    while (count > 0)
        *to++ = digits[--count];
}

static void write_offset(struct buffer *out, int offset, const char *colon)
{
    const int size = offset < 0 ? -offset : offset;
    buffer_add_byte(out, offset < 0 ? '-' : '+');
    write_number(out, size / 3600, 2, '0');
    buffer_add(out, bytes_of(colon));
    write_number(out, size / 60 % 60, 2, '0');
    if (size % 60 != 0) {
        buffer_add(out, bytes_of(colon));
        write_number(out, size % 60, 2, '0');
    }
}

/* Appends the first width digits of the fraction; all of them, one at least, if width is 0. */
static void write_fraction(struct buffer *out, const struct time_shown *time, int width)
{
    number_mantissa fraction = time->fraction;
    char digits[NUMBER_SCALE_MAX];
    for (int i = time->digits; i-- > 0; fraction /= 10)
        digits[i] = (char)('0' + (int)(fraction % 10));
    if (width == 0)
        width = time->digits > 0 ? time->digits : 1;
    for (int i = 0; i < width; i++)
        buffer_add_byte(out, i < time->digits ? digits[i] : '0');
}

static int64_t week_year(const struct face *face)
{
    const int64_t year = face->date.year;
    return face->days < time_first_week(year) ? year - 1 : face->days >= time_first_week(year + 1) ? year + 1 : year;
}

/* A number as a conversion writes it. */
struct written {
    int64_t number;
    int width;
    char fill;
};

/* Sets *written to the number of a conversion. Returns false if it is not one of a number. */
static bool find_number(const struct face *face, char letter, struct written *written)
{
    const int half = face->hour % 12 == 0 ? 12 : face->hour % 12, sunday = (face->weekday + 1) % 7;
    const int64_t year = face->date.year;
    *written = (struct written){.width = 2, .fill = '0'};
    switch (letter) {
    case 'Y':
        *written = (struct written){year, 4, '0'};
        return true;
    case 'G':
        *written = (struct written){week_year(face), 4, '0'};
        return true;
    case 'C':
        written->number = year / 100;
        return true;
    case 'y':
        written->number = year % 100;
        return true;
    case 'g':
        written->number = (week_year(face) + 100) % 100;
        return true;
    case 'm':
        written->number = face->date.month;
        return true;
    case 'd':
    case 'e':
        *written = (struct written){face->date.day, 2, letter == 'd' ? '0' : ' '};
        return true;
    case 'j':
        *written = (struct written){face->of_year, 3, '0'};
        return true;
    case 'H':
    case 'k':
        *written = (struct written){face->hour, 2, letter == 'H' ? '0' : ' '};
        return true;
    case 'I':
    case 'l':
        *written = (struct written){half, 2, letter == 'I' ? '0' : ' '};
        return true;
    case 'M':
        written->number = face->minute;
        return true;
    case 'S':
        written->number = face->second;
        return true;
    case 'u':
        *written = (struct written){face->weekday + 1, 1, '0'};
        return true;
    case 'w':
        *written = (struct written){sunday, 1, '0'};
        return true;
    case 'U':
        written->number = (face->of_year + 6 - sunday) / 7;
        return true;
    case 'W':
        written->number = (face->of_year + 6 - face->weekday) / 7;
        return true;
    case 'V':
        written->number = (face->days - time_first_week(week_year(face))) / 7 + 1;
        return true;
    default:
        return false;
    }
}

/* Returns the format that a conversion stands for in the C locale, or NULL. */
static const char *find_composite(char letter)
{
    switch (letter) {
    case 'F':
        return "%Y-%m-%d";
    case 'T':
    case 'X':
        return "%H:%M:%S";
    case 'R':
        return "%H:%M";
    case 'D':
    case 'x':
        return "%m/%d/%y";
    case 'c':
        return "%a %b %e %H:%M:%S %Y";
    case 'r':
        return "%I:%M:%S %p";
    default:
        return NULL;
    }
}

/* Appends a conversion that is a text. Returns false if there is no such conversion. */
static bool write_text(struct buffer *out, const struct face *face, char letter)
{
    const char *month = time_month_names[face->date.month - 1], *weekday = time_weekday_names[face->weekday];
    switch (letter) {
    case 'a':
        buffer_add(out, (struct bytes){weekday, 3});
        return true;
    case 'A':
        buffer_add(out, bytes_of(weekday));
        return true;
    case 'b':
    case 'h':
        buffer_add(out, (struct bytes){month, 3});
        return true;
    case 'B':
        buffer_add(out, bytes_of(month));
        return true;
    case 'p':
        buffer_add(out, bytes_of(face->hour < 12 ? "AM" : "PM"));
        return true;
    case 'P':
        buffer_add(out, bytes_of(face->hour < 12 ? "am" : "pm"));
        return true;
    case 's':
        buffer_print(out, "%lld", (long long)face->time->seconds);
        return true;
    case 'z':
        write_offset(out, face->time->offset, "");
        return true;
    case 'Z':
        buffer_add(out, bytes_of(face->time->abbreviation));
        return true;
    case 'n':
        buffer_add_byte(out, '\n');
        return true;
    case 't':
        buffer_add_byte(out, '\t');
        return true;
    case '%':
        buffer_add_byte(out, '%');
        return true;
    default:
        return false;
    }
}

static bool write_face(struct buffer *out, struct bytes format, const struct face *face, struct bytes *unknown);

/* Appends one conversion, which begins behind its %, and moves *at behind it. Returns false if there is no such
 * conversion. */
static bool write_conversion(struct buffer *out, const char **at, const char *end, const struct face *face)
{
    struct written written;
    int width = 0;
    const char *digits = *at;
    while (*at < end && **at >= '0' && **at <= '9' && width <= NUMBER_SCALE_MAX)
        width = width * 10 + (*(*at)++ - '0');
    const char flag = *at == digits && *at < end && (**at == '-' || **at == ':') ? *(*at)++ : '\0';
    if (*at == end)
        return false;
    const char letter = *(*at)++;
    if (letter == 'f' && flag == '\0') {
        write_fraction(out, face->time, width);
        return width <= NUMBER_SCALE_MAX && (width > 0 || *digits == 'f');
    }
    if (*digits >= '0' && *digits <= '9')
        return false;
    if (flag == ':') {
        write_offset(out, face->time->offset, ":");
        return letter == 'z';
    }
    if (find_number(face, letter, &written)) {
        write_number(out, written.number, flag == '-' ? 1 : written.width, written.fill);
        return true;
    }
    const char *composite = find_composite(letter);
    if (flag == '-')
        return false;
    return composite != NULL ? write_face(out, bytes_of(composite), face, NULL) : write_text(out, face, letter);
}

const char *time_write_literal(struct buffer *out, const char *at, const char *end)
{
    const char *percent = memchr(at, '%', (size_t)(end - at));
    if (percent == NULL)
        percent = end;
    buffer_add(out, (struct bytes){at, (size_t)(percent - at)});
    return percent;
}

static bool write_face(struct buffer *out, struct bytes format, const struct face *face, struct bytes *unknown)
{
    const char *at = format.data, *end = at + format.size;
    while (at < end) {
        const char *const percent = time_write_literal(out, at, end);
        if (percent == end)
            break;
        at = percent + 1;
        if (!write_conversion(out, &at, end, face)) {
            *unknown = (struct bytes){percent, (size_t)(at - percent)};
            return false;
        }
    }
    return true;
}

bool time_write(struct buffer *out, struct bytes format, const struct time_shown *time, struct bytes *unknown)
{
    const struct face face = face_of(time);
    return write_face(out, format, &face, unknown);
}

void time_write_iso(struct buffer *out, const struct time_shown *time)
{
    const struct face face = face_of(time);
    write_number(out, face.date.year, 4, '0');
    buffer_add_byte(out, '-');
    write_number(out, face.date.month, 2, '0');
    buffer_add_byte(out, '-');
    write_number(out, face.date.day, 2, '0');
    buffer_add_byte(out, 'T');
    write_number(out, face.hour, 2, '0');
    buffer_add_byte(out, ':');
    write_number(out, face.minute, 2, '0');
    buffer_add_byte(out, ':');
    write_number(out, face.second, 2, '0');
    if (time->fraction != 0) {
        buffer_add_byte(out, '.');
        write_fraction(out, time, 0);
    }
    if (time->utc)
        buffer_add_byte(out, 'Z');
    else
        write_offset(out, time->offset, ":");
}
