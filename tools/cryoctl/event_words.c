#include "event_words.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "calling_words.h"
#include "client.h"
#include "when.h"
#include "words.h"

struct line {
    const struct ctl *ctl;
    char *text;
    size_t n;
};

/* Adds a part, with a comma before it if it is not the first. What finds no room is cut. */
static void add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *line, const char *format, ...)
{
    va_list arguments;
    size_t room = EVENT_WORDS_MAX - line->n;
    int n = snprintf(line->text + line->n, room, "%s", line->n > 0 ? tr(line->ctl, ", ", "，") : "");
    if (n < 0 || (size_t)n >= room)
        return;
    line->n += (size_t)n;
    room -= (size_t)n;
    va_start(arguments, format);
    n = vsnprintf(line->text + line->n, room, format, arguments);
    va_end(arguments);
    line->n += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}

static int64_t number(const json_t *body, const char *key)
{
    return (int64_t)json_integer_value(json_object_get(body, key));
}

/* The range that an event is about, if it names one. */
static void add_range(struct line *line, const json_t *body)
{
    char from[WHEN_MAX] = "", to[WHEN_MAX] = "";
    when_print_text(line->ctl, from, client_text(body, "from"));
    when_print_text(line->ctl, to, client_text(body, "to"));
    if (from[0] != '\0' && to[0] != '\0')
        add(line, tr(line->ctl, "%s to %s", "%s 至 %s"), from, to);
    else if (from[0] != '\0')
        add(line, tr(line->ctl, "from %s", "自 %s"), from);
}

static void add_place(struct line *line, const json_t *body)
{
    const char *asset = client_text(body, "asset"), *point = client_text(body, "point");
    if (asset[0] != '\0')
        add(line, "%s%s%s", asset, point[0] != '\0' ? "/" : "", point);
}

/* ---------------------------------------------------------------- the daemon's own */

static void tell_clock(struct line *line, const json_t *body)
{
    int64_t step_us = number(body, "step_us");
    if (step_us > 0)
        add(line, tr(line->ctl, "set forward by %.3f s", "向前调整 %.3f 秒"), (double)step_us / 1e6);
    else if (step_us < 0)
        add(line, tr(line->ctl, "set back by %.3f s", "向后调整 %.3f 秒"), (double)-step_us / 1e6);
}

static void tell_suspend(struct line *line, const json_t *body)
{
    char slept[WHEN_MAX];
    add(line, tr(line->ctl, "asleep for %s", "挂起 %s"),
        when_print_duration(line->ctl, slept, number(body, "suspended_us")));
    add_range(line, body);
}

static void tell_start(struct line *line, const json_t *body)
{
    const char *version = client_text(body, "version"), *hash = client_text(body, "configuration");
    if (version[0] != '\0')
        add(line, tr(line->ctl, "version %s", "版本 %s"), version);
    if (hash[0] != '\0')
        add(line, tr(line->ctl, "configuration %.12s", "配置 %.12s"), hash);
}

static void tell_key(struct line *line, const json_t *body)
{
    const char *key = client_text(body, "public_key");
    if (key[0] != '\0')
        add(line, tr(line->ctl, "from here on the record is signed with %s", "自此使用该密钥签名：%s"), key);
}

static void tell_retention(struct line *line, const json_t *body)
{
    unsigned days;
    const char *reason = client_text(body, "reason");
    add(line, tr(line->ctl, "%" PRId64 " readings removed", "已删除 %" PRId64 " 个读数"),
        number(body, "count"));
    add_range(line, body);
    if (sscanf(reason, "older than storage.keep: %u days", &days) == 1)
        add(line, tr(line->ctl, "older than storage.keep: %u days", "早于 storage.keep 规定的 %u 天"), days);
    else if (reason[0] != '\0')
        add(line, "%s", reason);
    if (number(body, "seal") > 0)
        add(line, tr(line->ctl, "seal %" PRId64, "封存 %" PRId64), number(body, "seal"));
}

static void tell_damage(struct line *line, const json_t *body)
{
    const char *reason = client_text(body, "reason");
    add_place(line, body);
    if (line->ctl->language == LANGUAGE_ZH && strncmp(reason, "readings of an hour", 19) == 0)
        reason = "某小时的读数与其哈希不符：保留原处，未经证明";
    else if (line->ctl->language == LANGUAGE_ZH && strncmp(reason, "readings that were not sealed", 29) == 0)
        reason = "尚未封存的读数与其哈希不符：保存在 damaged 表中";
    add(line, tr(line->ctl, "%" PRId64 " damaged: %s", "损坏 %" PRId64 " 处：%s"), number(body, "count"),
        reason);
    add_range(line, body);
    if (number(body, "seal") > 0)
        add(line, tr(line->ctl, "seal %" PRId64, "封存 %" PRId64), number(body, "seal"));
}

