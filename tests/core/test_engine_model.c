/*
 * test_engine_model.c - random lives of a small site: the engine against the plain reference, against itself
 * replayed, and against what must hold whatever happens.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine_fixture.h"
#include "lives_fixture.h"
#include "reference.h"
#include "test.h"

#define LIVES      420
#define LIFE_STEPS 250
#define OUT_MAX    REFERENCE_OUT_MAX

struct step {
    int64_t ms;
    bool is_restore;
    uint16_t restore_alarm;
    enum alarm_state restore_state;
    int64_t backwards_ms; /* the caller's clock lags by so much */
    struct event event;
};

struct life {
    struct reference site; /* models, and the reference's own run */
    struct step steps[LIFE_STEPS];
};

struct outcome {
    unsigned n;
    struct transition out[OUT_MAX];
    int rc[LIFE_STEPS];
    enum alarm_state states[REFERENCE_ALARMS_MAX];
    struct reading readings[REFERENCE_POINTS_MAX];
};

/* ---------------------------------------------------------------- a random life */

/* Longer than the longest pause between two events: what is slept through is another test's. */
static void invent_dates(struct alarm_model *model, unsigned *seed)
{
    const int64_t from = REFERENCE_UTC_US(INT64_C(1000000) + (int64_t)lives_below(seed, 2000) * 1000);

    model->on_delay_ms = model->off_delay_ms = 0;
    model->n_dates = 1;
    model->dates[0] = (struct alarm_date){
        from, lives_below(seed, 3) == 0 ? INT64_MAX
                                        : from + INT64_C(200000) + (int64_t)lives_below(seed, 2000) * 1000};
}

static void invent_site(struct reference *site, unsigned *seed)
{
    site->n_points = 1 + lives_below(seed, REFERENCE_POINTS_MAX);
    site->n_alarms = 1 + lives_below(seed, REFERENCE_ALARMS_MAX);
    for (unsigned i = 0; i < site->n_points; i++)
        site->points[i].stale_after_ms = 5 + lives_below(seed, 60);
    static const enum condition_kind kinds[] = {CONDITION_HIGH,    CONDITION_LOW, CONDITION_STATE,
                                                CONDITION_NO_DATA, CONDITION_BAD, CONDITION_FAULT,
                                                CONDITION_DATE};
    for (unsigned i = 0; i < site->n_alarms; i++)
        site->models[i] = (struct alarm_model){
            .kind = kinds[lives_below(seed, sizeof kinds / sizeof *kinds)],
            .point = (uint16_t)lives_below(seed, site->n_points),
            .fault = (enum system_fault)lives_below(seed, 2),
            .limit = 0,
            .deadband = lives_below(seed, 3),
            .n_states = 2,
            .states = {1, 3},
            .on_delay_ms = lives_delay_ms(seed),
            .off_delay_ms = lives_delay_ms(seed),
        };
    for (unsigned i = 0; i < site->n_alarms; i++)
        if (site->models[i].kind == CONDITION_DATE)
            invent_dates(&site->models[i], seed);
}

static struct reading some_reading(unsigned *seed)
{
    static const enum reason reasons[] = {REASON_TIMEOUT,  REASON_LINK_DOWN,  REASON_UNPROVEN,
                                          REASON_SENTINEL, REASON_NOT_FINITE, REASON_TIMEOUT};
    const unsigned dice = lives_below(seed, 10);

    if (dice < 3)
        return (struct reading){.quality = QUALITY_BAD, .reason = reasons[lives_below(seed, 6)]};
    return (struct reading){.value = (micro_t)lives_below(seed, 9) - 4,
                            .quality = dice == 3 ? QUALITY_UNCERTAIN : QUALITY_GOOD};
}

