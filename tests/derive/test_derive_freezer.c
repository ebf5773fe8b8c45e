/* Whole runs of cryosim's freezer through derive.h: what becomes of roles, alarms, readings and runs. */
#include "test.h"

#include "derive.h"
#include "freezer.h"
#include "model.h"
#include "program.h"
#include "run_report.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define K      MICRO_PER_UNIT
#define S      MICRO_PER_UNIT
#define STEP_S 0.5
#define UTC_US INT64_C(1795510000000000)
#define RUN_A  100 /* values of the status register; not those of cryosim */

enum { CHAMBER, SAMPLE, SETPOINT, SEGMENT, STATUS, DOOR, MAINS, LN2, N_INPUTS };
enum {
    ALARM_DEVIATION,
    ALARM_STALL,
    ALARM_NO_EXOTHERM = 3,
    ALARM_OVERSHOOT = 4,
    ALARM_LID = 5,
    ALARM_POWER = 6,
    ALARM_NO_DATA = 7,
    ALARM_LATE = 8,
    ALARM_LEFT = 9
};

struct site {
    struct config config;
    struct asset_config asset;
    struct alarm_config alarms[FREEZER_ALARM_COUNT];
    struct point_config points[N_INPUTS + FREEZER_POINT_COUNT];
    struct freezer_config freezer;
    struct program programs[2];
    struct program *list[2];
    struct derive *derive;
    struct freezer model;
    struct random_source random;
    double now_s;
    double second_c; /* of a second sample; 0: there is none */
    bool silent, door_bad;
    double chamber_off; /* what the chamber's probe shows more */
    long polls;         /* of the model's steps; 0: 4 */
    /* what was told */
    unsigned n_began, n_ended;
    int holds[FREEZER_ALARM_COUNT]; /* -1: nothing was told */
    struct reading readings[FREEZER_POINT_COUNT];
    struct freezer_record ended;
};

static struct stamp at(const struct site *site)
{
    return (struct stamp){(int64_t)(site->now_s * 1e6), UTC_US + (int64_t)(site->now_s * 1e6)};
}

static void act(struct site *site, const char *name, const char *value)
{
    char error[PARAM_ERROR_MAX];
    assert_int_equal(param_set(model_freezer.params, &site->model, name, value, true, error), 0);
}

static void fill_program(struct program *program, const char *id, const struct freezer_segment *segments)
{
    struct freezer_program *p = &program->steps;
    strcpy(program->id, id);
    strcpy(program->hash, "5e1b");
    freezer_program_init(p);
    p->n_steps = 4;
    for (int i = 0; i < 4; i++)
        p->steps[i] = (struct freezer_step){.kind = i % 3 ? FREEZER_STEP_RAMP : FREEZER_STEP_HOLD,
                                            .target = (micro_t)(segments[i].target_c * 1e6),
                                            .per_hour = (micro_t)(segments[i].rate_c_min * 60e6),
                                            .for_ms = (uint32_t)(segments[i].hold_s * 1000),
                                            .tolerance = 4 * K,
                                            .rate_tolerance = i == 1 ? 6 * K : FREEZER_NONE,
                                            .exotherm = i == 1,
                                            .segment = (uint16_t)(i + 1)};
    p->limits.deviation = 8 * K;
    p->limits.gap_us = 60 * K;
    p->limits.end = -80 * K;
    p->collect_within_ms = 1800000;
    p->cord_blood = true;
}

