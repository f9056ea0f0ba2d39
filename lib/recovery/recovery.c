#include "recovery/recovery.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/array.h"
#include "base/crash.h"
#include "base/decimal.h"
#include "base/message.h"
#include "base/quote.h"
#include "base/scan.h"
#include "recovery/directory.h"
#include "recovery/lock.h"
#include "recovery/recovery_part.h"
#include "store/store.h"

static struct bytes copy(struct bytes bytes)
{
    return (struct bytes){bytes_string(bytes), bytes.size};
}

static struct store *open_part(const struct recovery *recovery, unsigned index)
{
    struct buffer path = {0};
    directory_part_path(&path, recovery->directory, index);
    struct store *store = store_open(path.data);
    buffer_free(&path);
    return store;
}

struct store *recovery_writer(const struct recovery *recovery, unsigned index)
{
    struct partition *partition = &recovery->partitions[index];
    if (partition->writer == NULL)
        partition->writer = open_part(recovery, index);
    return partition->writer;
}

struct store *recovery_reader(const struct recovery *recovery, unsigned index)
{
    struct partition *partition = &recovery->partitions[index];
    if (!worker_is_busy(recovery->saver))
        return recovery_writer(recovery, index);
    if (partition->reader == NULL)
        partition->reader = open_part(recovery, index);
    return partition->reader;
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
    *recovery = (struct recovery){.directory = directory, .saver = worker_open(recovery_save_all, recovery)};
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
        store_return_to(recovery_reader(recovery, i), recovery->resume_epoch);
    CRASH_POINT("return: after");
    recovery->unfinished =
        recovery->resume_epoch > 0 && !store_is_final(recovery_reader(recovery, 0), recovery->resume_epoch);
    recovery->execution = store_last_execution(recovery_reader(recovery, 0)) + 1;
    if (!lock_share(recovery->lock))
        message_fail(STATUS_SYSTEM, "%s/lock: cannot be shared: %s", directory, strerror(errno));
    CRASH_POINT("lock: shared");
    return recovery;
}

/* --- the stages of an execution ----------------------------------------------------------------------------------- */

static void add_step(struct recovery *recovery, struct bytes id, enum role role)
{
    recovery->steps =
        array_grow(recovery->steps, recovery->steps_count, &recovery->steps_room, sizeof *recovery->steps);
    recovery->steps[recovery->steps_count++] = (struct step){.id = id, .role = role};
}

static struct step *find_step(const struct recovery *recovery, struct bytes id)
{
    for (size_t i = 0; i < recovery->steps_count; i++)
        if (bytes_equal(recovery->steps[i].id, id))
            return &recovery->steps[i];
    return NULL;
}

/* Adds a step upstream, from `ROLE:ID`. */
static void read_step(struct recovery *recovery, struct bytes text)
{
    const char *colon = scan_find(text.data, text.data + text.size, ':');
    const size_t size = (size_t)(colon - text.data);
    enum role role;
    if (size + 1 >= text.size || !role_parse((struct bytes){text.data, size}, &role))
        message_fail(STATUS_DATA, "!fl: %.*s is not a role and the id of a step: use programs of one version",
                     (int)text.size, text.data);
    add_step(recovery, copy((struct bytes){colon + 1, text.size - size - 1}), role);
}

/* The value of a field `name=value`; data NULL if the field has another name. */
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

/* The directory that a stage upstream has announced; data NULL: none. */
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
        read_number(attribute(field, "execution"), &recovery->execution);
        read_number(attribute(field, "resume"), &recovery->resume_epoch);
        if (step.data != NULL)
            read_step(recovery, step);
        read_number(attribute(field, "backup"), &backup);
        read_number(attribute(field, "partitions"), &count);
    }
    recovery->backup = (int64_t)backup;
    recovery->committed = recovery->resume_epoch;
    recovery->steps_before = recovery->steps_count;
    for (size_t i = 0; i < recovery->steps_count; i++)
        recovery->steps[i].saved = recovery->resume_epoch;
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
        buffer_print(&field, "step=%s:%s", role_name(recovery->steps[i].role), recovery->steps[i].id.data);
        frame_write_field(out, buffer_bytes(&field));
    }
    buffer_free(&field);
}

/* Appends the signature as a message shows it, and returns it as a C string. */
static const char *quote(struct buffer *shown, struct bytes signature)
{
    quote_add(shown, signature);
    return buffer_string(shown);
}