static void invent_event(const struct reference *site, struct step *step, unsigned *seed)
{
    const unsigned dice = lives_below(seed, 20);

    if (dice < 14) {
        step->event.kind = EVENT_SAMPLE;
        step->event.sample.point = (uint16_t)lives_below(seed, site->n_points);
        step->event.sample.reading = some_reading(seed);
    } else if (dice < 16) {
        step->event.kind = EVENT_FAULT;
        step->event.fault.fault = (enum system_fault)lives_below(seed, 2);
        step->event.fault.failed = lives_below(seed, 2) == 0;
    } else if (dice < 18) {
        step->event.kind = EVENT_ACKNOWLEDGE;
        step->event.order.alarm = (uint16_t)lives_below(seed, site->n_alarms);
        step->event.order.command = (uint32_t)rand_r(seed);
    } else {
        step->event.kind = EVENT_TICK;
        step->is_restore = dice == 19 && lives_below(seed, 4) == 0;
        step->restore_alarm = (uint16_t)lives_below(seed, site->n_alarms);
        step->restore_state = (enum alarm_state)lives_below(seed, 4);
    }
}

static void invent(struct life *life, unsigned seed)
{
    static const unsigned gaps[] = {1, 3, 10, 40, 200}; /* busy and quiet times */
    int64_t ms = 1000;
    unsigned gap = 10;

    memset(life, 0, sizeof *life);
    invent_site(&life->site, &seed);
    reference_start(&life->site, ms);
    for (unsigned i = 0; i < LIFE_STEPS; i++) {
        if (lives_below(&seed, 20) == 0)
            gap = gaps[lives_below(&seed, 5)];
        ms += lives_below(&seed, gap);
        life->steps[i].ms = ms;
        life->steps[i].backwards_ms = lives_below(&seed, 10) == 0 ? (int64_t)lives_below(&seed, 50) : 0;
        invent_event(&life->site, &life->steps[i], &seed);
    }
}

/* ---------------------------------------------------------------- the engine lives it */

static int feed(struct engine *engine, int64_t boot_us, const struct event *event, struct outcome *outcome)
{
    const int rc = engine_feed(engine, (struct stamp){boot_us, REFERENCE_UTC_US(boot_us)}, event);
    uint16_t point;

    while (engine_take(engine, &outcome->out[outcome->n])) {
        outcome->n++;
        assert_true(outcome->n < OUT_MAX);
    }
    while (engine_take_stale(engine, &point))
        assert_int_equal(engine_point(engine, point).reading.reason, REASON_STALE);
    return rc;
}

static void pass(struct engine *engine, int64_t from_ms, int64_t to_ms, enum lives_ticking ticking,
                 struct outcome *outcome)
{
    const struct event tick = {.kind = EVENT_TICK};
    int64_t at_us;

    if (ticking == TICK_EACH_MS)
        for (int64_t ms = from_ms; ms <= to_ms; ms++)
            feed(engine, ms * 1000, &tick, outcome);
    else if (ticking == TICK_AT_DEADLINES)
        while ((at_us = engine_next_deadline(engine)) <= to_ms * 1000) {
            feed(engine, at_us, &tick, outcome);
            assert_true(engine_next_deadline(engine) > at_us);
        }
}

static void live(const struct life *life, enum lives_ticking ticking, struct outcome *outcome)
{
    const struct reference *site = &life->site;
    int64_t last_ms = site->created_ms;
    struct engine *engine =
        fixture_create(site->points, (uint16_t)site->n_points, site->models, (uint16_t)site->n_alarms,
                       (struct stamp){site->created_ms * 1000, REFERENCE_UTC_US(site->created_ms * 1000)});

    assert_non_null(engine);
    memset(outcome, 0, sizeof *outcome);
    for (unsigned i = 0; i < LIFE_STEPS; i++) {
        const struct step *step = &life->steps[i];

        pass(engine, last_ms, step->ms, ticking, outcome);
        last_ms = step->ms;
        /* A clock that lags counts as the latest seen, and only ticks have shown the engine the time. */
        outcome->rc[i] = feed(engine, (step->ms - (ticking == TICK_EACH_MS ? step->backwards_ms : 0)) * 1000,
                              &step->event, outcome);
        if (step->is_restore)
            fixture_restore(engine, step->restore_alarm, step->restore_state);
    }
    for (unsigned i = 0; i < site->n_alarms; i++)
        outcome->states[i] = engine_alarm_state(engine, (uint16_t)i);
    for (unsigned i = 0; i < site->n_points; i++)
        outcome->readings[i] = engine_point(engine, (uint16_t)i).reading;
    engine_free(engine);
}

