#include "run_stage.h"

#include "freezer_simulated.h"
#include "model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STEP_S 0.5

struct stamp stage_at(const struct stage *s)
{
    return (struct stamp){(int64_t)(s->now_s * 1e6), UTC_US + (int64_t)(s->now_s * 1e6)};
}

void stage_act(struct stage *s, const char *name, const char *value)
{
    char error[PARAM_ERROR_MAX];
    assert_int_equal(param_set(model_freezer.params, &s->model, name, value, true, error), 0);
}

static void fill_program(struct program *program, const char *id, const struct freezer_segment *segments)
{
    struct freezer_program *p = &program->steps;
    strcpy(program->id, id);
    strcpy(program->hash, "5e1b");
    freezer_simulated_program(p, segments);
    p->limits.deviation = 8 * K;
    p->limits.gap_us = 60 * K;
    p->limits.end = -80 * K;
    p->collect_within_ms = 1800000;
    p->cord_blood = true;
}

static void fill_config(struct stage *s)
{
    struct freezer_config *f = &s->freezer;
    strcpy(s->asset.id, "freezer-1");
    for (int i = 0; i < N_INPUTS + FREEZER_POINT_COUNT; i++) {
        s->points[i].format.decimals = 1;
        s->points[i].device = i < N_INPUTS ? 0 : POINT_DERIVED;
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
    s->list[0] = &s->programs[0];
    s->list[1] = &s->programs[1];
    s->config = (struct config){.n_points = N_INPUTS + FREEZER_POINT_COUNT,
                                .points = s->points,
                                .n_assets = 1,
                                .assets = &s->asset,
                                .n_alarms = FREEZER_ALARM_COUNT,
                                .alarms = s->alarms,
                                .n_freezers = 1,
                                .freezers = f,
                                .n_programs = 2,
                                .programs = s->list};
}

static const struct freezer_segment usual[] = {{0, 4, 300}, {1, -45, 0}, {10, -90, 0}, {0, -90, 600}};
static const struct freezer_segment other[] = {{0, 4, 300}, {2, -45, 0}, {10, -90, 0}, {0, -90, 600}};

int stage_open(void **state)
{
    struct stage *s = calloc(1, sizeof *s);
    assert_non_null(s);
    fill_program(&s->programs[0], "usual", usual);
    fill_program(&s->programs[1], "other", other);
    fill_config(s);
    for (int i = 0; i < FREEZER_ALARM_COUNT; i++)
        s->holds[i] = -1;
    random_seed(&s->random, 7, "test");
    model_freezer.init(&s->model);
    s->model.n_segments = 4;
    memcpy(s->model.segments, usual, sizeof usual);
    model_freezer.start(&s->model, &s->random);
    assert_int_equal(derive_create(&s->config, stage_at(s), &s->derive), 0);
    *state = s;
    return 0;
}

int stage_close(void **state)
{
    struct stage *s = *state;
    derive_free(s->derive);
    free(s);
    return 0;
}

static void listen(struct stage *s)
{
    struct derived_news news;
    while (derive_next(s->derive, &news)) {
        if (news.kind == DERIVED_RUN_BEGAN)
            s->n_began++;
        else if (news.kind == DERIVED_CONDITION)
            s->holds[news.condition.alarm] = news.condition.holds;
        else if (news.kind == DERIVED_READING)
            s->readings[news.reading.point - N_INPUTS] = news.reading.reading;
        else if (news.kind == DERIVED_RUN_ENDED) {
            s->n_ended++;
            assert_non_null(derive_last_run(s->derive, 0));
            s->ended = derive_last_run(s->derive, 0)->record;
        }
    }
}

void stage_give(struct stage *s, int point, double value, bool bad)
{
    const struct reading reading = {.value = (micro_t)llround(value * 10) * 100000,
                                    .quality = bad ? QUALITY_BAD : QUALITY_GOOD};
    if (s->silent)
        return;
    derive_take(s->derive, stage_at(s), (uint16_t)point, &reading);
    listen(s);
}

void stage_go(struct stage *s, double for_s)
{
    const struct freezer *f = &s->model;
    const double end_s = s->now_s + for_s;
    for (long i = 0; s->now_s < end_s; i++) {
        model_freezer.step(&s->model, STEP_S, &s->random);
        s->now_s += STEP_S;
        if (i % 2 == 1) {
            derive_look(s->derive, stage_at(s));
            listen(s);
        }
        const long polls = s->polls > 0 ? s->polls : 4;
        if (i % polls != polls - 1)
            continue;
        stage_give(s, STATUS, RUN_A + freezer_simulated_status(f), false);
        stage_give(s, SEGMENT, freezer_segment_number(f), false);
        stage_give(s, SETPOINT, f->setpoint_c, false);
        stage_give(s, DOOR, f->door ? 7 : 0, s->door_bad);
        stage_give(s, MAINS, 0, false);
        s->second_c += s->second_c != 0 ? (f->chamber_sensor.reading - s->second_c) / 60 : 0;
        stage_give(s, LN2, s->second_c, false);
        stage_give(s, CHAMBER, f->chamber_sensor.reading + s->chamber_off, false);
        stage_give(s, SAMPLE, f->sample_sensor.reading, false);
    }
}

void stage_start(struct stage *s)
{
    derive_ready(s->derive);
    stage_go(s, 600);
    stage_act(s, "start", "");
}
