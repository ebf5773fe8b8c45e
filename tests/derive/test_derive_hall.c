/* A hall that does what the test says: fills that appear elsewhere, supplies that run out, readings that are
 * lost. No physics. */
#include "derive_site.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define INEFFECTIVE 2 /* alarms of a tank: bits of its flags */
#define OVERDUE     4

struct stage {
    struct site site;
    struct derive *derive;
    struct heard heard;
    struct derive *recalled; /* NULL, or one that is told the same, and is not ready */
    struct stamp now;
    double level_cm[SITE_TANKS], top_c[SITE_TANKS], stock_l, lost_l_day;
    bool stuck[SITE_TANKS];           /* its level probe */
    bool filling[SITE_TANKS], closed; /* the main valve */
    bool off[SITE_TANKS];             /* its controller */
    bool silent;                      /* nothing is read any more */
    bool spread;                      /* levels come half a minute after valves */
    uint64_t random;
};

static struct stage *stage_open(void)
{
    struct stage *s = calloc(1, sizeof *s);
    assert_non_null(s);
    site_open(&s->site, 1);
    for (unsigned i = 0; i < SITE_TANKS; i++) {
        struct vessel_config *c = &s->site.vessels[i];
        tank_vessel_init(&c->model);
        c->model.n_shape = 2;
        c->model.shape[1] = (struct tank_height){N(80), N(480)};
        c->model.low_cm = N(13);
        c->model.high_cm = N(23);
        c->model.fill_start_cm = N(15);
        c->model.fill_stop_cm = N(20);
        c->valve = (struct role){.point = (int)i * SITE_INPUTS + SITE_VALVE, .n_states = 1, .states = {1}};
        s->level_cm[i] = 15.5 + i;
        s->top_c[i] = -186;
    }
    s->stock_l = 3000;
    s->random = 1;
    s->now = (struct stamp){.boot_us = DAY, .utc_us = INT64_C(1790000000) * SECOND};
    heard_clear(&s->heard);
    assert_int_equal(derive_create(&s->site.config, s->now, &s->derive), 0);
    return s;
}

static void stage_close(struct stage *s)
{
    derive_free(s->derive);
    derive_free(s->recalled);
    site_close(&s->site);
    free(s);
}

static double noise(struct stage *s)
{
    s->random = s->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return ((double)(s->random >> 40) / (double)(1 << 24) - 0.5) * 0.08;
}

static void move(struct stage *s)
{
    for (unsigned i = 0; i < SITE_TANKS; i++) {
        s->level_cm[i] -= s->stuck[i] ? 0 : 2.0 / 1440;
        if (s->level_cm[i] <= 15)
            s->filling[i] = true;
        if (s->level_cm[i] >= 20 || s->off[i])
            s->filling[i] = false;
        if (s->filling[i] && !s->closed) {
            s->level_cm[i] += 0.25;
            s->stock_l -= 1.5;
        }
    }
    s->stock_l -= s->lost_l_day / 1440;
}

/* NAN: it could not be read. */
static void take(struct stage *s, int point, double value)
{
    struct derive *const both[] = {s->derive, s->recalled};
    for (unsigned i = 0; i < 2 && both[i] != NULL; i++) {
        if (isnan(value))
            site_take_bad(both[i], s->now, point);
        else
            site_take(both[i], s->now, point, value);
    }
}

static void pass(struct stage *s, int64_t us)
{
    s->now.boot_us += us;
    s->now.utc_us += us;
}

static void stage_step(struct stage *s)
{
    pass(s, s->spread ? MINUTE / 2 : MINUTE);
    move(s);
    for (unsigned i = 0; i < SITE_TANKS && !s->silent; i++) {
        int first = (int)i * SITE_INPUTS;
        take(s, first + SITE_TOP, s->top_c[i]);
        take(s, first + SITE_LID, 0);
        take(s, first + SITE_VALVE, s->filling[i]);
    }
    pass(s, s->spread ? MINUTE / 2 : 0);
    for (unsigned i = 0; i < SITE_TANKS && !s->silent; i++)
        take(s, (int)i * SITE_INPUTS + SITE_LEVEL,
             s->site.no_level[i] ? NAN : s->level_cm[s->site.probe_of[i]] + noise(s));
    if (!s->silent) {
        take(s, SITE_STOCK, s->stock_l);
        take(s, SITE_BAR, 1.5);
        take(s, SITE_ROOM, 21);
    }
    site_hear(s->derive, &s->heard);
    derive_look(s->derive, s->now);
    if (s->recalled != NULL)
        derive_look(s->recalled, s->now);
    site_hear(s->derive, &s->heard);
}

