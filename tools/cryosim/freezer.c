#include "freezer.h"

#include "model.h"

#include <math.h>

#define LN2_C    (-195.8)
#define FINEST_S 1.0

/* After the published CryoMed programme: to -4 slowly, through the freezing with a dip, then to -90. */
static const struct freezer_segment default_program[] = {
    {0, 4, 300}, {1, -4, 0}, {25, -40, 0}, {10, -12, 0}, {1, -40, 0}, {10, -90, 0}, {0, -90, 600},
};

static const char *const choice_restart[] = {"resume", "hold", "reset", NULL};

bool freezer_running(const struct freezer *f)
{
    return f->status == FREEZER_RUN || f->status == FREEZER_HOLD || f->status == FREEZER_HOLDBACK;
}

unsigned freezer_segment_number(const struct freezer *f)
{
    return freezer_running(f) ? f->segment + 1 : 0;
}

double freezer_remaining_s(const struct freezer *f)
{
    if (!freezer_running(f))
        return 0;
    double total = 0, from = f->setpoint_c;
    for (unsigned i = f->segment; i < f->n_segments; i++) {
        const struct freezer_segment *s = &f->segments[i];
        if (s->rate_c_min > 0)
            total += fabs(s->target_c - from) / s->rate_c_min * 60;
        else
            total += s->hold_s - (i == f->segment ? f->segment_s : 0);
        from = s->target_c;
    }
    return fmax(0, total);
}

static void nucleate(struct freezer *f, bool seeded)
{
    if (f->freezing)
        return;
    f->freezing = true;
    if (!f->batch.nucleated) {
        f->batch.nucleated = true;
        f->batch.seeded = seeded;
        f->batch.onset_s = f->batch.peak_s = f->run_s;
        f->batch.onset_c = f->batch.peak_c = f->sample_c;
        f->batch.supercooling_k = f->freezing_c - f->sample_c;
    }
}

/* Cold forceps touch the bag. */
static void seed(struct freezer *f)
{
    if (f->sample_c < f->freezing_c)
        nucleate(f, true);
}

/* Moves the setpoint by dt_s of programme time. */
static void run_program(struct freezer *f, double dt_s)
{
    const struct freezer_segment *s = &f->segments[f->segment];
    bool done;
    if (s->rate_c_min > 0) {
        double move = s->rate_c_min / 60 * dt_s;
        double left = s->target_c - f->setpoint_c;
        done = fabs(left) <= move;
        f->setpoint_c = done ? s->target_c : f->setpoint_c + copysign(move, left);
    } else {
        f->setpoint_c = s->target_c;
        double half_s = s->hold_s / 2;
        if (f->seeds[f->segment] && f->segment_s < half_s && f->segment_s + dt_s >= half_s)
            seed(f);
        f->segment_s += dt_s;
        done = f->segment_s >= s->hold_s;
    }
    if (!done)
        return;
    f->segment_s = 0;
    if (f->segment + 1 < f->n_segments)
        f->segment++;
    else
        f->status = FREEZER_COMPLETE;
}

/* Without mains the programme stands still; what it does when they come back is a setting. */
static void step_mains(struct freezer *f)
{
    enum { RESUME, HOLD, RESET };
    if (f->mains && f->dark && freezer_running(f)) {
        if (f->restart == HOLD)
            f->status = FREEZER_HOLD;
        else if (f->restart == RESET)
            f->status = FREEZER_RESET;
    }
    f->dark = !f->mains;
}

static void step_program(struct freezer *f, double dt_s)
{
    step_mains(f);
    f->run_s += dt_s;
    if (!f->mains)
        return;
    if (f->status == FREEZER_RUN || f->status == FREEZER_HOLDBACK) {
        bool off = f->holdback_k > 0 && fabs(f->chamber_c - f->setpoint_c) > f->holdback_k;
        f->status = off ? FREEZER_HOLDBACK : FREEZER_RUN;
    }
    if (f->status == FREEZER_RUN)
        run_program(f, dt_s);
}

static void step_chamber(struct freezer *f, double dt_s)
{
    bool controlled = f->mains && (freezer_running(f) || f->status == FREEZER_COMPLETE);
    double idle_tau = f->door ? f->idle_tau_s / 10 : f->idle_tau_s;
    double idle = (f->ambient_c - f->chamber_c) * (1 - exp(-dt_s / idle_tau));
    f->valve = controlled && f->supply && !f->door && f->chamber_c > f->setpoint_c;
    if (!controlled || f->door || (f->chamber_c > f->setpoint_c && !f->supply)) {
        f->chamber_c += idle;
        return;
    }
    double limit = f->max_rate_c_min / 60 * dt_s;
    f->chamber_c += f->load * (f->sample_c - f->chamber_c) * (1 - exp(-dt_s / f->sample_tau_s));
    double wanted = (f->setpoint_c - f->chamber_c) * (1 - exp(-dt_s / f->chamber_tau_s));
    f->chamber_c = fmax(LN2_C, f->chamber_c + fmax(-limit, fmin(limit, wanted)));
}

