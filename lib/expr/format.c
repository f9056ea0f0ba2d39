#include "expr/format.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/scan.h"
#include "base/utf8.h"
#include "expr/draft.h"
#include "value/round.h"

__extension__ typedef unsigned __int128 magnitude;

enum {
    WIDTH_MAX = 9999, /* of a place, and the greatest precision */
    FROM_ARGUMENT = INT_MIN,
    UNSET = INT_MIN + 1
};

/* A place of the format: %-08.3f. */
struct place {
    bool left, plus, blank, alternate, zero, point, commas; /* - + blank # 0 ! , */
    int width;                                              /* or FROM_ARGUMENT, or UNSET */
    int precision;                                          /* the same */
    char type;
};

/* --- places ------------------------------------------------------------------------------------------------------- */

static bool *flag_of(struct place *place, char byte)
{
    switch (byte) {
    case '-':
        return &place->left;
    case '+':
        return &place->plus;
    case ' ':
        return &place->blank;
    case '#':
        return &place->alternate;
    case '0':
        return &place->zero;
    case '!':
        return &place->point;
    case ',':
        return &place->commas;
    default:
        return NULL;
    }
}

/* Reads digits or a star. Returns false if the number is too large. */
static bool read_size(const char **at, const char *end, int *size)
{
    if (*at < end && **at == '*') {
        *size = FROM_ARGUMENT;
        ++*at;
        return true;
    }
    for (; *at < end && **at >= '0' && **at <= '9'; ++*at) {
        *size = (*size > 0 ? *size : 0) * 10 + (**at - '0');
        if (*size > WIDTH_MAX)
            return false;
    }
    return true;
}

/* Reads a place from behind its % to its end. Returns false, and has failed, if it is not one. */
static bool read_place(struct call *call, const char **text, const char *end, struct place *place)
{
    const char *at = *text;
    *place = (struct place){.width = UNSET, .precision = UNSET};
    for (bool *flag; at < end && (flag = flag_of(place, *at)) != NULL; at++)
        *flag = true;
    bool fits = read_size(&at, end, &place->width);
    if (fits && at < end && *at == '.') {
        at++;
        place->precision = 0;
        fits = read_size(&at, end, &place->precision);
    }
    if (!fits)
        return call_fail(call, "a width or precision in the format is greater than %d", WIDTH_MAX);
    for (int i = 0; i < 2 && at < end && *at == 'l'; i++)
        at++;
    if (at == end)
        return call_fail(call, "the format ends within a place: a %% itself is written %%%%");
    place->type = *at++;
    if (place->type == '\0' || strchr("diufeEgGxXocsqQw%", place->type) == NULL)
        return call_fail(
            call,
            "the format has the place %%%c: the ones known are %%d %%u %%f %%e %%g %%x %%o %%c %%s %%q %%Q %%w %%%%",
            place->type >= ' ' && place->type < 0x7f ? place->type : '?');
    *text = at;
    return true;
}

/* --- sizes -------------------------------------------------------------------------------------------------------- */

static bool fill(struct draft *out, const struct place *place, struct bytes prefix, struct bytes body)
{
    size_t size = prefix.size;
    size_t characters = body.size;
    if (!utf8_count(body, &characters))
        characters = body.size;
    size += characters;
    const size_t missing = place->width > 0 && (size_t)place->width > size ? (size_t)place->width - size : 0;
    const bool zeros = place->zero && !place->left;
    return draft_add_repeated(out, ' ', zeros || place->left ? 0 : missing) && draft_add(out, prefix) &&
           draft_add_repeated(out, '0', zeros ? missing : 0) && draft_add(out, body) &&
           draft_add_repeated(out, ' ', place->left ? missing : 0);
}

static struct bytes sign_of(const struct place *place, bool negative)
{
    return bytes_of(negative ? "-" : place->plus ? "+" : place->blank ? " " : "");
}

/* Appends digits, with a comma before each group of three if that is wanted. */
static bool add_digits(struct draft *body, const struct place *place, struct bytes digits)
{
    size_t first = place->commas ? digits.size % 3 : digits.size;
    if (first == 0)
        first = digits.size < 3 ? digits.size : 3;
    if (!draft_add(body, (struct bytes){digits.data, first}))
        return false;
    for (size_t at = first; at < digits.size; at += 3)
        if (!draft_add_byte(body, ',') || !draft_add(body, (struct bytes){digits.data + at, 3}))
            return false;
    return true;
}

