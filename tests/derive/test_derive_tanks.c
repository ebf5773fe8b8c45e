/* What a hall of simulated tanks comes to: readings, alarms, fills. */
#include "derive_site.h"

#include <stdio.h>
#include <stdlib.h>

struct live {
    struct site site;
    struct derive *derive;
    struct heard heard;
};

static struct live *live_open(uint64_t world)
{
    struct live *l = calloc(1, sizeof *l);
    assert_non_null(l);
    site_open(&l->site, world);
    heard_clear(&l->heard);
    assert_int_equal(derive_create(&l->site.config, site_now(&l->site), &l->derive), 0);
    return l;
}

static void live_close(struct live *l)
{
    derive_free(l->derive);
    site_close(&l->site);
    free(l);
}

static void live_run(struct live *l, double until_days)
{
    site_run(&l->site, until_days, &l->derive, &l->heard, 1);
}

/* The first world in which the vacuum of one of its two standard tanks fails in this way. */
static uint64_t find_world(enum world_fault fault, unsigned *ret_tank, double *ret_days)
{
    for (uint64_t number = 1; number < 1000; number++) {
        struct world *world = world_new(number);
        assert_non_null(world);
        for (unsigned i = 0; i < 2; i++) {
            double at_s;
            if (world_fault(world, i, &at_s) == fault) {
                world_free(world);
                *ret_tank = i;
                *ret_days = at_s / 86400;
                return number;
            }
        }
        world_free(world);
    }
    fail_msg("no such world");
    return 0;
}

static const struct reading *last(const struct live *l, unsigned tank, enum tank_point point, int bound)
{
    int index = site_point(&l->site, tank, point, bound);
    assert_true(index >= 0);
    return &l->heard.readings[index];
}

static int condition(const struct live *l, unsigned tank, unsigned alarm)
{
    return l->heard.conditions[site_alarm(&l->site, tank, alarm)];
}

static void assert_good(const struct live *l, unsigned tank, enum tank_point point)
{
    const struct reading *value = last(l, tank, point, BOUND_VALUE),
                         *least = last(l, tank, point, BOUND_LEAST), *most = last(l, tank, point, BOUND_MOST);
    assert_int_equal(value->quality, QUALITY_GOOD);
    assert_true(least->quality == QUALITY_GOOD && most->quality == QUALITY_GOOD);
    assert_true(least->value <= value->value && value->value <= most->value);
}

static void assert_near(const struct reading *reading, double truth, double share)
{
    assert_int_equal(reading->quality, QUALITY_GOOD);
    double value = (double)reading->value / 1e6;
    if (value < truth * (1 - share) || value > truth * (1 + share))
        fail_msg("%g, and it is %g", value, truth);
}

static void assert_same_readings(const struct site *site, const struct heard *a, const struct heard *b)
{
    for (unsigned p = SITE_MEASURED; p < site->config.n_points; p++) {
        const struct reading *x = &a->readings[p], *y = &b->readings[p];
        if (x->value != y->value || x->raw != y->raw || x->quality != y->quality || x->reason != y->reason)
            fail_msg("%s of asset %u: %.3f %s and %.3f %s", site->points[p].id, site->points[p].asset,
                     (double)x->value / 1e6, reason_name(x->reason), (double)y->value / 1e6,
                     reason_name(y->reason));
    }
}

