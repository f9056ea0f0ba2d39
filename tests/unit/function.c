/* Goal of this test: each function gives what its page says, of each kind of argument, or says why it fails. */
#include "expr/function.h"

#include "base/utf8.h"
#include "check.h"
#include "expr/pattern.h"

enum { ARGUMENTS = 6 };

/* A datum is written as its kind, a colon and its bytes: b for a boolean, n a number, t a text, i an input; - is NULL.
 * Of a result that begins with ! the rest is why the call fails, or what to write instead. */
struct example {
    const char *name;
    const char *arguments[ARGUMENTS];
    const char *result;
};

/* Sets *datum to what is written; the bytes are a copy of their exact size. */
static void read_datum(const char *written, struct datum *datum)
{
    *datum = (struct datum){.kind = DATUM_NULL};
    if (*written == '-')
        return;
    datum->text = check_copy(written + 2);
    switch (*written) {
    case 'b':
        datum->kind = DATUM_BOOLEAN;
        datum->truth = written[2] == 't';
        return;
    case 'n':
        datum->kind = DATUM_NUMBER;
        CHECK_ABOUT(bytes_of(written), number_parse(datum->text, &datum->number) == NUMBER_OK);
        return;
    default:
        datum->kind = *written == 'i' ? DATUM_INPUT : DATUM_TEXT;
    }
}

static void write_datum(struct buffer *out, const struct datum *datum)
{
    static const char kinds[] = {[DATUM_BOOLEAN] = 'b', [DATUM_NUMBER] = 'n', [DATUM_TEXT] = 't', [DATUM_INPUT] = 'i'};
    char text[NUMBER_TEXT];
    if (datum->kind == DATUM_NULL) {
        buffer_add_byte(out, '-');
        return;
    }
    buffer_print(out, "%c:", kinds[datum->kind]);
    buffer_add(out, datum_bytes(datum, text));
}

/* Calls the function as the evaluator does; prepared: as one whose arguments are constants. */
static void evaluate(const struct example *example, bool prepared, struct buffer *out)
{
    struct datum registers[ARGUMENTS], result = {.kind = DATUM_NULL};
    const struct datum *known[ARGUMENTS];
    uint16_t arguments[ARGUMENTS];
    struct arena arena = {0};
    struct buffer why = {0};
    struct call call = {.registers = registers, .arguments = arguments, .arena = &arena, .why = &why};
    bool null = false;
    for (; call.count < ARGUMENTS && example->arguments[call.count] != NULL; call.count++) {
        struct datum *datum = &registers[ARGUMENTS - 1 - call.count];
        arguments[call.count] = (uint16_t)(datum - registers);
        read_datum(example->arguments[call.count], datum);
        known[call.count] = datum;
        null = null || datum->kind == DATUM_NULL;
    }
    const struct function *function = function_find(bytes_of(example->name));
    bool good = function != NULL && function->instead == NULL;
    if (function == NULL)
        buffer_print(&why, "no such function");
    else if (!good)
        buffer_print(&why, "%s", function->instead);
    else if (call.count < function->least || call.count > function->most)
        buffer_print(&why, "takes another number of arguments");
    else {
        if (prepared && function->prepare != NULL)
            good = function->prepare(&call, known);
        if (good && (!null || function->sees_null))
            good = function->call(&call, &result);
        if (call.memo != NULL)
            function->forget(call.memo);
    }
    if (good && why.size == 0) {
        write_datum(out, &result);
    } else {
        buffer_add_byte(out, '!');
        buffer_add(out, buffer_bytes(&why));
    }
    for (size_t i = 0; i < call.count; i++)
        if (registers[arguments[i]].kind != DATUM_NULL)
            free((char *)registers[arguments[i]].text.data);
    buffer_free(&why);
    arena_free(&arena);
}

static void check_examples(const struct example *examples, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (int prepared = 0; prepared < 2; prepared++) {
            const struct example *example = &examples[i];
            struct buffer found = {0}, about = {0};
            evaluate(example, prepared, &found);
            buffer_print(&about, "%s(", example->name);
            for (size_t j = 0; j < ARGUMENTS && example->arguments[j] != NULL; j++)
                buffer_print(&about, "%s%s", j > 0 ? ", " : "", example->arguments[j]);
            buffer_print(&about, ") gives %s and not %s", buffer_string(&found), example->result);
            CHECK_ABOUT(buffer_bytes(&about), bytes_equal(buffer_bytes(&found), bytes_of(example->result)));
            buffer_free(&about);
            buffer_free(&found);
        }
}

#define CHECK_EXAMPLES(examples) check_examples((examples), sizeof(examples) / sizeof *(examples))

