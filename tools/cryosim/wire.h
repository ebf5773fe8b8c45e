/*
 * wire.h - Modbus frames: requests taken out of a stream of bytes, and replies as libmodbus makes them.
 *
 * libmodbus builds each true reply, but into a pipe of ours: so a reply can be delayed or spoilt before a
 * master sees it, and no master can block the others.
 */
#ifndef CRYOSIM_WIRE_H
#define CRYOSIM_WIRE_H

#include <modbus.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_FRAME_MAX 320 /* an ADU (260 bytes), and room for what faults add */

struct frame {
    uint8_t bytes[WIRE_FRAME_MAX];
    size_t len;
};

struct request {
    struct frame frame; /* as received; zeros behind it */
    bool rtu;
    uint8_t unit, function;
    uint16_t address, count; /* of functions 1 to 4 */
    bool is_read;            /* functions 1 to 4, complete */
};

/* Looks for a request at the start of bytes. Returns 1 with *ret and how many bytes it took, 0 when more are
 * needed, -EPROTO when this can't become a request: on TCP hang up, on RTU discard all until the line is
 * silent. */
int wire_parse_tcp(const uint8_t *bytes, size_t len, struct request *ret, size_t *ret_used);
int wire_parse_rtu(const uint8_t *bytes, size_t len, struct request *ret, size_t *ret_used);

struct wire;
int wire_open(struct wire **ret); /* 0 or -errno */
void wire_close(struct wire *wire);

/* The true reply, read from (or written to) the map. Returns 0, or -EIO when libmodbus made none. */
int wire_reply(struct wire *wire, const struct request *request, modbus_mapping_t *map, struct frame *ret);
int wire_exception(struct wire *wire, const struct request *request, uint8_t code, struct frame *ret);

/* Puts MBAP length or CRC right after the frame was changed on purpose elsewhere. */
void wire_refit(bool rtu, struct frame *frame);

/* Where the PDU (function code) begins. */
size_t wire_header(bool rtu);

uint16_t wire_crc(const uint8_t *bytes, size_t len);

#endif
