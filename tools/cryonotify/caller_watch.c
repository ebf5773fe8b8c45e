/* caller_watch.c - our own alarms: a site that is silent, one at which nobody would be called, no broker. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "caller.h"
#include "clock.h"
#include "json_text.h"
#include "log.h"

#define LOCAL_BODY 4096

/* What a status or a connection gives as the reason, as far as it is known here; NULL: it is not. */
static const char *known_zh(const char *en)
{
    static const char *const known[][2] = {
        {"connection lost", "连接中断"},
        {"stopped", "已正常停止"},
        {"the configuration has changed", "配置已更改"},
        {"a subscription could not be sent", "订阅请求无法发送"},
        {"the broker refuses a subscription: see the ACL", "服务器拒绝订阅：请检查 ACL"},
        {"the broker does not answer", "服务器无应答"},
        {"the broker has not confirmed a message for 20 s", "服务器 20 秒未确认消息"},
        {"the broker does not answer a subscription", "服务器未应答订阅"},
        {"Connection refused", "连接被拒绝"},
        {"Connection reset by peer", "连接被对方重置"},
        {"Connection timed out", "连接超时"},
        {"No route to host", "无法到达主机"},
        {"Network is unreachable", "网络不可达"},
        {"Name or service not known", "主机名无法解析"},
        {"Temporary failure in name resolution", "域名解析暂时失败"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i][0], en) == 0)
            return known[i][1];
    return NULL;
}

/* Before the last colon: where the connection goes to ("HOST port N", or as an address), or that it broke. */
static void print_place_zh(char *text, size_t cap, const char *en, size_t len)
{
    static const char connect[] = "can't connect to ", to[] = "the connection to ", broke[] = " broke";
    const size_t n_to = sizeof to - 1, n_broke = sizeof broke - 1, n_connect = sizeof connect - 1;
    char place[CALLER_WORDS], *port;
    snprintf(place, sizeof place, "%.*s", (int)len, en);
    len = strlen(place);
    if (strncmp(place, connect, n_connect) == 0)
        snprintf(text, cap, "无法连接 %.300s", place + n_connect);
    else if (strncmp(place, to, n_to) == 0 && len > n_to + n_broke &&
             strcmp(place + len - n_broke, broke) == 0)
        snprintf(text, cap, "与 %.*s 的连接中断", (int)(len - n_to - n_broke), place + n_to);
    else if ((port = strstr(place, " port ")) != NULL)
        snprintf(text, cap, "无法连接 %.*s 端口 %.20s", (int)(port - place), place, port + 6);
    else
        snprintf(text, cap, "系统信息：%.300s", place);
}

/* What is not known here comes from a library, in English only, and stands there as what it is. */
static void print_zh(char *text, size_t cap, const char *en)
{
    const char *whole = known_zh(en), *tail = NULL;
    char place[CALLER_WORDS];
    for (const char *p = strstr(en, ": "); p != NULL; p = strstr(p + 2, ": "))
        tail = p;
    if (whole != NULL) {
        snprintf(text, cap, "%s", whole);
        return;
    }
    print_place_zh(place, sizeof place, en, tail != NULL ? (size_t)(tail - en) : strlen(en));
    if (tail == NULL)
        snprintf(text, cap, "%s", place);
    else
        snprintf(text, cap, "%.300s：%.200s", place,
                 known_zh(tail + 2) != NULL ? known_zh(tail + 2) : tail + 2);
}

/* As people's clocks show it. */
static void print_moment(char *text, size_t cap, int64_t utc_us)
{
    time_t seconds = (time_t)(utc_us / SECOND_US);
    struct tm t;
    if (localtime_r(&seconds, &t) == NULL || strftime(text, cap, "%Y-%m-%d %H:%M:%S %z", &t) == 0)
        text[0] = '\0';
}

static void local_body(struct caller *c, struct stamp now, const char *alarm, const char *state,
                       int64_t since_us, const char *en, const char *zh, char *body, size_t cap)
{
    const bool is_about_calls = strncmp(alarm, "notifier", 8) == 0;
    struct json_text j;
    json_text_begin(&j, body, cap);
    json_text_object(&j, NULL);
    json_text_time(&j, "time", now.utc_us);
    json_text_string(&j, "site", c->config->site);
    json_text_string(&j, "asset", "cryonotify");
    json_text_string(&j, "alarm", alarm);
    json_text_string(&j, "priority", "critical");
    json_text_string(&j, "state", state);
    json_text_time(&j, "raised", since_us);
    json_text_object(&j, "text");
    json_text_string(&j, "en", en);
    json_text_string(&j, "zh", zh);
    json_text_end(&j);
    json_text_object(&j, "response");
    json_text_string(&j, "en",
                     is_about_calls
                         ? "Watch the site's alarms yourself (cryoctl alarms), and have cryonotify "
                           "started there"
                         : "Look at the tanks themselves, and find out why nothing is heard");
    json_text_string(&j, "zh",
                     is_about_calls ? "请自行查看该站点的报警（cryoctl alarms），并在该站点启动 cryonotify"
                                    : "请直接查看储罐，并查明为何没有信号");
    json_text_end(&j);
    json_text_end(&j);
    (void)json_text_finish(&j);
}

