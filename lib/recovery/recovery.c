#include "recovery/recovery.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/decimal.h"
#include "base/hash.h"
#include "base/quote.h"
#include "recovery/directory.h"
#include "recovery/lock.h"
#include "base/message.h"
#include "store/store.h"

/* A step of this stage. */
struct own_step {
    struct recovery *recovery;
    struct bytes id;
    struct bytes signature;
    enum recovery_other other;
    struct state *state;
    bool saved; /* the partitions know it, and its signature */
};

/* A connection for the thread that saves, which is the main thread's where nothing is being saved, so that the pages
 * that it has read are there to be changed; and one for the main thread meanwhile. Opened when they are needed. */
struct partition {
    struct store *writer;
    struct store *reader;
};

/* What the thread that saves has to do. */
enum work { WORK_NONE, WORK_SAVE, WORK_SAVED, WORK_END };

struct recovery {
    char *directory; /* absolute */
    char run[LOCK_RUN];
    uint64_t execution;
    uint64_t resume_epoch;
    bool unfinished;
    uint64_t committed;
    int64_t backup;
    bool root;
    int lock;
    unsigned count; /* of partitions; 0: not known yet */
    struct partition *partitions;
    struct bytes *steps; /* ids: of the stages before, then our own */
    size_t steps_count;
    size_t steps_before;
    struct own_step *own[3]; /* replay, the program's, reject */
    size_t own_count;

    /* The save. The thread reads all of it while saving is true, and the main thread changes nothing then. */
    uint64_t epoch;
    bool final;
    bool commit;
    struct {
        int fd;
        const char *name;
    } synced[2];
    size_t synced_count;
    bool saving;
    bool execution_saved;

    pthread_t thread;
    bool thread_runs;
    int wake[2];
    pthread_mutex_t mutex;
    pthread_cond_t condition;
    enum work work; /* under the mutex */
};

static struct bytes copy(struct bytes bytes)
{
    char *data = bytes_allocate(bytes.size + 1);
    if (bytes.size > 0)
        memcpy(data, bytes.data, bytes.size);
    data[bytes.size] = '\0';
    return (struct bytes){data, bytes.size};
}

static struct store *open_part(const struct recovery *recovery, unsigned index)
{
    struct buffer path = {0};
    directory_part_path(&path, recovery->directory, index);
    struct store *store = store_open(path.data);
    buffer_free(&path);
    return store;
}

static struct store *writer(const struct recovery *recovery, unsigned index)
{
    struct partition *partition = &recovery->partitions[index];
    if (partition->writer == NULL)
        partition->writer = open_part(recovery, index);
    return partition->writer;
}

/* For the main thread. */
static struct store *reader(const struct recovery *recovery, unsigned index)
{
    struct partition *partition = &recovery->partitions[index];
    if (!recovery->saving)
        return writer(recovery, index);
    if (partition->reader == NULL)
        partition->reader = open_part(recovery, index);
    return partition->reader;
}

static void begin_write(const struct recovery *recovery, unsigned index, bool durable)
{
    directory_lock_part(recovery->lock, recovery->directory, index);
    store_begin(writer(recovery, index), durable);
}

static void end_write(const struct recovery *recovery, unsigned index)
{
    store_end(writer(recovery, index));
    directory_unlock_part(recovery->lock, recovery->directory, index);
}

static void allocate_partitions(struct recovery *recovery, unsigned count)
{
    recovery->count = count;
    recovery->partitions = bytes_allocate(count * sizeof *recovery->partitions);
    memset(recovery->partitions, 0, count * sizeof *recovery->partitions);
}

