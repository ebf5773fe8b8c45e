#include "disabled.h"

#include <string.h>

#include "client.h"
#include "table.h"
#include "when.h"
#include "words.h"

static void what_of(char *text, size_t cap, const json_t *one)
{
    const char *asset = client_text(one, "asset"), *device = client_text(one, "device");
    snprintf(text, cap, "%s%s%s%s%s", asset, asset[0] != '\0' ? "/" : "", client_text(one, "alarm"), device,
             client_text(one, "detail"));
}

static void add_row(const struct ctl *ctl, struct table *t, const json_t *one)
{
    char text[512], time[WHEN_MAX];
    const char *order = client_text(one, "order"), *what = client_text(one, "what");
    long long times = (long long)json_integer_value(json_object_get(one, "count"));
    bool goes_on = strcmp(what, "maintenance") == 0;
    table_row(t);
    table_cell(t, 0, goes_on ? TABLE_PLAIN : TABLE_WARNING, words_disabled(ctl, what));
    what_of(text, sizeof text, one);
    table_cell(t, 1, TABLE_PLAIN, text);
    snprintf(text, sizeof text, "%s%s", when_print_text(ctl, time, client_text(one, "until")),
             json_is_true(json_object_get(one, "one_shot"))
                 ? tr(ctl, ", or until it is over", "，或至恢复为止")
                 : "");
    table_cell(t, 2, TABLE_PLAIN, text);
    table_cell(t, 3, TABLE_PLAIN, when_print_text(ctl, time, client_text(one, "since")));
    table_cell(t, 4, TABLE_PLAIN, client_text(one, "by"));
    snprintf(text, sizeof text, "%s%s%s", order, order[0] != '\0' ? ": " : "", client_text(one, "note"));
    table_cell(t, 5, TABLE_PLAIN, text);
    snprintf(text, sizeof text, "%lld", times);
    table_cell(t, 6, TABLE_PLAIN, times > 0 ? text : "");
}

static void print_list(const struct ctl *ctl, const json_t *list)
{
    const struct table_column columns[] = {
        {tr(ctl, "DISABLED", "停用"), false}, {tr(ctl, "WHAT", "对象"), false},
        {tr(ctl, "UNTIL", "截止"), false},    {tr(ctl, "SINCE", "自"), false},
        {tr(ctl, "BY", "操作人"), false},     {tr(ctl, "WHY", "原因"), false},
        {tr(ctl, "TIMES", "次数"), true}};
    struct table t;
    size_t i;
    const json_t *one;
    table_init(&t, columns, 7);
    json_array_foreach(list, i, one)
    {
        add_row(ctl, &t, one);
    }
    putchar('\n');
    if (!t.failed)
        table_print(&t, stdout, ctl->colour, 0, SIZE_MAX);
    table_free(&t);
}

/* "tank-1 (temperature, level)" */
static void points_of(char *text, size_t cap, const json_t *one)
{
    const json_t *points = json_object_get(one, "points"), *point;
    size_t i, len = (size_t)snprintf(text, cap, "%s", client_text(one, "asset"));
    json_array_foreach(points, i, point)
    {
        if (len + 68 < cap && json_is_string(point))
            len += (size_t)snprintf(text + len, cap - len, "%s%s", i == 0 ? " (" : ", ",
                                    json_string_value(point));
    }
    if (json_array_size(points) > 0 && len + 2 < cap)
        snprintf(text + len, cap - len, ")");
}

static void print_rounds(const struct ctl *ctl, const json_t *rounds)
{
    size_t i;
    const json_t *one;
    json_array_foreach(rounds, i, one)
    {
        char text[512], due[WHEN_MAX], last[WHEN_MAX], what[256];
        points_of(what, sizeof what, one);
        bool overdue = json_is_true(json_object_get(one, "overdue"));
        snprintf(
            text, sizeof text,
            overdue ? tr(ctl, "MANUAL READING OVERDUE: %s, was due %s%s%s", "人工读数已逾期：%s，应于 %s%s%s")
                    : tr(ctl, "manual reading due: %s, by %s%s%s", "需要人工读数：%s，最迟 %s%s%s"),
            what, when_print_text(ctl, due, client_text(one, "due")),
            client_text(one, "last")[0] != '\0' ? tr(ctl, "; the last was ", "；上次 ") : "",
            when_print_text(ctl, last, client_text(one, "last")));
        table_line(stdout, ctl->colour, overdue ? TABLE_URGENT : TABLE_WARNING, 0, text);
    }
}

static void print_notifier(const struct ctl *ctl, const json_t *status)
{
    const char *notifier = client_text(status, "notifier");
    if (strcmp(notifier, "failing") == 0)
        table_line(
            stdout, ctl->colour, TABLE_URGENT, 0,
            tr(ctl, "CRYONOTIFY IS AWAY, OR NOBODY WOULD BE TOLD", "呼叫服务不可用，或无人会收到通知"));
    else if (strcmp(notifier, "waiting") == 0)
        table_line(stdout, ctl->colour, TABLE_WARNING, 0,
                   tr(ctl, "cryonotify has not been heard of yet", "尚未收到呼叫服务的消息"));
}

void disabled_print(const struct ctl *ctl, const json_t *status)
{
    const json_t *list = json_object_get(status, "disabled"), *rounds = json_object_get(status, "rounds");
    print_notifier(ctl, status);
    if (json_array_size(list) > 0)
        print_list(ctl, list);
    if (json_array_size(rounds) > 0)
        putchar('\n');
    print_rounds(ctl, rounds);
}
