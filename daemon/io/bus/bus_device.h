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
 * clean reads. (On TCP the transaction id proves each reply, and the connection is closed on any fault. A
 * gateway that does not give it back makes its devices as doubtful as on a serial line: with each new
 * connection all that was asked before may still be answered, so the probe is repeated; after a fault the two
 * clean reads as well.)
 *
 * What modules report unasked (reports.h) is never asked for in the same shape: not by the probe, and not by
 * a poll, which then reads a few registers more than it needs.
 *
 * bus_device.c: what is read, how it was answered; bus_proof.c: whose answer it is.
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
#define EXCEPTION_PATH        10 /* gateway: no path to the unit */
#define EXCEPTION_TARGET      11 /* gateway: the unit does not answer */

#define UNANSWERED_MAX 8
/* After that it is no use to wait for a reply: the device was off. */
#define UNANSWERED_US INT64_C(30000000)
/* And after that no frame is taken for it, either. */
#define LATE_US     INT64_C(300000000)
#define CLEAN_READS 2

/* The shape of a reply that may still come. */
struct reply_shape {
    uint8_t function;
    uint8_t bytes;
};

struct unanswered {
    struct reply_shape shape;
    int64_t asked_us; /* BOOTTIME */
};

/* How many of that shape may still come late: one for each request that was not answered in time. */
struct late_replies {
    struct reply_shape shape;
    uint8_t n;
    int64_t asked_us;
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
    size_t n_blocks;
    struct plan_block *planned; /* the blocks before any was split */
    size_t n_planned;
    int64_t join_at_us, join_wait_us, join_first_us; /* split blocks: when they are tried whole again */
    bool refuses_all;                                /* no block was given, however small */
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
    bool unnumbered;     /* serial, or a gateway without transaction ids: it has to prove itself */
    uint8_t clean_reads; /* since the last fault, up to CLEAN_READS: then values are believed */
    bool probed;         /* unnumbered: a reply that could be no other has come since the last fault */
    uint8_t n_unanswered;
    struct unanswered unanswered[UNANSWERED_MAX]; /* oldest first */
    struct late_replies late[UNANSWERED_MAX]; /* what is not FIFO may come when the line is proven again */
    enum reason last_reason;                  /* why the last poll failed */
    uint32_t failures;                        /* polls in a row without an answer, for the log */
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

/* Why a transaction brought no values; REASON_NONE for BUS_OK. */
enum reason bus_device_reason(const struct modbus_reply *reply);

/* A block was split, or is still refused when it is asked for as a whole: a device refuses everything while
 * it starts, so it is tried again, after a time that grows. */
void bus_device_join_later(struct bus_device *device, int64_t now_us, bool refused_again);

/* Did somebody answer? (Refusals and strangers are answers, too.) */
bool bus_device_answered(enum reason reason);

/* The device must prove itself again. request: the one that was not answered as it should, or NULL. */
void bus_device_doubt(struct bus_device *device, const struct modbus_request *request);

/* The same, and what was asked before is not known: any of its requests may still be answered. */
void bus_device_doubt_all(struct bus_device *device);

/* A new connection: the replies to what was asked on the old one may still come. Two clean reads are not
 * asked for if there was no fault. */
void bus_device_reconnected(struct bus_device *device);

/* A frame has come that nobody asked for: is it the late reply to one of our requests? There is at most one
 * for each that was not answered in time. Then the device is in doubt again: its replies do not come in
 * order. */
bool bus_device_take_late(struct bus_device *device, uint8_t function, uint8_t bytes);

/* Gives the request another count if a known report has the shape of its reply; the first registers stay.
 * False when the device's limits leave none. */
bool bus_device_distinct(const struct device_config *config, const struct reports *reports,
                         struct modbus_request *request);

/* Fills in the request that proves the line: one whose reply no unanswered request and no known
 * report has. */
void bus_device_probe(const struct bus_device *device, const struct config *config,
                      const struct reports *reports, struct modbus_request *ret);

/* Does this refusal of the probe prove the line? A refusal names no request but its function, so it may be a
 * late one's. It does (1 to 4) if nothing of that function is unanswered; and "no such register" (2, 3) does
 * to the first probe that reaches beyond what is ever read, because nobody could have said so before. Call it
 * before the probe itself counts as unanswered. */
bool bus_device_refusal_proves(const struct bus_device *device, const struct modbus_request *probe,
                               uint8_t exception);

/* The block was not answered. others: in the same poll, others were. Some devices don't refuse what they
 * don't know, but are silent: what was silent is asked last, and when it stays silent while others are
 * answered, it is mute, and seldom asked for. Returns true when it is mute. bus_device_probe_silent: the same
 * of the probe. */
bool bus_device_silent(struct bus_device *device, const struct plan_block *block, bool others,
                       int64_t now_us);
void bus_device_probe_silent(struct bus_device *device);

/* The widest block that is not suspected of being mute: a probe has most to choose from there. */
const struct plan_block *bus_device_probe_block(const struct bus_device *device);

/* The entry that stands for the block. */
struct bus_entry *bus_device_first(const struct bus_device *device, const struct plan_block *block);

/* The probe was answered; and: a whole poll went well. */
void bus_device_probed(struct bus_device *device);
void bus_device_clean(struct bus_device *device);

/* True when values may be believed in this poll, which itself counts as a clean read if it succeeds. */
bool bus_device_believed(const struct bus_device *device);

#endif
