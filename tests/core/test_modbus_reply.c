/* test_modbus_reply.c - a reply is believed only when every field fits the request. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "modbus_reply.h"
#include "test.h"

static const struct modbus_request TWO_REGISTERS = {
    .transaction = 0x1234, .unit = 17, .function = 3, .address = 0x006b, .count = 2};
static const uint8_t GOOD[] = {0x12, 0x34, 0, 0, 0, 7, 17, 3, 4, 0x02, 0x2b, 0xff, 0x9c};

static struct modbus_reply check_tcp(const struct modbus_request *request, const uint8_t *frame, size_t len)
{
    struct modbus_reply reply;
    /* A copy of its own size, so that the sanitizer sees each byte read beyond it. */
    uint8_t *exact = malloc(len > 0 ? len : 1);

    assert_non_null(exact);
    if (len > 0)
        memcpy(exact, frame, len);
    modbus_reply_tcp(request, exact, len, &reply);
    free(exact);
    return reply;
}

/* The body of an RTU frame; the CRC is added. */
static struct modbus_reply check_rtu(const struct modbus_request *request, const uint8_t *body, size_t len)
{
    struct modbus_reply reply;
    uint8_t *exact = malloc(len + 2);
    const uint16_t crc = modbus_crc16(body, len);

    assert_non_null(exact);
    if (len > 0)
        memcpy(exact, body, len);
    exact[len] = (uint8_t)crc;
    exact[len + 1] = (uint8_t)(crc >> 8);
    modbus_reply_rtu(request, exact, len + 2, &reply);
    free(exact);
    return reply;
}

static void expect_fault(struct modbus_reply reply, const char *fault)
{
    static const uint16_t nothing[MODBUS_MAX_READ_WORDS];

    assert_int_equal(reply.outcome, BUS_BAD_REPLY);
    assert_non_null(reply.fault);
    assert_string_equal(reply.fault, fault);
    assert_memory_equal(reply.words, nothing, sizeof nothing);
}

static void requests_are_as_the_specification_prints_them(void **state)
{
    static const uint8_t tcp[] = {0x12, 0x34, 0, 0, 0, 6, 17, 3, 0x00, 0x6b, 0x00, 0x02};
    uint8_t frame[MODBUS_REQUEST_MAX];

    (void)state;
    assert_int_equal(modbus_request_tcp(&TWO_REGISTERS, frame), sizeof tcp);
    assert_memory_equal(frame, tcp, sizeof tcp);
    assert_int_equal(modbus_request_rtu(&TWO_REGISTERS, frame), 6);
    assert_memory_equal(frame, tcp + 6, 6);
}

static void the_right_reply_is_taken(void **state)
{
    const struct modbus_reply reply = check_tcp(&TWO_REGISTERS, GOOD, sizeof GOOD);

    (void)state;
    assert_int_equal(reply.outcome, BUS_OK);
    assert_null(reply.fault);
    assert_int_equal(reply.words[0], 0x022b);
    assert_int_equal(reply.words[1], 0xff9c);
    assert_int_equal(reply.words[2], 0);
}

static void each_wrong_field_is_named(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
        const char *fault;
    } wrong[] = {
        {0, 0x13, "transaction id"}, {1, 0x33, "transaction id"}, {2, 1, "protocol id"},
        {3, 9, "protocol id"},       {4, 1, "length field"},      {5, 6, "length field"},
        {5, 8, "length field"},      {6, 18, "unit id"},          {6, 0, "unit id"},
        {7, 4, "function"},          {7, 0x84, "function"},       {7, 0x83, "length"},
        {8, 2, "byte count"},        {8, 6, "byte count"},        {8, 0, "byte count"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        uint8_t frame[sizeof GOOD];

        memcpy(frame, GOOD, sizeof GOOD);
        frame[wrong[i].at] = wrong[i].value;
        expect_fault(check_tcp(&TWO_REGISTERS, frame, sizeof frame), wrong[i].fault);
    }
}

/* Every single-bit error in the 9 bytes before the data is seen. */
static void no_bit_of_the_header_can_be_wrong(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 9 * 8; bit++) {
        uint8_t frame[sizeof GOOD];

        memcpy(frame, GOOD, sizeof GOOD);
        frame[bit / 8] = (uint8_t)(frame[bit / 8] ^ 1U << (bit % 8));
        assert_int_equal(check_tcp(&TWO_REGISTERS, frame, sizeof frame).outcome, BUS_BAD_REPLY);
    }
}

