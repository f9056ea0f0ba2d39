/* edit: changes a partition as no other program does, so that its pages still fit their seals: what a test needs to see
 * what follows from rows that are wrong.
 *
 *     edit FILE SQL */
#include <stdio.h>

#include "store/page.h"

int main(int argc, char **argv)
{
    sqlite3 *database = NULL;
    if (argc != 3)
        return 64;
    if (sqlite3_open_v2(argv[1], &database, SQLITE_OPEN_READWRITE, page_file_system()) != SQLITE_OK ||
        sqlite3_exec(database, argv[2], NULL, NULL, NULL) != SQLITE_OK || sqlite3_close(database) != SQLITE_OK) {
        fprintf(stderr, "edit: %s: %s\n", argv[1], sqlite3_errmsg(database));
        return 1;
    }
    return 0;
}
