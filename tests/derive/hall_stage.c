#include "hall_stage.h"

#include <math.h>
#include <stdlib.h>

struct stage *stage_open(void)
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
        s->top_of[i] = (int)i;
    }
    s->stock_l = 3000;
    s->random = 1;
    s->now = (struct stamp){.boot_us = DAY, .utc_us = INT64_C(1790000000) * SECOND};
    heard_clear(&s->heard);
    assert_int_equal(derive_create(&s->site.config, s->now, &s->derive), 0);
    return s;
}

void stage_close(struct stage *s)
{
    derive_free(s->derive);
    derive_free(s->recalled);
    site_close(&s->site);
    free(s);
}

double stage_noise(struct stage *s)
{
    s->random = s->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return ((double)(s->random >> 40) / (double)(1 << 24) - 0.5) * 0.08;
}

void stage_move(struct stage *s)
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
    for (unsigned i = 0; i < SITE_TANKS; i++)
        s->warmed_k[i] += ((s->lid[i] ? 6 : 0) - s->warmed_k[i]) * 0.2;
    s->stock_l -= s->lost_l_day / 1440;
}

void stage_take(struct stage *s, int point, double value)
{
    struct derive *const both[] = {s->derive, s->recalled};
    for (unsigned i = 0; i < 2 && both[i] != NULL; i++) {
        if (isnan(value))
            site_take_bad(both[i], s->now, point);
        else
            site_take(both[i], s->now, point, value);
    }
}

void stage_pass(struct stage *s, int64_t us)
{
    s->now.boot_us += us;
    s->now.utc_us += us;
}

void stage_step(struct stage *s)
{
    stage_pass(s, s->spread ? MINUTE / 2 : MINUTE);
    stage_move(s);
    for (unsigned i = 0; i < SITE_TANKS && !s->silent; i++) {
        int first = (int)i * SITE_INPUTS;
        stage_take(s, first + SITE_TOP, s->top_c[s->top_of[i]] + s->warmed_k[s->top_of[i]]);
        stage_take(s, first + SITE_LID, s->lid[i]);
        stage_take(s, first + SITE_VALVE, s->filling[i]);
    }
    stage_pass(s, s->spread ? MINUTE / 2 : 0);
    for (unsigned i = 0; i < SITE_TANKS && !s->silent; i++)
        stage_take(s, (int)i * SITE_INPUTS + SITE_LEVEL,
                   s->site.no_level[i] ? NAN : s->level_cm[s->site.probe_of[i]] + stage_noise(s));
    if (!s->silent) {
        stage_take(s, SITE_STOCK, s->stock_l);
        stage_take(s, SITE_BAR, 1.5);
        stage_take(s, SITE_ROOM, 21);
    }
    site_hear(s->derive, &s->heard);
    derive_look(s->derive, s->now);
    if (s->recalled != NULL)
        derive_look(s->recalled, s->now);
    site_hear(s->derive, &s->heard);
}

void stage_run(struct stage *s, double days)
{
    for (int i = 0; i < (int)(days * 1440); i++)
        stage_step(s);
}

void stage_open_lid(struct stage *s, unsigned tank, int open_min)
{
    s->lid[tank] = true;
    for (int i = 0; i < open_min; i++)
        stage_step(s);
    s->lid[tank] = false;
    for (int i = 0; i < 120; i++)
        stage_step(s);
}

int stage_of_supply(const struct stage *s, unsigned alarm)
{
    return s->heard.conditions[s->site.supply.alarms[alarm]];
}

int stage_of_tank(const struct stage *s, unsigned tank, unsigned alarm)
{
    return s->heard.conditions[site_alarm(&s->site, tank, alarm)];
}

void stage_take_over(struct stage *s)
{
    derive_free(s->derive);
    s->derive = s->recalled;
    s->recalled = NULL;
    heard_clear(&s->heard);
    derive_ready(s->derive);
}
