/*
 * errand.h - a write to a serial line, done by the thread that owns the line for one that does not.
 *
 * Two masters on a line would talk into each other, so whoever wants the relay set (fallback) asks the bus
 * thread of its line: it does that between two polls and says what came of it. One errand at a time. Who asks
 * waits for a bounded time, in a thread of its own; the bus never waits. It is counted, because a bus thread
 * may outlive who asks.
 */
#ifndef CRYOMON_ERRAND_H
#define CRYOMON_ERRAND_H

#include "messages.h"

struct errand;

struct errand_write {
    char line[256]; /* as in bus_config.device: whose errand it is */
    uint8_t unit;
    bool coil; /* function 5; else a holding register, function 6 */
    uint16_t address, value;
};

/* Returns 0 or -errno. The counted object starts with one reference. */
int errand_create(struct errand **ret);
struct errand *errand_ref(struct errand *errand);
void errand_unref(struct errand *errand); /* NULL is a no-op */

/* ---- who asks: one thread */

/* Has it done, or waits until deadline_us (BOOTTIME) or until stop_fd is readable. Returns what the bus said,
 * 0 or -errno, with its words in detail; -ETIMEDOUT: no bus took it, or has an end with it; -EBUSY: the last
 * one that was given up is still under way; -ECANCELED: the stop, here or there. What is given up and not
 * begun is not done later. */
int errand_ask(struct errand *errand, const struct errand_write *write, int stop_fd, int64_t deadline_us,
               char *detail, size_t cap);

/* ---- the bus thread of a line; errand NULL: there is never any */

/* Becomes readable when something is asked for; -1 when errand is NULL. */
int errand_fd(const struct errand *errand);

/* Is there an errand for this line? Then it is ours, and errand_done must follow. Makes errand_fd quiet. */
bool errand_take(struct errand *errand, const char *line, struct errand_write *ret);
void errand_done(struct errand *errand, int error, const char *detail);

#endif
