/* The sawtooth, what boils off, how long it lasts, and what is not known. */
#include "tank_stage.h"

#define KNOWN(q)      assert_int_equal((q).why, TANK_KNOWN), assert_true((q).known)
#define UNKNOWN(q, w) assert_false((q).known), assert_int_equal((q).why, (w))

static void holds(const struct tank_quantity *q, double truth)
{
    KNOWN(*q);
    assert_between(truth, AS_NUM(q->low), AS_NUM(q->high));
    assert_between(AS_NUM(q->value), AS_NUM(q->low), AS_NUM(q->high));
}

static void nothing_is_known_at_first(void **state)
{
    (void)state;
    struct tank tank;
    struct tank_view v;
    struct tank_input none = {.level = ABSENT,
                              .temps = {ABSENT, ABSENT, ABSENT, ABSENT},
                              .lid = ABSENT,
                              .valve = ABSENT,
                              .room = ABSENT,
                              .supply_bar = ABSENT,
                              .supply_l = ABSENT};
    assert_int_equal(tank_init(&tank, NULL), 0);
    tank_feed(&tank, DAY, &none);
    tank_view(&tank, &v);
    assert_int_equal(v.phase, TANK_NO_PHASE);
    assert_int_equal(v.vacuum, TANK_VACUUM_UNKNOWN);
    UNKNOWN(v.litres, TANK_NOT_MEASURED);
    UNKNOWN(v.boil_cm_day, TANK_NOT_MEASURED);
    UNKNOWN(v.left_empty_h, TANK_NOT_MEASURED);
    UNKNOWN(v.vacuum_index, TANK_NOT_MEASURED);
    UNKNOWN(v.lid_open_min, TANK_NOT_MEASURED);
    UNKNOWN(v.since_fill_h, TANK_LEARNING);
    UNKNOWN(v.used_l_day, TANK_NO_SHAPE);
    assert_int_equal(v.flags, 0);
}

static void a_sawtooth_has_its_phases(void **state)
{
    (void)state;
    struct stage s;
    int64_t spent_us[5] = {0};
    stage_open_usual(&s);
    for (int i = 0; i < 10 * 1440; i++) {
        stage_run(&s, MINUTE);
        spent_us[stage_view(&s).phase] += MINUTE;
    }
    /* ten days: three fills of 5 cm at 15 cm an hour, each with 45 minutes of settling */
    assert_int_equal(spent_us[TANK_NO_PHASE], 0);
    assert_between((double)spent_us[TANK_FILLING] / MINUTE, 60, 70);
    assert_between((double)spent_us[TANK_SETTLING] / MINUTE, 3 * 45, 3 * 47);
    assert_int_equal(spent_us[TANK_LID_OPEN], 0);
    s.lid = true;
    stage_run(&s, 5 * MINUTE);
    assert_int_equal(stage_view(&s).phase, TANK_LID_OPEN);
    KNOWN(stage_view(&s).lid_open_min);
    assert_between(AS_NUM(stage_view(&s).lid_open_min.value), 4, 5);
}

static void fills_are_seen_without_a_valve(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, NULL);
    unsigned filling = 0;
    for (int i = 0; i < 10 * 1440; i++) {
        stage_step(&s);
        s.input.valve = ABSENT;
        tank_feed(&s.tank, s.now_us, &s.input);
        filling += stage_view(&s).phase == TANK_FILLING;
    }
    assert_between(filling, 55, 85);
    assert_int_equal(s.tank.n_fills, 3);
    struct tank_view v = stage_view(&s);
    holds(&v.boil_cm_day, 2);
}