static void compare_signature(void *context, const struct store_step *step)
{
    struct own_step *own = context;
    struct buffer before = {0}, now = {0};
    if (!bytes_equal(step->id, own->id))
        return;
    own->known = bytes_equal(step->signature, own->signature);
    if (own->known || own->other == RECOVERY_ACCEPT)
        return;
    message_fail(STATUS_MISFIT,
                 "%s: step %s was %s here and is %s now: run the flow as it was, %sor drop the step and its state with "
                 "fl-recovery forget %s %s",
                 own->recovery->directory, own->id.data, quote(&before, step->signature), quote(&now, own->signature),
                 own->other == RECOVERY_HINT ? "take its state over with --accept, " : "", own->recovery->directory,
                 own->id.data);
}

/* Calls for each step of the directory; for none before the first commit. */
static void each_step(struct recovery *recovery, void (*call)(void *, const struct store_step *), void *context)
{
    if (recovery->resume_epoch > 0)
        store_each_step(recovery_reader(recovery, 0), call, context);
}

static struct bytes load_state(void *from, struct bytes key, uint64_t hash)
{
    struct own_step *own = from;
    return store_get(recovery_reader(own->recovery, (unsigned)(hash % own->recovery->count)), own->id, key);
}

static void each_state(void *from, void (*call)(void *context, struct bytes key, struct bytes state), void *context)
{
    struct own_step *own = from;
    for (unsigned i = 0; i < own->recovery->count; i++)
        store_each_state(recovery_reader(own->recovery, i), own->id, call, context);
}

static uint64_t count_states(void *from)
{
    struct own_step *own = from;
    uint64_t count = 0;
    for (unsigned i = 0; i < own->recovery->count; i++)
        count += store_count_states(recovery_reader(own->recovery, i), own->id);
    return count;
}

struct state *recovery_add_step(struct recovery *recovery, enum role role, const char *base, const char *wanted,
                                const char *signature, enum recovery_other other)
{
    struct own_step *own = bytes_allocate(sizeof *own);
    struct buffer id = {0};
    buffer_print(&id, "%s", wanted != NULL ? wanted : base);
    if (wanted != NULL && find_step(recovery, buffer_bytes(&id)) != NULL)
        message_fail(STATUS_USAGE, "step %s: another stage of this flow has this id: give each its own with -i",
                     wanted);
    for (unsigned i = 2; find_step(recovery, buffer_bytes(&id)) != NULL; i++) {
        id.size = 0;
        buffer_print(&id, "%s-%u", base, i);
    }
    *own = (struct own_step){.recovery = recovery,
                             .id = copy(buffer_bytes(&id)),
                             .role = role,
                             .signature = copy(bytes_of(signature)),
                             .other = other};
    buffer_free(&id);
    add_step(recovery, own->id, role);
    recovery->own = array_grow(recovery->own, recovery->own_count, &recovery->own_room, sizeof(struct own_step *));
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
    if (find_step(recovery, step->id) != NULL)
        return;
    /* Without the root's step, all that the flow has processed would be processed again. */
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
    return recovery->steps[index].id;
}

bool recovery_note_saved(struct recovery *recovery, struct bytes id, uint64_t epoch)
{
    struct step *step = find_step(recovery, id);
    if (step == NULL || step >= recovery->steps + recovery->steps_before || step->saved >= epoch)
        return false;
    step->saved = epoch;
    return true;
}

size_t recovery_unsaved(const struct recovery *recovery, uint64_t epoch)
{
    size_t count = 0;
    for (size_t i = 0; i < recovery->steps_before; i++)
        count += recovery->steps[i].saved < epoch;
    return count;
}

void recovery_close(struct recovery *recovery)
{
    worker_close(recovery->saver);
    for (size_t i = 0; i < recovery->own_count; i++) {
        state_close(recovery->own[i]->state);
        free((char *)recovery->own[i]->signature.data);
        free(recovery->own[i]);
    }
    /* If two closed at the same moment, each would leave the write-ahead log to the other. */
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
        free((char *)recovery->steps[i].id.data);
    free(recovery->steps);
    free(recovery->own);
    free(recovery->synced);
    free(recovery->partitions);
    free(recovery->directory);
    close(recovery->lock);
    free(recovery);
}