static void half_frames_and_trailing_bytes_are_refused(void **state)
{
    uint8_t longer[sizeof GOOD + 3] = {0};

    (void)state;
    memcpy(longer, GOOD, sizeof GOOD);
    for (size_t len = 0; len < sizeof GOOD; len++)
        assert_int_equal(check_tcp(&TWO_REGISTERS, GOOD, len).outcome, BUS_BAD_REPLY);
    for (size_t more = 1; more <= 3; more++)
        expect_fault(check_tcp(&TWO_REGISTERS, longer, sizeof GOOD + more), "length field");
    /* The header agrees with the frame, but not with the byte count. */
    longer[5] = 8;
    expect_fault(check_tcp(&TWO_REGISTERS, longer, sizeof GOOD + 1), "length");
    longer[5] = 6;
    expect_fault(check_tcp(&TWO_REGISTERS, longer, sizeof GOOD - 1), "length");
}

static void exceptions_are_refusals(void **state)
{
    uint8_t frame[] = {0x12, 0x34, 0, 0, 0, 3, 17, 0x83, 2, 0};
    struct modbus_reply reply = check_tcp(&TWO_REGISTERS, frame, 9);

    (void)state;
    assert_int_equal(reply.outcome, BUS_REFUSED);
    assert_int_equal(reply.exception, 2);
    assert_null(reply.fault);
    frame[8] = 0x0b;
    assert_int_equal(check_tcp(&TWO_REGISTERS, frame, 9).exception, 0x0b);
    frame[8] = 0;
    expect_fault(check_tcp(&TWO_REGISTERS, frame, 9), "exception code");
    frame[8] = 2;
    frame[7] = 0x84; /* the exception to another function */
    expect_fault(check_tcp(&TWO_REGISTERS, frame, 9), "function");
    frame[7] = 0x83;
    frame[5] = 4;
    expect_fault(check_tcp(&TWO_REGISTERS, frame, 10), "length");
    expect_fault(check_tcp(&TWO_REGISTERS, frame, 8), "length");
}

static void bits_are_packed_and_padding_is_ignored(void **state)
{
    /* The specification's example for function 1: coils 20..38, CD 6B 05; here with rubbish in the padding.
     */
    const struct modbus_request request = {.unit = 1, .function = 1, .address = 0x13, .count = 19};
    const uint8_t frame[] = {0, 0, 0, 0, 0, 6, 1, 1, 3, 0xcd, 0x6b, 0xf5};
    const struct modbus_reply reply = check_tcp(&request, frame, sizeof frame);

    (void)state;
    assert_int_equal(reply.outcome, BUS_OK);
    assert_int_equal(reply.words[0], 0x6bcd);
    assert_int_equal(reply.words[1], 0x0005);
    assert_int_equal(reply.words[2], 0);
}

/* The largest and smallest of each function, over both transports. */
static void every_size_fits(void **state)
{
    (void)state;
    for (unsigned function = 1; function <= 4; function++) {
        const unsigned most = function <= 2 ? MODBUS_MAX_READ_BITS : MODBUS_MAX_READ_WORDS;

        for (unsigned count = 1; count <= most; count++) {
            const struct modbus_request request = {
                .unit = 5, .function = (uint8_t)function, .count = (uint16_t)count};
            const unsigned bytes = function <= 2 ? (count + 7) / 8 : 2 * count;
            uint8_t frame[MODBUS_REQUEST_MAX + 256] = {
                0, 0, 0, 0, 0, (uint8_t)(bytes + 3), 5, (uint8_t)function, (uint8_t)bytes};
            struct modbus_reply reply;

            memset(frame + 9, 0xff, bytes);
            reply = check_tcp(&request, frame, 9 + bytes);
            assert_int_equal(reply.outcome, BUS_OK);
            assert_true((reply.words[(function <= 2 ? (count - 1) / 16 : count - 1)] & 1) != 0);
            if (function <= 2 && count % 16 != 0)
                assert_int_equal(reply.words[count / 16], (1U << (count % 16)) - 1);
            assert_int_equal(check_rtu(&request, frame + 6, 3 + bytes).outcome, BUS_OK);
            assert_int_equal(check_rtu(&request, frame + 6, 2 + bytes).outcome, BUS_BAD_REPLY);
            assert_int_equal(check_tcp(&request, frame, 8 + bytes).outcome, BUS_BAD_REPLY);
        }
    }
}

