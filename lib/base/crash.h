/* crash: points at which a test can kill a program.
 *
 * CRASH_POINT("commit: before") names a moment: everything before it in the code is done, and nothing after it.
 * It is a call in the build of the crash tests alone (FL_CRASH_POINTS; tests/crash/point.c has the function), and
 * compiles to nothing in every other build. */
#ifndef CRASH_H
#define CRASH_H

#ifdef FL_CRASH_POINTS
void crash_point(const char *point);
#define CRASH_POINT(point) crash_point(point)
#else
#define CRASH_POINT(point) ((void)0)
#endif

#endif
