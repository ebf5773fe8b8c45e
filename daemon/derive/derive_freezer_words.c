/* derive_freezer_words.c - what the alarms about a run say beside their text. */
#include "derive_freezer_internal.h"

#include <stdio.h>

#include "run_report.h"

#define MINUTE_US INT64_C(60000000)

static void degrees(char text[MICRO_TEXT_MAX], micro_t value)
{
    micro_print(text, MICRO_TEXT_MAX, micro_round(value, 1), 1);
}

static size_t step_words(const struct derive_freezer *f, bool zh, char *text, size_t cap)
{
    if (f->run.step < 0)
        return 0;
    const int n = snprintf(text, cap, zh ? "第 %d 步" : "Step %d", f->run.step + 1);
    return n > 0 && (size_t)n < cap ? (size_t)n : 0;
}

static void deviation_words(const struct derive_freezer *f, int64_t now_us, bool zh, char *text, size_t cap)
{
    char number[MICRO_TEXT_MAX];
    micro_t off;
    const size_t len = step_words(f, zh, text, cap);

    if (!freezer_run_deviation(&f->run, now_us, &off))
        return;
    degrees(number, off < 0 ? -off : off);
    if (zh)
        snprintf(text + len, cap - len, "%s比应有温度%s %s K", len > 0 ? "，" : "", off < 0 ? "低" : "高",
                 number);
    else
        snprintf(text + len, cap - len, "%s%s K %s than it should be", len > 0 ? ", " : "", number,
                 off < 0 ? "colder" : "warmer");
}

static void stall_words(const struct derive_freezer *f, int64_t now_us, bool zh, char *text, size_t cap)
{
    const size_t len = step_words(f, zh, text, cap);
    const long long minutes =
        f->run.step >= 0 ? (long long)((now_us - f->run.record.steps[f->run.step].begin_us) / MINUTE_US) : 0;

    if (len > 0)
        snprintf(text + len, cap - len, zh ? "，已 %lld 分钟" : ", for %lld min", minutes);
}

static void sample_words(const struct derive_freezer *f, int64_t now_us, bool zh, char *text, size_t cap)
{
    const bool several = (f->run.setup.has & 1U << FREEZER_INPUT_SAMPLE_2) != 0;
    char number[MICRO_TEXT_MAX];
    micro_t warmest;

    (void)freezer_run_warmest(&f->run, now_us, &warmest);
    if (warmest == FREEZER_NONE)
        return;
    degrees(number, warmest);
    if (several)
        snprintf(text, cap, zh ? "最暖样本 %s °C" : "Warmest sample %s °C", number);
    else
        snprintf(text, cap, zh ? "样本 %s °C" : "Sample %s °C", number);
}

/* Of several probes those that lack ice, by their names. */
static void no_ice_words(const struct derive *d, const struct derive_freezer *f, int64_t now_us,
                         enum language language, char *text, size_t cap)
{
    size_t len = 0;

    if ((f->run.setup.has & 1U << FREEZER_INPUT_SAMPLE_2) == 0) {
        sample_words(f, now_us, language == LANGUAGE_ZH, text, cap);
        return;
    }
    for (unsigned k = 0; k < FREEZER_SAMPLES && len < cap; k++) {
        const enum freezer_input input = freezer_run_sample_input(k);
        const int point = f->config->inputs[input].point;
        char number[MICRO_TEXT_MAX];
        if (point < 0 || !freezer_run_lacks_ice(&f->run, k, now_us))
            continue;
        const struct point_config *p = &d->config->points[point];
        degrees(number, f->run.inputs[input].value);
        len += (size_t)snprintf(text + len, cap - len, "%s%s %s °C",
                                len == 0                  ? ""
                                : language == LANGUAGE_ZH ? "，"
                                                          : ", ",
                                bilingual_get(&p->name, language, p->id), number);
    }
}

static void no_data_words(const struct derive_freezer *f, int64_t now_us, bool zh, char *text, size_t cap)
{
    if (f->run.seen_us != FREEZER_NONE)
        snprintf(text, cap, zh ? "最后读数在 %lld 分钟前" : "The last reading is %lld min old",
                 (long long)((now_us - f->run.seen_us) / MINUTE_US));
}

