/* Goal of this test: what lock.c checks, with the locks of a system that has no open-file-description locks. */
#define LOCK_POSIX
#include "lock.c"
