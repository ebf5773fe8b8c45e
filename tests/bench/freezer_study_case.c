/* The simulated side of the study: see freezer_study.h. */
#include "freezer_study.h"

#include "model.h"
#include "param.h"

#include <math.h>
#include <stdlib.h>

const char *const study_fault_names[STUDY_FAULTS] = {"none",         "no LN2",       "door open",
                                                     "mains off",    "probe broken", "data missing",
                                                     "freezes late", "another rate", "stopped"};

static double between(struct random_source *r, double low, double high)
{
    return low + (high - low) * random_uniform(r);
}

/* Three of five runs are without a fault. */
static enum study_fault draw_fault(struct random_source *r)
{
    return random_uniform(r) < 0.6 ? STUDY_NONE : (enum study_fault)(1 + random_below(r, STUDY_FAULTS - 1));
}

static void fill(struct freezer *f, const struct freezer_program *p, double faster)
{
    f->n_segments = p->n_steps;
    for (unsigned i = 0; i < p->n_steps; i++) {
        const struct freezer_step *s = &p->steps[i];
        struct freezer_segment *to = &f->segments[i];
        *to = (struct freezer_segment){.target_c = (double)s->target / 1e6};
        if (s->kind == FREEZER_STEP_RAMP)
            to->rate_c_min = (double)s->per_hour / 60e6 * faster;
        else
            to->hold_s = s->for_ms > 0 ? s->for_ms / 1000.0 : 180;
        f->seeds[i] = s->kind == FREEZER_STEP_SEED;
    }
}

struct study_case study_make(unsigned number, const struct freezer_program *program)
{
    struct study_case c = {.seed = 6000 + number};
    struct random_source *r = &c.random;
    struct freezer *f = calloc(1, sizeof *f);

    if (f == NULL)
        abort();
    random_seed(r, c.seed, "freezer-study");
    model_freezer.init(f);
    c.freezer = f;
    c.fault = draw_fault(r);
    c.fault_s = between(r, 300, 2400);
    c.fault_for_s = c.fault == STUDY_GAP ? between(r, 10, 150) : between(r, 60, 600);
    c.interval_s = (double[]){1, 2, 5}[random_below(r, 3)];
    c.resolution = (double[]){0.1, 0.01}[random_below(r, 2)];
    fill(f, program, c.fault == STUDY_WRONG ? between(r, 1.4, 1.8) : 1);
    f->sample_tau_s = between(r, 90, 200);
    f->nucleation_c = c.fault == STUDY_NO_ICE ? -40 : between(r, -12, -7);
    f->spread_k = c.fault == STUDY_NO_ICE ? 0 : between(r, 0.5, 2);
    f->freezing_c = between(r, -4, -2);
    f->latent_k = between(r, 40, 70);
    f->probe_lag_s = between(r, 0, 12);
    f->load = between(r, 0, 0.3);
    f->sample_sensor.noise = between(r, 0.01, 0.1);
    f->chamber_sensor.noise = between(r, 0.02, 0.2);
    f->start_c = (double)program->steps[0].target / 1e6;
    if (c.fault == STUDY_NO_ICE)
        for (unsigned i = 0; i < f->n_segments; i++)
            f->seeds[i] = false;
    if (c.fault == STUDY_BLIND)
        f->sample_sensor.mode = SENSOR_BROKEN;
    return c;
}

static void set(struct freezer *f, const char *name)
{
    char error[PARAM_ERROR_MAX];

    if (param_set(model_freezer.params, f, name, "", true, error) < 0)
        abort();
}

void study_start(struct study_case *c)
{
    set(c->freezer, "start");
}

void study_step(struct study_case *c, double dt_s, double since_s)
{
    const bool now = since_s >= c->fault_s && since_s < c->fault_s + c->fault_for_s;
    struct freezer *f = c->freezer;

    f->supply = !(c->fault == STUDY_DRY && now);
    f->door = c->fault == STUDY_DOOR && now;
    f->mains = !(c->fault == STUDY_DARK && now);
    if (c->fault == STUDY_STOPPED && now && freezer_running(f))
        set(f, "reset");
    model_freezer.step(f, dt_s, &c->random);
}

bool study_is_read(const struct study_case *c, double since_s)
{
    return !(c->fault == STUDY_GAP && since_s >= c->fault_s && since_s < c->fault_s + c->fault_for_s);
}

/* What the program has for the sample, so long after the segment's begin. */
static double wanted_sample(struct study_truth *truth, const struct freezer *f,
                            const struct freezer_program *p)
{
    const double from = (double)p->steps[f->segment - 1].target / 1e6,
                 to = (double)p->steps[f->segment].target / 1e6;

    if (truth->segment != f->segment) {
        truth->segment = f->segment;
        truth->segment_s = f->run_s;
    }
    return fmax(to, from - (double)p->steps[f->segment].per_hour / 3600e6 * (f->run_s - truth->segment_s));
}

