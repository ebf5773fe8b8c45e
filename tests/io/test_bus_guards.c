/*
 * What a device's other registers say about its values: what the bus posts then. Each test begins with a
 * device that is well.
 */
#include "bus_fixture.h"

#include <string.h>
#include <unistd.h>

#define MODEL   100
#define FAR     300 /* another request than the registers from 10 on */
#define FARTHER 500

/* ---------------------------------------------------------------- identity */

static void wrong_device(bool serial)
{
    struct bus_world w;
    bus_world_open(&w, serial);
    uint16_t point = bus_world_point(&w, 0, 10), far = bus_world_point(&w, 0, FAR);
    bus_world_value(bus_world_guard(&w, 0, MODEL, GUARD_IDENTITY, -1), 7, REASON_NONE);
    bus_world_run(&w);
    /* The register holds 100: a stranger from the start. Nothing else is asked of it, and it is asked again.
     */
    bus_world_until(&w, far, QUALITY_BAD, REASON_WRONG_DEVICE);
    bus_world_forget(&w);
    for (int i = 0; i < 10; i++) {
        struct core_message m = bus_world_sample(&w);
        assert_int_equal(m.sample.reading.quality, QUALITY_BAD);
        assert_int_equal(m.sample.reading.reason, REASON_WRONG_DEVICE);
        assert_int_equal(m.sample.reading.value, 0);
    }
    assert_true(bus_world_asked(&w, MODEL, 1) >= 4);
    assert_int_equal(bus_world_asked(&w, MODEL, 1), bus_world_asked_all(&w));
    bus_world_report(&w, 0);
    assert_true(w.diagnostics[0].wrong_device > 0);
    assert_int_equal(w.diagnostics[0].state, REASON_WRONG_DEVICE);

    bus_world_set(&w, MODEL, 7);
    bus_world_until_good(&w, point);
    bus_world_forget(&w); /* without a fault it is not asked in every poll */
    for (int i = 0; i < 10; i++)
        (void)bus_world_sample(&w);
    assert_int_equal(bus_world_asked(&w, MODEL, 1), 0);

    bus_world_set(&w, MODEL, MISSING); /* it has no such register, and a fault makes the bus ask */
    bus_world_set(&w, 10, SILENT);
    bus_world_until(&w, point, QUALITY_BAD, REASON_TIMEOUT);
    bus_world_set(&w, 10, 10);
    bus_world_until(&w, point, QUALITY_BAD, REASON_WRONG_DEVICE);
    bus_world_close(&w);
}

static void test_wrong_device(void **state)
{
    (void)state;
    wrong_device(false);
}

static void test_wrong_device_serial(void **state)
{
    (void)state;
    wrong_device(true);
}

/* What a stranger refuses says nothing about the device that was meant: its block stays whole. */
static void test_stranger_teaches_nothing(void **state)
{
    (void)state;
    struct bus_world w;
    bus_world_open(&w, true);
    uint16_t point = bus_world_point(&w, 0, 10);
    (void)bus_world_point(&w, 0, 12);
    bus_world_value(bus_world_guard(&w, 0, MODEL, GUARD_IDENTITY, -1), 7, REASON_NONE);
    bus_world_set(&w, 12, MISSING);
    bus_world_run(&w);
    bus_world_until(&w, point, QUALITY_BAD, REASON_WRONG_DEVICE);
    bus_world_set(&w, 12, 12);
    bus_world_set(&w, MODEL, 7);
    bus_world_until_good(&w, point);
    bus_world_forget(&w);
    for (int i = 0; i < 10; i++)
        assert_int_equal(bus_world_sample(&w).sample.reading.quality, QUALITY_GOOD);
    assert_int_equal(bus_world_asked(&w, 10, 3), bus_world_asked_all(&w));
    bus_world_close(&w);
}

/* The device is exchanged while the line is down, or behind a gateway: not one value of the new one is good.
 */
