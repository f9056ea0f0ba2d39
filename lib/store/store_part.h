/* store_part: what the files of the store share; nobody else includes it.
 *
 * The files are layers, and each calls only those below it:
 *
 *     store.c         opening, transactions, steps and commits, saving changes
 *     store_check.c, store_file.c beside it: looking for damage; making, converting and copying a partition
 *     store_image.c   making and forgetting images
 *     store_states.c  reading states, from rows and images
 *     store_feed.c    changes as a table of SQLite's
 *     store_sql.c     the statements, rows and checksums
 *     page.c, block.c the pages of the file, the content of a block
 *
 * Below, each layer has a section, the lowest first. Every function ends the program if SQLite reports an error, as
 * store.h says. */
#ifndef STORE_PART_H
#define STORE_PART_H

#include "store/sqlite.h"
#include "store/store.h"

enum {
    STORE_FEED_MOST = CHANGE_KEPT, /* changes that one statement takes */
    STORE_BUSY = 10000 /* milliseconds: another process that opens, recovers or closes the file is quick, or hangs */
};

#define STORE_NOW ((uint64_t)INT64_MAX) /* in place of an epoch: with everything that is saved */

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

/* Changes that SQLite reads as a table: one statement for many changes takes a third of the time of one for each. They
 * are few enough that the pages that they touch stay in SQLite's cache from one statement to the next. */
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
    bool durable;              /* what store_begin was last called with */
    int log_pages;             /* pages in the write-ahead log after the last commit */
    struct buffer found;       /* the result of the last store_get or store_get_at */
    sqlite3_stmt **statements; /* STORE_STATEMENTS of them; each is NULL until it is first run */
};

/* --- store_sql.c: statements, rows and checksums ------------------------------------------------------------------ */

/* Ends the program with what SQLite says; what is the statement, or what was tried. */
_Noreturn void store_fail(const struct store *store, const char *what);

/* Ends the program (78): a page does not fit its seal; a block is not what was written. */
_Noreturn void store_fail_page(const struct store *store, uint64_t number);
_Noreturn void store_fail_block(const struct store *store, uint64_t block);

/* Runs SQL that is needed once. */
void store_run(const struct store *store, const char *text);

/* Steps a statement: returns true for a row, false when it is done. After either, call store_reset before the statement
 * is bound again: until then it holds on to this moment of the file, and the write-ahead log grows. */
bool store_row(const struct store *store, enum store_statement which);
void store_reset(const struct store *store, enum store_statement which);

/* Runs a statement that gives no rows, and returns how many rows it changed. */
uint64_t store_execute(const struct store *store, enum store_statement which);

/* Returns the number in the one row of a statement; 0 for NULL or no row. */
uint64_t store_number(const struct store *store, enum store_statement which);

/* Bind a parameter; place counts from 1. The bytes must stay as they are until the statement was run. */
void store_bind_number(const struct store *store, enum store_statement which, int place, uint64_t number);
void store_bind_bytes(const struct store *store, enum store_statement which, int place, struct bytes bytes);
void store_bind_blob(const struct store *store, enum store_statement which, int place, struct bytes bytes);

/* A column of the row at hand; column counts from 0. data is NULL for NULL alone. The view is valid until the next step
 * or the reset of the statement. */
struct bytes store_column_bytes(const struct store *store, enum store_statement which, int column);
uint64_t store_column_number(const struct store *store, enum store_statement which, int column);

/* The checksum of a row of changes or undos, as fl-recovery(5) defines it. */
uint64_t store_check_of(struct bytes step_id, uint64_t epoch, struct bytes key, struct bytes change);

/* Ends the program (78) if a row does not fit its checksum. */
void store_verify(const struct store *store, struct bytes step_id, uint64_t epoch, struct bytes key,
                  struct bytes change, uint64_t check);

/* The checksum of a block. */
uint64_t store_block_check(uint64_t block, struct bytes content);

/* --- store_feed.c: changes as a table ----------------------------------------------------------------------------- */

/* Adds the table `feed` to a connection: its rows are the changes in *feed, which must live as long as the connection.
 * Returns what SQLite says. */
int store_feed_connect(sqlite3 *database, struct store_feed *feed);

/* --- store_states.c: reading states ------------------------------------------------------------------------------- */

/* The states of a step as of an epoch, on their way out: the rows and the newest image side by side, in one order. */
struct store_states {
    struct store *store;
    struct bytes step_id;
    enum store_statement rows; /* EACH_ROW or EACH_ROW_AT */
    struct change row;         /* the next row; key.data is NULL after the last */
    struct change imaged;      /* the next state of the image, in the same way */
    struct bytes block;        /* the states that are left of the block of imaged */
    bool row_given;            /* row was handed out, or hidden, and the next one must be read first */
    bool imaged_given;
};

/* Begins with the states of a step as of an epoch, or of STORE_NOW. step_id must live as long. */
struct store_states store_begin_states(struct store *store, struct bytes step_id, uint64_t epoch);

/* Sets *state to the next state, in the order of the low halves of the keys' hashes, and of the keys if these are the
 * same. Returns false after the last, with *state all zero; then nothing more may be asked. The views are valid until
 * the next call. */
bool store_next_state(struct store_states *states, struct change *state);

/* Compares two changes, one of which has a key, by that order: below 0 if a comes first, 0 if both have the same key. A
 * change without a key (data NULL) comes after all others. */
int store_compare_changes(const struct change *a, const struct change *b);

/* --- store_image.c: making and forgetting images ------------------------------------------------------------------ */

/* What a partition holds of a step. */
struct store_holding {
    uint64_t rows; /* of changes, about */
    uint64_t images;
    uint64_t keys;  /* in the newest image */
    uint64_t bytes; /* of its blocks */
};
struct store_holding store_find_holding(const struct store *store, struct bytes step_id);

/* Adds to the numbers of rows of changes and of images that a step has; both may be negative. */
void store_count_more(const struct store *store, struct bytes step_id, int64_t rows, int64_t images);

/* Deletes the images of a step that no return to the floor or later needs, and returns how many. */
uint64_t store_forget_images(const struct store *store, struct bytes step_id);

/* Whether a new image is a better place for so many changes than rows are. */
bool store_wants_image(const struct store_holding *holding, uint64_t changes);

/* Makes an image as of an epoch from the states that the step has and the changes, which next hands out as it does for
 * store_put. The step's rows of changes become undos. */
void store_put_image(struct store *store, struct bytes step_id, uint64_t epoch,
                     bool (*next)(void *context, struct change *change), void *context);

#endif