static void tell_gap(struct line *line, const json_t *body)
{
    add(line, "%s (%" PRId64 ")", words_lost(line->ctl, client_text(body, "reason")), number(body, "count"));
    add_range(line, body);
}

/* ---------------------------------------------------------------- what tools have recorded */

enum form { FORM_TEXT, FORM_HASH, FORM_COUNT, FORM_BYTES, FORM_SECONDS, FORM_FLAG, FORM_APART };

/* The members that tools give, in the order in which they are told. */
static const struct member {
    const char *key;
    enum form form;
    const char *en, *zh;
} members[] = {
    {"backup", FORM_TEXT, "%s", "%s"},
    {"report", FORM_TEXT, "%s", "%s"},
    {"file", FORM_TEXT, "%s", "%s"},
    {"archive", FORM_TEXT, "%s", "%s"},
    {"directory", FORM_TEXT, "directory %s", "目录 %s"},
    {"verified", FORM_FLAG, "verified", "已验证"},
    {"error", FORM_TEXT, "%s", "%s"},
    {"events", FORM_COUNT, "%" PRId64 " events", "%" PRId64 " 个事件"},
    {"readings", FORM_COUNT, "%" PRId64 " readings", "%" PRId64 " 个读数"},
    {"last_event", FORM_COUNT, "to event %" PRId64, "到事件 %" PRId64},
    {"seals", FORM_COUNT, "to seal %" PRId64, "到封存 %" PRId64},
    {"problems", FORM_COUNT, "%" PRId64 " problems", "%" PRId64 " 处问题"},
    {"bytes", FORM_BYTES, "%.1f MB", "%.1f MB"},
    {"seconds", FORM_SECONDS, "in %.1f s", "用时 %.1f 秒"},
    {"manifest_sha256", FORM_HASH, "manifest SHA-256 %.12s", "清单 SHA-256 %.12s"},
    {"sha256", FORM_HASH, "SHA-256 %.12s", "SHA-256 %.12s"},
    {"asset", FORM_APART, NULL, NULL}, /* before the others */
    {"point", FORM_APART, NULL, NULL},
    {"from", FORM_APART, NULL, NULL},
    {"to", FORM_APART, NULL, NULL},
};
#define N_MEMBERS (sizeof members / sizeof *members)

static void add_other(struct line *line, const char *key, const json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY);
    if (json_is_string(value))
        add(line, "%s: %s", key, json_string_value(value));
    else if (text != NULL)
        add(line, "%s: %s", key, text);
    free(text);
}

/* The formats are those above. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void add_member(struct line *line, const struct member *m, const json_t *value)
{
    const char *format = tr(line->ctl, m->en, m->zh);
    bool text = m->form == FORM_TEXT || m->form == FORM_HASH;
    if (text && json_is_string(value))
        add(line, format, json_string_value(value));
    else if (m->form == FORM_COUNT && json_is_integer(value))
        add(line, format, (int64_t)json_integer_value(value));
    else if (m->form == FORM_BYTES && json_is_number(value) && json_number_value(value) < 100000)
        add(line, tr(line->ctl, "%.0f bytes", "%.0f 字节"), json_number_value(value));
    else if (m->form == FORM_BYTES && json_is_number(value))
        add(line, format, json_number_value(value) / 1e6);
    else if (m->form == FORM_SECONDS && json_is_number(value))
        add(line, format, json_number_value(value));
    else if (m->form == FORM_FLAG && json_is_boolean(value))
        add(line, "%s", json_is_true(value) ? format : tr(line->ctl, "NOT VERIFIED", "未通过验证"));
    else
        add_other(line, m->key, value);
}
#pragma GCC diagnostic pop

static void tell_record(struct line *line, const json_t *body)
{
    json_t *detail = json_object_get(body, "detail"), *value;
    const char *key;
    add_place(line, detail);
    add_range(line, detail);
    for (size_t i = 0; i < N_MEMBERS; i++) {
        value = json_object_get(detail, members[i].key);
        if (members[i].form != FORM_APART && value != NULL)
            add_member(line, &members[i], value);
    }
    json_object_foreach(detail, key, value)
    {
        size_t i = 0;
        while (i < N_MEMBERS && strcmp(members[i].key, key) != 0)
            i++;
        if (i == N_MEMBERS) /* a newer tool's */
            add_other(line, key, value);
    }
}

/* ---------------------------------------------------------------- people and devices */

static void add_text(struct line *line, const json_t *body, const char *key, const char *en, const char *zh)
{
    const char *text = client_text(body, key);
    if (text[0] != '\0')
        add(line, tr(line->ctl, "%s%s", "%s%s"), tr(line->ctl, en, zh), text);
}