static struct recovery *recovery_new(char *directory)
{
    struct recovery *recovery = bytes_allocate(sizeof *recovery);
    *recovery = (struct recovery){.directory = directory, .wake = {-1, -1}};
    pthread_mutex_init(&recovery->mutex, NULL);
    pthread_cond_init(&recovery->condition, NULL);
    if (pipe(recovery->wake) == -1)
        message_fail(STATUS_SYSTEM, "a pipe cannot be made: %s", strerror(errno));
    for (int i = 0; i < 2; i++) {
        fcntl(recovery->wake[i], F_SETFD, FD_CLOEXEC);
        fcntl(recovery->wake[i], F_SETFL, O_NONBLOCK);
    }
    recovery->lock = directory_open_lock(directory);
    return recovery;
}

struct recovery *recovery_begin(const char *directory, int64_t backup)
{
    struct buffer why = {0};
    struct recovery *recovery = recovery_new(directory_find(directory));
    recovery->root = true;
    recovery->backup = backup;
    directory_take(recovery->lock, directory, recovery->run);
    directory_convert(recovery->directory);
    unsigned count;
    struct store **parts = directory_open_parts(recovery->directory, &count);
    if (!directory_find_epoch(recovery->directory, parts, count, &recovery->resume_epoch, &why))
        message_fail(STATUS_MISFIT, "%s", why.data);
    buffer_free(&why);
    recovery->committed = recovery->resume_epoch;
    allocate_partitions(recovery, count);
    for (unsigned i = 0; i < count; i++)
        recovery->partitions[i].writer = parts[i];
    free(parts);
    CRASH_POINT("return: before");
    for (unsigned i = 0; i < recovery->count; i++)
        store_return_to(reader(recovery, i), recovery->resume_epoch);
    CRASH_POINT("return: after");
    recovery->unfinished = recovery->resume_epoch > 0 && !store_is_final(reader(recovery, 0), recovery->resume_epoch);
    recovery->execution = store_last_execution(reader(recovery, 0)) + 1;
    if (!lock_share(recovery->lock))
        message_fail(STATUS_SYSTEM, "%s/lock: cannot be shared: %s", directory, strerror(errno));
    CRASH_POINT("lock: shared");
    return recovery;
}

/* --- who takes part ----------------------------------------------------------------------------------------------- */

static void add_step_id(struct recovery *recovery, struct bytes id)
{
    recovery->steps = bytes_reallocate(recovery->steps, (recovery->steps_count + 1) * sizeof *recovery->steps);
    recovery->steps[recovery->steps_count++] = id;
}

static bool has_step(const struct recovery *recovery, struct bytes id)
{
    for (size_t i = 0; i < recovery->steps_count; i++)
        if (bytes_equal(recovery->steps[i], id))
            return true;
    return false;
}

/* What follows `name=` in a field; data NULL where the field is another. */
static struct bytes attribute(struct bytes field, const char *name)
{
    size_t size = strlen(name);
    if (field.size <= size || memcmp(field.data, name, size) != 0 || field.data[size] != '=')
        return (struct bytes){NULL, 0};
    return (struct bytes){field.data + size + 1, field.size - size - 1};
}

static void read_number(struct bytes text, uint64_t *number)
{
    if (text.data != NULL && !decimal_parse(text, 0, UINT64_MAX, number))
        message_fail(STATUS_DATA, "!fl: %.*s is not a number", (int)text.size, text.data);
}

/* The directory that the stages before have announced; data NULL for none. */
static struct bytes announced(const struct control *hello)
{
    struct bytes path = {NULL, 0};
    for (size_t i = 0; i < hello->count && path.data == NULL; i++)
        path = attribute(hello->fields[i], "recovery");
    return path;
}

bool recovery_is_announced(const struct control *hello, const char *directory)
{
    struct bytes path = announced(hello);
    if (path.data != NULL && directory != NULL) {
        char *own = directory_resolve(directory);
        if (!bytes_equal(bytes_of(own), path))
            message_fail(STATUS_MISFIT,
                         "%s: is not the recovery directory of this flow, which is %.*s: give the same -r, or give it "
                         "to the first of the stages alone",
                         directory, (int)path.size, path.data);
        free(own);
    }
    return path.data != NULL;
}

