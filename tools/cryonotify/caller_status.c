/* caller_status.c - what cryonotify says of itself: notify/status, notify/heartbeat. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "caller.h"
#include "clock.h"
#include "json_text.h"
#include "log.h"

#define HEARTBEAT_US    (10 * SECOND_US)
#define STATUS_AGAIN_US (60 * SECOND_US)
#define STATUS_LEAST_US SECOND_US
#define STATUS_MAX      49152 /* bytes; the daemon reads 64 KiB */
#define LISTED_MAX      128   /* of what is long */

void caller_topic(const struct caller *c, const char *rest, char topic[INBOX_TOPIC])
{
    snprintf(topic, INBOX_TOPIC, "cryomon/%s/%.150s", c->config->site, rest);
}

static void add_problem(json_t *problems, const char *kind, const char *en, const char *zh)
{
    json_t *text = json_pack("{s:s, s:s}", "en", en, "zh", zh);
    (void)json_array_append_new(problems, json_pack("{s:s, s:o}", "kind", kind, "text", text));
}

static void print_local(char *text, size_t cap, int64_t utc_us)
{
    char utc[RFC3339_MAX];
    clock_print_utc(utc, utc_us);
    snprintf(text, cap, "%.10s %.5s UTC", utc, utc + 11);
}

static void add_people(struct caller *c, const struct call_health *h, json_t *problems)
{
    char en[CALLER_WORDS], zh[CALLER_WORDS];
    if (!h->would_be_told) {
        add_problem(problems, "nobody",
                    "Nobody would be told of an alarm: no person on the rota can be reached now",
                    "没有人会收到报警：值班表上目前无人可联系");
    }
    if (h->reachable < c->config->rules.needed) { /* also when it is nobody: that condition goes on */
        snprintf(en, sizeof en, "Only %u people can be reached, and %u are needed", h->reachable,
                 c->config->rules.needed);
        snprintf(zh, sizeof zh, "目前只能联系到 %u 人，要求 %u 人", h->reachable, c->config->rules.needed);
        add_problem(problems, "people", en, zh);
    }
    if (h->hole) {
        char until[40] = "?";
        if (h->hole_until_utc_us != CALL_NEVER)
            print_local(until, sizeof until, h->hole_until_utc_us);
        snprintf(en, sizeof en, "Nobody is on duty now (until %s): alarms go to the next level at once",
                 until);
        snprintf(zh, sizeof zh, "目前无人值班（至 %s）：报警直接转到上一级", until);
        add_problem(problems, "off", en, zh);
    }
}

static json_t *channel_json(struct caller *c, unsigned person, unsigned i, enum call_channel_state state)
{
    const struct notify_person *p = &c->config->people[person];
    const struct caller_health *h = &c->health[person][i];
    json_t *one = json_pack("{s:s, s:s, s:o}", "person", p->id, "channel",
                            c->config->channels[p->channels[i].channel].name, "ok",
                            state == CALL_UNTRIED ? json_null() : json_boolean(state == CALL_WORKS));
    if (h->since[0] != '\0' && state != CALL_UNTRIED)
        json_object_set_new(one, "since", json_string(h->since));
    if (state == CALL_WORKS)
        json_object_set_new(one, "proof", json_string(h->probed ? "probe" : "message"));
    if (state == CALL_FAILED)
        json_object_set_new(one, "error", json_string(h->error));
    return one;
}

static void add_channel_problem(struct caller *c, unsigned person, unsigned i, json_t *problems)
{
    char en[2 * CALLER_WORDS], zh[2 * CALLER_WORDS];
    const struct notify_person *p = &c->config->people[person];
    const char *name = c->config->channels[p->channels[i].channel].name, *error = c->health[person][i].error;
    snprintf(en, sizeof en, "%s can't be told through %s: %s", p->name, name, error);
    snprintf(zh, sizeof zh, "无法通过 %s 通知 %s：%s", name, p->name, error);
    add_problem(problems, "channel", en, zh);
}

/* Those that have failed first, then those of which nothing is known: the last may be left out. Returns how
 * many have failed. */
