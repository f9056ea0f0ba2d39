/* A VFS of SQLite's that wraps the system's: it seals pages when they are written, and verifies them when they are
 * read. SQLite's own cksumvfs does that for the database file alone. Here the write-ahead log is sealed too; each part
 * of that is here for a reason:
 *
 *   - Seals in the frames of the log. Another program, such as the sqlite3 shell that somebody opens a partition with
 *     after a crash, copies the log into the database, frame by frame as it finds them. Without a seal in the frame the
 *     page that it copies is refused ever after (tests/damage.bats). And a page that is read back from the log, whose
 *     checksums SQLite verifies only when it recovers the log, would not be verified.
 *   - Checksums of the frames. A frame has a checksum over its page and all frames before it. SQLite computes it before
 *     the page comes here, so it is computed again over the sealed page.
 *   - Held frames. SQLite writes the header of a frame, then its page. The header is held back until the page is there,
 *     since the checksum is in the header. Up to 16 frames are held back and written by one call: to save 300000 states
 *     takes 1824 calls of pwrite instead of 2649, and by one measurement 4 (images) to 18 (rows) percent less of the
 *     processor's time.
 *   - Pages without a header, and headers without a page. If the cache is too small for a transaction, SQLite writes a
 *     page to the log before the commit, and overwrites it in its frame if it changes again. At the commit it reads the
 *     log from there on, and writes all headers anew, with checksums over the sealed pages.
 *   - Rollback. Frames that are still held back when the write lock is given up are dropped: another process may have
 *     committed frames of its own in their place before they would be written.
 *   - Byte order. The header of the log says whether its checksums are of big-endian numbers. SQLite continues a log
 *     that a machine of the other order has begun, in that log's order.
 *
 * Tried with SQLite 3.40.1 (Debian 12), 3.46.0 and 3.54.1: all unit tests of the store, and the bats files damage,
 * images and snapshots; with 3.54.1 also power, crash, growth and full. */
#include "store/page.h"

#include <pthread.h>
#include <string.h>
#include <xxhash.h>

/* The formats of a database and of its write-ahead log are described in sqlite.org/fileformat2.html. */
enum {
    PAGE = 4096,
    SEAL = sizeof(XXH64_canonical_t), /* the last bytes of a page */
    BODY = PAGE - SEAL,
    ROOM_AT = 20, /* the byte of a database's header that says how many bytes of each page are not SQLite's */
    HEADER = 100, /* bytes at the front of page 1, which SQLite also reads without the rest of the page */

    LOG_HEADER = 32,
    LOG_SUM = 24,
    FRAME_HEADER = 24, /* the page's number first; the checksum last */
    FRAME_SUMMED = 8,  /* bytes of the frame's header that the checksum covers */
    FRAME_SUM = 16,
    FRAME_COMMITS = 4, /* the number here is 0 except in the last frame of a transaction */
    FRAME = FRAME_HEADER + PAGE,
    SUM = 8,
    HELD_MOST = 16 * FRAME,
    WRITE_LOCK = 0
};

/* What this VFS knows of an open file whose pages are sealed. It lies behind what the system's VFS keeps of the file.
 * */
struct note {
    const sqlite3_io_methods *system;
    sqlite3_io_methods methods; /* the same, with sealing and verifying */
    uint64_t damaged;           /* the number of the page that was last found damaged; 0: none */

    /* Of a database: its write-ahead log, and consecutive frames that are held back. They are written when there is no
     * room for more, with the last frame of a transaction, and before the log is read, written elsewhere, or synced. */
    sqlite3_file *log;
    unsigned char *held;   /* NULL until a frame is held back for the first time */
    int held_size;         /* in bytes; they may end with a header whose page is still to come */
    sqlite3_int64 held_at; /* the offset in the log at which they belong */

    /* Of a write-ahead log. */
    struct note *database;
    bool native; /* its checksums are of numbers in this machine's order; once that is so it remains so */
};

#define BIG_ENDIAN_HERE (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

static const char name[] = "flowline";
static sqlite3_vfs *system_files; /* the one that is wrapped */
static sqlite3_vfs files;

static struct note *note_of(sqlite3_file *file)
{
    return (struct note *)((char *)file + files.szOsFile - (int)sizeof(struct note));
}

