#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog.h"
#include "cryoctl.h"
#include "decode.h"
#include "peer.h"
#include "places.h"

#define PORTS_MAX           64
#define FOUND_MAX           512
#define FITS_MAX            4  /* profiles that are named for one device */
#define EXCEPTION_NO_PATH   10 /* a gateway: no way to that unit */
#define EXCEPTION_NO_TARGET 11 /* a gateway: that unit is silent */

struct found {
    uint16_t port;
    uint8_t unit;
    bool same_everywhere; /* the port answers to every unit id that was asked */
    unsigned n_fits;
    const struct catalog_entry *fits[FITS_MAX];
};

struct scan {
    const struct ctl *ctl;
    struct peer_target target;
    struct catalog *catalog;
    bool units[256];
    unsigned n_units;
    uint32_t timeout_ms;
    unsigned ports_open;
    unsigned n_found;
    struct found found[FOUND_MAX];
};

/* ---------------------------------------------------------------- arguments */

/* "1-16,20,255" */
static bool parse_units(const char *text, struct scan *s)
{
    for (;;) {
        char *end;
        unsigned long first = strtoul(text, &end, 10), last = first;
        if (text[0] < '0' || text[0] > '9')
            return false;
        if (*end == '-' && end[1] >= '0' && end[1] <= '9')
            last = strtoul(end + 1, &end, 10);
        if (last > 255 || last < first)
            return false;
        for (unsigned long u = first; u <= last; u++) {
            s->n_units += s->units[u] ? 0 : 1;
            s->units[u] = true;
        }
        if (*end == '\0')
            return true;
        if (*end != ',')
            return false;
        text = end + 1;
    }
}

static int parse_arguments(struct scan *s, const char *target)
{
    const struct ctl *ctl = s->ctl;
    if (!peer_parse(ctl, target, &s->target))
        return CTL_USAGE;
    bool serial = s->target.bus.kind == BUS_RTU;
    s->timeout_ms = serial ? 200 : 500;
    if (s->target.last_port - s->target.first_port >= PORTS_MAX) {
        ctl_complain(tr(ctl, "at most %d ports in one scan", "一次最多扫描 %d 个端口"), PORTS_MAX);
        return CTL_USAGE;
    }
    if (!parse_units(ctl->units != NULL ? ctl->units
                     : serial           ? "1-32"
                                        : "1-8,255",
                     s) ||
        (serial && (s->units[0] || s->units[248]))) {
        ctl_complain("%s", tr(ctl, "--units is a list such as 1-16,20; on a serial line from 1 to 247",
                              "--units 形如 1-16,20；串口上为 1 至 247"));
        return CTL_USAGE;
    }
    if (ctl->timeout != NULL && !peer_parse_timeout(ctl->timeout, &s->timeout_ms)) {
        ctl_complain("%s", tr(ctl, "--timeout is 20ms to 30s", "--timeout 为 20ms 至 30s"));
        return CTL_USAGE;
    }
    return CTL_OK;
}

/* ---------------------------------------------------------------- asking */

static void progress(const struct scan *s, uint16_t port, unsigned unit)
{
    if (!isatty(STDERR_FILENO))
        return;
    if (s->target.bus.kind == BUS_TCP)
        fprintf(stderr, tr(s->ctl, "\rport %u, unit %u, found %u   ", "\r端口 %u，单元 %u，已发现 %u   "),
                port, unit, s->n_found);
    else
        fprintf(stderr, tr(s->ctl, "\runit %u, found %u   ", "\r单元 %u，已发现 %u   "), unit, s->n_found);
    fflush(stderr);
}

/* Is there a device? Any reply of its own says so, be it a refusal. */
static bool is_there(struct peer *peer, uint8_t unit)
{
    struct modbus_reply reply;
    for (uint8_t function = 3; function <= 4; function++) {
        struct modbus_request request = {.unit = unit, .function = function, .address = 0, .count = 1};
        peer_ask(peer, &request, &reply);
        if (reply.outcome == BUS_OK)
            return true;
        if (reply.outcome == BUS_REFUSED)
            return reply.exception != EXCEPTION_NO_PATH && reply.exception != EXCEPTION_NO_TARGET;
    }
    return false; /* some are silent for a function that they don't have: both were tried */
}