static unsigned add_channels(struct caller *c, json_t *channels, json_t *problems)
{
    static const enum call_channel_state worst_first[] = {CALL_FAILED, CALL_UNTRIED, CALL_WORKS};
    unsigned n_failed = 0;
    for (unsigned k = 0; k < sizeof worst_first / sizeof *worst_first; k++)
        for (unsigned person = 0; person < c->config->n_people; person++)
            for (unsigned i = 0; i < c->config->people[person].n_channels; i++) {
                enum call_channel_state state = call_channel_state(c->call, (uint16_t)person, (uint8_t)i);
                if (state != worst_first[k])
                    continue;
                (void)json_array_append_new(channels, channel_json(c, person, i, state));
                if (state != CALL_FAILED)
                    continue;
                n_failed++;
                add_channel_problem(c, person, i, problems);
            }
    return n_failed;
}

static void add_offs(struct caller *c, json_t *offs, json_t *problems)
{
    char en[2 * CALLER_WORDS], zh[2 * CALLER_WORDS], until[RFC3339_MAX], from[RFC3339_MAX], shown[40];
    for (unsigned i = 0; i < c->n_offs; i++) {
        const struct book_off *off = &c->offs[i];
        clock_print_utc(until, off->until_utc_us);
        clock_print_utc(from, off->from_utc_us);
        print_local(shown, sizeof shown, off->until_utc_us);
        (void)json_array_append_new(offs, json_pack("{s:s, s:s, s:s, s:s, s:s, s:i}", "what", off->what, "by",
                                                    off->by, "from", from, "until", until, "why", off->why,
                                                    "count", (int)off->count));
        snprintf(en, sizeof en, "%s is switched off until %s by %s: %s", off->what, shown, off->by, off->why);
        snprintf(zh, sizeof zh, "%s 已被 %s 停用至 %s：%s", off->what, off->by, shown, off->why);
        add_problem(problems, "off", en, zh);
    }
}

static void add_own(struct caller *c, const struct call_health *h, json_t *problems)
{
    char en[2 * CALLER_WORDS], zh[2 * CALLER_WORDS];
    int inbox_error = c->inbox != NULL ? inbox_book_error(c->inbox) : 0;
    if (c->link_trouble[0] != '\0') {
        snprintf(en, sizeof en, "Links in messages do not work: %s", c->link_trouble);
        snprintf(zh, sizeof zh, "消息中的确认链接不可用：%s", c->link_trouble);
        add_problem(problems, "listener", en, zh);
    }
    if (c->book_trouble[0] != '\0' || inbox_error != 0) {
        const char *why = c->book_trouble[0] != '\0' ? c->book_trouble : strerrordesc_np(-inbox_error);
        snprintf(en, sizeof en,
                 "notify.db can't be written (%s): people are called, but a restart would forget whom", why);
        snprintf(zh, sizeof zh, "notify.db 无法写入（%s）：仍会通知人员，但重启后会丢失记录", why);
        add_problem(problems, "book", en, zh);
    }
    if (c->n_refused > 0) {
        snprintf(en, sizeof en, "The new notify.yaml is refused, the one before stays in force: %.300s",
                 c->refused[0]);
        snprintf(zh, sizeof zh, "新的 notify.yaml 有错误，未生效，仍使用之前的配置：%.300s", c->refused[0]);
        add_problem(problems, "configuration", en, zh);
    }
    if (h->uncounted > 0) {
        snprintf(en, sizeof en, "%u alarms more than can be followed one by one: see cryoctl alarms",
                 h->uncounted);
        snprintf(zh, sizeof zh, "另有 %u 个报警超出逐条跟踪上限：请查看 cryoctl alarms", h->uncounted);
        add_problem(problems, "too-many", en, zh);
    }
}

json_t *caller_status_json(struct caller *c, struct stamp now)
{
    struct call_health h;
    json_t *on_duty = json_array(), *channels = json_array(), *problems = json_array(), *offs = json_array();
    call_health(c->call, now, &h);
    for (unsigned i = 0; i < c->config->n_people; i++)
        if ((h.on_duty >> i & 1U) != 0)
            (void)json_array_append_new(on_duty, json_string(c->config->people[i].id));
    add_people(c, &h, problems); /* the worst first: the last may be left out */
    add_own(c, &h, problems);
    add_offs(c, offs, problems);
    unsigned n_failed = add_channels(c, channels, problems);
    unsigned turn = call_drill_turn(c->call);
    const char *next = turn < c->config->n_people ? c->config->people[turn].id : "";
    return json_pack("{s:s, s:s, s:s, s:o, s:b, s:i, s:i, s:i, s:i, s:o, s:i, s:b, s:i, s:i, s:i, s:i, s:o, "
                     "s:o, s:o, s:{s:s}}",
                     "state", "online", "version", CRYOMON_VERSION, "run", c->run, "configuration",
                     caller_configuration_json(c), "would_be_told", h.would_be_told, "reachable",
                     (int)h.reachable, "proven", (int)h.proven, "unproven", (int)(h.reachable - h.proven),
                     "needed", (int)c->config->rules.needed, "on_duty", on_duty, "open_calls", (int)h.open,
                     "flood", h.flood, "n_channels", (int)json_array_size(channels), "n_failed",
                     (int)n_failed, "n_problems", (int)json_array_size(problems), "n_off",
                     (int)json_array_size(offs), "channels", channels, "problems", problems, "off", offs,
                     "drill", "next", next);
}

