/* What proves a device whose replies carry nothing that ties them to their requests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bus_device.h"

enum { HOLDING = 3 };

struct world {
    struct config config;
    struct bus_config bus;
    struct device_config dc;
    struct point_config point;
    struct reports reports;
    struct bus_device device;
};

/* One register at 0: nothing smaller can be asked for, and whatever is wider may be refused. */
static int open_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->bus.kind = BUS_RTU;
    w->dc = (struct device_config){.unit = 5, .max_registers = 125};
    w->point = (struct point_config){.table = TABLE_HOLDING,
                                     .format = {.type = REG_U16, .scale_num = 1, .scale_den = 1}};
    w->config = (struct config){.n_buses = 1,
                                .n_devices = 1,
                                .n_points = 1,
                                .buses = &w->bus,
                                .devices = &w->dc,
                                .points = &w->point};
    assert_int_equal(bus_device_create(&w->config, 0, &w->device), 0);
    *state = w;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;
    bus_device_clear(&w->device);
    free(w);
    return 0;
}

static struct modbus_request probe(struct world *w)
{
    struct modbus_request request;
    bus_device_probe(&w->device, &w->config, &w->reports, &request);
    return request;
}

static struct modbus_request the_poll(void)
{
    return (struct modbus_request){.unit = 5, .function = HOLDING, .count = 1};
}

static void test_probe_has_an_unused_shape(void **state)
{
    struct world *w = *state;
    struct modbus_request lost = the_poll();
    assert_int_equal(probe(w).count, 1); /* nothing is unanswered */
    bus_device_doubt(&w->device, &lost);
    struct modbus_request first = probe(w);
    assert_true(first.function == HOLDING && first.count == 2);
    assert_true(bus_device_refusal_proves(&w->device, &first, 2));
    assert_false(bus_device_refusal_proves(&w->device, &first, 6));
}

/* A device that stays one reply behind refuses the first probe when it is asked the second one: that proves
 * nothing. Another function's refusal does, because only that one was asked for. */
static void test_refusal_of_an_earlier_probe(void **state)
{
    struct world *w = *state;
    struct modbus_request lost = the_poll();
    bus_device_doubt(&w->device, &lost);
    struct modbus_request first = probe(w);
    bus_device_doubt(&w->device, &first);
    struct modbus_request wider = first;
    wider.count = 3;
    assert_false(bus_device_refusal_proves(&w->device, &wider, 2));
    for (int i = 0; i < 3; i++) {
        struct modbus_request other = probe(w);
        assert_int_not_equal(other.function, HOLDING);
        assert_true(bus_device_refusal_proves(&w->device, &other, 1));
        bus_device_doubt(&w->device, &other);
        assert_false(bus_device_refusal_proves(&w->device, &other, 1));
    }
    /* All four are unanswered: until the oldest are given up, only a reply proves anything. */
    int tries = 0;
    for (;; tries++) {
        struct modbus_request next = probe(w);
        if (bus_device_refusal_proves(&w->device, &next, 1))
            break;
        assert_true(tries < 2 * UNANSWERED_MAX);
        bus_device_doubt(&w->device, &next);
    }
    assert_true(tries > 0);
}

/* After an outage nothing is waited for any more: what is polled anyway proves the device at once. */
static void test_device_that_was_off(void **state)
{
    struct world *w = *state;
    struct modbus_request lost = the_poll();
    for (int i = 0; i < 2 * UNANSWERED_MAX; i++) {
        bus_device_doubt(&w->device, &lost);
        lost = probe(w);
    }
    for (unsigned i = 0; i < w->device.n_unanswered; i++)
        w->device.unanswered[i].asked_us -= UNANSWERED_US + 1;
    struct modbus_request again = probe(w);
    assert_true(again.function == HOLDING && again.count == 1);
}

/* Registers that must not be read are not read by a probe, either. */
static void test_probe_respects_holes(void **state)
{
    struct world *w = *state;
    struct modbus_request lost = the_poll();
    w->dc.n_holes = 1;
    w->dc.holes[0] = (struct plan_hole){.first = 1, .last = 4};
    bus_device_doubt(&w->device, &lost);
    struct modbus_request request = probe(w);
    assert_true(request.function != HOLDING && request.count == 1);
}

static void test_reported_shapes_are_not_asked_for(void **state)
{
    struct world *w = *state;
    struct modbus_request request = the_poll();
    for (unsigned n = 1; n <= 2; n++)
        (void)reports_note(&w->reports,
                           (struct reply_frame){.unit = 5, .function = HOLDING, .bytes = (uint8_t)(2 * n)},
                           true, 0);
    (void)reports_note(&w->reports, (struct reply_frame){.unit = 6, .function = HOLDING, .bytes = 6}, true,
                       0);
    for (unsigned i = 0; i < w->reports.n; i++)
        w->reports.items[i].seen_us = INT64_MAX / 2; /* now, whenever that is */
    assert_true(bus_device_distinct(&w->dc, &w->reports, &request));
    assert_int_equal(request.count, 3); /* the other unit's don't matter */
    assert_int_equal(probe(w).count, 3);
    w->dc.max_registers = 2;
    request = the_poll();
    assert_false(bus_device_distinct(&w->dc, &w->reports, &request));
    assert_int_equal(request.count, 1);
}

/* Each request that was not answered may be answered late, once; the next such frame is a report. */
static void test_late_replies_are_counted(void **state)
{
    struct world *w = *state;
    struct modbus_request lost = the_poll();
    bus_device_doubt(&w->device, &lost);
    bus_device_doubt(&w->device, &lost);
    bus_device_probed(&w->device);
    bus_device_clean(&w->device);
    bus_device_clean(&w->device);
    assert_true(bus_device_believed(&w->device));
    assert_false(bus_device_take_late(&w->device, HOLDING, 4)); /* another shape */
    assert_true(bus_device_take_late(&w->device, HOLDING, 2));
    assert_false(bus_device_believed(&w->device)); /* it does not keep the order */
    assert_true(bus_device_take_late(&w->device, HOLDING, 2));
    assert_false(bus_device_take_late(&w->device, HOLDING, 2));
}

/* A new connection without a fault: a proof, but no clean reads. */
static void test_reconnected(void **state)
{
    struct world *w = *state;
    bus_device_probed(&w->device);
    bus_device_clean(&w->device);
    bus_device_clean(&w->device);
    bus_device_reconnected(&w->device);
    assert_false(w->device.probed);
    assert_int_equal(probe(w).count, 2); /* the poll's own shape may come from the old connection */
    assert_true(bus_device_believed(&w->device));
    bus_device_doubt_all(&w->device);
    assert_false(bus_device_believed(&w->device));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_probe_has_an_unused_shape, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_refusal_of_an_earlier_probe, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_device_that_was_off, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_probe_respects_holes, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_reported_shapes_are_not_asked_for, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_late_replies_are_counted, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_reconnected, open_world, close_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
