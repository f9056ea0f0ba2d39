/* expr_json: `json_extract(x, path)` and `x ->> path` as SQLite has them, and several times as fast where x is an
 * object of plain JSON and the path leads from member to member: a part of expr. */
#ifndef EXPR_JSON_H
#define EXPR_JSON_H

#include "store/sqlite.h"

/* Puts them in the place of SQLite's own, for as long as the database is open; what is bound to its statements must be
 * so as SQLITE_STATIC. Returns SQLITE_OK, or what has failed. */
int expr_json_add(sqlite3 *database);

#endif
