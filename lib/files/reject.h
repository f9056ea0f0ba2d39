/* reject: the line of JSON in which a record stands that a stage has rejected.
 *
 *     {"step":"statemap","source":"nums.txt","record":17,"key":"ALL","value":"abc","why":"is not a number"}
 *
 * A key, a value or a source that is not UTF-8 without NUL stands as key_hex, value_hex or source_hex. */
#ifndef REJECT_H
#define REJECT_H

#include <stdint.h>

#include "wire/frame.h"

/* Writes the line: the step that has rejected the record, the name of the record's source and its number there, and
 * the reason. */
void reject_write(struct line_writer *out, const char *step, struct bytes source, uint64_t number,
                  const struct record *record, const char *why);

#endif
