/*
 * fuzz_reply.c - any bytes as a reply to any request, and what came of it decoded by any format.
 *
 * A reply that is taken must be, byte for byte, the one that a device would send for the words that were
 * taken: the fuzzer builds it anew and compares.
 */
#include <stdbool.h>
#include <string.h>

#include "bytes.h"
#include "decode.h"
#include "modbus_reply.h"

#define FRAME_MAX 300

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct modbus_request some_request(struct bytes *in)
{
    struct modbus_request request = {.transaction = bytes_u16(in), .unit = bytes_u8(in)};

    request.function = bytes_u8(in);
    if (request.function >= 0x20) /* mostly one that may be sent */
        request.function = (uint8_t)(1 + request.function % 4);
    request.address = bytes_u16(in);
    request.count = bytes_u8(in) % 8 == 0 ? bytes_u16(in) : (uint16_t)(1 + bytes_u8(in) % 125);
    return request;
}

static struct reg_format some_format(struct bytes *in)
{
    struct reg_format format = {.type = (enum reg_type)(bytes_u8(in) % 6),
                                .order = (enum word_order)(bytes_u8(in) % 4),
                                .bit = bytes_u8(in),
                                .invert = bytes_u8(in) % 2 == 1,
                                .mask = (uint32_t)bytes_any(in),
                                .scale_num = bytes_any(in),
                                .scale_den = bytes_any(in) & INT64_MAX,
                                .offset = bytes_any(in),
                                .decimals = bytes_u8(in) % 8,
                                .n_sentinels = bytes_u8(in) % 3,
                                .n_states = bytes_u8(in) % 4};

    if (format.scale_num == 0)
        format.scale_num = 1;
    if (format.scale_den == 0)
        format.scale_den = 1;
    for (unsigned i = 0; i < format.n_sentinels; i++)
        format.sentinels[i].raw = (uint32_t)bytes_any(in);
    for (unsigned i = 0; i < format.n_states; i++) {
        format.states[i].value = bytes_any(in);
        format.states[i].name[0] = 'x';
    }
    format.has_range = bytes_u8(in) % 2 == 1;
    if (format.has_range) {
        format.plausible_min = bytes_any(in);
        format.plausible_max = bytes_any(in);
    }
    return format;
}

/* Unit, function, byte count and data, as a device would answer with these words. */
static size_t put_body(const struct modbus_request *request, const uint16_t *words, uint8_t *body)
{
    const bool bits = request->function <= 2;
    const size_t n = bits ? (request->count + 7U) / 8U : 2U * request->count;

    body[0] = request->unit;
    body[1] = request->function;
    body[2] = (uint8_t)n;
    for (size_t i = 0; i < n; i++)
        body[3 + i] = bits         ? (uint8_t)(words[i / 2] >> (i % 2 == 0 ? 0 : 8))
                      : i % 2 == 0 ? (uint8_t)(words[i / 2] >> 8)
                                   : (uint8_t)words[i / 2];
    return 3 + n;
}

/* Puts what a transport has around len bytes of body, wherever they come from. */
static size_t seal(const struct modbus_request *request, bool tcp, uint8_t *frame, size_t len)
{
    uint16_t crc;

    if (tcp) {
        memmove(frame + 6, frame, len);
        frame[0] = (uint8_t)(request->transaction >> 8);
        frame[1] = (uint8_t)request->transaction;
        frame[2] = frame[3] = 0;
        frame[4] = (uint8_t)(len >> 8);
        frame[5] = (uint8_t)len;
        return 6 + len;
    }
    crc = modbus_crc16(frame, len);
    frame[len] = (uint8_t)crc;
    frame[len + 1] = (uint8_t)(crc >> 8);
    return len + 2;
}

static size_t put_frame(const struct modbus_request *request, bool tcp, const uint16_t *words, uint8_t *frame)
{
    return seal(request, tcp, frame, put_body(request, words, frame));
}

/* A right answer; then perhaps one byte of it is wrong, or it is shorter or longer but properly sealed. */
static size_t put_nearly_right(const struct modbus_request *request, bool tcp, struct bytes *in,
                               uint8_t *frame)
{
    const uint8_t what = bytes_u8(in), where = bytes_u8(in), how = bytes_u8(in);
    uint16_t words[MODBUS_MAX_READ_WORDS] = {0};
    size_t len;

    for (unsigned i = 0; i < request->count; i++)
        words[i] = bytes_u16(in);
    len = put_body(request, words, frame);
    if (what % 4 == 1)
        frame[where % len] = (uint8_t)(frame[where % len] ^ how);
    if (what % 4 == 2)
        len = 1 + where;
    len = seal(request, tcp, frame, len);
    if (what % 4 == 3)
        frame[where % len] = (uint8_t)(frame[where % len] ^ how);
    return len;
}

