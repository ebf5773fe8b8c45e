/*
 * bus_internal.h - what the parts of the bus thread share. Nobody else includes it.
 *
 *   bus.c       the thread: which device is polled when, and what comes of it; taking turns
 *   bus_line.c  the line: opened, kept clear of what nobody asked for; one transaction and its consequences
 *   bus_errand.c  the relay on a serial line, set for who must not talk on it
 *   round.c     all registers of a device, and what they say about each other
 */
#ifndef CRYOMON_BUS_INTERNAL_H
#define CRYOMON_BUS_INTERNAL_H

#include <pthread.h>

#include "bus.h"
#include "bus_device.h"
#include "link.h"
#include "schedule.h"
#include "turns.h"

struct bus {
    struct config *config;
    uint16_t index;
    struct mailbox *core;
    struct heartbeats *heartbeats;
    int heartbeat, stop_fd;
    struct link *link;
    struct turns *turns;
    struct tempo *tempo;
    uint32_t tempo_changes;   /* up to which tempo was looked at */
    struct errand *errand;    /* NULL: the relay is not on this line */
    struct bus_device *relay; /* one of devices, or the one behind: it has no points, and is not polled */
    struct bus_device relay_only;
    struct schedule schedule;
    struct schedule_device *slots;
    struct bus_device *devices;
    size_t n_devices;
    int64_t slot_offset_us; /* of UTC, as slots keep it (clock_keep_offset) */
    uint32_t link_failures; /* in a row */
    int64_t connect_at_us;  /* not before */
    uint32_t connections;   /* made so far */
    bool link_used;         /* something was answered on this connection */
    uint32_t grace_ms;      /* what the next request may wait longer: see bus_line.c */
    bool told_up, told_any;
    bool told_turn;  /* that it waits longer than it may */
    bool told_shape; /* that a report hides registers */
    pthread_t thread;
    bool started;
};

const char *bus_id(const struct bus *bus);

/* The bus must end: what is under way is broken off, and says nothing about the device. */
bool bus_stopping(const struct bus *bus);

/* A pause that a stop ends. */
void bus_pause(const struct bus *bus, int64_t pause_us);

void bus_post_sample(struct bus *bus, uint16_t point, const struct reading *reading, struct stamp slot,
                     struct stamp taken);
void bus_post_state(struct bus *bus, bool up, int error); /* the link's; only a change is told */

/* ---- bus_line.c */

/* True when there is a connection, perhaps a new one. */
bool bus_line_open(struct bus *bus);
void bus_line_give_up(struct bus *bus); /* for others who wait for their turn, or at the end */

/* Takes off what nobody asked for: a reply that came too late, a report, or noise. */
void bus_line_clear(struct bus *bus, struct bus_device *device);

/* One transaction with its consequences for link and trust; REASON_NONE when words are there. A device that
 * is busy is asked again, until device->busy_until_us. */
enum reason bus_line_ask(struct bus *bus, struct bus_device *device, struct modbus_request *request,
                         struct modbus_reply *reply);

/* The same for a write; once. */
enum reason bus_line_write(struct bus *bus, struct bus_device *device, struct modbus_request *request,
                           struct modbus_reply *reply);

/* A device whose replies have no number has to prove itself after a fault: REASON_NONE when it has. */
enum reason bus_line_prove(struct bus *bus, struct bus_device *device);

/* ---- bus_errand.c */

/* Is the relay on this line? Then the bus takes its errands from now on. Returns 0 or -errno. */
int bus_errand_open(struct bus *bus, struct errand *errand);
void bus_errand_close(struct bus *bus);

/* Does what is asked for, if anything is. */
void bus_errand_run(struct bus *bus);

#endif
