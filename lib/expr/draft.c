#include "expr/draft.h"

#include "base/scan.h"
#include "wire/frame.h"

char *draft_reserve(struct draft *draft, size_t size)
{
    if (draft->data == NULL || draft->room - draft->size < size) {
        const size_t wanted = draft->size + size, doubled = 2 * draft->room;
        size_t room = wanted > doubled ? wanted + 16 : doubled;
        if (room > FRAME_LIMIT && wanted <= FRAME_LIMIT)
            room = FRAME_LIMIT;
        char *data = call_room(draft->call, room);
        if (data == NULL)
            return NULL;
        if (draft->size > 0)
            memcpy(data, draft->data, draft->size);
        draft->data = data;
        draft->room = room;
    }
    return draft->data + draft->size;
}

bool draft_add(struct draft *draft, struct bytes bytes)
{
    char *to = draft_reserve(draft, bytes.size);
    if (to == NULL)
        return false;
    if (bytes.size > 0)
        memcpy(to, bytes.data, bytes.size);
    draft->size += bytes.size;
    return true;
}

bool draft_add_byte(struct draft *draft, char byte)
{
    return draft_add(draft, (struct bytes){&byte, 1});
}

bool draft_add_repeated(struct draft *draft, char byte, size_t count)
{
    char *to = draft_reserve(draft, count);
    if (to == NULL)
        return false;
    memset(to, byte, count);
    draft->size += count;
    return true;
}

bool draft_add_doubled(struct draft *draft, struct bytes text, char quote)
{
    const char *at = text.data, *end = at + text.size;
    while (at < end) {
        const char *found = scan_find(at, end, quote);
        const bool there = found < end;
        if (!draft_add(draft, (struct bytes){at, (size_t)(found - at) + there}) ||
            (there && !draft_add_byte(draft, quote)))
            return false;
        at = found + there;
    }
    return true;
}

bool draft_add_quoted(struct draft *draft, struct bytes text, char quote)
{
    return draft_add_byte(draft, quote) && draft_add_doubled(draft, text, quote) && draft_add_byte(draft, quote);
}