static void check_functions_basic(void)
{
    static const struct example examples[] = {
        {"typeof", {"-"}, "t:null"},
        {"typeof", {"b:true"}, "t:boolean"},
        {"typeof", {"n:1"}, "t:integer"},
        {"typeof", {"n:1.5"}, "t:real"},
        {"typeof", {"n:1e3"}, "t:real"},
        {"typeof", {"t:1"}, "t:text"},
        {"typeof", {"i:1"}, "t:integer"},
        {"typeof", {"i:1.5"}, "t:real"},
        {"typeof", {"i:1e3"}, "t:real"},
        {"typeof", {"i:abc"}, "t:text"},
        {"typeof", {"i:99999999999999999999999999999999999999999"}, "t:integer"},
        {"typeof", {"i:1e999"}, "t:real"},
        {"nullif", {"n:1", "n:1"}, "-"},
        {"nullif", {"i:1.0", "n:1"}, "-"},
        {"nullif", {"i:1.0", "t:1"}, "i:1.0"},
        {"nullif", {"t:a", "-"}, "t:a"},
        {"nullif", {"-", "n:1"}, "-"},
        {"nullif", {"n:5", "t:abc"}, "n:5"},
        {"max", {"n:1", "n:3", "n:2"}, "n:3"},
        {"min", {"n:1", "n:3", "n:2"}, "n:1"},
        {"max", {"i:10", "i:9"}, "i:10"},
        {"max", {"t:10", "t:9"}, "t:9"},
        {"max", {"i:10", "t:9"}, "t:9"},
        {"max", {"i:1.50", "n:1.5"}, "i:1.50"},
        {"max", {"n:1", "-"}, "-"},
        {"max", {"n:1", "t:abc"}, "!\"abc\" is neither less nor greater than 1"},
        {"max", {"i:10", "i:9", "i:1a"}, "!some values are numbers and others are not: they have no common order"},
        {"num", {"i:1.50"}, "n:1.5"},
        {"num", {"t:abc"}, "!\"abc\" is not a number"},
        {"num", {"-"}, "!NULL is not a number"},
        {"num", {"b:true"}, "!true is not a number"},
        {"num", {"i:"}, "!\"\" is not a number"},
        {"num",
         {"i:99999999999999999999999999999999999999999"},
         "!\"99999999999999999999999999999999999999999\" is a number beyond the range"},
        {"num", {"i:1.021,75", "t:de"}, "n:1021.75"},
        {"num", {"i:-1.021.000", "t:de"}, "n:-1021000"},
        {"num", {"i:1.02", "t:de"}, "!\"1.02\" is not a number of 'de'"},
        {"num", {"i:1021,75", "t:de"}, "n:1021.75"},
        {"num", {"i:0,5", "t:de"}, "n:0.5"},
        {"num", {"i:1,234.50", "t:en"}, "n:1234.5"},
        {"num", {"i:12,34", "t:en"}, "!\"12,34\" is not a number of 'en'"},
        {"num", {"i:1234,567", "t:en"}, "!\"1234,567\" is not a number of 'en'"},
        {"num", {"i:1,,234", "t:en"}, "!\"1,,234\" is not a number of 'en'"},
        {"num", {"i:,123", "t:en"}, "!\",123\" is not a number of 'en'"},
        {"num", {"i:1.2.3", "t:en"}, "!\"1.2.3\" is not a number of 'en'"},
        {"num", {"i:1.5,", "t:en"}, "!\"1.5,\" is not a number of 'en'"},
        {"num", {"i:-", "t:en"}, "!\"-\" is not a number of 'en'"},
        {"num", {"i:", "t:de"}, "!\"\" is not a number of 'de'"},
        {"num", {"i:1.2e3", "t:en"}, "!\"1.2e3\" is not a number of 'en'"},
        {"num", {"n:1.5", "t:de"}, "n:1.5"},
        {"num", {"i:1", "t:it"}, "!\"it\" is not 'en', 'de', 'fr' or 'ch'"},
        {"num", {"i:1", "-"}, "!NULL is not 'en', 'de', 'fr' or 'ch'"},
        {"num", {"i:1'234.50", "t:ch"}, "n:1234.5"},
        {"num", {"i:1’234", "t:ch"}, "n:1234"},
        {"num", {"i:1 234,5", "t:fr"}, "n:1234.5"},
        {"num", {"i:1 234.5", "t:fr"}, "!\"1 234.5\" is not a number of 'fr'"},
        {"size_bytes", {"i:4.0K"}, "n:4096"},
        {"size_bytes", {"i:512"}, "n:512"},
        {"size_bytes", {"i:1.5GiB"}, "n:1610612736"},
        {"size_bytes", {"i:10MB"}, "n:10000000"},
        {"size_bytes", {"i:3kB"}, "n:3000"},
        {"size_bytes", {"i:3KB"}, "n:3000"},
        {"size_bytes",
         {"i:10k"},
         "!\"10k\" is not a size: digits, then nothing, B, K, M, G (KiB, MiB, GiB: powers of 1024) or kB, MB, GB "
         "(powers of 1000)"},
        {"size_bytes", {"i:10 MB"}, "n:10000000"},
        {"size_bytes",
         {"i:10 "},
         "!\"10 \" is not a size: digits, then nothing, B, K, M, G (KiB, MiB, GiB: powers of 1024) or kB, MB, GB "
         "(powers of 1000)"},
        {"size_bytes", {"i:4.3K"}, "n:4403.2"},
        {"size_bytes", {"i:7B"}, "n:7"},
        {"size_bytes", {"i:1Q"}, "n:1267650600228229401496703205376"},
        {"size_bytes",
         {"i:"},
         "!\"\" is not a size: digits, then nothing, B, K, M, G (KiB, MiB, GiB: powers of 1024) or kB, MB, GB (powers "
         "of 1000)"},
        {"size_bytes",
         {"i:-1K"},
         "!\"-1K\" is not a size: digits, then nothing, B, K, M, G (KiB, MiB, GiB: powers of 1024) or kB, MB, GB "
         "(powers of 1000)"},
        {"size_bytes",
         {"i:4,0K"},
         "!\"4,0K\" is not a size: digits, then nothing, B, K, M, G (KiB, MiB, GiB: powers of 1024) or kB, MB, GB "
         "(powers of 1000)"},
        {"size_bytes",
         {"i:K"},
         "!\"K\" is not a size: digits, then nothing, B, K, M, G (KiB, MiB, GiB: powers of 1024) or kB, MB, GB (powers "
         "of 1000)"},
        {"size_bytes",
         {"i:1Ki"},
         "!\"1Ki\" is not a size: digits, then nothing, B, K, M, G (KiB, MiB, GiB: powers of 1024) or kB, MB, GB "
         "(powers of 1000)"},
        {"size_bytes", {"n:12"}, "n:12"},
        {"size_bytes", {"i:99999999999Q"}, "!\"99999999999Q\" is a size beyond the range"},
        {"quote", {"-"}, "t:NULL"},
        {"quote", {"t:it's"}, "t:'it''s'"},
        {"quote", {"i:5"}, "t:'5'"},
        {"quote", {"n:5"}, "t:5"},
        {"quote", {"b:true"}, "t:true"},
        {"sum", {"n:1"}, "!belongs in a query: -q, or is an operation"},
        {"changes", {NULL}, "!is about a database, and there is none: leave it out"},
        {"likely", {"n:1"}, "!is a hint for SQLite: write its first argument alone"},
        {"zeroblob", {"n:1"}, "!makes bytes that no text can hold: write char(0)"},
    };
    CHECK_EXAMPLES(examples);
}

