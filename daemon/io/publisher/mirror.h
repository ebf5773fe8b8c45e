/*
 * mirror.h - what the broker should retain: the latest reading of each point and the state of each alarm, for
 * one generation of the configuration, and which of it has yet to be sent.
 */
#ifndef CRYOMON_MIRROR_H
#define CRYOMON_MIRROR_H

#include "config.h"
#include "dirty.h"

struct mirror_point {
    bool known; /* a reading has come */
    struct reading reading;
    struct calibrated calibrated;
    struct stamp taken;
};

struct mirror_alarm {
    char *body;   /* NULL: normal */
    bool carried; /* taken over from the configuration before; the core has not spoken of it since */
};

struct mirror {
    struct config *config; /* a reference */
    struct mirror_point *points;
    struct mirror_alarm *alarms;
    char **devices; /* diagnostics as JSON, NULL: not known */
    struct dirty alarms_due, readings_due, discovery_due, devices_due;
    struct dirty alarms_refused; /* tried again after a while, so that they don't hold up the others */
    uint32_t sweep;              /* the next alarm to clear if it is normal; n_alarms: none */
};

/* A mirror of config (a reference is taken): nothing known, all alarms normal. Returns 0 or -ENOMEM. */
int mirror_create(struct config *config, struct mirror **ret);
void mirror_free(struct mirror *mirror);

/* The same for a new configuration. Alarms that exist in both keep their state, until the core says
 * otherwise or mirror_drop_carried: a reload must not make an alarm's retained state blink. */
int mirror_reload(struct mirror *old, struct config *config, struct mirror **ret);
void mirror_drop_carried(struct mirror *mirror);

void mirror_set_point(struct mirror *mirror, uint16_t point, const struct reading *reading,
                      struct calibrated calibrated, struct stamp taken);
/* body "": normal. Returns 0, or -ENOMEM: the old body stands. */
int mirror_set_alarm(struct mirror *mirror, uint16_t alarm, const char *body);

/* A device's diagnostics. Returns 0, or -ENOMEM: the old ones stand. */
int mirror_set_device(struct mirror *mirror, uint16_t device, const char *body);

/* After a connection: everything is due again. Alarms that are normal come last, by mirror_sweep. */
void mirror_all_due(struct mirror *mirror);

/* The alarms that the broker refused are due again. */
void mirror_retry_refused(struct mirror *mirror);

/* The next normal alarm of the sweep; false when it is over. */
bool mirror_sweep(struct mirror *mirror, uint16_t *ret_alarm);

/* Index of the asset's alarm in config, or -1. */
int mirror_find_alarm(const struct config *config, int asset, const char *alarm);

/* Does the asset publish readings (and is it a device for Home Assistant)? */
bool mirror_has_readings(const struct config *config, int asset);

#endif
