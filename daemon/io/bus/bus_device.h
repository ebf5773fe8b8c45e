/*
 * bus_device.h - one device on a bus: its blocks of registers, and whether it has proven that it answers us.
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
 */
#ifndef CRYOMON_BUS_DEVICE_H
#define CRYOMON_BUS_DEVICE_H

#include "config.h"
#include "link.h"
#include "plan.h"

#define EXCEPTION_ADDRESS 2
#define EXCEPTION_VALUE   3

#define UNANSWERED_MAX 8
#define UNANSWERED_US                                                                                        \
    INT64_C(30000000)                  /* after that it is no use to wait for a reply: the device was off    \
                                        */
#define LATE_US     INT64_C(300000000) /* and after that no frame is taken for it, either */
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

struct bus_device {
    uint16_t index; /* in config->devices */
    uint16_t n_items;
    struct plan_item *items;
    struct plan_block *blocks; /* room for n_items */
    size_t n_blocks;
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

/* Plans the blocks of config->devices[index]. Returns 0 or -ENOMEM. */
int bus_device_create(const struct config *config, uint16_t index, struct bus_device *ret);
void bus_device_clear(struct bus_device *device);

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

/* Fills in the request that proves the line: one whose reply no unanswered request and no known report has.
 */
void bus_device_probe(const struct bus_device *device, const struct config *config,
                      const struct reports *reports, struct modbus_request *ret);

/* Does this refusal of the probe prove the line? A refusal names no request but its function, so it may be a
 * late one's. It does (1 to 4) if nothing of that function is unanswered; and "no such register" (2, 3) does
 * to the first probe that reaches beyond what is ever read, because nobody could have said so before. Call it
 * before the probe itself counts as unanswered. */
bool bus_device_refusal_proves(const struct bus_device *device, const struct modbus_request *probe,
                               uint8_t exception);

/* The probe was answered; and: a whole poll went well. */
void bus_device_probed(struct bus_device *device);
void bus_device_clean(struct bus_device *device);

/* True when values may be believed in this poll, which itself counts as a clean read if it succeeds. */
bool bus_device_believed(const struct bus_device *device);

#endif
