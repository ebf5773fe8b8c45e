/*
 * modbus_reply.h - is this reply the answer to that request?
 *
 * PURE, and the fuzzer's entry. libmodbus accepts replies with a wrong protocol id, a wrong length and,
 * on TCP, a wrong unit id; here each field is held against the request before a byte is believed.
 * Source: MODBUS Application Protocol V1.1b3, sections 6 and 7; MODBUS Messaging on TCP/IP V1.0b, 3.1.
 */
#ifndef CRYOMON_MODBUS_REPLY_H
#define CRYOMON_MODBUS_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODBUS_MAX_READ_WORDS 125
#define MODBUS_MAX_READ_BITS  2000
#define MODBUS_REQUEST_MAX    12 /* MBAP header and read PDU */

/* What a transaction came to. Each outcome has one consequence, written in io/bus. */
enum bus_outcome {
    BUS_OK,
    BUS_NO_REPLY,  /* silence until the timeout */
    BUS_BAD_REPLY, /* bytes came that are not the answer */
    BUS_REFUSED,   /* a valid exception reply: the device is alive and says no */
    BUS_LINK_DOWN, /* no connection, or it broke */
};

struct modbus_request {
    uint16_t transaction; /* TCP only */
    uint8_t unit;
    uint8_t function; /* 1..4 */
    uint16_t address; /* protocol address, from 0 */
    uint16_t count;   /* bits for functions 1 and 2, else registers */
};

struct modbus_reply {
    enum bus_outcome outcome; /* BUS_OK, BUS_REFUSED or BUS_BAD_REPLY */
    uint8_t exception;        /* the code, when BUS_REFUSED */
    const char *fault;        /* when BAD_REPLY: which field was wrong, a static string; else NULL */
    uint16_t words[MODBUS_MAX_READ_WORDS]; /* registers, or for functions 1/2 bits packed 16 a word,
                                              bit 0 of word 0 first */
};

/* Builds the TCP frame (12 bytes) or, for RTU, unit + PDU without CRC (6 bytes). Returns the length. */
size_t modbus_request_tcp(const struct modbus_request *request, uint8_t frame[MODBUS_REQUEST_MAX]);
size_t modbus_request_rtu(const struct modbus_request *request, uint8_t frame[MODBUS_REQUEST_MAX]);

/* Validates a whole received TCP frame (MBAP header first), of exactly len bytes: nothing may be missing and
 * nothing may follow. *ret is written whole; words are zeros unless the outcome is BUS_OK. */
void modbus_reply_tcp(const struct modbus_request *request, const uint8_t *frame, size_t len,
                      struct modbus_reply *ret);

/* The same for an RTU frame: unit id first, CRC last; the CRC is checked here too. */
void modbus_reply_rtu(const struct modbus_request *request, const uint8_t *frame, size_t len,
                      struct modbus_reply *ret);

/* CRC-16/MODBUS, low byte is transmitted first. */
uint16_t modbus_crc16(const uint8_t *bytes, size_t len);

const char *bus_outcome_name(enum bus_outcome outcome);

#endif
