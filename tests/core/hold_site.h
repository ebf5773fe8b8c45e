/* hold_site.h - the alarms that the tests of holds are about: one of a limit that the plant can suppress, a
 * protected one, a latching one, and a fault. */
#ifndef CRYOMON_HOLD_SITE_H
#define CRYOMON_HOLD_SITE_H

#include "engine_fixture.h"
#include "test.h"

#define DEGREES(x) ((micro_t)(x)*MICRO_PER_UNIT)

enum { WARM, OXYGEN, LATCH, CHANNEL, N_ALARMS };
enum { TEMPERATURE, O2, VALVE, N_POINTS };

static const struct point_model POINTS[N_POINTS] = {{60000, 0}, {60000, 0}, {60000, 0}};
static const struct alarm_model MODELS[N_ALARMS] = {
    [WARM] = {.kind = CONDITION_HIGH,
              .priority = PRIORITY_HIGH,
              .point = TEMPERATURE,
              .limit = DEGREES(-150),
              .deadband = DEGREES(2),
              .shelve_max_ms = 2 * 3600 * 1000,
              .oos_max_ms = 30U * 24 * 3600 * 1000,
              .realarm_after_ms = 1800 * 1000,
              .realarm_step = DEGREES(4),
              .suppression = {.when = SUPPRESS_STATES,
                              .point = VALVE,
                              .n_states = 1,
                              .states = {DEGREES(1)},
                              .at_most_ms = 20 * 60 * 1000}},
    [OXYGEN] = {.kind = CONDITION_LOW,
                .priority = PRIORITY_CRITICAL,
                .point = O2,
                .limit = DEGREES(19),
                .protected = true,
                .shelve_max_ms = 3600 * 1000,
                .oos_max_ms = 3600 * 1000,
                .suppression = {.when = SUPPRESS_STATES,
                                .point = VALVE,
                                .n_states = 1,
                                .states = {DEGREES(1)},
                                .at_most_ms = 20 * 60 * 1000}},
    [LATCH] = {.kind = CONDITION_FED,
               .latching = true,
               .shelve_max_ms = 3600 * 1000,
               .realarm_after_ms = 60 * 1000},
    [CHANNEL] = {.kind = CONDITION_FAULT, .fault = FAULT_NOTIFY_CHANNEL, .shelve_max_ms = 3600 * 1000},
};
static const struct engine_tables TABLES = {
    .points = POINTS, .n_points = N_POINTS, .alarms = MODELS, .n_alarms = N_ALARMS};

/* Time passes while all points are read each 20 s with what they showed last. */
static inline void go_on(struct fixture *f, int64_t us, micro_t temperature, micro_t valve)
{
    const int64_t end_us = f->boot_us + us;

    while (f->boot_us + 20 * FIXTURE_S <= end_us) {
        fixture_pass(f, 20 * FIXTURE_S);
        fixture_good(f, TEMPERATURE, temperature);
        fixture_good(f, O2, DEGREES(21));
        fixture_good(f, VALVE, valve);
    }
    fixture_pass(f, end_us - f->boot_us);
}

static inline struct fixture begin(void)
{
    struct fixture f = fixture_make(&TABLES);

    go_on(&f, 20 * FIXTURE_S, DEGREES(-190), 0);
    fixture_expect_nothing(&f);
    return f;
}

static inline enum alarm_state state_of(const struct fixture *f, uint16_t alarm)
{
    return engine_alarm_state(f->engine, alarm);
}

static inline void feed_condition(struct fixture *f, bool holds)
{
    fixture_feed(f, &(struct event){.kind = EVENT_CONDITION, .condition = {LATCH, holds}});
}

#endif
