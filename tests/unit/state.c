/* Goal of this test: a state does what a plain table does, through changes, discards, freezing, thawing and loading at
 * random, while another thread reads what was frozen; and what that thread gets is exactly what changed, sorted. */
#include "state/state_part.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "base/hash.h"
#include "check.h"

enum { KEYS = 400, STEPS = 20000, ROUNDS = 12, LARGE = 3000 };

/* A value of the plain table. data NULL: none. */
struct value {
    char *data;
    size_t size;
};

static void value_set(struct value *to, struct bytes from)
{
    char *data = NULL;
    if (from.data != NULL) {
        data = bytes_allocate(from.size + 1);
        memcpy(data, from.data, from.size);
    }
    free(to->data);
    *to = (struct value){data, from.size};
}

static struct bytes value_bytes(struct value value)
{
    return (struct bytes){value.data, value.size};
}

static bool same(struct bytes a, struct bytes b)
{
    return (a.data == NULL) == (b.data == NULL) && bytes_equal(a, b);
}

/* The plain table: for each key, what it is now, what was frozen, and what is saved. */
static struct {
    char key[40];
    struct value now, frozen, saved;
    bool changed, is_frozen, met;
    unsigned versions; /* saved since it was last discarded */
} table[KEYS];

static struct bytes key_of(size_t i)
{
    return bytes_of(table[i].key);
}

/* The place of a key, or KEYS. */
static size_t place_of(struct bytes key)
{
    size_t i = 0;
    while (i < KEYS && !bytes_equal(key_of(i), key))
        i++;
    return i;
}

/* --- what is saved ------------------------------------------------------------------------------------------------ */

static struct value loaded; /* gone at the next call, as the contract says */

static struct bytes load_get(void *from, struct bytes key, uint64_t hash)
{
    (void)from;
    size_t i = place_of(key);
    CHECK(hash == hash_key(key));
    value_set(&loaded, i < KEYS ? value_bytes(table[i].saved) : (struct bytes){NULL, 0});
    return value_bytes(loaded);
}

static void load_each(void *from, void (*call)(void *context, struct bytes key, struct bytes state), void *context)
{
    (void)from;
    for (size_t i = 0; i < KEYS; i++) {
        if (table[i].saved.data == NULL)
            continue;
        value_set(&loaded, value_bytes(table[i].saved));
        call(context, key_of(i), value_bytes(loaded));
    }
}

static uint64_t load_count(void *from)
{
    const uint64_t *pretended = from;
    for (size_t i = 0; i < KEYS; i++)
        if (table[i].saved.data != NULL)
            return *pretended;
    return 0;
}

/* --- the other thread --------------------------------------------------------------------------------------------- */

struct reading {
    struct state *state;
    bool last;
    unsigned partitions;
    struct change changes[KEYS]; /* first as they were given, then copies */
    unsigned partition_of[KEYS];
    size_t count;
};

static struct bytes copy_of(struct bytes bytes)
{
    char *copy = bytes.data != NULL ? bytes_allocate(bytes.size + 1) : NULL;
    if (copy != NULL)
        memcpy(copy, bytes.data, bytes.size);
    return (struct bytes){copy, bytes.size};
}

static void copy_change(struct change *change)
{
    change->key = copy_of(change->key);
    change->state = copy_of(change->state);
}

/* Each change is looked at as late as may be. */
static void *read_changes(void *context)
{
    struct reading *reading = context;
    size_t copied = 0;
    for (unsigned partition = reading->partitions; partition-- > 0;) {
        struct change change;
        state_begin_changes(reading->state, partition, reading->partitions);
        while (state_next_change(reading->state, &change) && reading->count < KEYS) {
            reading->partition_of[reading->count] = partition;
            reading->changes[reading->count++] = change;
            if (reading->count - copied == CHANGE_KEPT)
                copy_change(&reading->changes[copied++]);
            sched_yield();
        }
    }
    while (copied < reading->count)
        copy_change(&reading->changes[copied++]);
    return NULL;
}

