/*
 * test_engine_lives.c - random lives of a site that has every kind of condition and every kind of hold:
 * whether ticks come early, late or never is no matter, and what must hold whatever happens.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine_fixture.h"
#include "lives_fixture.h"
#include "test.h"

#define LIVES     250
#define STEPS     300
#define OUT_MAX   8192
#define POINTS    4
#define ORDINARY  9 /* alarms, before the groups */
#define ALARMS    (ORDINARY + 3)
#define MEMBERS   (ORDINARY + 4 + 5)
#define MS        INT64_C(1000)
#define BEGIN_MS  1000
#define UTC_US(b) ((b) + FIXTURE_UTC)

struct site {
    struct point_model points[POINTS];
    struct alarm_model alarms[ALARMS];
    uint16_t members[MEMBERS];
};

struct step {
    int64_t ms;
    struct event event;
};

struct life {
    struct site site;
    struct engine_tables tables;
    struct step steps[STEPS];
};

struct outcome {
    unsigned n;
    struct transition out[OUT_MAX];
    int rc[STEPS];
    struct alarm_memory memories[ALARMS];
};

/* ---------------------------------------------------------------- a random life */

static void invent_holds(struct alarm_model *model, unsigned *seed)
{
    model->protected = lives_below(seed, 5) == 0;
    model->latching = lives_below(seed, 4) == 0;
    model->shelve_max_ms = 50 + lives_below(seed, 300);
    model->oos_max_ms = 50 + lives_below(seed, 300);
    model->realarm_after_ms = lives_below(seed, 2) * (1 + lives_below(seed, 100));
    model->realarm_step = lives_below(seed, 3);
    if (lives_below(seed, 2) == 0)
        model->suppression = (struct suppression){.when = (enum suppress_when)(1 + lives_below(seed, 3)),
                                                  .point = (uint16_t)lives_below(seed, POINTS),
                                                  .n_states = 2,
                                                  .states = {1, -2},
                                                  .limit = (micro_t)lives_below(seed, 5) - 2,
                                                  .deadband = lives_below(seed, 2),
                                                  .at_most_ms = 1 + lives_below(seed, 150)};
}

static void invent_alarm(struct alarm_model *model, unsigned *seed)
{
    static const enum condition_kind kinds[] = {CONDITION_HIGH,     CONDITION_LOW,  CONDITION_STATE,
                                                CONDITION_NO_DATA,  CONDITION_BAD,  CONDITION_FLATLINE,
                                                CONDITION_FAULT,    CONDITION_RATE, CONDITION_DEVIATION,
                                                CONDITION_DISAGREE, CONDITION_FED};

    *model = (struct alarm_model){
        .kind = kinds[lives_below(seed, sizeof kinds / sizeof *kinds)],
        .point = (uint16_t)lives_below(seed, POINTS),
        .fault = (enum system_fault)lives_below(seed, 2),
        .limit = (micro_t)lives_below(seed, 3),
        .deadband = lives_below(seed, 2),
        .n_states = 2,
        .states = {1, 3},
        .direction = (enum direction)lives_below(seed, 2),
        .window_ms = 10 + lives_below(seed, 100),
        .on_delay_ms = lives_delay_ms(seed),
        .off_delay_ms = lives_delay_ms(seed),
    };
    if (model->kind == CONDITION_FLATLINE)
        model->off_delay_ms = 0;
    if (model->kind == CONDITION_RATE)
        model->limit = INT64_C(100000) * lives_below(seed, 3);
    if (model->kind == CONDITION_DEVIATION || model->kind == CONDITION_DISAGREE) {
        const unsigned others = 1 + lives_below(seed, 2);

        model->n_others = model->kind == CONDITION_DEVIATION ? (uint8_t)(others - 1) : (uint8_t)others;
        for (unsigned i = 0; i < model->n_others; i++)
            model->others[i] = (uint16_t)((model->point + 1U + i) % POINTS);
    }
    invent_holds(model, seed);
}

