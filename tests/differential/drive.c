/* drive: calls functions of expressions, for the comparisons in tests/differential.
 *
 * Each line of the input is a function and its arguments, separated by tabs: i:BYTES comes from input, t:BYTES is a
 * text, n:DIGITS a number, b:true or b:false a boolean, z is NULL. Each line of the output is the kind of the result
 * and its bytes in the same form, 0 for NULL, or ! and the reason of a failure. \t, \n, \r, \0 and \\ stand for those
 * bytes. An argument that is not i: or z counts as a constant. */
#include <stdio.h>
#include <stdlib.h>

#include "expr/member.h"

enum { ARGUMENTS_MAX = 32 };

static const char letters[] = "tnr0\\", meant[] = {'\t', '\n', '\r', '\0', '\\'};

/* Replaces the escapes of a field, in place. */
static struct bytes unescape(char *text)
{
    char *to = text;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '\\' && at[1] != '\0') {
            at++;
            const char *const place = strchr(letters, *at);
            *to++ = place != NULL ? meant[place - letters] : *at;
        } else {
            *to++ = *at;
        }
    }
    return (struct bytes){text, (size_t)(to - text)};
}

static void print(const char *kind, struct bytes text)
{
    fputs(kind, stdout);
    for (size_t i = 0; i < text.size; i++) {
        const char *const place = memchr(meant, text.data[i], sizeof meant);
        if (place != NULL)
            putchar('\\');
        putchar(place != NULL ? letters[place - meant] : text.data[i]);
    }
    putchar('\n');
}

static bool read_datum(char *field, struct datum *datum)
{
    *datum = (struct datum){.kind = DATUM_NULL};
    if (strcmp(field, "z") == 0)
        return true;
    if (field[0] == '\0' || field[1] != ':')
        return false;
    datum->text = unescape(field + 2);
    switch (field[0]) {
    case 'i':
        datum->kind = DATUM_INPUT;
        return true;
    case 't':
        datum->kind = DATUM_TEXT;
        return true;
    case 'b':
        datum->kind = DATUM_BOOLEAN;
        datum->truth = bytes_equal(datum->text, bytes_of("true"));
        return true;
    case 'n':
        datum->kind = DATUM_NUMBER;
        return number_parse(datum->text, &datum->number) == NUMBER_OK;
    default:
        return false;
    }
}

static void print_datum(const struct datum *datum)
{
    static const char *const kinds[] = {
        [DATUM_NULL] = "0", [DATUM_BOOLEAN] = "b:", [DATUM_NUMBER] = "n:", [DATUM_TEXT] = "t:", [DATUM_INPUT] = "i:"};
    char text[NUMBER_TEXT];
    const struct bytes bytes = datum_bytes(datum, text);
    print(kinds[datum->kind], bytes.data != NULL ? bytes : bytes_of(""));
}

/* What stays from line to line, as it does in an expression from record to record. */
struct place {
    const struct function *function;
    struct call call;
};

static void forget(struct place *place)
{
    if (place->function != NULL && place->function->forget != NULL && place->call.memo != NULL)
        place->function->forget(place->call.memo);
    place->call.memo = NULL;
}

static void drive(char *line, struct arena *arena, struct buffer *why)
{
    struct datum registers[ARGUMENTS_MAX], result = {.kind = DATUM_NULL};
    const struct datum *known[ARGUMENTS_MAX];
    uint16_t arguments[ARGUMENTS_MAX];
    struct place place = {.call = {.registers = registers, .arguments = arguments, .arena = arena, .why = why}};
    size_t *count = &place.call.count;
    bool null = false;
    char *name = strsep(&line, "\t");
    for (char *field; (field = strsep(&line, "\t")) != NULL; ++*count) {
        if (*count == ARGUMENTS_MAX || !read_datum(field, &registers[*count])) {
            puts("!drive: this is not an argument");
            return;
        }
        arguments[*count] = (uint16_t)*count;
        known[*count] = registers[*count].kind >= DATUM_INPUT ? NULL : &registers[*count];
        null = null || registers[*count].kind == DATUM_NULL;
    }
    const struct function *function = strcmp(name, "->") == 0    ? &function_member
                                      : strcmp(name, "->>") == 0 ? &function_member_text
                                                                 : function_find(bytes_of(name));
    if (function == NULL || function->instead != NULL) {
        puts("!drive: there is no such function");
        return;
    }
    place.function = function;
    if (*count < function->least || *count > function->most)
        puts("!drive: this is not the number of arguments");
    else if ((function->prepare != NULL && !function->prepare(&place.call, known)) ||
             ((!null || function->sees_null) && !function->call(&place.call, &result)))
        print("!", buffer_bytes(why));
    else
        print_datum(&result);
    forget(&place);
}

int main(void)
{
    struct arena arena = {.at = NULL};
    struct buffer why = {0};
    char *line = NULL;
    size_t room = 0;
    ssize_t size;
    while ((size = getline(&line, &room, stdin)) > 0) {
        if (line[size - 1] == '\n')
            line[size - 1] = '\0';
        drive(line, &arena, &why);
        arena_reset(&arena);
    }
    free(line);
    arena_free(&arena);
    buffer_free(&why);
    return fflush(stdout) == 0 ? 0 : 1;
}
