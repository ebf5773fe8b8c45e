#include "run_report.h"

#define SECOND_US INT64_C(1000000)

const char *run_report_guidance(enum freezer_guidance guidance, enum language language)
{
    static const char *const words[][LANGUAGES] = {
        [FREEZER_GUIDANCE_NONE] = {"What may become of the samples is not known for this program: ask who is"
                                   " responsible for them",
                                   "该程序没有中断处理的已知依据：请询问样本负责人"},
        [FREEZER_GUIDANCE_MINUS80] = {"Warmer than -40 °C: move the samples to a -80 °C freezer, not into LN2"
                                      " vapour",
                                      "样本高于 -40 °C：转入 -80 °C 冰箱，不得放入液氮气相"},
        [FREEZER_GUIDANCE_UNKNOWN] =
            {"The samples' temperature is not known: move them to a -80 °C freezer, not"
             " into LN2 vapour",
             "样本温度未知：转入 -80 °C 冰箱，不得放入液氮气相"},
        [FREEZER_GUIDANCE_EITHER] = {"At -40 °C or colder: the samples may go to a -80 °C freezer or into LN2"
                                     " vapour",
                                     "样本已达 -40 °C 或更低：可转入 -80 °C 冰箱或液氮气相"},
    };

    return (unsigned)guidance <= FREEZER_GUIDANCE_EITHER ? words[guidance][language] : "";
}

/* "none", "minus-80", "unknown", "either" */
static const char *guidance_name(enum freezer_guidance guidance)
{
    static const char *const names[] = {"none", "minus-80", "unknown", "either"};

    return (unsigned)guidance <= FREEZER_GUIDANCE_EITHER ? names[guidance] : "?";
}

const char *run_report_verdict_name(enum freezer_verdict_kind kind)
{
    static const char *const names[] = {"within", "outside", "unknown"};

    return (unsigned)kind <= FREEZER_VERDICT_UNKNOWN ? names[kind] : "?";
}

void run_report_program(struct json_text *j, const struct program *program)
{
    json_text_string(j, "program", program != NULL ? program->id : NULL);
    if (program == NULL)
        return;
    json_text_string(j, "program_sha256", program->hash);
    json_text_string(j, "program_status", program_status_name(program->status));
}

void run_report_begin(struct json_text *j, const struct freezer_record *record)
{
    json_text_time(j, "begin", record->begin.utc_us);
    json_text_bool(j, "begin_known", record->begin_known);
    json_text_string(j, "seen_by", record->by_status ? "status" : "temperature");
}

/* ---------------------------------------------------------------- reasons */

enum form { FORM_NONE, FORM_DEGREES, FORM_KELVIN, FORM_PER_HOUR, FORM_TIME };

static enum form form_of(enum freezer_why why)
{
    switch (why) {
    case FREEZER_WHY_DEVIATION:
    case FREEZER_WHY_RMS:
    case FREEZER_WHY_OVERSHOOT:
    case FREEZER_WHY_SUPERCOOLING:
        return FORM_KELVIN;
    case FREEZER_WHY_SETPOINT:
    case FREEZER_WHY_ONSET:
    case FREEZER_WHY_END:
        return FORM_DEGREES;
    case FREEZER_WHY_RATE:
        return FORM_PER_HOUR;
    case FREEZER_WHY_OUTSIDE:
    case FREEZER_WHY_GAP:
    case FREEZER_WHY_PLATEAU:
    case FREEZER_WHY_ZERO_TO_40:
    case FREEZER_WHY_LID:
    case FREEZER_WHY_POWER:
    case FREEZER_WHY_UNCERTAIN:
        return FORM_TIME;
    default:
        return FORM_NONE;
    }
}

static void number(struct json_text *j, const char *key, enum form form, int64_t value)
{
    if (value == FREEZER_NONE || form == FORM_NONE)
        return;
    if (form == FORM_TIME)
        json_text_integer(j, key, value / SECOND_US);
    else
        json_text_micro(j, key, value, 2);
}