static void fill_config(struct site *site)
{
    struct freezer_config *f = &site->freezer;
    strcpy(site->asset.id, "freezer-1");
    for (int i = 0; i < N_INPUTS + FREEZER_POINT_COUNT; i++) {
        site->points[i].format.decimals = 1;
        site->points[i].device = i < N_INPUTS ? 0 : POINT_DERIVED;
    }
    for (int i = 0; i < N_INPUTS; i++)
        f->inputs[i] = (struct role){.point = i, .num = 1, .den = 1};
    for (int i = N_INPUTS; i < FREEZER_INPUTS; i++)
        f->inputs[i].point = ROLE_NONE;
    f->inputs[DOOR].n_states = f->inputs[MAINS].n_states = f->inputs[LN2].n_states = 1;
    f->inputs[DOOR].states[0] = 7;  /* open */
    f->inputs[MAINS].states[0] = 3; /* lost */
    f->inputs[LN2].states[0] = 1;
    f->n_phases = 4;
    for (int i = 0; i < 4; i++) {
        f->phases[i].value = RUN_A + i;
        f->phases[i].phase = (enum freezer_phase)i;
    }
    f->program = 0;
    f->setup = (struct freezer_setup){.has = 0xff,
                                      .gap_us = FREEZER_GAP_US,
                                      .lost_us = FREEZER_LOST_US,
                                      .deviation_after_us = FREEZER_AFTER_US,
                                      .due_us = FREEZER_NONE};
    f->n_expected = 1;
    f->late_after_ms = 1800000;
    for (int i = 0; i < FREEZER_POINT_COUNT; i++)
        f->points[i][BOUND_VALUE] = N_INPUTS + i;
    for (int i = 0; i < FREEZER_ALARM_COUNT; i++)
        f->alarms[i] = i;
    site->list[0] = &site->programs[0];
    site->list[1] = &site->programs[1];
    site->config = (struct config){.n_points = N_INPUTS + FREEZER_POINT_COUNT,
                                   .points = site->points,
                                   .n_assets = 1,
                                   .assets = &site->asset,
                                   .n_alarms = FREEZER_ALARM_COUNT,
                                   .alarms = site->alarms,
                                   .n_freezers = 1,
                                   .freezers = f,
                                   .n_programs = 2,
                                   .programs = site->list};
}

static const struct freezer_segment usual[] = {{0, 4, 300}, {1, -45, 0}, {10, -90, 0}, {0, -90, 600}};
static const struct freezer_segment other[] = {{0, 4, 300}, {2, -45, 0}, {10, -90, 0}, {0, -90, 600}};

static int open_site(void **state)
{
    struct site *site = calloc(1, sizeof *site);
    assert_non_null(site);
    fill_program(&site->programs[0], "usual", usual);
    fill_program(&site->programs[1], "other", other);
    fill_config(site);
    for (int i = 0; i < FREEZER_ALARM_COUNT; i++)
        site->holds[i] = -1;
    random_seed(&site->random, 7, "test");
    model_freezer.init(&site->model);
    site->model.n_segments = 4;
    memcpy(site->model.segments, usual, sizeof usual);
    model_freezer.start(&site->model, &site->random);
    assert_int_equal(derive_create(&site->config, at(site), &site->derive), 0);
    *state = site;
    return 0;
}

static int close_site(void **state)
{
    struct site *site = *state;
    derive_free(site->derive);
    free(site);
    return 0;
}

static void listen(struct site *site)
{
    struct derived_news news;
    while (derive_next(site->derive, &news)) {
        if (news.kind == DERIVED_RUN_BEGAN)
            site->n_began++;
        else if (news.kind == DERIVED_CONDITION)
            site->holds[news.condition.alarm] = news.condition.holds;
        else if (news.kind == DERIVED_READING)
            site->readings[news.reading.point - N_INPUTS] = news.reading.reading;
        else if (news.kind == DERIVED_RUN_ENDED) {
            site->n_ended++;
            assert_non_null(derive_last_run(site->derive, 0));
            site->ended = derive_last_run(site->derive, 0)->record;
        }
    }
}

static void give(struct site *site, int point, double value, bool bad)
{
    const struct reading reading = {.value = (micro_t)llround(value * 10) * 100000,
                                    .quality = bad ? QUALITY_BAD : QUALITY_GOOD};
    if (site->silent)
        return;
    derive_take(site->derive, at(site), (uint16_t)point, &reading);
    listen(site);
}

static int status_of(const struct freezer *f)
{
    return RUN_A + (f->status == FREEZER_RUN        ? FREEZER_STATUS_RUNNING
                    : freezer_running(f)            ? FREEZER_STATUS_HELD
                    : f->status == FREEZER_COMPLETE ? FREEZER_STATUS_COMPLETE
                                                    : FREEZER_STATUS_IDLE);
}

static void go(struct site *site, double for_s)
{
    const struct freezer *f = &site->model;
    const double end_s = site->now_s + for_s;
    for (long i = 0; site->now_s < end_s; i++) {
        model_freezer.step(&site->model, STEP_S, &site->random);
        site->now_s += STEP_S;
        if (i % 2 == 1) {
            derive_look(site->derive, at(site));
            listen(site);
        }
        const long polls = site->polls > 0 ? site->polls : 4;
        if (i % polls != polls - 1)
            continue;
        give(site, STATUS, status_of(f), false);
        give(site, SEGMENT, freezer_segment_number(f), false);
        give(site, SETPOINT, f->setpoint_c, false);
        give(site, DOOR, f->door ? 7 : 0, site->door_bad);
        give(site, MAINS, 0, false);
        site->second_c += site->second_c != 0 ? (f->chamber_sensor.reading - site->second_c) / 60 : 0;
        give(site, LN2, site->second_c, false);
        give(site, CHAMBER, f->chamber_sensor.reading + site->chamber_off, false);
        give(site, SAMPLE, f->sample_sensor.reading, false);
    }
}