static void tell_call(struct line *line, const json_t *body)
{
    static const struct {
        const char *name, *en, *zh;
    } outcomes[] = {{"sent", "sent", "已发出"},
                    {"failed", "FAILED", "失败"},
                    {"confirmed", "confirmed", "已确认"},
                    {"done", "done", "完成"}};
    const char *outcome = client_text(body, "outcome");
    int64_t left_out = number(body, "left_out");
    add_text(line, body, "person", "", "");
    add_text(line, body, "channel", "", "");
    add_text(line, body, "part", "", "");
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++)
        if (strcmp(outcome, outcomes[i].name) == 0)
            outcome = tr(line->ctl, outcomes[i].en, outcomes[i].zh);
    if (outcome[0] != '\0')
        add(line, "%s", outcome);
    add_text(line, body, "alarm_id", "", "");
    add_text(line, body, "error", "", "");
    if (left_out > 0)
        add(line,
            tr(line->ctl, "%" PRId64 " more were not recorded, there were too many at once",
               "另有 %" PRId64 " 次过于密集，未逐一记录"),
            left_out);
}

static void tell_device(struct line *line, const json_t *body)
{
    char until[WHEN_MAX];
    add(line, "%s: %s", client_text(body, "device"),
        words_transition(line->ctl, client_text(body, "transition")));
    add_text(line, body, "order", "work order ", "工单 ");
    add_text(line, body, "note", "", "");
    if (client_text(body, "why")[0] != '\0')
        add(line, "%s", words_why(line->ctl, client_text(body, "why")));
    if (when_print_text(line->ctl, until, client_text(body, "until"))[0] != '\0')
        add(line, tr(line->ctl, "until %s", "截止 %s"), until);
}

static void tell_off(struct line *line, const json_t *body)
{
    char until[WHEN_MAX];
    add_text(line, body, "what", "", "");
    add_text(line, body, "why", "", "");
    if (when_print_text(line->ctl, until, client_text(body, "until"))[0] != '\0')
        add(line, tr(line->ctl, "until %s", "截止 %s"), until);
}

/* ---------------------------------------------------------------- tanks and freezers */

/* "tank-1: 14.0 to 20.0 cm, 41 L, in 22 min" */
static void tell_fill(struct line *line, const json_t *body)
{
    const json_t *from = json_object_get(body, "from_cm"), *to = json_object_get(body, "to_cm"),
                 *litres = json_object_get(body, "litres");
    char span[WHEN_MAX];
    int64_t begin_us, end_us;
    add_place(line, body);
    if (json_is_number(from) && json_is_number(to))
        add(line, tr(line->ctl, "filled from %.1f to %.1f cm", "补液 %.1f → %.1f cm"),
            json_number_value(from), json_number_value(to));
    if (json_is_number(litres))
        add(line, "%.1f L", json_number_value(litres));
    else
        add(line, "%s", tr(line->ctl, "litres not known", "用量未知"));
    if (clock_parse_utc(client_text(body, "begin"), &begin_us) == 0 &&
        clock_parse_utc(client_text(body, "end"), &end_us) == 0 && end_us >= begin_us)
        add(line, tr(line->ctl, "in %s", "用时 %s"), when_print_duration(line->ctl, span, end_us - begin_us));
}

static void add_lots(struct line *line, const json_t *body)
{
    size_t i;
    const json_t *lot;
    json_array_foreach(json_object_get(body, "lots"), i, lot)
    {
        if (json_is_string(lot))
            add(line, tr(line->ctl, "lot %s", "批号 %s"), json_string_value(lot));
    }
}

static void tell_run(struct line *line, const json_t *body)
{
    static const struct {
        const char *name, *en, *zh;
    } words[] = {{"prepared", "the next run was prepared", "已登记下一次运行"},
                 {"began", "began", "开始"},
                 {"ended", "ended", "结束"},
                 {"noted", "noted", "补充"},
                 {"accepted", "ACCEPTED", "已接受"},
                 {"rejected", "REJECTED", "已拒绝"},
                 {"complete", "complete", "完成"},
                 {"stopped", "stopped", "中止"},
                 {"lost", "lost: how it ended is not known", "数据中断：如何结束未知"},
                 {"within", "within limits", "符合限值"},
                 {"outside", "OUTSIDE LIMITS", "超出限值"},
                 {"unknown", "verdict not known", "判定未知"}};
    static const char *const told[] = {"transition", "how", "verdict"};
    const char *run = client_text(body, "freezer_run");
    if (run[0] != '\0')
        add(line, "%s", run);
    else
        add_place(line, body);
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        const char *text = client_text(body, told[i]);
        for (size_t k = 0; k < sizeof words / sizeof *words; k++)
            if (strcmp(text, words[k].name) == 0)
                text = tr(line->ctl, words[k].en, words[k].zh);
        if (text[0] != '\0')
            add(line, "%s", text);
    }
    add_text(line, body, "program", "program ", "程序 ");
    add_text(line, body, "operator", "operator ", "操作人 ");
    add_lots(line, body);
    add_text(line, body, "note", "", "");
}