static int read_plain(sqlite3_file *file, void *data, int size, sqlite3_int64 offset)
{
    return note_of(file)->system->xRead(file, data, size, offset);
}

static int write_plain(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
    return note_of(file)->system->xWrite(file, data, size, offset);
}

static int damaged(sqlite3_file *file, uint64_t number)
{
    note_of(file)->damaged = number;
    return SQLITE_IOERR_DATA;
}

/* The number is a part of the seal, so that a page in the place of another one is found. */
static XXH64_canonical_t seal_of(const unsigned char *page, uint64_t number)
{
    XXH64_canonical_t seal;
    XXH64_canonicalFromHash(&seal, XXH3_64bits_withSeed(page, BODY, number));
    return seal;
}

static void seal_page(unsigned char *page, uint64_t number)
{
    const XXH64_canonical_t seal = seal_of(page, number);
    memcpy(page + BODY, &seal, SEAL);
}

static bool is_sealed(const unsigned char *page, uint64_t number)
{
    const XXH64_canonical_t seal = seal_of(page, number);
    return memcmp(page + BODY, &seal, SEAL) == 0;
}

/* A page that was free from the beginning is never written and reads as zeros; SQLite does not use it before it is
 * written. */
static bool is_blank(const unsigned char *page)
{
    return page[0] == 0 && memcmp(page, page + 1, PAGE - 1) == 0;
}

static int read_page(sqlite3_file *file, unsigned char *page, uint64_t number)
{
    const sqlite3_int64 start = (sqlite3_int64)(number - 1) * PAGE;
    sqlite3_int64 end;
    int code = read_plain(file, page, PAGE, start);
    /* A page beyond the end may be in the write-ahead log alone, but the file does not end within a page. */
    if (code == SQLITE_IOERR_SHORT_READ)
        return file->pMethods->xFileSize(file, &end) == SQLITE_OK && end > start ? damaged(file, number) : code;
    return code != SQLITE_OK || is_sealed(page, number) || is_blank(page) ? code : damaged(file, number);
}

/* Since 3.45.0 SQLite reads only the part of a page that it needs, if the page holds a piece of a long value. */
static int read_part(sqlite3_file *file, void *data, int size, sqlite3_int64 offset)
{
    unsigned char page[PAGE];
    const int at = (int)(offset % PAGE);
    if (at + size > PAGE) /* the header gives a larger page size, so it is damaged */
        return damaged(file, 1);
    int code = read_page(file, page, (uint64_t)offset / PAGE + 1);
    memcpy(data, page + at, (size_t)size);
    return code;
}

static int read_database(sqlite3_file *file, void *data, int size, sqlite3_int64 offset)
{
    if (offset + size <= HEADER)
        return read_plain(file, data, size, offset);
    if (size != PAGE || offset % PAGE != 0)
        return read_part(file, data, size, offset);
    return read_page(file, data, (uint64_t)offset / PAGE + 1);
}

static int write_database(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
    unsigned char page[PAGE];
    if (size != PAGE)
        return write_plain(file, data, size, offset);
    memcpy(page, data, PAGE);
    seal_page(page, (uint64_t)offset / PAGE + 1);
    return write_plain(file, page, PAGE, offset);
}

static bool is_page_of_log(int size, sqlite3_int64 offset)
{
    return size == PAGE && offset >= LOG_HEADER + FRAME_HEADER && (offset - LOG_HEADER - FRAME_HEADER) % FRAME == 0;
}