static void stage_run(struct stage *s, double days)
{
    for (int i = 0; i < (int)(days * 1440); i++)
        stage_step(s);
}

static int of_supply(const struct stage *s, unsigned alarm)
{
    return s->heard.conditions[s->site.supply.alarms[alarm]];
}

static int of_tank(const struct stage *s, unsigned tank, unsigned alarm)
{
    return s->heard.conditions[site_alarm(&s->site, tank, alarm)];
}

static void a_fill_on_another_probe(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    char text[200];
    derive_ready(s->derive);
    stage_run(s, 0.01);
    assert_int_equal(of_tank(s, 2, TANK_ALARM_MAPPING), -1); /* no fill has shown it */
    stage_run(s, 10);
    assert_int_equal(of_tank(s, 0, TANK_ALARM_MAPPING), 0);
    s->site.probe_of[0] = 1;
    s->site.probe_of[1] = 0;
    stage_run(s, 10);
    assert_int_equal(of_tank(s, 0, TANK_ALARM_MAPPING), 1);
    assert_int_equal(of_tank(s, 1, TANK_ALARM_MAPPING), 1);
    assert_int_equal(of_tank(s, 2, TANK_ALARM_MAPPING), 0);
    uint16_t alarm = (uint16_t)site_alarm(&s->site, 0, TANK_ALARM_MAPPING);
    derive_words(s->derive, alarm, LANGUAGE_EN, text, sizeof text);
    assert_string_equal(text, "the fill appeared in Tank 2");
    derive_words(s->derive, alarm, LANGUAGE_ZH, text, sizeof text);
    assert_string_equal(text, "补液出现在 罐 2");
    derive_words(s->derive, alarm, LANGUAGE_ZH, text, 12); /* cut between characters */
    assert_string_equal(text, "补液出");
    struct hall_view view;
    derive_supply(s->derive, 0, &view);
    assert_int_equal(view.suspect_valve, 0);
    assert_int_equal(view.suspect_probe, 1);
    s->site.no_level[0] = true; /* nothing is proven */
    stage_run(s, 5);
    assert_int_equal(of_tank(s, 0, TANK_ALARM_MAPPING), 1);
    s->site.no_level[0] = false;
    s->site.probe_of[0] = 0;
    s->site.probe_of[1] = 1;
    stage_run(s, 10);
    assert_int_equal(of_tank(s, 0, TANK_ALARM_MAPPING), 0);
    stage_close(s);
}

static void no_tank_is_filled(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    char text[200];
    derive_ready(s->derive);
    stage_run(s, 12);
    assert_int_equal(of_supply(s, SUPPLY_ALARM_NO_FILLS), 0);
    s->closed = true;
    stage_run(s, 3);
    assert_int_equal(of_supply(s, SUPPLY_ALARM_NO_FILLS), 1);
    assert_int_equal(of_tank(s, 0, 2), 1); /* the valve is open, and nothing comes */
    derive_words(s->derive, (uint16_t)s->site.supply.alarms[SUPPLY_ALARM_NO_FILLS], LANGUAGE_EN, text,
                 sizeof text);
    assert_non_null(strstr(text, "no tank filled for "));
    assert_non_null(strstr(text, "tanks that wait for a fill: "));
    for (unsigned i = 0; i < SITE_TANKS; i++)
        s->site.no_level[i] = true;
    stage_run(s, 1);
    assert_int_equal(of_supply(s, SUPPLY_ALARM_NO_FILLS), 1);
    assert_int_equal(of_tank(s, 0, 2), 1);
    for (unsigned i = 0; i < SITE_TANKS; i++)
        s->site.no_level[i] = false;
    for (int i = 0; i < 60; i++) { /* levels are there again, and still nothing comes */
        stage_run(s, 1.0 / 1440);
        assert_int_equal(of_supply(s, SUPPLY_ALARM_NO_FILLS), 1);
    }
    s->closed = false;
    stage_run(s, 1);
    assert_int_equal(of_supply(s, SUPPLY_ALARM_NO_FILLS), 0);
    assert_int_equal(of_tank(s, 0, 2), 0);
    assert_int_equal(of_tank(s, 0, 6), 0);
    stage_close(s);
}