static void invent_groups(struct site *site, unsigned *seed)
{
    static const unsigned sizes[] = {ORDINARY, 4, 5};
    uint32_t first = 0;

    for (unsigned i = 0; i < 3; i++) {
        struct alarm_model *model = &site->alarms[ORDINARY + i];

        *model = (struct alarm_model){.kind = i == 2 ? CONDITION_CHATTER : CONDITION_GROUP,
                                      .first_member = first,
                                      .n_members = sizes[i],
                                      .at_least = (uint16_t)(1 + lives_below(seed, 4)),
                                      .window_ms = 1 + lives_below(seed, 200)};
        invent_holds(model, seed);
        for (unsigned k = 0; k < sizes[i]; k++)
            site->members[first + k] = (uint16_t)(k + (i == 1 ? 3 : 0));
        first += sizes[i];
    }
}

static struct reading some_reading(unsigned *seed)
{
    const unsigned dice = lives_below(seed, 12);
    struct reading reading = {.value = (micro_t)lives_below(seed, 7) - 3};

    if (dice == 0)
        return (struct reading){.quality = QUALITY_BAD, .reason = REASON_TIMEOUT};
    if (dice == 1)
        return (struct reading){.quality = QUALITY_BAD, .reason = REASON_SENTINEL};
    reading.raw = (uint32_t)(reading.value + 3);
    if (dice == 2)
        reading.quality = QUALITY_UNCERTAIN, reading.reason = REASON_INHIBITED;
    return reading;
}

static void invent_event(struct event *event, int64_t ms, unsigned *seed)
{
    static const enum event_kind orders[] = {EVENT_ACKNOWLEDGE,    EVENT_ACKNOWLEDGE, EVENT_SHELVE,
                                             EVENT_UNSHELVE,       EVENT_RESET,       EVENT_RESET,
                                             EVENT_OUT_OF_SERVICE, EVENT_IN_SERVICE};
    const unsigned dice = lives_below(seed, 20);

    *event = (struct event){.kind = EVENT_TICK};
    if (dice < 10) {
        event->kind = EVENT_SAMPLE;
        event->sample.point = (uint16_t)lives_below(seed, POINTS);
        event->sample.reading = some_reading(seed);
    } else if (dice < 11) {
        event->kind = EVENT_FAULT;
        event->fault.fault = (enum system_fault)lives_below(seed, 2);
        event->fault.failed = lives_below(seed, 2) == 0;
    } else if (dice < 13) {
        event->kind = EVENT_CONDITION;
        event->condition.alarm = (uint16_t)lives_below(seed, ORDINARY);
        event->condition.holds = lives_below(seed, 2) == 0;
    } else if (dice < 19) {
        event->kind = orders[lives_below(seed, sizeof orders / sizeof *orders)];
        event->order.alarm = (uint16_t)lives_below(seed, ALARMS);
        event->order.command = (uint32_t)rand_r(seed);
        event->order.until_utc_us = UTC_US(ms * MS) + (int64_t)lives_below(seed, 200) * MS;
        event->order.one_shot = lives_below(seed, 3) == 0;
    }
}

static void invent(struct life *life, unsigned seed)
{
    static const unsigned gaps[] = {1, 3, 10, 40, 200};
    int64_t ms = BEGIN_MS;
    unsigned gap = 10;

    memset(life, 0, sizeof *life);
    for (unsigned i = 0; i < POINTS; i++)
        life->site.points[i] = (struct point_model){5 + lives_below(&seed, 100), lives_below(&seed, 2) * 100};
    for (unsigned i = 0; i < ORDINARY; i++)
        invent_alarm(&life->site.alarms[i], &seed);
    invent_groups(&life->site, &seed);
    life->tables = (struct engine_tables){.points = life->site.points,
                                          .n_points = POINTS,
                                          .alarms = life->site.alarms,
                                          .n_alarms = ALARMS,
                                          .members = life->site.members,
                                          .n_members = MEMBERS};
    for (unsigned i = 0; i < STEPS; i++) {
        if (lives_below(&seed, 20) == 0)
            gap = gaps[lives_below(&seed, 5)];
        ms += lives_below(&seed, gap);
        life->steps[i].ms = ms;
        invent_event(&life->steps[i].event, ms, &seed);
    }
}

