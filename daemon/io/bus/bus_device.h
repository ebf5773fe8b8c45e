/*
 * bus_device.h - one device on a bus: its blocks of registers, whether it has proven that it answers us, and
 * how it has answered so far.
 *
 * What is read is a list of entries: first the points, in the order of the configuration, then the guards
 * (core/guard.h). The items of both plans refer to them. Identities have a plan of their own, because they
 * are asked before anything else, and not in every poll.
 *
 * On a serial line nothing in a reply says which request it answers, so a late reply can pass for the next
 * one's. After each fault the device is therefore unproven: it is first asked for a number of registers that
 * no unanswered request has asked for, so that only the true reply fits; then its points stay bad until two
 * clean reads. (On TCP the transaction id proves each reply, and the connection is closed on any fault.)
 */
#ifndef CRYOMON_BUS_DEVICE_H
#define CRYOMON_BUS_DEVICE_H

#include "clock.h"
#include "config.h"
#include "diagnostics.h"
#include "link.h"
#include "plan.h"

#define EXCEPTION_FUNCTION    1
#define EXCEPTION_ADDRESS     2
#define EXCEPTION_VALUE       3
#define EXCEPTION_ACKNOWLEDGE 5 /* it takes longer */
#define EXCEPTION_BUSY        6

#define UNANSWERED_MAX 8
#define CLEAN_READS    2

/* The shape of a reply that may still come. */
struct reply_shape {
    uint8_t function;
    uint8_t bytes;
};

/* A register that is read, and what it said in this poll. */
struct bus_entry {
    uint16_t point;                   /* index in config->points, when guard is NULL */
    const struct guard_config *guard; /* or it is one of these */
    struct guard_memory memory;
    struct reading reading;
    struct stamp taken;
    bool known;         /* reading is of this poll */
    bool told;          /* and has been posted */
    int64_t refused_us; /* when the device last said that there is no such register; 0: it has it */
    /* Of the first entry of a block: */
    uint8_t silences; /* polls in which it was not answered, and others were (1: perhaps they were not) */
    int64_t mute_us;  /* when it was found that the device answers to others only; 0: not so */
};

struct bus_plan {
    uint16_t n_items;
    struct plan_item *items; /* item.point: an index of entries */
    struct plan_block *blocks;
    size_t n_blocks;
};

struct bus_device {
    uint16_t index; /* in config->devices */
    uint16_t n_points, n_entries;
    struct bus_entry *entries;
    uint16_t n_items;          /* the points, and the guards that are read with them */
    struct plan_item *items;   /* item.point: an index of entries */
    struct plan_block *blocks; /* room for n_items */
    size_t n_blocks, n_planned;
    bool refuses_all;    /* no block was given, however small */
    uint16_t n_refused;  /* blocks that the device did not have in the last poll */
    int64_t split_at_us; /* refused blocks are read apart; not before this */
    struct bus_plan identity;
    bool identified;        /* the device is the one that was meant, as far as is known */
    bool stranger;          /* another device answers; it was told in the log */
    uint32_t identified_on; /* the connection on which it was identified */
    int64_t identified_us;
    int64_t busy_until_us; /* so long a busy device is asked again in this poll */
    struct diagnostics diagnostics;
    int64_t report_us, reported_us; /* the next CORE_DIAGNOSTICS is due; the last one */
    bool serial;
    uint8_t clean_reads; /* since the last fault, up to CLEAN_READS: then values are believed */
    bool probed;         /* serial: a reply that could be no other has come since the last fault */
    uint8_t n_unanswered;
    struct reply_shape unanswered[UNANSWERED_MAX]; /* oldest first */
    enum reason last_reason;                       /* why the last poll failed */
    uint32_t failures;                             /* polls in a row without an answer, for the log */
    int64_t failed_since_us;
};

/* Plans the blocks of config->devices[index], which must outlive the device. Returns 0 or -ENOMEM. */
int bus_device_create(const struct config *config, uint16_t index, struct bus_device *ret);
void bus_device_clear(struct bus_device *device);

/* Plans anew, without what was learned by refusals. */
void bus_device_replan(struct bus_device *device, const struct config *config);

/* The entry of a point, or NULL. */
struct bus_entry *bus_device_entry(const struct bus_device *device, uint16_t point);

/* A poll has come to this: state, failures and back-off of the diagnostics. A change is reported soon. */
void bus_device_note(struct bus_device *device, enum reason state, uint32_t backoff_ms, int64_t now_us);

/* Is a report of the diagnostics due? Then it counts as made. */
bool bus_device_report_due(struct bus_device *device, int64_t now_us);

/* Did somebody answer? (Refusals and strangers are answers, too.) */
bool bus_device_answered(enum reason reason);

/* The device must prove itself again. request: the one that was not answered as it should, or NULL. */
void bus_device_doubt(struct bus_device *device, const struct modbus_request *request);

/* The same, and what was asked before is not known: any of its requests may still be answered. */
void bus_device_doubt_all(struct bus_device *device);

/* Fills in the request that proves the line: one whose reply no unanswered request can have. */
void bus_device_probe(const struct bus_device *device, const struct config *config,
                      struct modbus_request *ret);

/* Does this refusal of the probe prove the line? A refusal names no request, so it may be a late one's. Only
 * "no such register" (2, 3) to a probe that reaches beyond what is ever read could not have been said before.
 */
bool bus_device_refusal_proves(const struct bus_device *device, const struct modbus_request *probe,
                               uint8_t exception);

/* The block was not answered. others: in the same poll, others were. Some devices don't refuse what they
 * don't know, but are silent: what was silent is asked last, and when it stays silent while others are
 * answered, it is mute, and seldom asked for. Returns true when it is mute. bus_device_probe_silent: the same
 * of the probe. */
bool bus_device_silent(struct bus_device *device, const struct plan_block *block, bool others,
                       int64_t now_us);
void bus_device_probe_silent(struct bus_device *device);

/* The entry that stands for the block. */
struct bus_entry *bus_device_first(const struct bus_device *device, const struct plan_block *block);

/* The probe was answered; and: a whole poll went well. */
void bus_device_probed(struct bus_device *device);
void bus_device_clean(struct bus_device *device);

/* True when values may be believed in this poll, which itself counts as a clean read if it succeeds. */
bool bus_device_believed(const struct bus_device *device);

#endif