static bool identity_fits(struct peer *peer, uint8_t unit, const struct catalog_identity *identity)
{
    struct modbus_reply reply;
    struct modbus_request request = {.unit = unit,
                                     .function = (uint8_t)identity->table,
                                     .address = identity->address,
                                     .count = (uint16_t)decode_width(&identity->format)};
    peer_ask(peer, &request, &reply);
    if (reply.outcome != BUS_OK)
        return false;
    struct reading reading = decode_words(&identity->format, reply.words);
    return guard_judge(&identity->rule, NULL, &reading, 0) == REASON_NONE;
}

/* Which profiles recognise the device. Those without an identity register can't. */
static void recognise(const struct scan *s, struct peer *peer, struct found *found)
{
    bool serial = s->target.bus.kind == BUS_RTU;
    for (size_t i = 0; i < s->catalog->n && found->n_fits < FITS_MAX; i++) {
        const struct catalog_entry *entry = &s->catalog->entries[i];
        bool fits = entry->n_identities > 0 && (serial ? entry->rtu : entry->tcp);
        for (unsigned k = 0; k < entry->n_identities && fits; k++)
            fits = identity_fits(peer, found->unit, &entry->identities[k]);
        if (fits)
            found->fits[found->n_fits++] = entry;
    }
}

static void scan_port(struct scan *s, uint16_t port)
{
    unsigned first = s->n_found;
    struct peer *peer =
        peer_open(s->ctl, &s->target, port, s->timeout_ms, s->target.first_port != s->target.last_port);
    if (peer == NULL)
        return;
    s->ports_open++;
    for (unsigned unit = 0; unit < 256 && s->n_found < FOUND_MAX; unit++) {
        if (!s->units[unit])
            continue;
        progress(s, port, unit);
        if (!is_there(peer, (uint8_t)unit))
            continue;
        struct found *found = &s->found[s->n_found++];
        *found = (struct found){.port = port, .unit = (uint8_t)unit};
        recognise(s, peer, found);
    }
    /* A device that takes no notice of the unit id is one device, not many. */
    if (s->target.bus.kind == BUS_TCP && s->n_units > 2 && s->n_found - first == s->n_units) {
        s->n_found = first + 1;
        s->found[first].same_everywhere = true;
    }
    peer_close(peer);
}

/* ---------------------------------------------------------------- showing */

/* "192-0-2-10-4001", "ttyusb0": an id made of the target. */
static void bus_id(const struct scan *s, uint16_t port, char id[ID_MAX])
{
    const char *from =
        s->target.bus.kind == BUS_TCP ? s->target.bus.host : strrchr(s->target.bus.device, '/') + 1;
    size_t n = 0;
    for (; *from != '\0' && n < 40; from++) {
        char c = *from >= 'A' && *from <= 'Z' ? (char)(*from - 'A' + 'a') : *from;
        bool ok = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (ok || n > 0)
            id[n++] = ok ? c : '-';
    }
    id[n] = '\0';
    if (n == 0)
        snprintf(id, ID_MAX, "bus");
    if (s->target.first_port != s->target.last_port)
        snprintf(id + strlen(id), ID_MAX - strlen(id), "-%u", port);
}

static void print_bus(const struct scan *s, uint16_t port)
{
    char id[ID_MAX];
    const struct bus_config *bus = &s->target.bus;
    bus_id(s, port, id);
    if (bus->kind == BUS_TCP)
        printf("  %s: {tcp: {host: \"%s\", port: %u}}\n", id, bus->host, port);
    else
        printf("  %s: {rtu: {device: %s, baud: %u, parity: %s, stop_bits: %u}}\n", id, bus->device, bus->baud,
               bus->parity == 'E'   ? "even"
               : bus->parity == 'O' ? "odd"
                                    : "none",
               bus->stop_bits);
}

