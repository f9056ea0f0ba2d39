#include "value/field.h"

#include <limits.h>
#include <stdlib.h>

#include "base/option.h"

bool field_parse_delimiter(struct bytes text, int *delimiter)
{
    const bool tab = bytes_equal(text, bytes_of("\\t"));
    if (!tab && text.size != 1)
        return false;
    *delimiter = tab ? '\t' : (unsigned char)*text.data;
    return true;
}

static void read_numbers(struct field_list *list, const char *numbers)
{
    const char *at = numbers;
    do {
        size_t field = 0;
        const char *start = at;
        for (; *at >= '0' && *at <= '9' && field < SIZE_MAX / 20; at++)
            field = field * 10 + (size_t)(*at - '0');
        if (at == start || field == 0 || field > INT_MAX || (*at != ',' && *at != '\0'))
            option_refuse("-f: \"%s\" is no list of fields such as 2 or 1,3", numbers);
        list->numbers = bytes_reallocate(list->numbers, (list->count + 1) * sizeof *list->numbers);
        list->numbers[list->count++] = field;
        if (field > list->last)
            list->last = field;
    } while (*at++ == ',');
    list->found = bytes_allocate(list->last * sizeof *list->found);
}

void field_list_open(struct field_list *list, const char *numbers, const char *delimiter)
{
    list->delimiter = FIELD_BLANKS;
    if (numbers == NULL && delimiter != NULL)
        option_refuse("-d goes with -f");
    if (delimiter != NULL && !field_parse_delimiter(bytes_of(delimiter), &list->delimiter))
        option_refuse("-d: \"%s\" is not one byte (\\t stands for a tab)", delimiter);
    if (numbers != NULL)
        read_numbers(list, numbers);
}

void field_list_close(struct field_list *list)
{
    free(list->numbers);
    free(list->found);
    buffer_free(&list->taken);
}

const char *field_list_take(struct field_list *list, struct bytes value, struct bytes *fields)
{
    struct field_reader reader = field_begin(value, list->delimiter);
    list->taken.size = 0;
    for (size_t i = 0; i < list->last; i++)
        if (!field_next(&reader, &list->found[i])) {
            buffer_print(&list->taken, "has no field %zu%c", list->last, '\0');
            return list->taken.data;
        }
    *fields = list->found[list->last - 1];
    if (list->count == 1)
        return NULL;
    for (size_t i = 0; i < list->count; i++) {
        if (i > 0)
            buffer_add_byte(&list->taken, list->delimiter != FIELD_BLANKS ? (char)list->delimiter : ' ');
        buffer_add(&list->taken, list->found[list->numbers[i] - 1]);
    }
    *fields = buffer_bytes(&list->taken);
    return NULL;
}
