/*
 * stage.h - a model on its own, with a clock that the test moves.
 */
#ifndef CRYOSIM_TEST_STAGE_H
#define CRYOSIM_TEST_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model.h"

#define STEP_S 0.5

struct stage {
    const struct model *model;
    void *state;
    struct random_source random;
};

static inline void stage_set(struct stage *stage, const char *name, const char *value)
{
    char error[PARAM_ERROR_MAX] = "";
    int r = param_set(stage->model->params, stage->state, name, value, true, error);
    if (r < 0)
        fail_msg("%s", error);
}

/* settings: name, value, name, value ... NULL */
static inline void stage_open(struct stage *stage, const struct model *model, void *state, uint64_t seed,
                              const char *const *settings)
{
    *stage = (struct stage){.model = model, .state = state};
    model->init(state);
    for (size_t i = 0; settings[i] != NULL; i += 2)
        stage_set(stage, settings[i], settings[i + 1]);
    random_seed(&stage->random, seed, "test");
    model->start(state, &stage->random);
}

static inline void stage_run(struct stage *stage, double seconds)
{
    long steps = (long)(seconds / STEP_S + 0.5);
    for (long i = 0; i < steps; i++)
        stage->model->step(stage->state, STEP_S, &stage->random);
}

#endif
