/* Several tanks on one supply. */
#include "tank_stage.h"

#include "tank_hall.h"

#define TANKS 3

struct room {
    struct stage stages[TANKS];
    struct hall hall;
    double supply_l;
    int probe_of[TANKS]; /* whose level each tank's probe shows */
    bool closed;         /* the main valve */
};

static void open_room(struct room *r)
{
    struct tank_vessel model;
    stage_model(&model);
    memset(r, 0, sizeof *r);
    hall_init(&r->hall, TANKS, N(100));
    r->supply_l = 3000;
    for (int i = 0; i < TANKS; i++) {
        stage_open(&r->stages[i], &model);
        r->stages[i].level_cm = 16 + i * 1.5;
        r->stages[i].random = (uint64_t)i + 1;
        r->probe_of[i] = i;
    }
}

static void run_room(struct room *r, int64_t us)
{
    for (int64_t end_us = r->stages[0].now_us + us; r->stages[0].now_us < end_us;) {
        for (int i = 0; i < TANKS; i++) {
            r->stages[i].rise_cm_min = r->closed ? 0 : 0.25;
            stage_step(&r->stages[i]);
            r->supply_l -= r->stages[i].filling && !r->closed ? 1.5 : 0;
        }
        for (int i = 0; i < TANKS; i++) {
            struct stage *s = &r->stages[i];
            struct tank_input input = s->input;
            input.level = r->stages[r->probe_of[i]].input.level;
            tank_feed(&s->tank, s->now_us, &input);
            hall_tank(&r->hall, s->now_us, (unsigned)i, &s->tank);
        }
        struct reading litres = GOOD(r->supply_l);
        hall_supply(&r->hall, r->stages[0].now_us, &litres);
    }
}

static void a_fill_that_appears_elsewhere(void **state)
{
    (void)state;
    struct room r;
    struct hall_view v;
    open_room(&r);
    run_room(&r, 10 * DAY);
    hall_view(&r.hall, &v);
    assert_int_equal(v.suspect_valve, -1);
    r.probe_of[0] = 1; /* their probes are swapped */
    r.probe_of[1] = 0;
    run_room(&r, 10 * DAY);
    hall_view(&r.hall, &v);
    assert_int_equal(v.suspect_valve, 0);
    assert_int_equal(v.suspect_probe, 1);
    assert_int_equal(hall_shows(&r.hall, 1), 0);
    assert_int_equal(hall_shows(&r.hall, 2), -1);
    assert_false(hall_is_right(&r.hall, 1));
    r.probe_of[0] = 0;
    r.probe_of[1] = 1;
    run_room(&r, 10 * DAY);
    hall_view(&r.hall, &v);
    assert_int_equal(v.suspect_valve, -1);
    assert_int_equal(hall_shows(&r.hall, 1), -1);
    assert_true(hall_is_right(&r.hall, 0) && hall_is_right(&r.hall, 1));
}

/* The controller waits for a rise that it never sees: the valve stays open, and the other tank runs over. */
static void a_valve_that_stays_open_and_fills_elsewhere(void **state)
{
    (void)state;
    struct room r;
    struct hall_view v;
    open_room(&r);
    run_room(&r, 5 * DAY);
    hall_view(&r.hall, &v);
    assert_int_equal(v.suspect_valve, -1);
    while (r.stages[1].filling || r.stages[2].filling || r.stages[0].filling)
        run_room(&r, MINUTE);
    r.probe_of[0] = 1;
    r.probe_of[1] = 0;
    for (int i = 0; i < TANKS; i++)
        r.stages[i].start_cm = 0;
    r.stages[0].filling = true;
    r.stages[0].stop_cm = 1000;
    int64_t from_us = r.stages[0].now_us;
    while (hall_elsewhere(&r.hall, 0) < 0) {
        assert_true(r.stages[0].now_us - from_us < HOUR);
        run_room(&r, MINUTE);
    }
    assert_int_equal(hall_elsewhere(&r.hall, 0), 1);
    /* one fill that is filled by hand meanwhile is not two */
    open_room(&r);
    run_room(&r, 5 * DAY);
    while (r.stages[1].filling || r.stages[2].filling || r.stages[0].filling)
        run_room(&r, MINUTE);
    r.closed = true;
    for (int i = 0; i < TANKS; i++)
        r.stages[i].start_cm = 0;
    r.stages[0].filling = true;
    run_room(&r, 5 * MINUTE);
    r.stages[1].level_cm += 2;
    for (int i = 0; i < 24; i++) {
        run_room(&r, HOUR);
        assert_int_equal(hall_elsewhere(&r.hall, 0), -1);
    }
}