static void start(struct site *site)
{
    derive_ready(site->derive);
    go(site, 600);
    act(site, "start", "");
}

/* ---------------------------------------------------------------- tests */

static void a_run_is_told_once(void **state)
{
    struct site *site = *state;
    struct freezer_verdict v;
    derive_ready(site->derive);
    go(site, 600);
    assert_int_equal(site->n_began, 0);
    assert_int_equal(site->readings[FREEZER_POINT_RUN].value, 0);
    assert_int_equal(site->readings[FREEZER_POINT_RUN_TIME].reason, REASON_NO_RUN);
    assert_int_equal(site->readings[FREEZER_POINT_STEP].reason, REASON_NO_RUN);
    act(site, "start", "");
    go(site, 1200);
    assert_int_equal(site->n_began, 1);
    assert_int_equal(site->readings[FREEZER_POINT_RUN].value, 1 * K);
    assert_int_equal(site->readings[FREEZER_POINT_STEP].value, 2 * K);
    assert_in_range(site->readings[FREEZER_POINT_RUN_TIME].value, 19 * K, 20 * K);
    assert_int_equal(site->readings[FREEZER_POINT_DEVIATION].quality, QUALITY_GOOD);
    go(site, 4000);
    assert_int_equal(site->n_began, 1);
    assert_int_equal(site->n_ended, 1);
    assert_int_equal(site->ended.how, FREEZER_END_COMPLETE);
    assert_int_equal(site->readings[FREEZER_POINT_RUN].value, 2 * K);
    freezer_record_judge(&site->ended, &site->programs[0].steps, &v);
    assert_int_equal(v.kind, FREEZER_WITHIN_LIMITS);
    for (int i = 0; i < FREEZER_ALARM_COUNT; i++)
        assert_int_not_equal(site->holds[i], 1);
}

static void what_was_before_is_not_told(void **state)
{
    struct site *site = *state;
    go(site, 600);
    act(site, "start", "");
    go(site, 1200);
    assert_int_equal(site->n_began, 0);
    derive_ready(site->derive);
    go(site, 10);
    assert_int_equal(site->n_began, 0); /* but it is known */
    assert_true(derive_run(site->derive, 0)->is_running);
    assert_true(derive_run(site->derive, 0)->record.begin_known);
    assert_int_equal(site->readings[FREEZER_POINT_RUN].value, 1 * K);
    go(site, 4000);
    assert_int_equal(site->n_ended, 1);
    assert_int_equal(site->ended.how, FREEZER_END_COMPLETE);
}

/* It was stopped, and the last readings before the start are not in the record. */
static void the_record_alone_ends_no_alarm(void **state)
{
    struct site *site = *state;
    go(site, 600);
    act(site, "start", "");
    go(site, 1200);
    derive_ready(site->derive);
    site->silent = true;
    go(site, 5);
    for (int i = 0; i < FREEZER_ALARM_COUNT; i++)
        assert_int_equal(site->holds[i], -1);
    act(site, "reset", "");
    site->silent = false;
    give(site, STATUS, RUN_A + FREEZER_STATUS_IDLE, false);
    assert_int_equal(site->holds[ALARM_LEFT], 1);
    assert_int_equal(site->holds[ALARM_LID], 0);
}

/* As a reload makes it, when the record can't be read: alarms stand as they were. */
static void forget(struct site *site)
{
    derive_free(site->derive);
    assert_int_equal(derive_create(&site->config, at(site), &site->derive), 0);
    derive_ready(site->derive);
    for (int i = 0; i < FREEZER_ALARM_COUNT; i++)
        site->holds[i] = -1;
}