static void check_functions_text(void)
{
    static const struct example examples[] = {
        {"length", {"t:häß"}, "n:3"},
        {"length", {"i:"}, "n:0"},
        {"length", {"n:1.50"}, "n:4"},
        {"length", {"b:true"}, "!true is a boolean, and no text"},
        {"length", {"-"}, "-"},
        {"length", {"t:\xff"}, "!\"\\xff\" is not UTF-8: octet_length(x) counts bytes"},
        {"octet_length", {"t:häß"}, "n:5"},
        {"lower", {"t:ÄÖ"}, "t:äö"},
        {"upper", {"t:äöß"}, "t:ÄÖß"},
        {"lower", {"i:ABC"}, "t:abc"},
        {"octet_lower", {"t:ÄB"}, "t:Äb"},
        {"octet_upper", {"t:äb"}, "t:äB"},
        {"lower", {"t:\xff"}, "!\"\\xff\" is not UTF-8: octet_lower(x) lowers ASCII letters alone"},
        {"lower", {"t:Ⱥ"}, "t:ⱥ"},
        {"lower", {"n:1e3"}, "t:1e3"},
        {"substr", {"t:häßlich", "n:2", "n:3"}, "t:äßl"},
        {"substr", {"t:abc", "n:-2"}, "t:bc"},
        {"substr", {"t:abc", "n:0", "n:2"}, "t:a"},
        {"substr", {"t:abc", "n:2", "n:-1"}, "t:a"},
        {"substr", {"t:abc", "n:9"}, "t:"},
        {"substr", {"t:abc", "n:-9", "n:8"}, "t:ab"},
        {"substr", {"t:abc", "n:1.5"}, "!1.5 is not a whole number: where the part begins"},
        {"substr", {"t:abc", "i:2"}, "t:bc"},
        {"substr",
         {"t:abc", "n:9000000000000000000"},
         "!9000000000000000000 is not a whole number: where the part begins"},
        {"substr", {"t:\xff", "n:1"}, "!\"\\xff\" is not UTF-8: octet_substr(x, n) counts bytes"},
        {"octet_substr",
         {"t:\xff"
          "a",
          "n:2"},
         "t:a"},
        {"substring", {"n:12345", "n:2", "n:2"}, "t:23"},
        {"instr", {"t:häb", "t:b"}, "n:3"},
        {"instr", {"t:a", "t:"}, "n:1"},
        {"instr", {"t:a", "t:x"}, "n:0"},
        {"octet_instr", {"t:häb", "t:b"}, "n:4"},
        {"instr",
         {"t:\xff"
          "b",
          "t:b"},
         "!\"\\xffb\" is not UTF-8: octet_instr(x, y) counts bytes"},
        {"replace", {"t:aXbX", "t:X", "t:--"}, "t:a--b--"},
        {"replace", {"t:ab", "t:", "t:x"}, "t:ab"},
        {"replace", {"i:ab", "t:x", "t:y"}, "t:ab"},
        {"trim", {"t:  a  "}, "t:a"},
        {"trim", {"t:xxaxy", "t:xy"}, "t:a"},
        {"ltrim", {"t:éaé", "t:é"}, "t:aé"},
        {"rtrim", {"t:éaé", "t:é"}, "t:éa"},
        {"trim", {"t:ab", "t:"}, "t:ab"},
        {"trim", {"t:ab", "t:\xff"}, "!\"\\xff\" is not UTF-8: the characters to trim must be"},
        {"split", {"t:a--b--c", "t:--", "n:1"}, "i:a"},
        {"split", {"t:a--b--c", "t:--", "n:3"}, "i:c"},
        {"split", {"t:a--b--c", "t:--", "n:4"}, "-"},
        {"split", {"t:a--b--c", "t:--", "n:-1"}, "i:c"},
        {"split", {"t:a--b--c", "t:--", "n:-3"}, "i:a"},
        {"split", {"t:a--b--c", "t:--", "n:-4"}, "-"},
        {"split", {"t:a--b", "t:--", "n:0"}, "!0 is not the number of a part: 1 is the first, -1 the last"},
        {"split", {"t:ab", "t:", "n:1"}, "!the delimiter is empty: substr(x, n, 1) gives a character"},
        {"split", {"i:", "t:,", "n:1"}, "i:"},
        {"split", {"i:,", "t:,", "n:2"}, "i:"},
        {"concat", {"t:a", "-", "n:1.5"}, "t:a1.5"},
        {"concat", {"-"}, "t:"},
        {"concat_ws", {"t:,", "t:a", "-", "t:b"}, "t:a,b"},
        {"concat_ws", {"-", "t:a"}, "-"},
        {"concat", {"b:true"}, "!true is a boolean, and no text"},
        {"unicode", {"t:ä"}, "n:228"},
        {"unicode", {"t:"}, "-"},
        {"char", {"n:228", "n:128512"}, "t:ä😀"},
        {"char", {NULL}, "t:"},
        {"char", {"n:55296"}, "!55296 is not the number of a character"},
        {"char", {"n:1114112"}, "!1114112 is not the number of a character"},
        {"char", {"n:-1"}, "!-1 is not the number of a character"},
        {"hex", {"t:aä"}, "t:61C3A4"},
        {"hex", {"n:12"}, "t:3132"},
        {"unhex", {"t:4142"}, "t:AB"},
        {"unhex", {"t:41-42", "t:-"}, "t:AB"},
        {"unhex", {"t:4"}, "!\"4\" is not hexadecimal: two digits for each byte"},
        {"unhex", {"t:4g"}, "!\"4g\" is not hexadecimal: two digits for each byte"},
        {"unhex", {"t:414", "t:4"}, "!\"414\" is not hexadecimal: two digits for each byte"},
        {"soundex", {"t:Robert"}, "t:R163"},
        {"soundex", {"t:Rupert"}, "t:R163"},
        {"soundex", {"t:12"}, "t:?000"},
        {"format", {"t:%d", "n:5"}, "t:5"},
        {"format", {"t:%d", "n:1.5"}, "!1.5 is not a whole number, which %d takes"},
        {"format", {"t:%d", "n:1e3"}, "t:1000"},
        {"format", {"t:%d", "t:x"}, "!\"x\" is not a number"},
        {"format", {"t:%05d;%-5d;", "n:-42", "n:7"}, "t:-0042;7    ;"},
        {"format", {"t:%,d", "n:1234567"}, "t:1,234,567"},
        {"format", {"t:%x_%X_%o_%#x", "n:255", "n:255", "n:8", "n:16"}, "t:ff_FF_10_0x10"},
        {"format", {"t:%x", "n:-1"}, "!-1 is negative, which %x cannot show"},
        {"format", {"t:%.2f", "n:2.675"}, "t:2.68"},
        {"format", {"t:%.2f", "n:0.005"}, "t:0.01"},
        {"format", {"t:%.0f", "n:-0.4"}, "t:0"},
        {"format", {"t:%,.2f", "n:1234567.895"}, "t:1,234,567.90"},
        {"format", {"t:%.40f", "n:0.1"}, "t:0.1000000000000000000000000000000000000000"},
        {"format", {"t:%f", "n:1e-1"}, "t:0.100000"},
        {"format", {"t:%.20f", "n:1e-1"}, "t:0.10000000000000000555"},
        {"format", {"t:%e", "n:12345.678"}, "t:1.234568e+04"},
        {"format", {"t:%.3e", "n:9999.9"}, "t:1.000e+04"},
        {"format", {"t:%e", "n:0"}, "t:0.000000e+00"},
        {"format", {"t:%g", "n:0.0001"}, "t:0.0001"},
        {"format", {"t:%g", "n:0.00001"}, "t:1e-05"},
        {"format", {"t:%g", "n:1234567"}, "t:1.23457e+06"},
        {"format", {"t:%G", "n:1e300"}, "t:1E+300"},
        {"format", {"t:%#.3g", "n:1"}, "t:1.00"},
        {"format", {"t:%!g", "n:1"}, "t:1.0"},
        {"format", {"t:[%5s][%-5s][%.2s]", "t:ä", "t:ä", "t:äöü"}, "t:[    ä][ä    ][äö]"},
        {"format", {"t:%q", "t:it's"}, "t:it''s"},
        {"format", {"t:%Q", "t:it's"}, "t:'it''s'"},
        {"format", {"t:%Q", "-"}, "t:NULL"},
        {"format", {"t:%s", "-"}, "-"},
        {"format", {"t:%w", "t:a\"b"}, "t:a\"\"b"},
        {"format", {"t:%c%%", "t:äb"}, "t:ä%"},
        {"format", {"t:%.3c", "t:x"}, "t:xxx"},
        {"format", {"t:%s"}, "!the format takes 1 argument, and 0 follow it"},
        {"format", {"t:%s", "t:a", "t:b"}, "!the format takes 1 argument, and 2 follow it"},
        {"format",
         {"t:%y", "n:1"},
         "!the format has the place %y: the ones known are %d %u %f %e %g %x %o %c %s %q %Q %w %%"},
        {"format", {"t:100%"}, "!the format ends within a place: a % itself is written %%"},
        {"format", {"t:%99999d", "n:1"}, "!a width or precision in the format is greater than 9999"},
        {"format", {"t:%*d", "n:-5", "n:1"}, "t:1    "},
        {"format", {"t:%*d", "n:-2", "n:1"}, "t:1 "},
        {"format", {"t:%.*f", "n:2", "n:1.234"}, "t:1.23"},
        {"format", {"t:%*d", "-", "n:1"}, "-"},
        {"format", {"t:%s", "b:true"}, "!true is a boolean, and no text"},
        {"format", {"-"}, "-"},
        {"printf", {"t:a"}, "t:a"},
    };
    CHECK_EXAMPLES(examples);
}

