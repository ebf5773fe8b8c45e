/*
 * test_golden_frames.c - frames as manufacturers print them and as users have recorded them.
 *
 * Sources: Eurotherm 2000 series communications handbook HA026230; R4DCB08 manual; JUMO interface manual;
 * Watlow Series SD manual; Omron E5_C communications manual; kellerza/sunsynk issue 680 and go-modbus issue
 * 12 for the frames of gateways gone wrong. Our own requests must be the printed ones byte for byte, with the
 * CRC.
 */
#include <stdbool.h>
#include <string.h>

#include "decode.h"
#include "modbus_reply.h"
#include "test.h"

#define FRAME(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

static struct modbus_reply reply_to(const struct modbus_request *request, const uint8_t *frame, size_t len)
{
    struct modbus_reply reply;

    modbus_reply_rtu(request, frame, len, &reply);
    return reply;
}

static struct modbus_reply reply_to_tcp(const struct modbus_request *request, const uint8_t *frame,
                                        size_t len)
{
    struct modbus_reply reply;

    modbus_reply_tcp(request, frame, len, &reply);
    return reply;
}

static void expect_fault(struct modbus_reply reply, const char *fault)
{
    assert_int_equal(reply.outcome, BUS_BAD_REPLY);
    assert_string_equal(reply.fault, fault);
}

/* The request as printed, CRC included. */
static void expect_request(const struct modbus_request *request, const uint8_t *printed, size_t len)
{
    uint8_t frame[MODBUS_REQUEST_MAX];
    const size_t n = modbus_request_rtu(request, frame);
    const uint16_t crc = modbus_crc16(frame, n);

    assert_int_equal(n + 2, len);
    assert_memory_equal(frame, printed, n);
    assert_int_equal(printed[n], crc & 0xff);
    assert_int_equal(printed[n + 1], crc >> 8);
}

static bool has_good_crc(const uint8_t *frame, size_t len)
{
    return modbus_crc16(frame, len - 2) == (frame[len - 2] | frame[len - 1] << 8);
}

static void expect_reads(const struct reg_format *format, const uint16_t *words, const char *text)
{
    const struct reading reading = decode_words(format, words);
    char buffer[MICRO_TEXT_MAX];

    assert_int_equal(reading.quality, QUALITY_GOOD);
    micro_print(buffer, sizeof buffer, reading.value, format->decimals);
    assert_string_equal(buffer, text);
}

static void eurotherm_process_value_and_setpoint(void **state)
{
    const struct modbus_request request = {.unit = 2, .function = 3, .address = 1, .count = 2};
    const struct reg_format whole = {.type = REG_S16, .scale_num = 1, .scale_den = 1};
    const struct reg_format tenths = {.type = REG_S16, .scale_num = 1, .scale_den = 10, .decimals = 1};
    struct modbus_reply reply;

    (void)state;
    expect_request(&request, FRAME(0x02, 0x03, 0x00, 0x01, 0x00, 0x02, 0x95, 0xf8));
    reply = reply_to(&request, FRAME(0x02, 0x03, 0x04, 0x00, 0x12, 0x00, 0x16, 0xe8, 0xf8));
    assert_int_equal(reply.outcome, BUS_OK);
    expect_reads(&whole, &reply.words[0], "18");
    expect_reads(&whole, &reply.words[1], "22");
    reply = reply_to(&request, FRAME(0x02, 0x03, 0x04, 0x00, 0xb2, 0x00, 0xd8, 0x69, 0x4e));
    assert_int_equal(reply.outcome, BUS_OK);
    expect_reads(&tenths, &reply.words[0], "17.8"); /* the manual's text says 18.3: its bytes say 178 */
    expect_reads(&tenths, &reply.words[1], "21.6");
}

static void eurotherm_float_and_time(void **state)
{
    const struct reg_format ieee = {.type = REG_F32, .scale_num = 1, .scale_den = 1, .decimals = 3};
    const struct reg_format time = {.type = REG_S32, .scale_num = 1, .scale_den = 1000, .decimals = 3};

    (void)state;
    expect_reads(&ieee, (const uint16_t[]){0x3f80, 0x20c5}, "1.001");
    expect_reads(&time, (const uint16_t[]){0x0001, 0xd4c0}, "120.000");
}