static void reason(struct json_text *j, const struct freezer_reason *r)
{
    static const char *const units[] = {"", "°C", "K", "K/h", "s"};
    const enum form form = form_of(r->why);

    json_text_object(j, NULL);
    json_text_string(j, "why", freezer_record_why_name(r->why));
    if (r->step >= 0)
        json_text_integer(j, "step", r->step + 1);
    if (r->sample >= 0)
        json_text_integer(j, "sample", r->sample + 1);
    if (r->about != FREEZER_WHY_NONE)
        json_text_string(j, "about", freezer_record_why_name(r->about));
    number(j, "value", form, r->value);
    number(j, "limit", form, r->limit);
    if (form != FORM_NONE && r->value != FREEZER_NONE)
        json_text_string(j, "unit", units[form]);
    json_text_end(j);
}

/* What is outside its limit comes before what is not known. */
static void reasons(struct json_text *j, const struct freezer_verdict *v, unsigned left)
{
    const unsigned n = v->n < FREEZER_REASONS_MAX ? v->n : FREEZER_REASONS_MAX;

    json_text_array(j, "reasons");
    for (int unknown = 0; unknown < 2; unknown++) {
        for (unsigned i = 0; i < n && left > 0; i++) {
            if (freezer_record_why_is_unknown(v->reasons[i].why) != (unknown != 0))
                continue;
            reason(j, &v->reasons[i]);
            left--;
        }
    }
    json_text_end(j);
    json_text_integer(j, "n_reasons", v->n);
}

static void degrees(struct json_text *j, const char *key, micro_t value)
{
    if (value != FREEZER_NONE)
        json_text_micro(j, key, value, 2);
    else
        json_text_null(j, key);
}

/* The warmest, and of several probes each: as they were at the end. */
static void samples(struct json_text *j, const struct freezer_record *record, int64_t age_us)
{
    micro_t warmest;

    (void)freezer_record_sample_at(record, record->end.boot_us, age_us, &warmest);
    degrees(j, "sample", warmest);
    if (record->n_samples < 2)
        return;
    json_text_array(j, "samples");
    for (unsigned k = 0; k < record->n_samples; k++) {
        const struct freezer_probe *p = &record->samples[k];
        const bool fresh = p->last != FREEZER_NONE && record->end.boot_us - p->last_us <= age_us;
        degrees(j, NULL, fresh ? p->last : FREEZER_NONE);
    }
    json_text_end(j);
}

enum freezer_verdict_kind run_report_end(struct json_text *j, const struct freezer_record *record, int step,
                                         const struct program *program, int64_t age_us, unsigned max_reasons)
{
    const struct freezer_program *steps = program != NULL ? &program->steps : NULL;
    struct freezer_verdict v;

    freezer_record_judge(record, steps, &v);
    json_text_time(j, "end", record->end.utc_us);
    json_text_string(j, "how", freezer_record_end_name(record->how));
    if (record->clock_us != 0)
        json_text_integer(j, "clock_set", micro_round(record->clock_us, 0) / SECOND_US);
    if (step >= 0)
        json_text_integer(j, "step", step + 1);
    json_text_string(j, "verdict", run_report_verdict_name(v.kind));
    reasons(j, &v, max_reasons);
    if (record->how == FREEZER_END_COMPLETE)
        return v.kind;
    const enum freezer_guidance guidance =
        freezer_record_guidance(record, steps, record->end.boot_us, age_us);
    samples(j, record, age_us);
    json_text_object(j, "guidance");
    json_text_string(j, "is", guidance_name(guidance));
    json_text_string(j, "en", run_report_guidance(guidance, LANGUAGE_EN));
    json_text_string(j, "zh", run_report_guidance(guidance, LANGUAGE_ZH));
    json_text_end(j);
    return v.kind;
}