/* Each list begins with the worst, so its end may go; all are counted (n_channels ...). */
static char *bounded(json_t *status)
{
    static const char *const lists[] = {"channels", "problems", "off"};
    char *text = json_dumps(status, JSON_COMPACT);
    for (size_t kept = LISTED_MAX; text != NULL && strlen(text) > STATUS_MAX; kept /= 2) {
        free(text);
        for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
            json_t *list = json_object_get(status, lists[k]);
            for (size_t i = json_array_size(list); i > kept; i--)
                (void)json_array_remove(list, i - 1);
        }
        json_object_set_new(status, "shortened", json_true());
        text = json_dumps(status, JSON_COMPACT);
        if (kept == 0)
            break; /* what is left is bounded by the configuration's own limits */
    }
    return text;
}

static void publish_status(struct caller *c, struct stamp now, json_t *status)
{
    char topic[INBOX_TOPIC], time[RFC3339_MAX];
    clock_print_utc(time, now.utc_us);
    json_object_set_new(status, "time", json_string(time));
    char *text = json_dumps(status, JSON_COMPACT);
    caller_topic(c, "notify/status", topic);
    if (text != NULL && inbox_send(c->inbox, topic, text, true, NULL, 's', 0) == 0) {
        c->status_sent = true;
        c->status_sent_us = now.boot_us;
        c->status_us = now.boot_us + STATUS_AGAIN_US;
    }
    free(text);
}

/* Publishes it when it has changed, but at most once a second, and once a minute. */
void caller_status(struct caller *c, struct stamp now)
{
    unsigned char hash[sizeof c->status_hash];
    if (c->watch_only || c->inbox == NULL || !c->watch.connected ||
        (c->status_sent_us != 0 && now.boot_us - c->status_sent_us < STATUS_LEAST_US))
        return;
    json_t *status = caller_status_json(c, now);
    char *same = status != NULL ? bounded(status) : NULL;
    if (same != NULL) {
        (void)crypto_generichash(hash, sizeof hash, (const unsigned char *)same, strlen(same), NULL, 0);
        if (!c->status_sent || now.boot_us >= c->status_us ||
            memcmp(hash, c->status_hash, sizeof hash) != 0) {
            memcpy(c->status_hash, hash, sizeof hash);
            c->status_sent = false; /* until it is */
            publish_status(c, now, status);
        }
    }
    free(same);
    json_decref(status);
}

void caller_heartbeat(struct caller *c, struct stamp now)
{
    char topic[INBOX_TOPIC], text[256];
    struct json_text j;
    struct call_health h;
    if (now.boot_us < c->heartbeat_us || c->watch_only || c->inbox == NULL || !c->watch.connected)
        return;
    c->heartbeat_us = now.boot_us + HEARTBEAT_US;
    call_health(c->call, now, &h);
    json_text_begin(&j, text, sizeof text);
    json_text_object(&j, NULL);
    json_text_string(&j, "run", c->run);
    json_text_integer(&j, "sequence", (int64_t)++c->heartbeat_sequence);
    json_text_time(&j, "time", now.utc_us);
    json_text_integer(&j, "open_calls", h.open);
    json_text_bool(&j, "would_be_told", h.would_be_told);
    json_text_bool(&j, "book_written", c->book_trouble[0] == '\0');
    json_text_end(&j);
    caller_topic(c, "notify/heartbeat", topic);
    if (json_text_finish(&j) > 0)
        (void)inbox_send(c->inbox, topic, text, false, NULL, 'h', 0);
}

void caller_offline(struct caller *c)
{
    char topic[INBOX_TOPIC];
    caller_topic(c, "notify/status", topic);
    if (c->inbox != NULL && !c->watch_only)
        (void)inbox_send(c->inbox, topic, "{\"state\":\"offline\",\"reason\":\"stopped\"}", true, NULL, 's',
                         0);
}