static void eurotherm_crcs_good_and_misprinted(void **state)
{
    (void)state;
    assert_true(has_good_crc(FRAME(0x02, 0x07, 0x41, 0x12)));
    assert_true(has_good_crc(FRAME(0x02, 0x07, 0x30, 0xd2, 0x24)));
    assert_true(has_good_crc(FRAME(0x02, 0x10, 0x00, 0xa4, 0x00, 0x03, 0xc1, 0xd8)));
    assert_true(has_good_crc(
        FRAME(0x02, 0x10, 0x00, 0xa4, 0x00, 0x03, 0x06, 0x00, 0x7b, 0x00, 0x96, 0x00, 0xfa, 0x20, 0x71)));
    assert_false(has_good_crc(
        FRAME(0x02, 0x10, 0x00, 0xa4, 0x00, 0x03, 0x06, 0x01, 0x7b, 0x03, 0x96, 0x00, 0xfa, 0x20, 0x71)));
}

static void r4dcb08_thermometers(void **state)
{
    const struct modbus_request first = {.unit = 1, .function = 3, .address = 0, .count = 1};
    const struct modbus_request second = {.unit = 1, .function = 3, .address = 1, .count = 1};
    const struct reg_format format = {.type = REG_S16, .scale_num = 1, .scale_den = 10, .decimals = 1};
    struct modbus_reply reply;

    (void)state;
    expect_request(&first, FRAME(0x01, 0x03, 0x00, 0x00, 0x00, 0x01, 0x84, 0x0a));
    reply = reply_to(&first, FRAME(0x01, 0x03, 0x02, 0x00, 0xdb, 0xf8, 0x1f));
    assert_int_equal(reply.outcome, BUS_OK);
    expect_reads(&format, reply.words, "21.9");
    expect_request(&second, FRAME(0x01, 0x03, 0x00, 0x01, 0x00, 0x01, 0xd5, 0xca));
    reply = reply_to(&second, FRAME(0x01, 0x03, 0x02, 0xff, 0x90, 0xf9, 0xd8));
    assert_int_equal(reply.outcome, BUS_OK);
    expect_reads(&format, reply.words, "-11.2");
    /* What it sends unasked is a sound frame, and no answer. */
    expect_fault(reply_to(&first, FRAME(0x01, 0x03, 0x04, 0x01, 0x2f, 0x03, 0x33, 0x8a, 0xe3)), "byte count");
}

static void jumo_says_invalid_with_a_huge_number(void **state)
{
    const struct modbus_request request = {.unit = 1, .function = 3, .address = 0x7000, .count = 2};
    struct reg_format format = {
        .type = REG_F32, .order = ORDER_CDAB, .scale_num = 1, .scale_den = 1, .decimals = 1};
    struct modbus_reply reply;
    struct reading reading;

    (void)state;
    expect_request(&request, FRAME(0x01, 0x03, 0x70, 0x00, 0x00, 0x02, 0xde, 0xcb));
    reply = reply_to(&request, FRAME(0x01, 0x03, 0x04, 0x8e, 0x52, 0x7d, 0xb4, 0x51, 0xed));
    assert_int_equal(reply.outcome, BUS_OK);
    reading = decode_words(&format, reply.words);
    assert_int_equal(reading.quality, QUALITY_BAD);
    assert_int_equal(reading.reason, REASON_IMPLAUSIBLE);
    format.n_sentinels = 1;
    format.sentinels[0].raw = 0x7db48e52;
    reading = decode_words(&format, reply.words);
    assert_int_equal(reading.quality, QUALITY_BAD);
    assert_int_equal(reading.reason, REASON_SENTINEL);
}