static void check_functions_math(void)
{
    static const struct example examples[] = {
        {"abs", {"n:-1.50"}, "n:1.5"},
        {"abs", {"t:-2"}, "n:2"},
        {"abs", {"t:x"}, "!\"x\" is not a number"},
        {"abs", {"n:-170141183460469231731687303715884105728"}, "!the result is beyond the range"},
        {"abs", {"n:-1e3"}, "n:1000"},
        {"abs", {"-"}, "-"},
        {"sign", {"n:-0.5"}, "n:-1"},
        {"sign", {"n:0"}, "n:0"},
        {"sign", {"n:1e-300"}, "n:1"},
        {"sign", {"t:abc"}, "!\"abc\" is not a number"},
        {"round", {"n:2.5"}, "n:3"},
        {"round", {"n:-2.5"}, "n:-3"},
        {"round", {"n:2.345", "n:2"}, "n:2.35"},
        {"round", {"n:1.005", "n:2"}, "n:1.01"},
        {"round", {"n:0.4"}, "n:0"},
        {"round", {"n:1e0", "n:2"}, "n:1"},
        {"round", {"n:15e-1"}, "n:2"},
        {"round", {"n:1", "n:-1"}, "!-1 is not a number of digits after the point, from 0 to 38"},
        {"round", {"n:1", "n:39"}, "!39 is not a number of digits after the point, from 0 to 38"},
        {"round", {"n:0.99999999999999999999999999999999999999", "n:37"}, "n:1"},
        {"ceil", {"n:1.1"}, "n:2"},
        {"ceil", {"n:-1.1"}, "n:-1"},
        {"ceiling", {"n:2"}, "n:2"},
        {"floor", {"n:-1.1"}, "n:-2"},
        {"floor", {"i:1.9"}, "n:1"},
        {"trunc", {"n:-1.9"}, "n:-1"},
        {"trunc", {"n:1.9e0"}, "n:1"},
        {"div", {"n:7", "n:2"}, "n:3"},
        {"div", {"n:-7", "n:2"}, "n:-3"},
        {"div", {"n:7.5", "n:0.5"}, "n:15"},
        {"div", {"n:1", "n:0"}, "!1 is divided by zero"},
        {"mod", {"n:7.5", "n:2"}, "n:1.5"},
        {"mod", {"n:-7", "n:3"}, "n:-1"},
        {"mod", {"n:1", "n:0"}, "!1 is divided by zero"},
        {"pow", {"n:2", "n:100"}, "n:1267650600228229401496703205376"},
        {"pow", {"n:1.5", "n:2"}, "n:2.25"},
        {"pow", {"n:10", "n:39"}, "n:1e+39"},
        {"pow", {"n:2", "n:-1"}, "n:0.5"},
        {"pow", {"n:2", "n:0.5"}, "n:1.4142135623730951"},
        {"pow", {"n:0", "n:0"}, "n:1"},
        {"pow", {"n:0", "n:-1"}, "!zero has no power with a negative exponent"},
        {"pow", {"n:-8", "n:0.5"}, "!-8 is outside of what the function is defined for"},
        {"pow", {"n:1", "n:99999999999999999999"}, "n:1"},
        {"power", {"n:2", "n:3"}, "n:8"},
        {"sqrt", {"n:2"}, "n:1.4142135623730951"},
        {"sqrt", {"n:4"}, "n:2"},
        {"sqrt", {"n:-1"}, "!-1 is outside of what the function is defined for"},
        {"exp", {"n:0"}, "n:1"},
        {"exp", {"n:1000"}, "!the result is beyond the largest number"},
        {"ln", {"n:0"}, "!0 has no logarithm: it is not greater than 0"},
        {"ln", {"n:1"}, "n:0"},
        {"log", {"n:100"}, "n:2"},
        {"log", {"n:2", "n:8"}, "n:3"},
        {"log", {"n:10", "n:1000"}, "n:3"},
        {"log", {"n:1", "n:2"}, "!1 is not the base of a logarithm"},
        {"log", {"n:-2", "n:2"}, "!-2 is not the base of a logarithm"},
        {"log2", {"n:8"}, "n:3"},
        {"log10", {"n:0.001"}, "n:-3"},
        {"sin", {"n:0"}, "n:0"},
        {"cos", {"n:0"}, "n:1"},
        {"acos", {"n:2"}, "!2 is outside of what the function is defined for"},
        {"atanh", {"n:1"}, "!1 is outside of what the function is defined for"},
        {"acosh", {"n:0"}, "!0 is outside of what the function is defined for"},
        {"atan2", {"n:1", "n:1"}, "n:0.7853981633974483"},
        {"degrees", {"n:0"}, "n:0"},
        {"radians", {"n:180"}, "n:3.141592653589793"},
        {"pi", {NULL}, "n:3.141592653589793"},
        {"tan", {"t:x"}, "!\"x\" is not a number"},
    };
    CHECK_EXAMPLES(examples);
}

