#include "expr/function.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#include "wire/frame.h"

#define MEMORY_MAX (16 * (size_t)FRAME_LIMIT) /* of one evaluation */

const struct function *function_find(struct bytes name)
{
    static const struct function *const tables[] = {functions_basic,   functions_text,    functions_math,
                                                    functions_pattern, functions_network, functions_hash,
                                                    functions_time,    functions_json};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (const struct function *function = tables[i]; function->name != NULL; function++)
            if (strlen(function->name) == name.size && strncasecmp(function->name, name.data, name.size) == 0)
                return function;
    return NULL;
}

static void add_reason(struct call *call, const char *format, va_list arguments)
{
    char reason[1024];
    vsnprintf(reason, sizeof reason, format, arguments);
    buffer_print(call->why, "%s", reason);
}

bool call_fail(struct call *call, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    call->why->size = 0;
    add_reason(call, format, arguments);
    va_end(arguments);
    return false;
}

bool call_fail_about(struct call *call, const struct datum *datum, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    call->why->size = 0;
    datum_quote(call->why, datum);
    buffer_add_byte(call->why, ' ');
    add_reason(call, format, arguments);
    va_end(arguments);
    return false;
}

bool call_number(struct call *call, size_t index, struct number *number)
{
    const struct datum *datum = call_argument(call, index);
    const enum number_answer answer = datum_number(datum, number);
    if (answer == NUMBER_OK)
        return true;
    return call_fail_about(call, datum, answer == NUMBER_BEYOND ? "is a number beyond the range" : "is not a number");
}

bool call_other_integer(struct call *call, size_t index, const char *what, int64_t least, int64_t most,
                        int64_t *integer)
{
    struct number number;
    if (!call_number(call, index, &number))
        return false;
    if (number.floating || number.scale != 0 || number.mantissa < least || number.mantissa > most)
        return call_fail_about(call, call_argument(call, index), "is not %s", what);
    *integer = (int64_t)number.mantissa;
    return true;
}

bool call_other_text(struct call *call, size_t index, struct bytes *text)
{
    const struct datum *datum = call_argument(call, index);
    if (datum->kind == DATUM_BOOLEAN)
        return call_fail_about(call, datum, "is a boolean, and no text");
    *text = datum->kind == DATUM_NUMBER ? datum_bytes(datum, arena_allocate(call->arena, NUMBER_TEXT)) : datum->text;
    return true;
}

/* Returns whether a result may be so large. */
static bool is_room(struct call *call, size_t size)
{
    return size <= FRAME_LIMIT ||
           call_fail(call, "the result has more than %zu bytes, which no record can hold", (size_t)FRAME_LIMIT);
}

char *call_room(struct call *call, size_t size)
{
    if (!is_room(call, size))
        return NULL;
    if (call->arena->size <= MEMORY_MAX)
        return arena_allocate(call->arena, size);
    call_fail(call, "the evaluation takes more than %zu bytes", MEMORY_MAX);
    return NULL;
}

bool give_kept(struct call *call, struct datum *result, struct bytes text)
{
    return is_room(call, text.size) && give_text(result, text);
}

bool give_copy(struct call *call, struct datum *result, struct bytes text)
{
    char *copy = call_room(call, text.size);
    if (copy == NULL)
        return false;
    if (text.size > 0)
        memcpy(copy, text.data, text.size);
    return give_text(result, (struct bytes){copy, text.size});
}

bool give_real(struct call *call, struct datum *result, double real)
{
    if (!isfinite(real))
        return call_fail(call, "the result is %s", isnan(real) ? "not defined" : "beyond the largest number");
    return give_number(result, (struct number){.real = real, .floating = true});
}
