#include "value/field.h"

#include <limits.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/decimal.h"
#include "base/option.h"

bool field_parse_delimiter(struct bytes text, int *delimiter)
{
    const bool tab = bytes_equal(text, bytes_of("\\t"));
    if (!tab && text.size != 1)
        return false;
    *delimiter = tab ? '\t' : (unsigned char)*text.data;
    return true;
}

static void read_numbers(struct field_list *list)
{
    struct bytes rest = bytes_of(list->given);
    for (;;) {
        uint64_t field;
        if (!decimal_take(&rest, INT_MAX, &field) || field == 0 || (rest.size > 0 && *rest.data != ','))
            option_refuse("-f: \"%s\" is not a list of fields such as 2 or 1,3", list->given);
        list->numbers = array_grow(list->numbers, list->count, &list->room, sizeof *list->numbers);
        list->numbers[list->count++] = (size_t)field;
        if (field > list->last)
            list->last = (size_t)field;
        if (rest.size == 0)
            break;
        rest = (struct bytes){rest.data + 1, rest.size - 1};
    }
    list->found = bytes_allocate(list->last * sizeof *list->found);
}

void field_list_open(struct field_list *list)
{
    list->delimiter = FIELD_BLANKS;
    if (list->given == NULL && list->given_delimiter != NULL)
        option_refuse("-d goes with -f");
    if (list->given_delimiter != NULL && !field_parse_delimiter(bytes_of(list->given_delimiter), &list->delimiter))
        option_refuse("-d: \"%s\" is not one byte (\\t stands for a tab)", list->given_delimiter);
    if (list->given != NULL)
        read_numbers(list);
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
            buffer_print(&list->taken, "has no field %zu", list->last);
            return buffer_string(&list->taken);
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