static void check_functions_pattern(void)
{
    static const struct example examples[] = {
        {"regexp", {"t:\\d+", "i:ab12"}, "b:true"},
        {"regexp", {"t:^b", "i:ab"}, "b:false"},
        {"regexp", {"t:b$", "t:b\n"}, "b:false"},
        {"regexp", {"t:a.c", "t:a\nc"}, "b:false"},
        {"regexp", {"t:(", "t:a"}, "!\"(\" is not a regular expression: missing closing parenthesis, at byte 1"},
        {"regexp", {"t:a", "n:1"}, "b:false"},
        {"regexp", {"t:1", "n:21"}, "b:true"},
        {"regexp", {"t:(*UTF)^.$", "t:ä"}, "b:true"},
        {"regexp", {"t:^.$", "t:ä"}, "b:false"},
        {"regexp", {"t:(*UTF).", "t:\xff"}, "!\"\\xff\" is not UTF-8, which (*UTF) demands"},
        {"regexp", {"t:(?i)AB", "t:xab"}, "b:true"},
        {"regexp",
         {"t:(a+)+$", "t:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"},
         "!\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\" makes the pattern try too many ways: let its "
         "repetitions, as in (a+)+, match in one way only"},
        {"regexp",
         {"t:(*NO_JIT)(a+)+$", "t:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"},
         "!\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\" makes the pattern try too many ways: let its "
         "repetitions, as in (a+)+, match in one way only"},
        {"regexp", {"t:", "t:"}, "b:true"},
        {"regexp", {"-", "t:a"}, "-"},
        {"regexp", {"t:a", "b:true"}, "!true is a boolean, and no text"},
        {"match", {"i:k=12", "t:\\d+"}, "i:12"},
        {"match", {"i:k=12", "t:(\\w)=(\\d)", "n:2"}, "i:1"},
        {"match", {"i:k=12", "t:(?<v>\\d+)", "t:v"}, "i:12"},
        {"match", {"i:k=12", "t:(?<v>\\d+)", "t:w"}, "!\"w\" is not a group of the pattern, which has 1"},
        {"match", {"i:k=12", "t:\\d+", "n:1"}, "!1 is not a group of the pattern, which has 0"},
        {"match", {"i:k=12", "t:x"}, "-"},
        {"match", {"i:b", "t:(a)|b", "n:1"}, "-"},
        {"match", {"i:b", "t:b", "n:-1"}, "!-1 is not a group of the pattern, which has 0"},
        {"match", {"i:b", "t:b", "n:0.5"}, "!0.5 is not a group of the pattern, which has 0"},
        {"match", {"i:b", "t:b", "-"}, "-"},
        {"match", {"n:12", "t:2"}, "i:2"},
        {"regexp_replace", {"i:abcabc", "t:b(c)", "t:<$1$$>"}, "t:a<c$>a<c$>"},
        {"regexp_replace", {"i:ab", "t:(?<n>b)", "t:${n}${n}"}, "t:abb"},
        {"regexp_replace", {"i:ab", "t:b", "t:$1"}, "!\"1\" is not a group of the pattern, which has 0"},
        {"regexp_replace",
         {"i:ab", "t:b", "t:$"},
         "!\"$\" has a $ that is not $1, ${1} or ${name}: a $ itself is written $$"},
        {"regexp_replace",
         {"i:ab", "t:b", "t:${1"},
         "!\"${1\" has a $ that is not $1, ${1} or ${name}: a $ itself is written $$"},
        {"regexp_replace", {"i:ab", "t:x", "t:y"}, "t:ab"},
        {"regexp_replace", {"i:abc", "t:", "t:-"}, "t:-a-b-c-"},
        {"regexp_replace", {"i:b", "t:(a)|b", "t:[$1]"}, "t:[]"},
        {"regexp_replace",
         {"i:aaaaaaaaaa", "t:a", "t:0123456789abcdef"},
         "t:"
         "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abc"
         "def0123456789abcdef0123456789abcdef0123456789abcdef"},
        {"like", {"t:a%b_", "t:AxxBc"}, "b:true"},
        {"like", {"t:%", "t:"}, "b:true"},
        {"like", {"t:_", "t:ä"}, "b:true"},
        {"like", {"t:ä", "t:Ä"}, "b:false"},
        {"like", {"t:a!%b", "t:a%b", "t:!"}, "b:true"},
        {"like", {"t:a!%b", "t:axb", "t:!"}, "b:false"},
        {"like", {"t:a!", "t:a", "t:!"}, "b:false"},
        {"like", {"t:a", "t:a", "t:ää"}, "!\"ää\" is not one ASCII character, which escapes others"},
        {"like", {"n:12", "n:12"}, "b:true"},
        {"like", {"t:%a%b%c%", "t:xxaxxbxxcxx"}, "b:true"},
        {"like", {"t:%a%b%c%", "t:xxcxxbxxaxx"}, "b:false"},
        {"like", {"t:a", "b:true"}, "!true is a boolean, and no text"},
        {"glob", {"t:a*[x-z]?", "t:abcyd"}, "b:true"},
        {"glob", {"t:[^a]b", "t:ab"}, "b:false"},
        {"glob", {"t:[]x]b", "t:]b"}, "b:true"},
        {"glob", {"t:[a", "t:a"}, "b:false"},
        {"glob", {"t:A", "t:a"}, "b:false"},
        {"glob", {"t:*", "t:"}, "b:true"},
        {"glob", {"t:[a-]", "t:-"}, "b:true"},
        {"glob", {"t:?", "t:"}, "b:false"},
        {"field", {"i:a b c", "n:2"}, "i:b"},
        {"field", {"i:a,b,,d", "n:3", "t:,"}, "i:"},
        {"field", {"i:a,b", "n:3", "t:,"}, "-"},
        {"field", {"i:a", "n:0"}, "!0 is not the number of a field: they count from 1"},
        {"field", {"i:a", "n:1.5"}, "!1.5 is not the number of a field: they count from 1"},
        {"field",
         {"i:a", "n:1", "t:;;"},
         "!\";;\" is not one byte (\\t stands for a tab): split(x, delimiter, n) takes any text"},
        {"field", {"i:a", "t:x"}, "!\"x\" is not a number"},
        {"field", {"n:12", "n:1"}, "i:12"},
        {"field", {"i:", "n:1"}, "-"},
        {"field", {"i:", "n:1", "t:,"}, "i:"},
    };
    CHECK_EXAMPLES(examples);
}

