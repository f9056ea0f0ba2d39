/* Functions of values of any kind. */
#include <unistd.h>

#include "base/scan.h"
#include "expr/draft.h"
#include "value/arithmetic.h"

/* --- kinds -------------------------------------------------------------------------------------------------------- */

/* The type of what is written as a number, or is one. */
static const char *type_of_number(const struct datum *datum)
{
    struct number number;
    switch (datum_number(datum, &number)) {
    case NUMBER_OK:
        return number.floating || number.scale > 0 ? "real" : "integer";
    case NUMBER_BEYOND:
        return number.floating || scan_holds(datum->text, '.') ? "real" : "integer";
    default:
        return NULL;
    }
}

static bool call_typeof(struct call *call, struct datum *result)
{
    const struct datum *datum = call_argument(call, 0);
    const char *type = NULL;
    if (datum->kind == DATUM_NULL)
        type = "null";
    else if (datum->kind == DATUM_BOOLEAN)
        type = "boolean";
    else if (datum->kind != DATUM_TEXT)
        type = type_of_number(datum);
    return give_text(result, bytes_of(type != NULL ? type : "text"));
}

/* --- comparing ---------------------------------------------------------------------------------------------------- */

/* Compares two arguments that are not NULL. Returns false, and has failed, if neither is less. */
static bool order_of(struct call *call, const struct datum *a, const struct datum *b, enum datum_order *order)
{
    char text[NUMBER_TEXT];
    *order = datum_compare(a, b);
    if (*order != DATUM_UNEQUAL)
        return true;
    const struct bytes other = datum_bytes(b, text);
    return call_fail_about(call, a, "is neither less nor greater than %.*s", (int)other.size, other.data);
}

static bool call_nullif(struct call *call, struct datum *result)
{
    const struct datum *a = call_argument(call, 0), *b = call_argument(call, 1);
    if (datum_compare(a, b) == DATUM_EQUAL)
        return give_null(result);
    *result = *a;
    return true;
}

/* Gives the argument that no other one is beyond; sign is 1 for the greatest. */
static bool give_extreme(struct call *call, int sign, struct datum *result)
{
    const struct datum *best = call_argument(call, 0);
    enum datum_order order;
    for (size_t i = 1; i < call->count; i++) {
        if (!order_of(call, call_argument(call, i), best, &order))
            return false;
        if (sign * (int)order > 0)
            best = call_argument(call, i);
    }
    /* Numbers are compared by number and other texts by bytes, and so 10 > 9 > 1a > 10. */
    for (size_t i = 0; i < call->count && call->count > 2; i++) {
        const struct datum *other = call_argument(call, i);
        if (!order_of(call, other, best, &order))
            return false;
        if (sign * (int)order > 0)
            return call_fail(call, "some values are numbers and others are not: they have no common order");
    }
    *result = *best;
    return true;
}

static bool prepare_extreme(struct call *call, const struct datum *const *known)
{
    (void)known;
    return call->count > 1 || call_fail(call, "of many rows belongs in a query: -q, or is an operation");
}

static bool call_max(struct call *call, struct datum *result)
{
    return give_extreme(call, 1, result);
}

static bool call_min(struct call *call, struct datum *result)
{
    return give_extreme(call, -1, result);
}

/* --- numbers as people write them --------------------------------------------------------------------------------- */

struct locale {
    const char *name;
    char decimal;
    const char *groups[3]; /* what may separate groups of three digits */
};

static const struct locale locales[] = {
    {"en", '.', {","}},
    {"de", ',', {"."}},
    {"fr", ',', {" ", "\u202f", "\u00a0"}},
    {"ch", '.', {"'", "\u2019"}},
};

static const struct locale *find_locale(const struct datum *datum)
{
    char text[NUMBER_TEXT];
    const struct bytes name = datum_bytes(datum, text);
    for (size_t i = 0; i < sizeof locales / sizeof *locales; i++)
        if (bytes_equal(bytes_of(locales[i].name), name))
            return &locales[i];
    return NULL;
}

static bool fail_locale(struct call *call, const struct datum *name)
{
    return call_fail_about(call, name, "is not 'en', 'de', 'fr' or 'ch'");
}

