/* Functions that look into a text: regular expressions by PCRE2, LIKE and GLOB, fields. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "expr/draft.h"
#include "expr/pattern.h"
#include "value/field.h"

enum {
    STEPS_MAX = 1000000,          /* of backtracking, for each place where a match may begin: some milliseconds */
    STACK_FIRST = 32 * 1024,      /* bytes that backtracking takes with the JIT at first, */
    STACK_MAX = 16 * 1024 * 1024, /* and at most, with it or without; memory is used only if it is needed */
};

/* --- regular expressions ------------------------------------------------------------------------------------------ */

/* The memo of a call: the pattern of the last record, compiled. */
struct regex {
    struct buffer text;        /* the pattern */
    struct buffer replacement; /* of regexp_replace, the last one that was good */
    bool replacement_is_good;
    bool group_known; /* pattern and group of match are constants */
    uint32_t group;
    pcre2_code *code; /* NULL: the text is not a pattern */
    pcre2_match_data *found;
    pcre2_match_context *limits;
    pcre2_jit_stack *stack; /* NULL: there is no JIT */
};

static void forget_regex(void *memo)
{
    struct regex *regex = memo;
    pcre2_code_free(regex->code);
    pcre2_match_data_free(regex->found);
    pcre2_match_context_free(regex->limits);
    pcre2_jit_stack_free(regex->stack);
    buffer_free(&regex->text);
    buffer_free(&regex->replacement);
    free(regex);
}

static struct regex *regex_of(struct call *call)
{
    struct regex *regex = call->memo;
    if (regex != NULL)
        return regex;
    regex = bytes_allocate(sizeof *regex);
    *regex = (struct regex){.limits = pcre2_match_context_create(NULL)};
    call->memo = regex;
    if (regex->limits == NULL)
        return regex;
    pcre2_set_match_limit(regex->limits, STEPS_MAX);
    pcre2_set_heap_limit(regex->limits, STACK_MAX / 1024);
    return regex;
}

static const char *message_of(int answer, char *text, size_t size)
{
    if (pcre2_get_error_message(answer, (PCRE2_UCHAR *)text, size) < 0)
        snprintf(text, size, "error %d", answer);
    return text;
}

/* Returns the compiled pattern, or NULL if the call has failed. */
static struct regex *compile(struct call *call, const struct datum *datum, struct bytes pattern)
{
    struct regex *regex = regex_of(call);
    if (regex->code != NULL && bytes_equal(buffer_bytes(&regex->text), pattern))
        return regex;
    pcre2_code_free(regex->code);
    pcre2_match_data_free(regex->found);
    regex->found = NULL;
    regex->replacement_is_good = false;
    int answer;
    PCRE2_SIZE offset;
    regex->code = pcre2_compile((PCRE2_SPTR)pattern.data, pattern.size, PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C,
                                &answer, &offset, NULL);
    if (regex->code == NULL) {
        char why[256];
        call_fail_about(call, datum, "is not a regular expression: %s, at byte %zu",
                        message_of(answer, why, sizeof why), (size_t)offset);
        return NULL;
    }
    regex->text.size = 0;
    buffer_add(&regex->text, pattern);
    regex->found = pcre2_match_data_create_from_pattern(regex->code, NULL);
    if (pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE) == 0 && regex->stack == NULL && regex->limits != NULL) {
        regex->stack = pcre2_jit_stack_create(STACK_FIRST, STACK_MAX, NULL);
        pcre2_jit_stack_assign(regex->limits, NULL, regex->stack);
    }
    if (regex->found != NULL && regex->limits != NULL)
        return regex;
    call_fail(call, "out of memory");
    return NULL;
}

/* The same for an argument. */
static struct regex *call_regex(struct call *call, size_t index)
{
    struct bytes pattern;
    return call_text(call, index, &pattern) ? compile(call, call_argument(call, index), pattern) : NULL;
}

/* Says why PCRE2 answers with an error. */
static bool fail_match(struct call *call, size_t index, int answer)
{
    char why[256];
    const struct datum *text = call_argument(call, index);
    switch (answer) {
    case PCRE2_ERROR_MATCHLIMIT:
    case PCRE2_ERROR_DEPTHLIMIT:
    case PCRE2_ERROR_HEAPLIMIT:
    case PCRE2_ERROR_JIT_STACKLIMIT:
        return call_fail_about(
            call, text, "makes the pattern try too many ways: let its repetitions, as in (a+)+, match in one way only");
    default:
        if (answer <= PCRE2_ERROR_UTF8_ERR1 && answer >= PCRE2_ERROR_UTF8_ERR21)
            return call_fail_about(call, text, "is not UTF-8, which (*UTF) demands");
        return call_fail_about(call, text, "cannot be matched: %s", message_of(answer, why, sizeof why));
    }
}

