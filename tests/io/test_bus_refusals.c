/*
 * Registers that a device refuses or is silent about, devices that are busy or dead, and what is told of how
 * devices answer. Each test begins with a device that is well.
 */
#include "bus_device.h"
#include "bus_fixture.h"

#define MODEL   100
#define FAR     300 /* another request than the registers from 10 on */
#define FARTHER 500

/* ---------------------------------------------------------------- refusals */

/* One register of a block is missing: the others never notice. It is asked for again, and comes back. */
static void test_refused_register(void **state)
{
    (void)state;
    struct bus_world w;
    bus_world_open(&w, false);
    for (uint16_t i = 0; i < 8; i++)
        (void)bus_world_point(&w, 0, (uint16_t)(10 + i));
    bus_world_set(&w, 13, MISSING);
    bus_world_run(&w);
    for (int i = 0; i < 40; i++) {
        struct core_message m = bus_world_sample(&w);
        bool missing = m.sample.point == 3;
        assert_int_equal(m.sample.reading.reason, missing ? REASON_REFUSED : REASON_NONE);
        assert_int_equal(m.sample.reading.quality, missing ? QUALITY_BAD : QUALITY_GOOD);
    }
    assert_true(bus_world_asked(&w, 13, 1) >= 4); /* in every poll */
    assert_int_equal(bus_world_asked(&w, 10, 8), 1);
    bus_world_set(&w, 13, 13);
    bus_world_until_good(&w, 3);
    bus_world_close(&w);
}

static void test_refused_guard(void **state)
{
    (void)state;
    struct bus_world w;
    bus_world_open(&w, false);
    uint16_t judged = bus_world_point(&w, 0, 10), other = bus_world_point(&w, 0, 12);
    bus_world_value(bus_world_guard(&w, 0, 11, GUARD_STATUS, judged), 1, REASON_SENSOR_FAULT);
    bus_world_set(&w, 11, MISSING);
    bus_world_run(&w);
    for (int i = 0; i < 20; i++) {
        struct core_message m = bus_world_sample(&w);
        bool is_judged = m.sample.point == judged;
        assert_int_equal(m.sample.reading.reason, is_judged ? REASON_STATUS_UNKNOWN : REASON_NONE);
        assert_int_equal(m.sample.reading.quality, is_judged ? QUALITY_UNCERTAIN : QUALITY_GOOD);
        assert_int_equal(m.sample.reading.value, bus_world_number(is_judged ? 10 : 12));
    }
    bus_world_set(&w, 11, 0);
    bus_world_until_good(&w, judged);
    bus_world_until_good(&w, other);
    bus_world_close(&w);
}

/* A device that says no to everything for a while has no register to blame: afterwards one request does. */
static void test_refuses_all_for_a_while(void **state)
{
    (void)state;
    struct bus_world w;
    bus_world_open(&w, false);
    for (uint16_t i = 0; i < 8; i++)
        (void)bus_world_point(&w, 0, (uint16_t)(10 + i));
    atomic_store(&w.device.exception, 2);
    atomic_store(&w.device.exceptions, -1);
    bus_world_run(&w);
    for (int i = 0; i < 80; i++)
        assert_int_equal(bus_world_sample(&w).sample.reading.reason, REASON_REFUSED);
    assert_true(bus_world_asked_all(&w) < 60); /* it is not asked for each register again and again */
    atomic_store(&w.device.exceptions, 0);
    bus_world_until_good(&w, 7);
    bus_world_forget(&w);
    for (int i = 0; i < 40; i++)
        assert_int_equal(bus_world_sample(&w).sample.reading.quality, QUALITY_GOOD);
    assert_int_equal(bus_world_asked(&w, 10, 8), bus_world_asked_all(&w));
    bus_world_close(&w);
}

/* Many missing registers do not cost a request each in every poll, and none is forgotten. */
static void test_many_refused(void **state)
{
    (void)state;
    struct bus_world w;
    bus_world_open(&w, false);
    for (uint16_t i = 0; i < 30; i++)
        (void)bus_world_point(&w, 0, (uint16_t)(10 + i));
    for (uint16_t i = 1; i < 30; i++)
        bus_world_set(&w, (uint16_t)(10 + i), MISSING);
    bus_world_run(&w);
    bus_world_until_good(&w, 0);
    for (int i = 0; i < 10 * 30; i++) /* until each stands alone */
        (void)bus_world_sample(&w);
    bus_world_forget(&w);
    for (int i = 0; i < 20 * 30; i++) {
        struct core_message m = bus_world_sample(&w);
        assert_int_equal(m.sample.reading.reason, m.sample.point == 0 ? REASON_NONE : REASON_REFUSED);
    }
    assert_true(bus_world_asked_all(&w) < 20 * 10);
    bus_world_set(&w, 25, 25);
    bus_world_until_good(&w, 15);
    bus_world_close(&w);
}