/* Late is told late_after after the expected time. */
static void late_words(const struct derive_freezer *f, int64_t now_us, bool zh, char *text, size_t cap)
{
    const int64_t due_us = f->run.setup.due_us;

    if (due_us != FREEZER_NONE && now_us >= due_us)
        snprintf(text, cap, zh ? "应在 %lld 分钟前开始" : "It was expected %lld min ago",
                 (long long)((now_us - due_us + (int64_t)f->config->late_after_ms * 1000) / MINUTE_US));
}

/* What may become of the samples: by the temperature that they have now. It is no longer that of the run's
 * end. */
static void abandoned_words(const struct derive *d, const struct derive_freezer *f, enum language language,
                            char *text, size_t cap)
{
    const bool zh = language == LANGUAGE_ZH;
    const int64_t now_us = d->now.boot_us;
    const struct freezer_record *r = &f->ended.record;
    const struct program *program = derive_run_program(d, (uint16_t)(f - d->freezers->list), true);
    char number[MICRO_TEXT_MAX] = "";
    micro_t sample;
    size_t len;

    if (!f->has_ended)
        return;
    const long long minutes = (long long)((now_us - r->end.boot_us) / MINUTE_US);
    if (r->how == FREEZER_END_COMPLETE) {
        snprintf(text, cap, zh ? "已结束 %lld 分钟" : "It ended %lld min ago", minutes);
        return;
    }
    const bool all = freezer_run_warmest(&f->run, now_us, &sample);
    if (sample != FREEZER_NONE)
        degrees(number, sample);
    if (!all && sample <= -40 * MICRO_PER_UNIT) /* one that is not known may be warmer */
        sample = FREEZER_NONE;
    if (r->how == FREEZER_END_STOPPED)
        len = (size_t)snprintf(text, cap, zh ? "%lld 分钟前中断" : "Broken off %lld min ago", minutes);
    else
        len = (size_t)snprintf(text, cap,
                               zh ? "%lld 分钟来没有读数，如何结束未知"
                                  : "Nothing was heard for %lld min: how it ended is not known",
                               minutes);
    if (len < cap && number[0] != '\0')
        len += (size_t)snprintf(text + len, cap - len, zh ? "，样本 %s °C" : ", sample %s °C", number);
    if (len < cap)
        snprintf(text + len, cap - len, zh ? "。%s" : ". %s",
                 run_report_guidance(
                     freezer_record_guidance_at(program != NULL ? &program->steps : NULL, sample), language));
}

void derive_freezer_words(const struct derive *d, uint16_t freezer, unsigned which, enum language language,
                          char *text, size_t cap)
{
    const struct derive_freezer *f = &d->freezers->list[freezer];
    const bool zh = language == LANGUAGE_ZH;
    const int64_t now_us = d->now.boot_us;

    if (cap == 0)
        return;
    text[0] = '\0';
    switch (1U << which) {
    case FREEZER_FINDING_DEVIATION:
    case FREEZER_FINDING_OVERSHOOT:
        deviation_words(f, now_us, zh, text, cap);
        break;
    case FREEZER_FINDING_STALL:
        stall_words(f, now_us, zh, text, cap);
        break;
    case FREEZER_FINDING_NO_EXOTHERM:
        no_ice_words(d, f, now_us, language, text, cap);
        break;
    case FREEZER_FINDING_LID:
    case FREEZER_FINDING_POWER:
    case FREEZER_FINDING_LN2:
        sample_words(f, now_us, zh, text, cap);
        break;
    case FREEZER_FINDING_NO_DATA:
        no_data_words(f, now_us, zh, text, cap);
        break;
    case FREEZER_FINDING_LATE:
        late_words(f, now_us, zh, text, cap);
        break;
    case FREEZER_FINDING_ABANDONED:
        abandoned_words(d, f, language, text, cap);
        break;
    default:
        break;
    }
}