/* The controller of the first sees the level of the second, which does not rise: its valve stays open. */
static void a_valve_that_stays_open_for_another_level(void **state)
{
    (void)state;
    struct room r;
    struct hall_view v;
    open_room(&r);
    r.stages[1].start_cm = 0;
    r.probe_of[0] = 1;
    r.probe_of[1] = 0;
    run_room(&r, HOUR);
    r.stages[0].start_cm = r.stages[0].stop_cm = 1000;
    run_room(&r, 25 * MINUTE); /* once may be a fill by hand */
    assert_int_equal(hall_elsewhere(&r.hall, 0), -1);
    run_room(&r, 50 * MINUTE);
    hall_view(&r.hall, &v);
    assert_int_equal(v.suspect_valve, 0);
    assert_int_equal(v.suspect_probe, 1);
    assert_true(r.stages[0].filling);
}

/* The same, while a third one is filled now and then; and a fill by hand at another tank is none. */
static void a_valve_that_stays_open_beside_others(void **state)
{
    (void)state;
    struct room r;
    open_room(&r);
    r.stages[1].start_cm = 0;
    r.probe_of[0] = 1;
    r.probe_of[1] = 0;
    r.stages[2].level_cm = 15.01;
    r.stages[2].start_cm = 15;
    run_room(&r, 5 * MINUTE);
    r.stages[0].start_cm = r.stages[0].stop_cm = 1000;
    while (!r.stages[2].filling)
        run_room(&r, MINUTE);
    while (r.stages[2].filling)
        run_room(&r, MINUTE);
    assert_int_equal(hall_elsewhere(&r.hall, 0), -1); /* where it came from was not to be told */
    run_room(&r, 80 * MINUTE);
    assert_int_equal(hall_elsewhere(&r.hall, 0), 1);

    open_room(&r);
    r.stages[0].start_cm = r.stages[0].stop_cm = 1000;
    r.stages[1].start_cm = r.stages[2].start_cm = 0;
    r.closed = true; /* the supply is dead */
    run_room(&r, 5 * MINUTE);
    r.stages[1].level_cm += 2;
    run_room(&r, 8 * MINUTE);
    r.stages[1].level_cm += 2;
    run_room(&r, 6 * HOUR);
    assert_int_equal(hall_elsewhere(&r.hall, 0), -1);
}

/* A quiet room, in which nothing is filled unless a test says so. */
static void open_quiet_room(struct room *r)
{
    open_room(r);
    for (int i = 0; i < TANKS; i++) {
        r->stages[i].start_cm = 0;
        r->stages[i].stop_cm = 1000;
    }
    run_room(r, HOUR);
}

static void by_hand(struct room *r, int tank, int minutes)
{
    for (; minutes > 0; minutes--) {
        r->stages[tank].level_cm += 0.5;
        run_room(r, MINUTE);
    }
}

/* Two are filled together, as where all are filled: one of them rises, and one that is closed. */
static void two_valves_that_open_together(void **state)
{
    (void)state;
    struct room r;
    open_quiet_room(&r);
    r.probe_of[0] = 1;
    r.probe_of[1] = 0;
    r.stages[0].filling = r.stages[2].filling = true;
    run_room(&r, HOUR + 5 * MINUTE);
    assert_int_equal(hall_elsewhere(&r.hall, 0), 1);
    assert_int_equal(hall_shows(&r.hall, 1), 0);
    assert_int_equal(hall_elsewhere(&r.hall, 2), -1);
    /* of two that both do not rise nobody knows which it was */
    open_quiet_room(&r);
    r.probe_of[0] = r.probe_of[2] = 1;
    r.probe_of[1] = 0;
    r.stages[0].filling = r.stages[2].filling = true;
    run_room(&r, HOUR + 5 * MINUTE);
    for (unsigned i = 0; i < TANKS; i++)
        assert_int_equal(hall_elsewhere(&r.hall, i), -1);
}

/* A valve is open for long, and nothing comes. What rises later is not filled by it, however often, nor when
 * a lid closes it for a while. */