/* ---------------------------------------------------------------- what must hold after each event */

static unsigned count_active(const struct engine *engine, const struct site *site,
                             const struct alarm_model *group)
{
    unsigned n = 0;

    for (uint32_t i = 0; i < group->n_members; i++)
        n += engine_hold(engine, site->members[group->first_member + i]).active;
    return n;
}

/* Did a member come at_least times within the window before now? Read off all that ever happened. */
static bool is_chattering(const struct site *site, const struct alarm_model *chatter, const struct outcome *o,
                          int64_t now_us)
{
    for (uint32_t i = 0; i < chatter->n_members; i++) {
        const uint16_t member = site->members[chatter->first_member + i];
        int64_t at[OUT_MAX] = {0};
        unsigned n = 0;

        for (unsigned k = 0; k < o->n; k++)
            if (o->out[k].alarm == member && o->out[k].kind == TRANSITION_RAISED)
                at[n++] = o->out[k].at.boot_us;
        if (n >= chatter->at_least && at[n - chatter->at_least] + chatter->window_ms * MS > now_us)
            return true;
        /* An older run of raisings may hold for longer than the latest. It never does: times only grow. */
    }
    return false;
}

static void expect_sound_hold(const struct site *site, const struct engine *engine, uint16_t alarm,
                              int64_t now_us)
{
    const struct alarm_model *model = &site->alarms[alarm];
    const struct alarm_view view = engine_hold(engine, alarm);
    const struct alarm_memory memory = engine_memory(engine, alarm);

    for (unsigned hold = 0; hold < HOLD_COUNT; hold++)
        if (view.is_held[hold])
            assert_true(view.until_utc_us[hold] > UTC_US(now_us));
    if (model->protected)
        assert_false(alarm_state_is_held(view.state) || view.is_held[HOLD_SHELVED] ||
                     view.is_held[HOLD_SUPPRESSED]);
    if (view.is_held[HOLD_SUPPRESSED])
        assert_int_equal(engine_point(engine, model->suppression.point).reading.quality, QUALITY_GOOD);
    if (view.state == ALARM_ACKNOWLEDGED && view.active && model->realarm_after_ms > 0)
        assert_true(memory.acked_boot_us + model->realarm_after_ms * MS > now_us);
    assert_false(view.latched && (view.active || !model->latching));
    assert_int_equal(view.active, alarm_state_is_active(memory.base) && !memory.latched);
}

static void expect_sound(const struct life *life, const struct engine *engine, const struct outcome *o,
                         int64_t now_us)
{
    const struct site *site = &life->site;

    for (unsigned i = 0; i < ALARMS; i++)
        expect_sound_hold(site, engine, (uint16_t)i, now_us);
    for (unsigned i = ORDINARY; i < ALARMS; i++) {
        const struct alarm_model *model = &site->alarms[i];
        const struct alarm_view view = engine_hold(engine, (uint16_t)i);

        if (model->kind == CONDITION_CHATTER) {
            assert_int_equal(view.active, is_chattering(site, model, o, now_us));
            continue;
        }
        assert_int_equal(view.n_active_members, count_active(engine, site, model));
        assert_int_equal(view.active, view.n_active_members >= model->at_least);
    }
}

