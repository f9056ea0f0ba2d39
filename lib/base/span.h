/* span: a length of time as people write it. */
#ifndef SPAN_H
#define SPAN_H

#include <stdbool.h>
#include <stdint.h>

/* Reads a span: decimal digits, with or without a fraction, and one of the units ms, s, m, h and d; without a unit it
 * is in seconds: `10`, `0.5`, `500ms`, `1.5h`. Sets *nanoseconds, rounded down. Returns false, and leaves *nanoseconds
 * unchanged, if text is anything else, such as a sign or a blank, or more nanoseconds than an int64_t can hold. */
bool span_parse(const char *text, int64_t *nanoseconds);

#endif
