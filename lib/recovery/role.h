/* role: what a step is in its flow. */
#ifndef ROLE_H
#define ROLE_H

#include "base/bytes.h"

enum role {
    ROLE_OPERATOR, /* its state is the user's: a state per key */
    ROLE_SOURCE,   /* its state is the positions in the inputs */
    ROLE_SINK,     /* it commits; its state is the lengths of the outputs */
    ROLE_SIDE,     /* a file beside the stream, such as that of the rejected records */
    ROLE_REPLAY,   /* of a root that is not a source: how much of its input was processed */
    ROLES
};

/* The name of a role, as frames and partitions have it: "operator". */
const char *role_name(enum role role);

/* Sets *role to the role of that name. Returns false if there is no such role. */
bool role_parse(struct bytes name, enum role *role);

#endif
