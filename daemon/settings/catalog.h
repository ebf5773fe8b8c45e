/*
 * catalog.h - the device profiles that are there, and how each recognises its device: for commissioning.
 */
#ifndef CRYOMON_CATALOG_H
#define CRYOMON_CATALOG_H

#include "config.h"
#include "yamldoc.h"

#define CATALOG_IDENTITIES_MAX 4 /* of one profile; more are not looked at */

struct catalog_identity {
    enum reg_table table;
    uint16_t address;
    struct reg_format format;
    struct guard_rule rule;
};

struct catalog_entry {
    char id[ID_MAX];
    char vendor[NAME_MAX_BYTES], model[NAME_MAX_BYTES];
    bool tcp, rtu;
    bool unverified;
    uint32_t timeout_ms;
    uint8_t n_identities; /* 0: it can't tell its device from others */
    struct catalog_identity identities[CATALOG_IDENTITIES_MAX];
};

struct catalog {
    size_t n;
    struct catalog_entry *entries; /* in order of their ids */
};

/* Reads all profiles in DIR/devices and the system's (settings_system_profiles); the site's own goes before
 * the system's of the same name. dir NULL: the system's only. A profile with mistakes is left out and its
 * mistakes are in problems. Returns 0 with *ret (catalog_free), or -ENOMEM. */
int catalog_load(const char *dir, struct problems *problems, struct catalog **ret);
void catalog_free(struct catalog *catalog);

#endif