static bool is_before(const struct change *a, const struct change *b)
{
    return a->hash < b->hash || (a->hash == b->hash && bytes_compare(a->key, b->key) < 0);
}

/* What was read is what was frozen; it is saved now. */
static void check_reading(const struct reading *reading)
{
    for (size_t c = 0; c < reading->count; c++) {
        const struct change *change = &reading->changes[c];
        size_t i = place_of(change->key);
        CHECK_ABOUT(change->key, i < KEYS && table[i].is_frozen && !table[i].met);
        if (i == KEYS)
            continue;
        table[i].met = true;
        CHECK_ABOUT(change->key, same(change->state, value_bytes(table[i].frozen)));
        CHECK_ABOUT(change->key, change->saved || table[i].versions == 0);
        table[i].versions = change->state.data != NULL ? table[i].versions + 1 : 0;
        CHECK_ABOUT(change->key, change->hash == (uint32_t)hash_key(change->key));
        CHECK_ABOUT(change->key, hash_key(change->key) % reading->partitions == reading->partition_of[c]);
        if (c > 0 && reading->partition_of[c] == reading->partition_of[c - 1])
            CHECK_ABOUT(change->key, is_before(&reading->changes[c - 1], change));
    }
    for (size_t i = 0; i < KEYS; i++) {
        if (!table[i].is_frozen)
            continue;
        /* A key that came and went within the epoch was never saved, and need not be discarded. */
        CHECK_ABOUT(key_of(i), table[i].met || (table[i].frozen.data == NULL && table[i].saved.data == NULL));
        value_set(&table[i].saved, value_bytes(table[i].frozen));
        table[i].is_frozen = table[i].met = false;
    }
    for (size_t c = 0; c < reading->count; c++) {
        free((char *)reading->changes[c].key.data);
        free((char *)reading->changes[c].state.data);
    }
}

/* --- a round ------------------------------------------------------------------------------------------------------ */

static struct bytes random_value(char *to)
{
    size_t size = (size_t)(check_random() % (check_random() % 40 == 0 ? LARGE : 24));
    for (size_t i = 0; i < size; i++)
        to[i] = (char)check_random();
    return (struct bytes){to, size};
}

static void append_to_key(struct state *state, struct state_slot *slot, size_t i)
{
    char text[LARGE];
    const struct bytes more = random_value(text);
    struct value *now = &table[i].now;
    now->data = bytes_reallocate(now->data, now->size + more.size + 1);
    memcpy(now->data + now->size, more.data, more.size);
    now->size += more.size;
    state_append(state, slot, more);
    table[i].changed = true;
}

static void change_key(struct state *state, size_t i)
{
    char text[LARGE];
    struct state_slot *slot = state_find(state, key_of(i), hash_key(key_of(i)));
    struct bytes value = state_value(slot);
    CHECK_ABOUT(key_of(i), same(value, value_bytes(table[i].now)));
    switch (check_random() % 12) {
    case 0:
        if (value.data == NULL)
            return;
        value = (struct bytes){NULL, 0};
        break;
    case 1: /* a part of its own */
        if (value.size > 2)
            value = (struct bytes){value.data + 1, value.size - 2};
        else
            value = bytes_of("");
        break;
    case 2:
        return;
    case 3:
    case 4:
    case 5:
        append_to_key(state, slot, i);
        return;
    default:
        value = random_value(text);
    }
    value_set(&table[i].now, value);
    state_set(state, slot, value);
    table[i].changed = true;
}

static void check_one(void *context, struct bytes key, struct bytes value)
{
    size_t *count = context, i = place_of(key);
    CHECK_ABOUT(key, i < KEYS && same(value, value_bytes(table[i].now)));
    ++*count;
}

static void check_all(struct state *state)
{
    size_t count = 0, expected = 0;
    for (size_t i = 0; i < KEYS; i++)
        expected += table[i].now.data != NULL;
    state_each(state, check_one, &count);
    CHECK(count == expected);
}