struct recovery *recovery_join(const struct control *hello)
{
    char *path = (char *)copy(announced(hello)).data;
    struct recovery *recovery = recovery_new(path);
    uint64_t backup = 0, count = 0;
    for (size_t i = 0; i < hello->count; i++) {
        struct bytes field = hello->fields[i];
        struct bytes run = attribute(field, "run");
        struct bytes step = attribute(field, "step");
        if (run.data != NULL)
            snprintf(recovery->run, sizeof recovery->run, "%.*s", (int)run.size, run.data);
        if (step.data != NULL)
            add_step_id(recovery, copy(step));
        read_number(attribute(field, "execution"), &recovery->execution);
        read_number(attribute(field, "resume"), &recovery->resume_epoch);
        read_number(attribute(field, "backup"), &backup);
        read_number(attribute(field, "partitions"), &count);
    }
    recovery->backup = (int64_t)backup;
    recovery->committed = recovery->resume_epoch;
    recovery->steps_before = recovery->steps_count;
    if (count == 0 || count > DIRECTORY_PARTITIONS_MOST)
        message_fail(STATUS_DATA, "!fl: names a recovery directory of %" PRIu64 " partitions", count);
    allocate_partitions(recovery, (unsigned)count);

    char holder[LOCK_LINE];
    if (!lock_join(recovery->lock, (unsigned)recovery->steps_count, recovery->run, holder)) {
        if (errno == EAGAIN || errno == ESTALE)
            message_fail(STATUS_TRY_LATER,
                         "%s: is in use by another execution, begun by %s: try again when it has ended", path, holder);
        message_fail(STATUS_SYSTEM, "%s/lock: cannot be locked: %s", path, strerror(errno));
    }
    CRASH_POINT("lock: joined");
    return recovery;
}

void recovery_write_hello(const struct recovery *recovery, struct line_writer *out)
{
    struct buffer field = {0};
    if (recovery->root) {
        buffer_print(&field, "recovery=%s", recovery->directory);
        frame_write_field(out, buffer_bytes(&field));
        field.size = 0;
        buffer_print(&field, "run=%s", recovery->run);
        frame_write_field(out, buffer_bytes(&field));
        const struct {
            const char *name;
            uint64_t value;
        } numbers[] = {{"partitions", recovery->count},
                       {"execution", recovery->execution},
                       {"resume", recovery->resume_epoch},
                       {"backup", (uint64_t)recovery->backup}};
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
            field.size = 0;
            buffer_print(&field, "%s=%" PRIu64, numbers[i].name, numbers[i].value);
            frame_write_field(out, buffer_bytes(&field));
        }
    }
    for (size_t i = recovery->steps_before; i < recovery->steps_count; i++) {
        field.size = 0;
        buffer_print(&field, "step=%s", recovery->steps[i].data);
        frame_write_field(out, buffer_bytes(&field));
    }
    buffer_free(&field);
}

/* Appends it as a message shows it, and ends the string. */
static const char *quote(struct buffer *shown, struct bytes signature)
{
    quote_add(shown, signature);
    buffer_add_byte(shown, '\0');
    return shown->data;
}

static void compare_signature(void *context, const struct store_step *step)
{
    struct own_step *own = context;
    struct buffer before = {0}, now = {0};
    if (!bytes_equal(step->id, own->id))
        return;
    own->saved = bytes_equal(step->signature, own->signature);
    if (own->saved || own->other == RECOVERY_ACCEPT)
        return;
    message_fail(STATUS_MISFIT,
                 "%s: step %s was %s here and is %s now: run the flow as it was, %sor drop the step and its state with "
                 "fl-recovery forget %s %s",
                 own->recovery->directory, own->id.data, quote(&before, step->signature), quote(&now, own->signature),
                 own->other == RECOVERY_HINT ? "take its state over with --accept, " : "", own->recovery->directory,
                 own->id.data);
}

