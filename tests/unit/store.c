/* Goal of this test: a partition does what a plain table of all epochs does, through epochs that are saved as rows and
 * as images, discards, returns to earlier epochs, a rising floor, steps that are forgotten, copies and opening anew;
 * with keys whose hashes have the same low half, and states that take most of a block. */
#include "store/store.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hash.h"
#include "check.h"
#include "store/block.h"
#include "store/page.h"

enum { STEPS = 2, KEYS = 60, EPOCHS = 16, ROUNDS = 12, SEARCHED = 300000, KEY_MOST = 24, LONG = 3000 };

static char directory[] = "/tmp/store-XXXXXX";
static const char *const ids[STEPS] = {"first", "second"};

/* In the order in which changes come. The first of alike share their hash with the key behind them. */
static struct {
    char text[KEY_MOST];
    struct bytes bytes;
    uint32_t hash;
} keys[KEYS];
static size_t alike;

/* The plain table: the number of each state, from which its bytes follow; 0: none. Epoch 0 is before the first. */
static struct {
    unsigned number[EPOCHS + 1][KEYS];
    bool touched[KEYS]; /* the key has had a state */
    uint64_t first;     /* the epoch from which the step is known; 0: it is not */
} table[STEPS];
static uint64_t newest, least; /* epoch and floor */
static bool final[EPOCHS + 1];
static unsigned last_number;

static struct bytes id_of(size_t step)
{
    return bytes_of(ids[step]);
}

/* The state of a number: text, the empty one, one with NUL, one that is not UTF-8, or a long one. */
static struct bytes state_of(unsigned number, char *to)
{
    if (number == 0)
        return (struct bytes){NULL, 0};
    size_t size = (size_t)snprintf(to, LONG, "%u", number);
    if (number % 5 == 0) {
        memset(to + size, 'x', LONG - size);
        size = LONG;
    } else if (number % 7 == 0) {
        size = 0;
    } else if (number % 3 == 0) {
        to[size++] = number % 2 == 0 ? '\0' : '\377';
    }
    return (struct bytes){to, size};
}

static bool is_state(struct bytes state, unsigned number)
{
    char text[LONG];
    const struct bytes expected = state_of(number, text);
    return (state.data == NULL) == (expected.data == NULL) && bytes_equal(state, expected);
}

/* --- keys --------------------------------------------------------------------------------------------------------- */

struct candidate {
    uint32_t hash;
    unsigned number;
};

static int compare_candidates(const void *left, const void *right)
{
    const struct candidate *a = left, *b = right;
    return a->hash != b->hash ? (a->hash > b->hash) - (a->hash < b->hash) : (int)a->number - (int)b->number;
}

static int compare_keys(const void *left, const void *right)
{
    const size_t a = *(const size_t *)left, b = *(const size_t *)right;
    if (keys[a].hash != keys[b].hash)
        return keys[a].hash < keys[b].hash ? -1 : 1;
    return bytes_compare(keys[a].bytes, keys[b].bytes);
}

static void make_key(size_t i, struct bytes bytes)
{
    memcpy(keys[i].text, bytes.data, bytes.size);
    keys[i].bytes = (struct bytes){keys[i].text, bytes.size};
    keys[i].hash = hash_key_low(keys[i].bytes);
}

static void make_numbered_key(size_t i, unsigned number)
{
    char text[KEY_MOST];
    make_key(i, (struct bytes){text, (size_t)snprintf(text, sizeof text, "k%u", number)});
}

static void sort_keys(void)
{
    static char texts[KEYS][KEY_MOST];
    size_t order[KEYS], sizes[KEYS];
    for (size_t i = 0; i < KEYS; i++)
        order[i] = i;
    qsort(order, KEYS, sizeof *order, compare_keys);
    for (size_t i = 0; i < KEYS; i++) {
        memcpy(texts[i], keys[order[i]].text, KEY_MOST);
        sizes[i] = keys[order[i]].bytes.size;
    }
    for (size_t i = 0; i < KEYS; i++)
        make_key(i, (struct bytes){texts[i], sizes[i]});
}