static void freeze(struct reading *reading, pthread_t *thread)
{
    reading->last = check_random() % 3 == 0;
    state_freeze(reading->state, reading->last);
    for (size_t i = 0; i < KEYS; i++) {
        table[i].is_frozen = table[i].changed;
        table[i].changed = false;
        if (table[i].is_frozen)
            value_set(&table[i].frozen, value_bytes(table[i].now));
    }
    reading->partitions = check_random() % 2 == 0 ? 1 : 1 + (unsigned)(check_random() % 5);
    reading->count = 0;
    CHECK(pthread_create(thread, NULL, read_changes, reading) == 0);
}

static void thaw(struct reading *reading, pthread_t thread)
{
    CHECK(pthread_join(thread, NULL) == 0);
    check_reading(reading);
    state_thaw(reading->state);
}

/* Some thousand changes, with epochs of many lengths; then what was not saved is lost, as in a crash. */
static void check_round(uint64_t pretended, size_t limit)
{
    static struct reading reading;
    pthread_t thread;
    bool frozen = false;
    size_t keys = 1 + (size_t)(check_random() % KEYS);
    reading.state = state_open(&(struct state_loader){load_get, load_each, load_count, &pretended});
    state_limit(reading.state, limit);
    reading.state->generation = UINT32_MAX - (uint32_t)(check_random() % 8); /* they begin again soon */
    for (int step = 0; step < STEPS / ROUNDS; step++) {
        change_key(reading.state, (size_t)(check_random() % keys));
        if (check_random() % 60 == 0) {
            if (frozen)
                thaw(&reading, thread);
            else
                freeze(&reading, &thread);
            frozen = !frozen;
            if (frozen && reading.last) {
                thaw(&reading, thread);
                frozen = false;
            }
        }
        if (check_random() % 300 == 0)
            check_all(reading.state);
    }
    if (frozen)
        thaw(&reading, thread);
    state_close(reading.state);
    for (size_t i = 0; i < KEYS; i++) {
        value_set(&table[i].now, value_bytes(table[i].saved));
        table[i].changed = false;
    }
}

/* Without a loader nothing is frozen, and a discarded key is gone. */
static void check_unsaved(void)
{
    struct state *state = state_open(NULL);
    for (size_t i = 0; i < KEYS; i++)
        value_set(&table[i].now, (struct bytes){NULL, 0});
    for (int step = 0; step < STEPS; step++)
        change_key(state, (size_t)(check_random() % KEYS));
    check_all(state);
    state_close(state);
}

/* Many keys, of lengths around those of words. */
static void check_many(void)
{
    struct state *state = state_open(NULL);
    char key[64], value[32];
    for (int twice = 0; twice < 2; twice++) {
        for (int i = 0; i < 50000; i++) {
            int size = snprintf(key, sizeof key, "%d%.*s", i, i % 40, "0123456789012345678901234567890123456789");
            snprintf(value, sizeof value, "%d", i * 7);
            struct bytes name = {key, (size_t)size};
            struct bytes state_now = state_get(state, name);
            if (twice)
                CHECK_TEXT(value, state_now);
            else if (state_now.data == NULL)
                state_put(state, name, bytes_of(value));
            else
                CHECK_ABOUT(name, false);
        }
    }
    state_close(state);
}

static uint64_t count_none(void *from)
{
    (void)from;
    return 0;
}

/* Changes one key in each so many, and reads the changes: each once, in the order of their hashes. Returns how many
 * have theirs in common with the one before. */
