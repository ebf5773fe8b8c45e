#include "world.h"

#include "command.h"
#include "listener.h"
#include "truth.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SLIP_S 2.0 /* a longer gap than this is not caught up with */

int64_t world_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void world_init(struct world *world)
{
    *world = (struct world){.speed = 1, .step_s = 0.5, .loop = {.epoll_fd = -1}};
}

void world_free(struct world *world)
{
    for (size_t i = 0; i < world->n_listeners; i++)
        listener_free(world->listeners[i]);
    for (size_t i = 0; i < world->n_devices; i++)
        device_free(world->devices[i]);
    for (size_t i = 0; i < world->n_events; i++)
        free(world->events[i].command);
    free(world->listeners);
    free(world->devices);
    free(world->events);
    wire_close(world->wire);
    truth_close(world->truth);
    loop_close(&world->loop);
}

struct device *world_device(const struct world *world, const char *id)
{
    for (size_t i = 0; i < world->n_devices; i++) {
        if (strcmp(world->devices[i]->id, id) == 0)
            return world->devices[i];
    }
    return NULL;
}

struct listener *world_listener(const struct world *world, const char *id)
{
    for (size_t i = 0; i < world->n_listeners; i++) {
        if (strcmp(world->listeners[i]->id, id) == 0)
            return world->listeners[i];
    }
    return NULL;
}

int world_add_device(struct world *world, struct device *device)
{
    struct device **more = reallocarray(world->devices, world->n_devices + 1, sizeof(struct device *));
    if (more != NULL)
        world->devices = more;
    if (more == NULL || world->n_devices == DEVICES_MAX) {
        device_free(device);
        return more == NULL ? -ENOMEM : -E2BIG;
    }
    world->devices[world->n_devices++] = device;
    return 0;
}

int world_add_listener(struct world *world, struct listener *listener)
{
    struct listener **more =
        reallocarray(world->listeners, world->n_listeners + 1, sizeof(struct listener *));
    if (more != NULL)
        world->listeners = more;
    if (more == NULL || world->n_listeners == LISTENERS_MAX) {
        listener_free(listener);
        return more == NULL ? -ENOMEM : -E2BIG;
    }
    listener->world = world;
    world->listeners[world->n_listeners++] = listener;
    return 0;
}

int world_add_event(struct world *world, double at_s, double every_s, double jitter_s, const char *command)
{
    if (world->n_events == EVENTS_MAX)
        return -E2BIG;
    char *copy = strdup(command);
    struct event *more = reallocarray(world->events, world->n_events + 1, sizeof *more);
    if (more != NULL)
        world->events = more;
    if (copy == NULL || more == NULL) {
        free(copy);
        return -ENOMEM;
    }
    world->events[world->n_events++] = (struct event){at_s, every_s, jitter_s, copy, at_s};
    return 0;
}

/* When this turn of the event is, by the script's clock. */
static void plan(struct world *world, struct event *event)
{
    event->next_s = event->at_s;
    if (event->jitter_s > 0)
        event->next_s = fmax(0, event->at_s + event->jitter_s * (2 * random_uniform(&world->chance) - 1));
}

int world_start_devices(struct world *world, char *error, size_t error_size)
{
    random_seed(&world->random, world->seed, "faults");
    random_seed(&world->chance, world->seed, "script");
    for (size_t i = 0; i < world->n_devices; i++) {
        int r = device_start(world->devices[i], world->seed);
        if (r < 0) {
            snprintf(error, error_size, "%s: %s", world->devices[i]->id, strerror(-r));
            return r;
        }
    }
    for (size_t i = 0; i < world->n_events; i++)
        plan(world, &world->events[i]);
    return 0;
}

int world_start(struct world *world, char *error, size_t error_size)
{
    int r = loop_open(&world->loop);
    if (r == 0)
        r = wire_open(&world->wire);
    if (r < 0) {
        snprintf(error, error_size, "%s", strerror(-r));
        return r;
    }
    r = world_start_devices(world, error, error_size);
    if (r < 0)
        return r;
    int64_t now_us = world_now_us();
    for (size_t i = 0; i < world->n_devices; i++) {
        fault_begin(&world->devices[i]->fault, now_us);
    }
    for (size_t i = 0; i < world->n_listeners; i++) {
        struct listener *listener = world->listeners[i];
        fault_begin(&listener->fault, now_us);
        r = listener_open(listener);
        if (r < 0) {
            snprintf(error, error_size, "listener %s: %s", listener->id, strerror(-r));
            return r;
        }
    }
    world->last_us = world_now_us();
    return 0;
}

/* The elapsed time at which an event is due, at the speed as it is now. */
static double due_s(const struct world *world, const struct event *event)
{
    if (!world->by_simulated)
        return event->next_s;
    return world->elapsed_s + fmax(0, (event->next_s - world->simulated_s) / world->speed);
}

/* The script's next event up to until_s, or NULL. */
static struct event *next_event(struct world *world, double until_s)
{
    struct event *next = NULL;
    for (size_t i = 0; i < world->n_events; i++) {
        struct event *e = &world->events[i];
        if (due_s(world, e) <= until_s && (next == NULL || e->next_s < next->next_s))
            next = e;
    }
    return next;
}

static void move(struct world *world, double to_s)
{
    double left_s = to_s - world->elapsed_s;
    /* What acts on each other takes turns, a step each: an hour of fill must not come before an hour of
     * supply. */
    double turn_s = world->coupled ? world->step_s / world->speed : left_s;
    world->elapsed_s = to_s;
    world->simulated_s += left_s * world->speed;
    for (size_t i = 0; i < world->n_devices; i++)
        world->devices[i]->seconds = (uint64_t)to_s;
    while (left_s > 0) {
        double elapsed_s = fmin(left_s, turn_s);
        for (size_t i = 0; i < world->n_devices; i++)
            device_advance(world->devices[i], elapsed_s, world->speed, world->step_s);
        left_s -= elapsed_s;
    }
}

static void run_event(struct world *world, const struct event *event)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (out == NULL)
        return;
    int r = command_run(world, event->command, COMMAND_SCRIPT, out);
    fclose(out);
    if (r < 0 || !world->fast)
        fprintf(stderr, "cryosim: at %.1f s: %s%s%s\n", world->elapsed_s, event->command, r < 0 ? ": " : "",
                r < 0 ? text : "");
    free(text);
}

void world_advance(struct world *world, double elapsed_s)
{
    double until_s = world->elapsed_s + elapsed_s;
    struct event *event;
    while ((event = next_event(world, until_s)) != NULL) {
        double at_s = due_s(world, event);
        if (at_s > world->elapsed_s)
            move(world, at_s);
        event->at_s += event->every_s;
        if (event->every_s > 0)
            plan(world, event);
        else
            event->next_s = INFINITY;
        run_event(world, event);
    }
    move(world, until_s);
}

void world_follow(struct world *world, int64_t now_us)
{
    double elapsed_s = (double)(now_us - world->last_us) / 1e6;
    world->last_us = now_us;
    if (world->manual)
        return;
    if (elapsed_s > SLIP_S) {
        world->slipped_s += elapsed_s - SLIP_S;
        elapsed_s = SLIP_S;
    }
    world_advance(world, elapsed_s);
}

void world_expire_faults(struct world *world, int64_t now_us)
{
    for (size_t i = 0; i < world->n_devices; i++)
        fault_expire(&world->devices[i]->fault, now_us);
    for (size_t i = 0; i < world->n_listeners; i++)
        fault_expire(&world->listeners[i]->fault, now_us);
}