static void boil_off_and_time_left(void **state)
{
    (void)state;
    struct stage s;
    struct tank_vessel model;
    stage_model(&model);
    stage_open(&s, &model);
    stage_run(&s, 20 * HOUR);
    struct tank_view v = stage_view(&s);
    holds(&v.boil_cm_day, 2);
    holds(&v.boil_l_day, 12);
    assert_between(AS_NUM(v.boil_cm_day.value), 1.9, 2.1);
    holds(&v.litres, AS_NUM(v.litres.value));
    assert_between(AS_NUM(v.litres.value), 6 * s.level_cm - 0.5, 6 * s.level_cm + 0.5);
    holds(&v.left_low_h, (s.level_cm - 13) / 2 * 24);
    holds(&v.left_empty_h, s.level_cm / 2 * 24);
    /* the heat capacity is not configured: not before the liquid is gone, more is not known */
    UNKNOWN(v.left_150_h, TANK_NO_CAPACITY);
    assert_true(v.left_150_h.at_least);
    assert_between(AS_NUM(v.left_150_h.low), 100, s.level_cm / 2 * 24);
    model.heat_capacity_j_k = N(120000);
    stage_open(&s, &model);
    stage_run(&s, 20 * HOUR);
    v = stage_view(&s);
    /* 120 kJ/K, 36 K, 12 L/day: 22 W, so some 54 h more */
    holds(&v.left_150_h, s.level_cm / 2 * 24 + 54);
    assert_true(v.left_135_h.value > v.left_150_h.value);
}

static void at_and_below_the_limits(void **state)
{
    (void)state;
    struct stage s;
    stage_open_usual(&s);
    s.start_cm = 0;
    s.level_cm = 12;
    stage_run(&s, 12 * HOUR);
    struct tank_view v = stage_view(&s);
    KNOWN(v.left_low_h);
    assert_int_equal(v.left_low_h.value, 0);
    assert_true(v.left_empty_h.value > 0);
    assert_true(v.flags & TANK_FILL_OVERDUE);
    s.level_cm = s.noise_cm = 0;
    for (int i = 0; i < 24 * 60; i++) { /* dry, and it warms by 3 K an hour */
        s.top_c += 0.05 / 3;
        stage_run(&s, MINUTE);
    }
    v = stage_view(&s);
    KNOWN(v.left_empty_h);
    assert_int_equal(v.left_empty_h.value, 0);
    holds(&v.left_150_h, (-150 - s.top_c) / 1.0);
    s.top_c = -149;
    stage_run(&s, 2 * MINUTE);
    KNOWN(stage_view(&s).left_150_h);
    assert_int_equal(stage_view(&s).left_150_h.value, 0);
}

/* A level probe that shows 1.5 cm of an empty vessel: what the top says counts. */
static void dry_though_the_level_does_not_say_so(void **state)
{
    (void)state;
    struct stage s;
    stage_open_usual(&s);
    s.offset_cm = 1.5;
    stage_run(&s, 13 * DAY); /* it learns */
    s.start_cm = 0;
    while (s.level_cm > 0)
        stage_run(&s, HOUR);
    for (int h = 0; h < 60; h++) { /* 0.5 K an hour */
        stage_run(&s, HOUR);
        s.top_c += 0.5;
    }
    struct tank_view v = stage_view(&s);
    KNOWN(v.left_low_h); /* it is below low_level: that needs no slope */
    assert_int_equal(v.left_low_h.value, 0);
    UNKNOWN(v.boil_cm_day, TANK_NOT_FALLING);
    UNKNOWN(v.left_empty_h, TANK_NOT_FALLING);
    holds(&v.left_150_h, (-150 - s.top_c) / 0.5);
    assert_true(v.by_warming);
    for (int h = 0; h < 30; h++) {
        s.top_c += 0.5;
        stage_run(&s, HOUR);
    }
    assert_true(s.top_c > -150);
    v = stage_view(&s);
    KNOWN(v.left_150_h);
    assert_int_equal(v.left_150_h.value, 0);
    KNOWN(v.left_135_h);
}

static void warm_without_a_level(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, NULL);
    for (int i = 0; i < 120; i++) {
        stage_step(&s);
        s.input.level = BAD;
        s.input.temps[0] = GOOD(-100);
        tank_feed(&s.tank, s.now_us, &s.input);
    }
    struct tank_view v = stage_view(&s);
    KNOWN(v.left_150_h);
    assert_int_equal(v.left_150_h.value, 0);
    KNOWN(v.left_135_h);
    UNKNOWN(v.left_empty_h, TANK_BAD_READING);
    UNKNOWN(v.left_low_h, TANK_BAD_READING);
    s.top_c = -190; /* cold, and not warming */
    for (int i = 0; i < 600; i++) {
        stage_step(&s);
        s.input.level = BAD;
        tank_feed(&s.tank, s.now_us, &s.input);
    }
    v = stage_view(&s);
    UNKNOWN(v.left_150_h, TANK_BAD_READING);
    UNKNOWN(v.left_135_h, TANK_BAD_READING);
}

