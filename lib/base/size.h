/* size: a count of bytes as a person writes it. */
#ifndef SIZE_H
#define SIZE_H

#include <stdbool.h>
#include <stddef.h>

/* Reads a size: decimal digits and a unit: K, M, G or T, powers of 1024; without a unit, bytes. Sets *bytes and returns
 * true; or returns false for anything else, 0 and a size beyond size_t included, and leaves it as it was. */
bool size_parse(const char *text, size_t *bytes);

#endif