/* Another engine that is given all that is known knows the same. */
static void expect_round_trip(const struct life *life, const struct engine *engine, int64_t now_us)
{
    struct engine *next = engine_create(&life->tables, (struct stamp){now_us, UTC_US(now_us)});

    assert_non_null(next);
    for (uint16_t i = 0; i < ALARMS; i++) {
        const struct alarm_memory memory = engine_memory(engine, i);

        engine_restore(next, i, &memory);
        engine_inherit_alarm(next, i, engine, i);
    }
    for (uint16_t i = 0; i < ALARMS; i++) {
        const struct alarm_memory before = engine_memory(engine, i), after = engine_memory(next, i);

        assert_int_equal(before.base, after.base);
        assert_int_equal(before.latched, after.latched);
        assert_int_equal(before.acked_boot_us, after.acked_boot_us);
        assert_int_equal(before.acked_measure, after.acked_measure);
        for (unsigned hold = 0; hold < HOLD_COUNT; hold++) {
            assert_int_equal(before.is_held[hold], after.is_held[hold]);
            assert_int_equal(before.n_holds[hold], after.n_holds[hold]);
            /* The plant's allowance may have run out; then it stays so. */
            if (before.until_boot_us[hold] > now_us || before.is_held[hold])
                assert_int_equal(before.until_boot_us[hold], after.until_boot_us[hold]);
            else
                assert_true(after.until_boot_us[hold] <= now_us);
        }
        assert_int_equal(engine_alarm_state(engine, i), engine_alarm_state(next, i));
    }
    engine_free(next);
}

/* ---------------------------------------------------------------- living */

static int feed(struct engine *engine, int64_t boot_us, const struct event *event, struct outcome *o)
{
    const int rc = engine_feed(engine, (struct stamp){boot_us, UTC_US(boot_us)}, event);

    while (engine_take(engine, &o->out[o->n])) {
        o->n++;
        assert_true(o->n < OUT_MAX);
    }
    return rc;
}

static void pass(struct engine *engine, int64_t from_ms, int64_t to_ms, enum lives_ticking ticking,
                 struct outcome *o)
{
    const struct event tick = {.kind = EVENT_TICK};
    int64_t at_us;

    if (ticking == TICK_EACH_MS)
        for (int64_t ms = from_ms; ms <= to_ms; ms++)
            feed(engine, ms * MS, &tick, o);
    else if (ticking == TICK_AT_DEADLINES)
        while ((at_us = engine_next_deadline(engine)) <= to_ms * MS) {
            feed(engine, at_us, &tick, o);
            assert_true(engine_next_deadline(engine) > at_us);
        }
}

static void live(const struct life *life, enum lives_ticking ticking, struct outcome *o)
{
    struct engine *engine =
        engine_create(&life->tables, (struct stamp){BEGIN_MS * MS, UTC_US(BEGIN_MS * MS)});
    const struct event tick = {.kind = EVENT_TICK};
    int64_t last_ms = BEGIN_MS;

    assert_non_null(engine);
    memset(o, 0, sizeof *o);
    for (unsigned i = 0; i < STEPS; i++) {
        const struct step *step = &life->steps[i];

        pass(engine, last_ms, step->ms, ticking, o);
        last_ms = step->ms;
        o->rc[i] = feed(engine, step->ms * MS, &step->event, o);
        if (ticking == TICK_AT_DEADLINES)
            expect_sound(life, engine, o, step->ms * MS);
        if (ticking == TICK_AT_DEADLINES && i % 16 == 0)
            expect_round_trip(life, engine, step->ms * MS);
    }
    feed(engine, last_ms * MS, &tick, o); /* the last event may have been refused, and done nothing */
    for (uint16_t i = 0; i < ALARMS; i++)
        o->memories[i] = engine_memory(engine, i);
    engine_free(engine);
}

/* By alarm; what happened to one alarm stays in its order. */
static void sort(struct outcome *o)
{
    for (unsigned i = 1; i < o->n; i++) {
        const struct transition t = o->out[i];
        unsigned k = i;

        for (; k > 0 && o->out[k - 1].alarm > t.alarm; k--)
            o->out[k] = o->out[k - 1];
        o->out[k] = t;
    }
}

