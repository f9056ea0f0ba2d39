/* pattern: LIKE and GLOB, as SQLite has them.
 *
 * A character is one of UTF-8; a byte that is not UTF-8 is a character, too. The time is at most proportional to the
 * product of the two sizes. */
#ifndef PATTERN_H
#define PATTERN_H

#include "base/bytes.h"

/* Returns whether the whole text matches the pattern: % stands for any characters, _ for any one, everything else for
 * itself; ASCII letters match in either case. The character behind the byte escape, -1 for none, stands for itself. A
 * pattern that ends with the escape matches nothing. */
bool like_match(struct bytes pattern, struct bytes text, int escape);

/* Returns whether the whole text matches the pattern: * stands for any characters, ? for any one, [a-z] for one of
 * those, [^a-z] for one that is not among them, and everything else for itself. A ] behind [ or [^ is one of the set. A
 * pattern with a set that does not end matches nothing. */
bool glob_match(struct bytes pattern, struct bytes text);

#endif