/* What the directory has to say of its steps; nothing before the first commit. */
static void each_step(struct recovery *recovery, void (*call)(void *, const struct store_step *), void *context)
{
    if (recovery->resume_epoch > 0)
        store_each_step(reader(recovery, 0), call, context);
}

static struct bytes load_state(void *from, struct bytes key, uint64_t hash)
{
    struct own_step *own = from;
    return store_get(reader(own->recovery, (unsigned)(hash % own->recovery->count)), own->id, key);
}

static void each_state(void *from, void (*call)(void *context, struct bytes key, struct bytes state), void *context)
{
    struct own_step *own = from;
    for (unsigned i = 0; i < own->recovery->count; i++)
        store_each_state(reader(own->recovery, i), own->id, call, context);
}

static uint64_t count_states(void *from)
{
    struct own_step *own = from;
    uint64_t count = 0;
    for (unsigned i = 0; i < own->recovery->count; i++)
        count += store_count_states(reader(own->recovery, i), own->id);
    return count;
}

struct state *recovery_add_step(struct recovery *recovery, const char *base, const char *wanted, const char *signature,
                                enum recovery_other other)
{
    struct own_step *own = bytes_allocate(sizeof *own);
    struct buffer id = {0};
    buffer_print(&id, "%s", wanted != NULL ? wanted : base);
    if (wanted != NULL && has_step(recovery, buffer_bytes(&id)))
        message_fail(STATUS_USAGE, "step %s: another stage of this flow has this id: give each its own with -i",
                     wanted);
    for (unsigned i = 2; has_step(recovery, buffer_bytes(&id)); i++) {
        id.size = 0;
        buffer_print(&id, "%s-%u", base, i);
    }
    *own = (struct own_step){
        .recovery = recovery, .id = copy(buffer_bytes(&id)), .signature = copy(bytes_of(signature)), .other = other};
    buffer_free(&id);
    add_step_id(recovery, own->id);
    recovery->own[recovery->own_count++] = own;
    each_step(recovery, compare_signature, own);
    own->state = state_open(&(struct state_loader){load_state, each_state, count_states, own});
    return own->state;
}

static void check_step(void *context, const struct store_step *step)
{
    struct recovery *recovery = context;
    const int id_size = (int)step->id.size;
    struct buffer signature = {0};
    if (has_step(recovery, step->id))
        return;
    /* Without the root's step, what it has processed would be processed again. */
    if (bytes_equal(step->signature, bytes_of("input")) || bytes_equal(step->signature, bytes_of("replay")))
        message_fail(STATUS_MISFIT,
                     "%s: has the state of step %.*s, where recovery began, which is not in this flow: put -r where it "
                     "was, or begin a new recovery directory",
                     recovery->directory, id_size, step->id.data);
    message_fail(STATUS_MISFIT,
                 "%s: has the state of step %.*s (%s), which is not in this flow: put the stage back, or drop "
                 "the step and its state with fl-recovery forget %s %.*s",
                 recovery->directory, id_size, step->id.data, quote(&signature, step->signature), recovery->directory,
                 id_size, step->id.data);
}

void recovery_check_steps(struct recovery *recovery)
{
    each_step(recovery, check_step, recovery);
}

uint64_t recovery_resume_epoch(const struct recovery *recovery)
{
    return recovery->resume_epoch;
}

bool recovery_unfinished(const struct recovery *recovery)
{
    return recovery->unfinished;
}

uint64_t recovery_committed(const struct recovery *recovery)
{
    return recovery->committed;
}

size_t recovery_steps_before(const struct recovery *recovery)
{
    return recovery->steps_before;
}

size_t recovery_steps(const struct recovery *recovery)
{
    return recovery->steps_count;
}

struct bytes recovery_step_id(const struct recovery *recovery, size_t index)
{
    return recovery->steps[index];
}

/* --- saving ------------------------------------------------------------------------------------------------------- */

/* The oldest epoch that a return may still be made to: the last commit, or the last that is older than the backup
 * interval. */
