/* page: each page of a partition ends with a seal, a checksum of the page, which is verified whenever it is read.
 *
 * So a page that a disk or a copy has damaged is refused, whatever it holds: a state, whose row has a checksum of its
 * own, or a part of an index, where a damaged key would read as a key without a state. A page is sealed when it is
 * written to the database and when it is written to the write-ahead log, from which other programs may copy it into the
 * database. Other programs may read everything. A page that they change keeps its old seal, and is refused. */
#ifndef PAGE_H
#define PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "store/sqlite.h"

/* Returns the name of the VFS to call sqlite3_open_v2 with, for a database whose pages are or will be sealed. A
 * database whose pages have no room for seals is opened as it is. To read a damaged page gives SQLITE_IOERR_DATA. */
const char *page_file_system(void);

/* Makes room for seals in a database that is still empty. Returns what SQLite says. */
int page_make_room(sqlite3 *database);

/* Whether the pages of the database are sealed. */
bool page_has_room(sqlite3 *database);

/* Returns the number of the page that was last found damaged, from 1 on; 0 if there was none. */
uint64_t page_damaged(sqlite3 *database);

/* Whether a page fits its seal in the database file; the write-ahead log is not looked at. True if the pages are not
 * sealed. */
bool page_is_whole(sqlite3 *database, uint64_t number);

#endif
