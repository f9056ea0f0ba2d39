/* span: a length of time as a person writes it. */
#ifndef SPAN_H
#define SPAN_H

#include <stdbool.h>
#include <stdint.h>

/* Reads a span: decimal digits, with a fraction or without, and a unit: ms, s, m, h or d; without a unit, seconds.
 * `10`, `0.5`, `500ms`, `1.5h`. Sets *nanoseconds, with what is finer than a nanosecond cut off, and returns true;
 * or returns false for anything else, a sign, blanks and a span beyond int64_t included, and leaves it as it was. */
bool span_parse(const char *text, int64_t *nanoseconds);

#endif
