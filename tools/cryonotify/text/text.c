#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "details.h"
#include "phrase.h"

#define SECOND_OF_US 1000000

static bool has(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static bool zh(const struct notice *n)
{
    return n->language == LANGUAGE_ZH;
}

/* What changes how everything behind it is to be read comes first. */
static void marks(FILE *out, const struct notice *n)
{
    if (n->purpose == NOTICE_DRILL)
        fputs(zh(n) ? "[演练] " : "[DRILL] ", out);
    if (n->purpose == NOTICE_TEST)
        fputs(zh(n) ? "[测试] " : "[TEST] ", out);
    if (n->historical) {
        fputs(zh(n) ? "[迟到" : "[LATE", out);
        if (n->event_utc_us != 0 && n->sent_utc_us > n->event_utc_us) {
            fputs(zh(n) ? "，" : ", ", out);
            phrase_duration(out, (n->sent_utc_us - n->event_utc_us) / SECOND_OF_US, n->language);
            fputs(zh(n) ? "前" : " ago", out);
        }
        fputs("] ", out);
    }
    if (n->purpose == NOTICE_HELD || n->purpose == NOTICE_HOLD_ENDED)
        fputs(zh(n) ? "[通知] " : "[FOR INFORMATION] ", out);
    if (n->maintenance)
        fputs(zh(n) ? "[维护中] " : "[MAINTENANCE] ", out);
}

/* Is this alarm something that somebody should do something about now? */
static bool is_urgent(const struct notice *n)
{
    return n->purpose == NOTICE_CALL || n->purpose == NOTICE_AGAIN || n->purpose == NOTICE_ESCALATED ||
           n->purpose == NOTICE_WORSE || n->purpose == NOTICE_UNRESOLVED;
}

static void purpose_words(FILE *out, const struct notice *n)
{
    switch (n->purpose) {
    case NOTICE_AGAIN:
        fputs(zh(n) ? " · 仍未确认" : " · STILL NOT ACKNOWLEDGED", out);
        break;
    case NOTICE_ESCALATED:
        fputs(zh(n) ? " · 上一级未确认，已升级到您" : " · escalated to you: nobody has acknowledged", out);
        break;
    case NOTICE_WORSE:
        fputs(zh(n) ? " · 确认后继续恶化" : " · WORSE since it was acknowledged", out);
        break;
    case NOTICE_UNRESOLVED:
        fputs(zh(n) ? " · 已确认但长时间未解决" : " · acknowledged, but STILL NOT RESOLVED", out);
        break;
    case NOTICE_RETURNED:
        fputs(zh(n) ? " · 已恢复，尚未确认" : " · over, not yet acknowledged", out);
        break;
    case NOTICE_ACKNOWLEDGED:
        fputs(zh(n) ? " · 已确认" : " · acknowledged", out);
        if (has(n->by))
            fprintf(out, zh(n) ? "（%s）" : " by %s", n->by);
        break;
    case NOTICE_OVER:
        fputs(zh(n) ? " · 已恢复正常" : " · back to normal", out);
        break;
    default:
        break;
    }
}

/* The daemon's sentence names the value; here is said what it does not know: that the value is not good, or
 * that it has become old since. */
static void value_words(FILE *out, const struct notice *n)
{
    const struct notice_value *v = &n->value;
    int64_t age_us = v->utc_us != 0 ? n->sent_utc_us - v->utc_us : 0;

    if (has(v->quality) && strcmp(v->quality, "good") != 0) {
        fprintf(out, zh(n) ? " · 数值%s" : " · value %s", phrase_quality(v->quality, n->language));
        if (has(v->reason))
            fprintf(out, zh(n) ? "（%s）" : " (%s)", phrase_reason(v->reason, n->language));
    } else if (v->known && !has(v->quality)) {
        fputs(zh(n) ? " · 数值质量未知" : " · value of unknown quality", out);
    }
    if (v->known && age_us >= NOTICE_OLD_US && !n->historical && is_urgent(n)) {
        fputs(zh(n) ? " · " : " · was ", out);
        if (zh(n)) {
            phrase_clock(out, v->utc_us, n->sent_utc_us);
            fputs(" 时为 ", out);
        }
        if (has(v->state))
            fputs(v->state, out);
        else
            phrase_number(out, v->value, v->unit);
        if (zh(n)) {
            fputs("，此后未知", out);
        } else {
            fputs(" at ", out);
            phrase_clock(out, v->utc_us, n->sent_utc_us);
            fputs(", not known since", out);
        }
    }
}

static const char *asset_name(const struct notice *n)
{
    return notice_words(&n->asset_name, n->language, n->asset);
}

/* "Tank 1: what": the daemon's sentence begins with the name already. */
static void what(FILE *out, const struct notice *n)
{
    const char *asset = asset_name(n);
    const char *text = notice_words(&n->text, n->language, "");

    if (text[0] == '\0')
        text = has(n->alarm) ? n->alarm : phrase_pick(n->language, "no text was given", "无说明");
    if (asset[0] != '\0' && strncmp(text, asset, strlen(asset)) != 0)
        fprintf(out, zh(n) ? "%s：" : "%s: ", asset);
    fputs(text, out);
}

static void first_of_alarm(FILE *out, const struct notice *n)
{
    const char *response = notice_words(&n->response, n->language, "");

    what(out, n);
    if (n->active && (n->group_since.en != NULL || n->group_since.zh != NULL))
        fprintf(out, zh(n) ? "，现又有：%s" : ", and by now: %s",
                notice_words(&n->group_since, n->language, ""));
    if (n->active && (n->group_over.en != NULL || n->group_over.zh != NULL))
        fprintf(out, zh(n) ? "，已恢复：%s" : ", over by now: %s",
                notice_words(&n->group_over, n->language, ""));
    if (n->purpose != NOTICE_TEST && n->purpose != NOTICE_DRILL)
        fprintf(out, " [%s]", phrase_priority(n->priority, n->language));
    value_words(out, n);
    if (is_urgent(n) && n->active && (n->has_time_left_kind || n->time_left_s > 0)) {
        fputs(" · ", out);
        phrase_time_left(out, notice_time_left(n), n->language);
    }
    purpose_words(out, n);
    if (response[0] != '\0' && (is_urgent(n) || n->purpose == NOTICE_PROBLEM || n->purpose == NOTICE_DRILL)) {
        fputs(" · ", out);
        fputs(response, out);
    }
}

/* "9 alarms", "Tank 3: 9 alarms", or the alarm by its name, in quotes: what a hold is of. Never the alarm's
 * sentence, which reads as if it were so now. */
static void held_what(FILE *out, const struct notice *n)
{
    const char *asset = asset_name(n);
    const char *name = notice_words(&n->alarm_name, n->language, "");
    bool one = true;

    for (size_t i = 1; i < n->n_members && one; i++)
        one = strcmp(n->members[i].asset != NULL ? n->members[i].asset : "",
                     n->members[0].asset != NULL ? n->members[0].asset : "") == 0;
    if (asset[0] != '\0' && one)
        fprintf(out, zh(n) ? "%s：" : "%s: ", asset);
    if (n->n_members > 1)
        fprintf(out, zh(n) ? "%zu 个报警" : "%zu alarms ", n->n_members);
    else if (name[0] != '\0')
        fprintf(out, zh(n) ? "报警“%s”" : "alarm \"%s\" ", name);
    else
        fprintf(out, zh(n) ? "报警 %s " : "alarm %s ", has(n->alarm) ? n->alarm : "?");
}

static void held_until(FILE *out, const struct notice *n)
{
    for (size_t i = 1; i < n->n_members; i++)
        if (n->members[i].until_utc_us != n->members[0].until_utc_us)
            return; /* each has its own: below */
    if (n->until_utc_us == 0)
        return;
    fputs(zh(n) ? "，至 " : " until ", out);
    phrase_time(out, n->until_utc_us);
}

static void held_words(FILE *out, const struct notice *n)
{
    const char *state = has(n->state) ? phrase_state(n->state, n->language) : zh(n) ? "已屏蔽" : "held";

    held_what(out, n);
    if (n->purpose == NOTICE_HOLD_ENDED && n->n_members > 1)
        fputs(zh(n) ? "恢复使用（搁置/停用已结束）" : "no longer held back", out);
    else if (n->purpose == NOTICE_HOLD_ENDED)
        fprintf(out, zh(n) ? "恢复使用（搁置/停用已结束），当前%s" : "no longer held back, now %s", state);
    else
        fputs(state, out);
    if (has(n->by))
        fprintf(out, zh(n) ? "（%s）" : " by %s", n->by);
    if (n->purpose == NOTICE_HELD)
        held_until(out, n);
    if (has(n->note))
        fprintf(out, zh(n) ? "：%s" : ": %s", n->note);
}

static bool is_held(const struct notice *n)
{
    return n->purpose == NOTICE_HELD || n->purpose == NOTICE_HOLD_ENDED;
}

static enum priority worst_of(const struct notice *n, unsigned counts[PRIORITY_CRITICAL + 1])
{
    enum priority worst = n->n_members > 0 ? PRIORITY_LOW : n->priority;

    for (size_t i = 0; i < n->n_members; i++) {
        enum priority priority = n->members[i].priority;
        if (priority > PRIORITY_CRITICAL || n->members[i].is_news)
            continue;
        counts[priority]++;
        if (priority > worst)
            worst = priority;
    }
    return worst;
}

/* "14 alarms: 3 CRITICAL, 11 HIGH [CRITICAL] · first of the worst: ...". */
static void first_of_summary(FILE *out, const struct notice *n)
{
    unsigned counts[PRIORITY_CRITICAL + 1] = {0};
    enum priority worst = worst_of(n, counts);
    bool more = false;
    size_t n_alarms = 0;

    for (int p = PRIORITY_CRITICAL; p >= PRIORITY_LOW; p--)
        n_alarms += counts[p];
    if (n_alarms == 0) {
        fprintf(out, zh(n) ? "%zu 条通知" : "%zu messages for information", n->n_members);
        return;
    }
    fprintf(out, zh(n) ? "%zu 个报警：" : n_alarms == 1 ? "%zu alarm: " : "%zu alarms: ", n_alarms);
    for (int p = PRIORITY_CRITICAL; p >= PRIORITY_LOW; p--) {
        if (counts[p] == 0)
            continue;
        fprintf(out, "%s%u %s", more ? (zh(n) ? "，" : ", ") : "", counts[p],
                phrase_priority((enum priority)p, n->language));
        more = true;
    }
    fprintf(out, " [%s]", phrase_priority(worst, n->language));
    if (n_alarms < n->n_members)
        fprintf(out, zh(n) ? "，另有 %zu 条通知" : ", and %zu messages for information",
                n->n_members - n_alarms);
    for (size_t i = 0; i < n->n_members; i++) {
        const struct notice_member *m = &n->members[i];
        if (m->priority != worst || m->is_news)
            continue;
        fputs(zh(n) ? " · 最严重：" : " · worst: ", out);
        fputs(notice_words(&m->text, n->language, m->alarm), out);
        if (notice_time_left_of(n, m) >= 0) {
            fputs(" · ", out);
            phrase_time_left(out, notice_time_left_of(n, m), n->language);
        }
        const char *response = notice_words(&m->response, n->language, "");
        if (response[0] != '\0') {
            fputs(" · ", out);
            fputs(response, out);
        }
        break;
    }
}

static void write_first(FILE *out, const struct notice *n)
{
    const char *site = notice_words(&n->site_name, n->language, n->site);

    marks(out, n);
    if (site[0] != '\0')
        fprintf(out, "%s · ", site);
    if (n->purpose == NOTICE_SUMMARY)
        first_of_summary(out, n);
    else if (is_held(n))
        held_words(out, n);
    else
        first_of_alarm(out, n);
}

static void write_title(FILE *out, const struct notice *n)
{
    unsigned counts[PRIORITY_CRITICAL + 1] = {0};
    const char *site = notice_words(&n->site_name, n->language, n->site);
    const char *asset = asset_name(n);

    marks(out, n);
    if (n->purpose != NOTICE_TEST && n->purpose != NOTICE_DRILL && !is_held(n))
        fprintf(
            out, "[%s] ",
            phrase_priority(n->purpose == NOTICE_SUMMARY ? worst_of(n, counts) : n->priority, n->language));
    fputs(site, out);
    if (is_held(n)) {
        fputs(site[0] != '\0' ? " · " : "", out);
        held_words(out, n);
        return;
    }
    if (n->purpose == NOTICE_SUMMARY)
        fprintf(out, zh(n) ? " · %zu 个报警" : " · %zu alarms", n->n_members);
    else if (asset[0] != '\0')
        fprintf(out, "%s%s", site[0] != '\0' ? " · " : "", asset);
    purpose_words(out, n);
}

static void write_details(FILE *out, const struct notice *n)
{
    if (is_held(n) && n->n_members > 1) {
        details_members(out, n);
        details_hold(out, n);
    } else if (n->purpose == NOTICE_SUMMARY) {
        details_members(out, n);
        if (n->n_others > 0)
            fprintf(out, zh(n) ? "其他未结束的报警：%u\n" : "Other alarms that are open: %u\n", n->n_others);
    } else {
        details_write(out, n);
    }
}

/* What write prints, as a malloced text; NULL: no memory. */
static char *printed(void (*write)(FILE *, const struct notice *), const struct notice *notice)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL)
        return NULL;
    write(out, notice);
    bool ok = ferror(out) == 0;
    if (fclose(out) == 0 && ok)
        return text;
    free(text);
    return NULL;
}

int text_make(const struct notice *notice, struct text *ret)
{
    struct notice *clean = NULL;
    struct text text = {0};
    int error = notice_copy(notice, &clean);

    if (error < 0)
        return error;
    text.title = printed(write_title, clean);
    text.first = printed(write_first, clean);
    text.details = printed(write_details, clean);
    text.answer = printed(details_answer, clean);
    notice_free(clean);
    if (text.title == NULL || text.first == NULL || text.details == NULL || text.answer == NULL) {
        text_free(&text);
        return -ENOMEM;
    }
    *ret = text;
    return 0;
}

void text_free(struct text *text)
{
    if (text == NULL)
        return;
    free(text->title);
    free(text->first);
    free(text->details);
    free(text->answer);
    *text = (struct text){0};
}
