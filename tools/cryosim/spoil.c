#include "spoil.h"

#include "listener.h"

#include <string.h>

#define GAP_US       5000   /* between two frames of one fault */
#define GARBAGE_US   200000 /* unsolicited bytes come at most this much later */
#define GARBAGE_MAX  16
#define TRAILING_LEN 3

static void send_at(struct spoil *s, const uint8_t *bytes, size_t len, int64_t due_us)
{
    if (due_us > *s->busy_us)
        *s->busy_us = due_us;
    link_send(s->link, bytes, len, due_us);
}

static void send_reply(struct spoil *s)
{
    send_at(s, s->reply.bytes, s->reply.len, s->at_us);
}

static size_t tail_len(const struct spoil *s)
{
    return s->request->rtu ? 2 : 0; /* the CRC */
}

static bool has_data(const struct spoil *s)
{
    size_t pdu = wire_header(s->request->rtu);
    return s->request->is_read && s->reply.bytes[pdu] == s->request->function;
}

/* Takes n bytes off the end of the PDU, so that the frame is whole but its byte count is not. */
static void shorten(struct spoil *s, size_t n)
{
    size_t least = wire_header(s->request->rtu) + 1 + tail_len(s);
    s->reply.len = s->reply.len > least + n ? s->reply.len - n : least;
    wire_refit(s->request->rtu, &s->reply);
}

static void wrong_length(struct spoil *s)
{
    if (!s->request->rtu) {
        s->reply.bytes[5] = (uint8_t)(s->reply.bytes[5] + 2); /* the MBAP header promises two more bytes */
    } else {
        s->reply.bytes[2] = (uint8_t)(s->reply.bytes[2] + 2); /* so does the byte count */
        wire_refit(true, &s->reply);
    }
}

/* A frame that is right in itself and answers a request for one register (or eight bits) more, or less. */
static void wrong_count(struct spoil *s)
{
    if (!has_data(s)) {
        shorten(s, 1);
        return;
    }
    uint8_t *count = &s->reply.bytes[wire_header(s->request->rtu) + 1];
    uint8_t unit = s->request->function <= 2 ? 1 : 2;
    if (*count + unit <= 250) {
        uint8_t *end = s->reply.bytes + s->reply.len - tail_len(s);
        memset(end, 0x2A, unit);
        s->reply.len += unit;
        *count = (uint8_t)(*count + unit);
    } else {
        s->reply.len -= unit;
        *count = (uint8_t)(*count - unit);
    }
    wire_refit(s->request->rtu, &s->reply);
}

static void wrong_field(struct spoil *s)
{
    const size_t pdu = wire_header(s->request->rtu);
    uint8_t *b = s->reply.bytes;
    switch (s->fault.kind) {
    case FAULT_WRONG_UNIT:
        b[pdu - 1] = (uint8_t)(b[pdu - 1] >= 247 ? 1 : b[pdu - 1] + 1);
        break;
    case FAULT_WRONG_PROTOCOL:
        b[3] = 9;
        break;
    case FAULT_WRONG_TRANSACTION: /* the one before */
        if (b[1]-- == 0)
            b[0]--;
        break;
    case FAULT_WRONG_FUNCTION: /* 1 and 2, 3 and 4 look alike */
        b[pdu] = (uint8_t)((b[pdu] & 0x80) | ((((b[pdu] & 0x7F) - 1) ^ 1) + 1));
        break;
    default:
        break;
    }
    if (s->request->rtu)
        wire_refit(true, &s->reply);
}

static void send_drip(struct spoil *s)
{
    for (size_t i = 0; i < s->reply.len; i++)
        send_at(s, &s->reply.bytes[i], 1, s->at_us + (int64_t)i * s->fault.delay_us);
}

static void send_foreign(struct spoil *s)
{
    if (!s->request->rtu && s->foreign.bytes[1]-- == 0) /* it answers the transaction before */
        s->foreign.bytes[0]--;
    send_at(s, s->foreign.bytes, s->foreign.len, s->at_us);
    send_at(s, s->reply.bytes, s->reply.len, s->at_us + GAP_US);
}

static void send_garbage(struct spoil *s, struct random_source *random)
{
    uint8_t garbage[GARBAGE_MAX];
    size_t len = 1 + random_below(random, GARBAGE_MAX);
    for (size_t i = 0; i < len; i++)
        garbage[i] = (uint8_t)random_below(random, 256);
    send_reply(s);
    /* Not through send_at: unsolicited bytes do not wait their turn. */
    link_send(s->link, garbage, len, s->at_us + 1000 + random_below(random, GARBAGE_US));
}

/* Faults that send something else than one frame. Returns false when it is none of them. */
static bool send_special(struct spoil *s, struct random_source *random)
{
    switch (s->fault.kind) {
    case FAULT_SILENT:
    case FAULT_REFUSE: /* the listener closes within this turn of the loop */
        return true;
    case FAULT_DROP:
        if (s->request->rtu)
            listener_drop(s->link->listener);
        else
            link_hang_up(s->link, false);
        return true;
    case FAULT_HALF:
        send_at(s, s->reply.bytes, s->reply.len / 2, s->at_us);
        return true;
    case FAULT_DRIP:
        send_drip(s);
        return true;
    case FAULT_FOREIGN:
        send_foreign(s);
        return true;
    case FAULT_DUPLICATE:
        send_reply(s);
        send_at(s, s->reply.bytes, s->reply.len, s->at_us + GAP_US);
        return true;
    case FAULT_ECHO:
        send_at(s, s->request->frame.bytes, s->request->frame.len, s->at_us);
        send_reply(s);
        return true;
    case FAULT_GARBAGE:
        send_garbage(s, random);
        return true;
    default:
        return false;
    }
}

void spoil_send(struct spoil *s, struct random_source *random)
{
    if (send_special(s, random))
        return;
    switch (s->fault.kind) {
    case FAULT_LATE:
        s->at_us += s->fault.delay_us;
        break;
    case FAULT_WRONG_LENGTH:
        wrong_length(s);
        break;
    case FAULT_TRUNCATED:
        shorten(s, s->request->function <= 2 ? 1 : 2);
        break;
    case FAULT_WRONG_COUNT:
        wrong_count(s);
        break;
    case FAULT_TRAILING:
        memset(s->reply.bytes + s->reply.len, 0x2A, TRAILING_LEN);
        s->reply.len += TRAILING_LEN;
        break;
    case FAULT_CRC:
        s->reply.bytes[s->reply.len - 1] ^= 0x40;
        break;
    default:
        wrong_field(s);
        break;
    }
    send_reply(s);
}
