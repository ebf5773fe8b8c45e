/* The verdict on a run by the program's limits. See freezer_record.h. */
#include "freezer_record.h"

static void add(struct freezer_verdict *v, enum freezer_why why, int step, int64_t value, int64_t limit)
{
    if (v->n < FREEZER_REASONS_MAX)
        v->reasons[v->n] =
            (struct freezer_reason){.why = why, .step = step, .sample = -1, .value = value, .limit = limit};
    v->n++;
    if (!freezer_record_why_is_unknown(why))
        v->kind = FREEZER_OUTSIDE_LIMITS;
    else if (v->kind == FREEZER_WITHIN_LIMITS)
        v->kind = FREEZER_VERDICT_UNKNOWN;
}

/* All reasons since then are of that probe; a run with one has no need to say which. */
static void of_probe(struct freezer_verdict *v, const struct freezer_record *r, unsigned since,
                     unsigned probe)
{
    for (unsigned i = since; i < v->n && i < FREEZER_REASONS_MAX && r->n_samples > 1; i++)
        v->reasons[i].sample = (int)probe;
}

/* One at least: what is wanted of a sample is asked also where there is no probe. */
static unsigned n_probes(const struct freezer_record *r)
{
    return r->n_samples > 1 ? r->n_samples : 1;
}

static void not_measured(struct freezer_verdict *v, enum freezer_why about, int step)
{
    add(v, FREEZER_WHY_NOT_MEASURED, step, FREEZER_NONE, FREEZER_NONE);
    if (v->n <= FREEZER_REASONS_MAX)
        v->reasons[v->n - 1].about = about;
}

static void at_most(struct freezer_verdict *v, enum freezer_why why, int step, int64_t value, int64_t limit)
{
    if (limit == FREEZER_NONE)
        return;
    if (value == FREEZER_NONE)
        not_measured(v, why, step);
    else if (value > limit)
        add(v, why, step, value, limit);
}

/* within: the value may be off by so much to either side, and then it is not known whether it lies in the
 * range. */
static void in_range(struct freezer_verdict *v, enum freezer_why why, const struct freezer_range *range,
                     int64_t value, int64_t within)
{
    const bool has_low = range->low != FREEZER_NONE, has_high = range->high != FREEZER_NONE;

    if (!has_low && !has_high)
        return;
    if (value == FREEZER_NONE)
        not_measured(v, why, -1);
    else if (has_low && value + within < range->low)
        add(v, why, -1, value, range->low);
    else if (has_high && value - within > range->high)
        add(v, why, -1, value, range->high);
    else if ((has_low && value - within < range->low) || (has_high && value + within > range->high))
        not_measured(v, why, -1);
}

static bool is_judged(const struct freezer_range *range)
{
    return range->low != FREEZER_NONE || range->high != FREEZER_NONE;
}

static micro_t size_of(micro_t value)
{
    return value < 0 ? -value : value;
}

static bool sees_exotherm(const struct freezer_program *p)
{
    for (unsigned i = 0; i < p->n_steps; i++)
        if (p->steps[i].exotherm)
            return true;
    return p->exotherm_by != FREEZER_NONE;
}

/* Its end was seen: it does not go on, and was not lost on the way. */
static bool has_ended(const struct freezer_record *r)
{
    return r->how == FREEZER_END_COMPLETE || r->how == FREEZER_END_STOPPED;
}

/* ---------------------------------------------------------------- steps */

/* Whether the controller itself went on: a step in which the run was broken off has no end to be judged. */
static bool was_finished(const struct freezer_record *r, unsigned step)
{
    for (unsigned i = step + 1; i < r->n_steps; i++)
        if (r->steps[i].entered)
            return true;
    return r->how == FREEZER_END_COMPLETE;
}