static void exchanged(struct bus_world *w, uint16_t point, enum reason until)
{
    bus_world_until(w, point, QUALITY_BAD, until);
    bus_world_set(w, MODEL, 8);
    bus_world_set(w, 10, 4711);
    atomic_store(&w->device.dead_unit, 0);
    for (enum reason reason = REASON_NONE; reason != REASON_WRONG_DEVICE;) {
        struct core_message m = bus_world_next(w, point);
        assert_int_equal(m.sample.reading.quality, QUALITY_BAD);
        reason = m.sample.reading.reason;
    }
    bus_world_set(w, MODEL, 7);
    bus_world_until_good(w, point);
}

static void test_exchanged_device(void **state)
{
    (void)state;
    struct bus_world w;
    bus_world_open(&w, false);
    uint16_t point = bus_world_point(&w, 0, 10);
    bus_world_value(bus_world_guard(&w, 0, MODEL, GUARD_IDENTITY, -1), 7, REASON_NONE);
    bus_world_set(&w, MODEL, 7);
    bus_world_run(&w);
    bus_world_until_good(&w, point);
    atomic_store(&w.device.dead_unit, 1);
    exchanged(&w, point, REASON_TIMEOUT);
    bus_world_forget(&w);
    atomic_store(&w.device.hang_up,
                 true); /* once: it is asked again on a new connection, which may lead elsewhere */
    for (int polls = 0; polls < 5; polls++)
        bus_world_until_good(&w, point);
    assert_true(bus_world_asked(&w, MODEL, 1) > 0);
    bus_world_close(&w);
}

/* Also without a request that failed: the connection was closed in between, or bytes came unasked. */
static void exchanged_unseen(bool serial)
{
    struct bus_world w;
    bus_world_open(&w, serial);
    uint16_t point = bus_world_point(&w, 0, 10);
    bus_world_value(bus_world_guard(&w, 0, MODEL, GUARD_IDENTITY, -1), 7, REASON_NONE);
    bus_world_set(&w, MODEL, 7);
    w.devices[0].interval_ms = 300; /* most of the time nothing is asked */
    bus_world_run(&w);
    bus_world_until_good(&w, point);
    bus_world_set(&w, MODEL, 8);
    if (serial)
        assert_int_equal(write(w.device.fd, "\x01\x02\x03", 3), 3);
    else
        atomic_store(&w.device.hang_up_after, true);
    bus_world_until(&w, point, QUALITY_BAD, REASON_WRONG_DEVICE);
    bus_world_close(&w);
}

static void test_exchanged_unseen(void **state)
{
    (void)state;
    exchanged_unseen(false);
    exchanged_unseen(true);
}

/* Who it is can't be told while the device only says that it has a failure: no value, and no accusation. */
static void test_identity_not_told(void **state)
{
    (void)state;
    struct bus_world w;
    bus_world_open(&w, false);
    uint16_t point = bus_world_point(&w, 0, 10);
    bus_world_value(bus_world_guard(&w, 0, MODEL, GUARD_IDENTITY, -1), 7, REASON_NONE);
    bus_world_set(&w, MODEL, 7);
    atomic_store(&w.device.exception, 4);
    atomic_store(&w.device.exceptions, -1);
    bus_world_run(&w);
    for (int refused = 0; refused < 5;) { /* a busy machine may have other reasons for no value */
        struct core_message m = bus_world_next(&w, point);
        assert_int_equal(m.sample.reading.quality, QUALITY_BAD);
        assert_int_not_equal(m.sample.reading.reason, REASON_WRONG_DEVICE);
        refused += m.sample.reading.reason == REASON_REFUSED;
    }
    atomic_store(&w.device.exceptions, 0);
    bus_world_until_good(&w, point);
    bus_world_close(&w);
}

/* ---------------------------------------------------------------- setting, status, heartbeat */

