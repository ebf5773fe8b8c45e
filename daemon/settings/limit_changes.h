/*
 * limit_changes.h - which limits differ between two configurations: what nobody may change without a reason.
 * PURE.
 *
 * Of an alarm that was there before counts all that decides when it is raised and told: its condition,
 * limits, delays, priority, protection, latching, suppression, realarm, the members of a group; and that it
 * is gone. So does what its point reads (device, and where that is found: bus, unit, host, port, line;
 * register, format, plausible range, no_data_after: the limits of the no-data and bad alarms), that manual
 * rounds end, all that is said of a vessel, a supply and a freezer's runs, what is in a program's file, and
 * the site-wide sections alarms, rounds, notify and drill; who may command by MQTT (mqtt.commands and agents,
 * also new ones); and storage.keep when it becomes shorter, which destroys readings. Texts, names, what only
 * messages tell (time_to), calibrations (which have papers of their own) and what is new do not count.
 */
#ifndef CRYOMON_LIMIT_CHANGES_H
#define CRYOMON_LIMIT_CHANGES_H

#include "config.h"

struct limit_change {
    char *what;   /* "assets.tank-1.alarms.warm.high", or of a whole alarm "assets.tank-1.alarms.warm" */
    char *before; /* "-165 °C"; of an alarm that is gone, all of it; NULL: it was not there */
    char *after;  /* NULL: it is not there any more */
};

struct limit_changes {
    size_t n;
    struct limit_change *items; /* sorted by what */
};

/* Returns 0 with *ret (limit_changes_free it), or -ENOMEM. */
int limit_changes_compare(const struct config *old_config, const struct config *new_config,
                          struct limit_changes *ret);
void limit_changes_free(struct limit_changes *changes); /* empties it; of zeros it is a no-op */

/* One line for each: "assets.tank-1.alarms.warm.high: -165 °C -> -160 °C". malloc'd; NULL: no memory. */
char *limit_changes_print(const struct limit_changes *changes);

#endif