/* --- whole numbers ------------------------------------------------------------------------------------------------ */

static bool whole_argument(struct call *call, size_t index, const struct place *place, number_mantissa *whole)
{
    struct number number;
    if (!call_number(call, index, &number))
        return false;
    if (number.floating && fabs(number.real) < 0x1p126 && trunc(number.real) == number.real)
        number = (struct number){.mantissa = (number_mantissa)number.real};
    if (number.floating || number.scale > 0)
        return call_fail_about(call, call_argument(call, index), "is not a whole number, which %%%c takes",
                               place->type);
    if (number.mantissa < 0 && place->type != 'd' && place->type != 'i')
        return call_fail_about(call, call_argument(call, index), "is negative, which %%%c cannot show", place->type);
    *whole = number.mantissa;
    return true;
}

static bool add_whole(struct draft *out, struct place place, number_mantissa whole)
{
    static const char digits[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
    const unsigned base = place.type == 'o' ? 8 : place.type == 'x' || place.type == 'X' ? 16 : 10;
    const bool negative = whole < 0;
    char text[64], *end = text + sizeof text, *at = end;
    magnitude left = negative ? 0 - (magnitude)whole : (magnitude)whole;
    do
        *--at = (place.type == 'X' ? upper : digits)[left % base];
    while ((left /= base) > 0);
    struct draft padded = {out->call, NULL, 0, 0}, body = padded;
    const bool is_signed = place.type == 'd' || place.type == 'i';
    const struct bytes sign = is_signed ? sign_of(&place, negative) : bytes_of("");
    /* Zeros come before commas, as in SQLite. */
    int least = place.precision;
    if (place.zero && place.width - (int)sign.size > least)
        least = place.width - (int)sign.size;
    const size_t size = (size_t)(end - at);
    place.zero = false;
    place.commas = place.commas && base == 10;
    if (whole != 0 && place.alternate && base != 10 &&
        !draft_add(&body, bytes_of(base == 8           ? "0"
                                   : place.type == 'x' ? "0x"
                                                       : "0X")))
        return false;
    return draft_add_repeated(&padded, '0', least > 0 && (size_t)least > size ? (size_t)least - size : 0) &&
           draft_add(&padded, (struct bytes){at, size}) && add_digits(&body, &place, draft_bytes(&padded)) &&
           fill(out, &place, sign, draft_bytes(&body));
}

/* --- numbers with a fraction -------------------------------------------------------------------------------------- */

static bool is_negative(struct number number)
{
    return number.floating ? number.real < 0 : number.mantissa < 0;
}

/* Appends the magnitude with precision digits after the point. */
static bool add_fixed(struct draft *body, const struct place *place, struct number number, int precision)
{
    char text[NUMBER_TEXT];
    struct bytes digits;
    if (number.floating) {
        const size_t room = 330 + (size_t)precision;
        char *to = call_room(body->call, room);
        if (to == NULL)
            return false;
        digits = (struct bytes){to, (size_t)snprintf(to, room, "%.*f", precision, fabs(number.real))};
    } else {
        const int kept = precision < NUMBER_SCALE_MAX ? precision : NUMBER_SCALE_MAX;
        digits = number_format(round_number(number, kept, ROUND_HALF_AWAY), text);
        if (*digits.data == '-')
            digits = (struct bytes){digits.data + 1, digits.size - 1};
    }
    const char *end = digits.data + digits.size, *point = scan_find(digits.data, end, '.');
    const struct bytes fraction = {point + 1, point < end ? (size_t)(end - point) - 1 : 0};
    return add_digits(body, place, (struct bytes){digits.data, (size_t)(point - digits.data)}) &&
           ((precision == 0 && !place->alternate && !place->point) || draft_add_byte(body, '.')) &&
           (fraction.size == 0 || draft_add(body, fraction)) &&
           draft_add_repeated(body, '0', (size_t)precision - fraction.size);
}

/* Writes count significant digits of the magnitude to digits, rounded half away from zero if the number is exact, and
 * sets *exponent to the power of ten of the first. */
static void write_significant(struct number number, size_t count, char *digits, int *exponent)
{
    char text[NUMBER_TEXT];
    const struct bytes written = number_format(number, text);
    size_t size = 0;
    int place = 0, behind = 0; /* digits, and digits behind the point, after the first one that is not 0 */
    bool point = false;
    char all[NUMBER_TEXT] = "";
    for (size_t i = 0; i < written.size; i++) {
        const char byte = written.data[i];
        if (byte == '-')
            continue;
        if (byte == '.') {
            point = true;
            continue;
        }
        behind += point;
        if (size > 0 || byte != '0')
            all[size++] = byte;
    }
    place = (int)size - behind - 1;
    const bool up = size > count && all[count] >= '5';
    memset(digits, '0', count);
    memcpy(digits, all, size < count ? size : count);
    *exponent = size > 0 ? place : 0;
    if (!up)
        return;
    size_t at = count;
    while (at > 0 && digits[at - 1] == '9')
        digits[--at] = '0';
    if (at > 0) {
        digits[at - 1]++;
        return;
    }
    *digits = '1';
    ++*exponent;
}

static void write_significant_real(double real, size_t count, char *digits, int *exponent, char *text, size_t room)
{
    snprintf(text, room, "%.*e", (int)count - 1, fabs(real));
    size_t size = 0;
    char *at = text;
    for (; *at != 'e'; at++)
        if (*at != '.')
            digits[size++] = *at;
    *exponent = atoi(at + 1);
}

/* Appends the magnitude as %e or %g shows it. */
static bool add_exponential(struct draft *body, const struct place *place, struct number number, int precision)
{
    const bool general = place->type == 'g' || place->type == 'G';
    size_t count = (size_t)precision + !general;
    if (count == 0)
        count = 1;
    const size_t room = count + 16;
    char *digits = call_room(body->call, 2 * room);
    int exponent;
    if (digits == NULL)
        return false;
    if (number.floating)
        write_significant_real(number.real, count, digits, &exponent, digits + room, room);
    else
        write_significant(number, count, digits, &exponent);
    const bool power = !general || exponent < -4 || exponent >= (int)count;
    const bool trimmed = general && !place->alternate;
    /* The digits before the point, and zeros before the first one. */
    const size_t whole = power ? 1 : exponent >= 0 ? (size_t)exponent + 1 : 0;
    while (trimmed && count > whole && count > 1 && digits[count - 1] == '0')
        count--;
    const size_t zeros = whole == 0 ? (size_t)(-exponent - 1) : 0;
    const size_t behind = count - whole;
    bool added = whole > 0 ? add_digits(body, place, (struct bytes){digits, whole}) : draft_add_byte(body, '0');
    if (behind + zeros > 0 || place->alternate || place->point)
        added = added && draft_add_byte(body, '.');
    added = added && draft_add_repeated(body, '0', zeros) && draft_add(body, (struct bytes){digits + whole, behind});
    if (behind + zeros == 0 && place->point && trimmed)
        added = added && draft_add_byte(body, '0');
    if (power) {
        char text[16];
        const int size =
            snprintf(text, sizeof text, "%c%+03d", place->type == 'E' || place->type == 'G' ? 'E' : 'e', exponent);
        added = added && draft_add(body, (struct bytes){text, (size_t)size});
    }
    return added;
}

static bool add_real(struct draft *out, const struct place *place, struct number number)
{
    struct draft body = {out->call, NULL, 0, 0};
    const int precision = place->precision == UNSET ? 6 : place->precision;
    if (!(place->type == 'f' ? add_fixed : add_exponential)(&body, place, number, precision))
        return false;
    /* What is rounded to 0 has no sign. */
    const struct bytes text = draft_bytes(&body);
    bool zero = true;
    for (size_t i = 0; i < text.size && text.data[i] != 'e' && text.data[i] != 'E'; i++)
        zero = zero && (text.data[i] < '1' || text.data[i] > '9');
    return fill(out, place, sign_of(place, is_negative(number) && !zero), text);
}

/* --- texts -------------------------------------------------------------------------------------------------------- */

static bool add_text(struct draft *out, struct place place, struct bytes text)
{
    struct draft body = {out->call, NULL, 0, 0};
    if (place.precision >= 0 && place.type != 'c') {
        const char *end = utf8_skip(text.data, text.data + text.size, (size_t)place.precision);
        text.size = (size_t)(end - text.data);
    }
    place.zero = false;
    switch (place.type) {
    case 'q':
        return draft_add_doubled(&body, text, '\'') && fill(out, &place, bytes_of(""), draft_bytes(&body));
    case 'Q':
        return draft_add_quoted(&body, text, '\'') && fill(out, &place, bytes_of(""), draft_bytes(&body));
    case 'w':
        return draft_add_doubled(&body, text, '"') && fill(out, &place, bytes_of(""), draft_bytes(&body));
    case 'c':
        if (text.size == 0)
            return call_fail(out->call, "%%c takes a text of at least one character");
        text.size = utf8_size(text.data, text.data + text.size);
        for (int i = 0; i < (place.precision > 1 ? place.precision : 1); i++)
            if (!draft_add(&body, text))
                return false;
        return fill(out, &place, bytes_of(""), draft_bytes(&body));
    default:
        return fill(out, &place, bytes_of(""), text);
    }
}

/* --- formats ------------------------------------------------------------------------------------------------------ */

static bool fail_count(struct call *call, size_t wanted)
{
    return call_fail(call, "the format takes %zu argument%s, and %zu follow%s it", wanted, wanted == 1 ? "" : "s",
                     call->count - 1, call->count == 2 ? "s" : "");
}

/* Returns how many arguments are the width or the precision of a place. */
static size_t sizes_of(const struct place *place)
{
    return (size_t)(place->width == FROM_ARGUMENT) + (place->precision == FROM_ARGUMENT);
}

/* Counts the arguments that a format takes. Returns false, and has failed, if it is not a format. */
static bool count_arguments(struct call *call, struct bytes format, size_t *count)
{
    const char *at = format.data, *end = at + format.size;
    *count = 0;
    while ((at = scan_find(at, end, '%')) < end) {
        struct place place;
        at++;
        if (!read_place(call, &at, end, &place))
            return false;
        *count += sizes_of(&place) + (place.type != '%');
    }
    return true;
}

static bool check_format(struct call *call, struct bytes format)
{
    size_t count;
    return count_arguments(call, format, &count) && (count == call->count - 1 || fail_count(call, count));
}

bool format_prepare(struct call *call, const struct datum *const *known)
{
    return known[0] == NULL || known[0]->kind != DATUM_TEXT || check_format(call, known[0]->text);
}

/* Sets *size to the next argument if it is to come from there. */
static bool take_size(struct call *call, size_t *index, int least, int *size)
{
    int64_t given;
    if (*size != FROM_ARGUMENT)
        return true;
    if (!call_integer(call, (*index)++, "a width or precision", least, WIDTH_MAX, &given))
        return false;
    *size = (int)given;
    return true;
}

static bool add_argument(struct draft *out, const struct place *place, size_t index)
{
    struct call *call = out->call;
    number_mantissa whole = 0;
    struct number number;
    struct bytes text;
    switch (place->type) {
    case 'd':
    case 'i':
    case 'u':
    case 'x':
    case 'X':
    case 'o':
        return whole_argument(call, index, place, &whole) && add_whole(out, *place, whole);
    case 'f':
    case 'e':
    case 'E':
    case 'g':
    case 'G':
        return call_number(call, index, &number) && add_real(out, place, number);
    default:
        return call_text(call, index, &text) && add_text(out, *place, text);
    }
}

bool format_call(struct call *call, struct datum *result)
{
    struct bytes format;
    struct draft out = {call, NULL, 0, 0};
    if (call_argument(call, 0)->kind == DATUM_NULL)
        return give_null(result);
    if (!call_text(call, 0, &format) || !check_format(call, format))
        return false;
    const char *at = format.data, *end = at + format.size;
    size_t index = 1;
    for (;;) {
        const char *next = scan_find(at, end, '%');
        if (!draft_add(&out, (struct bytes){at, (size_t)(next - at)}))
            return false;
        if (next == end)
            return give_text(result, draft_bytes(&out));
        struct place place;
        at = next + 1;
        if (!read_place(call, &at, end, &place))
            return false;
        for (size_t i = index; i < index + sizes_of(&place); i++)
            if (call_argument(call, i)->kind == DATUM_NULL)
                return give_null(result);
        if (!take_size(call, &index, -WIDTH_MAX, &place.width) || !take_size(call, &index, 0, &place.precision))
            return false;
        if (place.width < 0 && place.width != UNSET) {
            place.left = true;
            place.width = -place.width;
        }
        if (place.type == '%') {
            if (!draft_add_byte(&out, '%'))
                return false;
            continue;
        }
        const bool null = call_argument(call, index)->kind == DATUM_NULL;
        if (null && place.type != 'Q')
            return give_null(result);
        place.zero = place.zero && !null;
        if (null ? !fill(&out, &place, bytes_of(""), bytes_of("NULL")) : !add_argument(&out, &place, index))
            return false;
        index++;
    }
}
