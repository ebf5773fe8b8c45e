/* Several vessels on one supply, and the room. */
#include "vessel_stage.h"

#include "hall.h"

#define N 4

struct site {
    struct hall hall;
    struct supply supply;
    struct vessel vessels[N];
    struct random_source random;
};

static void begin(struct site *s)
{
    random_seed(&s->random, 3, "test");
    supply_defaults(&s->supply);
    for (int i = 0; i < N; i++) {
        vessel_defaults(&s->vessels[i], VESSEL_STANDARD);
        s->vessels[i].s.litres = 110; /* 17.3 cm */
    }
    s->hall = (struct hall){
        .room = {.mean_c = ROOM_C}, .supply = &s->supply, .vessels = s->vessels, .n_vessels = N};
}

static void go(struct site *s, double seconds)
{
    for (double t = 0; t < seconds; t += 10)
        hall_step(&s->hall, 10, &s->random);
}

/* How long the first vessel's fill takes when the first n fill at once. */
static double fill_minutes(int n, double pressure_bar)
{
    struct site s;
    begin(&s);
    s.supply.p.pressure_bar = pressure_bar;
    for (int i = 0; i < n; i++)
        s.vessels[i].s.litres = 90;
    assert_int_equal(hall_start(&s.hall, &s.random), 0);
    double filling_s = 0;
    for (double t = 0; t < 2 * HOUR_S && s.vessels[0].s.fills == 0; t += 10) {
        hall_step(&s.hall, 10, &s.random);
        filling_s += s.vessels[0].s.filling ? 10 : 0;
    }
    return filling_s / 60;
}

static void a_fill_is_slower_with_less_pressure_and_with_company(void **state)
{
    (void)state;
    double alone = fill_minutes(1, 1.5), weak = fill_minutes(1, 0.4), all = fill_minutes(4, 1.5);
    assert_between(alone, 5, 10);
    assert_between(weak / alone, 1.6, 2.4); /* the root of 1.5 / 0.4 */
    assert_between(all / alone, 1.1, 2.5);
}

/* What flows is what the line lets through: line = pressure - resistance * flow^2. */
static void the_line_resists(void **state)
{
    (void)state;
    struct random_source random;
    struct supply s;
    random_seed(&random, 1, "test");
    supply_defaults(&s);
    supply_start(&s, &random);
    for (s.s.open = 0; s.s.open < 50; s.s.open += 7) {
        double line_bar = supply_line_bar(&s), flow = s.s.open * sqrt(line_bar);
        assert_between(s.s.pressure_bar - s.p.line_resistance * flow * flow - line_bar, -1e-12, 1e-12);
    }
    assert_true(supply_line_bar(&s) < 0.3 * s.s.pressure_bar);
    s.p.valve = 0;
    assert_true(supply_line_bar(&s) == 0);
}

static void what_the_vessels_got_the_supply_gave(void **state)
{
    (void)state;
    struct site s;
    begin(&s);
    assert_int_equal(hall_start(&s.hall, &s.random), 0);
    double before_l = s.supply.s.litres;
    go(&s, 10 * DAY_S);
    double got_l = 0;
    for (int i = 0; i < N; i++)
        got_l += s.vessels[i].s.filled_l + s.vessels[i].s.flashed_l;
    assert_true(got_l > 100);
    assert_between(before_l - s.supply.s.litres - got_l, -1e-6, 1e-6);
    assert_between(s.supply.s.delivered_l - got_l, -1e-6, 1e-6);
}

static void one_fill_all_fill(void **state)
{
    (void)state;
    for (int all = 0; all < 2; all++) {
        struct site s;
        begin(&s);
        s.supply.p.all_fill = all;
        s.vessels[2].s.litres = 94;  /* 14.8 cm: it needs to */
        s.vessels[3].s.litres = 126; /* 19.8 cm: it is full */
        assert_int_equal(hall_start(&s.hall, &s.random), 0);
        go(&s, HOUR_S);
        assert_int_equal(s.vessels[2].s.fills, 1);
        assert_int_equal(s.vessels[0].s.fills, all);
        assert_int_equal(s.vessels[1].s.fills, all);
        assert_int_equal(s.vessels[3].s.fills, 0);
        assert_int_equal(s.supply.s.calls, 0); /* and it ends */
        go(&s, DAY_S);
        assert_int_equal(s.vessels[2].s.fills, 1);
    }
}

