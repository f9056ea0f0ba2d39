#include "field.h"

bool field_parse_delimiter(struct bytes text, int *delimiter)
{
    const bool tab = bytes_equal(text, bytes_of("\\t"));
    if (!tab && text.size != 1)
        return false;
    *delimiter = tab ? '\t' : (unsigned char)*text.data;
    return true;
}
