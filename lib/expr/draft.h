/* draft: the text that a function makes piece by piece. */
#ifndef DRAFT_H
#define DRAFT_H

#include "expr/function.h"

/* Begins as {call}. The text lies in the memory of the call. */
struct draft {
    struct call *call;
    char *data;
    size_t size, room;
};

/* Returns room for size more bytes; the caller adds what it wrote to draft->size. Returns NULL, and the call has
 * failed, if the text becomes too large. */
char *draft_reserve(struct draft *draft, size_t size);

/* Each appends, and returns false, and the call has failed, if the text becomes too large. */
bool draft_add(struct draft *draft, struct bytes bytes);
bool draft_add_byte(struct draft *draft, char byte);
bool draft_add_repeated(struct draft *draft, char byte, size_t count);

/* Appends the text in quotes, with each quote in it twice. */
bool draft_add_quoted(struct draft *draft, struct bytes text, char quote);
bool draft_add_doubled(struct draft *draft, struct bytes text, char quote); /* the same without the outer two */

static inline struct bytes draft_bytes(const struct draft *draft)
{
    return (struct bytes){draft->size > 0 ? draft->data : "", draft->size};
}

#endif
