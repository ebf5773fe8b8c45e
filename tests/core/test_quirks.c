/*
 * What devices are known to do, as far as a pure module can show it: a test for each, by name. (With real
 * servers: tests/system/test_quirks_tcp.py and test_quirks_rtu.py; in the files:
 * tests/settings/test_mistakes_quirks.c.)
 */
#include "decode.h"
#include "guard.h"
#include "modbus_reply.h"
#include "test.h"

#define VALUE(n) ((micro_t)(n)*MICRO_PER_UNIT)

static struct reading read_as(micro_t n)
{
    return (struct reading){.quality = QUALITY_GOOD, .value = VALUE(n), .raw = (uint32_t)n};
}

static enum reason judge(const struct guard_rule *rule, micro_t n)
{
    struct reading reading = read_as(n);
    return guard_judge(rule, NULL, &reading, 0);
}

/* One address means different things in one maker's models: the identity register tells them apart, and a
 * wrong one takes every value away. */
static void same_address_different_meaning(void **state)
{
    (void)state;
    const struct guard_rule is_2416 = {.kind = GUARD_IDENTITY,
                                       .n_values = 2,
                                       .values = {{.value = VALUE(0x2460)}, {.value = VALUE(0x2461)}}};
    const struct reading refused = {.quality = QUALITY_BAD, .reason = REASON_REFUSED};
    struct reading temperature = read_as(-196);
    assert_int_equal(judge(&is_2416, 0x2461), REASON_NONE);
    assert_int_equal(judge(&is_2416, 0x2160), REASON_WRONG_DEVICE);
    assert_int_equal(guard_judge(&is_2416, NULL, &refused, 0), REASON_WRONG_DEVICE);
    guard_apply(&temperature, REASON_WRONG_DEVICE);
    assert_int_equal(temperature.quality, QUALITY_BAD);
    assert_int_equal(temperature.value, 0);
}

/* The scale or the unit hangs on another register (decimals, degF): what the profile does not expect makes
 * the values bad, and what can't be read makes them uncertain. */
static void scale_depends_on_another_register(void **state)
{
    (void)state;
    const struct guard_rule celsius = {.kind = GUARD_SETTING, .n_values = 1, .values = {{.value = VALUE(0)}}};
    const struct reading silent = {.quality = QUALITY_BAD, .reason = REASON_TIMEOUT};
    assert_int_equal(judge(&celsius, 0), REASON_NONE);
    assert_int_equal(judge(&celsius, 1), REASON_WRONG_SETTING);
    assert_int_equal(guard_judge(&celsius, NULL, &silent, 0), REASON_STATUS_UNKNOWN);
    assert_int_equal(reason_quality(REASON_WRONG_SETTING), QUALITY_BAD);
    assert_int_equal(reason_quality(REASON_STATUS_UNKNOWN), QUALITY_UNCERTAIN);
}

/* The line is well and the data is old: the device's heartbeat stands still, or it says "stale" itself. */
static void stale_data_with_healthy_line(void **state)
{
    (void)state;
    const struct guard_rule beat = {.kind = GUARD_HEARTBEAT, .within_ms = 10000};
    const struct guard_rule error = {
        .kind = GUARD_STATUS,
        .n_values = 2,
        .values = {{.value = VALUE(61)}, {.value = VALUE(1617), .reason = REASON_DEVICE_STALE}},
        .other = REASON_SENSOR_FAULT};
    struct guard_memory memory = {0};
    struct reading one = read_as(1), zero = read_as(0);
    assert_int_equal(guard_judge(&beat, &memory, &one, 0), REASON_NONE);
    assert_int_equal(guard_judge(&beat, &memory, &zero, 2000000), REASON_NONE);
    assert_int_equal(guard_judge(&beat, &memory, &zero, 12000000), REASON_NONE);
    assert_int_equal(guard_judge(&beat, &memory, &zero, 12000001), REASON_FROZEN);
    assert_int_equal(judge(&error, 61), REASON_NONE);
    assert_int_equal(judge(&error, 1617), REASON_DEVICE_STALE);
    assert_int_equal(judge(&error, 140), REASON_SENSOR_FAULT);
    assert_int_equal(reason_quality(REASON_DEVICE_STALE), QUALITY_BAD);
}

