/* caller_notice.c - an order and an alarm's body as the facts of a message. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "caller.h"
#include "clock.h"

#define LIST_WORDS 30 /* occurrences that the text about missed alarms names; the book has all */

const char *caller_purpose(enum call_purpose purpose)
{
    static const char *const names[] = {"call",    "again",      "escalated",    "worse", "unresolved",
                                        "summary", "returned",   "acknowledged", "held",  "missed",
                                        "drill",   "hold-ended", "test"};
    return names[purpose];
}

static enum notice_purpose purpose_of(enum call_purpose purpose, bool is_over)
{
    switch (purpose) {
    case CALL_FIRST:
        return NOTICE_CALL;
    case CALL_AGAIN:
        return NOTICE_AGAIN;
    case CALL_ESCALATED:
        return NOTICE_ESCALATED;
    case CALL_WORSE:
        return NOTICE_WORSE;
    case CALL_UNRESOLVED:
        return NOTICE_UNRESOLVED;
    case CALL_SUMMARY:
        return NOTICE_SUMMARY;
    case CALL_RETURNED:
        return is_over ? NOTICE_OVER : NOTICE_RETURNED;
    case CALL_ACKNOWLEDGED:
        return NOTICE_ACKNOWLEDGED;
    case CALL_HELD:
        return NOTICE_HELD;
    case CALL_MISSED:
        return NOTICE_PROBLEM;
    case CALL_DRILL:
        return NOTICE_DRILL;
    case CALL_HOLD_ENDED:
        return NOTICE_HOLD_ENDED;
    case CALL_TESTED:
        return NOTICE_TEST;
    }
    return NOTICE_CALL;
}

static const char *text_of(const json_t *root, const char *key)
{
    return json_string_value(json_object_get(root, key));
}

static int64_t time_of(const json_t *root, const char *key)
{
    int64_t utc_us = 0;
    const char *text = text_of(root, key);
    return text != NULL && clock_parse_utc(text, &utc_us) == 0 ? utc_us : 0;
}

static struct words words_of(const json_t *root, const char *key)
{
    const json_t *both = json_object_get(root, key);
    return (struct words){.en = text_of(both, "en"), .zh = text_of(both, "zh")};
}

static bool micro_of(const json_t *root, const char *key, micro_t *ret)
{
    const json_t *number = json_object_get(root, key);
    if (!json_is_number(number))
        return false;
    double value = json_number_value(number) * (double)MICRO_PER_UNIT;
    if (!(fabs(value) < (double)MICRO_MAX))
        return false;
    *ret = llround(value);
    return true;
}

static int64_t integer_of(const json_t *root, const char *key, int64_t absent)
{
    const json_t *number = json_object_get(root, key);
    return json_is_number(number) ? (int64_t)json_number_value(number) : absent;
}

static enum priority priority_of(enum call_priority priority)
{
    static const enum priority own[] = {PRIORITY_LOW, PRIORITY_MEDIUM, PRIORITY_HIGH, PRIORITY_CRITICAL};
    return own[priority];
}

static const char *state_name(enum call_state state)
{
    static const char *const names[] = {
        "normal",  "unacknowledged", "acknowledged",  "returned-unacknowledged",
        "shelved", "suppressed",     "out-of-service"};
    return names[state];
}

/* When the reading was taken: a state that was told anew has the time of its reading beside that of the
 * event.
 */
static int64_t value_time_of(const json_t *root)
{
    int64_t utc_us = time_of(root, "value_time");
    return utc_us != 0 ? utc_us : time_of(root, "time");
}

/* When the time that is left was so: what comes from the tank's estimates has a time of its own. */
static int64_t time_left_time_of(const json_t *root)
{
    int64_t utc_us = time_of(root, "time_left_at");
    return utc_us != 0 ? utc_us : value_time_of(root);
}

/* Without a reading that is good nobody knows how long, but the tank's estimates may know. */
static int64_t time_left_of(const json_t *root)
{
    const char *quality = text_of(root, "quality"), *from = text_of(root, "time_left_from");
    if (from != NULL && strcmp(from, "vessel") == 0)
        return integer_of(root, "time_left_s", -1);
    return quality != NULL && strcmp(quality, "bad") == 0 ? -1 : integer_of(root, "time_left_s", -1);
}

static void fill_value(struct notice *n, const json_t *root)
{
    const json_t *trend = json_object_get(root, "trend");
    n->value = (struct notice_value){.unit = text_of(root, "unit"),
                                     .state = text_of(root, "value_state"),
                                     .quality = text_of(root, "quality"),
                                     .reason = text_of(root, "reason"),
                                     .utc_us = value_time_of(root)};
    n->value.known = micro_of(root, "value", &n->value.value);
    n->has_limit = micro_of(root, "limit", &n->limit);
    n->has_trend = micro_of(trend, "per_hour", &n->trend_per_hour);
    n->trend_over_s = integer_of(trend, "over_s", 0);
    n->time_left_s = time_left_of(root);
    n->time_left_utc_us = time_left_time_of(root);
    n->has_time_left_kind = json_object_get(root, "time_left_s") != NULL; /* null: not known */
    n->response_time_s = integer_of(root, "response_time_s", 0);
}