static void an_empty_supply_fills_nobody_until_the_lorry_comes(void **state)
{
    (void)state;
    struct site s;
    begin(&s);
    s.supply.s.litres = 20;
    for (int i = 0; i < N; i++)
        s.vessels[i].s.litres = 92;
    assert_int_equal(hall_start(&s.hall, &s.random), 0);
    go(&s, 2 * HOUR_S);
    assert_true(s.supply.s.litres <= 0);
    assert_true(supply_low(&s.supply));
    for (int i = 0; i < N; i++) {
        struct vessel_truth t;
        vessel_truth(&s.vessels[i], &s.supply, &t);
        assert_true(s.vessels[i].s.fill_alarm && (t.faults & VESSEL_FAULT_SUPPLY) != 0);
    }
    supply_deliver(&s.supply, 1500);
    go(&s, 2 * HOUR_S);
    for (int i = 0; i < N; i++)
        assert_true(!s.vessels[i].s.fill_alarm && s.vessels[i].s.litres > 115);
    supply_deliver(&s.supply, 1e5);
    assert_true(s.supply.s.litres <= s.supply.p.capacity_l);
}

static void a_closed_main_valve_stops_all(void **state)
{
    (void)state;
    struct site s;
    begin(&s);
    for (int i = 0; i < N; i++)
        s.vessels[i].s.litres = 92;
    assert_int_equal(hall_start(&s.hall, &s.random), 0);
    s.supply.p.valve = 0;
    go(&s, HOUR_S);
    for (int i = 0; i < N; i++)
        assert_true(s.vessels[i].s.filled_l == 0 && s.vessels[i].s.fill_alarm);
    s.supply.p.valve = 1;
    go(&s, HOUR_S);
    for (int i = 0; i < N; i++)
        assert_true(s.vessels[i].s.litres > 115);
}

static void pressure_falls_with_what_is_taken_and_the_builder_brings_it_back(void **state)
{
    (void)state;
    struct random_source random;
    double low[2];
    for (int builder = 0; builder < 2; builder++) {
        struct supply s;
        random_seed(&random, 1, "test");
        supply_defaults(&s);
        s.p.builder = builder;
        s.p.rise_bar_day = 0;
        supply_start(&s, &random);
        for (int i = 0; i < 60; i++) {
            supply_take(&s, 10);
            supply_step(&s, 60, &random);
        }
        low[builder] = s.s.pressure_bar;
        for (int i = 0; i < 120; i++)
            supply_step(&s, 60, &random);
        assert_between(s.s.pressure_bar, builder ? 1.49 : low[0], builder ? 1.51 : low[0]);
    }
    assert_true(low[0] < 0.3 && low[1] > low[0]);
    /* Left alone, it rises to where the relief valve opens. */
    struct supply s;
    supply_defaults(&s);
    supply_start(&s, &random);
    for (int i = 0; i < 24 * 20; i++)
        supply_step(&s, 3600, &random);
    assert_between(s.s.pressure_bar, s.p.relief_bar, s.p.relief_bar);
}

static void the_room_has_its_day(void **state)
{
    (void)state;
    struct climate room = {.mean_c = 22, .daily_k = 2, .yearly_k = 3};
    double low = 100, high = -100, warmest_s = 0;
    for (double t = 0; t < DAY_S; t += 60) {
        double c = climate_step(&room, t, 60, NULL);
        low = fmin(low, c);
        if (c > high) {
            high = c;
            warmest_s = t;
        }
    }
    assert_between(high - low, 3.9, 4.1);
    assert_between(warmest_s / HOUR_S, 14.9, 15.1);
    assert_true(climate_step(&room, 180 * DAY_S, 60, NULL) > climate_step(&room, 0, 60, NULL) + 5);
    /* The wander is as wide as it says, whatever the step. */
    for (int k = 0; k < 2; k++) {
        struct random_source random;
        random_seed(&random, 5, "room");
        struct climate wander = {.mean_c = 20, .wander_k = 1.5};
        double sum = 0, dt_s = k == 0 ? 600 : 3600;
        int n = 20000;
        for (int i = 0; i < n; i++) {
            double c = climate_step(&wander, 0, dt_s, &random) - 20;
            sum += c * c;
        }
        assert_between(sqrt(sum / n), 1.2, 1.8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fill_is_slower_with_less_pressure_and_with_company),
        cmocka_unit_test(the_line_resists),
        cmocka_unit_test(what_the_vessels_got_the_supply_gave),
        cmocka_unit_test(one_fill_all_fill),
        cmocka_unit_test(an_empty_supply_fills_nobody_until_the_lorry_comes),
        cmocka_unit_test(a_closed_main_valve_stops_all),
        cmocka_unit_test(pressure_falls_with_what_is_taken_and_the_builder_brings_it_back),
        cmocka_unit_test(the_room_has_its_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