/* Off its program, but for how long is not known: that ends no alarm. */
static void what_was_not_seen_long_enough_ends_nothing(void **state)
{
    struct site *site = *state;
    start(site);
    go(site, 900);
    assert_int_equal(site->holds[ALARM_DEVIATION], 0);
    site->chamber_off = 6;
    go(site, 60);
    assert_int_equal(site->holds[ALARM_DEVIATION], 1);
    forget(site);
    for (int i = 0; i < 30 && site->holds[ALARM_DEVIATION] != 1; i++) {
        go(site, 2);
        assert_int_not_equal(site->holds[ALARM_DEVIATION], 0);
        assert_int_not_equal(site->holds[ALARM_STALL], 0);
    }
    assert_int_equal(site->holds[ALARM_DEVIATION], 1);
    assert_int_equal(site->holds[ALARM_OVERSHOOT], 0);
    site->chamber_off = 0;
    go(site, 20);
    assert_int_equal(site->holds[ALARM_DEVIATION], 0);
    assert_int_equal(site->holds[ALARM_STALL], -1); /* since when the step goes on is not known */
    go(site, 2400);
    assert_int_equal(derive_run(site->derive, 0)->step, 2);
    assert_int_equal(site->holds[ALARM_STALL], 0);
}

/* Which step goes on can't be read: nothing is held against it, and nothing ends. */
static void without_a_step_nothing_is_judged(void **state)
{
    struct site *site = *state;
    site->freezer.inputs[SEGMENT].point = ROLE_NONE;
    site->freezer.setup.has &= ~(1U << FREEZER_INPUT_SEGMENT);
    forget(site);
    start(site);
    go(site, 900);
    forget(site);
    go(site, 60);
    assert_int_equal(site->holds[ALARM_DEVIATION], -1);
    assert_int_equal(site->holds[ALARM_OVERSHOOT], -1);
    assert_int_equal(site->holds[ALARM_STALL], -1);
    assert_int_equal(site->holds[ALARM_LID], 0);
    act(site, "reset", "");
    go(site, 10);
    assert_int_equal(site->holds[ALARM_DEVIATION], 0);
}

/* Devices are asked more often from now on, and the gap was made shorter: what was read before has none. */
static void a_shorter_gap_is_not_for_what_was_read_before(void **state)
{
    for (int planned = 0; planned < 2; planned++) {
        struct site *site = *state;
        site->freezer.setup.gap_us = 15 * S;
        site->polls = 40; /* 20 s */
        if (planned)
            derive_plan(site->derive, 0, at(site).utc_us, at(site).utc_us + 900 * S, -1, 60 * S);
        go(site, 600);
        act(site, "start", "");
        go(site, 1200);
        const struct freezer_run *run = derive_run(site->derive, 0);
        assert_int_equal(run->record.begin_known, planned);
        assert_int_equal(run->record.n_gaps > 0, !planned);
        derive_ready(site->derive);
        site->polls = 4;
        go(site, 60);
        assert_int_equal(run->record.n_gaps > 0, !planned);
        site->silent = true; /* from here on the new one counts */
        go(site, 20);
        site->silent = false;
        go(site, 10);
        assert_int_equal(run->record.n_gaps, !planned ? run->record.n_gaps : 1);
        if (!planned) {
            close_site(state);
            open_site(state);
        }
    }
}

static void a_door_that_cant_be_read_is_not_closed(void **state)
{
    struct site *site = *state;
    start(site);
    go(site, 1200);
    assert_int_equal(site->holds[ALARM_LID], 0);
    act(site, "door", "open");
    go(site, 20);
    assert_int_equal(site->holds[ALARM_LID], 1);
    site->door_bad = true;
    act(site, "door", "closed");
    go(site, 60);
    assert_int_equal(site->holds[ALARM_LID], 1);
    site->door_bad = false;
    go(site, 10);
    assert_int_equal(site->holds[ALARM_LID], 0);
}

static void silence_ends_nothing(void **state)
{
    struct site *site = *state;
    start(site);
    go(site, 1200);
    act(site, "door", "open");
    go(site, 20);
    site->silent = true;
    go(site, 120);
    assert_int_equal(site->holds[ALARM_NO_DATA], 1);
    assert_int_equal(site->holds[ALARM_LID], 1);
    assert_int_equal(site->readings[FREEZER_POINT_RUN].quality, QUALITY_BAD);
    assert_int_equal(site->readings[FREEZER_POINT_DEVIATION].reason, REASON_INPUT_BAD);
    go(site, 2400); /* lost: how it ended is not known */
    assert_int_equal(site->n_ended, 1);
    assert_int_equal(site->ended.how, FREEZER_END_LOST);
    assert_int_equal(site->readings[FREEZER_POINT_RUN].value, 4 * K);
    assert_int_equal(site->holds[ALARM_LID], 1);
    assert_int_equal(site->holds[ALARM_NO_DATA], 1);
    assert_int_equal(site->holds[ALARM_LEFT], 1);
}

