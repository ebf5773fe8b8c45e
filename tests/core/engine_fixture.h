/* engine_fixture.h - shorter ways to an engine, for its tests. */
#ifndef CRYOMON_TESTS_ENGINE_FIXTURE_H
#define CRYOMON_TESTS_ENGINE_FIXTURE_H

#include "engine.h"
#include "test.h"

#define FIXTURE_S   INT64_C(1000000)
#define FIXTURE_MIN (60 * FIXTURE_S)
#define FIXTURE_H   (60 * FIXTURE_MIN)
#define FIXTURE_UTC INT64_C(1700000000000000) /* the wall clock at boot */

/* An engine without groups. */
static inline struct engine *fixture_create(const struct point_model *points, uint16_t n_points,
                                            const struct alarm_model *alarms, uint16_t n_alarms,
                                            struct stamp now)
{
    const struct engine_tables tables = {
        .points = points, .n_points = n_points, .alarms = alarms, .n_alarms = n_alarms};

    return engine_create(&tables, now);
}

/* Restores a state of which nothing more is known. */
static inline void fixture_restore(struct engine *engine, uint16_t alarm, enum alarm_state state)
{
    const struct alarm_memory memory = engine_memory_of_state(state);

    engine_restore(engine, alarm, &memory);
}

/* An engine with clocks, and the transitions that nobody has looked at yet. */
#define FIXTURE_SEEN 64
struct fixture {
    struct engine *engine;
    int64_t boot_us, offset_us; /* the wall clock is so far ahead of the boot time */
    struct transition seen[FIXTURE_SEEN];
    unsigned n_seen, next;
};

static inline struct stamp fixture_now(const struct fixture *f)
{
    return (struct stamp){f->boot_us, f->boot_us + f->offset_us};
}

static inline struct fixture fixture_make(const struct engine_tables *tables)
{
    struct fixture f = {.offset_us = FIXTURE_UTC};

    f.engine = engine_create(tables, fixture_now(&f));
    assert_non_null(f.engine);
    return f;
}

/* The same tables, another engine: what the alarms remember goes over. */
static inline void fixture_renew(struct fixture *f, const struct engine_tables *tables, bool same_boot)
{
    struct engine *next = engine_create(tables, fixture_now(f));

    assert_non_null(next);
    for (uint16_t i = 0; i < tables->n_alarms; i++) {
        struct alarm_memory memory = engine_memory(f->engine, i);

        for (unsigned hold = 0; hold < HOLD_COUNT && !same_boot; hold++)
            memory.until_boot_us[hold] = INT64_MAX;
        memory.acked_boot_us = same_boot ? memory.acked_boot_us : INT64_MAX;
        engine_restore(next, i, &memory);
    }
    engine_free(f->engine);
    f->engine = next;
}

static inline int fixture_feed(struct fixture *f, const struct event *event)
{
    const int rc = engine_feed(f->engine, fixture_now(f), event);

    if (f->next == f->n_seen)
        f->next = f->n_seen = 0;
    while (engine_take(f->engine, &f->seen[f->n_seen])) {
        f->n_seen++;
        assert_true(f->n_seen < FIXTURE_SEEN);
    }
    return rc;
}

/* Time passes from deadline to deadline, as in the daemon. */
static inline void fixture_pass(struct fixture *f, int64_t us)
{
    const struct event tick = {.kind = EVENT_TICK};
    const int64_t end_us = f->boot_us + us;
    int64_t at_us;

    while ((at_us = engine_next_deadline(f->engine)) <= end_us) {
        f->boot_us = at_us > f->boot_us ? at_us : f->boot_us;
        fixture_feed(f, &tick);
        assert_true(engine_next_deadline(f->engine) > f->boot_us);
    }
    f->boot_us = end_us;
}

static inline void fixture_read(struct fixture *f, uint16_t point, micro_t value, enum quality quality)
{
    const struct event event = {
        .kind = EVENT_SAMPLE,
        .sample = {.point = point,
                   .reading = {.value = value,
                               .raw = (uint32_t)(uint64_t)value,
                               .quality = quality,
                               .reason = quality == QUALITY_BAD         ? REASON_TIMEOUT
                                         : quality == QUALITY_UNCERTAIN ? REASON_INHIBITED
                                                                        : REASON_NONE}}};

    fixture_feed(f, &event);
}

static inline void fixture_good(struct fixture *f, uint16_t point, micro_t value)
{
    fixture_read(f, point, value, QUALITY_GOOD);
}

static inline int fixture_order(struct fixture *f, enum event_kind kind, uint16_t alarm)
{
    return fixture_feed(f, &(struct event){.kind = kind, .order = {.alarm = alarm, .command = 7}});
}

static inline int fixture_hold(struct fixture *f, enum event_kind kind, uint16_t alarm, int64_t for_us,
                               bool one_shot)
{
    return fixture_feed(f, &(struct event){.kind = kind,
                                           .order = {.alarm = alarm,
                                                     .command = 7,
                                                     .until_utc_us = fixture_now(f).utc_us + for_us,
                                                     .one_shot = one_shot}});
}

/* The next transition that nobody has looked at must be this. Gives it. */
static inline const struct transition *fixture_expect(struct fixture *f, uint16_t alarm,
                                                      enum transition_kind kind, enum transition_why why,
                                                      enum alarm_state to)
{
    const struct transition *t = &f->seen[f->next];

    if (f->next == f->n_seen)
        fail_msg("nothing happened, but %s was expected", transition_name(kind));
    if (t->alarm != alarm || t->kind != kind || t->why != why || t->to != to)
        fail_msg("alarm %u %s (%s) -> %s, but alarm %u %s (%s) -> %s was expected", t->alarm,
                 transition_name(t->kind), transition_why_name(t->why), alarm_state_name(t->to), alarm,
                 transition_name(kind), transition_why_name(why), alarm_state_name(to));
    f->next++;
    return t;
}

static inline void fixture_expect_nothing(const struct fixture *f)
{
    if (f->next != f->n_seen)
        fail_msg("alarm %u %s (%s)", f->seen[f->next].alarm, transition_name(f->seen[f->next].kind),
                 transition_why_name(f->seen[f->next].why));
}

#endif
