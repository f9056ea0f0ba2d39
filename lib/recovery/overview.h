/* overview: what a recovery directory holds, how far its flow has come, and who uses it. */
#ifndef OVERVIEW_H
#define OVERVIEW_H

#include "recovery/report.h"

/* The sections that the report may have: steps, inputs, outputs and holders. */
extern const char *const overview_sections[];

/* Makes the report of a directory as of its epoch, whether a flow is running or not. */
void overview_make(const char *name, struct report *report);

#endif
