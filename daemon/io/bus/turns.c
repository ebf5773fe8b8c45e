#include "turns.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "address.h"
#include "descriptors.h"

enum turn { TURN_NONE, TURN_WAITING, TURN_HELD };

struct turn_bus {
    uint16_t limit; /* 0: none */
    uint16_t host;  /* the first bus of the same host */
    enum turn turn;
    uint64_t ticket; /* WAITING: the lowest is next */
    int fd;
};

struct turns {
    atomic_uint references;
    pthread_mutex_t lock;
    uint64_t tickets;
    uint16_t n;
    struct turn_bus buses[];
};

static uint16_t first_of_host(const struct config *config, uint16_t bus)
{
    char mine[256], other[256];
    address_plain_host(config->buses[bus].host, mine, sizeof mine);
    for (uint16_t i = 0; i < bus; i++) {
        if (config->buses[i].kind != BUS_TCP || config->buses[i].max_connections == 0)
            continue;
        address_plain_host(config->buses[i].host, other, sizeof other);
        if (address_same_host(mine, other))
            return i;
    }
    return bus;
}

int turns_create(const struct config *config, struct turns **ret)
{
    struct turns *turns = calloc(1, sizeof *turns + config->n_buses * sizeof turns->buses[0]);
    if (turns == NULL)
        return -ENOMEM;
    atomic_init(&turns->references, 1);
    pthread_mutex_init(&turns->lock, NULL);
    for (; turns->n < config->n_buses; turns->n++) {
        struct turn_bus *bus = &turns->buses[turns->n];
        const struct bus_config *bc = &config->buses[turns->n];
        *bus = (struct turn_bus){.fd = -1};
        if (bc->kind != BUS_TCP || bc->max_connections == 0)
            continue;
        bus->limit = bc->max_connections;
        bus->host = first_of_host(config, turns->n);
        bus->fd = descriptors_aside(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        if (bus->fd < 0) {
            int error = errno;
            turns_unref(turns);
            return -error;
        }
    }
    *ret = turns;
    return 0;
}

struct turns *turns_ref(struct turns *turns)
{
    if (turns != NULL)
        atomic_fetch_add(&turns->references, 1);
    return turns;
}

void turns_unref(struct turns *turns)
{
    if (turns == NULL || atomic_fetch_sub(&turns->references, 1) > 1)
        return;
    for (uint16_t i = 0; i < turns->n; i++)
        if (turns->buses[i].fd >= 0)
            close(turns->buses[i].fd);
    pthread_mutex_destroy(&turns->lock);
    free(turns);
}

static bool limited(const struct turns *turns, uint16_t bus)
{
    return turns != NULL && turns->buses[bus].limit > 0;
}

/* How many buses of the host are in the state; tell: each of them is told to look. */
static unsigned count(struct turns *turns, uint16_t host, enum turn turn, bool tell)
{
    unsigned n = 0;
    for (uint16_t i = 0; i < turns->n; i++) {
        struct turn_bus *other = &turns->buses[i];
        if (other->limit == 0 || other->host != host || other->turn != turn)
            continue;
        n++;
        if (tell)
            (void)eventfd_write(other->fd, 1);
    }
    return n;
}

bool turns_take(struct turns *turns, uint16_t bus)
{
    if (!limited(turns, bus))
        return true;
    struct turn_bus *me = &turns->buses[bus];
    pthread_mutex_lock(&turns->lock);
    if (me->turn == TURN_NONE) {
        bool free_one = count(turns, me->host, TURN_HELD, false) < me->limit &&
                        count(turns, me->host, TURN_WAITING, false) == 0;
        me->turn = free_one ? TURN_HELD : TURN_WAITING;
        me->ticket = turns->tickets++;
        if (!free_one)
            (void)count(turns, me->host, TURN_HELD, true);
    }
    bool held = me->turn == TURN_HELD;
    pthread_mutex_unlock(&turns->lock);
    return held;
}

bool turns_wanted(struct turns *turns, uint16_t bus)
{
    if (!limited(turns, bus))
        return false;
    struct turn_bus *me = &turns->buses[bus];
    pthread_mutex_lock(&turns->lock);
    bool wanted = me->turn == TURN_HELD && count(turns, me->host, TURN_WAITING, false) > 0;
    pthread_mutex_unlock(&turns->lock);
    return wanted;
}

/* What was given back goes to the one that has waited longest. */
static void pass_on(struct turns *turns, uint16_t host)
{
    struct turn_bus *next = NULL;
    for (uint16_t i = 0; i < turns->n; i++) {
        struct turn_bus *other = &turns->buses[i];
        if (other->limit > 0 && other->host == host && other->turn == TURN_WAITING &&
            (next == NULL || other->ticket < next->ticket))
            next = other;
    }
    if (next == NULL)
        return;
    next->turn = TURN_HELD;
    (void)eventfd_write(next->fd, 1);
}

void turns_release(struct turns *turns, uint16_t bus)
{
    if (!limited(turns, bus))
        return;
    struct turn_bus *me = &turns->buses[bus];
    pthread_mutex_lock(&turns->lock);
    bool held = me->turn == TURN_HELD;
    me->turn = TURN_NONE;
    if (held)
        pass_on(turns, me->host);
    pthread_mutex_unlock(&turns->lock);
}

int turns_fd(const struct turns *turns, uint16_t bus)
{
    return limited(turns, bus) ? turns->buses[bus].fd : -1;
}

void turns_heard(struct turns *turns, uint16_t bus)
{
    eventfd_t n;
    if (limited(turns, bus))
        (void)eventfd_read(turns->buses[bus].fd, &n);
}
