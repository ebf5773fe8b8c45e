/*
 * vessel_device.h - a vessel (physics/vessel.h) and its room as a device of a scenario: kind `vessel`.
 */
#ifndef CRYOSIM_VESSEL_DEVICE_H
#define CRYOSIM_VESSEL_DEVICE_H

#include "climate.h"
#include "vessel.h"

struct vessel_device {
    struct vessel vessel;
    struct climate room;
    struct supply *supply; /* of the device that the scenario names as `source`; NULL: none */
    bool started;
    double level_cm, temperature_c; /* as set last; NAN: never */
    double withdraw_l, load_kj;     /* what was done last */
};

/* The parameters of a preset; before all other settings. Returns 0, or -EINVAL for a name that is none. */
int vessel_device_preset(struct vessel_device *device, const char *name);

#endif
