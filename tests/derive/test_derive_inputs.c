/* What a reading is in its role, and what can't be told: levels beyond the vessel, switches that do not know,
 * numbers that do not fit;
 * and news that nobody fetches. */
#include "hall_stage.h"

#include <math.h>
#include <stdlib.h>

/* A level above the upper end is none, and ends nothing. */
static void a_level_beyond_the_vessel(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    int volume = site_point(&s->site, 0, TANK_POINT_VOLUME, BOUND_VALUE);
    derive_ready(s->derive);
    stage_run(s, 1);
    assert_int_equal(s->heard.readings[volume].quality, QUALITY_GOOD);
    s->level_cm[0] = 110;
    stage_run(s, 0.02);
    assert_int_equal(s->heard.readings[volume].quality, QUALITY_BAD);
    assert_int_equal(s->heard.readings[volume].reason, REASON_INPUT_BAD);
    stage_close(s);
}

static void nobody_fetches(void **state)
{
    (void)state;
    struct stage *s = stage_open(), *other = stage_open();
    struct derived_news news;
    unsigned n = 0, *seen = calloc(SITE_POINTS, sizeof *seen), fills = 0;
    derive_ready(s->derive);
    derive_ready(other->derive);
    stage_run(other, 12);
    for (int i = 0; i < 12 * 1440; i++) { /* the same, without looking at what it says */
        s->now.boot_us += MINUTE;
        s->now.utc_us += MINUTE;
        stage_move(s);
        for (unsigned k = 0; k < SITE_TANKS; k++) {
            int first = (int)k * SITE_INPUTS;
            site_take(s->derive, s->now, first + SITE_VALVE, s->filling[k]);
            site_take(s->derive, s->now, first + SITE_LEVEL, s->level_cm[k] + stage_noise(s));
        }
        derive_look(s->derive, s->now);
    }
    while (derive_next(s->derive, &news)) {
        n++;
        fills += news.kind == DERIVED_FILLED;
        if (news.kind == DERIVED_READING)
            assert_int_equal(seen[news.reading.point]++, 0);
    }
    assert_true(fills > 0 && n < 2000);
    /* what found no room is told later */
    derive_look(s->derive, (struct stamp){s->now.boot_us + 2 * MINUTE, s->now.utc_us + 2 * MINUTE});
    while (derive_next(s->derive, &news))
        fills += news.kind == DERIVED_FILLED;
    unsigned told = 0;
    for (unsigned i = 0; i < SITE_TANKS; i++)
        told += other->heard.n_fills[i];
    assert_int_equal(fills, told);
    free(seen);
    stage_close(s);
    stage_close(other);
}

/* A number that 32 bits don't hold is not told as another one. */
static void too_large(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    int volume = site_point(&s->site, 0, TANK_POINT_VOLUME, BOUND_VALUE);
    s->site.points[volume].format.decimals = 6;
    derive_free(s->derive);
    s->site.vessels[0].model.shape[1].litres = N(48000);
    assert_int_equal(derive_create(&s->site.config, s->now, &s->derive), 0);
    derive_ready(s->derive);
    stage_run(s, 0.1);
    assert_int_equal(s->heard.readings[volume].quality, QUALITY_BAD);
    assert_int_equal(s->heard.readings[volume].reason, REASON_OVER_RANGE);
    stage_close(s);
}

/* A switch that says "fault" is neither open nor closed. */
static void a_lid_that_does_not_know(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    int open = site_point(&s->site, 0, TANK_POINT_LID_OPEN, BOUND_VALUE);
    s->site.vessels[0].lid.n_off = 1; /* 0 is closed, 1 open, and 2 neither */
    s->site.vessels[0].lid.off[0] = 0;
    derive_ready(s->derive);
    stage_run(s, 0.01);
    assert_int_equal(s->heard.readings[open].quality, QUALITY_GOOD);
    stage_pass(s, 2 * MINUTE);
    stage_take(s, SITE_LID, 2);
    derive_look(s->derive, s->now);
    site_hear(s->derive, &s->heard);
    assert_int_equal(s->heard.readings[open].quality, QUALITY_BAD);
    assert_int_equal(s->heard.readings[open].reason, REASON_INPUT_BAD);
    stage_close(s);
}

