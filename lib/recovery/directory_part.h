/* directory_part: what the files of directory share, and nobody else includes. Like those of directory.h, these
 * functions end the program with a message if anything fails. */
#ifndef DIRECTORY_PART_H
#define DIRECTORY_PART_H

#include "base/message.h"
#include "recovery/directory.h"

/* Returns how many partition files the directory at path has, and sets *end to one more than the highest index; 0 if it
 * has none. A directory that cannot be read ends the program with the status. */
unsigned directory_list_parts(const char *path, enum status status, unsigned *end);

/* Sets file to the path of a partition. One that is missing ends the program (78). */
void directory_find_part(struct buffer *file, const char *path, unsigned index);

/* Sets file to the name that a partition has until it takes its place: `part-0.sqlite3.new`. */
void directory_new_part_path(struct buffer *file, const char *path, unsigned index);

/* Syncs the directory at path, so that the names of new files outlast a loss of power. */
void directory_sync(const char *path);

/* Whether the partition is another one than its name says, given the first partition of the directory. If it is, sets
 * why to the reason, ended by a NUL that is not counted. */
bool directory_is_misplaced(const struct store *first, const struct store *store, unsigned index, struct buffer *why);

/* Finds the directory and opens its lock file; it has no partitions open yet. */
void directory_open(struct directory *directory, const char *name);

/* Opens all partitions, holds them at one moment, and finds the epoch, as directory_look does. */
void directory_begin_look(struct directory *directory);

/* Closes a partition. Two processes that close one at the same moment would both leave its write-ahead log for the
 * other: so it is done under the partition's lock. */
void directory_close_part(const struct directory *directory, unsigned index, struct store *store);

#endif
