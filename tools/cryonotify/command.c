/* command.c - see command.h. */
#include "command.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "phrase.h"

#define ANSWER_MAX 4194304
#define PATIENCE_S 10

enum { STATUS_OK, STATUS_REFUSED, STATUS_USAGE, STATUS_AWAY };

#define WHEN_TEXT 48

enum language command_language(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0')
            return strncmp(value, "zh", 2) == 0 ? LANGUAGE_ZH : LANGUAGE_EN;
    }
    return LANGUAGE_EN;
}

static const char *tr(const struct command *c, const char *en, const char *zh)
{
    return phrase_pick(c->language, en, zh);
}

/* "2026-11-24 11:02:03+08:00", as cryoctl; what is no time stays as it is. */
static const char *local_time(char text[WHEN_TEXT], const char *rfc3339)
{
    int64_t utc_us;
    char date[24];
    struct tm tm;
    snprintf(text, WHEN_TEXT, "%s", rfc3339);
    if (clock_parse_utc(rfc3339, &utc_us) < 0)
        return text;
    time_t t = (time_t)(utc_us / SECOND_US);
    if (localtime_r(&t, &tm) == NULL || strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &tm) == 0)
        return text;
    long minutes = labs(tm.tm_gmtoff) / 60;
    snprintf(text, WHEN_TEXT, "%s%c%02u:%02u", date, tm.tm_gmtoff < 0 ? '-' : '+',
             (unsigned)(minutes / 60) % 100U, (unsigned)(minutes % 60));
    return text;
}

bool command_is(const char *verb)
{
    static const char *const verbs[] = {"status", "calls", "off", "on", "test", "ack"};
    for (unsigned i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(verbs[i], verb) == 0)
            return true;
    return false;
}

/* "90s", "30min", "2h", "7d" in milliseconds; 0: it is none. */
static long long parse_span(const char *text)
{
    static const struct {
        const char *unit;
        long long ms;
    } units[] = {{"s", 1000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000}};
    char *end = NULL;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    while (*end == ' ')
        end++;
    for (unsigned i = 0; i < 4; i++)
        if (strcmp(end, units[i].unit) == 0 && n > 0 && n <= 700000 && errno == 0)
            return n * units[i].ms;
    return 0;
}

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    if (strlen(path) >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    int error = errno;
    (void)close(fd);
    return -error;
}

static char *read_answer(int fd)
{
    size_t used = 0, cap = 65536;
    char *text = malloc(cap);
    while (text != NULL) {
        ssize_t n = recv(fd, text + used, cap - 1 - used, 0);
        if (n <= 0)
            break;
        used += (size_t)n;
        if (cap - 1 == used) {
            char *grown = cap < ANSWER_MAX ? realloc(text, cap *= 2) : NULL;
            if (grown == NULL)
                break;
            text = grown;
        }
    }
    if (text != NULL)
        text[used] = '\0';
    return text;
}

static json_t *ask(const struct command *c, json_t *question)
{
    json_error_t where;
    json_t *reply = NULL;
    char *text = json_dumps(question, JSON_COMPACT), *answer = NULL;
    json_decref(question);
    int fd = text != NULL ? connect_to(c->socket) : -ENOMEM;
    if (fd < 0) {
        fprintf(stderr,
                tr(c, "cryonotify: the service can't be reached at %s: %s\n",
                   "cryonotify：无法连接服务 %s：%s\n"),
                c->socket, strerrordesc_np(-fd));
        free(text);
        return NULL;
    }
    if (send(fd, text, strlen(text), MSG_NOSIGNAL) >= 0 && send(fd, "\n", 1, MSG_NOSIGNAL) >= 0)
        answer = read_answer(fd);
    if (answer != NULL)
        reply = json_loads(answer, 0, &where);
    if (reply == NULL)
        fputs(tr(c, "cryonotify: the service gave no answer\n", "cryonotify：服务没有应答\n"), stderr);
    (void)close(fd);
    free(answer);
    free(text);
    return reply;
}

static const char *text_of(const json_t *root, const char *key)
{
    const char *text = json_string_value(json_object_get(root, key));
    return text != NULL ? text : "";
}