static void watlow_exceptions(void **state)
{
    const struct modbus_request request = {.unit = 1, .function = 2, .address = 1, .count = 2};
    struct modbus_reply reply;

    (void)state;
    expect_request(&request, FRAME(0x01, 0x02, 0x00, 0x01, 0x00, 0x02, 0xa8, 0x0b));
    reply = reply_to(&request, FRAME(0x01, 0x82, 0x01, 0x81, 0x60));
    assert_int_equal(reply.outcome, BUS_REFUSED);
    assert_int_equal(reply.exception, 1);
    /* Exceptions to another function are sound frames, and not ours. */
    expect_fault(reply_to(&request, FRAME(0x01, 0x86, 0x02, 0xc3, 0xa1)), "function");
    expect_fault(reply_to(&request, FRAME(0x01, 0x86, 0x03, 0x02, 0x61)), "function");
    /* Misprinted: the CRC is D8 03. */
    expect_fault(reply_to(&request, FRAME(0x01, 0x06, 0x00, 0x2d, 0x00, 0x01, 0xd8, 0xc3)), "CRC");
    expect_fault(reply_to(&request, FRAME(0x01, 0x06, 0x00, 0x2d, 0x00, 0x01, 0xd8, 0x03)), "function");
}

static void omron_crcs(void **state)
{
    (void)state;
    assert_true(has_good_crc(FRAME(0x01, 0x10, 0x01, 0x0a, 0x00, 0x04, 0x08, 0x00, 0x00, 0x03, 0xe8, 0xff,
                                   0xff, 0xfc, 0x18, 0x8d, 0xe9)));
    assert_true(has_good_crc(FRAME(0x01, 0x10, 0x01, 0x0a, 0x00, 0x04, 0xe0, 0x34)));
    assert_true(
        has_good_crc(FRAME(0x01, 0x10, 0x21, 0x05, 0x00, 0x02, 0x04, 0x03, 0xe8, 0xfc, 0x18, 0x66, 0xbb)));
    assert_true(has_good_crc(FRAME(0x01, 0x10, 0x21, 0x05, 0x00, 0x02, 0x5b, 0xf5)));
}

static void a_gateway_with_a_transaction_id_of_its_own(void **state)
{
    struct modbus_request request = {.transaction = 1, .unit = 1, .function = 3, .count = 8};
    static const uint8_t frame[] = {0x00, 0x02, 0x00, 0x00, 0x00, 0x13, 0x01, 0x03, 0x10,
                                    0x00, 0x05, 0x00, 0x01, 0x01, 0x04, 0x32, 0x32, 0x31,
                                    0x30, 0x32, 0x34, 0x39, 0x31, 0x33, 0x31};

    (void)state;
    expect_fault(reply_to_tcp(&request, frame, sizeof frame), "transaction id");
    request.transaction = 2; /* nothing else is wrong with it */
    assert_int_equal(reply_to_tcp(&request, frame, sizeof frame).outcome, BUS_OK);
    assert_int_equal(reply_to_tcp(&request, frame, sizeof frame).words[7], 0x3331);
}

static void a_reply_one_step_behind(void **state)
{
    const struct modbus_request request = {.transaction = 0x15, .unit = 1, .function = 3, .count = 8};
    static const uint8_t asked[] = {0x00, 0x15, 0x00, 0x00, 0x00, 0x06, 0x01, 0x03, 0x00, 0x00, 0x00, 0x08};
    uint8_t frame[25] = {0x00, 0x14, 0x00, 0x00, 0x00, 0x13, 0x01, 0x03, 0x10};
    uint8_t ours[MODBUS_REQUEST_MAX];

    (void)state;
    assert_int_equal(modbus_request_tcp(&request, ours), sizeof asked);
    assert_memory_equal(ours, asked, sizeof asked);
    expect_fault(reply_to_tcp(&request, frame, sizeof frame), "transaction id");
    frame[1] = 0x15;
    assert_int_equal(reply_to_tcp(&request, frame, sizeof frame).outcome, BUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eurotherm_process_value_and_setpoint),
        cmocka_unit_test(eurotherm_float_and_time),
        cmocka_unit_test(eurotherm_crcs_good_and_misprinted),
        cmocka_unit_test(r4dcb08_thermometers),
        cmocka_unit_test(jumo_says_invalid_with_a_huge_number),
        cmocka_unit_test(watlow_exceptions),
        cmocka_unit_test(omron_crcs),
        cmocka_unit_test(a_gateway_with_a_transaction_id_of_its_own),
        cmocka_unit_test(a_reply_one_step_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