/* A device that is silent when asked for what it does not know (Eurotherm 2000): the rest is polled. */
static void mute_register(bool serial)
{
    struct bus_world w;
    bus_world_open(&w, serial);
    uint16_t mute = bus_world_point(&w, 0, 10), far = bus_world_point(&w, 0, FAR);
    uint16_t farther = bus_world_point(&w, 0, FARTHER);
    (void)bus_world_point(&w, 0, 11); /* the mute block is the widest: a serial line is proven with another */
    bus_world_set(&w, 10, SILENT);
    bus_world_run(&w);
    size_t asked = 0;
    for (int unproven = 0, good = false;
         !good;) { /* two clean reads since it was silent, and one is believed */
        struct core_message m = bus_world_next(&w, far);
        size_t now = bus_world_asked(&w, 10, 2);
        unproven = (now == asked ? unproven : 0) + (m.sample.reading.reason == REASON_UNPROVEN);
        good = m.sample.reading.quality == QUALITY_GOOD;
        assert_true(!good || !serial || unproven > 0);
        asked = now;
    }
    for (int good = 0; good < 40;) { /* soon without an interruption */
        struct core_message m = bus_world_next(&w, farther);
        good = m.sample.reading.quality == QUALITY_GOOD ? good + 1 : 0;
        m = bus_world_next(&w, mute);
        assert_int_equal(m.sample.reading.quality, QUALITY_BAD);
        assert_int_equal(m.sample.reading.reason, REASON_TIMEOUT);
    }
    bus_world_set(&w, 10, 10);
    if (!serial) /* there it takes minutes */
        bus_world_until_good(&w, mute);
    bus_world_close(&w);
}

static void test_mute_register(void **state)
{
    (void)state;
    mute_register(false);
}

static void test_mute_register_serial(void **state)
{
    (void)state;
    mute_register(true);
}

/* Busy twice, and every value is good. false: one is not, because the test's own device was held up. */
static bool busy_is_not_seen(struct bus_world *w, int exception)
{
    bus_world_forget(w);
    atomic_store(&w->device.exception, exception);
    atomic_store(&w->device.exceptions, 2);
    for (int after = 0; after < 4;) {
        after += atomic_load(&w->device.exceptions) == 0;
        enum reason reason = bus_world_sample(w).sample.reading.reason;
        if (reason == REASON_TIMEOUT || reason == REASON_STALE || reason == REASON_LINK_DOWN)
            return false;
        assert_int_equal(reason, REASON_NONE);
    }
    return true;
}

static void test_busy(void **state)
{
    (void)state;
    struct bus_world w;
    bus_world_open(&w, false);
    uint16_t point = bus_world_point(&w, 0, 10), sibling = bus_world_point(&w, 1, 20);
    bus_world_run(&w);
    bus_world_until_good(&w, point);
    for (int exception = 5; exception <= 6; exception++) {
        int stalls = 0;
        while (!busy_is_not_seen(&w, exception)) { /* the machine stood still meanwhile: once more */
            assert_true(++stalls < 5);
            bus_world_until_good(&w, point);
        }
    }
    atomic_store(&w.device.exceptions, -1); /* it does not come to itself */
    bus_world_until(&w, point, QUALITY_BAD, REASON_REFUSED);
    while (w.diagnostics[0].state != REASON_REFUSED)
        bus_world_report(&w, 0);
    assert_true(w.diagnostics[0].busy >= 3); /* asked a few times */
    assert_int_equal(w.diagnostics[0].refused, 0);
    atomic_store(&w.device.exceptions, 0);
    bus_world_until_good(&w, point);
    bus_world_until_good(&w, sibling);
    bus_world_close(&w);
}

/* A gateway that speaks for a dead unit is there for the living one, on the same connection. */
static void test_dead_unit(void **state)
{
    (void)state;
    struct bus_world w;
    bus_world_open(&w, false);
    uint16_t dead = bus_world_point(&w, 0, 10), alive = bus_world_point(&w, 1, 20);
    bus_world_value(bus_world_guard(&w, 1, MODEL, GUARD_IDENTITY, -1), MODEL, REASON_NONE);
    bus_world_run(&w);
    bus_world_until_good(&w, dead);
    bus_world_until_good(&w, alive);
    atomic_store(&w.device.dead_unit, 1);
    bus_world_until(&w, dead, QUALITY_BAD, REASON_TIMEOUT);
    bus_world_forget(&w);
    for (int n_alive = 0; n_alive < 20;) {
        struct core_message m = bus_world_sample(&w);
        n_alive += m.sample.point == alive;
        assert_int_equal(m.sample.reading.quality, m.sample.point == alive ? QUALITY_GOOD : QUALITY_BAD);
    }
    assert_int_equal(bus_world_asked(&w, MODEL, 1), 0); /* no new connection */
    atomic_store(&w.device.dead_unit, 0);
    bus_world_until_good(&w, dead);
    bus_world_close(&w);
}

/* ---------------------------------------------------------------- slots */

/* Each slot leaves a trace, in order: a reading, or that the bus had no time. Beside a device that costs the
 * bus its time, too, and however busy the machine is. */