static void normal_weeks(void **state)
{
    (void)state;
    for (uint64_t number = 1; number <= 3; number++) {
        struct live *l = live_open(number);
        live_run(l, 11);
        derive_ready(l->derive);
        live_run(l, WORLD_LEARN_D);
        for (unsigned i = 0; i < SITE_TANKS; i++) {
            for (unsigned a = 0; a < TANK_ALARM_COUNT; a++) {
                if (a != TANK_ALARM_VACUUM_WATCH && l->heard.raised[site_alarm(&l->site, i, a)] > 0)
                    fail_msg("world %d: alarm %u of tank %u", (int)number, a, i + 1);
            }
        }
        for (unsigned a = 0; a < SUPPLY_ALARM_COUNT; a++)
            assert_int_equal(l->heard.raised[l->site.supply.alarms[a]], 0);
        for (unsigned i = 0; i < 2; i++) {
            struct world_truth truth;
            world_truth(l->site.world, i, &truth);
            assert_near(last(l, i, TANK_POINT_VOLUME, BOUND_VALUE), truth.litres, 0.2);
            assert_near(last(l, i, TANK_POINT_BOIL_OFF, BOUND_VALUE), truth.boil_l_day, 0.3);
            assert_good(l, i, TANK_POINT_TIME_TO_EMPTY);
            assert_int_equal(last(l, i, TANK_POINT_VACUUM, BOUND_VALUE)->raw, TANK_VACUUM_GOOD);
            assert_int_equal(condition(l, i, TANK_ALARM_TIME_CRITICAL), 0);
            assert_true(l->heard.n_fills[i] > 0);
            assert_true(l->heard.last_fill[i].filled.knows_litres);
            assert_int_equal(last(l, i, TANK_POINT_USED_MONTH, BOUND_VALUE)->reason, REASON_LEARNING);
        }
        live_close(l);
    }
}

static void about_once_a_minute(void **state)
{
    (void)state;
    struct live *l = live_open(1);
    live_run(l, 1);
    derive_ready(l->derive);
    live_run(l, 2);
    /* the world tells each two minutes, and each look is due then */
    unsigned n = l->heard.n_readings[site_point(&l->site, 0, TANK_POINT_VOLUME, BOUND_VALUE)];
    assert_in_range(n, 720, 760);
    live_close(l);
}

static void failing_vacuum(void **state)
{
    (void)state;
    unsigned tank;
    double days;
    char en[200], zh[200];
    struct live *l = live_open(find_world(WORLD_SLOW, &tank, &days));
    live_run(l, days - 1);
    derive_ready(l->derive);
    live_run(l, days);
    assert_int_not_equal(condition(l, tank, TANK_ALARM_VACUUM_FAILING), 1);
    while (condition(l, tank, TANK_ALARM_VACUUM_FAILING) != 1) {
        site_step(&l->site, &l->derive, &l->heard, 1);
        struct world_truth truth;
        world_truth(l->site.world, tank, &truth);
        assert_true(truth.warmest_c < -150);
    }
    uint16_t alarm = (uint16_t)site_alarm(&l->site, tank, TANK_ALARM_VACUUM_FAILING);
    assert_int_equal(last(l, tank, TANK_POINT_VACUUM, BOUND_VALUE)->raw, TANK_VACUUM_FAILING);
    derive_words(l->derive, alarm, LANGUAGE_EN, en, sizeof en);
    derive_words(l->derive, alarm, LANGUAGE_ZH, zh, sizeof zh);
    double index, low, high;
    assert_int_equal(sscanf(en, "vacuum index %lf (%lf to %lf)", &index, &low, &high), 3);
    assert_true(low <= index && index <= high && index > 1.2);
    assert_non_null(strstr(zh, "真空指数 "));
    live_close(l);
}

/* Alarms come; then nothing is known of the level any more, and none of them ends. */
static void a_lost_level_ends_nothing(void **state)
{
    (void)state;
    static const unsigned kept[] = {TANK_ALARM_VACUUM_FAILING, TANK_ALARM_TIME_MEDIUM, TANK_ALARM_TIME_HIGH,
                                    TANK_ALARM_TIME_CRITICAL, 4 /* fill-overdue */};
    unsigned tank, n = 0;
    double days;
    struct live *l = live_open(find_world(WORLD_SLOW, &tank, &days));
    live_run(l, days - 1);
    derive_ready(l->derive);
    struct world_truth truth;
    do {
        site_step(&l->site, &l->derive, &l->heard, 1);
        world_truth(l->site.world, tank, &truth);
    } while (condition(l, tank, TANK_ALARM_VACUUM_FAILING) != 1);
    l->site.no_level[tank] = true;
    struct heard before = l->heard;
    live_run(l, world_time_s(l->site.world) / 86400 + 3);
    for (unsigned i = 0; i < sizeof kept / sizeof *kept; i++) {
        int alarm = site_alarm(&l->site, tank, kept[i]);
        if (before.conditions[alarm] == 1) {
            n++;
            assert_int_equal(l->heard.conditions[alarm], 1);
        }
    }
    assert_true(n >= 1);
    assert_int_equal(last(l, tank, TANK_POINT_VOLUME, BOUND_VALUE)->reason, REASON_INPUT_BAD);
    assert_int_equal(last(l, tank, TANK_POINT_PHASE, BOUND_VALUE)->reason, REASON_INPUT_BAD);
    assert_int_equal(last(l, tank, TANK_POINT_TIME_TO_EMPTY, BOUND_LEAST)->quality, QUALITY_BAD);
    live_close(l);
}

