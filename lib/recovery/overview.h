/* overview: a report on a recovery directory: what it holds, how far its flow has come, and who uses it. */
#ifndef OVERVIEW_H
#define OVERVIEW_H

#include "recovery/report.h"

/* The names of the sections that the report may have, and NULL: steps, inputs, outputs and holders. */
extern const char *const overview_sections[];

/* Adds the report of a directory as of its epoch, whether a flow is running or not. A directory that cannot be read
 * ends the program with a message. */
void overview_make(const char *name, struct report *report);

#endif
