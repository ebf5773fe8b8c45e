/*
 * tank_stage.h - a tank that does what the test says, with a clock that the test moves. No physics: the
 * numbers are what they are set to.
 */
#ifndef CRYOMON_TEST_TANK_STAGE_H
#define CRYOMON_TEST_TANK_STAGE_H

#include "test.h"

#include "tank.h"

#include <string.h>

#define N(value)  ((micro_t)((value)*1e6))
#define MINUTE    INT64_C(60000000)
#define HOUR      (60 * MINUTE)
#define DAY       (24 * HOUR)
#define ABSENT    ((struct reading){.quality = QUALITY_BAD, .reason = REASON_NEVER_READ})
#define GOOD(v)   ((struct reading){.value = N(v), .quality = QUALITY_GOOD})
#define BAD       ((struct reading){.quality = QUALITY_BAD, .reason = REASON_TIMEOUT})
#define AS_NUM(q) ((double)(q) / 1e6)

struct stage {
    struct tank tank;
    struct tank_input input;
    int64_t now_us;
    double level_cm, fall_cm_day, noise_cm, offset_cm;
    double top_c, room_c;
    double start_cm, stop_cm, rise_cm_min; /* the controller; start_cm 0: none */
    bool filling, lid, silent;
    uint64_t random;
};

#define assert_between(value, least, most)                                                                   \
    do {                                                                                                     \
        double between_ = (value);                                                                           \
        if (!(between_ >= (least) && between_ <= (most)))                                                    \
            fail_msg("%s is %.6g, not in %g ... %g", #value, between_, (double)(least), (double)(most));     \
    } while (0)

/* -1 ... 1, about normal with a deviation of 0.4. */
static inline double stage_noise(struct stage *s)
{
    double sum = 0;
    for (int i = 0; i < 3; i++) {
        s->random = s->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        sum += (double)(s->random >> 40) / (double)(1 << 24) * 2 - 1;
    }
    return sum / 3;
}

/* 6 litres per cm, 80 cm deep; falls 2 cm a day from 20 to 15. */
static inline void stage_model(struct tank_vessel *model)
{
    tank_vessel_init(model);
    model->n_shape = 2;
    model->shape[1] = (struct tank_height){N(80), N(480)};
    model->low_cm = N(13);
    model->high_cm = N(23);
    model->fill_start_cm = N(15);
    model->fill_stop_cm = N(20);
}

static inline void stage_open(struct stage *s, const struct tank_vessel *model)
{
    memset(s, 0, sizeof *s);
    assert_int_equal(tank_init(&s->tank, model), 0);
    s->now_us = 1000 * DAY;
    s->level_cm = 20;
    s->fall_cm_day = 2;
    s->noise_cm = 0.05;
    s->top_c = -186;
    s->room_c = 21;
    s->start_cm = 15;
    s->stop_cm = 20;
    s->rise_cm_min = 0.25;
    s->random = 1;
}

/* One of stage_model(). */
static inline void stage_open_usual(struct stage *s)
{
    struct tank_vessel model;
    stage_model(&model);
    stage_open(s, &model);
}

static inline void stage_step(struct stage *s)
{
    s->now_us += MINUTE;
    s->level_cm -= s->fall_cm_day / 1440;
    s->level_cm = s->level_cm > 0 ? s->level_cm : 0;
    if (s->start_cm > 0 && s->level_cm <= s->start_cm && !s->lid)
        s->filling = true;
    if (s->level_cm >= s->stop_cm || s->lid)
        s->filling = false;
    s->level_cm += s->filling ? s->rise_cm_min : 0;
    struct tank_input *in = &s->input;
    in->level = GOOD(s->level_cm + s->offset_cm + s->noise_cm * stage_noise(s));
    in->temps[0] = GOOD(s->top_c + 0.1 * stage_noise(s));
    in->temps[1] = in->temps[2] = in->temps[3] = ABSENT;
    in->lid = GOOD(s->lid);
    in->valve = GOOD(s->filling);
    in->room = GOOD(s->room_c);
    in->supply_bar = GOOD(1.5);
    in->supply_l = ABSENT;
    if (s->silent)
        in->level = in->temps[0] = in->lid = in->valve = in->room = BAD;
}

static inline void stage_run(struct stage *s, int64_t us)
{
    for (int64_t end_us = s->now_us + us; s->now_us < end_us;) {
        stage_step(s);
        tank_feed(&s->tank, s->now_us, &s->input);
    }
}

static inline struct tank_view stage_view(const struct stage *s)
{
    struct tank_view view;
    tank_view(&s->tank, &view);
    return view;
}

#endif