/* The name that the state has: who keeps it quiet, who has acknowledged it; else who did this. */
static const char *name_of(const json_t *root, enum call_state state)
{
    const char *own = NULL;
    if (state == CALL_STATE_SHELVED || state == CALL_STATE_OUT_OF_SERVICE)
        own = text_of(root, "held_by");
    else if (state == CALL_STATE_ACKNOWLEDGED)
        own = text_of(root, "acknowledged_by");
    return own != NULL ? own : text_of(root, "by");
}

static void fill_people(struct notice *n, const json_t *root, enum call_state state)
{
    const json_t *maintenance = json_object_get(root, "maintenance");
    n->by = name_of(root, state);
    n->note = text_of(root, "note");
    n->order = text_of(root, "order");
    n->until_utc_us = time_of(root, "until");
    n->maintenance = json_is_object(maintenance);
    n->maintenance_by = text_of(maintenance, "by");
    n->maintenance_order = text_of(maintenance, "order");
    n->maintenance_until_utc_us = time_of(maintenance, "until");
}

/* What the alarm's own body says. */
static void fill_alarm(struct caller_paper *p, const struct call_view *view)
{
    struct notice *n = &p->notice;
    const json_t *root = p->root;
    n->asset = text_of(root, "asset");
    n->asset_name = words_of(root, "asset_name");
    n->alarm = text_of(root, "alarm");
    n->alarm_name = words_of(root, "alarm_name");
    n->priority = priority_of(view->priority);
    n->state = state_name(view->state);
    n->transition = text_of(root, "transition");
    n->point = text_of(root, "point");
    n->text = words_of(root, "text");
    n->response = words_of(root, "response");
    n->consequence = words_of(root, "consequence");
    n->active = view->active;
    n->latched = json_is_true(json_object_get(root, "latched"));
    n->is_protected = json_is_true(json_object_get(root, "protected"));
    n->life_safety = json_is_true(json_object_get(root, "life_safety"));
    n->raised_utc_us = time_of(root, "raised");
    n->event_utc_us = time_of(root, "time");
    n->historical = json_is_true(json_object_get(root, "historical"));
    n->acked_utc_us = view->state == CALL_STATE_ACKNOWLEDGED ? n->event_utc_us : 0;
    n->group = view->group;
    if (view->local)
        n->asset_name = (struct words){.en = "Notification", .zh = "通知系统"};
    fill_value(n, root);
    fill_people(n, root, view->state);
    if (n->text.en == NULL && n->text.zh == NULL) /* the body is lost: the name at least */
        n->text = (struct words){.en = view->key, .zh = view->key};
}

static void make_link(struct caller *c, struct caller_paper *p, int64_t now_utc_us)
{
    struct link_claim claim = {.expires_utc_us = now_utc_us + c->config->link.valid_ms * MS_US};
    char token[LINK_TOKEN_MAX];
    if (c->link == NULL || p->notice.person == NULL || p->occurrence[0] == '\0')
        return;
    snprintf(claim.occurrence, sizeof claim.occurrence, "%s", p->occurrence);
    snprintf(claim.person, sizeof claim.person, "%s", p->notice.person);
    if (link_make(&c->key, &claim, token) == 0 && link_url(&c->config->link, token, p->link) == 0)
        p->notice.link = p->link;
}

/* Another way than the link: a command, which is the same in both languages. */
static void make_hint(struct caller_paper *p, const struct call_view *view)
{
    const char *slash = strchr(view->key, '/');
    if (view->local || slash == NULL)
        snprintf(p->hint, sizeof p->hint, "cryonotify ack %s", view->key);
    else
        snprintf(p->hint, sizeof p->hint, "cryoctl ack %.*s %s", (int)(slash - view->key), view->key,
                 slash + 1);
    p->notice.hint = p->hint;
}

json_t *caller_body_of(const struct caller *c, uint32_t slot)
{
    json_error_t where;
    const char *body = c->slots[slot].body;
    return body != NULL ? json_loads(body, 0, &where) : NULL;
}

