#include "base/size.h"

#include <stdint.h>
#include <string.h>

bool size_parse(const char *text, size_t *bytes)
{
    static const char units[] = "KMGT";
    size_t size = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        size_t digit = (size_t)(*at - '0');
        if (size > (SIZE_MAX - digit) / 10)
            return false;
        size = size * 10 + digit;
    }
    const char *unit = *at != '\0' ? strchr(units, *at) : NULL;
    if (at == text || size == 0 || (*at != '\0' && (unit == NULL || at[1] != '\0')))
        return false;
    for (const char *each = units; unit != NULL && each <= unit; each++) {
        if (size > SIZE_MAX / 1024)
            return false;
        size *= 1024;
    }
    *bytes = size;
    return true;
}