static uint64_t find_floor(struct recovery *recovery)
{
    if (recovery->backup == 0)
        return store_committed(writer(recovery, 0));
    const int64_t seconds = (recovery->backup + CLOCK_SECOND - 1) / CLOCK_SECOND;
    return store_committed_by(writer(recovery, 0), (int64_t)time(NULL) - seconds);
}

static bool next_change(void *state, struct change *change)
{
    return state_next_change(state, change);
}

static void save_step(struct recovery *recovery, struct own_step *own, unsigned index)
{
    struct store *store = writer(recovery, index);
    const size_t count = state_begin_changes(own->state, index, recovery->count);
    if (!own->saved)
        store_add_step(store, own->id, own->signature, recovery->epoch);
    if (count > 0)
        store_put(store, own->id, recovery->epoch, count, next_change, own->state);
    /* Last: a page that changes again when it was written to the log makes SQLite write all headers after it anew. */
    store_set_front(store, own->id, recovery->epoch);
}

/* Partition 0, which has the commits, is the last one. */
static void save(struct recovery *recovery)
{
    CRASH_POINT("sync: before");
    for (size_t i = 0; i < recovery->synced_count; i++)
        if (fdatasync(recovery->synced[i].fd) == -1)
            message_fail(STATUS_IO, "%s: cannot be synced: %s", recovery->synced[i].name, strerror(errno));
    CRASH_POINT("sync: after");
    for (unsigned index = recovery->count; index-- > 0;) {
        /* The sink writes to each partition after all others, and what it syncs takes along what they have saved. */
        begin_write(recovery, index, recovery->commit);
        const uint64_t floor = find_floor(recovery);
        store_raise_floor(writer(recovery, index), floor);
        if (index == 0 && recovery->root && !recovery->execution_saved)
            store_add_execution(writer(recovery, 0), recovery->execution, recovery->resume_epoch);
        for (size_t i = 0; i < recovery->own_count; i++)
            save_step(recovery, recovery->own[i], index);
        if (index == 0 && recovery->commit)
            store_add_commit(writer(recovery, 0), recovery->epoch, recovery->final, floor);
        end_write(recovery, index);
    }
    recovery->execution_saved = true;
    for (size_t i = 0; i < recovery->own_count; i++)
        recovery->own[i]->saved = true;
}

static void *work_thread(void *context)
{
    struct recovery *recovery = context;
    pthread_mutex_lock(&recovery->mutex);
    while (recovery->work != WORK_END) {
        if (recovery->work != WORK_SAVE) {
            pthread_cond_wait(&recovery->condition, &recovery->mutex);
            continue;
        }
        pthread_mutex_unlock(&recovery->mutex);
        save(recovery);
        pthread_mutex_lock(&recovery->mutex);
        recovery->work = WORK_SAVED;
        pthread_cond_signal(&recovery->condition);
        (void)!write(recovery->wake[1], "", 1); /* a full pipe wakes as well */
    }
    pthread_mutex_unlock(&recovery->mutex);
    return NULL;
}

/* The thread takes no signals: they are for the main one. */
static void start_thread(struct recovery *recovery)
{
    sigset_t all, before;
    bytes_share();
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&recovery->thread, NULL, work_thread, recovery);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0)
        message_fail(STATUS_SYSTEM, "a thread cannot be started: %s", strerror(error));
    recovery->thread_runs = true;
}

static void set_work(struct recovery *recovery, enum work to)
{
    pthread_mutex_lock(&recovery->mutex);
    recovery->work = to;
    pthread_cond_signal(&recovery->condition);
    pthread_mutex_unlock(&recovery->mutex);
}

void recovery_freeze(struct recovery *recovery, uint64_t epoch, bool final)
{
    recovery->epoch = epoch;
    recovery->final = final;
    for (size_t i = 0; i < recovery->own_count; i++)
        state_freeze(recovery->own[i]->state, final);
}