static void live_by_reference(struct life *life, struct outcome *outcome)
{
    struct reference *r = &life->site;

    memset(outcome, 0, sizeof *outcome);
    for (unsigned i = 0; i < LIFE_STEPS; i++) {
        reference_pass(r, life->steps[i].ms);
        outcome->rc[i] = reference_event(r, &life->steps[i].event);
        if (life->steps[i].is_restore)
            reference_restore(r, life->steps[i].restore_alarm, life->steps[i].restore_state);
    }
    outcome->n = r->n_out;
    memcpy(outcome->out, r->out, r->n_out * sizeof *r->out);
    for (unsigned i = 0; i < r->n_alarms; i++)
        outcome->states[i] = r->alarms[i].state;
    for (unsigned i = 0; i < r->n_points; i++)
        outcome->readings[i] = r->logs[i].n > 0
                                   ? r->logs[i].entries[r->logs[i].n - 1].reading
                                   : (struct reading){.quality = QUALITY_BAD, .reason = REASON_NEVER_READ};
}

/* ---------------------------------------------------------------- comparing */

/* By alarm; what happened to one alarm stays in its order. */
static void sort(struct outcome *outcome)
{
    for (unsigned i = 1; i < outcome->n; i++) {
        const struct transition t = outcome->out[i];
        unsigned k = i;

        for (; k > 0 && outcome->out[k - 1].alarm > t.alarm; k--)
            outcome->out[k] = outcome->out[k - 1];
        outcome->out[k] = t;
    }
}

static void expect_same_reading(const struct reading *a, const struct reading *b)
{
    assert_int_equal(a->quality, b->quality);
    assert_int_equal(a->reason, b->reason);
    assert_int_equal(a->value, b->value);
}

static void expect_same(struct outcome *a, struct outcome *b, bool with_time, unsigned seed)
{
    const unsigned n = a->n < b->n ? a->n : b->n;

    sort(a);
    sort(b);
    for (unsigned i = 0; i < n; i++) {
        const struct transition *x = &a->out[i], *y = &b->out[i];

        if (x->alarm != y->alarm || x->kind != y->kind || x->from != y->from || x->to != y->to ||
            x->since_boot_us != y->since_boot_us || x->command != y->command ||
            (with_time && x->at.boot_us != y->at.boot_us))
            fail_msg("life %u: alarm %u %s at %" PRId64 " but alarm %u %s at %" PRId64, seed, x->alarm,
                     transition_name(x->kind), x->at.boot_us, y->alarm, transition_name(y->kind),
                     y->at.boot_us);
        expect_same_reading(&x->reading, &y->reading);
    }
    if (a->n != b->n)
        fail_msg("life %u: %u transitions, but %u", seed, a->n, b->n);
    assert_memory_equal(a->rc, b->rc, sizeof a->rc);
    assert_memory_equal(a->states, b->states, sizeof a->states);
    for (unsigned i = 0; i < REFERENCE_POINTS_MAX; i++)
        expect_same_reading(&a->readings[i], &b->readings[i]);
}

struct work {
    struct life life;
    struct outcome a, b;
};

