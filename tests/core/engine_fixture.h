/* engine_fixture.h - shorter ways to an engine, for its tests. */
#ifndef CRYOMON_TESTS_ENGINE_FIXTURE_H
#define CRYOMON_TESTS_ENGINE_FIXTURE_H

#include "engine.h"

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

#endif