static bool prepare_num(struct call *call, const struct datum *const *known)
{
    if (call->count < 2 || known[1] == NULL || known[1]->kind == DATUM_NULL)
        return true;
    return find_locale(known[1]) != NULL || fail_locale(call, known[1]);
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool starts_with(struct bytes text, size_t offset, struct bytes start)
{
    return text.size - offset >= start.size && memcmp(text.data + offset, start.data, start.size) == 0;
}

/* Writes the text as number_parse reads it to plain, which has as much room. Returns the size; 0: the text is not a
 * number of the locale. */
static size_t write_plain(const struct locale *locale, struct bytes text, char *plain)
{
    struct bytes group = {NULL, 0}; /* the separator of this number */
    size_t size = 0, at = 0, digits = 0, groups = 0;
    if (text.size > 0 && (*text.data == '-' || *text.data == '+'))
        plain[size++] = text.data[at++];
    for (;;) {
        for (digits = 0; at < text.size && is_digit(text.data[at]); digits++)
            plain[size++] = text.data[at++];
        if (groups > 0 ? digits != 3 : digits == 0)
            return 0;
        for (size_t i = 0; group.data == NULL && i < 3 && locale->groups[i] != NULL; i++)
            if (starts_with(text, at, bytes_of(locale->groups[i])))
                group = bytes_of(locale->groups[i]);
        if (at == text.size || group.data == NULL || !starts_with(text, at, group))
            break;
        if (groups++ == 0 && digits > 3)
            return 0;
        at += group.size;
    }
    if (at < text.size && text.data[at] == locale->decimal) {
        plain[size++] = '.';
        for (at++; at < text.size && is_digit(text.data[at]);)
            plain[size++] = text.data[at++];
    }
    return at == text.size && is_digit(plain[size - 1]) ? size : 0;
}

static bool call_num(struct call *call, struct datum *result)
{
    const struct datum *datum = call_argument(call, 0);
    struct number number;
    if (datum->kind == DATUM_NULL)
        return call_fail_about(call, datum, "is not a number");
    if (call->count == 1 || datum->kind == DATUM_NUMBER || datum->kind == DATUM_BOOLEAN)
        return call_number(call, 0, &number) && give_number(result, number);
    const struct datum *name = call_argument(call, 1);
    const struct locale *locale = name->kind != DATUM_NULL ? find_locale(name) : NULL;
    if (locale == NULL)
        return fail_locale(call, name);
    char *plain = call_room(call, datum->text.size);
    if (plain == NULL)
        return false;
    const size_t size = write_plain(locale, datum->text, plain);
    const enum number_answer answer = size > 0 ? number_parse((struct bytes){plain, size}, &number) : NUMBER_NONE;
    if (answer == NUMBER_BEYOND)
        return call_fail_about(call, datum, "is a number beyond the range");
    if (answer == NUMBER_NONE)
        return call_fail_about(call, datum, "is not a number of '%s'", locale->name);
    return give_number(result, number);
}

/* Sets *unit to how many bytes a unit has: K and KiB are 1024, kB and KB are 1000. */
static bool read_unit(struct bytes text, struct number *unit)
{
    static const char letters[] = "KMGTPEZYRQ";
    *unit = (struct number){.mantissa = 1};
    if (text.size == 0 || bytes_equal(text, bytes_of("B")))
        return true;
    const struct bytes rest = {text.data + 1, text.size - 1};
    const bool decimal = bytes_equal(rest, bytes_of("B"));
    const char *letter = strchr(letters, *text.data == 'k' && decimal ? 'K' : *text.data);
    if (*text.data == '\0' || letter == NULL || (rest.size > 0 && !decimal && !bytes_equal(rest, bytes_of("iB"))))
        return false;
    for (ptrdiff_t power = letter - letters + 1; power > 0; power--)
        unit->mantissa *= decimal ? 1000 : 1024;
    return true;
}

static bool call_size_bytes(struct call *call, struct datum *result)
{
    struct bytes text;
    struct number number, unit;
    if (!call_text(call, 0, &text))
        return false;
    size_t digits = 0;
    while (digits < text.size && (is_digit(text.data[digits]) || text.data[digits] == '.'))
        digits++;
    size_t behind = digits;
    if (behind + 1 < text.size && text.data[behind] == ' ')
        behind++;
    const struct bytes size = {text.data, digits};
    const enum number_answer answer = number_parse(size, &number);
    if (answer == NUMBER_NONE || !read_unit((struct bytes){text.data + behind, text.size - behind}, &unit))
        return call_fail_about(
            call, call_argument(call, 0),
            "is not a size: digits, then nothing, B, K, M, G (KiB, MiB, GiB: powers of 1024) or kB, MB, GB "
            "(powers of 1000)");
    if (answer == NUMBER_BEYOND || arithmetic_multiply(number, unit, &number) != NUMBER_OK)
        return call_fail_about(call, call_argument(call, 0), "is a size beyond the range");
    return give_number(result, number);
}

/* --- others ------------------------------------------------------------------------------------------------------- */

static bool call_quote(struct call *call, struct datum *result)
{
    char text[NUMBER_TEXT];
    const struct datum *datum = call_argument(call, 0);
    struct draft draft = {call, NULL, 0, 0};
    if (datum->kind == DATUM_NULL)
        return give_text(result, bytes_of("NULL"));
    if (datum->kind != DATUM_TEXT && datum->kind != DATUM_INPUT)
        return give_copy(call, result, datum_bytes(datum, text));
    if (scan_holds(datum->text, '\0'))
        return call_fail_about(call, datum, "has a NUL in it, which no literal of SQL can hold");
    return draft_add_quoted(&draft, datum->text, '\'') && give_text(result, draft_bytes(&draft));
}

static bool call_random(struct call *call, struct datum *result)
{
    int64_t random;
    if (getentropy(&random, sizeof random) != 0)
        return call_fail(call, "the system gives no random numbers");
    return give_integer(result, random);
}

#define IN_QUERY "belongs in a query: -q, or is an operation"
#define IN_DATABASE "is about a database, and there is none: leave it out"
#define ONLY_HINT "is a hint for SQLite: write its first argument alone"

const struct function functions_basic[] = {
    {"typeof", 1, 1, RESULT_TEXT, .call = call_typeof, .sees_null = true},
    {"nullif", 2, 2, RESULT_ANY, .call = call_nullif, .sees_null = true},
    {"max", 1, SIZE_MAX, RESULT_ANY, .call = call_max, .prepare = prepare_extreme},
    {"min", 1, SIZE_MAX, RESULT_ANY, .call = call_min, .prepare = prepare_extreme},
    {"num", 1, 2, RESULT_NUMBER, .call = call_num, .prepare = prepare_num, .sees_null = true},
    {"size_bytes", 1, 1, RESULT_NUMBER, .call = call_size_bytes},
    {"quote", 1, 1, RESULT_TEXT, .call = call_quote, .sees_null = true},
    {"random", 0, 0, RESULT_NUMBER, .call = call_random, .impure = true},
    {.name = "avg", .instead = IN_QUERY},
    {.name = "count", .instead = IN_QUERY},
    {.name = "group_concat", .instead = IN_QUERY},
    {.name = "string_agg", .instead = IN_QUERY},
    {.name = "sum", .instead = IN_QUERY},
    {.name = "total", .instead = IN_QUERY},
    {.name = "median", .instead = IN_QUERY},
    {.name = "percentile", .instead = IN_QUERY},
    {.name = "percentile_cont", .instead = IN_QUERY},
    {.name = "percentile_disc", .instead = IN_QUERY},
    {.name = "row_number", .instead = IN_QUERY},
    {.name = "rank", .instead = IN_QUERY},
    {.name = "dense_rank", .instead = IN_QUERY},
    {.name = "percent_rank", .instead = IN_QUERY},
    {.name = "cume_dist", .instead = IN_QUERY},
    {.name = "ntile", .instead = IN_QUERY},
    {.name = "lag", .instead = IN_QUERY},
    {.name = "lead", .instead = IN_QUERY},
    {.name = "first_value", .instead = IN_QUERY},
    {.name = "last_value", .instead = IN_QUERY},
    {.name = "nth_value", .instead = IN_QUERY},
    {.name = "likely", .instead = ONLY_HINT},
    {.name = "unlikely", .instead = ONLY_HINT},
    {.name = "likelihood", .instead = ONLY_HINT},
    {.name = "randomblob", .instead = "makes bytes that no text can hold: write random()"},
    {.name = "zeroblob", .instead = "makes bytes that no text can hold: write char(0)"},
    {.name = "subtype", .instead = "is about the inside of SQLite: write typeof(x)"},
    {.name = "changes", .instead = IN_DATABASE},
    {.name = "total_changes", .instead = IN_DATABASE},
    {.name = "last_insert_rowid", .instead = IN_DATABASE},
    {.name = "load_extension", .instead = IN_DATABASE},
    {.name = "sqlite_compileoption_get", .instead = IN_DATABASE},
    {.name = "sqlite_compileoption_used", .instead = IN_DATABASE},
    {.name = "sqlite_log", .instead = IN_DATABASE},
    {.name = "sqlite_offset", .instead = IN_DATABASE},
    {.name = "sqlite_source_id", .instead = IN_DATABASE},
    {.name = "sqlite_version", .instead = IN_DATABASE},
    {0},
};
