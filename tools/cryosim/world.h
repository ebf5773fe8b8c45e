/*
 * world.h - all that a running cryosim has: devices, listeners, the script, and how fast time goes.
 *
 * One process, one thread. Real time ("elapsed") drives the script, unless the scenario says that simulated
 * time does; each device's simulated time runs `speed` times as fast.
 */
#ifndef CRYOSIM_WORLD_H
#define CRYOSIM_WORLD_H

#include "device.h"
#include "loop.h"
#include "wire.h"

#include <stdio.h>

#define DEVICES_MAX   1024
#define LISTENERS_MAX 256
#define EVENTS_MAX    1024

struct listener;
struct truth;

struct event {
    double at_s, every_s; /* every_s 0: once; at_s moves on with it */
    double jitter_s;      /* it happens up to this much earlier or later, by chance */
    char *command;        /* as typed to ctl */
    double next_s;        /* INFINITY when done */
};

struct world {
    struct device **devices;
    size_t n_devices;
    struct listener **listeners;
    size_t n_listeners;
    struct event *events;
    size_t n_events;
    double speed, step_s;
    uint64_t seed;
    bool by_simulated;  /* the script's times are simulated ones */
    bool coupled;       /* devices act on each other: they move in step */
    bool fast;          /* no clock: of the script, only what failed is reported, and speed can't be set */
    bool manual;        /* time goes on by `step` only */
    double elapsed_s;   /* real time since the start, less what was slipped */
    double simulated_s; /* at the world's speed */
    double slipped_s;   /* real time that was skipped because the machine was too slow or slept */
    int64_t last_us;
    struct loop loop;
    struct wire *wire;
    struct truth *truth;
    struct random_source random; /* of the faults; devices have their own */
    struct random_source chance; /* of the script's jitter */
    bool quit;
};

void world_init(struct world *world);
void world_free(struct world *world);

struct device *world_device(const struct world *world, const char *id);
struct listener *world_listener(const struct world *world, const char *id);

/* Each takes over what it is given. Returns 0, -ENOMEM or -E2BIG. */
int world_add_device(struct world *world, struct device *device);
int world_add_listener(struct world *world, struct listener *listener);
int world_add_event(struct world *world, double at_s, double every_s, double jitter_s, const char *command);

/* Starts all devices, without any listener. On -errno `error` says which and why. */
int world_start_devices(struct world *world, char *error, size_t error_size);

/* Starts all devices and opens all listeners. On -errno `error` says which and why. */
int world_start(struct world *world, char *error, size_t error_size);

/* Follows the real clock; nothing when the clock is manual. */
void world_follow(struct world *world, int64_t now_us);
/* Moves on by real seconds, with the script's events at their times. */
void world_advance(struct world *world, double elapsed_s);

/* Ends faults whose time is over and reopens what they closed. */
void world_expire_faults(struct world *world, int64_t now_us);

/* CLOCK_MONOTONIC in microseconds. */
int64_t world_now_us(void);

#endif