static struct modbus_reply validate(const struct modbus_request *request, bool tcp, const uint8_t *frame,
                                    size_t len)
{
    struct modbus_reply reply;
    uint8_t *exact = malloc(len > 0 ? len : 1); /* so that a byte read beyond it is seen */

    MUST(exact != NULL);
    memset(&reply, 0xa5, sizeof reply);
    if (len > 0)
        memcpy(exact, frame, len);
    if (tcp)
        modbus_reply_tcp(request, exact, len, &reply);
    else
        modbus_reply_rtu(request, exact, len, &reply);
    free(exact);
    return reply;
}

static void expect_sound(const struct modbus_request *request, bool tcp, const uint8_t *frame, size_t len,
                         const struct modbus_reply *reply)
{
    uint8_t again[FRAME_MAX];
    const uint8_t *pdu = frame + (tcp ? 7 : 1);

    MUST((reply->fault != NULL) == (reply->outcome == BUS_BAD_REPLY));
    MUST((reply->exception != 0) == (reply->outcome == BUS_REFUSED));
    if (reply->outcome != BUS_OK) {
        for (unsigned i = 0; i < MODBUS_MAX_READ_WORDS; i++)
            MUST(reply->words[i] == 0);
        MUST(reply->outcome != BUS_REFUSED || len == (tcp ? 9U : 5U));
        MUST(reply->outcome != BUS_REFUSED || (pdu[0] == (request->function | 0x80) && pdu[1] != 0));
        return;
    }
    MUST(len == put_frame(request, tcp, reply->words, again));
    if (request->function <= 2) { /* padding, and with it the CRC, may differ */
        MUST(memcmp(frame, again, tcp ? 9 : 3) == 0);
        return;
    }
    MUST(memcmp(frame, again, len) == 0);
}

static void expect_sound_reading(const struct reg_format *format, const uint16_t *words)
{
    const struct reading reading = decode_words(format, words);
    char text[MICRO_TEXT_MAX];
    const int n = micro_print(text, sizeof text, reading.value, format->decimals);

    MUST(n > 0 && n < MICRO_TEXT_MAX);
    MUST(reading.raw == (decode_width(format) == 2 ? (uint32_t)words[0] << 16 | words[1] : words[0]));
    if (reading.quality == QUALITY_BAD) {
        MUST(reading.value == 0 && reading.reason >= REASON_SENTINEL && reading.reason < REASON_COUNT);
        return;
    }
    MUST(reading.quality == QUALITY_GOOD && reading.reason == REASON_NONE);
    MUST(reading.value <= MICRO_MAX && reading.value >= -MICRO_MAX);
    MUST(format->type == REG_BIT || format->n_states > 0 ||
         micro_round(reading.value, format->decimals) == reading.value);
    MUST(format->n_states == 0 || decode_state_name(format, reading.value) != NULL);
    MUST(!format->has_range ||
         (reading.value >= format->plausible_min && reading.value <= format->plausible_max));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes in = {data, size};
    const uint8_t choice = bytes_u8(&in);
    const bool tcp = choice % 2 == 0;
    const struct modbus_request request = some_request(&in);
    const struct reg_format format = some_format(&in);
    uint16_t words[MODBUS_MAX_READ_WORDS + 1] = {0};
    uint8_t frame[FRAME_MAX] = {0};
    size_t len = in.left < sizeof frame ? in.left : sizeof frame;
    struct modbus_reply reply;

    if (len > 0)
        memcpy(frame, in.next, len);
    if (choice / 2 % 2 == 1 && request.function >= 1 && request.function <= 4 &&
        request.count <= MODBUS_MAX_READ_WORDS && request.count > 0)
        len = put_nearly_right(&request, tcp, &in, frame);
    reply = validate(&request, tcp, frame, len);
    expect_sound(&request, tcp, frame, len, &reply);
    memcpy(words, reply.words, sizeof reply.words);
    for (unsigned i = 0; i < MODBUS_MAX_READ_WORDS && (i == 0 || words[i] != 0); i++)
        expect_sound_reading(&format, words + i);
    return 0;
}
