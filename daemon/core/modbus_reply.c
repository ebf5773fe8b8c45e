/* modbus_reply.c - see modbus_reply.h. */
#include "modbus_reply.h"

#include <string.h>

#define MBAP_SIZE      7 /* transaction, protocol, length, unit */
#define CRC_SIZE       2
#define EXCEPTION_SIZE 2 /* function | 0x80, code */
#define EXCEPTION_BIT  0x80

static uint16_t be16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void put_be16(uint8_t *bytes, uint16_t value)
{
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
}

static bool is_bits(const struct modbus_request *request)
{
    return request->function <= 2;
}

/* Data bytes that answer the request; 0 for a request that nobody may send. */
static size_t bytes_wanted(const struct modbus_request *request)
{
    const uint16_t most = is_bits(request) ? MODBUS_MAX_READ_BITS : MODBUS_MAX_READ_WORDS;

    if (request->function < 1 || request->function > 4 || request->count > most)
        return 0;
    return is_bits(request) ? (request->count + 7U) / 8U : request->count * 2U;
}

static void reject(struct modbus_reply *ret, const char *fault)
{
    ret->outcome = BUS_BAD_REPLY;
    ret->fault = fault;
}

static void take_registers(const uint8_t *data, unsigned count, uint16_t *words)
{
    for (unsigned i = 0; i < count; i++)
        words[i] = be16(data + 2 * (size_t)i);
}

/* Bits beyond count are padding: the specification says zeros, and nobody needs to believe it. */
static void take_bits(const uint8_t *data, unsigned count, uint16_t *words)
{
    for (unsigned i = 0; i < count; i++)
        if ((data[i / 8] >> (i % 8) & 1) != 0)
            words[i / 16] = (uint16_t)(words[i / 16] | 1U << (i % 16));
}

/* function, then byte count and data or the exception code: the same on every transport. */
static void check_pdu(const struct modbus_request *request, const uint8_t *pdu, size_t len,
                      struct modbus_reply *ret)
{
    const size_t wanted = bytes_wanted(request);

    if (wanted == 0) {
        reject(ret, "request");
    } else if (pdu[0] == (request->function | EXCEPTION_BIT)) {
        if (len != EXCEPTION_SIZE) {
            reject(ret, "length");
        } else if (pdu[1] == 0) {
            reject(ret, "exception code");
        } else {
            ret->outcome = BUS_REFUSED;
            ret->exception = pdu[1];
        }
    } else if (pdu[0] != request->function) {
        reject(ret, "function");
    } else if (pdu[1] != wanted) {
        reject(ret, "byte count");
    } else if (len != 2 + wanted) {
        reject(ret, "length");
    } else {
        ret->outcome = BUS_OK;
        if (is_bits(request))
            take_bits(pdu + 2, request->count, ret->words);
        else
            take_registers(pdu + 2, request->count, ret->words);
    }
}

static size_t put_pdu(const struct modbus_request *request, uint8_t *frame)
{
    frame[0] = request->unit;
    frame[1] = request->function;
    put_be16(frame + 2, request->address);
    put_be16(frame + 4, request->count);
    return 6;
}

size_t modbus_request_tcp(const struct modbus_request *request, uint8_t frame[MODBUS_REQUEST_MAX])
{
    put_be16(frame, request->transaction);
    put_be16(frame + 2, 0);
    put_be16(frame + 4, 6);
    return 6 + put_pdu(request, frame + 6);
}

size_t modbus_request_rtu(const struct modbus_request *request, uint8_t frame[MODBUS_REQUEST_MAX])
{
    return put_pdu(request, frame);
}

void modbus_reply_tcp(const struct modbus_request *request, const uint8_t *frame, size_t len,
                      struct modbus_reply *ret)
{
    memset(ret, 0, sizeof *ret);
    if (len < MBAP_SIZE + EXCEPTION_SIZE)
        reject(ret, "length");
    else if (be16(frame) != request->transaction)
        reject(ret, "transaction id");
    else if (be16(frame + 2) != 0)
        reject(ret, "protocol id");
    else if (be16(frame + 4) != len - (MBAP_SIZE - 1)) /* the unit id counts */
        reject(ret, "length field");
    else if (frame[6] != request->unit)
        reject(ret, "unit id");
    else
        check_pdu(request, frame + MBAP_SIZE, len - MBAP_SIZE, ret);
}

void modbus_reply_rtu(const struct modbus_request *request, const uint8_t *frame, size_t len,
                      struct modbus_reply *ret)
{
    memset(ret, 0, sizeof *ret);
    if (len < 1 + EXCEPTION_SIZE + CRC_SIZE)
        reject(ret, "length");
    else if (modbus_crc16(frame, len - CRC_SIZE) != (frame[len - 2] | frame[len - 1] << 8))
        reject(ret, "CRC");
    else if (frame[0] != request->unit)
        reject(ret, "unit id");
    else
        check_pdu(request, frame + 1, len - 1 - CRC_SIZE, ret);
}

uint16_t modbus_crc16(const uint8_t *bytes, size_t len)
{
    unsigned crc = 0xffff;

    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc & 1U) != 0 ? crc >> 1 ^ 0xa001U : crc >> 1;
    }
    return (uint16_t)crc;
}

const char *bus_outcome_name(enum bus_outcome outcome)
{
    static const char *const NAMES[] = {
        [BUS_OK] = "ok",           [BUS_NO_REPLY] = "no-reply",   [BUS_BAD_REPLY] = "bad-reply",
        [BUS_REFUSED] = "refused", [BUS_LINK_DOWN] = "link-down",
    };

    return (unsigned)outcome <= BUS_LINK_DOWN ? NAMES[outcome] : "?";
}
