#include "base/worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/descriptor.h"
#include "base/message.h"

enum phase { IDLE, BEGUN, DONE, ENDING };

struct worker {
    void (*work)(void *context);
    void *context;
    bool busy; /* the caller's view: begun, and not waited for */
    bool runs; /* the thread was started */
    int wake[2];
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    enum phase phase; /* under the mutex */
};

struct worker *worker_open(void (*work)(void *context), void *context)
{
    struct worker *worker = bytes_allocate(sizeof *worker);
    *worker = (struct worker){.work = work, .context = context};
    pthread_mutex_init(&worker->mutex, NULL);
    pthread_cond_init(&worker->changed, NULL);
    if (!descriptor_pipe(worker->wake) || !descriptor_unblock(worker->wake[0]) || !descriptor_unblock(worker->wake[1]))
        message_fail(STATUS_SYSTEM, "a pipe cannot be made: %s", strerror(errno));
    return worker;
}

static void set_phase(struct worker *worker, enum phase phase)
{
    pthread_mutex_lock(&worker->mutex);
    worker->phase = phase;
    pthread_cond_signal(&worker->changed);
    pthread_mutex_unlock(&worker->mutex);
}

static void *run(void *argument)
{
    struct worker *worker = argument;
    for (;;) {
        pthread_mutex_lock(&worker->mutex);
        while (worker->phase != BEGUN && worker->phase != ENDING)
            pthread_cond_wait(&worker->changed, &worker->mutex);
        const bool ending = worker->phase == ENDING;
        pthread_mutex_unlock(&worker->mutex);
        if (ending)
            return NULL;
        worker->work(worker->context);
        pthread_mutex_lock(&worker->mutex);
        worker->phase = DONE;
        pthread_cond_signal(&worker->changed);
        /* Under the mutex, so that worker_wait takes this byte out. If the pipe is full, it is readable already. */
        (void)!write(worker->wake[1], "", 1);
        pthread_mutex_unlock(&worker->mutex);
    }
}

static void start_thread(struct worker *worker)
{
    sigset_t all, before;
    bytes_share();
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error = pthread_create(&worker->thread, NULL, run, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0)
        message_fail(STATUS_SYSTEM, "a thread cannot be started: %s", strerror(error));
    worker->runs = true;
}

void worker_begin(struct worker *worker)
{
    worker->busy = true;
    if (!worker->runs)
        start_thread(worker);
    set_phase(worker, BEGUN);
}

bool worker_is_busy(const struct worker *worker)
{
    return worker->busy;
}

bool worker_is_done(struct worker *worker)
{
    pthread_mutex_lock(&worker->mutex);
    const bool done = worker->phase == DONE;
    pthread_mutex_unlock(&worker->mutex);
    return done;
}

int worker_fd(const struct worker *worker)
{
    return worker->wake[0];
}

void worker_wait(struct worker *worker)
{
    char bytes[16];
    pthread_mutex_lock(&worker->mutex);
    while (worker->phase != DONE)
        pthread_cond_wait(&worker->changed, &worker->mutex);
    worker->phase = IDLE;
    pthread_mutex_unlock(&worker->mutex);
    while (read(worker->wake[0], bytes, sizeof bytes) > 0)
        continue;
    worker->busy = false;
}

void worker_close(struct worker *worker)
{
    if (worker->runs) {
        set_phase(worker, ENDING);
        pthread_join(worker->thread, NULL);
    }
    close(worker->wake[0]);
    close(worker->wake[1]);
    pthread_cond_destroy(&worker->changed);
    pthread_mutex_destroy(&worker->mutex);
    free(worker);
}