static void local_alarm(struct caller *c, struct stamp now, const char *alarm, bool on, int64_t since_us,
                        const char *en, const char *zh)
{
    char body[LOCAL_BODY];
    struct call_event event = {
        .kind = CALL_ALARM,
        .fact = {.priority = CALL_CRITICAL, .active = on, .local = true, .by = CALL_NOBODY}};
    event.fact.state = on ? CALL_STATE_UNACKNOWLEDGED : CALL_STATE_NORMAL;
    snprintf(event.fact.key, CALL_KEY, "cryonotify/%s", alarm);
    snprintf(event.fact.occurrence, CALL_OCCURRENCE, "cryonotify/%s@%lld", alarm,
             (long long)(now.utc_us / 1000));
    local_body(c, now, alarm, on ? "unacknowledged" : "normal", since_us, en, zh, body, sizeof body);
    if (call_find(c->call, event.fact.key) != UINT32_MAX)
        caller_keep_body(c, event.fact.key, body, c->run, 0, now.utc_us);
    call_feed(c->call, now, &event);
    caller_keep_body(c, event.fact.key, body, c->run, 0, now.utc_us);
    log_line(on ? LOG_CRIT : LOG_NOTICE, MID_BROKER, "%s", en);
}

static void site_changed(struct caller *c, struct stamp now, const struct watch_site *s)
{
    char alarm[ID_MAX + 8] = "silent", en[CALLER_WORDS], zh[CALLER_WORDS], since[40] = "";
    char reason_zh[CALLER_WORDS];
    int64_t since_us = s->heard_utc_us != 0 ? s->heard_utc_us : now.utc_us;
    if (strcmp(s->id, c->config->site) != 0)
        snprintf(alarm, sizeof alarm, "silent-%.54s", s->id);
    print_moment(since, sizeof since, since_us);
    print_zh(reason_zh, sizeof reason_zh, s->reason);
    if (!s->silent) {
        snprintf(en, sizeof en, "cryomon of the site %s is heard again", s->id);
        snprintf(zh, sizeof zh, "站点 %s 的 cryomon 已恢复信号", s->id);
    } else if (s->heard_utc_us == 0) {
        snprintf(en, sizeof en,
                 "cryomon of the site %s is silent: nothing was heard of it. Nobody watches its tanks",
                 s->id);
        snprintf(zh, sizeof zh, "站点 %s 的 cryomon 没有信号：从未收到。储罐无人监测", s->id);
    } else {
        snprintf(en, sizeof en, "cryomon of the site %s is silent since %s%s%.100s. Nobody watches its tanks",
                 s->id, since, s->reason[0] != '\0' ? ": " : "", s->reason);
        snprintf(zh, sizeof zh, "站点 %s 的 cryomon 自 %s 起没有信号%s%.200s。储罐无人监测", s->id, since,
                 s->reason[0] != '\0' ? "：" : "", s->reason[0] != '\0' ? reason_zh : "");
    }
    local_alarm(c, now, alarm, s->silent, since_us, en, zh);
}

/* Nobody there would be called, although the daemon works: that is as bad as if it did not. */
static void calls_changed(struct caller *c, struct stamp now, const struct watch_site *s)
{
    char alarm[ID_MAX + 12] = "notifier", en[CALLER_WORDS], zh[CALLER_WORDS], since[40] = "";
    int64_t since_us = s->nobody_utc_us != 0 ? s->nobody_utc_us : now.utc_us;
    if (strcmp(s->id, c->config->site) != 0)
        snprintf(alarm, sizeof alarm, "notifier-%.54s", s->id);
    print_moment(since, sizeof since, since_us);
    if (s->nobody) {
        snprintf(en, sizeof en,
                 "Nobody would be called for an alarm at the site %s, since %s: cryomon there says of "
                 "cryonotify: %.200s",
                 s->id, since, s->why[LANGUAGE_EN]);
        snprintf(zh, sizeof zh,
                 "站点 %s 自 %s 起有报警也无人会被通知：该站点的 cryomon 报告 cryonotify：%.200s", s->id,
                 since, s->why[LANGUAGE_ZH]);
    } else if (s->calls == WATCH_CALLS_UNWANTED) {
        snprintf(en, sizeof en, "cryomon of the site %s expects no cryonotify any more", s->id);
        snprintf(zh, sizeof zh, "站点 %s 的 cryomon 已不再要求 cryonotify", s->id);
    } else {
        snprintf(en, sizeof en, "People would be called for alarms at the site %s again", s->id);
        snprintf(zh, sizeof zh, "站点 %s 的报警已恢复通知人员", s->id);
    }
    local_alarm(c, now, alarm, s->nobody, since_us, en, zh);
}

void caller_watch(struct caller *c, struct stamp now)
{
    char en[CALLER_WORDS], zh[CALLER_WORDS], since[40], why_zh[CALLER_WORDS];
    for (int changed; (changed = watch_step(&c->watch, now)) >= 0;) {
        if (changed >= WATCH_NOBODY) {
            calls_changed(c, now, &c->watch.sites[changed - WATCH_NOBODY]);
            continue;
        }
        if (changed != WATCH_BROKER) {
            site_changed(c, now, &c->watch.sites[changed]);
            continue;
        }
        print_moment(since, sizeof since, c->watch.down_utc_us);
        print_zh(why_zh, sizeof why_zh, c->watch.why);
        if (c->watch.broker_lost) {
            snprintf(en, sizeof en, "No connection to the MQTT broker since %s, so no alarm arrives: %.200s",
                     since, c->watch.why);
            snprintf(zh, sizeof zh, "自 %s 起与 MQTT 服务器无连接，收不到任何报警：%.300s", since, why_zh);
        } else {
            snprintf(en, sizeof en, "There is a connection to the MQTT broker again");
            snprintf(zh, sizeof zh, "与 MQTT 服务器的连接已恢复");
        }
        local_alarm(c, now, "broker", c->watch.broker_lost, c->watch.down_utc_us, en, zh);
    }
}
