/* page: each page of a partition ends with a checksum of itself, its seal, which is verified whenever it is read.
 *
 * So what a disk, or a copy, has damaged is refused wherever it lies: in a state, where its row's own checksum would
 * tell it too, and in what finds the states, where a damaged key would be a key without a state. A page is sealed when
 * it is written: to the database, and to its write-ahead log, from which other programs too may copy it into the
 * database. They may read all of it; but what they change keeps the seal that it had, and is refused. */
#ifndef PAGE_H
#define PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "store/sqlite.h"

/* The name of the file system with which sqlite3_open_v2 opens a database whose pages are sealed, or are to be; one
 * whose pages have no room for seals is opened as it is. To read a page that is damaged gives SQLITE_IOERR_DATA. */
const char *page_file_system(void);

/* Makes room for seals in a database that is still empty. Returns what SQLite says. */
int page_make_room(sqlite3 *database);

/* Whether the pages of the database are sealed. */
bool page_has_room(sqlite3 *database);

/* The number of the page that was last found damaged, from 1 on; 0 where there was none. */
uint64_t page_damaged(sqlite3 *database);

/* Whether a page is what it was when it was sealed, in the database's file, whatever the write-ahead log has. */
bool page_is_whole(sqlite3 *database, uint64_t number);

#endif