static size_t change_in_order(struct state *state, size_t count, size_t each, const char *value, unsigned partitions,
                              bool last)
{
    struct change before, change;
    size_t changed = 0, met = 0, alike = 0;
    for (size_t i = 0; i < count; i += each, changed++) {
        char key[32];
        int size = snprintf(key, sizeof key, "k%zu", count - i);
        state_put(state, (struct bytes){key, (size_t)size}, bytes_of(value));
    }
    state_freeze(state, last);
    for (unsigned partition = partitions; partition-- > 0;) {
        const size_t most = state_begin_changes(state, partition, partitions), met_before = met;
        for (bool first = true; state_next_change(state, &change); first = false, met++) {
            CHECK_ABOUT(change.key, first || is_before(&before, &change));
            CHECK_ABOUT(change.key, change.hash == (uint32_t)hash_key(change.key));
            CHECK_ABOUT(change.key, hash_key(change.key) % partitions == partition);
            CHECK_TEXT(value, change.state);
            alike += !first && before.hash == change.hash;
            before = change;
        }
        CHECK(met - met_before == most);
    }
    CHECK(met == changed);
    state_thaw(state);
    return alike;
}

/* All of so many keys, then some of them. */
static void check_order(size_t count, unsigned partitions, bool last)
{
    struct state *state = state_open(&(struct state_loader){.count = count_none});
    const size_t alike = change_in_order(state, count, 1, "", partitions, last);
    CHECK(count < 200000 || alike > 0);
    change_in_order(state, count, 2, "half of them", partitions, last);
    change_in_order(state, count, 100, "few", partitions, last);
    state_close(state);
}

/* What did not change when the numbers of the generations begin again is no change. */
static void check_restart(bool last)
{
    struct state *state = state_open(&(struct state_loader){.count = count_none});
    state->generation = UINT32_MAX - 1;
    change_in_order(state, 300, 1, "", 1, false);
    change_in_order(state, 300, 2, "half of them", 1, last);
    change_in_order(state, 300, 3, "a third", 1, last);
    state_close(state);
}

/* --- many keys, saved in the order of their hashes ---------------------------------------------------------------- */

enum { SAVED = 200000, SAVED_TEXT = 16 };

static struct saved {
    char text[SAVED_TEXT];
    uint32_t hash;
} saved[SAVED];

static int compare_saved(const void *left, const void *right)
{
    const uint32_t a = ((const struct saved *)left)->hash, b = ((const struct saved *)right)->hash;
    return (a > b) - (a < b);
}

static void each_saved(void *from, void (*call)(void *context, struct bytes key, struct bytes state), void *context)
{
    (void)from;
    for (size_t i = 0; i < SAVED; i++)
        call(context, bytes_of(saved[i].text), bytes_of("1"));
}

/* As a partition that knows little of what is in it. */
static uint64_t count_one(void *from)
{
    (void)from;
    return 1;
}

static void count_call(void *context, struct bytes key, struct bytes value)
{
    (void)key;
    (void)value;
    ++*(size_t *)context;
}

/* To load them takes no longer, but for what a busy machine makes of it, than to put them in any order. */
static void check_load_in_order(void)
{
    size_t count = 0;
    for (size_t i = 0; i < SAVED; i++) {
        snprintf(saved[i].text, SAVED_TEXT, "key-%zu", i);
        saved[i].hash = (uint32_t)hash_key(bytes_of(saved[i].text));
    }
    struct state *state = state_open(NULL);
    const clock_t start = clock();
    for (size_t i = 0; i < SAVED; i++)
        state_put(state, bytes_of(saved[i].text), bytes_of("1"));
    const clock_t put = clock() - start;
    state_close(state);

    qsort(saved, SAVED, sizeof *saved, compare_saved);
    state = state_open(&(struct state_loader){.each = each_saved, .count = count_one});
    const clock_t begun = clock();
    state_each(state, count_call, &count);
    const clock_t load = clock() - begun;
    CHECK(count == SAVED);
    CHECK(load < 10 * put + CLOCKS_PER_SEC / 10);
    state_close(state);
}

/* --- many keys, which change where they are once they were read --------------------------------------------------- */

enum { MANY = 20000, EPOCHS = 12 };

static struct {
    struct state *state;
    unsigned now[MANY], frozen[MANY]; /* the number in a state; 0: it did not change */
    unsigned partitions;
    size_t read;
    size_t wrong;
} many;