static void judge_rate(const struct freezer_record *r, const struct freezer_program *p, unsigned i,
                       unsigned probe, struct freezer_verdict *v)
{
    const struct freezer_step *s = &p->steps[i];
    micro_t rate, wanted, off;

    if (s->kind != FREEZER_STEP_RAMP || s->rate_tolerance == FREEZER_NONE)
        return;
    if (r->how == FREEZER_END_NONE && !was_finished(r, i)) /* it goes on: the rate is the whole step's */
        return;
    if (!freezer_record_rate_of(r, i, probe, &rate)) {
        not_measured(v, FREEZER_WHY_RATE, (int)i);
        return;
    }
    wanted = s->target < freezer_program_from(p, i) ? -s->per_hour : s->per_hour;
    off = size_of(rate - wanted);
    if (off > s->rate_tolerance)
        add(v, FREEZER_WHY_RATE, (int)i, rate, wanted);
}

/* The setpoint was last read a little before the step ended: so far it may still have gone. */
static void judge_setpoint(const struct freezer_record *r, const struct freezer_program *p, unsigned i,
                           struct freezer_verdict *v)
{
    const struct freezer_step *s = &p->steps[i];
    const struct freezer_conduct *c = &r->steps[i];
    micro_t slack = s->tolerance;

    if (s->tolerance == FREEZER_NONE || s->of_sample || c->setpoint == FREEZER_NONE || !was_finished(r, i))
        return;
    if (s->kind == FREEZER_STEP_RAMP)
        slack += (micro_t)((freezer_wide_t)s->per_hour * (c->end_us - c->setpoint_us) / INT64_C(3600000000));
    if (size_of(c->setpoint - s->target) > slack)
        add(v, FREEZER_WHY_SETPOINT, (int)i, c->setpoint, s->target);
}

static void judge_conduct(const struct freezer_record *r, const struct freezer_program *p, unsigned i,
                          unsigned probe, struct freezer_verdict *v)
{
    const struct freezer_conduct *c = freezer_record_conduct(r, i, probe);
    micro_t most;

    if (c->warm != FREEZER_NONE) {
        most = size_of(c->warm) > size_of(c->cold) ? c->warm : c->cold;
        if (p->limits.deviation != FREEZER_NONE && size_of(most) > p->limits.deviation)
            add(v, FREEZER_WHY_DEVIATION, (int)i, most, p->limits.deviation);
    }
    if (p->limits.overshoot != FREEZER_NONE && c->overshoot != FREEZER_NONE &&
        c->overshoot > p->limits.overshoot)
        add(v, FREEZER_WHY_OVERSHOOT, (int)i, c->overshoot, p->limits.overshoot);
    judge_rate(r, p, i, probe, v);
}

/* A probe that was not held against the step, where another one was. */
static bool is_unseen(const struct freezer_record *r, const struct freezer_program *p, unsigned i,
                      unsigned probe)
{
    const bool is_judged_there = p->limits.deviation != FREEZER_NONE || p->limits.rms != FREEZER_NONE ||
                                 p->limits.outside_us != FREEZER_NONE;

    if (!p->steps[i].of_sample || !is_judged_there ||
        freezer_record_conduct(r, i, probe)->warm != FREEZER_NONE)
        return false;
    for (unsigned k = 0; k < n_probes(r); k++)
        if (freezer_record_conduct(r, i, k)->warm != FREEZER_NONE)
            return true;
    return false;
}

static void judge_step(const struct freezer_record *r, const struct freezer_program *p, unsigned i,
                       struct freezer_verdict *v)
{
    if (p->steps[i].kind == FREEZER_STEP_PLUNGE)
        return;
    if (!r->steps[i].entered) {
        if (r->how == FREEZER_END_COMPLETE && p->steps[i].tolerance != FREEZER_NONE)
            not_measured(v, FREEZER_WHY_OUTSIDE, (int)i);
        return;
    }
    for (unsigned k = 0; k < (p->steps[i].of_sample ? n_probes(r) : 1); k++) {
        const unsigned since = v->n;
        judge_conduct(r, p, i, k, v);
        if (is_unseen(r, p, i, k))
            not_measured(v, p->limits.deviation != FREEZER_NONE ? FREEZER_WHY_DEVIATION : FREEZER_WHY_OUTSIDE,
                         (int)i);
        if (p->steps[i].of_sample)
            of_probe(v, r, since, k);
    }
    judge_setpoint(r, p, i, v);
}

