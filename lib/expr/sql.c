#include "expr/sql.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/message.h"

static bool is_name_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '_' || byte == '$' || (byte & 0x80) != 0;
}

const char *sql_token_end(const char *at)
{
    const char *end;
    if (at[0] == '-' && at[1] == '-')
        return at + strcspn(at, "\n");
    if (at[0] == '/' && at[1] == '*') {
        end = strstr(at + 2, "*/");
        return end != NULL ? end + 2 : NULL;
    }
    if (*at == '\'' || *at == '"' || *at == '`' || *at == '[') {
        end = strchr(at + 1, *at == '[' ? ']' : *at);
        return end != NULL ? end + 1 : NULL;
    }
    if (!is_name_byte(*at))
        return at + 1;
    while (is_name_byte(*at))
        at++;
    return at;
}

const char *sql_check(const char *text, const char **place)
{
    const char *open = NULL, *next;
    int depth = 0;
    for (const char *at = text; *at != '\0'; at = next) {
        *place = at;
        next = sql_token_end(at);
        if (next == NULL)
            return *at == '/' ? "a comment does not end" : "a quote does not end";
        if (*at == '(' && depth++ == 0)
            open = at;
        if (*at == ')' && depth-- == 0)
            return "nothing is open that this ) closes";
        if (*at == ';')
            return "nothing may follow, and so a ; has no place here";
        if (strchr("?:@#$", *at) != NULL)
            return "parameters have no place here: the columns of the record have names";
    }
    *place = open;
    return depth > 0 ? "this ( is not closed" : NULL;
}

/* Appends a line with its control characters, other than tabs, as blanks. If blank, appends white space of the same
 * width instead. */
static void add_shown(struct buffer *shown, struct bytes line, bool blank)
{
    for (size_t i = 0; i < line.size; i++) {
        char byte = line.data[i];
        if (byte == '\t' || (!blank && (byte & 0x80) != 0))
            buffer_add_byte(shown, byte);
        else if (!blank || (byte & 0xc0) != 0x80) /* one blank for all the bytes of a character */
            buffer_add_byte(shown, blank || byte < ' ' || byte == 0x7f ? ' ' : byte);
    }
}

void sql_add_caret(struct buffer *shown, const char *text, const char *place)
{
    enum { AROUND = 300 };
    const char *start = place, *end = place;
    while (start > text && start[-1] != '\n' && (place - start < AROUND || (*start & 0xc0) == 0x80))
        start--;
    while (*end != '\0' && *end != '\n' && (end - place < AROUND || (*end & 0xc0) == 0x80))
        end++;
    buffer_print(shown, "\n    ");
    add_shown(shown, (struct bytes){start, (size_t)(end - start)}, false);
    buffer_print(shown, "\n    ");
    add_shown(shown, (struct bytes){start, (size_t)(place - start)}, true);
    buffer_add_byte(shown, '^');
}

void sql_refuse(const char *option, const char *text, const char *place, const char *format, ...)
{
    struct buffer shown = {0};
    char reason[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    if (place != NULL)
        sql_add_caret(&shown, text, place);
    message_fail(STATUS_USAGE, "%s: %s%s", option, reason, buffer_string(&shown));
}
