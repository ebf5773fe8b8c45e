/*
 * meter.h - how far long work is: a line on stderr, on a terminal only, a few times a second.
 */
#ifndef CRYOMON_CRYOCTL_METER_H
#define CRYOMON_CRYOCTL_METER_H

#include "cryoctl.h"

struct meter {
    const char *label; /* NULL: no terminal */
    int64_t next_boot_us;
    bool shown;
};

void meter_begin(struct meter *meter, const char *label);
void meter_show(struct meter *meter, double done); /* 0..1 */
void meter_end(struct meter *meter);               /* the line is gone */

#endif
