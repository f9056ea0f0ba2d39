/* array: a list of items that grows. */
#ifndef ARRAY_H
#define ARRAY_H

#include <stddef.h>

/* Makes room for one more item behind count items of size bytes each, and returns the items, which may have moved.
 * *room is how many items there is room for; an array begins as NULL with room 0. Out of memory ends the program (71).
 *
 *     list->at = array_grow(list->at, list->count, &list->room, sizeof *list->at);
 *     list->at[list->count++] = item;
 */
void *array_grow(void *items, size_t count, size_t *room, size_t size);

#endif