static int setup(void **state)
{
    *state = malloc(sizeof(struct work));
    return *state == NULL;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

/* ---------------------------------------------------------------- the tests */

static void the_engine_does_what_the_reference_does(void **state)
{
    struct work *w = *state;
    unsigned transitions = 0;

    for (unsigned seed = 1; seed <= LIVES; seed++) {
        invent(&w->life, seed);
        live(&w->life, TICK_AT_DEADLINES, &w->a);
        live_by_reference(&w->life, &w->b);
        transitions += w->a.n;
        expect_same(&w->a, &w->b, true, seed);
    }
    /* The lives are worth something only if much happens in them. */
    assert_true(transitions > LIVES * 20);
    print_message("%u events, %u transitions\n", LIVES * LIFE_STEPS, transitions);
}

static void deadlines_are_all_the_ticks_it_needs(void **state)
{
    struct work *w = *state;

    for (unsigned seed = 1; seed <= LIVES; seed++) {
        invent(&w->life, seed);
        live(&w->life, TICK_AT_DEADLINES, &w->a);
        live(&w->life, TICK_EACH_MS, &w->b);
        expect_same(&w->a, &w->b, true, seed);
    }
}

static void late_ticks_change_only_when_it_decides(void **state)
{
    struct work *w = *state;

    for (unsigned seed = 1; seed <= LIVES; seed++) {
        invent(&w->life, seed);
        live(&w->life, TICK_AT_DEADLINES, &w->a);
        live(&w->life, TICK_NEVER, &w->b);
        expect_same(&w->a, &w->b, false, seed);
    }
}

static void a_replay_is_exact(void **state)
{
    struct work *w = *state;

    for (unsigned seed = 1; seed <= LIVES / 4; seed++) {
        invent(&w->life, seed);
        live(&w->life, TICK_AT_DEADLINES, &w->a);
        live(&w->life, TICK_AT_DEADLINES, &w->b);
        /* The order among different alarms too, which expect_same() does not look at. */
        for (unsigned i = 0; i < w->a.n && i < w->b.n; i++)
            assert_int_equal(w->a.out[i].alarm, w->b.out[i].alarm);
        expect_same(&w->a, &w->b, true, seed);
    }
}

/* What a return may rest on, told by the transition's own reading. */
static void expect_proof_of_return(const struct alarm_model *model, const struct reading *reading)
{
    switch (model->kind) {
    case CONDITION_FAULT:
    case CONDITION_DATE:
    case CONDITION_FLATLINE: /* none in these lives: flatline.scenario */
        break;
    case CONDITION_NO_DATA:
        assert_false(reason_is_no_data(reading->reason));
        break;
    case CONDITION_BAD:
        assert_int_not_equal(reading->quality, QUALITY_BAD);
        break;
    case CONDITION_HIGH:
        assert_int_equal(reading->quality, QUALITY_GOOD);
        assert_true(reading->value <= model->limit);
        break;
    case CONDITION_LOW:
        assert_int_equal(reading->quality, QUALITY_GOOD);
        assert_true(reading->value >= model->limit);
        break;
    case CONDITION_STATE:
        assert_int_equal(reading->quality, QUALITY_GOOD);
        assert_true(reading->value != 1 && reading->value != 3);
        break;
    default:
        fail();
    }
}

static void lost_data_never_clears_and_no_state_is_skipped(void **state)
{
    struct work *w = *state;

    for (unsigned seed = LIVES + 1; seed <= 2 * LIVES; seed++) {
        const struct alarm_model *models = w->life.site.models;

        invent(&w->life, seed);
        for (unsigned i = 0; i < LIFE_STEPS; i++)
            w->life.steps[i].is_restore = false;
        live(&w->life, TICK_AT_DEADLINES, &w->a);
        sort(&w->a);
        for (unsigned i = 0; i < w->a.n; i++) {
            const struct transition *t = &w->a.out[i];
            const bool is_first = i == 0 || w->a.out[i - 1].alarm != t->alarm;

            assert_int_equal(t->from, is_first ? ALARM_NORMAL : w->a.out[i - 1].to);
            if (t->kind == TRANSITION_RETURNED)
                expect_proof_of_return(&models[t->alarm], &t->reading);
            if (t->kind == TRANSITION_RAISED)
                assert_int_equal(t->at.boot_us, t->since_boot_us + models[t->alarm].on_delay_ms * 1000);
            if (t->kind == TRANSITION_RETURNED)
                assert_int_equal(t->at.boot_us, t->since_boot_us + models[t->alarm].off_delay_ms * 1000);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_engine_does_what_the_reference_does, setup, teardown),
        cmocka_unit_test_setup_teardown(deadlines_are_all_the_ticks_it_needs, setup, teardown),
        cmocka_unit_test_setup_teardown(late_ticks_change_only_when_it_decides, setup, teardown),
        cmocka_unit_test_setup_teardown(a_replay_is_exact, setup, teardown),
        cmocka_unit_test_setup_teardown(lost_data_never_clears_and_no_state_is_skipped, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
