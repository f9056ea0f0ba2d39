/* Goal of this target: whatever bytes are taken for a block, the states read from it are views of it, one behind the
 * other, and a block made of them gives the same states. */
#include "store/block.h"

#include "fuzz.h"

/* Reads all of a block, and appends its states to another block. Returns how the first one ends. */
static enum block_found copy_states(struct bytes block, struct buffer *copy)
{
    struct bytes left = block, key, state;
    enum block_found found;
    const char *end = block.data;
    while ((found = block_next(&left, &key, &state)) == BLOCK_STATE) {
        FUZZ_CHECK(key.data > end && key.data + key.size < state.data);
        end = state.data + state.size;
        FUZZ_CHECK(left.data == end && end + left.size == block.data + block.size);
        const size_t before = copy->size;
        block_add(copy, key, state);
        FUZZ_CHECK(copy->size - before <= block_room(key, state));
    }
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes block = fuzz_copy(data, size);
    struct buffer copy = {0}, again = {0};
    const enum block_found found = copy_states(block, &copy);
    FUZZ_CHECK(copy_states(buffer_bytes(&copy), &again) == BLOCK_END);
    FUZZ_CHECK(bytes_equal(buffer_bytes(&copy), buffer_bytes(&again)));
    FUZZ_CHECK(found == BLOCK_BROKEN || copy.size <= size);
    buffer_free(&copy);
    buffer_free(&again);
    free((char *)block.data);
    return 0;
}