static void tell_vessel(struct line *line, const json_t *body)
{
    add_place(line, body);
    add(line, "%s", tr(line->ctl, "its boil-off is learned anew", "重新学习其蒸发量"));
    add_text(line, body, "note", "", "");
}

/* Enough of a hash to tell files apart by eye; all of it is in the event. */
#define HASH_SHOWN 12

static void tell_notify_configuration(struct line *line, const json_t *body)
{
    const char *before = client_text(body, "before"), *now = client_text(body, "sha256");
    char calling[EVENT_WORDS_MAX - 256];
    if (before[0] != '\0')
        add(line,
            tr(line->ctl, "notify.yaml is another one: SHA-256 %.*s, before %.*s",
               "notify.yaml 已更改：SHA-256 %.*s，此前 %.*s"),
            HASH_SHOWN, now, HASH_SHOWN, before);
    else
        add(line, tr(line->ctl, "notify.yaml: SHA-256 %.*s", "notify.yaml：SHA-256 %.*s"), HASH_SHOWN, now);
    add_text(line, body, "by", "by ", "操作：");
    calling_words(line->ctl, json_object_get(body, "calling"), calling, sizeof calling);
    if (calling[0] != '\0')
        add(line, "%s", calling);
}

static void tell_notify_refused(struct line *line, const json_t *body)
{
    const int64_t mistakes = number(body, "mistakes");
    add(line, tr(line->ctl, "notify.yaml (SHA-256 %.*s) was refused", "notify.yaml（SHA-256 %.*s）未被接受"),
        HASH_SHOWN, client_text(body, "sha256")[0] != '\0' ? client_text(body, "sha256") : "?");
    add_text(line, body, "by", "by ", "操作：");
    add_text(line, body, "first", "", "");
    if (mistakes > 1)
        add(line, tr(line->ctl, "%" PRId64 " mistakes in all", "共 %" PRId64 " 处错误"), mistakes);
    add(line, tr(line->ctl, "in force: SHA-256 %.*s", "仍使用：SHA-256 %.*s"), HASH_SHOWN,
        client_text(body, "in_force"));
}

/* Who changed limits, says why; or it is said that nobody has. */
static void tell_configuration(struct line *line, const json_t *body)
{
    size_t changes = json_array_size(json_object_get(body, "limits"));
    const char *reason = client_text(body, "reason");
    if (changes == 0 && reason[0] == '\0')
        return; /* its difference tells all */
    if (changes > 0)
        add(line, tr(line->ctl, "%zu changes of limits", "%zu 处限值变更"), changes);
    if (reason[0] != '\0')
        add(line, tr(line->ctl, "reason: %s", "原因：%s"), reason);
    else
        add(line, "%s", tr(line->ctl, "WITHOUT A REASON", "未说明原因"));
    add_text(line, body, "difference", "", "");
}

static void tell_start_and_limits(struct line *line, const json_t *body)
{
    tell_start(line, body);
    tell_configuration(line, body);
}

bool event_words(const struct ctl *ctl, const char *kind, const json_t *body, char text[EVENT_WORDS_MAX])
{
    static const struct {
        const char *kind;
        void (*tell)(struct line *line, const json_t *body);
    } kinds[] = {
        {"clock", tell_clock},
        {"suspend", tell_suspend},
        {"start", tell_start_and_limits},
        {"configuration", tell_configuration},
        {"call", tell_call},
        {"fallback", tell_call},
        {"device", tell_device},
        {"fill", tell_fill},
        {"run", tell_run},
        {"vessel", tell_vessel},
        {"notify-off", tell_off},
        {"notify-on", tell_off},
        {"notify-configuration", tell_notify_configuration},
        {"notify-refused", tell_notify_refused},
        {"key", tell_key},
        {"retention", tell_retention},
        {"damage", tell_damage},
        {"gap", tell_gap},
        {"backup", tell_record},
        {"restore", tell_record},
        {"restore-test", tell_record},
        {"export", tell_record},
        {"chain-check", tell_record},
        {"report", tell_record},
    };
    struct line line = {.ctl = ctl, .text = text};
    text[0] = '\0';
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].kind, kind) == 0)
            kinds[i].tell(&line, body);
    return text[0] != '\0';
}