static const char *words(const struct site *site, unsigned which)
{
    static char text[256];
    derive_words(site->derive, (uint16_t)which, LANGUAGE_EN, text, sizeof text);
    return text;
}

static void a_run_that_is_broken_off_calls_for_somebody(void **state)
{
    struct site *site = *state;
    start(site);
    go(site, 1500);
    act(site, "door", "open");
    go(site, 10);
    assert_int_equal(site->holds[ALARM_LID], 1);
    act(site, "reset", "");
    go(site, 10);
    assert_int_equal(site->n_ended, 1);
    assert_int_equal(site->ended.how, FREEZER_END_STOPPED);
    assert_int_equal(site->holds[ALARM_LEFT], 1);
    assert_int_equal(site->holds[ALARM_LID], 0); /* that no run goes on was read */
    assert_non_null(strstr(words(site, ALARM_LEFT), "not into LN2"));
    go(site, 600); /* that the controller is reset says nothing of the samples */
    assert_int_equal(site->holds[ALARM_LEFT], 1);
    derive_attend(site->derive, 0);
    go(site, 5);
    assert_int_equal(site->holds[ALARM_LEFT], 0);
}

static void a_late_run_holds_until_it_begins(void **state)
{
    struct site *site = *state;
    derive_ready(site->derive);
    go(site, 60);
    assert_int_equal(site->holds[ALARM_LATE], -1); /* nobody has said yet when one is expected */
    derive_expect(site->derive, 0, at(site).boot_us + 120 * S);
    go(site, 60);
    assert_int_equal(site->holds[ALARM_LATE], 0);
    go(site, 120);
    assert_int_equal(site->holds[ALARM_LATE], 1);
    act(site, "start", "");
    go(site, 10);
    assert_int_equal(site->holds[ALARM_LATE], 0);
}

static void a_late_run_that_is_excused(void **state)
{
    struct site *site = *state;
    derive_ready(site->derive);
    derive_expect(site->derive, 0, at(site).boot_us + 60 * S);
    go(site, 120);
    assert_int_equal(site->holds[ALARM_LATE], 1);
    derive_expect(site->derive, 0, at(site).boot_us + 86400 * S);
    go(site, 5);
    assert_int_equal(site->holds[ALARM_LATE], 0);
}

static void the_next_run_follows_what_was_prepared(void **state)
{
    struct site *site = *state;
    struct freezer_verdict v;
    derive_ready(site->derive);
    go(site, 60);
    assert_int_equal(derive_prepare(site->derive, 0, 1), 0);
    act(site, "start", "");
    go(site, 1500);
    assert_ptr_equal(derive_run_program(site->derive, 0, false), &site->programs[1]);
    assert_int_equal(derive_prepare(site->derive, 0, 0), -EBUSY);
    go(site, 4000);
    assert_int_equal(site->n_ended, 1);
    assert_ptr_equal(derive_run_program(site->derive, 0, true), &site->programs[1]);
    freezer_record_judge(&site->ended, &site->programs[1].steps, &v);
    assert_int_equal(v.kind, FREEZER_OUTSIDE_LIMITS); /* it ran at half of the rate */
    act(site, "start", "");
    go(site, 60);
    assert_int_equal(site->n_began, 2);
    assert_ptr_equal(derive_run_program(site->derive, 0, false), &site->programs[0]);
}

static void a_run_of_the_past_follows_its_plan(void **state)
{
    struct site *site = *state;
    derive_plan(site->derive, 0, UTC_US + 590 * S, UTC_US + 3600 * S, 1, 0);
    go(site, 600);
    act(site, "start", "");
    go(site, 60);
    assert_ptr_equal(derive_run_program(site->derive, 0, false), &site->programs[1]);
}

static void one_ends_and_the_next_begins(void **state)
{
    struct site *site = *state;
    start(site);
    go(site, 1200);
    site->silent = true;
    go(site, 10);
    act(site, "reset", "");
    act(site, "start", "");
    site->now_s += 3600; /* nobody looked meanwhile: one reading ends the one and begins the other */
    site->silent = false;
    give(site, STATUS, RUN_A + FREEZER_STATUS_RUNNING, false);
    assert_int_equal(site->n_ended, 1);
    assert_int_equal(site->ended.how, FREEZER_END_LOST);
    assert_int_equal(site->n_began, 2);
    assert_false(derive_run(site->derive, 0)->record.begin_known);
}

