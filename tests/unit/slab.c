/* Goal of this test: things from a slab are aligned, apart from each other, and keep what is written to them, through
 * any order of taking and giving back; and AddressSanitizer, if it is there, sees each use of memory that nobody has
 * taken. */
#include "state/slab.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#ifdef SLAB_IS_POISONED
#include <sanitizer/asan_interface.h>
#endif

enum { THINGS = 300, STEPS = 100000 };

static struct thing {
    unsigned char *data; /* NULL: it was given back */
    size_t size;
    unsigned char byte; /* which it is full of */
} things[THINGS];

static bool is_full(const struct thing *thing)
{
    for (size_t i = 0; i < thing->size; i++)
        if (thing->data[i] != thing->byte)
            return false;
    return true;
}

static void give(struct slab *slab, struct thing *thing)
{
    CHECK(is_full(thing));
    slab_give(slab, thing->data, thing->size);
    thing->data = NULL;
}

/* Around each border of a step, and around the size from which things are large. */
static size_t any_size(void)
{
    const uint64_t most = check_random() % 4 == 0 ? 3 * SLAB_MOST : 4 * SLAB_STEP;
    return 1 + (size_t)(check_random() % most);
}

static void check_things(void)
{
    struct slab slab = {.chunk = NULL};
    for (int step = 0; step < STEPS; step++) {
        struct thing *thing = &things[check_random() % THINGS];
        if (thing->data != NULL) {
            give(&slab, thing);
            continue;
        }
        *thing = (struct thing){.size = any_size(), .byte = (unsigned char)check_random()};
        thing->data = slab_take(&slab, thing->size);
        CHECK((uintptr_t)thing->data % SLAB_STEP == 0);
        memset(thing->data, thing->byte, thing->size);
    }
    for (size_t i = 0; i < THINGS; i += 2)
        if (things[i].data != NULL)
            give(&slab, &things[i]);
    slab_free(&slab);
    CHECK(slab.chunk == NULL && slab.chunks == NULL && slab.large == NULL);
    memset(things, 0, sizeof things);
}

/* What is given back is taken again before new memory is: the chunk does not shrink. */
static void check_reuse(void)
{
    struct slab slab = {.chunk = NULL};
    void *first = slab_take(&slab, 40), *second = slab_take(&slab, 48);
    slab_give(&slab, first, 40);
    slab_give(&slab, second, 48);
    const size_t left = slab.left;
    CHECK(slab_take(&slab, 33) == second && slab_take(&slab, 48) == first);
    CHECK(slab.left == left);
    slab_free(&slab);
}

#ifdef SLAB_IS_POISONED

/* Whether the sanitizer ends a process that reads a byte there. */
static bool is_fatal(const volatile char *byte)
{
    int status = 0;
    const pid_t child = fork();
    CHECK(child != -1);
    if (child == 0) {
        dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
        (void)*byte;
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    return status != 0;
}

static void check_fatal(void)
{
    struct slab slab = {.chunk = NULL};
    char *thing = slab_take(&slab, 40);
    CHECK(!is_fatal(thing) && !is_fatal(thing + 39));
    CHECK(is_fatal(thing + 40));
    CHECK(is_fatal(slab.chunk));
    slab_give(&slab, thing, 40);
    CHECK(is_fatal(thing) && is_fatal(thing + 39));
    slab_free(&slab);
}

static bool is_open(const char *thing, size_t size)
{
    return __asan_region_is_poisoned((void *)thing, size) == NULL;
}

static bool is_closed(const char *thing, size_t size)
{
    size_t i = 0;
    while (i < size && __asan_address_is_poisoned(thing + i))
        i++;
    return i == size;
}

static void check_poison(void)
{
    struct slab slab = {.chunk = NULL};
    for (size_t size = 1; size < 2 * SLAB_MOST; size++) {
        for (int twice = 0; twice < 2; twice++) { /* new memory, then the same again */
            char *thing = slab_take(&slab, size), *other = slab_take(&slab, size);
            CHECK(is_open(thing, size) && is_open(other, size));
            CHECK(is_closed(thing + size, slab_size(size) - size) && is_closed(other + size, slab_size(size) - size));
            slab_give(&slab, thing, size);
            CHECK(is_closed(thing, size) && is_open(other, size));
            slab_give(&slab, other, size);
            CHECK(is_closed(other, size));
        }
    }
    CHECK(is_closed(slab.chunk, slab.left));
    slab_free(&slab);
}

#endif

int main(void)
{
    check_things();
    check_reuse();
#ifdef SLAB_IS_POISONED
    check_fatal();
    check_poison();
#endif
    return check_end();
}
