/* check: what a unit test says what must hold with. A test is one program, one file, that ends with
 * `return check_end();`. */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

static unsigned long check_passed, check_failed;

/* Counts, and where the condition does not hold prints where it stands, and the text that says about what. */
static inline void check_that(bool holds, const char *file, int line, const char *condition, struct bytes about)
{
    if (holds)
        check_passed++;
    else if (check_failed++ < 20)
        printf("%s:%d: does not hold: %s: \"%.*s\"\n", file, line, condition, (int)about.size, about.data);
}

#define CHECK(condition) check_that((condition), __FILE__, __LINE__, #condition, bytes_of(""))

/* The same in a loop: about is the struct bytes at hand. */
#define CHECK_ABOUT(about, condition) check_that((condition), __FILE__, __LINE__, #condition, (about))

/* Checks that bytes are those of the C string, and prints them where they are not. */
#define CHECK_TEXT(string, bytes) check_text((string), (bytes), __FILE__, __LINE__)

static inline void check_text(const char *expected, struct bytes found, const char *file, int line)
{
    check_that(bytes_equal(bytes_of(expected), found), file, line, expected, found);
}

/* A copy in memory of its exact size, so that a sanitizer sees what reads beyond; data NULL stays NULL. Free its data.
 */
static inline struct bytes check_copy_bytes(struct bytes bytes)
{
    if (bytes.data == NULL)
        return bytes;
    char *data = bytes_allocate(bytes.size);
    memcpy(data, bytes.data, bytes.size);
    return (struct bytes){data, bytes.size};
}

/* The same of a C string. */
static inline struct bytes check_copy(const char *string)
{
    return check_copy_bytes(bytes_of(string));
}

/* The next of a series of pseudo-random numbers, the same in every run (G. Marsaglia, Xorshift RNGs, 2003). */
static inline uint64_t check_random(void)
{
    static uint64_t state = 88172645463325252;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* The exit status of the test; says how much was checked. */
static inline int check_end(void)
{
    printf("%lu checks, %lu failed\n", check_passed + check_failed, check_failed);
    return check_failed > 0;
}

#endif
