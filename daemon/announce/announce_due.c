/* What an alarm about a calibration says: see announce.h. */
#include <stdio.h>

#include "announce.h"
#include "json_text.h"

#define DAY_US INT64_C(86400000000)

static const struct calibration_config *in_force(const struct alarm_news *news)
{
    const struct alarm_model *model = &news->config->alarm_models[news->alarm];
    const int index = config_calibration_at(news->config, model->point, news->at.utc_us);
    return index >= 0 ? &news->config->calibrations[index] : NULL;
}

/* "in 30 days", "today", "for 3 days": whole days, those that have begun counted. */
static void days_words(int64_t left_us, bool zh, char *text, size_t cap)
{
    const int64_t days = left_us > 0 ? (left_us + DAY_US - 1) / DAY_US : -(left_us / DAY_US);
    if (left_us <= 0 && days == 0)
        snprintf(text, cap, "%s", zh ? "今天到期" : "due today");
    else if (left_us > 0)
        snprintf(text, cap, zh ? "还有 %lld 天" : "in %lld day%s", (long long)days, days == 1 ? "" : "s");
    else
        snprintf(text, cap, zh ? "已过期 %lld 天" : "overdue for %lld day%s", (long long)days,
                 days == 1 ? "" : "s");
}

void announce_due_words(const struct alarm_news *news, enum language language, const char *name, char *text,
                        size_t cap)
{
    const struct calibration_config *c = in_force(news);
    const bool zh = language == LANGUAGE_ZH;
    char days[48];
    if (news->over || c == NULL || c->due_utc_us == 0) {
        snprintf(text, cap, zh ? "%s：校准未到期%s%s" : "%s: the calibration is not due%s%s", name,
                 c != NULL && c->certificate[0] != '\0' ? (zh ? "，证书 " : "; certificate ") : "",
                 c != NULL ? c->certificate : "");
        return;
    }
    days_words(c->due_utc_us - news->at.utc_us, zh, days, sizeof days);
    snprintf(text, cap,
             zh ? "%s：校准到期日 %s（%s），证书 %s" : "%s: calibration due on %s (%s); certificate %s", name,
             c->due, days, c->certificate[0] != '\0' ? c->certificate : (zh ? "无" : "none"));
}

void announce_due_members(struct json_text *j, const struct alarm_news *news)
{
    const struct point_config *point = &news->config->points[news->config->alarm_models[news->alarm].point];
    const struct calibration_config *c = in_force(news);
    json_text_string(j, "point", point->id);
    if (c == NULL)
        return;
    if (c->certificate[0] != '\0')
        json_text_string(j, "certificate", c->certificate);
    if (c->due[0] != '\0')
        json_text_string(j, "due", c->due);
}
