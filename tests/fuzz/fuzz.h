/* fuzz: what the targets share. A target is one file with the function that libFuzzer calls; where there is no
 * libFuzzer, main.c calls it for the files of a corpus. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program where the condition does not hold: a finding. */
#define FUZZ_CHECK(condition)                                                                                          \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);                             \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/* A copy in memory of its exact size, so that a sanitizer sees what reads beyond; free its data. */
static inline struct bytes fuzz_copy(const void *data, size_t size)
{
    char *copy = bytes_allocate(size);
    if (size > 0)
        memcpy(copy, data, size);
    return (struct bytes){copy, size};
}

#endif