void recovery_sync(struct recovery *recovery, int fd, const char *name)
{
    recovery->synced[recovery->synced_count].fd = fd;
    recovery->synced[recovery->synced_count++].name = name;
}

void recovery_save(struct recovery *recovery, bool commit)
{
    recovery->commit = commit;
    recovery->saving = true;
    if (!recovery->thread_runs)
        start_thread(recovery);
    set_work(recovery, WORK_SAVE);
}

bool recovery_saving(const struct recovery *recovery)
{
    return recovery->saving;
}

bool recovery_saved(struct recovery *recovery)
{
    pthread_mutex_lock(&recovery->mutex);
    bool saved = recovery->work == WORK_SAVED;
    pthread_mutex_unlock(&recovery->mutex);
    return saved;
}

bool recovery_is_committed(struct recovery *recovery)
{
    if (recovery->saving)
        return false;
    if (recovery->committed < recovery->epoch)
        recovery->committed = store_committed(reader(recovery, 0));
    return recovery->committed >= recovery->epoch;
}

int recovery_wake_fd(const struct recovery *recovery)
{
    return recovery->wake[0];
}

uint64_t recovery_finish_save(struct recovery *recovery)
{
    char bytes[16];
    pthread_mutex_lock(&recovery->mutex);
    while (recovery->work != WORK_SAVED)
        pthread_cond_wait(&recovery->condition, &recovery->mutex);
    recovery->work = WORK_NONE;
    pthread_mutex_unlock(&recovery->mutex);
    while (read(recovery->wake[0], bytes, sizeof bytes) > 0)
        continue;
    recovery->saving = false;
    if (recovery->commit)
        recovery->committed = recovery->epoch;
    for (size_t i = 0; i < recovery->own_count; i++)
        state_thaw(recovery->own[i]->state);
    return recovery->epoch;
}

/* One change, and then none. */
static bool next_base(void *context, struct change *change)
{
    struct change *base = context;
    *change = *base;
    base->key.data = NULL;
    return change->key.data != NULL;
}

void recovery_save_base(struct recovery *recovery, size_t step, struct bytes key, struct bytes state)
{
    const uint64_t hash = hash_key(key);
    const unsigned index = (unsigned)(hash % recovery->count);
    struct change base = {.key = key, .state = state, .hash = (uint32_t)hash};
    CRASH_POINT("base: before");
    begin_write(recovery, index, true);
    store_put(writer(recovery, index), recovery->steps[step], 0, 1, next_base, &base);
    end_write(recovery, index);
    state_note_saved(recovery->own[step - recovery->steps_before]->state, key);
    CRASH_POINT("base: after");
}

void recovery_close(struct recovery *recovery)
{
    if (recovery->thread_runs) {
        set_work(recovery, WORK_END);
        pthread_join(recovery->thread, NULL);
    }
    for (size_t i = 0; i < recovery->own_count; i++) {
        state_close(recovery->own[i]->state);
        free((char *)recovery->own[i]->signature.data);
        free(recovery->own[i]);
    }
    /* Two that close at the same moment would each take the other for a reason to leave the write-ahead log. */
    for (unsigned i = 0; i < recovery->count; i++) {
        struct partition *partition = &recovery->partitions[i];
        directory_lock_part(recovery->lock, recovery->directory, i);
        if (partition->reader != NULL)
            store_close(partition->reader);
        if (partition->writer != NULL)
            store_close(partition->writer);
        directory_unlock_part(recovery->lock, recovery->directory, i);
    }
    for (size_t i = 0; i < recovery->steps_count; i++)
        free((char *)recovery->steps[i].data);
    free(recovery->steps);
    free(recovery->partitions);
    free(recovery->directory);
    close(recovery->wake[0]);
    close(recovery->wake[1]);
    close(recovery->lock);
    pthread_mutex_destroy(&recovery->mutex);
    pthread_cond_destroy(&recovery->condition);
    free(recovery);
}