static uint32_t read_big(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static uint32_t read_little(const unsigned char *bytes)
{
    return (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[1] << 8 | bytes[0];
}

static void write_big(unsigned char *bytes, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (unsigned char)(number >> (24 - 8 * i));
}

/* Adds bytes to the checksum that runs through all frames of a write-ahead log. size is a multiple of 8. */
static void add_to_sum(uint32_t sum[2], const unsigned char *bytes, size_t size, bool big)
{
    for (size_t i = 0; i < size; i += 8) {
        sum[0] += (big ? read_big(bytes + i) : read_little(bytes + i)) + sum[1];
        sum[1] += (big ? read_big(bytes + i + 4) : read_little(bytes + i + 4)) + sum[0];
    }
}

static int write_held(struct note *database)
{
    const int size = database->held_size;
    database->held_size = 0;
    return size == 0 ? SQLITE_OK : write_plain(database->log, database->held, size, database->held_at);
}

static int hold_header(struct note *database, const void *header, sqlite3_int64 offset)
{
    if (database->held == NULL && (database->held = sqlite3_malloc(HELD_MOST)) == NULL)
        return SQLITE_IOERR_NOMEM;
    if (database->held_size == 0)
        database->held_at = offset;
    memcpy(database->held + database->held_size, header, FRAME_HEADER);
    database->held_size += FRAME_HEADER;
    return SQLITE_OK;
}

static int read_log(sqlite3_file *file, void *data, int size, sqlite3_int64 offset)
{
    unsigned char frame[FRAME];
    int code = write_held(note_of(file)->database);
    if (code != SQLITE_OK || !is_page_of_log(size, offset))
        return code != SQLITE_OK ? code : read_plain(file, data, size, offset);
    code = read_plain(file, frame, FRAME, offset - FRAME_HEADER);
    memcpy(data, frame + FRAME_HEADER, PAGE);
    return code != SQLITE_OK || is_sealed(data, read_big(frame)) ? code : damaged(file, read_big(frame));
}

/* Sets *big: whether the checksums of the log are of big-endian numbers, as its header says. */
static int read_order(sqlite3_file *file, bool *big)
{
    struct note *note = note_of(file);
    unsigned char header[LOG_HEADER];
    *big = BIG_ENDIAN_HERE;
    if (note->native)
        return SQLITE_OK;
    int code = read_plain(file, header, LOG_HEADER, 0);
    *big = (header[3] & 1) != 0;
    note->native = code == SQLITE_OK && *big == BIG_ENDIAN_HERE;
    return code;
}

/* SQLite writes the header of a frame and then its page; or a page alone, in the place of one that the same transaction
 * has written; or, when such a transaction commits, headers alone, from the first such frame to the last. */
static int write_log(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
    struct note *database = note_of(file)->database;
    unsigned char header[FRAME_HEADER], before[SUM];
    bool big = false;
    int code = offset == database->held_at + database->held_size ? SQLITE_OK : write_held(database);
    if (code == SQLITE_OK && size == FRAME_HEADER) {
        code = hold_header(database, data, offset);
        /* The commit's header must not stay behind if it comes alone: nothing comes after it. */
        if (code != SQLITE_OK || database->held_size > FRAME_HEADER || read_big(database->held + FRAME_COMMITS) == 0)
            return code;
        return write_held(database);
    }
    if (code != SQLITE_OK || !is_page_of_log(size, offset))
        return code != SQLITE_OK ? code : write_plain(file, data, size, offset);
    const sqlite3_int64 start = offset - FRAME_HEADER;
    if (database->held_size == 0 && (code = read_plain(file, header, FRAME_HEADER, start)) == SQLITE_OK)
        code = hold_header(database, header, start);
    if (code == SQLITE_OK)
        code = read_order(file, &big);
    if (code == SQLITE_OK && database->held_at == start)
        code = read_plain(file, before, SUM, start == LOG_HEADER ? LOG_SUM : start - FRAME + FRAME_SUM);
    if (code != SQLITE_OK)
        return code;
    unsigned char *frame = database->held + (start - database->held_at);
    if (frame > database->held)
        memcpy(before, frame - FRAME + FRAME_SUM, SUM);
    memcpy(frame + FRAME_HEADER, data, PAGE);
    seal_page(frame + FRAME_HEADER, read_big(frame));
    uint32_t sum[2] = {read_big(before), read_big(before + 4)};
    add_to_sum(sum, frame, FRAME_SUMMED, big);
    add_to_sum(sum, frame + FRAME_HEADER, PAGE, big);
    write_big(frame + FRAME_SUM, sum[0]);
    write_big(frame + FRAME_SUM + 4, sum[1]);
    database->held_size += PAGE;
    return database->held_size == HELD_MOST || read_big(frame + FRAME_COMMITS) != 0 ? write_held(database) : SQLITE_OK;
}

static int sync_log(sqlite3_file *file, int flags)
{
    int code = write_held(note_of(file)->database);
    return code == SQLITE_OK ? note_of(file)->system->xSync(file, flags) : code;
}

static int lock_database(sqlite3_file *file, int first, int count, int flags)
{
    struct note *note = note_of(file);
    /* A commit leaves nothing held back. So what is held belongs to a transaction that is given up, and once the lock
     * is free others may write to its place. */
    if (first == WRITE_LOCK && (flags & SQLITE_SHM_UNLOCK) != 0)
        note->held_size = 0;
    return note->system->xShmLock(file, first, count, flags);
}

static int close_database(sqlite3_file *file)
{
    sqlite3_free(note_of(file)->held);
    return note_of(file)->system->xClose(file);
}

/* Sets *has_room: whether the pages of the database have room for seals, or the database is still empty. */
static int find_room(sqlite3_file *file, bool *has_room)
{
    unsigned char room = 0;
    int code = file->pMethods->xRead(file, &room, 1, ROOM_AT);
    *has_room = code == SQLITE_IOERR_SHORT_READ || room == SEAL;
    return code == SQLITE_IOERR_SHORT_READ ? SQLITE_OK : code;
}

static bool is_noted(sqlite3_file *file)
{
    return file->pMethods == &note_of(file)->methods;
}

static int open_file(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *given)
{
    sqlite3_file *database = (flags & SQLITE_OPEN_WAL) != 0 ? sqlite3_database_file_object(path) : NULL;
    struct note *note = note_of(file);
    (void)vfs;
    *note = (struct note){.system = NULL};
    bool sealed = database != NULL && is_noted(database);
    int code = system_files->xOpen(system_files, path, file, flags, given);
    if (code == SQLITE_OK && (flags & SQLITE_OPEN_MAIN_DB) != 0)
        code = find_room(file, &sealed);
    if (code != SQLITE_OK || !sealed)
        return code;
    note->system = file->pMethods;
    note->methods = *file->pMethods;
    note->methods.iVersion = 2; /* without the methods that map the file into memory */
    if (database != NULL) {
        note->database = note_of(database);
        note->database->log = file;
        note->methods.xRead = read_log;
        note->methods.xWrite = write_log;
        note->methods.xSync = sync_log;
    } else {
        note->methods.xRead = read_database;
        note->methods.xWrite = write_database;
        note->methods.xShmLock = lock_database;
        note->methods.xClose = close_database;
    }
    file->pMethods = &note->methods;
    return SQLITE_OK;
}

static void register_files(void)
{
    if (sqlite_start() != SQLITE_OK || (system_files = sqlite3_vfs_find(NULL)) == NULL)
        return;
    files = *system_files;
    files.zName = name;
    files.szOsFile = (files.szOsFile + 7) / 8 * 8 + (int)sizeof(struct note);
    files.xOpen = open_file;
    sqlite3_vfs_register(&files, 0);
}

const char *page_file_system(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, register_files);
    return name;
}

int page_make_room(sqlite3 *database)
{
    int size = SEAL;
    int code = sqlite3_exec(database, "PRAGMA page_size = 4096", NULL, NULL, NULL);
    return code == SQLITE_OK ? sqlite3_file_control(database, "main", SQLITE_FCNTL_RESERVE_BYTES, &size) : code;
}

/* The file of the database or of its write-ahead log, as which says; NULL if its pages are not sealed. */
static sqlite3_file *sealed_file(sqlite3 *database, int which)
{
    sqlite3_file *file = NULL;
    int code = sqlite3_file_control(database, "main", which, &file);
    return code == SQLITE_OK && file != NULL && is_noted(file) ? file : NULL;
}

bool page_has_room(sqlite3 *database)
{
    return sealed_file(database, SQLITE_FCNTL_FILE_POINTER) != NULL;
}

uint64_t page_damaged(sqlite3 *database)
{
    sqlite3_file *file = sealed_file(database, SQLITE_FCNTL_FILE_POINTER);
    sqlite3_file *log = sealed_file(database, SQLITE_FCNTL_JOURNAL_POINTER);
    if (file != NULL && note_of(file)->damaged != 0)
        return note_of(file)->damaged;
    return log != NULL ? note_of(log)->damaged : 0;
}

bool page_is_whole(sqlite3 *database, uint64_t number)
{
    unsigned char page[PAGE];
    sqlite3_file *file = sealed_file(database, SQLITE_FCNTL_FILE_POINTER);
    if (file == NULL)
        return true;
    int code = file->pMethods->xRead(file, page, PAGE, (sqlite3_int64)(number - 1) * PAGE);
    return code == SQLITE_OK || code == SQLITE_IOERR_SHORT_READ;
}
