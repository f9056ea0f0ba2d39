/* zone: time zones, from the data that the system has (tzdata, RFC 8536), and fixed offsets.
 *
 * The data are read here, not by the C library: that takes an unknown name for UTC, knows one zone at a time in the
 * variable TZ, and cannot say that a local time does not exist. */
#ifndef ZONE_H
#define ZONE_H

#include "base/bytes.h"

struct zone;

/* Opens a zone by name: UTC, an offset such as +02:00, or a name of the zone data such as Europe/Berlin, in this
 * spelling. They are looked for in TZDIR, if that is set, otherwise in /usr/share/zoneinfo and the like. Returns NULL,
 * and appends to *why a reason that follows the name in a message, if there is none. The caller closes the zone. */
struct zone *zone_open(struct bytes name, struct buffer *why);

void zone_close(struct zone *zone);

/* Returns whether the zone is UTC itself, and no other of the same offset. */
bool zone_is_utc(const struct zone *zone);

/* Returns whether the zone has the same offset at all times. */
bool zone_is_fixed(const struct zone *zone);

/* A span of time, from <= seconds < until, in which the clocks of a zone go evenly. */
struct zone_span {
    int64_t from, until; /* INT64_MIN and INT64_MAX if there is no other span before or behind it */
    int offset;          /* seconds east of Greenwich */
    const char *abbreviation;
};

/* Returns the span that a time, in seconds since 1970, lies in. The zone remembers it: not for two threads at once. */
struct zone_span zone_find(struct zone *zone, int64_t seconds);

/* Sets *seconds to the time at which the clocks show local, which is a time as if the zone were UTC: the first of them
 * if there are two. Returns false if they skip it, and sets *seconds to the time at which they do. */
bool zone_seconds(struct zone *zone, int64_t local, int64_t *seconds);

#endif
