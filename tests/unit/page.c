/* Goal of this test: whatever a writer's transactions make of a write-ahead log - pages that are written before the
 * commit because the cache is full, once more after that, or in vain - another program finds every commit in it, copies
 * it into the database, and all pages are sealed then; and a page is not taken for whole with any bit of it changed. */
#include "store/page.h"

#include <fcntl.h>
#include <unistd.h>

#include "check.h"

enum { PAGE_SIZE = 4096, TRANSACTIONS = 40, ROWS = 3000 };

static char directory[] = "/tmp/page-XXXXXX";

static sqlite3 *open_database(const char *path, const char *files, int flags)
{
    sqlite3 *database = NULL;
    CHECK(sqlite3_open_v2(path, &database, flags, files) == SQLITE_OK);
    return database;
}

static void run(sqlite3 *database, const char *text)
{
    CHECK_ABOUT(bytes_of(text), sqlite3_exec(database, text, NULL, NULL, NULL) == SQLITE_OK);
}

/* The one value of a query; 0 where it fails. */
static int64_t ask(sqlite3 *database, const char *text)
{
    sqlite3_stmt *statement = NULL;
    int64_t value = 0;
    if (sqlite3_prepare_v2(database, text, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
        value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

static void copy_file(const char *from, const char *to)
{
    static char data[1 << 16];
    ssize_t size;
    int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK(in != -1 && out != -1);
    while ((size = read(in, data, sizeof data)) > 0)
        CHECK(write(out, data, (size_t)size) == size);
    close(in);
    close(out);
}

static bool all_whole(sqlite3 *database)
{
    bool whole = page_has_room(database);
    for (int64_t number = ask(database, "PRAGMA page_count"); number > 0; number--)
        whole = whole && page_is_whole(database, (uint64_t)number);
    return whole;
}

static void copy_database(const char *from, const char *to)
{
    char log[32], log_copy[32];
    snprintf(log, sizeof log, "%s-wal", from);
    snprintf(log_copy, sizeof log_copy, "%s-wal", to);
    copy_file(from, to);
    copy_file(log, log_copy);
}

/* Opens a copy of what is on the disk now, and compares; as another program, which then also copies the log, or not. */
static void check_copy_of(const char *path, int64_t sum, const char *files)
{
    copy_database(path, "copy");
    sqlite3 *copy = open_database("copy", files, SQLITE_OPEN_READWRITE);
    CHECK(ask(copy, "SELECT sum(value) FROM t") == sum);
    CHECK(ask(copy, "SELECT integrity_check = 'ok' FROM pragma_integrity_check") == 1);
    CHECK(sqlite3_close(copy) == SQLITE_OK);
    CHECK(access("copy-wal", F_OK) == -1);
    copy = open_database("copy", page_file_system(), SQLITE_OPEN_READWRITE);
    CHECK(ask(copy, "SELECT sum(value) FROM t") == sum);
    CHECK(all_whole(copy));
    sqlite3_close(copy);
}

/* Another connection writes, where the one at hand has just given up what it wrote. */
static void write_beside(void)
{
    sqlite3 *other = open_database("it", page_file_system(), SQLITE_OPEN_READWRITE);
    run(other, "UPDATE t SET value = value + 1 WHERE value % 3 = 0");
    CHECK(sqlite3_close(other) == SQLITE_OK);
}

static void check_transactions(sqlite3 *database)
{
    char text[256];
    for (int i = 0; i < TRANSACTIONS; i++) {
        run(database, "BEGIN");
        for (int j = 0; j < ROWS; j++) {
            snprintf(text, sizeof text, "INSERT OR REPLACE INTO t VALUES ('key-%d', %d)", (int)(check_random() % 20000),
                     (int)(check_random() % 1000));
            run(database, text);
        }
        if (i % 5 == 4)
            run(database, "DELETE FROM t WHERE value < 500");
        if (i % 7 == 6) {
            run(database, "ROLLBACK");
            write_beside();
            continue;
        }
        run(database, "COMMIT");
        check_copy_of("it", ask(database, "SELECT sum(value) FROM t"), i % 2 == 0 ? NULL : page_file_system());
        if (i % 10 == 9)
            run(database, "PRAGMA wal_checkpoint");
    }
}

/* A transaction that is given up while frames of it are held back: new pages alone, since to read the log would write
 * what is held. Nothing of it may be written once another program has committed in its place. */
static void check_given_up(sqlite3 *database)
{
    char text[128];
    for (int kilobytes = 60; kilobytes < 200; kilobytes += 7) {
        snprintf(text, sizeof text, "BEGIN; INSERT INTO large VALUES (zeroblob(%d)); ROLLBACK", kilobytes * 1024);
        run(database, text);
        write_beside();
        const int64_t sum = ask(database, "SELECT sum(value) FROM t");
        run(database, "UPDATE t SET value = value + 1");
        CHECK(ask(database, "SELECT sum(value) FROM t") > sum);
        check_copy_of("it", ask(database, "SELECT sum(value) FROM t"), NULL);
    }
    CHECK(ask(database, "SELECT count(*) FROM large") == 0);
}

/* --- a log of numbers in the other order -------------------------------------------------------------------------- */

static uint32_t number_at(const unsigned char *bytes, bool big)
{
    uint32_t number = 0;
    for (int i = 0; i < 4; i++)
        number = number << 8 | bytes[big ? i : 3 - i];
    return number;
}

static void add_to_sum(uint32_t sum[2], const unsigned char *bytes, size_t size, bool big)
{
    for (size_t i = 0; i < size; i += 8) {
        sum[0] += number_at(bytes + i, big) + sum[1];
        sum[1] += number_at(bytes + i + 4, big) + sum[0];
    }
}

static void put_sum(unsigned char *to, const uint32_t sum[2])
{
    for (int i = 0; i < 8; i++)
        to[i] = (unsigned char)(sum[i / 4] >> (24 - 8 * (i % 4)));
}

/* Makes the checksums of a write-ahead log those that a machine of the other byte order has. */
static void turn_log(const char *path)
{
    enum { HEADER = 32, FRAME_HEADER = 24 };
    unsigned char header[HEADER], frame[FRAME_HEADER + PAGE_SIZE], salts[8];
    uint32_t sum[2] = {0, 0};
    int file = open(path, O_RDWR);
    CHECK(pread(file, header, HEADER, 0) == HEADER);
    header[3] ^= 1;
    const bool big = (header[3] & 1) != 0;
    add_to_sum(sum, header, HEADER - 8, big);
    put_sum(header + HEADER - 8, sum);
    CHECK(pwrite(file, header, HEADER, 0) == HEADER);
    memcpy(salts, header + 16, sizeof salts);
    for (off_t at = HEADER; pread(file, frame, sizeof frame, at) == sizeof frame; at += (off_t)sizeof frame) {
        if (memcmp(frame + 8, salts, sizeof salts) != 0)
            break; /* a frame of before the log was begun anew */
        add_to_sum(sum, frame, 8, big);
        add_to_sum(sum, frame + FRAME_HEADER, PAGE_SIZE, big);
        put_sum(frame + 16, sum);
        CHECK(pwrite(file, frame, sizeof frame, at) == sizeof frame);
    }
    close(file);
}

/* What another machine has left behind is read, and goes on in its order. */
static void check_other_order(sqlite3 *database)
{
    run(database, "UPDATE t SET value = value + 1");
    const int64_t sum = ask(database, "SELECT sum(value) FROM t"), count = ask(database, "SELECT count(*) FROM t");
    copy_database("it", "other");
    turn_log("other-wal");
    sqlite3 *other = open_database("other", page_file_system(), SQLITE_OPEN_READWRITE);
    run(other, "PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = 10");
    for (int i = 0; i < 5; i++) {
        CHECK(ask(other, "SELECT sum(value) FROM t") == sum + i * count);
        /* Pages that are written once, or again in the same place: of these SQLite makes the checksums. */
        run(other, i % 2 == 0 ? "UPDATE t SET value = value + 1"
                              : "BEGIN; UPDATE t SET value = value + 2; UPDATE t SET value = value - 1; COMMIT");
        check_copy_of("other", sum + (i + 1) * count, NULL);
    }
    CHECK(sqlite3_close(other) == SQLITE_OK);
    CHECK(unlink("other") == 0);
}

/* --- damage ------------------------------------------------------------------------------------------------------- */

/* Pages that are whole, each in the place of the other, and a page that ends early. */
static void check_place(void)
{
    unsigned char pages[2 * PAGE_SIZE];
    int file = open("it", O_RDWR);
    const off_t end = lseek(file, 0, SEEK_END), last = end / PAGE_SIZE;
    CHECK(pread(file, pages, sizeof pages, PAGE_SIZE) == sizeof pages);
    CHECK(pwrite(file, pages + PAGE_SIZE, PAGE_SIZE, PAGE_SIZE) == PAGE_SIZE);
    CHECK(pwrite(file, pages, PAGE_SIZE, 2 * PAGE_SIZE) == PAGE_SIZE);
    sqlite3 *database = open_database("it", page_file_system(), SQLITE_OPEN_READWRITE);
    CHECK(page_is_whole(database, 1) && !page_is_whole(database, 2) && !page_is_whole(database, 3));
    CHECK(pwrite(file, pages, sizeof pages, PAGE_SIZE) == sizeof pages);
    CHECK(page_is_whole(database, 2) && page_is_whole(database, 3) && page_is_whole(database, (uint64_t)last));
    CHECK(pread(file, pages, PAGE_SIZE, end - PAGE_SIZE) == PAGE_SIZE);
    for (off_t cut = 1; cut < PAGE_SIZE; cut += 1000) {
        CHECK(ftruncate(file, end - cut) == 0);
        CHECK(!page_is_whole(database, (uint64_t)last));
    }
    CHECK(pwrite(file, pages, PAGE_SIZE, end - PAGE_SIZE) == PAGE_SIZE);
    CHECK(page_is_whole(database, (uint64_t)last));
    close(file);
    sqlite3_close(database);
}

static int read_part(sqlite3 *database, char *to, int size, int64_t at)
{
    sqlite3_file *file = NULL;
    CHECK(sqlite3_file_control(database, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK);
    return file->pMethods->xRead(file, to, size, at);
}

/* A part of a page, as SQLite reads it of long values since 3.45.0: what is outside of it is verified as well. */
static void check_parts(void)
{
    char page[PAGE_SIZE], part[2 * PAGE_SIZE];
    int file = open("it", O_RDWR);
    CHECK(pread(file, page, PAGE_SIZE, PAGE_SIZE) == PAGE_SIZE);
    for (int damaged = 0; damaged < 2; damaged++) {
        sqlite3 *database = open_database("it", page_file_system(), SQLITE_OPEN_READWRITE);
        for (int size = 1; size < PAGE_SIZE; size += 409)
            for (int at = 0; at + size <= PAGE_SIZE; at += 203) {
                const int code = read_part(database, part, size, PAGE_SIZE + at);
                CHECK(code == (damaged ? SQLITE_IOERR_DATA : SQLITE_OK));
                CHECK(damaged || memcmp(part, page + at, (size_t)size) == 0);
            }
        CHECK(page_damaged(database) == (damaged ? 2 : 0));
        CHECK(read_part(database, part, 2 * PAGE_SIZE, 0) == SQLITE_IOERR_DATA && page_damaged(database) == 1);
        CHECK(read_part(database, part, 16, 24) == SQLITE_OK && read_part(database, part, 100, 0) == SQLITE_OK);
        sqlite3_close(database);
        page[PAGE_SIZE / 2] ^= 1;
        CHECK(pwrite(file, page, PAGE_SIZE, PAGE_SIZE) == PAGE_SIZE);
        page[PAGE_SIZE / 2] ^= 1;
    }
    CHECK(pwrite(file, page, PAGE_SIZE, PAGE_SIZE) == PAGE_SIZE);
    close(file);
}

/* Changes a bit of page 2 of the file, which is closed, and looks. */
static void check_bit(unsigned bit)
{
    unsigned char byte;
    int file = open("it", O_RDWR);
    off_t at = PAGE_SIZE + (off_t)bit / 8;
    CHECK(pread(file, &byte, 1, at) == 1);
    byte = (unsigned char)(byte ^ 1u << bit % 8);
    CHECK(pwrite(file, &byte, 1, at) == 1);
    sqlite3 *database = open_database("it", page_file_system(), SQLITE_OPEN_READWRITE);
    CHECK(!page_is_whole(database, 2) && page_damaged(database) == 2);
    CHECK(page_is_whole(database, 1));
    sqlite3_close(database);
    byte = (unsigned char)(byte ^ 1u << bit % 8);
    CHECK(pwrite(file, &byte, 1, at) == 1);
    close(file);
}

int main(void)
{
    CHECK(mkdtemp(directory) != NULL && chdir(directory) == 0);
    sqlite3 *database = open_database("it", page_file_system(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    CHECK(page_make_room(database) == SQLITE_OK);
    run(database, "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 0;"
                  "PRAGMA cache_size = 10; CREATE TABLE t(key PRIMARY KEY, value) WITHOUT ROWID;"
                  "CREATE TABLE large(value)");
    check_transactions(database);
    check_given_up(database);
    check_other_order(database);
    CHECK(sqlite3_close(database) == SQLITE_OK);
    check_place();
    check_parts();
    for (unsigned bit = 0; bit < 8 * PAGE_SIZE; bit += 1 + (unsigned)(check_random() % 100))
        check_bit(bit);
    for (unsigned bit = 8 * (PAGE_SIZE - 8); bit < 8 * PAGE_SIZE; bit++)
        check_bit(bit);
    database = open_database("it", page_file_system(), SQLITE_OPEN_READWRITE);
    CHECK(all_whole(database));
    sqlite3_close(database);
    CHECK(unlink("it") == 0 && unlink("copy") == 0 && chdir("/") == 0 && rmdir(directory) == 0);
    return check_end();
}