/* The temperature at which this mixture of ice and liquid is in balance. */
static double melting_c(const struct freezer *f)
{
    return f->freezing_c - f->depression_k * f->frozen * f->frozen;
}

static void step_sample(struct freezer *f, double dt_s)
{
    f->sample_c += (f->chamber_c - f->sample_c) * (1 - exp(-dt_s / f->sample_tau_s));
    if (!f->freezing && f->sample_c <= f->nucleates_c)
        nucleate(f, false);
    if (!f->freezing)
        return;
    /* Ice grows while the sample is colder than the balance and shrinks while it is warmer; each bit of it
     * warms or cools the sample. 3 s: recalescence takes some seconds. */
    double gap = melting_c(f) - f->sample_c;
    double change = gap * (1 - exp(-dt_s / 3)) / (f->latent_k + f->depression_k);
    change = fmax(-f->frozen, fmin(1 - f->frozen, change));
    f->frozen += change;
    f->sample_c += change * f->latent_k;
    if (f->frozen <= 0 && f->sample_c > f->freezing_c)
        f->freezing = false;
}

/* A batch's own nucleation temperature: never above its freezing point. */
static void draw(struct freezer *f, struct random_source *random)
{
    if (f->spread_k > 0 && f->undrawn)
        f->nucleates_c = fmin(f->freezing_c, f->nucleation_c + f->spread_k * random_noise(random));
    else if (f->spread_k <= 0)
        f->nucleates_c = f->nucleation_c; /* also when it is set during a run */
    f->undrawn = false;
}

static void step_batch(struct freezer *f, double dt_s)
{
    struct freezer_batch *b = &f->batch;
    bool control = freezer_running(f);
    if (b->nucleated && b->plateau_s <= 0) {
        if (f->sample_c > b->peak_c) {
            b->peak_c = f->sample_c;
            b->peak_s = f->run_s;
        } else if (f->sample_c < b->onset_c && f->run_s > b->onset_s) {
            b->plateau_s = f->run_s - b->onset_s;
        }
    }
    if (b->zero_s <= 0 && f->sample_c < 0)
        b->zero_s = f->run_s;
    if (b->minus40_s <= 0 && f->sample_c < -40)
        b->minus40_s = f->run_s;
    if (!control)
        return;
    if (f->run_s > FREEZER_SETTLE_S)
        b->worst_k = fmax(b->worst_k, fabs(f->chamber_c - f->setpoint_c));
    b->open_s += f->door ? dt_s : 0;
    b->dark_s += f->mains ? 0 : dt_s;
    b->dry_s += !f->supply && f->chamber_c > f->setpoint_c ? dt_s : 0;
}

static void freezer_step(void *model, double dt_s, struct random_source *random)
{
    struct freezer *f = model;
    int parts = (int)ceil(dt_s / FINEST_S - 1e-9);
    double part_s = dt_s / parts;
    draw(f, random);
    for (int i = 0; i < parts; i++) { /* ice grows within seconds, whatever the step */
        step_program(f, part_s);
        step_chamber(f, part_s);
        step_sample(f, part_s);
        step_batch(f, part_s);
        f->probe_c += (f->sample_c - f->probe_c) * part_s / (f->probe_lag_s + part_s);
    }
    sensor_measure(&f->chamber_sensor, f->chamber_c, random);
    sensor_measure(&f->sample_sensor, f->probe_c, random);
}

static void freezer_init(void *model)
{
    struct freezer *f = model;
    f->n_segments = sizeof default_program / sizeof default_program[0];
    for (unsigned i = 0; i < f->n_segments; i++)
        f->segments[i] = default_program[i];
    f->ambient_c = 21;
    f->start_c = 4;
    f->chamber_tau_s = 15;
    f->max_rate_c_min = 60;
    f->idle_tau_s = 1800;
    f->sample_tau_s = 150;
    f->nucleation_c = -9;
    f->freezing_c = -4;
    f->depression_k = 8;
    f->latent_k = 60;
    f->supply = f->mains = 1;
    f->undrawn = true;
    f->status = FREEZER_RESET;
    f->chamber_sensor.noise = 0.05;
    f->sample_sensor.noise = 0.03;
}

