#include "listener.h"
#include "scenario_read.h"

#include <stdio.h>
#include <string.h>

static void read_tcp(struct reader *reader, const struct yaml_node *node, struct listener *listener)
{
    int64_t port = -1;
    snprintf(listener->address, sizeof listener->address, "127.0.0.1");
    if (!read_mapping(reader, node))
        return;
    for (const struct yaml_node *item = node->first; item != NULL; item = item->next) {
        const char *text = read_text(reader, item);
        if (text == NULL)
            continue;
        if (strcmp(item->key, "address") == 0)
            snprintf(listener->address, sizeof listener->address, "%s", text);
        else if (strcmp(item->key, "port") == 0)
            read_integer(reader, item, 0, 65535, &port);
        else
            problems_at_key(&reader->problems, item, "no setting \"%s\"; there is address, port", item->key);
    }
    if (yaml_get(node, "port") == NULL)
        problems_at(&reader->problems, node, "port: missing (0: any free one)");
    listener->port = (int)port;
}

static void read_path(struct reader *reader, const struct yaml_node *item, const char *text,
                      char path[PATH_MAX])
{
    bool relative = text[0] != '/' && reader->directory != NULL && strcmp(item->key, "link") == 0;
    int n = snprintf(path, PATH_MAX, "%s%s%s", relative ? reader->directory : "", relative ? "/" : "", text);
    if (n <= 0 || n >= PATH_MAX)
        problems_at(&reader->problems, item, "%s: not a path", item->key);
}

static void read_parity(struct reader *reader, const struct yaml_node *item, const char *text,
                        struct serial *serial)
{
    if (strcmp(text, "none") == 0)
        serial->parity = 'N';
    else if (strcmp(text, "even") == 0)
        serial->parity = 'E';
    else if (strcmp(text, "odd") == 0)
        serial->parity = 'O';
    else
        problems_at(&reader->problems, item, "\"%s\" is not one of none even odd", text);
}

static void read_baud(struct reader *reader, const struct yaml_node *item, struct serial *serial)
{
    static const int bauds[] = {1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200};
    int64_t baud;
    if (!read_integer(reader, item, 1200, 115200, &baud))
        return;
    for (size_t i = 0; i < sizeof bauds / sizeof bauds[0]; i++) {
        if (bauds[i] == baud) {
            serial->baud = (int)baud;
            return;
        }
    }
    problems_at(&reader->problems, item, "%lld is not a usual baud rate", (long long)baud);
}

static void read_rtu(struct reader *reader, const struct yaml_node *node, struct listener *listener)
{
    int64_t bits;
    if (!read_mapping(reader, node))
        return;
    for (const struct yaml_node *item = node->first; item != NULL; item = item->next) {
        const char *text = read_text(reader, item);
        if (text == NULL)
            continue;
        if (strcmp(item->key, "link") == 0)
            read_path(reader, item, text, listener->symlink);
        else if (strcmp(item->key, "device") == 0)
            read_path(reader, item, text, listener->device);
        else if (strcmp(item->key, "baud") == 0)
            read_baud(reader, item, &listener->serial);
        else if (strcmp(item->key, "parity") == 0)
            read_parity(reader, item, text, &listener->serial);
        else if (strcmp(item->key, "data_bits") == 0 && read_integer(reader, item, 7, 8, &bits))
            listener->serial.data_bits = (int)bits;
        else if (strcmp(item->key, "stop_bits") == 0 && read_integer(reader, item, 1, 2, &bits))
            listener->serial.stop_bits = (int)bits;
        else if (strcmp(item->key, "data_bits") != 0 && strcmp(item->key, "stop_bits") != 0)
            problems_at_key(&reader->problems, item,
                            "no setting \"%s\"; there is link, device, baud, parity, data_bits, stop_bits",
                            item->key);
    }
    if (listener->device[0] != '\0' && listener->symlink[0] != '\0')
        problems_at(&reader->problems, node,
                    "link is for a pty that cryosim makes, device for a tty: give one");
}

static void read_settings(struct reader *reader, const struct yaml_node *node, struct listener *listener)
{
    double delay_s = 0;
    for (const struct yaml_node *item = node->first; item != NULL; item = item->next) {
        if (strcmp(item->key, "tcp") == 0)
            read_tcp(reader, item, listener);
        else if (strcmp(item->key, "rtu") == 0)
            read_rtu(reader, item, listener);
        else if (strcmp(item->key, "delay") == 0)
            read_number(reader, item, unit_time, 0, 60, &delay_s);
        else if (strcmp(item->key, "fault") == 0) {
            const char *why;
            if (read_fault(reader, item, &listener->fault) &&
                (why = fault_unfit(&listener->fault, listener->rtu, true)) != NULL)
                problems_at(&reader->problems, item, "%s: %s", fault_name(listener->fault.kind), why);
        } else
            problems_at_key(&reader->problems, item, "no setting \"%s\"; there is tcp, rtu, delay, fault",
                            item->key);
    }
    listener->delay_us = (int64_t)(delay_s * 1e6);
}

void read_listener(struct reader *reader, const struct yaml_node *node)
{
    struct listener *listener;
    if (listener_new(node->key, &listener) < 0) {
        problems_at(&reader->problems, node, "out of memory");
        return;
    }
    bool tcp = yaml_get(node, "tcp") != NULL, rtu = yaml_get(node, "rtu") != NULL;
    if (tcp == rtu)
        problems_at(&reader->problems, node, "%s: needs either tcp or rtu", node->key);
    listener->rtu = rtu;
    read_settings(reader, node, listener);
    if (world_add_listener(reader->world, listener) < 0)
        problems_at(&reader->problems, node, "too many listeners: at most %d", LISTENERS_MAX);
}
