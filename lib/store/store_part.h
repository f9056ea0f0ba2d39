/* store_part: what the files of the store share, and nobody else includes: the statements, and how they are run.
 *
 * Each of these ends the program where SQLite reports an error, as store.h says. */
#ifndef STORE_PART_H
#define STORE_PART_H

#include "store/sqlite.h"
#include "store/store.h"

enum {
    STORE_FEED_MOST = CHANGE_KEPT, /* changes that one statement takes */
    STORE_BUSY = 10000 /* milliseconds: another process opens, recovers or closes the file: it is quick, or hangs */
};

#define STORE_NOW ((uint64_t)INT64_MAX) /* as an epoch */

enum store_statement {
    BEGIN,
    BEGIN_LOOK,
    COMMIT,
    COMMITTED,
    COMMITTED_BY,
    COMMIT_TIME,
    IS_FINAL,
    LAST_EXECUTION,
    LAST_STARTED,
    EACH_STEP,
    EACH_CONTRADICTION,
    EACH_CHANGE,
    EACH_BLOCK,
    NEWER,
    DROP_CHANGES,
    UNDO,
    DROP_UNDOS,
    DROP_BLOCKS,
    DROP_IMAGES,
    DROP_STEPS,
    DROP_FRONTS,
    LOWER_FRONTS,
    DROP_COMMITS,
    DROP_EXECUTIONS,
    GET,
    GET_AT,
    GET_BLOCK,
    EACH_ROW,
    EACH_ROW_AT,
    IMAGE,
    IMAGE_BLOCKS,
    HOLDING,
    NEWEST_IMAGE,
    COUNT_STATES,
    PAGES,
    ADD_EXECUTION,
    FORGET_EXECUTIONS,
    ADD_STEP,
    SET_FRONT,
    COUNT_MORE,
    ADD_COMMIT,
    FORGET_COMMITS,
    FORGET_CHANGES,
    FORGET_STEP_UNDOS,
    FORGET_STEP_BLOCKS,
    FORGET_STEP_IMAGES,
    FORGET_STEP,
    FORGET_FRONT,
    KEEP,
    PUT,
    DISCARD,
    FORGET_UNDOS,
    NEXT_IMAGE,
    ADD_IMAGE,
    ADD_BLOCK,
    KEEP_ALL,
    FORGET_BLOCKS,
    FORGET_IMAGES,
    SET_FLOOR,
    STORE_STATEMENTS
};

/* Changes, which SQLite reads as a table: one statement for many of them takes a third of the time of one for each. No
 * more at a time than leave their pages in SQLite's cache from one statement to the next. */
struct store_feed {
    struct bytes step_id;
    uint64_t epoch;
    struct change changes[STORE_FEED_MOST];
    size_t count;
};

struct store {
    sqlite3 *database;
    struct store_feed feed;
    char *path;
    struct store_part part;
    bool durable;              /* so store_begin was told last */
    int log_pages;             /* of the write-ahead log, after the last commit */
    struct buffer found;       /* what store_get gave last */
    sqlite3_stmt **statements; /* STORE_STATEMENTS of them; NULL until it is run first */
};

/* Ends the program with what SQLite says; what is the statement, or what was tried. */
_Noreturn void store_fail(const struct store *store, const char *what);

/* The same, for a page whose seal is broken; and for rows that cannot be what was written. */
_Noreturn void store_fail_page(const struct store *store, uint64_t number);
_Noreturn void store_fail_block(const struct store *store, uint64_t block);

/* Runs SQL that is needed once. */
void store_run(const struct store *store, const char *text);

/* One step of a statement: true for a row, false when it is done. Either way store_reset must follow, before it is
 * bound anew, and so that it does not hold on to this moment of the file: the write-ahead log would grow. */
bool store_row(const struct store *store, enum store_statement which);
void store_reset(const struct store *store, enum store_statement which);

/* Runs a statement that gives no rows, and returns how many rows it changed. */
uint64_t store_execute(const struct store *store, enum store_statement which);

/* The one number of a statement's one row; 0 for NULL. */
uint64_t store_number(const struct store *store, enum store_statement which);

/* Parameters, from 1 on. The bytes must stay as they are until the statement was run. */
void store_bind_number(const struct store *store, enum store_statement which, int place, uint64_t number);
void store_bind_bytes(const struct store *store, enum store_statement which, int place, struct bytes bytes);
void store_bind_blob(const struct store *store, enum store_statement which, int place, struct bytes bytes);

/* Columns of the row at hand, from 0 on. data is NULL for NULL alone, and valid until the next step or the reset. */
struct bytes store_column_bytes(const struct store *store, enum store_statement which, int column);
uint64_t store_column_number(const struct store *store, enum store_statement which, int column);

/* The checksum of a row of changes or undos, as fl-recovery(5) defines it. */
uint64_t store_check_of(struct bytes step_id, uint64_t epoch, struct bytes key, struct bytes change);

/* Ends the program (78) where a row does not fit its checksum. */
void store_verify(const struct store *store, struct bytes step_id, uint64_t epoch, struct bytes key,
                  struct bytes change, uint64_t check);

/* Makes the table `feed` known to a database: it has the rows of what is given here, which must live as long. */
int store_feed_connect(sqlite3 *database, struct store_feed *feed);

/* Copies a state that was found to where it stays until the next call. */
struct bytes store_keep_found(struct store *store, struct bytes state);

/* Notes that there are so many more rows of changes and so many more images of a step, or fewer. */
void store_count_more(const struct store *store, struct bytes step, int64_t rows, int64_t images);

/* --- images: all states of a step as of an epoch, many in a row --------------------------------------------------- */

/* What a partition holds of a step. */
struct store_holding {
    uint64_t rows; /* of changes, about */
    uint64_t images;
    uint64_t keys; /* in the newest of them */
    uint64_t bytes;
};
struct store_holding store_find_holding(const struct store *store, struct bytes step);

/* Deletes the images of a step that no return to the floor or later needs, and returns how many. */
uint64_t store_forget_images(const struct store *store, struct bytes step);

/* The state of a key, data NULL for none, in store->found; hash is the low half of the key's. */
struct bytes store_image_get(struct store *store, struct bytes step, uint64_t epoch, struct bytes key, uint32_t hash);

/* Whether so many changes are better saved in a new image than as rows. */
bool store_wants_image(const struct store_holding *holding, uint64_t changes);

/* Makes an image of the epoch: what the step has, and the changes. Its rows of changes become undos. */
void store_put_image(struct store *store, struct bytes step, uint64_t epoch,
                     bool (*next)(void *context, struct change *change), void *context);

/* The checksum of a block. */
uint64_t store_block_check(uint64_t block, struct bytes content);

#endif
