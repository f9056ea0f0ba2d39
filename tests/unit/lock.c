/* Goal of this test: whoever else is at work in a directory, and whenever, only the stages of one execution hold lines,
 * and each that is refused is told by whom.
 *
 * The test is one of the stages; processes of their own are the others. At the crash point of lock_join, between its
 * look and its lock, they do what the test tells them. */
#define FL_CRASH_POINTS
#include "recovery/lock.c"

#include <poll.h>
#include <sys/wait.h>

#include "base/crash.h"
#include "check.h"

/* What another process is told to do; its answer is whether that was done, and if not, why. */
struct order {
    enum { BEGIN, SHARE, JOIN, LOCK, LET_GO } what;
    unsigned number; /* of the line or partition */
    char run[LOCK_RUN];
};

struct answer {
    bool done;
    int error;
    char holder[LOCK_LINE];
};

static struct other {
    pid_t pid;
    int orders[2], answers[2];
} others[2];

static void (*on_look)(void);

void crash_point(const char *point)
{
    (void)point;
    if (on_look != NULL)
        on_look();
}

static bool follow(int *fd, const struct order *order, char *holder)
{
    switch (order->what) {
    case BEGIN:
        return lock_begin(*fd, order->run, holder);
    case SHARE:
        return lock_share(*fd);
    case JOIN:
        return lock_join(*fd, order->number, order->run, holder);
    case LOCK:
        return lock_partition(*fd, order->number);
    case LET_GO:
        close(*fd);
        *fd = lock_open(".");
        return *fd != -1;
    }
    return false;
}

/* Ends when the test does. */
_Noreturn static void run_other(const struct other *other)
{
    struct order order;
    int fd = lock_open(".");
    for (const struct other *each = others; each <= other; each++)
        close(each->orders[1]);
    while (read(other->orders[0], &order, sizeof order) == sizeof order) {
        struct answer answer = {0};
        answer.done = follow(&fd, &order, answer.holder);
        answer.error = errno;
        if (!descriptor_write(other->answers[1], &answer, sizeof answer))
            break;
    }
    _exit(0);
}

static void start_other(struct other *other)
{
    CHECK(descriptor_pipe(other->orders) && descriptor_pipe(other->answers));
    fflush(NULL);
    other->pid = fork();
    if (other->pid == 0)
        run_other(other);
    CHECK(other->pid != -1);
}

static void give(int number, struct order order)
{
    CHECK(descriptor_write(others[number].orders[1], &order, sizeof order));
}

static struct answer take(int number)
{
    struct answer answer = {0};
    CHECK(read(others[number].answers[0], &answer, sizeof answer) == sizeof answer);
    return answer;
}

static struct answer tell(int number, struct order order)
{
    give(number, order);
    return take(number);
}

static void expect_done(int number, struct order order)
{
    CHECK(tell(number, order).done);
}

/* Whether the holder is this process. */
static bool is_process(const char *holder, pid_t pid)
{
    char expected[64];
    snprintf(expected, sizeof expected, "unit (process %ld, since ", (long)pid);
    return strncmp(holder, expected, strlen(expected)) == 0;
}

/* What line of the file says who it is of; 0: nobody has written it. */
static bool line_is_of(int fd, unsigned line, pid_t pid)
{
    char run[LOCK_RUN], holder[LOCK_LINE];
    read_holder(fd, (off_t)line * LOCK_LINE, run, holder);
    return is_process(holder, pid);
}

struct holders {
    size_t count;
    char list[4][LOCK_LINE];
};

static void list_holder(void *context, const char *holder)
{
    struct holders *holders = context;
    if (holders->count < sizeof holders->list / sizeof *holders->list)
        snprintf(holders->list[holders->count], LOCK_LINE, "%s", holder);
    holders->count++;
}

static void let_all_go(void)
{
    expect_done(0, (struct order){.what = LET_GO});
    expect_done(1, (struct order){.what = LET_GO});
    CHECK(truncate("lock", 0) == 0);
}