static bool is_same(const struct transition *x, const struct transition *y)
{
    return x->alarm == y->alarm && x->kind == y->kind && x->why == y->why && x->from == y->from &&
           x->to == y->to && x->active == y->active && x->latched == y->latched &&
           x->one_shot == y->one_shot && x->since_boot_us == y->since_boot_us &&
           x->until_utc_us == y->until_utc_us && x->command == y->command &&
           x->has_measure == y->has_measure && x->measure == y->measure &&
           x->reading.value == y->reading.value && x->reading.reason == y->reading.reason;
}

static void expect_same(const struct outcome *a, const struct outcome *b, bool with_time, unsigned seed)
{
    const unsigned n = a->n < b->n ? a->n : b->n;

    for (unsigned i = 0; i < n; i++) {
        const struct transition *x = &a->out[i], *y = &b->out[i];

        if (!is_same(x, y) || (with_time && x->at.boot_us != y->at.boot_us))
            fail_msg("life %u: alarm %u %s (%s) at %" PRId64 ", but alarm %u %s (%s) at %" PRId64, seed,
                     x->alarm, transition_name(x->kind), transition_why_name(x->why), x->at.boot_us, y->alarm,
                     transition_name(y->kind), transition_why_name(y->why), y->at.boot_us);
    }
    if (a->n != b->n)
        fail_msg("life %u: %u transitions, but %u", seed, a->n, b->n);
    assert_memory_equal(a->rc, b->rc, sizeof a->rc);
    for (unsigned i = 0; i < ALARMS; i++) {
        assert_int_equal(a->memories[i].base, b->memories[i].base);
        assert_memory_equal(a->memories[i].is_held, b->memories[i].is_held, sizeof a->memories[i].is_held);
    }
}

/* Each transition begins where the one before has ended. */
static void expect_chain(const struct outcome *o)
{
    for (unsigned i = 0; i < o->n; i++) {
        const bool is_first = i == 0 || o->out[i - 1].alarm != o->out[i].alarm;

        assert_int_equal(o->out[i].from, is_first ? ALARM_NORMAL : o->out[i - 1].to);
    }
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

static void when_it_is_ticked_is_no_matter(void **state)
{
    struct work *w = *state;
    unsigned seen[TRANSITION_KINDS] = {0}, whys[WHY_UNRESOLVED + 1] = {0}, kinds[CONDITION_KINDS] = {0};

    for (unsigned seed = 1; seed <= LIVES; seed++) {
        invent(&w->life, seed);
        live(&w->life, TICK_AT_DEADLINES, &w->a);
        for (unsigned i = 0; i < w->a.n; i++) {
            seen[w->a.out[i].kind]++;
            whys[w->a.out[i].why]++;
            kinds[w->life.site.alarms[w->a.out[i].alarm].kind] += w->a.out[i].kind == TRANSITION_RAISED;
        }
        live(&w->life, TICK_EACH_MS, &w->b);
        expect_same(&w->a, &w->b, true, seed); /* the order among alarms too */
        sort(&w->a);
        live(&w->life, TICK_NEVER, &w->b);
        sort(&w->b);
        expect_same(&w->a, &w->b, false, seed);
        expect_chain(&w->a);
    }
    /* The lives are worth something only if everything happens in them. */
    for (unsigned i = 0; i < TRANSITION_KINDS; i++) {
        print_message("%s %u\n", transition_name((enum transition_kind)i), seen[i]);
        assert_true(seen[i] > LIVES / 10);
    }
    for (unsigned i = WHY_PERSON; i <= WHY_UNRESOLVED; i++)
        assert_true(whys[i] > LIVES / 10);
    for (unsigned i = 0; i < CONDITION_KINDS; i++)
        assert_true(i == CONDITION_DATE || kinds[i] > LIVES / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(when_it_is_ticked_is_no_matter, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