/* The noise of a cold top is no warming. Without liquid no top stays as cold as it: one of them is wrong. */
static void empty_and_cold(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, NULL);
    s.start_cm = s.level_cm = s.noise_cm = 0;
    s.top_c = -195.4;
    for (int h = 0; h < 100; h++) {
        s.top_c += 0.005;
        stage_run(&s, HOUR);
        struct tank_view v = stage_view(&s);
        assert_false(v.left_150_h.known || v.left_150_h.at_least);
        assert_int_equal((v.flags & TANK_TEMP_TOO_COLD) != 0, h >= 2);
        if (h < 2)
            KNOWN(v.left_empty_h);
        else
            UNKNOWN(v.left_empty_h, TANK_BAD_READING);
    }
    stage_step(&s); /* without the level nothing is proven */
    s.input.level = BAD;
    tank_feed(&s.tank, s.now_us, &s.input);
    assert_false(stage_view(&s).over & TANK_TEMP_TOO_COLD);
    s.level_cm = 10;
    stage_run(&s, 5 * MINUTE);
    assert_false(stage_view(&s).flags & TANK_TEMP_TOO_COLD);
    assert_true(stage_view(&s).over & TANK_TEMP_TOO_COLD);
}

static void what_is_missing_takes_away_what_needs_it(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, NULL);
    stage_run(&s, 12 * HOUR);
    struct tank_view v = stage_view(&s);
    holds(&v.boil_cm_day, 2);
    UNKNOWN(v.boil_l_day, TANK_NO_SHAPE);
    UNKNOWN(v.litres, TANK_NO_SHAPE);
    UNKNOWN(v.left_low_h, TANK_NO_LIMIT);
    holds(&v.left_empty_h, s.level_cm / 2 * 24); /* as if it were as wide everywhere: in cm */
    s.silent = true;
    stage_run(&s, MINUTE);
    v = stage_view(&s);
    UNKNOWN(v.left_empty_h, TANK_BAD_READING);
    UNKNOWN(v.boil_cm_day, TANK_BAD_READING);
    UNKNOWN(v.lid_open_min, TANK_BAD_READING);
}

static void after_a_gap_it_begins_anew(void **state)
{
    (void)state;
    struct stage s;
    stage_open_usual(&s);
    stage_run(&s, 10 * HOUR);
    s.silent = true;
    stage_run(&s, 60 * HOUR);
    assert_int_equal(stage_view(&s).phase, TANK_NO_PHASE);
    s.silent = false;
    stage_run(&s, 10 * MINUTE);
    struct tank_view v = stage_view(&s);
    UNKNOWN(v.boil_cm_day, TANK_GAP); /* what was 36 hours ago is no rate now, and no baseline is learned */
    UNKNOWN(v.left_empty_h, TANK_GAP);
    stage_run(&s, 3 * HOUR);
    v = stage_view(&s);
    holds(&v.boil_cm_day, 2);
}

static void while_the_daemon_stood_nothing_was_read(void **state)
{
    (void)state;
    struct stage s;
    stage_open_usual(&s);
    stage_run(&s, 10 * HOUR);
    s.now_us += 40 * HOUR;
    stage_run(&s, 2 * MINUTE);
    struct tank_view v = stage_view(&s);
    UNKNOWN(v.boil_cm_day, TANK_GAP);
    UNKNOWN(v.left_empty_h, TANK_GAP);
    s.fall_cm_day = 4; /* what it was before must not be mixed in */
    stage_run(&s, 2 * HOUR);
    v = stage_view(&s);
    holds(&v.boil_cm_day, 4);
}

static void the_same_readings_give_the_same_answers(void **state)
{
    (void)state;
    struct tank_vessel model;
    struct stage a, b;
    stage_model(&model);
    stage_open(&a, &model);
    stage_open(&b, &model);
    stage_run(&a, 9 * DAY);
    stage_run(&b, 4 * DAY);
    struct stage copy = b; /* a copy goes on like the one that it was made of */
    stage_run(&copy, 5 * DAY);
    struct tank_view one = stage_view(&a), other = stage_view(&copy);
    assert_memory_equal(&one, &other, sizeof one);
}