static void make_keys(void)
{
    static struct candidate candidates[SEARCHED];
    static const struct bytes odd[] = {{"", 0}, {"\0", 1}, {"a\0b", 3}, {"\377", 1}, {"3:abc", 5}, {"\t\n", 2}};
    size_t count = 0;
    for (unsigned i = 0; i < SEARCHED; i++) {
        make_numbered_key(0, i);
        candidates[i] = (struct candidate){keys[0].hash, i};
    }
    qsort(candidates, SEARCHED, sizeof *candidates, compare_candidates);
    for (size_t i = 1; i < SEARCHED && count < 10; i++)
        if (candidates[i].hash == candidates[i - 1].hash) {
            make_numbered_key(count++, candidates[i - 1].number);
            make_numbered_key(count++, candidates[i].number);
            alike++;
        }
    CHECK(alike > 1);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        make_key(count++, odd[i]);
    for (; count < KEYS; count++)
        make_numbered_key(count, (unsigned)(SEARCHED + count));
    sort_keys();
}

/* --- an epoch ----------------------------------------------------------------------------------------------------- */

/* The changes that store_put asks for. Their views live for as long as it says, and are overwritten then. */
struct giving {
    size_t step;
    uint64_t epoch;
    bool changed[KEYS], saved[KEYS];
    size_t at;
    size_t given;
    char texts[CHANGE_KEPT + 1][LONG];
};

static bool give(void *context, struct change *change)
{
    struct giving *giving = context;
    while (giving->at < KEYS && !giving->changed[giving->at])
        giving->at++;
    if (giving->at == KEYS)
        return false;
    const size_t key = giving->at++;
    char *text = giving->texts[giving->given++ % (CHANGE_KEPT + 1)];
    *change = (struct change){.key = keys[key].bytes,
                              .state = state_of(table[giving->step].number[giving->epoch][key], text),
                              .hash = keys[key].hash,
                              .saved = giving->saved[key]};
    return true;
}

/* Changes one key in so many, or all, and puts that; as an image if the store is told that they are very many. */
static void put_changes(struct store *store, size_t step, unsigned one_in, bool as_image)
{
    static struct giving giving;
    unsigned *now = table[step].number[newest];
    giving = (struct giving){.step = step, .epoch = newest};
    for (size_t key = 0; key < KEYS; key++) {
        if (check_random() % one_in != 0)
            continue;
        const bool had = now[key] != 0;
        giving.saved[key] = had || check_random() % 4 == 0;
        giving.changed[key] = table[step].touched[key] = true;
        now[key] = giving.saved[key] && check_random() % 4 == 0 ? 0 : ++last_number;
    }
    store_put(store, id_of(step), newest, as_image ? 1000000 : 1, give, &giving);
}

/* As fl-out does for a file that is new: a state of epoch 0, of a key that has never had one. */
static void put_before_first(struct store *store, size_t step)
{
    static struct giving giving;
    const size_t key = check_random() % KEYS;
    giving = (struct giving){.step = step};
    if (table[step].touched[key])
        return;
    last_number++;
    for (uint64_t epoch = 0; epoch <= newest; epoch++)
        table[step].number[epoch][key] = last_number;
    table[step].touched[key] = true;
    giving.changed[key] = giving.saved[key] = true;
    store_put(store, id_of(step), 0, 1000000, give, &giving);
}