static void a_restart_makes_no_difference(void **state)
{
    (void)state;
    struct site *site = calloc(1, sizeof *site);
    struct heard *heard = calloc(2, sizeof *heard);
    struct derive *derives[2];
    unsigned tank;
    double days;
    site_open(site, find_world(WORLD_SLOW, &tank, &days));
    heard_clear(&heard[0]);
    heard_clear(&heard[1]);
    for (int i = 0; i < 2; i++)
        assert_int_equal(derive_create(&site->config, site_now(site), &derives[i]), 0);
    site_run(site, 11, derives, heard, 2);
    derive_ready(derives[0]);
    while (heard[0].conditions[site_alarm(site, tank, TANK_ALARM_VACUUM_FAILING)] != 1)
        site_step(site, derives, heard, 2);
    site_run(site, world_time_s(site->world) / 86400 + 2, derives, heard, 2);
    struct heard before = heard[0];
    derive_ready(derives[1]);
    site_step(site, derives, heard, 2);
    assert_same_readings(site, &heard[0], &heard[1]);
    for (unsigned a = 0; a < site->config.n_alarms; a++) {
        if (heard[0].conditions[a] == 1)
            assert_int_equal(heard[1].conditions[a], 1);
        else
            assert_int_not_equal(heard[1].conditions[a], 1);
    }
    site_run(site, world_time_s(site->world) / 86400 + 5, derives, heard, 2);
    unsigned n = 0;
    for (unsigned i = 0; i < SITE_TANKS; i++) {
        n += heard[1].n_fills[i];
        assert_int_equal(heard[1].n_fills[i], heard[0].n_fills[i] - before.n_fills[i]);
    }
    assert_true(n > 0);
    derive_free(derives[0]);
    derive_free(derives[1]);
    site_close(site);
    free(heard);
    free(site);
}

/* The same weeks, before the boot and with a clock that is set in the middle. */
static void clocks(void **state)
{
    (void)state;
    struct live *a = live_open(2), *b = live_open(2);
    derive_free(b->derive);
    b->site.start_us = -14 * DAY;
    b->site.utc_less_boot_us += 1014 * DAY;
    assert_int_equal(derive_create(&b->site.config, (struct stamp){0, b->site.utc_less_boot_us}, &b->derive),
                     0);
    live_run(a, 11);
    live_run(b, 11);
    derive_ready(a->derive);
    derive_ready(b->derive);
    b->site.utc_less_boot_us -= 30 * DAY;
    live_run(a, 16);
    live_run(b, 16);
    assert_same_readings(&a->site, &a->heard, &b->heard);
    assert_memory_equal(a->heard.told, b->heard.told, sizeof a->heard.told);
    assert_true(a->heard.n_fills[1] > 0);
    assert_int_equal(a->heard.n_fills[1], b->heard.n_fills[1]);
    struct stamp at = b->heard.last_fill[1].filled.end;
    assert_int_equal(at.utc_us - at.boot_us, b->site.utc_less_boot_us);
    assert_int_equal(at.boot_us - b->site.start_us,
                     a->heard.last_fill[1].filled.end.boot_us - a->site.start_us);
    live_close(a);
    live_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normal_weeks),
        cmocka_unit_test(about_once_a_minute),
        cmocka_unit_test(failing_vacuum),
        cmocka_unit_test(a_lost_level_ends_nothing),
        cmocka_unit_test(a_restart_makes_no_difference),
        cmocka_unit_test(clocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