static uint64_t draw(struct stage *s, uint64_t below)
{
    stage_noise(s);
    return (s->random >> 20) % below;
}

static struct reading any_reading(struct stage *s)
{
    static const double values[] = {0, 1, 20, -196, -150, 1e9, -1e9, 9e9, -9e9, 0.000001};
    switch (draw(s, 8)) {
    case 0:
        return ABSENT;
    case 1:
        return BAD;
    case 2:
        return (struct reading){.value = N(5), .quality = QUALITY_UNCERTAIN, .reason = REASON_MAINTENANCE};
    default:
        return GOOD(values[draw(s, sizeof values / sizeof *values)]);
    }
}

static void check_quantity(const struct tank_quantity *q)
{
    assert_int_equal(q->known, q->why == TANK_KNOWN);
    assert_false(q->known && q->at_least);
    if (q->known)
        assert_true(q->low <= q->value && q->value <= q->high);
}

/* Whatever comes, at whatever time, nothing breaks, and what is said is a value in its interval
 * or a reason. */
static void anything_may_come(void **state)
{
    (void)state;
    struct tank_vessel model;
    struct stage s;
    stage_model(&model);
    model.heat_capacity_j_k = N(120000);
    stage_open(&s, &model);
    static const int64_t steps[] = {0,          1,    MINUTE / 6, MINUTE, MINUTE,
                                    5 * MINUTE, HOUR, DAY,        -HOUR,  400 * DAY};
    for (int i = 0; i < 40000; i++) {
        if (draw(&s, 400) == 0) { /* for two days as it should be */
            s.level_cm = 20;
            stage_run(&s, 2 * DAY);
        }
        s.now_us += steps[draw(&s, i % 100 == 0 ? 10 : 7)];
        struct reading *fields[] = {&s.input.level, &s.input.temps[0], &s.input.temps[1],  &s.input.lid,
                                    &s.input.valve, &s.input.room,     &s.input.supply_bar};
        *fields[draw(&s, 7)] = any_reading(&s);
        tank_feed(&s.tank, s.now_us, &s.input);
        struct tank_view v = stage_view(&s);
        const struct tank_quantity *all[] = {
            &v.litres,       &v.boil_cm_day,    &v.boil_l_day,   &v.left_low_h,
            &v.left_empty_h, &v.left_150_h,     &v.left_135_h,   &v.vacuum_index,
            &v.fill_every_h, &v.fill_takes_min, &v.since_fill_h, &v.used_l_day,
            &v.used_l_month, &v.lid_open_min,   &v.lid_day_min,  &v.lid_warmed_k};
        for (unsigned k = 0; k < sizeof all / sizeof *all; k++)
            check_quantity(all[k]);
    }
    s.now_us = INT64_MAX;
    tank_feed(&s.tank, s.now_us, &s.input);
    stage_view(&s);
}

static void names(void **state)
{
    (void)state;
    for (int i = 0; i < TANK_WHY_COUNT; i++)
        assert_string_not_equal(tank_why_name((enum tank_why)i), "?");
    assert_string_equal(tank_why_name(TANK_WHY_COUNT), "?");
    assert_string_equal(tank_phase_name(TANK_SETTLING), "settling");
    assert_string_equal(tank_vacuum_name(TANK_VACUUM_FAILING), "failing");
    assert_string_equal(tank_cause_name(TANK_CAUSE_ICE), "ice");
    assert_string_equal(tank_cause_name((enum tank_cause)99), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_known_at_first),
                                       cmocka_unit_test(a_sawtooth_has_its_phases),
                                       cmocka_unit_test(fills_are_seen_without_a_valve),
                                       cmocka_unit_test(boil_off_and_time_left),
                                       cmocka_unit_test(at_and_below_the_limits),
                                       cmocka_unit_test(dry_though_the_level_does_not_say_so),
                                       cmocka_unit_test(warm_without_a_level),
                                       cmocka_unit_test(empty_and_cold),
                                       cmocka_unit_test(what_is_missing_takes_away_what_needs_it),
                                       cmocka_unit_test(after_a_gap_it_begins_anew),
                                       cmocka_unit_test(while_the_daemon_stood_nothing_was_read),
                                       cmocka_unit_test(the_same_readings_give_the_same_answers),
                                       cmocka_unit_test(anything_may_come),
                                       cmocka_unit_test(names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
