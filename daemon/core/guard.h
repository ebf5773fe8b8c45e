/*
 * guard.h - what one register of a device says about the values in its others.
 *
 * PURE. A number that came without an error can still be false: another device answers at the address, the
 * display was switched to degF, the sensor is broken and the device sends its range limit, a gas detector is
 * being calibrated. Devices tell such things in registers of their own; a guard is the rule that reads one of
 * them, and its verdict applies to every point that it judges, in the same poll.
 *
 *   IDENTITY   must have one of the values, else another device answers (REASON_WRONG_DEVICE). Asked after
 *              each connect and each fault, before any value is believed.
 *   SETTING    must have one of the values, else the numbers mean something else (REASON_WRONG_SETTING).
 *   STATUS     each value may speak against the points, with a reason.
 *   HEARTBEAT  must change within a time, else the device is frozen (REASON_FROZEN). While nobody could read
 *              it, nobody could see it change: after a longer gap the time begins anew, but what was frozen
 *              stays so until it changes.
 *
 * A guard that can't be read vouches for nothing: REASON_STATUS_UNKNOWN (uncertain) for SETTING, STATUS and
 * HEARTBEAT.
 */
#ifndef CRYOMON_GUARD_H
#define CRYOMON_GUARD_H

#include "value.h"

#define GUARD_VALUES_MAX 32

enum guard_kind { GUARD_IDENTITY, GUARD_SETTING, GUARD_STATUS, GUARD_HEARTBEAT };

struct guard_value {
    micro_t value;
    enum reason reason; /* STATUS: what it says against the points; REASON_NONE: nothing */
};

struct guard_rule {
    enum guard_kind kind;
    uint8_t n_values; /* IDENTITY and SETTING: those that are right. STATUS: those that say something */
    struct guard_value values[GUARD_VALUES_MAX];
    enum reason other;  /* STATUS: what any other value says, REASON_NONE: nothing */
    uint32_t within_ms; /* HEARTBEAT */
};

/* What a HEARTBEAT guard remembers; zeroed at the start. */
struct guard_memory {
    bool seen;
    uint32_t raw;
    int64_t changed_us; /* BOOTTIME of the last change */
    int64_t read_us;    /* and of the last reading */
};

/* The guard's verdict on the reading of its own register, taken at now_us (BOOTTIME): the reason against the
 * points, REASON_NONE when there is nothing. memory: HEARTBEAT only, else may be NULL. An IDENTITY whose
 * register is refused or holds no value is a WRONG_DEVICE as well: the device that was meant has it. */
enum reason guard_judge(const struct guard_rule *rule, struct guard_memory *memory,
                        const struct reading *reading, int64_t now_us);

/* Lowers a point's reading to what the reason allows: the worse of both stays, and a reading that is bad
 * already keeps its own reason. The value of a bad reading is 0; raw stays. */
void guard_apply(struct reading *reading, enum reason reason);

/* Do both rules judge alike? */
bool guard_same(const struct guard_rule *a, const struct guard_rule *b);

#endif