static void test_every_slot_leaves_a_trace(void **state)
{
    (void)state;
    struct bus_world w;
    bus_world_open(&w, false);
    uint16_t point = bus_world_point(&w, 0, 10), slow = bus_world_point(&w, 1, 20);
    bus_world_run(&w);
    bus_world_until_good(&w, point);
    bus_world_until_good(&w, slow);
    atomic_store(&w.device.silent_unit, 2);
    int64_t last_us = bus_world_next(&w, point).sample.slot.boot_us;
    for (int slots = 0; slots < 100;) {
        struct core_message m = bus_world_any_sample(&w);
        if (m.sample.point != point)
            continue;
        /* More than eight are one jump: the machine slept. */
        int64_t passed = (m.sample.slot.boot_us - last_us) / (THE_INTERVAL * MS_US);
        assert_int_equal((m.sample.slot.boot_us - last_us) % (THE_INTERVAL * MS_US), 0);
        assert_true(passed == 1 || passed > 8);
        last_us = m.sample.slot.boot_us;
        slots++;
    }
    bus_world_close(&w);
}

/* ---------------------------------------------------------------- diagnostics */

static void test_diagnostics(void **state)
{
    (void)state;
    struct bus_world w;
    bus_world_open(&w, false);
    uint16_t point = bus_world_point(&w, 0, 10);
    (void)bus_world_point(&w, 1, 20);
    bus_world_run(&w);
    bus_world_report(&w, 0); /* soon after the start, not after the whole interval */
    bus_world_until_good(&w, point);
    atomic_store(&w.device.silent_unit, 1);
    int64_t since_us = clock_boot_us();
    while (w.diagnostics[0].state != REASON_TIMEOUT)
        bus_world_report(&w, 0);
    assert_true(clock_boot_us() - since_us < 8 * SECOND_US);
    const struct diagnostics *d = &w.diagnostics[0];
    assert_true(d->timeouts >= 1 && d->failures >= 1);
    assert_string_equal(d->fault, "no reply");
    assert_true(d->last_good_utc_us > 0 && d->last_fault_utc_us >= d->last_good_utc_us);
    atomic_store(&w.device.silent_unit, 0);
    while (d->state != REASON_NONE)
        bus_world_report(&w, 0);
    assert_int_equal(d->failures, 0);
    assert_int_equal(d->backoff_ms, 0);
    assert_int_equal(d->requests, d->replies + d->timeouts + d->bad_replies + d->link_faults);
    assert_true(diagnostics_percentile_us(d, 50) > 0);
    assert_true(w.reports[1] > 0);
    assert_true(w.diagnostics[1].replies > 0 && w.diagnostics[1].state == REASON_NONE);
    bus_world_close(&w);
}

/* Reports: soon after a change of state, but not more than one a second, and else every ten seconds. */
static void test_reports(void **state)
{
    (void)state;
    struct bus_device d = {.report_us = 4 * SECOND_US};
    d.diagnostics.state = REASON_NEVER_READ;
    assert_false(bus_device_report_due(&d, 3 * SECOND_US));
    bus_device_note(&d, REASON_NONE, 0, 3 * SECOND_US);
    assert_true(bus_device_report_due(&d, 3 * SECOND_US));
    assert_false(bus_device_report_due(&d, 12 * SECOND_US));
    assert_true(bus_device_report_due(&d, 13 * SECOND_US));
    bus_device_note(&d, REASON_TIMEOUT, 0, 13 * SECOND_US + 1);
    assert_int_equal(d.diagnostics.failures, 1);
    assert_false(bus_device_report_due(&d, 13 * SECOND_US + 1));
    bus_device_note(&d, REASON_TIMEOUT, 700, 13 * SECOND_US + 2);
    assert_true(bus_device_report_due(&d, 14 * SECOND_US));
    assert_int_equal(d.diagnostics.failures, 2);
    assert_int_equal(d.diagnostics.backoff_ms, 700);
    bus_device_note(&d, REASON_TIMEOUT, 1400, 15 * SECOND_US); /* no change */
    assert_false(bus_device_report_due(&d, 23 * SECOND_US));
    bus_device_note(&d, REASON_WRONG_DEVICE, 0, 23 * SECOND_US);
    assert_int_equal(d.diagnostics.failures, 0); /* somebody answers */
    assert_true(bus_device_report_due(&d, 23 * SECOND_US));
    assert_true(bus_device_report_due(&d, 1000 * SECOND_US)); /* the machine slept: one, not a hundred */
    assert_false(bus_device_report_due(&d, 1001 * SECOND_US));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused_register),
        cmocka_unit_test(test_refused_guard),
        cmocka_unit_test(test_refuses_all_for_a_while),
        cmocka_unit_test(test_many_refused),
        cmocka_unit_test(test_mute_register),
        cmocka_unit_test(test_mute_register_serial),
        cmocka_unit_test(test_busy),
        cmocka_unit_test(test_dead_unit),
        cmocka_unit_test(test_every_slot_leaves_a_trace),
        cmocka_unit_test(test_diagnostics),
        cmocka_unit_test(test_reports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
