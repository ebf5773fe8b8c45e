/*
 * bus_fixture.h - a bus thread and one device of 1024 registers for it, on TCP or on a pty, which can miss
 * registers, refuse, be busy, be silent and hang up, and takes writes (functions 5 and 6). What the bus posts
 * is what the daemon would believe.
 */
#ifndef CRYOMON_BUS_FIXTURE_H
#define CRYOMON_BUS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "bus.h"
#include "clock.h"

#define REGISTERS    1024
#define MISSING      (-1) /* a register's value: exception 2 */
#define SILENT       (-2) /* no answer to a request that touches it */
#define MOST_POINTS  40
#define MOST_GUARDS  8
#define MOST_ASKED   4096
#define THE_INTERVAL 50 /* ms */

struct asked {
    uint8_t unit, function;
    uint16_t address, count;
};

struct fake_device {
    bool serial;
    int fd; /* listening socket, or the pty's master */
    atomic_int registers[REGISTERS];
    atomic_int exception;  /* not 0: this, to every request */
    atomic_int exceptions; /* so many requests get it, -1: all */
    atomic_int silent_unit;
    atomic_int dead_unit;      /* exception 11 */
    atomic_bool forgets;       /* says that a write was done, and it was not */
    atomic_bool hang_up;       /* once: instead of the next reply */
    atomic_bool hang_up_after; /* once: behind the next reply */
    atomic_bool stop;
    pthread_mutex_t lock; /* over asked */
    struct asked asked[MOST_ASKED];
    size_t n_asked;
    pthread_t thread;
};

struct bus_world {
    struct fake_device device;
    struct config config;
    struct bus_config bus_config;
    struct device_config devices[2];
    struct point_config points[MOST_POINTS];
    struct guard_config guards[MOST_GUARDS];
    uint16_t targets[MOST_GUARDS * MOST_POINTS];
    struct mailbox *core;
    struct heartbeats *heartbeats;
    struct bus_shared shared; /* the test's own, if it needs any */
    struct bus *bus;
    int stop_fd;
    struct diagnostics diagnostics[3]; /* the last that was posted */
    unsigned reports[3];
    int n_late; /* samples of polls that did not happen */
};

/* Zeroes the world and makes its device; then points and guards are added, then it runs. All registers hold
 * their own address. */
void bus_world_open(struct bus_world *world, bool serial);
uint16_t bus_world_point(struct bus_world *world, uint16_t device, uint16_t address);

/* A guard on a register, which judges all points of the device so far, or only the one. Guards of one device
 * stand together. */
struct guard_config *bus_world_guard(struct bus_world *world, uint16_t device, uint16_t address,
                                     enum guard_kind kind, int only_point);
/* The guard knows this value of its register, with this reason. Gives the guard. */
struct guard_config *bus_world_value(struct guard_config *guard, int value, enum reason reason);
micro_t bus_world_number(int value); /* as a reading has it */

void bus_world_run(struct bus_world *world);
void bus_world_close(struct bus_world *world);

void bus_world_set(struct bus_world *world, uint16_t address, int value);

/* The next sample; diagnostics that come before it are kept. Polls that did not happen, because the machine
 * was busy, are passed over, if they were late enough for that. bus_world_any_sample: these, too. */
struct core_message bus_world_sample(struct bus_world *world);
struct core_message bus_world_any_sample(struct bus_world *world);

/* The next sample of the point. */
struct core_message bus_world_next(struct bus_world *world, uint16_t point);

/* Forgets what was posted and asked so far. A poll under way may still post what it read before. */
void bus_world_forget(struct bus_world *world);

/* Waits until the point's samples are like this. */
void bus_world_until(struct bus_world *world, uint16_t point, enum quality quality, enum reason reason);

void bus_world_until_good(struct bus_world *world, uint16_t point);

/* Waits for a report of the device's diagnostics. */
void bus_world_report(struct bus_world *world, uint16_t device);

/* How often was exactly this asked, since the last forget? */
size_t bus_world_asked(struct bus_world *world, uint16_t address, uint16_t count);
size_t bus_world_asked_all(struct bus_world *world);

#endif