static void check_one_execution(void)
{
    struct holders holders = {0};
    struct answer answer;
    int fd = lock_open(".");
    lock_each_holder(fd, list_holder, &holders);
    CHECK(holders.count == 0);

    expect_done(0, (struct order){.what = BEGIN, .run = "a"});
    lock_each_holder(fd, list_holder, &holders);
    CHECK(holders.count == 1 && is_process(holders.list[0], others[0].pid));
    answer = tell(1, (struct order){.what = BEGIN, .run = "b"});
    CHECK(!answer.done && answer.error == EAGAIN && is_process(answer.holder, others[0].pid));
    answer = tell(1, (struct order){.what = JOIN, .number = 3, .run = "b"});
    CHECK(!answer.done && answer.error == ESTALE && is_process(answer.holder, others[0].pid));

    expect_done(0, (struct order){.what = SHARE});
    expect_done(1, (struct order){.what = JOIN, .number = 3, .run = "a"});
    holders.count = 0;
    lock_each_holder(fd, list_holder, &holders);
    CHECK(holders.count == 2 && is_process(holders.list[0], others[0].pid));
    CHECK(is_process(holders.list[1], others[1].pid));

    /* The last stage that is left keeps others out, and is named. */
    char holder[LOCK_LINE];
    expect_done(0, (struct order){.what = LET_GO});
    CHECK(!lock_begin(fd, "c", holder) && errno == EAGAIN && is_process(holder, others[1].pid));
    expect_done(1, (struct order){.what = LET_GO});
    CHECK(lock_begin(fd, "c", holder) && line_is_of(fd, 0, getpid()));
    close(fd);

    /* A root that is just beginning has all lines, and is one holder. */
    fd = lock_open(".");
    expect_done(0, (struct order){.what = BEGIN, .run = "d"});
    holders.count = 0;
    lock_each_holder(fd, list_holder, &holders);
    CHECK(holders.count == 1 && is_process(holders.list[0], others[0].pid));
    close(fd);
    let_all_go();
}

static void let_stage_go(void)
{
    on_look = NULL;
    expect_done(1, (struct order){.what = LET_GO});
}

/* A line that a stage of an execution before still holds is waited for, but not for ever. */
static void check_wait(void)
{
    char holder[LOCK_LINE];
    int fd = lock_open(".");
    expect_done(0, (struct order){.what = BEGIN, .run = "a"});
    expect_done(0, (struct order){.what = SHARE});
    expect_done(1, (struct order){.what = JOIN, .number = 2, .run = "a"});
    CHECK(!lock_join(fd, 2, "a", holder) && errno == EAGAIN && is_process(holder, others[0].pid));
    CHECK(line_is_of(fd, 2, others[1].pid));
    on_look = let_stage_go;
    CHECK(lock_join(fd, 2, "a", holder) && on_look == NULL && line_is_of(fd, 2, getpid()));
    close(fd);
    let_all_go();
}

static void begin_another(void)
{
    on_look = NULL;
    expect_done(0, (struct order){.what = LET_GO});
    expect_done(1, (struct order){.what = BEGIN, .run = "b"});
}

static void begin_and_share_another(void)
{
    begin_another();
    expect_done(1, (struct order){.what = SHARE});
}

/* Another execution begins after the look that has found ours: it has all lines, or leaves ours free. */
static void check_another(void (*begin)(void))
{
    char holder[LOCK_LINE];
    int fd = lock_open(".");
    expect_done(0, (struct order){.what = BEGIN, .run = "a"});
    expect_done(0, (struct order){.what = SHARE});
    on_look = begin;
    CHECK(!lock_join(fd, 2, "a", holder) && errno == ESTALE && is_process(holder, others[1].pid));
    CHECK(on_look == NULL && !line_is_of(fd, 2, getpid()));
    close(fd);
    let_all_go();
}

static void check_partitions(void)
{
    int fd = lock_open(".");
    CHECK(lock_partition(fd, 0) && lock_partition(fd, 2) && lock_partition(fd, 999));
    expect_done(0, (struct order){.what = LOCK, .number = 1});
    /* The locks of lines and of partitions do not meet. */
    expect_done(0, (struct order){.what = BEGIN, .run = "a"});
    CHECK(lock_release(fd, 0));
    expect_done(0, (struct order){.what = LOCK, .number = 0});
    give(1, (struct order){.what = LOCK, .number = 2});
    CHECK(poll(&(struct pollfd){.fd = others[1].answers[0], .events = POLLIN}, 1, 100) == 0);
    CHECK(lock_release(fd, 2));
    CHECK(take(1).done);
    close(fd);
    let_all_go();
}

int main(void)
{
    char directory[4096];
    const char *temporary = getenv("TMPDIR");
    snprintf(directory, sizeof directory, "%s/lock.XXXXXX", temporary != NULL ? temporary : "/tmp");
    if (mkdtemp(directory) == NULL || chdir(directory) == -1) {
        perror(directory);
        return 1;
    }
    message_program = "unit";
    alarm(60);
    for (int i = 0; i < 2; i++)
        start_other(&others[i]);
    check_one_execution();
    check_wait();
    check_another(begin_another);
    check_another(begin_and_share_another);
    check_partitions();
    CHECK(lock_open("missing") == -1 && errno == ENOENT);
    for (int i = 0; i < 2; i++) {
        close(others[i].orders[1]);
        CHECK(waitpid(others[i].pid, NULL, 0) == others[i].pid);
    }
    CHECK(unlink("lock") == 0 && chdir("/") == 0 && rmdir(directory) == 0);
    return check_end();
}