/* As after a restart: that nothing comes must be found again, and until then it is not known to be over. */
static void valves_that_are_open_are_no_fills(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    derive_ready(s->derive);
    s->closed = true;
    for (unsigned i = 0; i < SITE_TANKS; i++) {
        s->filling[i] = true;
        s->level_cm[i] = 18;
    }
    stage_run(s, 0.008);
    assert_int_equal(of_supply(s, SUPPLY_ALARM_NO_FILLS), -1);
    stage_run(s, 0.04);
    assert_int_equal(of_supply(s, SUPPLY_ALARM_NO_FILLS), 1);
    s->closed = false;
    stage_run(s, 0.02);
    assert_int_equal(of_supply(s, SUPPLY_ALARM_NO_FILLS), 0);
    stage_close(s);
}

/* The record was read each minute; now twenty times as often, so its readings would be too old at once. */
static void a_record_of_slower_readings_is_recalled(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    for (unsigned i = 0; i < s->site.config.n_points; i++)
        s->site.models[i].stale_after_ms = 6000;
    derive_free(s->derive);
    assert_int_equal(derive_create(&s->site.config, s->now, &s->derive), 0);
    stage_run(s, 12);
    s->closed = true;
    stage_run(s, 4);
    derive_ready(s->derive);
    derive_look(s->derive, s->now);
    site_hear(s->derive, &s->heard);
    assert_int_equal(of_tank(s, 0, 2), 1);
    assert_int_equal(of_supply(s, SUPPLY_ALARM_NO_FILLS), 1);
    stage_close(s);
}

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

/* A controller that gives up closes the valve: nothing has come all the same. */
static void an_empty_fill_is_not_over_with_the_valve(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    derive_ready(s->derive);
    stage_run(s, 10);
    while (s->filling[0] || s->level_cm[0] > 15.01)
        stage_step(s);
    s->closed = true;
    stage_run(s, 0.2);
    assert_int_equal(of_tank(s, 0, 2), 1);
    s->off[0] = true;
    stage_run(s, 0.2);
    assert_int_equal(of_tank(s, 0, 2), 1);
    s->closed = s->off[0] = false;
    stage_run(s, 1);
    assert_int_equal(of_tank(s, 0, 2), 0);
    stage_close(s);
}

/* The one that has learned the past takes over, as after the start or a reload; nothing was told by it. */
static void take_over(struct stage *s)
{
    derive_free(s->derive);
    s->derive = s->recalled;
    s->recalled = NULL;
    heard_clear(&s->heard);
    derive_ready(s->derive);
}

/* The file says that devices are asked more often from now on: what the record has, came less often, and was
 * good all the same. */
static void a_shorter_interval_takes_nothing_from_the_record(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    derive_ready(s->derive);
    for (unsigned i = 0; i < SITE_MEASURED; i++)
        s->site.models[i].stale_after_ms = 6000;
    assert_int_equal(derive_create(&s->site.config, s->now, &s->recalled), 0);
    s->spread = true;
    stage_run(s, 12);
    s->closed = true;
    stage_run(s, 4);
    assert_int_equal(of_tank(s, 0, INEFFECTIVE), 1);
    assert_int_equal(of_tank(s, 0, OVERDUE), 1);
    take_over(s);
    stage_step(s);
    assert_int_equal(of_tank(s, 0, INEFFECTIVE), 1);
    assert_int_equal(of_tank(s, 0, OVERDUE), 1);
    assert_int_equal(of_supply(s, SUPPLY_ALARM_NO_FILLS), 1);
    stage_close(s);
}

/* Nothing was read for longer than anything lasts; the valves are as open as before. */
static void an_outage_ends_no_alarm(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    derive_ready(s->derive);
    stage_run(s, 12);
    s->closed = true;
    s->level_cm[2] = 22;
    s->filling[2] = false;
    stage_run(s, 3);
    assert_int_equal(of_supply(s, SUPPLY_ALARM_NO_FILLS), 1);
    /* of the record there is only the last hour */
    assert_int_equal(derive_create(&s->site.config, s->now, &s->recalled), 0);
    stage_run(s, 1.0 / 24);
    pass(s, 40 * MINUTE);
    take_over(s);
    for (int i = 0; i < 60; i++) {
        stage_step(s);
        assert_int_not_equal(of_supply(s, SUPPLY_ALARM_NO_FILLS), 0);
        for (unsigned k = 0; k < SITE_TANKS; k++) {
            if (s->filling[k])
                assert_int_not_equal(of_tank(s, k, INEFFECTIVE), 0);
        }
    }
    s->closed = false;
    stage_run(s, 1);
    assert_int_equal(of_supply(s, SUPPLY_ALARM_NO_FILLS), 0);
    assert_int_equal(of_tank(s, 0, INEFFECTIVE), 0);
    stage_close(s);
}