/* States in which a good number lies: warm-up, simulation and calibration are no measurement at all; alarms
 * that are inhibited leave it measured, but uncertain. */
static void states_in_which_a_good_number_lies(void **state)
{
    (void)state;
    static const struct {
        micro_t state;
        enum reason reason;
        enum quality quality;
    } midas[] = {{0, REASON_WARM_UP, QUALITY_BAD},         {1, REASON_NONE, QUALITY_GOOD},
                 {2, REASON_INHIBITED, QUALITY_UNCERTAIN}, {5, REASON_SIMULATION, QUALITY_BAD},
                 {8, REASON_CALIBRATION, QUALITY_BAD},     {15, REASON_STATUS_UNKNOWN, QUALITY_UNCERTAIN}};
    struct guard_rule rule = {.kind = GUARD_STATUS, .other = REASON_STATUS_UNKNOWN};
    for (size_t i = 0; i < 5; i++)
        rule.values[rule.n_values++] =
            (struct guard_value){.value = VALUE(midas[i].state), .reason = midas[i].reason};
    for (size_t i = 0; i < sizeof midas / sizeof *midas; i++) {
        struct reading oxygen = read_as(20);
        guard_apply(&oxygen, judge(&rule, midas[i].state));
        assert_int_equal(oxygen.quality, midas[i].quality);
        assert_int_equal(oxygen.reason, midas[i].reason);
        assert_int_equal(oxygen.value, midas[i].quality == QUALITY_BAD ? 0 : VALUE(20));
    }
}

/* Makers' documents have errors: a frame as it is misprinted does not pass the CRC, and a device that follows
 * the text instead of the bytes is caught by the plausible range. */
static void documents_contain_errors(void **state)
{
    (void)state;
    static const uint8_t watlow_misprinted[] = {0x01, 0x06, 0x00, 0x2D, 0x00, 0x01, 0xD8, 0xC3};
    assert_int_not_equal(modbus_crc16(watlow_misprinted, 6),
                         watlow_misprinted[6] | watlow_misprinted[7] << 8);
    /* iTrans: 20.9 % is printed as $0209, which is 521. */
    const struct reg_format oxygen = {.type = REG_U16,
                                      .scale_num = 1,
                                      .scale_den = 10,
                                      .decimals = 1,
                                      .has_range = true,
                                      .plausible_min = 0,
                                      .plausible_max = VALUE(25)};
    const uint16_t printed = 0x0209, meant = 0x00D1;
    struct reading reading = decode_words(&oxygen, &printed);
    assert_int_equal(reading.quality, QUALITY_BAD);
    assert_int_equal(reading.reason, REASON_IMPLAUSIBLE);
    assert_int_equal(decode_words(&oxygen, &meant).value, VALUE(209) / 10);
}

/* "Not available" is a pattern of its own in each device: compared in the raw register, before any scaling.
 */
static void sentinels_are_no_values(void **state)
{
    (void)state;
    const struct reg_format r4dcb08 = {.type = REG_S16,
                                       .scale_num = 1,
                                       .scale_den = 10,
                                       .decimals = 1,
                                       .n_sentinels = 1,
                                       .sentinels = {{.raw = 0x8000}}};
    const uint16_t absent = 0x8000, cold = 0xF82A;
    assert_int_equal(decode_words(&r4dcb08, &absent).reason, REASON_SENTINEL);
    assert_int_equal(decode_words(&r4dcb08, &cold).value, -VALUE(2006) / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_address_different_meaning),
        cmocka_unit_test(scale_depends_on_another_register),
        cmocka_unit_test(stale_data_with_healthy_line),
        cmocka_unit_test(states_in_which_a_good_number_lies),
        cmocka_unit_test(documents_contain_errors),
        cmocka_unit_test(sentinels_are_no_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