static void print_alarm(const struct command *c, const json_t *alarm)
{
    static const char *const states[][2] = {
        {"normal", "正常"},          {"not acknowledged", "未确认"},
        {"acknowledged", "已确认"},  {"over, not acknowledged", "已恢复，未确认"},
        {"shelved", "已搁置"},       {"suppressed", "已抑制"},
        {"out of service", "已停用"}};
    long long state = json_integer_value(json_object_get(alarm, "state"));
    size_t i;
    json_t *one;
    printf(tr(c, "alarm: %s %s, level %lld, called %lld times", "报警：%s %s，第 %lld 级，已呼叫 %lld 次"),
           text_of(alarm, "alarm_id"),
           state >= 0 && state < 7 ? tr(c, states[state][0], states[state][1]) : "?",
           (long long)json_integer_value(json_object_get(alarm, "level")),
           (long long)json_integer_value(json_object_get(alarm, "calls")));
    if (json_is_true(json_object_get(alarm, "folded")))
        fputs(tr(c, ", told with its group", "，随其组通知"), stdout);
    json_array_foreach(json_object_get(alarm, "told"), i, one)
    {
        printf("%s%s", i == 0 ? tr(c, ", told: ", "，已通知：") : " ", json_string_value(one));
    }
    putchar('\n');
}

static void print_channel(const struct command *c, const json_t *one)
{
    const json_t *ok = json_object_get(one, "ok");
    bool probed = strcmp(text_of(one, "proof"), "probe") == 0;
    char since[WHEN_TEXT];
    printf(tr(c, "channel: %s/%s %s", "通道：%s/%s %s"), text_of(one, "person"), text_of(one, "channel"),
           json_is_null(ok)    ? tr(c, "not tried yet", "尚未试过")
           : !json_is_true(ok) ? tr(c, "FAILED", "失败")
           : probed ? tr(c, "the server answers, no message sent yet", "服务器有应答，尚未发送过消息")
                    : tr(c, "ok", "正常"));
    if (text_of(one, "since")[0] != '\0')
        printf(tr(c, " since %s", "，自 %s"), local_time(since, text_of(one, "since")));
    putchar('\n');
}

static void print_configuration(const struct command *c, const json_t *configuration)
{
    char loaded[WHEN_TEXT];
    printf(tr(c, "configuration: SHA-256 %.12s, read %s\n", "配置：SHA-256 %.12s，读取于 %s\n"),
           text_of(configuration, "sha256"), local_time(loaded, text_of(configuration, "loaded")));
}

static void print_status(const struct command *c, const json_t *status)
{
    size_t i;
    json_t *one;
    printf("%s\n", json_is_true(json_object_get(status, "would_be_told"))
                       ? tr(c, "somebody would be told of an alarm", "有报警时会通知到人")
                       : tr(c, "NOBODY WOULD BE TOLD OF AN ALARM", "有报警时不会通知到任何人！"));
    printf(tr(c, "reachable: %lld (proven: %lld), needed: %lld\n",
              "可联系：%lld 人（已证实：%lld），要求：%lld\n"),
           (long long)json_integer_value(json_object_get(status, "reachable")),
           (long long)json_integer_value(json_object_get(status, "proven")),
           (long long)json_integer_value(json_object_get(status, "needed")));
    fputs(tr(c, "on duty:  ", "值班： "), stdout);
    json_array_foreach(json_object_get(status, "on_duty"), i, one)
    {
        printf(" %s", json_string_value(one));
    }
    printf(tr(c, "\nbroker: %s\n", "\nMQTT 服务器：%s\n"), json_is_true(json_object_get(status, "connected"))
                                                               ? tr(c, "connected", "已连接")
                                                               : tr(c, "NOT CONNECTED", "未连接"));
    print_configuration(c, json_object_get(status, "configuration"));
    json_array_foreach(json_object_get(status, "problems"), i, one)
    {
        printf(tr(c, "problem: %s: %s\n", "问题：%s：%s\n"), text_of(one, "kind"),
               text_of(json_object_get(one, "text"), c->language == LANGUAGE_ZH ? "zh" : "en"));
    }
    json_array_foreach(json_object_get(status, "channels"), i, one)
    {
        print_channel(c, one);
    }
    json_array_foreach(json_object_get(status, "alarms"), i, one)
    {
        print_alarm(c, one);
    }
}

static const char *word_of(const struct command *c, const char *name)
{
    static const char *const words[][2] = {
        {"call", "呼叫"},         {"again", "再次呼叫"},      {"escalated", "升级"},
        {"worse", "加重"},        {"unresolved", "未解决"},   {"summary", "汇总"},
        {"returned", "已恢复"},   {"acknowledged", "已确认"}, {"held", "已屏蔽"},
        {"missed", "错过的报警"}, {"drill", "演练"},          {"hold-ended", "屏蔽结束"},
        {"test", "测试"},         {"sent", "已发出"},         {"failed", "失败"},
        {"confirmed", "已确认"},  {"unknown", "结果未知"},    {"under way", "发送中"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words && c->language == LANGUAGE_ZH; i++)
        if (strcmp(words[i][0], name) == 0)
            return words[i][1];
    return name;
}

/* How many columns a text takes in a terminal: a Chinese character takes two. */
static int columns(const char *text)
{
    int n = 0;
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if ((byte & 0xC0) != 0x80)
            n += byte >= 0xE3 ? 2 : 1;
    }
    return n;
}