void study_watch(struct study_truth *truth, const struct freezer *f, const struct freezer_program *p,
                 double dt_s)
{
    if (!freezer_running(f)) {
        truth->complete |= f->status == FREEZER_COMPLETE;
        return;
    }
    const unsigned i = f->segment;
    const struct freezer_step *s = &p->steps[i];
    const double off =
        s->of_sample ? fabs(f->sample_c - wanted_sample(truth, f, p)) : fabs(f->chamber_c - f->setpoint_c);
    const double followed = s->of_sample ? f->sample_c : f->chamber_c;
    const double t = f->run_s;
    truth->n[i] += 1;
    truth->t[i] += t;
    truth->v[i] += followed;
    truth->tt[i] += t * t;
    truth->tv[i] += t * followed;
    truth->end_c = f->sample_c;
    if (t * 1000 < p->settle_ms)
        return;
    truth->worst_k = fmax(truth->worst_k, off);
    if (s->tolerance != FREEZER_NONE && off * 1e6 > (double)s->tolerance)
        truth->outside_s += dt_s;
}

/* ---------------------------------------------------------------- by the program's limits */

struct held {
    bool outside, unknown, near;
};

static void hold(struct held *h, double value, double low, double high, double near)
{
    h->outside |= value < low || value > high;
    h->near |= fabs(value - low) < near || fabs(value - high) < near;
}

static double limit(int64_t value, double otherwise)
{
    return value == FREEZER_NONE ? otherwise : (double)value / 1e6;
}

static void hold_rates(struct held *h, const struct study_truth *truth, const struct freezer_program *p)
{
    for (unsigned i = 1; i < p->n_steps; i++) {
        const struct freezer_step *s = &p->steps[i];
        if (s->kind != FREEZER_STEP_RAMP || s->rate_tolerance == FREEZER_NONE || truth->n[i] < 5)
            continue;
        const double n = truth->n[i];
        const double rate =
            (n * truth->tv[i] - truth->t[i] * truth->v[i]) / (n * truth->tt[i] - truth->t[i] * truth->t[i]);
        const double wanted =
            s->target < p->steps[i - 1].target ? -limit(s->per_hour, 0) : limit(s->per_hour, 0);
        hold(h, fabs(rate * 3600 - wanted), -1e9, limit(s->rate_tolerance, 0),
             limit(s->rate_tolerance, 0) / 20);
    }
}

static void hold_sample(struct held *h, const struct freezer *f, const struct freezer_program *p)
{
    const struct freezer_limits *l = &p->limits;
    const struct freezer_batch *b = &f->batch;
    /* The probe lags: what is true of the sample is not what any probe could show. */
    const double lag_c = 0.3 + f->probe_lag_s * 0.2;

    if (!b->nucleated)
        h->outside = true;
    else
        hold(h, b->onset_c, limit(l->onset.low, -1e9), limit(l->onset.high, 1e9), lag_c);
    if (b->nucleated && b->supercooling_k < 0.5)
        h->near = true;
    if (b->nucleated)
        hold(h, b->plateau_s, limit(l->plateau_us.low, -1e9), limit(l->plateau_us.high, 1e9), 90);
    if (l->zero_to_40_us.low != FREEZER_NONE && b->minus40_s > 0)
        hold(h, b->minus40_s - b->zero_s, limit(l->zero_to_40_us.low, -1e9),
             limit(l->zero_to_40_us.high, 1e9), 20);
    else if (l->zero_to_40_us.low != FREEZER_NONE)
        h->unknown = true;
}

int study_verdict(const struct study_truth *truth, const struct freezer *f, const struct freezer_program *p,
                  bool *near)
{
    const struct freezer_limits *l = &p->limits;
    struct held h = {.outside = !truth->complete};

    hold(&h, truth->worst_k, -1e9, limit(l->deviation, 1e9), 0.7);
    hold(&h, truth->outside_s, -1e9, limit(l->outside_us, 1e9), 20);
    hold(&h, truth->gap_s, -1e9, limit(l->gap_us, 1e9), 6);
    hold_rates(&h, truth, p);
    if (truth->sample_seen)
        hold_sample(&h, f, p);
    else
        h.unknown = true;
    if (truth->complete && truth->sample_seen)
        hold(&h, truth->end_c, -1e9, limit(l->end, 1e9), 2);
    *near = h.near;
    return h.outside ? 1 : h.unknown ? 2 : 0;
}
