/*
 * value.h - what a measurement is: a number, its quality, the reason, and when it was taken.
 *
 * Every module of cryomon speaks of measurements in these terms.
 *
 * Numbers are decimals held as integers: a micro_t is the value times 10^6 in the point's own unit
 * (-195.8 degC is -195800000). Limits, deadbands and values are compared as integers, so nothing is
 * lost or rounded twice. A point declares its resolution (decimals, 0..6); decode rounds to it once.
 */
#ifndef CRYOMON_VALUE_H
#define CRYOMON_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int64_t micro_t; /* value x 10^6 in the point's unit */

#define MICRO_PER_UNIT INT64_C(1000000)
#define MICRO_MAX      INT64_C(9000000000000000) /* |value| beyond this is "not a measurement" */
#define DECIMALS_MAX   6

/* A moment: CLOCK_BOOTTIME decides (delays, timeouts), CLOCK_REALTIME is recorded. Microseconds. */
struct stamp {
    int64_t boot_us;
    int64_t utc_us;
};

enum quality {
    QUALITY_GOOD,      /* measured, plausible, and proven to be the answer to our question */
    QUALITY_UNCERTAIN, /* measured, but the device itself says that it may lie */
    QUALITY_BAD,       /* no value; the reason says why */
};

/* Why a value is not good. The first group means "nothing was measured" (no data), the second "something
 * came, and it can't be used". reason_is_no_data() tells them apart. Stored in history: append only. */
enum reason {
    REASON_NONE = 0,
    /* no data */
    REASON_NEVER_READ = 1, /* not polled yet since the start */
    REASON_TIMEOUT = 2,    /* the device did not answer in time */
    REASON_BAD_REPLY = 3,  /* a reply came that does not fit the request */
    REASON_REFUSED = 4,    /* the device answered with a Modbus exception */
    REASON_LINK_DOWN = 5,  /* no connection to the bus */
    REASON_STALE = 6,      /* the poll that was due did not happen */
    REASON_UNPROVEN = 7,   /* a reply came, but after a fault it is not yet proven to be ours */
    REASON_DROPPED = 8,    /* the daemon itself lost the sample: its queue was full */
    /* a reply came, and the value in it can't be used */
    REASON_SENTINEL = 32,      /* the device's own "not available" pattern (sensor break, over range...) */
    REASON_NOT_FINITE = 33,    /* NaN or infinity */
    REASON_IMPLAUSIBLE = 34,   /* outside the range that the profile calls plausible */
    REASON_UNKNOWN_STATE = 35, /* an enumeration value that the profile does not know */
    /* the device itself, or another of its registers, speaks against the value (guard.h) */
    REASON_SENSOR_FAULT = 36,   /* sensor broken, open or shorted */
    REASON_OVER_RANGE = 37,     /* more than the device can measure */
    REASON_UNDER_RANGE = 38,    /* less than the device can measure */
    REASON_WARM_UP = 39,        /* the device is starting, its value means nothing yet */
    REASON_INHIBITED = 40,      /* measured, but the device's own alarms are switched off (uncertain) */
    REASON_SIMULATION = 41,     /* the device makes the value up, for a test */
    REASON_CALIBRATION = 42,    /* the sensor sees a calibration standard */
    REASON_MAINTENANCE = 43,    /* somebody services the device, or it asks for that (uncertain) */
    REASON_DEVICE_FAULT = 44,   /* the device reports a fault of its own */
    REASON_DEVICE_STALE = 45,   /* the device says that its value is old */
    REASON_CHANNEL_OFF = 46,    /* the channel is switched off or has no source */
    REASON_WRONG_DEVICE = 47,   /* another device answers at this address */
    REASON_WRONG_SETTING = 48,  /* unit, decimals or format are set otherwise than the profile reads them */
    REASON_FROZEN = 49,         /* the device's heartbeat stands still */
    REASON_STATUS_UNKNOWN = 50, /* the register that would vouch for the value can't be read (uncertain) */
    /* cryomon can't derive the value (derived_config.h) */
    REASON_NOT_MEASURED = 51, /* it needs a reading that there is none of */
    REASON_INPUT_BAD = 52,    /* a reading that it needs is not good now */
    REASON_LEARNING = 53,     /* too few readings yet */
    REASON_INPUT_GAP = 54,    /* readings were missing, it begins anew */
    REASON_BUSY = 55,         /* a fill, or what follows it, hides it */
    REASON_NO_SHAPE = 56,     /* the vessel's shape is not configured */
    REASON_NO_LIMIT = 57,     /* the limit is not configured */
    REASON_NO_CAPACITY = 58,  /* the heat capacity is not configured */
    REASON_NOT_FALLING = 59,  /* the level does not fall, no end is in sight */
    REASON_NO_RUN = 60,       /* no run goes on */
};
#define REASON_COUNT 61

/* True when nothing was measured at all (as opposed to measured and unusable). */
bool reason_is_no_data(enum reason reason);

/* How good a value is that has this against it: UNCERTAIN for the reasons marked so above, GOOD for
 * REASON_NONE, else BAD. */
enum quality reason_quality(enum reason reason);

/* Stable machine names: "good", "timeout", ... Never NULL; "?" for a number out of range. */
const char *quality_name(enum quality quality);
const char *reason_name(enum reason reason);

/* A decoded register. raw keeps the register words as they came (first word in the high half of a
 * 32-bit value's own order of transmission), so that a value can be derived again years later. */
struct reading {
    micro_t value; /* meaningful only when quality is not QUALITY_BAD */
    uint32_t raw;  /* words as received: word[0] << 16 | word[1], or word[0] alone, or the bit */
    enum quality quality;
    enum reason reason;
};

/* Rounds to the given decimals (0..6), half away from zero. */
micro_t micro_round(micro_t value, unsigned decimals);

/* Reads a plain decimal ("-195.8": no exponent, comma, '+' or spaces, at most 6 decimals). False: it is none,
 * or beyond MICRO_MAX. */
bool micro_parse(const char *text, micro_t *ret);

/* Writes the value as a decimal with exactly the given decimals ("-195.80"). Returns the length, as
 * snprintf would; cap must be at least MICRO_TEXT_MAX to hold any value. */
#define MICRO_TEXT_MAX 32
int micro_print(char *text, size_t cap, micro_t value, unsigned decimals);

#endif