static void print_cell(const char *text, int width)
{
    int pad = width - columns(text);
    printf("%s%*s ", text, pad > 0 ? pad : 0, "");
}

static void print_row(const char *const cells[5], const char *rest, const char *error)
{
    static const int widths[] = {25, 16, 12, 12, 9};
    for (unsigned i = 0; i < 5; i++)
        print_cell(cells[i], widths[i]);
    printf("%s%s%s\n", rest, error[0] != '\0' ? "  " : "", error);
}

static void print_calls(const struct command *c, const json_t *calls)
{
    size_t i;
    json_t *one;
    const char *const heads[] = {tr(c, "TIME", "时间"), tr(c, "PERSON", "人员"), tr(c, "CHANNEL", "通道"),
                                 tr(c, "WHY", "原因"), tr(c, "OUTCOME", "结果")};
    print_row(heads, tr(c, "ALARM", "报警"), "");
    json_array_foreach(calls, i, one)
    {
        char time[WHEN_TEXT];
        const char *const cells[] = {local_time(time, text_of(one, "time")), text_of(one, "person"),
                                     text_of(one, "channel"), word_of(c, text_of(one, "purpose")),
                                     word_of(c, text_of(one, "outcome"))};
        print_row(cells, text_of(one, "alarm_id"), text_of(one, "error"));
    }
}

static int usage(const struct command *c, const char *en, const char *zh)
{
    fprintf(stderr, "cryonotify: %s\n", tr(c, en, zh));
    return STATUS_USAGE;
}

static int check(const struct command *c, long long *ret_ms)
{
    bool off = strcmp(c->verb, "off") == 0;
    if ((off || strcmp(c->verb, "on") == 0 || strcmp(c->verb, "test") == 0) && c->what == NULL)
        return usage(c, "PERSON or PERSON/CHANNEL is missing", "缺少 人员 或 人员/通道");
    if (strcmp(c->verb, "ack") == 0 && c->what == NULL)
        return usage(c, "ASSET/ALARM is missing (see cryonotify status)",
                     "缺少 设备/报警（见 cryonotify status）");
    if (off && (c->why == NULL || c->lasting == NULL))
        return usage(
            c, "who switches notification off says why (--why TEXT) and for how long (--for 2h, at most 7d)",
            "停用通知须说明原因（--why 文字）和时长（--for 2h，最长 7d）");
    if (off && (*ret_ms = parse_span(c->lasting)) == 0)
        return usage(c, "--for is a time such as 90s, 30min, 2h or 7d",
                     "--for 为时长，例如 90s、30min、2h 或 7d");
    return STATUS_OK;
}

int command_run(const struct command *c)
{
    long long for_ms = 0;
    int status = check(c, &for_ms);
    if (status != STATUS_OK)
        return status;
    json_t *reply = ask(c, json_pack("{s:s, s:s*, s:s*, s:I}", "command", c->verb, "what", c->what, "why",
                                     c->why, "for_ms", (json_int_t)for_ms));
    if (reply == NULL)
        return STATUS_AWAY;
    const json_t *calls = json_object_get(reply, "calls"), *state = json_object_get(reply, "status");
    if (!json_is_true(json_object_get(reply, "ok"))) {
        const char *zh = text_of(reply, "error_zh");
        fprintf(stderr, "cryonotify: %s\n",
                tr(c, text_of(reply, "error"), zh[0] != '\0' ? zh : text_of(reply, "error")));
        status = STATUS_REFUSED;
    } else if (c->json && (calls != NULL || state != NULL)) {
        (void)json_dumpf(calls != NULL ? calls : state, stdout, JSON_INDENT(2));
        putchar('\n');
    } else if (calls != NULL) {
        print_calls(c, calls);
    } else if (state != NULL) {
        print_status(c, state);
    }
    if (state != NULL && status == STATUS_OK && !json_is_true(json_object_get(state, "would_be_told")))
        status = STATUS_REFUSED; /* for scripts */
    json_decref(reply);
    return status;
}