static void check_functions_network(void)
{
    static const struct example examples[] = {
        {"url_host", {"i:https://u@Example.com:80/a?b=c"}, "i:Example.com"},
        {"url_host", {"i:http://[2001:db8::1]:80/"}, "i:2001:db8::1"},
        {"url_host", {"i:http://[x]/"}, "!\"http://[x]/\" is not a URL: scheme://host/path?query or /path?query"},
        {"url_host", {"i:http://["}, "!\"http://[\" is not a URL: scheme://host/path?query or /path?query"},
        {"url_host", {"i:/a"}, "-"},
        {"url_host", {"i:file:///a"}, "-"},
        {"url_host", {"i:localhost:80/a"}, "!\"localhost:80/a\" is not a URL: scheme://host/path?query or /path?query"},
        {"url_host", {"i:mailto:a@b.c"}, "!\"mailto:a@b.c\" is not a URL: scheme://host/path?query or /path?query"},
        {"url_host", {"i:http://a@b@c/"}, "!\"http://a@b@c/\" is not a URL: scheme://host/path?query or /path?query"},
        {"url_host", {"i:http://a:b/"}, "!\"http://a:b/\" is not a URL: scheme://host/path?query or /path?query"},
        {"url_host", {"i:http://a b/"}, "!\"http://a b/\" is not a URL: scheme://host/path?query or /path?query"},
        {"url_host", {"i:example.com"}, "!\"example.com\" is not a URL: scheme://host/path?query or /path?query"},
        {"url_host", {"i:"}, "!\"\" is not a URL: scheme://host/path?query or /path?query"},
        {"url_host", {"i:http://a]/"}, "!\"http://a]/\" is not a URL: scheme://host/path?query or /path?query"},
        {"url_host", {"i://cdn.example/x"}, "i:cdn.example"},
        {"url_host", {"n:1"}, "!1 is not a URL: scheme://host/path?query or /path?query"},
        {"url_path", {"i:https://a/b/c?d#e"}, "i:/b/c"},
        {"url_path", {"i:https://a"}, "-"},
        {"url_path", {"i:/a/b?x"}, "i:/a/b"},
        {"url_path", {"i:http://ä/ü"}, "i:/ü"},
        {"url_path", {"i:https://a?b/c"}, "-"},
        {"url_query", {"i:/a?b=1&c"}, "i:b=1&c"},
        {"url_query", {"i:/a"}, "-"},
        {"url_query", {"i:/a?"}, "i:"},
        {"url_query", {"i:/a?b=1&c=%41+%c3%a4&b=2", "t:b"}, "i:1"},
        {"url_query", {"i:/a?b=1&c=%41+%c3%a4", "t:c"}, "i:A ä"},
        {"url_query", {"i:/a?b=1&c", "t:c"}, "i:"},
        {"url_query", {"i:/a?b=1", "t:x"}, "-"},
        {"url_query", {"i:/a", "t:x"}, "-"},
        {"url_query", {"i:/a?b=%4", "t:b"}, "!\"%4\" has a % without two hexadecimal digits"},
        {"url_query", {"i:/a?b=%zz", "t:b"}, "!\"%zz\" has a % without two hexadecimal digits"},
        {"url_query", {"i:/a?%62=1#b=2", "t:b"}, "i:1"},
        {"url_query", {"i:/a?b=1=2", "t:b"}, "i:1=2"},
        {"ip_in", {"i:10.2.3.4", "t:10.0.0.0/8"}, "b:true"},
        {"ip_in", {"i:11.2.3.4", "t:10.0.0.0/8"}, "b:false"},
        {"ip_in", {"i:10.2.3.4", "t:10.0.0.1/8"}, "!\"10.0.0.1/8\" is not a network: bits are set behind its prefix"},
        {"ip_in", {"i:1.2.3.4", "t:1.2.3.4"}, "b:true"},
        {"ip_in", {"i:1.2.3.5", "t:1.2.3.4/31"}, "b:true"},
        {"ip_in", {"i:2001:db8::1", "t:2001:db8::/32"}, "b:true"},
        {"ip_in", {"i:1.2.3.4", "t:::/0"}, "b:false"},
        {"ip_in", {"i:::1", "t:0.0.0.0/0"}, "b:false"},
        {"ip_in", {"i:::ffff:1.2.3.4", "t:1.2.0.0/16"}, "b:true"},
        {"ip_in", {"i:1.2.3", "t:1.2.0.0/16"}, "!\"1.2.3\" is not an IP address"},
        {"ip_in", {"i:1.2.3.04", "t:1.2.0.0/16"}, "!\"1.2.3.04\" is not an IP address"},
        {"ip_in",
         {"i:1.2.3.4", "t:1.2.0.0/33"},
         "!\"1.2.0.0/33\" is not a network, as 10.0.0.0/8 or 2001:db8::/32 are"},
        {"ip_in", {"i:1.2.3.4", "t:1.2.0.0/"}, "!\"1.2.0.0/\" is not a network, as 10.0.0.0/8 or 2001:db8::/32 are"},
        {"ip_in",
         {"i:1.2.3.4", "t:1.2.0.0/016"},
         "!\"1.2.0.0/016\" is not a network, as 10.0.0.0/8 or 2001:db8::/32 are"},
        {"ip_in", {"i:1.2.3.4", "t:0.0.0.0/0"}, "b:true"},
        {"ip_in", {"i:1.2.3.4 ", "t:1.2.0.0/16"}, "!\"1.2.3.4 \" is not an IP address"},
    };
    CHECK_EXAMPLES(examples);
}

