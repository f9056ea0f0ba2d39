/* sqlite: SQLite as all of the library uses it. Only what knows SQLite includes this: store, page, which is the pages
 * of its files, and expr with expr_json; and nothing else includes sqlite3.h. */
#ifndef SQLITE_H
#define SQLITE_H

#include <sqlite3.h>

/* To be called before anything else of SQLite, as often as one likes: it then counts no memory, and takes no locks of
 * its own, since a connection belongs to one thread at a time. The counting alone took a fifth of the time of a JSON
 * field. What it takes to undo a statement stays in memory: it is little. Returns what SQLite says. */
int sqlite_start(void);

#endif