static void freezer_start(void *model, struct random_source *random)
{
    struct freezer *f = model;
    f->setpoint_c = f->chamber_c = f->sample_c = f->probe_c = f->start_c;
    sensor_measure(&f->chamber_sensor, f->chamber_c, random);
    sensor_measure(&f->sample_sensor, f->sample_c, random);
}

static void act_start(void *model)
{
    struct freezer *f = model;
    f->status = FREEZER_RUN;
    f->segment = 0;
    f->segment_s = 0;
    f->setpoint_c = f->chamber_c;
    f->run_s = 0;
    f->batch = (struct freezer_batch){0}; /* what is already ice has no onset in this run */
}

static void act_reset(void *model)
{
    struct freezer *f = model;
    f->status = FREEZER_RESET;
}

static void act_hold(void *model)
{
    struct freezer *f = model;
    if (freezer_running(f))
        f->status = FREEZER_HOLD;
}

static void act_resume(void *model)
{
    struct freezer *f = model;
    if (f->status == FREEZER_HOLD)
        f->status = FREEZER_RUN;
}

/* A new batch: thawed samples at the temperature that the scenario gives. */
static void act_load(void *model)
{
    struct freezer *f = model;
    f->sample_c = f->start_c;
    f->freezing = false;
    f->frozen = 0;
    f->undrawn = true;
    f->batch = (struct freezer_batch){0};
}

static void act_seed(void *model)
{
    seed(model);
}

#define NUMBER(text, member, units, low, high)                                                               \
    {                                                                                                        \
        text, PARAM_NUMBER, offsetof(struct freezer, member), units, low, high, NULL, 0, NULL, NULL          \
    }
#define CHOICE(text, member, choices)                                                                        \
    {                                                                                                        \
        text, PARAM_CHOICE, offsetof(struct freezer, member), NULL, 0, 0, NULL, 0, choices, NULL             \
    }
#define ACTION(text, act)                                                                                    \
    {                                                                                                        \
        text, PARAM_ACTION, 0, NULL, 0, 0, NULL, 0, NULL, act                                                \
    }

static const struct param freezer_params[] = {
    ACTION("start", act_start),
    ACTION("reset", act_reset),
    ACTION("hold", act_hold),
    ACTION("resume", act_resume),
    ACTION("load", act_load),
    ACTION("seed", act_seed),
    NUMBER("ambient", ambient_c, unit_temperature, 0, 50),
    NUMBER("start_temperature", start_c, unit_temperature, -190, 50),
    NUMBER("chamber_tau", chamber_tau_s, unit_time, 1, 1e5),
    NUMBER("max_rate", max_rate_c_min, unit_rate, 0.1, 500),
    NUMBER("idle_tau", idle_tau_s, unit_time, 10, 1e6),
    NUMBER("sample_tau", sample_tau_s, unit_time, 1, 1e5),
    NUMBER("nucleation", nucleation_c, unit_temperature, -40, 0),
    NUMBER("freezing", freezing_c, unit_temperature, -40, 0),
    NUMBER("depression", depression_k, unit_temperature, 0, 50),
    NUMBER("latent", latent_k, unit_temperature, 1, 200),
    NUMBER("holdback", holdback_k, unit_temperature, 0, 100),
    NUMBER("nucleation_spread", spread_k, unit_temperature, 0, 20),
    NUMBER("probe_lag", probe_lag_s, unit_time, 0, 1e4),
    NUMBER("batch_load", load, NULL, 0, 1),
    CHOICE("mains", mains, choice_off_on),
    CHOICE("restart", restart, choice_restart),
    CHOICE("supply", supply, choice_off_on),
    CHOICE("door", door, choice_closed_open),
    CHOICE("chamber_sensor", chamber_sensor.mode, choice_sensor),
    NUMBER("chamber_offset", chamber_sensor.offset, unit_temperature, -200, 200),
    NUMBER("chamber_noise", chamber_sensor.noise, unit_temperature, 0, 50),
    CHOICE("sample_sensor", sample_sensor.mode, choice_sensor),
    NUMBER("sample_offset", sample_sensor.offset, unit_temperature, -200, 200),
    NUMBER("sample_noise", sample_sensor.noise, unit_temperature, 0, 50),
    {NULL, PARAM_ACTION, 0, NULL, 0, 0, NULL, 0, NULL, NULL},
};

const struct model model_freezer = {"freezer",    sizeof(struct freezer), freezer_params,
                                    freezer_init, freezer_start,          freezer_step};
