/* sqlite: SQLite as all of the library uses it. Only these include this header: the store with its pages, and expr with
 * expr_json. Nothing else includes sqlite3.h. */
#ifndef SQLITE_H
#define SQLITE_H

#include <sqlite3.h>

/* Sets SQLite up; returns what SQLite says. Call it before anything else of SQLite; more calls do nothing. SQLite then
 * counts no memory: the counting alone took a fifth of the time of a JSON field. It takes no locks of its own, since
 * each connection belongs to one thread at a time. It keeps in memory what undoing a statement needs, which is little.
 * */
int sqlite_start(void);

#endif
