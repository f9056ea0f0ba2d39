/* Goal of this target: a text is read as a position only if it is the text that position_format gives for it. */
#include "files/position.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes copy = fuzz_copy(data, size);
    struct position position = {0};
    char text[POSITION_TEXT];
    if (position_parse(copy, &position))
        FUZZ_CHECK(bytes_equal(position_format(&position, text), copy));
    free((char *)copy.data);
    return 0;
}