static void check_functions_hash(void)
{
    static const struct example examples[] = {
        {"sha256", {"t:abc"}, "t:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"sha256", {"t:"}, "t:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"sha256", {"n:1.50"}, "t:1a60b208ff491c3e2d21cdd5abb003e51e97b072efec59098863da45021de6a9"},
        {"sha256", {"b:true"}, "!true is a boolean, and no text"},
        {"sha256", {"-"}, "-"},
        {"xxh3", {"t:abc"}, "t:78af5f94892f3950"},
        {"xxh3", {"t:"}, "t:2d06800538d394c2"},
        {"md5", {"t:a"}, "!is not here: write sha256(x), or xxh3(x) if nobody forges x"},
    };
    CHECK_EXAMPLES(examples);
}

static void check_characters(void)
{
    const struct bytes bad[] = {bytes_of("\xc3"),         bytes_of("\xc0\x80"),
                                bytes_of("\xed\xa0\x80"), bytes_of("\xf4\x90\x80\x80"),
                                bytes_of("abcdefgh\x80"), bytes_of("\xe2\x82")};
    size_t count = 0;
    uint32_t code;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_ABOUT(bad[i], !utf8_count(bad[i], &count));
    for (uint32_t i = 0; i <= 0x10ffff; i += i < 0x3000 ? 1 : 97) {
        if (i >= 0xd800 && i <= 0xdfff)
            continue;
        char text[UTF8_MOST];
        const size_t size = utf8_write(i, text);
        CHECK(utf8_read(text, text + size, &code) == size && code == i);
        CHECK(size == 1 || utf8_read(text, text + size - 1, &code) == 0);
    }
}