static struct bytes many_key(char *to, size_t i)
{
    return (struct bytes){to, (size_t)snprintf(to, 32, "key-%zu", i)};
}

/* Numbers that are written longer now and then, so that some find no room where they are. */
static struct bytes many_state(char *to, unsigned number)
{
    return (struct bytes){to, (size_t)snprintf(to, 64, "%0*u", number % 50 == 0 ? 40 : 8, number)};
}

static void check_many_change(const struct change *change)
{
    char text[64];
    size_t i = 0;
    for (size_t at = 4; at < change->key.size; at++)
        i = i * 10 + (size_t)(change->key.data[at] - '0');
    if (i >= MANY || many.frozen[i] == 0 || !same(change->state, many_state(text, many.frozen[i])))
        many.wrong++;
    else
        many.frozen[i] = 0;
}

/* Looks at each change as late as may be. */
static void read_partition(unsigned partition)
{
    static struct change kept[CHANGE_KEPT];
    size_t read = 0;
    state_begin_changes(many.state, partition, many.partitions);
    while (state_next_change(many.state, &kept[read % CHANGE_KEPT])) {
        read++;
        if (read >= CHANGE_KEPT)
            check_many_change(&kept[read % CHANGE_KEPT]);
        if (read % 1000 == 0)
            sched_yield();
    }
    for (size_t i = read < CHANGE_KEPT ? 0 : read - CHANGE_KEPT + 1; i < read; i++)
        check_many_change(&kept[i % CHANGE_KEPT]);
    many.read += read;
}

static void *read_many(void *context)
{
    (void)context;
    for (unsigned partition = 0; partition < many.partitions; partition++)
        read_partition(partition);
    return NULL;
}

static void check_in_place(unsigned partitions)
{
    many.partitions = partitions;
    char key[32], text[64];
    pthread_t thread;
    unsigned number = 0;
    many.state = state_open(&(struct state_loader){.count = count_none});
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        for (size_t i = 0; i < MANY; i++) {
            if (epoch > 0 && check_random() % 4 == 0)
                continue;
            many.now[i] = ++number;
            state_put(many.state, many_key(key, i), many_state(text, number));
        }
        state_freeze(many.state, false);
        /* All that changed since the last freeze, also while it was read. */
        for (size_t i = 0; i < MANY; i++) {
            const struct bytes value = state_get(many.state, many_key(key, i));
            CHECK_ABOUT(value, same(value, many_state(text, many.now[i])));
        }
        memcpy(many.frozen, many.now, sizeof many.frozen);
        many.read = 0;
        CHECK(pthread_create(&thread, NULL, read_many, NULL) == 0);
        for (int step = 0; step < 3 * MANY; step++) {
            const size_t i = (size_t)(check_random() % MANY);
            many.now[i] = ++number;
            state_put(many.state, many_key(key, i), many_state(text, number));
        }
        CHECK(pthread_join(thread, NULL) == 0);
        CHECK(many.read > MANY / 2);
        CHECK(many.wrong == 0);
        state_thaw(many.state);
    }
    for (size_t i = 0; i < MANY; i++) {
        const struct bytes value = state_get(many.state, many_key(key, i));
        CHECK_ABOUT(value, same(value, many_state(text, many.now[i])));
    }
    state_close(many.state);
}

/* --- entries that change and go while they are frozen, on one thread, so that their memory is the same each time ---
 */

static struct bytes get_old(void *from, struct bytes key, uint64_t hash)
{
    (void)from;
    (void)key;
    (void)hash;
    return bytes_of("oldstate");
}

static uint64_t count_many(void *from)
{
    (void)from;
    return 1 << 30;
}

static struct bytes frozen_key(char *to, size_t i)
{
    return (struct bytes){to, (size_t)snprintf(to, 32, "key-%04zu", i)};
}