/* The time outside the tolerances, by a probe; the worst of them counts. FREEZER_NONE: none was measured. */
static int64_t outside_of(const struct freezer_record *r, const struct freezer_program *p, unsigned probe)
{
    int64_t outside_us = 0;
    bool any = false;

    for (unsigned i = 0; i < p->n_steps; i++) {
        const struct freezer_conduct *c = freezer_record_conduct(r, i, probe);
        outside_us += c->outside_us;
        any = any || c->warm != FREEZER_NONE;
    }
    return any ? outside_us : FREEZER_NONE;
}

static void judge_steps(const struct freezer_record *r, const struct freezer_program *p,
                        struct freezer_verdict *v)
{
    int64_t worst_us = FREEZER_NONE;
    micro_t rms;

    for (unsigned i = 0; i < p->n_steps; i++)
        judge_step(r, p, i, v);
    for (unsigned k = 0; k < n_probes(r); k++) {
        const int64_t outside_us = outside_of(r, p, k);
        worst_us = outside_us > worst_us ? outside_us : worst_us; /* FREEZER_NONE is less than any */
    }
    if (worst_us == FREEZER_NONE && p->limits.deviation != FREEZER_NONE)
        not_measured(v, FREEZER_WHY_DEVIATION, -1);
    at_most(v, FREEZER_WHY_OUTSIDE, -1, worst_us, p->limits.outside_us);
    at_most(v, FREEZER_WHY_RMS, -1, freezer_record_rms(r, -1, &rms) ? rms : FREEZER_NONE, p->limits.rms);
}

/* ---------------------------------------------------------------- the whole */

static void judge_ice_of(const struct freezer_record *r, const struct freezer_probe *probe,
                         const struct freezer_program *p, struct freezer_verdict *v)
{
    const struct freezer_ice *ice = &probe->ice;
    const struct freezer_limits *l = &p->limits;

    if (ice->state == ICE_NOT_SEEN) {
        /* Without a temperature by which it must have shown, only the run's own end tells that none came. */
        const bool cold_enough =
            probe->low != FREEZER_NONE &&
            (p->exotherm_by == FREEZER_NONE ? has_ended(r) : probe->low <= p->exotherm_by);
        if (probe->is_read && !probe->ice_hidden && !ice->flat && cold_enough && r->begin_known)
            add(v, FREEZER_WHY_NO_EXOTHERM, -1, FREEZER_NONE, FREEZER_NONE);
        else
            add(v, FREEZER_WHY_ICE_UNKNOWN, -1, FREEZER_NONE, FREEZER_NONE);
        return;
    }
    if (ice->uncertain) /* what was hidden before does not matter: a sample freezes once */
        add(v, FREEZER_WHY_ICE_UNKNOWN, -1, FREEZER_NONE, FREEZER_NONE);
    in_range(v, FREEZER_WHY_ONSET, &l->onset, ice->onset, 0);
    at_most(v, FREEZER_WHY_SUPERCOOLING, -1, ice->gap ? FREEZER_NONE : freezer_ice_supercooling(ice),
            l->supercooling);
    in_range(v, FREEZER_WHY_PLATEAU, &l->plateau_us, ice->gap ? FREEZER_NONE : ice->plateau_us, 0);
}

static void judge_ice(const struct freezer_record *r, const struct freezer_program *p,
                      struct freezer_verdict *v)
{
    const struct freezer_limits *l = &p->limits;
    const bool wanted = sees_exotherm(p) || is_judged(&l->onset) || is_judged(&l->plateau_us) ||
                        l->supercooling != FREEZER_NONE;

    for (unsigned k = 0; wanted && k < n_probes(r); k++) {
        const unsigned since = v->n;
        judge_ice_of(r, &r->samples[k], p, v);
        of_probe(v, r, since, k);
    }
}

/* What was read long before the end says nothing of the end. The warmest counts; one that is too warm is,
 * whatever is not known of the others. */