/* A level, and a stock, that can't be read any more: what was derived of them does not stand there as good
 * until a minute is over. One reading that fails takes nothing away at once. */
static void an_input_that_is_lost(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    int volume = site_point(&s->site, 0, TANK_POINT_VOLUME, BOUND_VALUE);
    int phase = site_point(&s->site, 0, TANK_POINT_PHASE, BOUND_VALUE);
    int days = s->site.supply.points[SUPPLY_POINT_DAYS_LEFT][BOUND_VALUE];
    for (int i = 0; i < SITE_MEASURED; i++)
        s->site.models[i].stale_after_ms = 10000;
    derive_free(s->derive);
    assert_int_equal(derive_create(&s->site.config, s->now, &s->derive), 0);
    stage_run(s, 6);
    derive_ready(s->derive);
    for (int i = 0; i < 83; i++) {
        const bool lost = i >= 70;
        stage_pass(s, 1000000);
        stage_take(s, SITE_LEVEL, lost ? NAN : s->level_cm[0]);
        stage_take(s, SITE_STOCK, lost ? NAN : s->stock_l);
        derive_look(s->derive, s->now);
        site_hear(s->derive, &s->heard);
        if (i >= 65 && i < 72) {
            assert_int_equal(s->heard.readings[volume].quality, QUALITY_GOOD);
            assert_int_equal(s->heard.readings[phase].quality, QUALITY_GOOD);
            assert_int_equal(s->heard.readings[days].quality, QUALITY_GOOD);
        }
    }
    assert_int_equal(s->heard.readings[volume].quality, QUALITY_BAD);
    assert_int_equal(s->heard.readings[volume].reason, REASON_INPUT_BAD);
    assert_int_equal(s->heard.readings[phase].quality, QUALITY_BAD);
    assert_int_equal(s->heard.readings[phase].reason, REASON_INPUT_BAD);
    assert_int_equal(s->heard.readings[days].quality, QUALITY_BAD);
    assert_int_equal(s->heard.readings[days].reason, REASON_INPUT_BAD);
    stage_close(s);
}

/* A role may scale, and an uncertain reading is not learned from. */
static void roles(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    int level = SITE_LEVEL, volume = site_point(&s->site, 0, TANK_POINT_VOLUME, BOUND_VALUE);
    derive_free(s->derive);
    s->site.vessels[0].level.num = 254; /* inches */
    s->site.vessels[0].level.den = 100;
    assert_int_equal(derive_create(&s->site.config, s->now, &s->derive), 0);
    assert_true(derive_wants(s->derive, (uint16_t)level));
    assert_false(derive_wants(s->derive, (uint16_t)volume));
    derive_ready(s->derive);
    site_take(s->derive, s->now, level, 10);
    derive_look(s->derive, s->now);
    site_hear(s->derive, &s->heard);
    assert_int_equal(s->heard.readings[volume].value, N(152.4)); /* 25.4 cm, 6 L each */
    assert_int_equal(s->heard.readings[volume].raw, 1524);
    struct reading doubtful = {.value = N(10), .quality = QUALITY_UNCERTAIN, .reason = REASON_MAINTENANCE};
    s->now.boot_us += MINUTE;
    derive_take(s->derive, s->now, (uint16_t)level, &doubtful);
    derive_look(s->derive, s->now);
    site_hear(s->derive, &s->heard);
    assert_int_equal(s->heard.readings[volume].reason, REASON_INPUT_BAD);
    stage_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_level_beyond_the_vessel),
        cmocka_unit_test(nobody_fetches),
        cmocka_unit_test(too_large),
        cmocka_unit_test(a_lid_that_does_not_know),
        cmocka_unit_test(an_input_that_is_lost),
        cmocka_unit_test(roles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
