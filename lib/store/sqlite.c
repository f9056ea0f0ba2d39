#include "store/sqlite.h"

#include <pthread.h>

static int answer;

static void start(void)
{
    answer = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (answer == SQLITE_OK)
        answer = sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    if (answer == SQLITE_OK)
        answer = sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, -1);
    /* Otherwise each of a stage's two connections begins with memory for 20 pages, most of which it never needs. */
    if (answer == SQLITE_OK)
        answer = sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
    if (answer == SQLITE_OK)
        answer = sqlite3_initialize();
}

int sqlite_start(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start);
    return answer;
}