static void save_epoch(struct store *store)
{
    newest++;
    store_begin(store, check_random() % 2 == 0);
    for (size_t step = 0; step < STEPS; step++) {
        if (table[step].first == 0) {
            table[step].first = newest;
            store_add_step(store, id_of(step), bytes_of("operator"), bytes_of("old"), newest);
        }
        memcpy(table[step].number[newest], table[step].number[newest - 1], sizeof table[step].number[newest]);
        if (check_random() % 3 == 0)
            put_before_first(store, step);
        if (check_random() % 8 != 0)
            put_changes(store, step, check_random() % 5 == 0 ? 1 : 1 + (unsigned)(check_random() % 60),
                        check_random() % 3 == 0);
        store_set_front(store, id_of(step), newest);
    }
    final[newest] = check_random() % 2 == 0;
    store_add_commit(store, newest, final[newest], least);
    if (check_random() % 4 == 0) {
        least += check_random() % (newest - least + 1);
        store_raise_floor(store, least);
        store_raise_floor(store, least / 2);
    }
    store_end(store);
}

/* --- what is there ------------------------------------------------------------------------------------------------ */

struct seen {
    size_t step;
    uint64_t epoch;
    bool met[KEYS];
};

static void see_state(void *context, struct bytes key, struct bytes state)
{
    struct seen *seen = context;
    size_t i = 0;
    while (i < KEYS && !bytes_equal(keys[i].bytes, key))
        i++;
    CHECK_ABOUT(key, i < KEYS && !seen->met[i] && state.data != NULL);
    if (i == KEYS)
        return;
    seen->met[i] = true;
    CHECK_ABOUT(key, is_state(state, table[seen->step].number[seen->epoch][i]));
}

static void check_seen(const struct seen *seen)
{
    for (size_t i = 0; i < KEYS; i++)
        CHECK_ABOUT(keys[i].bytes, seen->met[i] == (table[seen->step].number[seen->epoch][i] != 0));
}

static void check_epoch(struct store *store, size_t step, uint64_t epoch)
{
    struct seen seen = {.step = step, .epoch = epoch};
    for (size_t i = 0; i < KEYS; i++) {
        const struct bytes state = store_get_at(store, id_of(step), keys[i].bytes, epoch);
        CHECK_ABOUT(keys[i].bytes, is_state(state, table[step].number[epoch][i]));
    }
    store_each_state_at(store, id_of(step), epoch, see_state, &seen);
    check_seen(&seen);
}

static void check_now(struct store *store, size_t step)
{
    struct seen seen = {.step = step, .epoch = newest};
    bool any = false;
    for (size_t i = 0; i < KEYS; i++) {
        const struct bytes state = store_get(store, id_of(step), keys[i].bytes);
        CHECK_ABOUT(keys[i].bytes, is_state(state, table[step].number[newest][i]));
        any = any || state.data != NULL;
    }
    store_each_state(store, id_of(step), see_state, &seen);
    check_seen(&seen);
    const uint64_t count = store_count_states(store, id_of(step));
    CHECK(!any || count > 0);
    CHECK(count <= 1 + 2 * KEYS); /* rows and states of the image, each key once */
}

static void find(void *context, const char *finding)
{
    ++*(size_t *)context;
    CHECK_ABOUT(bytes_of(finding), false);
}

static void check_step(void *context, const struct store_step *found)
{
    size_t *count = context, step = 0;
    while (step < STEPS && !bytes_equal(id_of(step), found->id))
        step++;
    ++*count;
    CHECK_ABOUT(found->id, step < STEPS && table[step].first == found->first && found->front == newest);
    CHECK_TEXT("old", found->signature);
    CHECK_TEXT("operator", found->role);
}

static void check_all(struct store *store)
{
    size_t findings = 0, count = 0, known = 0;
    for (size_t step = 0; step < STEPS; step++) {
        known += table[step].first > 0;
        check_now(store, step);
        for (uint64_t epoch = least; epoch <= newest; epoch++)
            check_epoch(store, step, epoch);
    }
    store_each_step(store, check_step, &count);
    CHECK(count == known);
    CHECK(store_committed(store) == newest && store_part(store)->floor == least);
    CHECK(newest == 0 || store_is_final(store, newest) == final[newest]);
    CHECK(newest == 0 || store_commit_time(store, newest) > 0);
    CHECK(store_commit_time(store, newest + 1) == 0);
    store_check(store, find, &findings);
    CHECK(store_check_pages(store, find, &findings) || findings > 0);
}