static void test_guards_judge(void **state)
{
    (void)state;
    struct bus_world w;
    bus_world_open(&w, false);
    uint16_t a = bus_world_point(&w, 0, 10), b = bus_world_point(&w, 0, 11);
    bus_world_value(bus_world_guard(&w, 0, 14, GUARD_SETTING, a), 0, REASON_NONE);
    struct guard_config *status = bus_world_guard(&w, 0, 15, GUARD_STATUS, -1);
    bus_world_value(status, 1, REASON_SENSOR_FAULT);
    status->rule.values[status->rule.n_values++] =
        (struct guard_value){.value = bus_world_number(2), .reason = REASON_MAINTENANCE};
    bus_world_set(&w, 14, 0);
    bus_world_set(&w, 15, 0);
    bus_world_run(&w);
    bus_world_until_good(&w, a);
    bus_world_until_good(&w, b);
    assert_int_equal(bus_world_next(&w, a).sample.reading.value, bus_world_number(10));
    bus_world_set(&w, 14, 1);
    bus_world_until(&w, a, QUALITY_BAD, REASON_WRONG_SETTING);
    bus_world_until_good(&w, b); /* the setting is not about it */
    bus_world_set(&w, 15, 2);
    bus_world_until(&w, b, QUALITY_UNCERTAIN, REASON_MAINTENANCE);
    assert_int_equal(bus_world_next(&w, b).sample.reading.value, bus_world_number(11));
    bus_world_set(&w, 15, 1);
    bus_world_until(&w, b, QUALITY_BAD, REASON_SENSOR_FAULT);
    bus_world_until(&w, a, QUALITY_BAD, REASON_WRONG_SETTING);
    bus_world_set(&w, 14, 0);
    bus_world_until(&w, a, QUALITY_BAD, REASON_SENSOR_FAULT);
    bus_world_set(&w, 15, 0);
    bus_world_until_good(&w, a);
    bus_world_close(&w);
}

static void test_heartbeat(void **state)
{
    (void)state;
    struct bus_world w;
    bus_world_open(&w, false);
    uint16_t point = bus_world_point(&w, 0, 10);
    bus_world_guard(&w, 0, 14, GUARD_HEARTBEAT, -1)->rule.within_ms = 1000;
    bus_world_run(&w);
    bus_world_until_good(&w, point);
    int64_t end_us = clock_boot_us() + 2 * SECOND_US;
    for (int beat = 0; clock_boot_us() < end_us; beat++) { /* alive */
        bus_world_set(&w, 14, beat % 2);
        assert_int_equal(bus_world_next(&w, point).sample.reading.quality, QUALITY_GOOD);
    }
    bus_world_until(&w, point, QUALITY_BAD, REASON_FROZEN); /* and then not */
    bus_world_set(&w, 14, 77);
    bus_world_until_good(&w, point);
    bus_world_close(&w);
}

/* A poll that breaks off: what was read has not been vouched for, and the rest is missing. */
static void test_broken_off(void **state)
{
    (void)state;
    struct bus_world w;
    bus_world_open(&w, false);
    uint16_t before = bus_world_point(&w, 0, 10), after = bus_world_point(&w, 0, FARTHER);
    bus_world_value(bus_world_guard(&w, 0, FAR, GUARD_STATUS, -1), 1, REASON_SENSOR_FAULT);
    bus_world_run(&w);
    bus_world_until_good(&w, before);
    bus_world_until_good(&w, after);
    bus_world_set(&w, FAR, SILENT);
    bus_world_until(&w, before, QUALITY_UNCERTAIN, REASON_STATUS_UNKNOWN);
    struct core_message m = bus_world_next(&w, after);
    assert_int_equal(m.sample.reading.reason, REASON_TIMEOUT);
    bus_world_set(&w, FAR, 1);
    bus_world_until(&w, after, QUALITY_BAD, REASON_SENSOR_FAULT);
    bus_world_set(&w, FAR, 2);
    bus_world_until_good(&w, before);
    bus_world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_device),
        cmocka_unit_test(test_wrong_device_serial),
        cmocka_unit_test(test_stranger_teaches_nothing),
        cmocka_unit_test(test_exchanged_device),
        cmocka_unit_test(test_exchanged_unseen),
        cmocka_unit_test(test_identity_not_told),
        cmocka_unit_test(test_guards_judge),
        cmocka_unit_test(test_heartbeat),
        cmocka_unit_test(test_broken_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