static void print_device(const struct scan *s, const struct found *found)
{
    const struct ctl *ctl = s->ctl;
    char id[ID_MAX];
    bus_id(s, found->port, id);
    if (found->same_everywhere)
        printf("  # %s\n", tr(ctl, "answers to every unit id that was asked", "对所有询问的单元号都有应答"));
    if (found->n_fits == 0) {
        printf(tr(ctl,
                  "  # unit %u on %s answers, and no profile recognises it: look at its map, or with cryoctl "
                  "probe\n",
                  "  # 单元 %u（%s）有应答，但没有型号配置能识别：请查阅其寄存器表，或使用 cryoctl probe\n"),
               found->unit, id);
        printf("  # %s-unit-%u: {bus: %s, unit: %u, profile: ...}\n", id, found->unit, id, found->unit);
        return;
    }
    for (unsigned i = 0; i < found->n_fits; i++) {
        const struct catalog_entry *entry = found->fits[i];
        printf("  %s%s-unit-%u: {bus: %s, unit: %u, profile: %s%s}  # %s %s\n",
               i > 0 ? tr(ctl, "# or: ", "# 或：") : "", id, found->unit, id, found->unit, entry->id,
               entry->unverified ? ", accept_unverified: true" : "", entry->vendor, entry->model);
    }
}

static void print_yaml(const struct scan *s)
{
    puts("buses:");
    for (unsigned i = 0; i < s->n_found; i++)
        if (i == 0 || s->found[i].port != s->found[i - 1].port)
            print_bus(s, s->found[i].port);
    puts("devices:");
    for (unsigned i = 0; i < s->n_found; i++)
        print_device(s, &s->found[i]);
}

static void print_json(const struct scan *s)
{
    json_t *array = json_array();
    bool tcp = s->target.bus.kind == BUS_TCP;
    for (unsigned i = 0; i < s->n_found; i++) {
        const struct found *found = &s->found[i];
        json_t *profiles = json_array();
        for (unsigned k = 0; k < found->n_fits; k++)
            json_array_append_new(profiles, json_string(found->fits[k]->id));
        json_t *o = json_pack("{s:s, s:i, s:b, s:o}", tcp ? "host" : "device",
                              tcp ? s->target.bus.host : s->target.bus.device, "unit", found->unit,
                              "every_unit", found->same_everywhere, "profiles", profiles);
        if (tcp)
            json_object_set_new(o, "port", json_integer(found->port));
        json_array_append_new(array, o);
    }
    json_dumpf(array, stdout, CTL_JSON);
    putchar('\n');
    json_decref(array);
}

static int report(const struct scan *s)
{
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    if (s->ctl->json)
        print_json(s);
    else if (s->n_found > 0)
        print_yaml(s);
    if (s->ports_open == 0)
        return CTL_UNREACHABLE;
    if (s->n_found == 0)
        ctl_complain("%s", tr(s->ctl, "no device answers", "没有设备应答"));
    return s->n_found > 0 ? CTL_OK : CTL_NEGATIVE;
}

int verb_scan(struct ctl *ctl, int argc, char **argv)
{
    struct problems problems = {.n = 0};
    (void)argc;
    struct scan *s = calloc(1, sizeof *s);
    if (s == NULL)
        return CTL_NEGATIVE;
    s->ctl = ctl;
    int result = parse_arguments(s, argv[0]);
    if (result == CTL_OK &&
        catalog_load(ctl->config != NULL ? ctl->config : CTL_CONFIG_DIR, &problems, &s->catalog) < 0)
        result = CTL_NEGATIVE;
    if (result == CTL_OK) {
        for (unsigned port = s->target.first_port; port <= s->target.last_port; port++)
            scan_port(s, (uint16_t)port);
        if (s->ports_open == 0 && s->target.first_port != s->target.last_port)
            ctl_complain(tr(ctl, "no connection to any of the ports %u to %u", "端口 %u 至 %u 均无法连接"),
                         s->target.first_port, s->target.last_port);
        result = report(s);
    }
    catalog_free(s->catalog);
    problems_free(&problems);
    free(s);
    return result;
}