static int fill_summary(struct caller *c, const struct call_order *order, struct caller_paper *p)
{
    uint32_t cursor = 0, slot;
    size_t cap = order->n_alarms < NOTICE_MEMBERS_MAX ? order->n_alarms : NOTICE_MEMBERS_MAX;
    p->members = calloc(cap + 1, sizeof *p->members);
    p->roots = calloc(cap + 1, sizeof(json_t *));
    if (p->members == NULL || p->roots == NULL)
        return -ENOMEM;
    while (p->n_roots < cap && call_batch_next(c->call, order, &cursor, &slot)) {
        struct call_view view;
        if (!call_view(c->call, slot, &view))
            continue;
        json_t *root = caller_body_of(c, slot);
        struct notice_member *m = &p->members[p->n_roots];
        p->roots[p->n_roots++] = root;
        *m = (struct notice_member){
            .asset = text_of(root, "asset"),
            .alarm = text_of(root, "alarm"),
            .asset_name = words_of(root, "asset_name"),
            .alarm_name = words_of(root, "alarm_name"),
            .text = words_of(root, "text"),
            .response = words_of(root, "response"),
            .priority = priority_of(view.priority),
            .state = state_name(view.state),
            .quality = text_of(root, "quality"),
            .is_news = order->purpose != CALL_SUMMARY,
            .until_utc_us = time_of(root, "until"),
            .raised_utc_us = time_of(root, "raised"),
            .event_utc_us = value_time_of(root),
            .value_utc_us = json_is_number(json_object_get(root, "value")) ? value_time_of(root) : 0,
            .time_left_s = time_left_of(root)};
        if (m->text.en == NULL && m->text.zh == NULL)
            m->text = (struct words){.en = view.key, .zh = view.key};
    }
    p->notice.members = p->members;
    p->notice.n_members = p->n_roots;
    return 0;
}

/* What came and went, or never came. */
static void fill_missed(struct caller *c, const struct call_order *order, struct caller_paper *p)
{
    char *en = p->words[0], *zh = p->words[1];
    int a, b;
    if (c->n_missed == 0) {
        a = snprintf(en, CALLER_WORDS,
                     "%lld events were lost on their way; the alarm states have been read anew",
                     (long long)c->gap_shown);
        b = snprintf(zh, CALLER_WORDS, "有 %lld 个事件在传输中丢失；报警状态已重新读取",
                     (long long)c->gap_shown);
    } else {
        a = snprintf(en, CALLER_WORDS,
                     "%u alarms came and went while there was no connection:", order->n_alarms);
        b = snprintf(zh, CALLER_WORDS, "连接中断期间有 %u 个报警出现后又消失：", order->n_alarms);
    }
    for (unsigned i = 0; i < c->n_missed && i < LIST_WORDS; i++) {
        int length = (int)strcspn(c->missed[i], "@");
        if (a < 0 || b < 0 || a + length + 8 >= CALLER_WORDS || b + length + 8 >= CALLER_WORDS)
            break;
        a += snprintf(en + a, CALLER_WORDS - (size_t)a, " %.*s", length, c->missed[i]);
        b += snprintf(zh + b, CALLER_WORDS - (size_t)b, " %.*s", length, c->missed[i]);
    }
    p->notice.text = (struct words){.en = en, .zh = zh};
    p->notice.response = (struct words){.en = "See cryoctl events", .zh = "请查看 cryoctl events"};
    p->notice.historical = true;
    p->notice.priority = PRIORITY_LOW;
}

int caller_paper(struct caller *c, struct stamp now, const struct call_order *order, struct caller_paper *p)
{
    struct notice *n = &p->notice;
    struct call_view view;
    struct call_health health;
    call_health(c->call, now, &health);
    n->site = c->config->site;
    n->site_name = (struct words){.en = c->config->site_name.text[LANGUAGE_EN],
                                  .zh = c->config->site_name.text[LANGUAGE_ZH]};
    n->sent_utc_us = now.utc_us;
    n->level = order->level + 1U;
    n->time_left_s = -1;
    n->purpose = purpose_of(order->purpose, false);
    if (order->purpose == CALL_TESTED || order->purpose == CALL_MISSED) {
        n->level = 0;
        n->priority = PRIORITY_LOW;
        if (order->purpose == CALL_MISSED)
            fill_missed(c, order, p);
        return 0;
    }
    if (!call_view(c->call, order->slot, &view))
        return -ENOENT;
    n->attempt = order->nth;
    n->n_others = health.open > order->n_alarms ? health.open - order->n_alarms : 0;
    p->root = caller_body_of(c, order->slot);
    if (order->purpose == CALL_SUMMARY) {
        n->priority = priority_of(view.priority);
        return fill_summary(c, order, p);
    }
    n->purpose = purpose_of(order->purpose, view.state == CALL_STATE_NORMAL);
    snprintf(p->occurrence, sizeof p->occurrence, "%s", view.occurrence);
    n->occurrence = p->occurrence;
    fill_alarm(p, &view);
    if (order->purpose == CALL_HELD || order->purpose == CALL_HOLD_ENDED)
        return order->n_alarms > 1 ? fill_summary(c, order, p) : 0;
    if (order->n_alarms > 1 || json_array_size(json_object_get(p->root, "members")) > 0) {
        int result = caller_group_fill(c, order->slot, p);
        if (result < 0)
            return result;
    }
    if (view.state == CALL_STATE_UNACKNOWLEDGED || view.state == CALL_STATE_RETURNED) {
        make_link(c, p, now.utc_us);
        make_hint(p, &view);
    }
    return 0;
}

void caller_paper_free(struct caller_paper *p)
{
    for (size_t i = 0; i < p->n_roots; i++)
        json_decref(p->roots[i]);
    free(p->roots);
    free(p->members);
    free(p->group_members);
    json_decref(p->root);
}