/* All are above their starts, and their valves are seen closed: nobody waits, though nothing was filled. */
static void nobody_waits(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    derive_ready(s->derive);
    for (unsigned i = 0; i < SITE_TANKS; i++)
        s->level_cm[i] = 18;
    stage_run(s, 0.05);
    assert_int_equal(of_supply(s, SUPPLY_ALARM_NO_FILLS), 0);
    stage_close(s);
    s = stage_open();
    derive_ready(s->derive);
    for (unsigned i = 0; i < SITE_TANKS; i++)
        s->level_cm[i] = i == 0 ? 14.9 : 18;
    s->closed = true;
    stage_run(s, 0.005); /* one waits, and not yet for long */
    assert_int_equal(of_supply(s, SUPPLY_ALARM_NO_FILLS), -1);
    stage_close(s);
}

static void the_supply_runs_short(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    char text[200];
    derive_ready(s->derive);
    s->lost_l_day = 100;
    stage_run(s, 6);
    assert_int_equal(of_supply(s, SUPPLY_ALARM_SHORT), 0);
    while (of_supply(s, SUPPLY_ALARM_SHORT) != 1 && s->stock_l > 0)
        stage_step(s);
    assert_in_range((int)s->stock_l, 550, 900);
    derive_words(s->derive, (uint16_t)s->site.supply.alarms[SUPPLY_ALARM_SHORT], LANGUAGE_EN, text,
                 sizeof text);
    assert_non_null(strstr(text, " d ("));
    assert_non_null(strstr(text, "left to the reserve; drawn 1"));
    s->silent = true;
    stage_run(s, 1);
    assert_int_equal(of_supply(s, SUPPLY_ALARM_SHORT), 1);
    s->silent = false;
    s->stock_l = 3000;
    stage_run(s, 0.1);
    assert_int_equal(of_supply(s, SUPPLY_ALARM_SHORT), 0);
    stage_close(s);
}

/* What is not read any more is not believed for ever, though nobody says that it is bad. */
static void silence(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    int volume = site_point(&s->site, 0, TANK_POINT_VOLUME, BOUND_VALUE);
    derive_ready(s->derive);
    s->silent = true;
    stage_run(s, 0.01);
    assert_int_equal(of_supply(s, SUPPLY_ALARM_SHORT), -1);
    s->silent = false;
    stage_run(s, 1);
    assert_int_equal(s->heard.readings[volume].quality, QUALITY_GOOD);
    s->silent = true;
    stage_run(s, 0.02);
    assert_int_equal(s->heard.readings[volume].quality, QUALITY_BAD);
    assert_int_equal(s->heard.readings[volume].reason, REASON_INPUT_BAD);
    stage_close(s);
}

/* A tank that is on its way to its next fill is well; one that was not filled is not. */
static void time_left_is_told_outside_the_sawtooth(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    for (unsigned i = 0; i < SITE_TANKS; i++)
        s->site.vessels[i].time_left_ms[0] = UINT32_C(30) * 24 * 3600 * 1000; /* always less than that */
    derive_ready(s->derive);
    stage_run(s, 12);
    assert_int_equal(of_tank(s, 0, TANK_ALARM_TIME_MEDIUM), 0);
    assert_int_equal(s->heard.raised[site_alarm(&s->site, 0, TANK_ALARM_TIME_MEDIUM)], 0);
    s->closed = true;
    stage_run(s, 3);
    assert_int_equal(of_tank(s, 0, TANK_ALARM_TIME_MEDIUM), 1);
    assert_int_equal(of_tank(s, 0, TANK_ALARM_TIME_HIGH), 0);
    assert_int_equal(of_tank(s, 0, TANK_ALARM_TIME_CRITICAL), 0);
    struct tank_quantity left;
    assert_true(derive_time_left(s->derive, s->site.vessels[0].asset, &left));
    assert_false(derive_time_left(s->derive, s->site.supply.asset, &left));
    stage_run(s, 6);
    assert_int_equal(of_tank(s, 0, TANK_ALARM_TIME_HIGH), 1);
    assert_int_equal(of_tank(s, 0, TANK_ALARM_TIME_CRITICAL), 1);
    s->site.no_level[0] = true;
    stage_run(s, 1);
    assert_int_equal(of_tank(s, 0, TANK_ALARM_TIME_CRITICAL), 1);
    s->site.no_level[0] = false;
    s->closed = false;
    stage_run(s, 1);
    assert_int_equal(of_tank(s, 0, TANK_ALARM_TIME_MEDIUM), 0);
    assert_int_equal(of_tank(s, 0, TANK_ALARM_TIME_CRITICAL), 0);
    stage_close(s);
}

