/* crash: points at which a test can have a program killed.
 *
 * CRASH_POINT("commit: before") names a moment at which all that was done so far stands, and nothing of what follows.
 * It is nothing at all but in the build of the crash tests (FL_CRASH_POINTS), where tests/crash/point.c says what it
 * does. */
#ifndef CRASH_H
#define CRASH_H

#ifdef FL_CRASH_POINTS
void crash_point(const char *point);
#define CRASH_POINT(point) crash_point(point)
#else
#define CRASH_POINT(point) ((void)0)
#endif

#endif