/* Looks for the first match. Sets *matches, and then regex->found. */
static bool search(struct call *call, struct regex *regex, size_t index, struct bytes text, bool *matches)
{
    const int answer = pcre2_match(regex->code, (PCRE2_SPTR)text.data, text.size, 0, 0, regex->found, regex->limits);
    *matches = answer >= 0;
    return answer >= 0 || answer == PCRE2_ERROR_NOMATCH || fail_match(call, index, answer);
}

static bool prepare_pattern(struct call *call, const struct datum *known)
{
    return known == NULL || known->kind != DATUM_TEXT || compile(call, known, known->text) != NULL;
}

static bool prepare_regexp(struct call *call, const struct datum *const *known)
{
    return prepare_pattern(call, known[0]);
}

static bool call_regexp(struct call *call, struct datum *result)
{
    struct bytes text;
    bool matches;
    struct regex *regex = call_regex(call, 0);
    return regex != NULL && call_text(call, 1, &text) && search(call, regex, 1, text, &matches) &&
           give_boolean(result, matches);
}

/* Sets *group to the one that a number or a name means. */
static bool find_group(struct call *call, const struct regex *regex, const struct datum *datum, uint32_t *group)
{
    uint32_t groups = 0;
    struct number number;
    int found = PCRE2_ERROR_NOSUBSTRING;
    pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &groups);
    if (datum_number(datum, &number) == NUMBER_OK) {
        if (!number.floating && number.scale == 0 && number.mantissa >= 0 && number.mantissa <= groups)
            found = (int)number.mantissa;
    } else if (datum->kind == DATUM_TEXT || datum->kind == DATUM_INPUT) {
        char *name = bytes_string(datum->text);
        if (strlen(name) == datum->text.size)
            found = pcre2_substring_number_from_name(regex->code, (PCRE2_SPTR)name);
        free(name);
    }
    *group = (uint32_t)found;
    if (found == PCRE2_ERROR_NOUNIQUESUBSTRING)
        return call_fail_about(call, datum, "is the name of several groups of the pattern: give a number");
    return found >= 0 || call_fail_about(call, datum, "is not a group of the pattern, which has %u", (unsigned)groups);
}

static bool prepare_match(struct call *call, const struct datum *const *known)
{
    if (!prepare_pattern(call, known[1]))
        return false;
    struct regex *regex = call->memo;
    if (call->count < 3 || regex == NULL || known[2] == NULL || known[2]->kind == DATUM_NULL)
        return true;
    regex->group_known = find_group(call, regex, known[2], &regex->group);
    return regex->group_known;
}

static bool call_match(struct call *call, struct datum *result)
{
    struct bytes text;
    bool matches;
    struct regex *regex = call_regex(call, 1);
    uint32_t group = regex != NULL ? regex->group : 0;
    if (regex == NULL || !call_text(call, 0, &text) ||
        (call->count == 3 && !regex->group_known && !find_group(call, regex, call_argument(call, 2), &group)) ||
        !search(call, regex, 0, text, &matches))
        return false;
    if (!matches)
        return give_null(result);
    const PCRE2_SIZE *place = pcre2_get_ovector_pointer(regex->found) + 2 * group;
    if (place[0] == PCRE2_UNSET || place[0] > place[1]) /* \K can make it end before it begins */
        return give_null(result);
    return give_input(result, (struct bytes){text.data + place[0], place[1] - place[0]});
}

static bool is_name_byte(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
}

/* Checks $1, ${1}, ${name} and $$ of a replacement. */
static bool check_replacement(struct call *call, struct regex *regex, const struct datum *datum, struct bytes text)
{
    if (regex->replacement_is_good && bytes_equal(buffer_bytes(&regex->replacement), text))
        return true;
    regex->replacement_is_good = false;
    const char *at = text.data, *end = at + text.size;
    while ((at = scan_find(at, end, '$')) < end) {
        uint32_t group;
        at++;
        if (at < end && *at == '$') {
            at++;
            continue;
        }
        const bool braces = at < end && *at == '{';
        const char *name = at + braces;
        for (at = name; at < end && is_name_byte(*at);)
            at++;
        if (at == name || (braces && (at == end || *at != '}')))
            return call_fail_about(call, datum, "has a $ that is not $1, ${1} or ${name}: a $ itself is written $$");
        const struct datum named = {.kind = DATUM_TEXT, .text = {name, (size_t)(at - name)}};
        if (!find_group(call, regex, &named, &group))
            return false;
        at += braces;
    }
    regex->replacement.size = 0;
    buffer_add(&regex->replacement, text);
    regex->replacement_is_good = true;
    return true;
}

static bool prepare_replace(struct call *call, const struct datum *const *known)
{
    if (!prepare_pattern(call, known[1]))
        return false;
    return call->memo == NULL || known[2] == NULL || known[2]->kind != DATUM_TEXT ||
           check_replacement(call, call->memo, known[2], known[2]->text);
}