static struct store *copy(struct store *store)
{
    CHECK(store_copy(store, "copy") == NULL);
    store_close(store);
    CHECK(unlink("it") == 0 && rename("copy", "it") == 0);
    return store_open("it");
}

static void return_to(struct store *store, uint64_t epoch)
{
    store_return_to(store, epoch);
    newest = epoch;
    for (size_t step = 0; step < STEPS; step++)
        if (table[step].first > newest)
            table[step].first = 0;
}

static void forget(struct store *store, size_t step)
{
    store_begin(store, true);
    store_forget_step(store, id_of(step));
    store_end(store);
    memset(&table[step], 0, sizeof table[step]);
}

/* A new partition, and the plain table of it. */
static struct store *make_partition(void)
{
    const struct store_part part = {.index = 0, .count = 1, .directory = "it"};
    memset(table, 0, sizeof table);
    newest = least = 0;
    CHECK(store_create("it", &part) == NULL);
    return store_open("it");
}

/* A new partition, with what becomes of it. */
static void check_round(void)
{
    struct store *store = make_partition();
    while (newest < EPOCHS) {
        save_epoch(store);
        switch (check_random() % 12) {
        case 0:
            return_to(store, least + check_random() % (newest - least + 1));
            break;
        case 1:
            store = copy(store);
            break;
        case 2:
            store_close(store);
            store = store_open("it");
            break;
        case 3:
            if (check_random() % 4 == 0)
                forget(store, check_random() % STEPS);
            break;
        default:
            break;
        }
        check_all(store);
    }
    store_close(store);
    CHECK(unlink("it") == 0);
}

/* --- what a model does not tell ----------------------------------------------------------------------------------- */

static void save_all(struct store *store, size_t count, bool as_image)
{
    static struct giving giving;
    newest++;
    giving = (struct giving){.epoch = newest};
    memset(table[0].number[newest], 0, sizeof table[0].number[newest]);
    for (size_t i = 0; i < count; i++) {
        giving.changed[i] = giving.saved[i] = true;
        table[0].number[newest][i] = 5 * ++last_number;
    }
    store_begin(store, true);
    if (newest == 1)
        store_add_step(store, id_of(0), bytes_of("operator"), bytes_of("old"), newest);
    store_put(store, id_of(0), newest, as_image ? 1000000 : count, give, &giving);
    store_set_front(store, id_of(0), newest);
    store_add_commit(store, newest, true, least);
    store_end(store);
    table[0].first = 1;
    final[newest] = true;
}

/* States that take most of a block, of keys whose hashes have the same low half: whether the first or the second of two
 * fills the block, both are in one. */
static void check_alike(void)
{
    struct store *store = make_partition();
    save_all(store, KEYS, true);
    check_all(store);
    store_close(store);
    CHECK(unlink("it") == 0);
}

static sqlite3 *open_file(void)
{
    sqlite3 *database = NULL;
    CHECK(sqlite3_open_v2("it", &database, SQLITE_OPEN_READWRITE, page_file_system()) == SQLITE_OK);
    return database;
}

static int64_t ask(const char *query)
{
    sqlite3 *database = open_file();
    sqlite3_stmt *statement = NULL;
    CHECK(sqlite3_prepare_v2(database, query, -1, &statement, NULL) == SQLITE_OK);
    CHECK(sqlite3_step(statement) == SQLITE_ROW);
    const int64_t answer = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    CHECK(sqlite3_close(database) == SQLITE_OK);
    return answer;
}