static void a_fill_by_hand_beside_an_open_valve(void **state)
{
    (void)state;
    struct room r;
    open_quiet_room(&r);
    r.closed = true;
    r.stages[0].filling = true;
    run_room(&r, HOUR);
    for (int times = 0; times < 4; times++) {
        r.stages[0].filling = false;
        r.stages[0].lid = true;
        run_room(&r, 12 * MINUTE);
        r.stages[0].lid = false;
        r.stages[0].filling = true;
        by_hand(&r, 1, 10);
        run_room(&r, 2 * HOUR);
        by_hand(&r, 1, 10);
        run_room(&r, 2 * HOUR);
        assert_int_equal(hall_elsewhere(&r.hall, 0), -1);
        assert_int_equal(hall_shows(&r.hall, 1), -1);
    }
}

/* What was rising already when the valve opened is not filled by it. */
static void a_rise_that_began_before(void **state)
{
    (void)state;
    struct room r;
    open_quiet_room(&r);
    r.closed = true;
    for (int times = 0; times < 4; times++) {
        by_hand(&r, 1, 4);
        r.stages[0].filling = true;
        by_hand(&r, 1, 8);
        run_room(&r, 30 * MINUTE);
        r.stages[0].filling = false;
        run_room(&r, 2 * HOUR);
        assert_int_equal(hall_elsewhere(&r.hall, 0), -1);
    }
}

static void no_tank_is_filled(void **state)
{
    (void)state;
    struct room r;
    struct hall_view v;
    open_room(&r);
    run_room(&r, 12 * DAY);
    hall_view(&r.hall, &v);
    assert_true(v.since_fill_h.known && !v.overdue);
    assert_int_equal(v.n_overdue, 0);
    r.closed = true;
    double before_h = AS_NUM(v.since_fill_h.value);
    run_room(&r, 4 * DAY);
    hall_view(&r.hall, &v);
    assert_true(v.overdue && v.n_overdue >= 2);
    assert_between(AS_NUM(v.since_fill_h.value), before_h + 95, before_h + 97);
}

static void how_long_the_supply_lasts(void **state)
{
    (void)state;
    struct room r;
    struct hall_view v;
    open_room(&r);
    run_room(&r, DAY);
    hall_view(&r.hall, &v);
    assert_false(v.supply_days.known);
    assert_int_equal(v.supply_days.why, TANK_LEARNING);
    run_room(&r, 13 * DAY);
    hall_view(&r.hall, &v);
    assert_true(v.supply_l_day.known && v.supply_days.known);
    assert_between(AS_NUM(v.supply_l_day.value), 32,
                   42); /* three times 12, and what the last fill rounds up */
    double truth = (r.supply_l - 100) / 36;
    assert_between(truth, AS_NUM(v.supply_days.low), AS_NUM(v.supply_days.high));
    r.supply_l += 500; /* a delivery is no draw */
    run_room(&r, 2 * DAY);
    hall_view(&r.hall, &v);
    assert_between(AS_NUM(v.supply_l_day.value), 30, 42);
}

static void nothing_is_known_of_an_empty_hall(void **state)
{
    (void)state;
    struct hall hall;
    struct hall_view v;
    struct reading gone = BAD;
    hall_init(&hall, HALL_TANKS + 5, 0);
    assert_int_equal(hall.n, HALL_TANKS);
    hall_supply(&hall, DAY, &gone);
    hall_view(&hall, &v);
    assert_false(v.since_fill_h.known || v.supply_days.known || v.overdue);
    assert_int_equal(v.supply_days.why, TANK_BAD_READING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_fill_that_appears_elsewhere),
                                       cmocka_unit_test(a_valve_that_stays_open_and_fills_elsewhere),
                                       cmocka_unit_test(a_valve_that_stays_open_for_another_level),
                                       cmocka_unit_test(a_valve_that_stays_open_beside_others),
                                       cmocka_unit_test(two_valves_that_open_together),
                                       cmocka_unit_test(a_fill_by_hand_beside_an_open_valve),
                                       cmocka_unit_test(a_rise_that_began_before),
                                       cmocka_unit_test(no_tank_is_filled),
                                       cmocka_unit_test(how_long_the_supply_lasts),
                                       cmocka_unit_test(nothing_is_known_of_an_empty_hall)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
