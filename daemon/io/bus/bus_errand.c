/*
 * bus_errand.c - the relay on a serial line: written between two polls, for a thread that must not talk here.
 *
 * The reply to a write is the request itself: an adapter that hears itself looks like a relay that answers.
 * So the relay is read, too, and only what it says then counts; but for a module that can't be read, whose
 * refusal shows that somebody is there.
 */
#include <errno.h>
#include <stdio.h>

#include "bus_internal.h"
#include "clock.h"

enum { READ_COILS = 1, READ_HOLDING = 3, WRITE_COIL = 5, WRITE_REGISTER = 6 };

#define COIL_ON 0xFF00

int bus_errand_open(struct bus *bus, struct errand *errand)
{
    const struct relay_config *relay = &bus->config->notify.relay;
    if (errand == NULL || !relay->enabled || bus->config->buses[bus->index].kind != BUS_RTU ||
        bus->config->devices[relay->device].bus != bus->index)
        return 0;
    /* What it owes us counts in its polls, too. */
    for (size_t i = 0; i < bus->n_devices && bus->relay == NULL; i++)
        if (bus->devices[i].index == relay->device)
            bus->relay = &bus->devices[i];
    if (bus->relay == NULL) {
        int result = bus_device_create(bus->config, relay->device, &bus->relay_only);
        if (result < 0)
            return result;
        bus->relay = &bus->relay_only;
    }
    bus->errand = errand_ref(errand);
    return 0;
}

void bus_errand_close(struct bus *bus)
{
    if (bus->relay == &bus->relay_only)
        bus_device_clear(&bus->relay_only);
    bus->relay = NULL;
    errand_unref(bus->errand);
    bus->errand = NULL;
}

static int error_of(const struct modbus_reply *reply, const char *what, char *detail)
{
    switch (reply->outcome) {
    case BUS_OK:
        return 0;
    case BUS_REFUSED:
        snprintf(detail, NOTE_MAX, "the relay refuses to be %s: exception %u", what, reply->exception);
        return -EPROTO;
    case BUS_NO_REPLY:
        snprintf(detail, NOTE_MAX, "no reply when it was %s", what);
        return -ETIMEDOUT;
    case BUS_BAD_REPLY:
        snprintf(detail, NOTE_MAX, "bad reply when it was %s: %s", what, reply->fault);
        return -EBADMSG;
    default:
        snprintf(detail, NOTE_MAX, "the line broke when it was %s", what);
        return -EIO;
    }
}

/* What the relay says of itself. */
static int check(struct bus *bus, const struct errand_write *write, char *detail)
{
    struct modbus_request request = {.unit = write->unit,
                                     .function = write->coil ? READ_COILS : READ_HOLDING,
                                     .address = write->address,
                                     .count = 1};
    struct modbus_reply reply;
    (void)bus_line_ask(bus, bus->relay, &request, &reply);
    if (reply.outcome == BUS_REFUSED &&
        (reply.exception == EXCEPTION_FUNCTION || reply.exception == EXCEPTION_ADDRESS))
        return 0;
    int error = error_of(&reply, "read", detail);
    const uint16_t is = write->coil ? reply.words[0] & 1U : reply.words[0];
    const uint16_t wanted = write->coil ? write->value != 0 : write->value;
    if (error == 0 && is != wanted) {
        snprintf(detail, NOTE_MAX, "it was set to %u and says that it is %u", wanted, is);
        error = -EREMOTEIO;
    }
    return error;
}

static int set(struct bus *bus, const struct errand_write *write, char *detail)
{
    const uint16_t value = write->coil ? (write->value != 0 ? COIL_ON : 0) : write->value;
    struct modbus_request request = {.unit = write->unit,
                                     .function = write->coil ? WRITE_COIL : WRITE_REGISTER,
                                     .address = write->address,
                                     .count = value};
    struct modbus_reply reply;
    (void)bus_line_write(bus, bus->relay, &request, &reply);
    int error = error_of(&reply, "set", detail);
    return error < 0 ? error : check(bus, write, detail);
}

/* Only what our own configuration calls the relay is ever written. */
static bool is_relay(const struct bus *bus, const struct errand_write *write)
{
    const struct relay_config *relay = &bus->config->notify.relay;
    return write->unit == bus->config->devices[relay->device].unit && write->address == relay->address &&
           write->coil == (relay->table == TABLE_COIL);
}

void bus_errand_run(struct bus *bus)
{
    struct errand_write write;
    char detail[NOTE_MAX] = "";
    int error;
    if (!errand_take(bus->errand, bus->config->buses[bus->index].device, &write))
        return;
    bus->relay->busy_until_us = 0;
    if (!is_relay(bus, &write)) { /* of another configuration: it is said again */
        error = -ECANCELED;
    } else if (!bus_line_open(bus)) {
        error = -ENOTCONN;
        snprintf(detail, sizeof detail, "%.100s: %.120s", write.line, link_error(bus->link));
    } else {
        error = set(bus, &write, detail);
        error = error < 0 && bus_stopping(bus) ? -ECANCELED : error; /* broken off by us */
    }
    errand_done(bus->errand, error, detail);
}