static void a_request_nobody_may_send_has_no_answer(void **state)
{
    static const struct modbus_request wrong[] = {
        {.function = 0, .count = 1}, {.function = 5, .count = 1},    {.function = 16, .count = 1},
        {.function = 3, .count = 0}, {.function = 3, .count = 126},  {.function = 4, .count = 0xffff},
        {.function = 1, .count = 0}, {.function = 2, .count = 2001},
    };
    uint8_t frame[300] = {0};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        frame[7] = wrong[i].function;
        for (unsigned bytes = 0; bytes < 256; bytes++) {
            frame[4] = (uint8_t)((bytes + 3) >> 8);
            frame[5] = (uint8_t)(bytes + 3);
            frame[8] = (uint8_t)bytes;
            expect_fault(check_tcp(&wrong[i], frame, 9 + bytes), "request");
        }
    }
}

static void rtu_wants_unit_function_count_and_crc(void **state)
{
    uint8_t body[] = {17, 3, 4, 0x02, 0x2b, 0xff, 0x9c, 0};
    uint8_t frame[9];
    uint16_t crc;
    struct modbus_reply reply = check_rtu(&TWO_REGISTERS, body, 7);

    (void)state;
    assert_int_equal(reply.outcome, BUS_OK);
    assert_int_equal(reply.words[0], 0x022b);
    assert_int_equal(reply.words[1], 0xff9c);
    /* Each single bit anywhere is seen by the CRC. */
    memcpy(frame, body, 7);
    crc = modbus_crc16(body, 7);
    frame[7] = (uint8_t)crc;
    frame[8] = (uint8_t)(crc >> 8);
    for (unsigned bit = 0; bit < sizeof frame * 8; bit++) {
        frame[bit / 8] = (uint8_t)(frame[bit / 8] ^ 1U << (bit % 8));
        modbus_reply_rtu(&TWO_REGISTERS, frame, sizeof frame, &reply);
        expect_fault(reply, "CRC");
        frame[bit / 8] = (uint8_t)(frame[bit / 8] ^ 1U << (bit % 8));
    }
    for (size_t len = 0; len < 5; len++) {
        modbus_reply_rtu(&TWO_REGISTERS, frame, len, &reply);
        expect_fault(reply, "length");
    }
    /* A sound frame that answers something else. */
    expect_fault(check_rtu(&TWO_REGISTERS, body, 8), "length");
    body[0] = 18;
    expect_fault(check_rtu(&TWO_REGISTERS, body, 7), "unit id");
    body[0] = 17;
    body[1] = 4;
    expect_fault(check_rtu(&TWO_REGISTERS, body, 7), "function");
    body[1] = 3;
    body[2] = 2;
    expect_fault(check_rtu(&TWO_REGISTERS, body, 5), "byte count");
}

static void rtu_exceptions(void **state)
{
    const uint8_t refused[] = {17, 0x83, 6}, none[] = {17, 0x83, 0}, longer[] = {17, 0x83, 6, 0};

    (void)state;
    assert_int_equal(check_rtu(&TWO_REGISTERS, refused, 3).outcome, BUS_REFUSED);
    assert_int_equal(check_rtu(&TWO_REGISTERS, refused, 3).exception, 6);
    expect_fault(check_rtu(&TWO_REGISTERS, none, 3), "exception code");
    expect_fault(check_rtu(&TWO_REGISTERS, longer, 4), "length");
}

static void outcomes_have_names(void **state)
{
    (void)state;
    assert_string_equal(bus_outcome_name(BUS_OK), "ok");
    assert_string_equal(bus_outcome_name(BUS_LINK_DOWN), "link-down");
    assert_string_equal(bus_outcome_name((enum bus_outcome)99), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_as_the_specification_prints_them),
        cmocka_unit_test(the_right_reply_is_taken),
        cmocka_unit_test(each_wrong_field_is_named),
        cmocka_unit_test(no_bit_of_the_header_can_be_wrong),
        cmocka_unit_test(half_frames_and_trailing_bytes_are_refused),
        cmocka_unit_test(exceptions_are_refusals),
        cmocka_unit_test(bits_are_packed_and_padding_is_ignored),
        cmocka_unit_test(every_size_fits),
        cmocka_unit_test(a_request_nobody_may_send_has_no_answer),
        cmocka_unit_test(rtu_wants_unit_function_count_and_crc),
        cmocka_unit_test(rtu_exceptions),
        cmocka_unit_test(outcomes_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
