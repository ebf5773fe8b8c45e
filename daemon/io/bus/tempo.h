/*
 * tempo.h - how often devices are asked: as configured, or faster for a time (a freezer in its run).
 *
 * One object for all buses of a configuration, made before them by whoever knows when it matters; each bus
 * thread looks at its devices between two polls, and at least once a second. No locks: a number per device.
 * It is counted, because a bus thread may outlive the configuration that it was made for.
 *
 * A device that is asked faster gets what the others on its bus leave (schedule.h), and an interval longer
 * than the configured one changes nothing: a point never goes stale because of it.
 */
#ifndef CRYOMON_TEMPO_H
#define CRYOMON_TEMPO_H

#include "config.h"

struct tempo;

/* Returns 0 or -ENOMEM. The counted object starts with one reference; all devices are asked as configured. */
int tempo_create(const struct config *config, struct tempo **ret);
struct tempo *tempo_ref(struct tempo *tempo);
void tempo_unref(struct tempo *tempo); /* NULL is a no-op */

/* The device (index in config->devices) is to be asked so often from now on; 0: as configured. NULL is a
 * no-op. */
void tempo_set(struct tempo *tempo, uint16_t device, uint32_t interval_ms);

/* What was set last; 0: as configured. tempo NULL: 0. */
uint32_t tempo_get(const struct tempo *tempo, uint16_t device);

/* Grows with each tempo_set that changed something: unchanged means that there is nothing to look for. */
uint32_t tempo_changes(const struct tempo *tempo);

#endif