static void judge_end_temperature(const struct freezer_record *r, micro_t limit, struct freezer_verdict *v)
{
    const int64_t end_us = r->end.boot_us, gap_us = r->samples[0].ice.gap_us;
    micro_t last = r->last_chamber;
    bool all = last != FREEZER_NONE && end_us - r->last_chamber_us <= gap_us;

    if (freezer_record_has_sample(r))
        all = freezer_record_sample_at(r, end_us, gap_us, &last);
    at_most(
        v, FREEZER_WHY_END, -1,
        all || (last != FREEZER_NONE && limit != FREEZER_NONE && last > limit && freezer_record_has_sample(r))
            ? last
            : FREEZER_NONE,
        limit);
}

static void judge_end(const struct freezer_record *r, const struct freezer_program *p,
                      struct freezer_verdict *v)
{
    const struct freezer_limits *l = &p->limits;
    int64_t way_us, within_us = 0;

    at_most(v, FREEZER_WHY_GAP, -1, r->longest_gap_us, l->gap_us);
    if (l->gap_us == FREEZER_NONE && r->n_gaps > 0) /* nobody said that what was not seen does not matter */
        not_measured(v, FREEZER_WHY_GAP, -1);
    at_most(v, FREEZER_WHY_LID, -1, r->lid_known ? r->lid_us : FREEZER_NONE, l->lid_us);
    at_most(v, FREEZER_WHY_POWER, -1, r->power_known ? r->power_us : FREEZER_NONE, l->power_us);
    if (!freezer_record_zero_to_40(r, &way_us, &within_us))
        way_us = FREEZER_NONE;
    in_range(v, FREEZER_WHY_ZERO_TO_40, &l->zero_to_40_us, way_us, within_us);
    if (has_ended(r)) /* what was not seen to end has none */
        judge_end_temperature(r, l->end, v);
}

static bool has_limits(const struct freezer_program *p)
{
    const struct freezer_limits *l = &p->limits;

    for (unsigned i = 0; i < p->n_steps; i++)
        if (p->steps[i].rate_tolerance != FREEZER_NONE)
            return true;
    return l->deviation != FREEZER_NONE || l->rms != FREEZER_NONE || l->overshoot != FREEZER_NONE ||
           l->outside_us != FREEZER_NONE || l->gap_us != FREEZER_NONE || is_judged(&l->onset) ||
           l->supercooling != FREEZER_NONE || is_judged(&l->plateau_us) || is_judged(&l->zero_to_40_us) ||
           l->end != FREEZER_NONE || l->lid_us != FREEZER_NONE || l->power_us != FREEZER_NONE ||
           sees_exotherm(p);
}

void freezer_record_judge(const struct freezer_record *record, const struct freezer_program *program,
                          struct freezer_verdict *ret)
{
    struct freezer_verdict v = {.kind = FREEZER_WITHIN_LIMITS};

    if (record->how == FREEZER_END_STOPPED)
        add(&v, FREEZER_WHY_NOT_COMPLETE, -1, FREEZER_NONE, FREEZER_NONE);
    else if (record->how != FREEZER_END_COMPLETE)
        add(&v, FREEZER_WHY_END_UNKNOWN, -1, FREEZER_NONE, FREEZER_NONE);
    if (!record->begin_known)
        add(&v, FREEZER_WHY_BEGIN_UNKNOWN, -1, FREEZER_NONE, FREEZER_NONE);
    if (record->uncertain_us > 0)
        add(&v, FREEZER_WHY_UNCERTAIN, -1, record->uncertain_us, FREEZER_NONE);
    if (program == NULL) {
        add(&v, FREEZER_WHY_NO_PROGRAM, -1, FREEZER_NONE, FREEZER_NONE);
    } else if (!has_limits(program)) {
        add(&v, FREEZER_WHY_NO_LIMITS, -1, FREEZER_NONE, FREEZER_NONE);
    } else {
        judge_steps(record, program, &v);
        judge_ice(record, program, &v);
        judge_end(record, program, &v);
    }
    *ret = v;
}