/* Its probe is stuck at a good height, and the vessel warms: that is told before it is too late. */
static void a_stuck_level_hides_no_warming(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    s->site.vessels[0].time_left_ms[1] = UINT32_C(48) * 3600 * 1000;
    derive_ready(s->derive);
    stage_run(s, 12);
    while (s->filling[0] || s->level_cm[0] < 17)
        stage_step(s);
    assert_int_equal(of_tank(s, 0, TANK_ALARM_TIME_HIGH), 0);
    s->stuck[0] = true;
    while (s->top_c[0] < -165) { /* 0.4 K an hour */
        s->top_c[0] += 0.4 / 60;
        stage_step(s);
    }
    assert_int_equal(of_tank(s, 0, TANK_ALARM_TIME_HIGH), 1); /* 38 h */
    assert_int_equal(s->heard.readings[site_point(&s->site, 0, TANK_POINT_BOIL_OFF, BOUND_VALUE)].quality,
                     QUALITY_BAD);
    s->top_c[0] = -100;
    stage_run(s, 0.01);
    assert_int_equal(of_tank(s, 0, TANK_ALARM_TIME_CRITICAL), 1);
    stage_close(s);
}

/* A state is told when it changes, not at the next minute. */
static void a_fill_is_told_at_once(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    int phase = site_point(&s->site, 0, TANK_POINT_PHASE, BOUND_VALUE);
    derive_ready(s->derive);
    stage_run(s, 3);
    while (s->filling[0])
        stage_step(s);
    stage_run(s, 0.1);
    struct stamp at = {s->now.boot_us + SECOND, s->now.utc_us + SECOND};
    site_take(s->derive, at, SITE_VALVE, 1);
    site_hear(s->derive, &s->heard);
    assert_int_equal(s->heard.readings[phase].raw, TANK_FILLING);
    assert_int_equal(s->heard.at_us[phase], at.boot_us);
    at.boot_us += SECOND;
    site_take(s->derive, at, SITE_VALVE, 0);
    site_hear(s->derive, &s->heard);
    assert_int_equal(s->heard.readings[phase].raw, TANK_SETTLING);
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
        move(s);
        for (unsigned k = 0; k < SITE_TANKS; k++) {
            int first = (int)k * SITE_INPUTS;
            site_take(s->derive, s->now, first + SITE_VALVE, s->filling[k]);
            site_take(s->derive, s->now, first + SITE_LEVEL, s->level_cm[k] + noise(s));
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
    pass(s, 2 * MINUTE);
    take(s, SITE_LID, 2);
    derive_look(s->derive, s->now);
    site_hear(s->derive, &s->heard);
    assert_int_equal(s->heard.readings[open].quality, QUALITY_BAD);
    assert_int_equal(s->heard.readings[open].reason, REASON_INPUT_BAD);
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
        cmocka_unit_test(a_fill_on_another_probe),
        cmocka_unit_test(no_tank_is_filled),
        cmocka_unit_test(a_stuck_level_hides_no_warming),
        cmocka_unit_test(a_record_of_slower_readings_is_recalled),
        cmocka_unit_test(a_level_beyond_the_vessel),
        cmocka_unit_test(valves_that_are_open_are_no_fills),
        cmocka_unit_test(an_empty_fill_is_not_over_with_the_valve),
        cmocka_unit_test(a_shorter_interval_takes_nothing_from_the_record),
        cmocka_unit_test(an_outage_ends_no_alarm),
        cmocka_unit_test(nobody_waits),
        cmocka_unit_test(the_supply_runs_short),
        cmocka_unit_test(silence),
        cmocka_unit_test(time_left_is_told_outside_the_sawtooth),
        cmocka_unit_test(a_fill_is_told_at_once),
        cmocka_unit_test(nobody_fetches),
        cmocka_unit_test(too_large),
        cmocka_unit_test(a_lid_that_does_not_know),
        cmocka_unit_test(roles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