static void the_event_says_what_it_was(void **state)
{
    struct site *site = *state;
    char text[4096];
    struct json_text j;
    start(site);
    go(site, 1500);
    act(site, "reset", "");
    go(site, 10);
    json_text_begin(&j, text, sizeof text);
    json_text_object(&j, NULL);
    run_report_program(&j, &site->programs[0]);
    run_report_begin(&j, &site->ended);
    assert_int_equal(run_report_end(&j, &site->ended, 1, &site->programs[0], 60 * S, 8),
                     FREEZER_OUTSIDE_LIMITS);
    json_text_end(&j);
    assert_true(json_text_finish(&j) > 0);
    assert_non_null(
        strstr(text, "\"program\":\"usual\",\"program_sha256\":\"5e1b\",\"program_status\":\"example\""));
    assert_non_null(strstr(
        text,
        "\"how\":\"stopped\",\"step\":2,\"verdict\":\"outside\",\"reasons\":[{\"why\":\"not-complete\"}"));
    assert_non_null(strstr(text, "\"guidance\":{\"is\":\"minus-80\""));
    assert_non_null(strstr(text, "不得放入液氮气相"));
    assert_null(strstr(text, "\"samples\""));
}

/* A second probe, whose sample does not freeze: it takes the place of the nitrogen switch. */
static void add_probe(struct site *site)
{
    struct freezer_config *f = &site->freezer;
    f->inputs[FREEZER_INPUT_SAMPLE_2] = (struct role){.point = LN2, .num = 1, .den = 1};
    f->inputs[FREEZER_INPUT_LN2].point = ROLE_NONE;
    f->setup.has = (f->setup.has & ~(1U << FREEZER_INPUT_LN2)) | 1U << FREEZER_INPUT_SAMPLE_2;
    strcpy(site->points[SAMPLE].id, "bag-a");
    strcpy(site->points[LN2].id, "bag-b");
    strcpy(site->points[LN2].name.text[LANGUAGE_EN], "Bag B");
    strcpy(site->points[LN2].name.text[LANGUAGE_ZH], "B袋");
    site->programs[0].steps.exotherm_by = -25 * K;
    site->second_c = 4;
    derive_free(site->derive);
    assert_int_equal(derive_create(&site->config, at(site), &site->derive), 0);
}

static void each_probe_is_named(void **state)
{
    struct site *site = *state;
    char text[4096];
    struct json_text j;
    add_probe(site);
    start(site);
    go(site, 2400);
    assert_int_equal(site->holds[ALARM_NO_EXOTHERM], 1);
    derive_words(site->derive, ALARM_NO_EXOTHERM, LANGUAGE_EN, text, sizeof text);
    assert_non_null(strstr(text, "Bag B -"));
    assert_null(strstr(text, "bag-a"));
    derive_words(site->derive, ALARM_NO_EXOTHERM, LANGUAGE_ZH, text, sizeof text);
    assert_non_null(strstr(text, "B袋 -"));
    act(site, "reset", "");
    go(site, 10);
    json_text_begin(&j, text, sizeof text);
    json_text_object(&j, NULL);
    (void)run_report_end(&j, &site->ended, 1, &site->programs[0], 60 * S, 8);
    json_text_end(&j);
    assert_true(json_text_finish(&j) > 0);
    assert_non_null(strstr(text, "{\"why\":\"no-exotherm\",\"sample\":2}"));
    assert_non_null(strstr(text, "\"samples\":[-"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_site, close_site)
    const struct CMUnitTest tests[] = {
        TEST(a_run_is_told_once),
        TEST(what_was_before_is_not_told),
        TEST(the_record_alone_ends_no_alarm),
        TEST(what_was_not_seen_long_enough_ends_nothing),
        TEST(without_a_step_nothing_is_judged),
        TEST(a_shorter_gap_is_not_for_what_was_read_before),
        TEST(a_door_that_cant_be_read_is_not_closed),
        TEST(silence_ends_nothing),
        TEST(a_run_that_is_broken_off_calls_for_somebody),
        TEST(a_late_run_holds_until_it_begins),
        TEST(a_late_run_that_is_excused),
        TEST(the_next_run_follows_what_was_prepared),
        TEST(a_run_of_the_past_follows_its_plan),
        TEST(one_ends_and_the_next_begins),
        TEST(the_event_says_what_it_was),
        TEST(each_probe_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
