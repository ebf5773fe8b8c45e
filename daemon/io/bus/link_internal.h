/*
 * link_internal.h - what link.c and link_rtu.c share. Nobody else includes it.
 */
#ifndef CRYOMON_LINK_INTERNAL_H
#define CRYOMON_LINK_INTERNAL_H

#include "link.h"

#include <modbus/modbus.h>

#define WASTE_MAX 768

struct link {
    const struct bus_config *config;
    int stop_fd;
    modbus_t *modbus;
    bool open;
    uint16_t transaction;   /* of the last request, never 0 */
    struct lookup *lookup;  /* under way since an earlier link_open, or NULL */
    int64_t quiet_since_us; /* the end of the last frame, ours or theirs */
    struct reports reports;
    uint8_t waste[WASTE_MAX]; /* what came and was no reply */
    size_t n_waste;
    char error[128];
};

int link_descriptor(const struct link *link);

/* The time of so many half characters on the wire: start, data, parity and stop bits. */
int64_t link_halves_us(const struct bus_config *config, unsigned n);

void link_fail(struct modbus_reply *ret, enum bus_outcome outcome, const char *fault);

/* Bytes that are no reply; the first of many are kept. */
void link_keep_waste(struct link *link, const uint8_t *bytes, size_t n);

/* Reads until the frame, of which n bytes are there, has want: its length then, or less when something else
 * came first, with ret set. what: the fault when only a part comes. */
size_t link_read_to(struct link *link, int64_t deadline_us, uint8_t *frame, size_t n, size_t want,
                    const char *what, struct modbus_reply *ret);

/* How long a frame on a serial line that begins so is; 0 when that can't be told. */
size_t link_frame_length(const uint8_t *frame);

/* ---- link_rtu.c */

void link_rtu_transact(struct link *link, const struct modbus_request *request, uint32_t timeout_ms,
                       struct modbus_reply *ret);

/* The same for a request that writes (functions 5 and 6; its count is the value). */
void link_rtu_write(struct link *link, const struct modbus_request *request, uint32_t timeout_ms,
                    struct modbus_reply *ret);

#endif