/* Undos that no return needs go faster than new ones come. */
static void check_undos(void)
{
    enum { MANY = 10, FEW = 5, TIMES = 4 };
    struct store *store = make_partition();
    for (int i = 0; i < MANY; i++)
        save_all(store, KEYS, false);
#ifdef STORE_IMAGE_LEAST /* so few changes are an image in such a build, and leave no undos */
    const bool rows = false;
#else
    const bool rows = true;
#endif
    CHECK(!rows || ask("SELECT count(*) FROM undos") == (MANY - 1) * KEYS);
    store_raise_floor(store, newest);
    for (int i = 0; i < TIMES; i++)
        save_all(store, FEW, false);
    CHECK(!rows || ask("SELECT count(*) FROM undos") == TIMES * FEW);
    store_close(store);
    CHECK(unlink("it") == 0);
}

/* How often something was synced: SQLite calls these in place of those of the C library. */
static int synced;

int fsync(int fd)
{
    synced++;
    return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    synced++;
    return (int)syscall(SYS_fdatasync, fd);
}

/* The disk has a transaction that is to be durable when it ends, whatever those before it were; others do not wait. */
static void check_durable(void)
{
    static const bool durable[] = {true, false, false, true, true, false, true};
    struct store *store = make_partition();
    for (size_t i = 0; i < sizeof durable / sizeof *durable; i++) {
        store_begin(store, durable[i]);
        store_add_execution(store, i + 1, 0);
        synced = 0;
        store_end(store);
        CHECK((synced > 0) == durable[i]);
    }
    CHECK(store_last_execution(store) == sizeof durable / sizeof *durable);
    store_close(store);
    CHECK(unlink("it") == 0);
}

/* Puts a content in the place of the last block, with its checksum. */
static void put_block(struct bytes content)
{
    const uint64_t block = (uint64_t)ask("SELECT max(block) FROM blocks");
    sqlite3 *database = open_file();
    sqlite3_stmt *statement = NULL;
    CHECK(sqlite3_prepare_v2(database, "UPDATE blocks SET content = ?2, \"check\" = ?3 WHERE block = ?1", -1,
                             &statement, NULL) == SQLITE_OK);
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)block);
    sqlite3_bind_blob64(statement, 2, content.data, content.size, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 3, (sqlite3_int64)XXH3_64bits_withSeed(content.data, content.size, block));
    CHECK(sqlite3_step(statement) == SQLITE_DONE);
    sqlite3_finalize(statement);
    CHECK(sqlite3_close(database) == SQLITE_OK);
}

static void ignore(void *context, struct bytes key, struct bytes state)
{
    (void)context;
    (void)key;
    (void)state;
}

/* The exit status of a process that reads all states. */
static int read_all(void)
{
    int status = 0;
    const pid_t child = fork();
    CHECK(child != -1);
    if (child == 0) {
        close(STDERR_FILENO);
        struct store *store = store_open("it");
        store_each_state(store, id_of(0), ignore, NULL);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A block whose states are not in their order is refused, even if its checksum fits. */
static void check_order(void)
{
    struct store *store = make_partition();
    save_all(store, KEYS, true);
    store_close(store);
    struct buffer block = {0};
    block_add(&block, keys[KEYS - 1].bytes, bytes_of("1"));
    block_add(&block, keys[KEYS - 1].bytes, bytes_of("1"));
    put_block(buffer_bytes(&block));
    CHECK(read_all() == 0);
    block.size = 0;
    block_add(&block, keys[KEYS - 1].bytes, bytes_of("1"));
    block_add(&block, keys[KEYS - 2].bytes, bytes_of("1"));
    put_block(buffer_bytes(&block));
    CHECK(read_all() == 78);
    buffer_free(&block);
    CHECK(unlink("it") == 0);
}

int main(void)
{
    CHECK(mkdtemp(directory) != NULL && chdir(directory) == 0);
    make_keys();
    check_alike();
    check_undos();
    check_durable();
    check_order();
    for (int round = 0; round < ROUNDS; round++)
        check_round();
    CHECK(chdir("/") == 0 && rmdir(directory) == 0);
    return check_end();
}
