/* worker: a thread that does one piece of work at a time in the background.
 *
 * The work is one function, which the worker calls each time it is asked to. Whatever the work reads or writes belongs
 * to the worker's thread from worker_begin until worker_wait returns, and to the caller's thread otherwise: that order
 * is all the synchronisation there is. All functions are called by one thread, the one that opened the worker. */
#ifndef WORKER_H
#define WORKER_H

#include <stdbool.h>

struct worker;

/* Makes a worker whose work is work(context). The thread is started by the first worker_begin; it takes no signals. */
struct worker *worker_open(void (*work)(void *context), void *context);

/* Ends the thread, which must not be at work, and frees the worker. */
void worker_close(struct worker *worker);

/* Begins the work; what was begun before must have been waited for. */
void worker_begin(struct worker *worker);

/* Returns whether work was begun that was not waited for yet; and whether it is done, so that worker_wait does not
 * block. */
bool worker_is_busy(const struct worker *worker);
bool worker_is_done(struct worker *worker);

/* A descriptor that poll reports as readable once the work is done. */
int worker_fd(const struct worker *worker);

/* Waits until the work is done. */
void worker_wait(struct worker *worker);

#endif
