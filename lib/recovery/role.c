#include "recovery/role.h"

static const char *const names[ROLES] = {
    [ROLE_OPERATOR] = "operator", [ROLE_SOURCE] = "source", [ROLE_SINK] = "sink",
    [ROLE_SIDE] = "side",         [ROLE_REPLAY] = "replay",
};

const char *role_name(enum role role)
{
    return names[role];
}

bool role_parse(struct bytes name, enum role *role)
{
    for (size_t i = 0; i < ROLES; i++)
        if (bytes_equal(name, bytes_of(names[i]))) {
            *role = (enum role)i;
            return true;
        }
    return false;
}
