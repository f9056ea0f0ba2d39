/* bare: what SQLite does with nothing around it, in the settings of a partition.
 *
 *     bare inserts FILE DATABASE     inserts a row of snaps for each sorted line KEY<TAB>STATE of FILE, in one
 * transaction bare commits COUNT DATABASE    commits one row, COUNT times
 *
 * print the seconds from the first insert to the end of the commit.
 *
 *     bare resident FILE COMMAND...  runs a command, and writes into FILE how much memory it had at most, in KiB */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static sqlite3 *database;

static void check(int code)
{
    if (code == SQLITE_OK || code == SQLITE_DONE)
        return;
    fprintf(stderr, "bare: %s\n", sqlite3_errmsg(database));
    exit(1);
}

static void run(const char *sql)
{
    check(sqlite3_exec(database, sql, NULL, NULL, NULL));
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void insert(sqlite3_stmt *statement, const char *key, size_t key_size, const char *state, size_t state_size)
{
    check(sqlite3_bind_text64(statement, 1, key, key_size, SQLITE_STATIC, SQLITE_UTF8));
    check(sqlite3_bind_text64(statement, 2, state, state_size, SQLITE_STATIC, SQLITE_UTF8));
    check(sqlite3_step(statement));
    check(sqlite3_reset(statement));
}

static char *read_file(const char *name, size_t *size)
{
    FILE *file = fopen(name, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        perror(name);
        exit(1);
    }
    *size = (size_t)ftell(file);
    rewind(file);
    char *data = malloc(*size + 1);
    if (data == NULL || fread(data, 1, *size, file) != *size) {
        perror(name);
        exit(1);
    }
    fclose(file);
    data[*size] = '\0';
    return data;
}

/* From here, since the largest size of a child begins with that of its parent, and this one is small. */
static int resident(const char *name, char **command)
{
    int status;
    struct rusage usage;
    pid_t child = fork();
    if (child == 0) {
        execvp(command[0], command);
        _exit(127);
    }
    FILE *file = fopen(name, "w");
    if (child == -1 || waitpid(child, &status, 0) == -1 || getrusage(RUSAGE_CHILDREN, &usage) == -1 || file == NULL)
        return 1;
    fprintf(file, "%ld\n", usage.ru_maxrss);
    return fclose(file) == 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
    if (argc > 3 && strcmp(argv[1], "resident") == 0)
        return resident(argv[2], argv + 3);
    if (argc != 4 || (strcmp(argv[1], "inserts") != 0 && strcmp(argv[1], "commits") != 0)) {
        fprintf(stderr, "usage: bare inserts FILE DATABASE | bare commits COUNT DATABASE\n");
        return 64;
    }
    check(sqlite3_open(argv[3], &database));
    run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
        "CREATE TABLE snaps(step_id TEXT NOT NULL, state_key BLOB NOT NULL, snap_epoch INTEGER NOT NULL, ser_change "
        "BLOB,"
        " \"check\" INTEGER NOT NULL, PRIMARY KEY(step_id, state_key, snap_epoch)) WITHOUT ROWID");
    sqlite3_stmt *statement;
    check(sqlite3_prepare_v2(database, "INSERT INTO snaps VALUES ('statemap', ?1, 1, ?2, 7046029254386353131)", -1,
                             &statement, NULL));
    double start;
    if (strcmp(argv[1], "inserts") == 0) {
        size_t size;
        char *data = read_file(argv[2], &size);
        start = now();
        run("BEGIN");
        for (char *line = data; line < data + size;) {
            char *end = strchr(line, '\n'), *tab = strchr(line, '\t');
            insert(statement, line, (size_t)(tab - line), tab + 1, (size_t)(end - tab - 1));
            line = end + 1;
        }
        run("COMMIT");
        free(data);
    } else {
        start = now();
        for (long i = 0; i < atol(argv[2]); i++) {
            char key[24];
            int size = snprintf(key, sizeof key, "%ld", i);
            insert(statement, key, (size_t)size, key, (size_t)size);
        }
    }
    printf("%.6f\n", now() - start);
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return 0;
}
