#include "peer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/eventfd.h>

#include "heartbeat.h"
#include "link.h"

#define PAUSE_MS   20 /* before each request: politeness */
#define QUIET_MS   200
#define CONNECT_MS 2000

struct peer {
    struct bus_config bus;
    struct link *link;
    struct heartbeats *heartbeats;
    int slot, stop_fd;
    uint32_t timeout_ms;
};

/* ---------------------------------------------------------------- targets */

static bool parse_number(const char *text, const char *end, unsigned long max, uint16_t *ret)
{
    char *stop;
    if (text == end || *text < '0' || *text > '9')
        return false;
    unsigned long value = strtoul(text, &stop, 10);
    if (stop != end || value > max)
        return false;
    *ret = (uint16_t)value;
    return true;
}

static bool parse_ports(const char *text, struct peer_target *ret)
{
    const char *end = text + strlen(text), *dash = strchr(text, '-');
    if (!parse_number(text, dash != NULL ? dash : end, 65535, &ret->first_port) || ret->first_port == 0)
        return false;
    ret->last_port = ret->first_port;
    return dash == NULL ||
           (parse_number(dash + 1, end, 65535, &ret->last_port) && ret->last_port >= ret->first_port);
}

/* Splits host and ports; an IPv6 address with a port stands in brackets. */
static bool parse_host(const char *text, struct peer_target *ret)
{
    const char *colon = strchr(text, ':'), *host = text, *ports = NULL;
    size_t len = strlen(text);
    ret->bus.kind = BUS_TCP;
    ret->first_port = ret->last_port = 502;
    if (text[0] == '[') {
        const char *close = strchr(text, ']');
        if (close == NULL || (close[1] != ':' && close[1] != '\0'))
            return false;
        host = text + 1;
        len = (size_t)(close - host);
        ports = close[1] == ':' ? close + 2 : NULL;
    } else if (colon != NULL && strchr(colon + 1, ':') == NULL) {
        len = (size_t)(colon - text);
        ports = colon + 1;
    }
    if (len == 0 || len >= sizeof ret->bus.host)
        return false;
    memcpy(ret->bus.host, host, len);
    ret->bus.host[len] = '\0';
    return ports == NULL || parse_ports(ports, ret);
}

static bool parse_line(const struct ctl *ctl, const char *text, struct peer_target *ret)
{
    struct bus_config *bus = &ret->bus;
    uint16_t stop_bits = 1;
    bus->kind = BUS_RTU;
    bus->baud = ctl->baud != NULL ? (uint32_t)strtoul(ctl->baud, NULL, 10) : 9600;
    bus->parity = ctl->parity == NULL || strcmp(ctl->parity, "none") == 0 ? 'N'
                  : strcmp(ctl->parity, "even") == 0                      ? 'E'
                  : strcmp(ctl->parity, "odd") == 0                       ? 'O'
                                                                          : '?';
    const char *stop = ctl->stop_bits != NULL ? ctl->stop_bits : "1";
    bool ok = parse_number(stop, stop + strlen(stop), 2, &stop_bits) && stop_bits > 0;
    bus->stop_bits = (uint8_t)stop_bits;
    bus->data_bits = 8;
    if (bus->baud < 1200 || bus->baud > 230400 || bus->parity == '?' || !ok ||
        strlen(text) >= sizeof bus->device) {
        ctl_complain(
            "%s",
            tr(ctl, "a line is a path, --baud 1200 to 230400, --parity none, even or odd, --stop-bits 1 or 2",
               "串口由路径、--baud 1200 至 230400、--parity none/even/odd、--stop-bits 1 或 2 指定"));
        return false;
    }
    snprintf(bus->device, sizeof bus->device, "%s", text);
    return true;
}

bool peer_parse(const struct ctl *ctl, const char *text, struct peer_target *ret)
{
    *ret = (struct peer_target){.bus = {.id = "cryoctl", .connect_timeout_ms = CONNECT_MS}};
    if (text[0] == '/')
        return parse_line(ctl, text, ret);
    if (parse_host(text, ret))
        return true;
    ctl_complain(tr(ctl, "\"%s\" is not HOST, HOST:PORT, HOST:FIRST-LAST or the path of a serial line",
                    "“%s”不是 主机、主机:端口、主机:起始-结束 或串口路径"),
                 text);
    return false;
}

bool peer_parse_timeout(const char *text, uint32_t *ret_ms)
{
    char *end;
    if (text[0] < '0' || text[0] > '9')
        return false;
    unsigned long value = strtoul(text, &end, 10);
    if (strcmp(end, "s") == 0 && value <= 30)
        value *= 1000;
    else if (strcmp(end, "ms") != 0)
        return false;
    if (value < 20 || value > 30000)
        return false;
    *ret_ms = (uint32_t)value;
    return true;
}

/* ---------------------------------------------------------------- asking */

static bool reopen(struct peer *peer)
{
    size_t bytes;
    if (link_open(peer->link, peer->heartbeats, peer->slot) < 0)
        return false;
    (void)link_drain(peer->link, QUIET_MS, &bytes); /* serial: somebody may still be talking */
    return true;
}

struct peer *peer_open(const struct ctl *ctl, const struct peer_target *target, uint16_t port,
                       uint32_t timeout_ms, bool quiet)
{
    struct peer *peer = calloc(1, sizeof *peer);
    if (peer == NULL)
        return NULL;
    peer->bus = target->bus;
    peer->bus.port = port;
    peer->timeout_ms = timeout_ms;
    peer->slot = -1;
    peer->stop_fd = eventfd(0, EFD_CLOEXEC); /* never readable: Ctrl-C ends the process */
    if (peer->stop_fd < 0 || heartbeats_create(&peer->heartbeats) < 0 ||
        link_create(&peer->bus, peer->stop_fd, &peer->link) < 0) {
        peer_close(peer);
        return NULL;
    }
    peer->slot = heartbeat_join(peer->heartbeats, "cryoctl");
    if (reopen(peer))
        return peer;
    if (!quiet && target->bus.kind == BUS_TCP)
        ctl_complain(tr(ctl, "no connection to %s port %u: %s", "无法连接 %s 端口 %u：%s"), target->bus.host,
                     port, link_error(peer->link));
    else if (!quiet)
        ctl_complain(tr(ctl, "can't open %s: %s", "无法打开 %s：%s"), target->bus.device,
                     link_error(peer->link));
    peer_close(peer);
    return NULL;
}

void peer_close(struct peer *peer)
{
    if (peer == NULL)
        return;
    link_free(peer->link);
    if (peer->slot >= 0)
        heartbeat_leave(peer->heartbeats, peer->slot);
    heartbeats_free(peer->heartbeats);
    if (peer->stop_fd >= 0)
        close(peer->stop_fd);
    free(peer);
}

void peer_ask(struct peer *peer, struct modbus_request *request, struct modbus_reply *ret)
{
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    size_t bytes;
    *ret = (struct modbus_reply){.outcome = BUS_LINK_DOWN, .fault = "no connection"};
    if (!link_is_open(peer->link) && !reopen(peer))
        return;
    (void)nanosleep(&pause, NULL);
    link_transact(peer->link, request, peer->timeout_ms, ret);
    if (ret->outcome == BUS_NO_REPLY || ret->outcome == BUS_BAD_REPLY)
        (void)link_drain(peer->link, QUIET_MS, &bytes); /* a late reply must not pass for the next one's */
}