/* A text that would take exponential time if each star tried all places. */
static void check_stars(void)
{
    struct buffer text = {0}, pattern = {0};
    for (int i = 0; i < 2000; i++)
        buffer_add_byte(&text, 'a');
    for (int i = 0; i < 40; i++)
        buffer_print(&pattern, "%%a");
    buffer_print(&pattern, "%%b");
    CHECK(!like_match(buffer_bytes(&pattern), buffer_bytes(&text), -1));
    buffer_free(&text);
    buffer_free(&pattern);
}

/* The memo keeps a pattern from record to record, and another pattern replaces it. */
static void check_memo(void)
{
    static const char *const patterns[] = {"t:^a", "t:^a", "t:^b", "t:(", "t:^a", "t:^b"};
    static const char expected[] = {'t', 't', 'f', '!', 't', 'f'};
    const struct function *function = function_find(bytes_of("regexp"));
    const uint16_t arguments[] = {0, 1};
    struct datum registers[2];
    struct arena arena = {0};
    struct buffer why = {0};
    struct call call = {registers, arguments, 2, &arena, &why, NULL};
    read_datum("i:abc", &registers[1]);
    for (size_t i = 0; i < sizeof expected; i++) {
        struct datum result = {.kind = DATUM_NULL};
        read_datum(patterns[i], &registers[0]);
        const bool good = function->call(&call, &result);
        CHECK_ABOUT(bytes_of(patterns[i]), (!good ? '!' : result.truth ? 't' : 'f') == expected[i]);
        free((char *)registers[0].text.data);
        arena_reset(&arena);
    }
    free((char *)registers[1].text.data);
    function->forget(call.memo);
    buffer_free(&why);
    arena_free(&arena);
}

/* A function of many rows is refused when the expression is compiled. */
static void check_refused(void)
{
    static const struct example max = {"max", {"n:1"}, NULL};
    struct buffer found = {0};
    evaluate(&max, true, &found);
    CHECK_TEXT("!of many rows belongs in a query: -q, or is an operation", buffer_bytes(&found));
    buffer_free(&found);
}

int main(void)
{
    check_functions_basic();
    check_functions_text();
    check_functions_math();
    check_functions_pattern();
    check_functions_network();
    check_functions_hash();
    check_characters();
    check_stars();
    check_memo();
    check_refused();
    return check_end();
}