static bool call_replace(struct call *call, struct datum *result)
{
    struct bytes text, replacement;
    struct regex *regex = call_regex(call, 1);
    if (regex == NULL || !call_text(call, 0, &text) || !call_text(call, 2, &replacement) ||
        !check_replacement(call, regex, call_argument(call, 2), replacement))
        return false;
    PCRE2_SIZE size = text.size + text.size / 4 + 64;
    for (;;) {
        const PCRE2_SIZE room = size;
        char *to = call_room(call, room);
        if (to == NULL)
            return false;
        const int answer = pcre2_substitute(
            regex->code, (PCRE2_SPTR)text.data, text.size, 0,
            PCRE2_SUBSTITUTE_GLOBAL | PCRE2_SUBSTITUTE_UNSET_EMPTY | PCRE2_SUBSTITUTE_OVERFLOW_LENGTH, regex->found,
            regex->limits, (PCRE2_SPTR)replacement.data, replacement.size, (PCRE2_UCHAR *)to, &size);
        if (answer == 0)
            return give_text(result, text);
        if (answer > 0)
            return give_text(result, (struct bytes){to, size});
        if (answer != PCRE2_ERROR_NOMEMORY || size <= room)
            return fail_match(call, 0, answer);
    }
}

/* --- LIKE and GLOB ------------------------------------------------------------------------------------------------ */

/* Sets *escape to the character that an argument is. */
static bool read_escape(struct call *call, const struct datum *datum, int *escape)
{
    char text[NUMBER_TEXT];
    const struct bytes given = datum_bytes(datum, text);
    if (given.size != 1 || (unsigned char)*given.data >= 0x80)
        return call_fail_about(call, datum, "is not one ASCII character, which escapes others");
    *escape = *given.data;
    return true;
}

static bool prepare_like(struct call *call, const struct datum *const *known)
{
    int escape;
    return call->count < 3 || known[2] == NULL || known[2]->kind == DATUM_NULL || read_escape(call, known[2], &escape);
}

static bool call_like(struct call *call, struct datum *result)
{
    struct bytes pattern, text;
    int escape = -1;
    return call_text(call, 0, &pattern) && call_text(call, 1, &text) &&
           (call->count < 3 || read_escape(call, call_argument(call, 2), &escape)) &&
           give_boolean(result, like_match(pattern, text, escape));
}

static bool call_glob(struct call *call, struct datum *result)
{
    struct bytes pattern, text;
    return call_text(call, 0, &pattern) && call_text(call, 1, &text) && give_boolean(result, glob_match(pattern, text));
}

/* --- fields ------------------------------------------------------------------------------------------------------- */

static bool fail_delimiter(struct call *call, const struct datum *datum)
{
    return call_fail_about(call, datum,
                           "is not one byte (\\t stands for a tab): split(x, delimiter, n) takes any text");
}

static bool prepare_field(struct call *call, const struct datum *const *known)
{
    int delimiter;
    if (call->count < 3 || known[2] == NULL || known[2]->kind != DATUM_TEXT)
        return true;
    return field_parse_delimiter(known[2]->text, &delimiter) || fail_delimiter(call, known[2]);
}

static bool call_field(struct call *call, struct datum *result)
{
    struct bytes text, given, field = {NULL, 0};
    int64_t number;
    int delimiter = FIELD_BLANKS;
    if (!call_text(call, 0, &text) ||
        !call_integer(call, 1, "the number of a field: they count from 1", 1, INT64_MAX, &number))
        return false;
    if (call->count == 3) {
        if (!call_text(call, 2, &given))
            return false;
        if (!field_parse_delimiter(given, &delimiter))
            return fail_delimiter(call, call_argument(call, 2));
    }
    struct field_reader fields = field_begin(text, delimiter);
    for (; number > 0; number--)
        if (!field_next(&fields, &field))
            return give_null(result);
    return give_input(result, field);
}

const struct function functions_pattern[] = {
    {"regexp", 2, 2, RESULT_BOOLEAN, .call = call_regexp, .prepare = prepare_regexp, .forget = forget_regex},
    {"match", 2, 3, RESULT_TEXT, .call = call_match, .prepare = prepare_match, .forget = forget_regex},
    {"regexp_replace", 3, 3, RESULT_TEXT, .call = call_replace, .prepare = prepare_replace, .forget = forget_regex},
    {"like", 2, 3, RESULT_BOOLEAN, .call = call_like, .prepare = prepare_like},
    {"glob", 2, 2, RESULT_BOOLEAN, .call = call_glob},
    {"field", 2, 3, RESULT_TEXT, .call = call_field, .prepare = prepare_field},
    {0},
};