/* Freezes, and reads all changes; the key of the first one is copied, and the changes are counted. */
static size_t freeze_and_read(struct state *state, char *first)
{
    struct change change;
    size_t count = 0;
    state_freeze(state, false);
    state_begin_changes(state, 0, 1);
    for (; state_next_change(state, &change); count++)
        if (count == 0)
            bytes_copy(first, change.key);
    return count;
}

/* A frozen entry that was read changes where it is, and goes when it grows, unless a frozen key is discarded: then the
 * frozen entries are looked through when they are thawed, and a key that came into the memory of one must stay. */
static void check_taken_memory(bool discard)
{
    enum { FROZEN = 600 };
    struct state *state = state_open(&(struct state_loader){.get = get_old, .count = count_many});
    char key[32], first[32] = "";
    for (size_t i = 0; i < FROZEN; i++)
        state_put(state, frozen_key(key, i), bytes_of("newstate"));
    if (discard)
        state_put(state, frozen_key(key, 0), (struct bytes){NULL, 0});
    CHECK(freeze_and_read(state, first) == FROZEN);
    const struct bytes grown = {first, 8}, other = frozen_key(key, FROZEN);
    state_put(state, grown, bytes_of("newer"));
    state_put(state, grown, bytes_of("a state that finds no room where the one before it was"));
    state_put(state, other, bytes_of("newer"));
    state_put(state, other, (struct bytes){NULL, 0});
    state_thaw(state);
    CHECK(state_get(state, other).data == NULL);
    CHECK_TEXT("a state that finds no room where the one before it was", state_get(state, grown));
    CHECK(freeze_and_read(state, first) == 2);
    state_thaw(state);
    state_close(state);
}

/* Of two keys whose hashes have the same low half, the first has gone out of use, and the second is still looked at. */
static void check_alike(void)
{
    enum { BEFORE = 64, BEHIND = 2 * CHANGE_KEPT, READ = BEFORE + CHANGE_KEPT + 1 };
    struct state *state = state_open(&(struct state_loader){.count = count_none});
    struct change change[READ];
    size_t alike = BEFORE; /* saved is sorted */
    while (alike + BEHIND < SAVED && saved[alike].hash != saved[alike + 1].hash)
        alike++;
    CHECK(alike + BEHIND < SAVED);
    for (size_t i = alike - BEFORE; i < alike + BEHIND; i++)
        state_put(state, bytes_of(saved[i].text), bytes_of("1"));
    state_freeze(state, false);
    state_begin_changes(state, 0, 1);
    for (size_t i = 0; i < READ; i++)
        CHECK(state_next_change(state, &change[i]));
    CHECK(change[BEFORE].hash == change[BEFORE + 1].hash);
    state_put(state, change[BEFORE + 1].key, bytes_of("2"));
    CHECK_TEXT("1", change[BEFORE + 1].state);
    state_thaw(state);
    state_close(state);
}

int main(void)
{
    for (size_t i = 0; i < KEYS; i++)
        snprintf(table[i].key, sizeof table[i].key, "%.*s%zu", (int)(i * 7 % 30), "common-beginning-of-all-the-keys",
                 i * i);
    table[0].key[0] = '\0';
    for (int round = 0; round < ROUNDS; round++)
        check_round(round % 3 == 0 ? 1 : 1 << 30, round % 2 == 0 ? 0 : 10000);
    check_in_place(1);
    check_in_place(3);
    check_taken_memory(false);
    check_taken_memory(true);
    check_unsaved();
    check_many();
    check_load_in_order();
    check_alike();
    for (size_t count = 1; count < 300; count++) {
        check_order(count, 1, false);
        check_order(count, 1, true);
    }
    check_restart(false);
    check_restart(true);
    check_order(200000, 1, false);
    check_order(200000, 1, true);
    check_order(20000, 7, false);
    check_order(20000, 7, true);
    value_set(&loaded, (struct bytes){NULL, 0});
    for (size_t i = 0; i < KEYS; i++) {
        free(table[i].now.data);
        free(table[i].frozen.data);
        free(table[i].saved.data);
    }
    return check_end();
}
