#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "clock.h"
#include "cryoctl.h"
#include "disabled.h"
#include "view.h"
#include "when.h"
#include "words.h"

enum {
    COLUMN_PRIORITY,
    COLUMN_ASSET,
    COLUMN_ALARM,
    COLUMN_STATE,
    COLUMN_SINCE,
    COLUMN_VALUE,
    COLUMN_LIMIT,
    COLUMN_BY,
    COLUMN_COUNT
};

static int rank(const json_t *alarm)
{
    return (view_alarm_waits(alarm) ? 16 : 0) + (view_alarm_active(alarm) ? 8 : 0) +
           words_priority_rank(client_text(alarm, "priority"));
}

/* The latest first among equals. */
static int compare(const void *a, const void *b)
{
    const json_t *left = *(const json_t *const *)a, *right = *(const json_t *const *)b;
    int difference = rank(right) - rank(left);
    return difference != 0 ? difference : strcmp(client_text(right, "raised"), client_text(left, "raised"));
}

static const json_t *find_point(const json_t *status, const json_t *alarm)
{
    size_t i;
    const json_t *point;
    json_array_foreach(json_object_get(status, "points"), i,
                       point) if (strcmp(client_text(point, "point"), client_text(alarm, "point")) == 0 &&
                                  strcmp(client_text(point, "asset"), client_text(alarm, "asset")) ==
                                      0) return point;
    return NULL;
}

static void limit_cell(struct table *t, const json_t *alarm, const json_t *point)
{
    char text[64];
    const json_t *limit = json_object_get(alarm, "limit");
    json_int_t decimals = json_integer_value(json_object_get(point, "decimals"));
    if (!json_is_number(limit))
        return;
    snprintf(text, sizeof text, "%.*f %s", decimals >= 0 && decimals <= 6 ? (int)decimals : 6,
             json_number_value(limit), client_text(alarm, "unit"));
    table_cell(t, COLUMN_LIMIT, TABLE_PLAIN, text);
}

#define STALE_US (INT64_C(600) * SECOND_US) /* a time left that was reckoned so long ago is none */

/* How long is left until the consequence, as far as the daemon knows it: reckoned from its reading, so what
 * has passed since then is taken off. */
static void add_time_left(const struct ctl *ctl, const json_t *alarm, char *text, size_t cap)
{
    const json_t *left = json_object_get(alarm, "time_left_s");
    const char *when = client_text(alarm, "value_time");
    char duration[WHEN_MAX];
    int64_t now_us = clock_now().utc_us, at_us;
    text[0] = '\0';
    if (left == NULL)
        return;
    if (when[0] == '\0')
        when = client_text(alarm, "time");
    if (clock_parse_utc(when, &at_us) < 0 || at_us > now_us)
        at_us = now_us;
    int64_t left_us = (int64_t)json_integer_value(left) * SECOND_US - (now_us - at_us);
    if (!json_is_integer(left) || now_us - at_us > STALE_US)
        snprintf(text, cap, "%s", tr(ctl, "  (time left not known)", "（剩余时间未知）"));
    else if (left_us <= 0)
        snprintf(text, cap, "%s", tr(ctl, "  (no time left)", "（已无剩余时间）"));
    else if (left_us < 60 * SECOND_US)
        snprintf(text, cap, "%s", tr(ctl, "  (less than 1 min left)", "（剩余不足 1 分钟）"));
    else
        snprintf(text, cap, tr(ctl, "  (%s left)", "（剩余 %s）"),
                 when_print_duration(ctl, duration, left_us));
}

static void note(const struct ctl *ctl, struct table *t, const json_t *alarm)
{
    char text[2048], left[96], of[256] = "";
    const char *what = client_name(ctl, alarm, "text", ""),
               *response = client_name(ctl, alarm, "response", "");
    const char *consequence = client_name(ctl, alarm, "consequence", ""),
               *group = client_text(alarm, "group");
    add_time_left(ctl, alarm, left, sizeof left);
    if (group[0] != '\0')
        snprintf(of, sizeof of, tr(ctl, "  (part of %s)", "（属于 %s）"), group);
    snprintf(text, sizeof text, "%s%s%s%s%s%s%s", what, left,
             response[0] == '\0' ? ""
             : what[0] == '\0'   ? tr(ctl, "Do: ", "处理：")
                                 : tr(ctl, "  -> Do: ", "  -> 处理："),
             response, consequence[0] != '\0' ? tr(ctl, "  -> Otherwise: ", "  -> 否则：") : "", consequence,
             of);
    table_note(t, text);
}

static void add_row(const struct ctl *ctl, struct table *t, const json_t *status, const json_t *alarm)
{
    char text[256], time[WHEN_MAX];
    const json_t *point = find_point(status, alarm);
    const char *asset = client_text(alarm, "asset"), *by = view_alarm_acknowledged_by(alarm);
    enum table_style style = view_alarm_style(alarm);
    table_row(t);
    table_cell(t, COLUMN_PRIORITY, style, words_priority(ctl, client_text(alarm, "priority")));
    const char *name = client_name(ctl, alarm, "asset_name", asset);
    snprintf(text, sizeof text, strcmp(name, asset) == 0 ? "%.0s%s" : "%s (%s)", name, asset);
    table_cell(t, COLUMN_ASSET, TABLE_PLAIN, text);
    table_cell(t, COLUMN_ALARM, TABLE_PLAIN, client_text(alarm, "alarm"));
    table_cell(t, COLUMN_STATE, style, words_state(ctl, client_text(alarm, "state")));
    table_cell(t, COLUMN_SINCE, TABLE_PLAIN, when_print_text(ctl, time, client_text(alarm, "raised")));
    if (point != NULL)
        table_cell(t, COLUMN_VALUE, TABLE_PLAIN, view_value(ctl, point, text, sizeof text));
    limit_cell(t, alarm, point);
    if (by[0] != '\0') {
        snprintf(text, sizeof text, "%s %s", by,
                 when_print_text(ctl, time, client_text(alarm, "acknowledged")));
        table_cell(t, COLUMN_BY, TABLE_PLAIN, text);
    }
    note(ctl, t, alarm);
}

static void print_table(const struct ctl *ctl, const json_t *status, const json_t **alarms, size_t n)
{
    const struct table_column columns[COLUMN_COUNT] = {
        [COLUMN_PRIORITY] = {.title = tr(ctl, "PRIORITY", "级别")},
        [COLUMN_ASSET] = {.title = tr(ctl, "ASSET", "设备")},
        [COLUMN_ALARM] = {.title = tr(ctl, "ALARM", "报警")},
        [COLUMN_STATE] = {.title = tr(ctl, "STATE", "状态")},
        [COLUMN_SINCE] = {.title = tr(ctl, "SINCE", "开始时间")},
        [COLUMN_VALUE] = {.title = tr(ctl, "VALUE NOW", "当前值"), .right = true},
        [COLUMN_LIMIT] = {.title = tr(ctl, "LIMIT", "限值"), .right = true},
        [COLUMN_BY] = {.title = tr(ctl, "ACKNOWLEDGED BY", "确认人")},
    };
    struct table t;
    table_init(&t, columns, COLUMN_COUNT);
    for (size_t i = 0; i < n; i++)
        add_row(ctl, &t, status, alarms[i]);
    table_print(&t, stdout, ctl->colour, 0, SIZE_MAX); /* ids are for typing: never cut */
    table_free(&t);
}

/* Held by somebody, and nothing is wrong below: the table of what is disabled has it. */
static bool is_only_held(const json_t *alarm)
{
    return view_alarm_held(alarm) && json_is_false(json_object_get(alarm, "active"));
}

int verb_alarms(struct ctl *ctl, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct client_failure failure;
    json_t *status = client_call(ctl, "io.cryomon.Monitor.Status",
                                 ctl->all ? json_pack("{s:b}", "all", 1) : NULL, CLIENT_TIMEOUT_MS, &failure);
    if (status == NULL)
        return client_complain(&failure);
    const json_t *array = json_object_get(status, "alarms");
    size_t n = json_array_size(array);
    const json_t **alarms = calloc(n + 1, sizeof(const json_t *));
    if (ctl->json) {
        json_dumpf(array != NULL ? array : json_null(), stdout, CTL_JSON);
        putchar('\n');
    } else if (n == 0) {
        puts(tr(ctl, "No alarms.", "没有报警。"));
        disabled_print(ctl, status);
    } else if (alarms != NULL) {
        size_t shown = 0;
        for (size_t i = 0; i < n; i++)
            if (!is_only_held(json_array_get(array, i)))
                alarms[shown++] = json_array_get(array, i);
        qsort(alarms, shown, sizeof(const json_t *), compare);
        if (shown > 0)
            print_table(ctl, status, alarms, shown);
        else
            puts(tr(ctl, "No alarms but those that are disabled.", "除已停用的报警外，没有报警。"));
        disabled_print(ctl, status);
    }
    free(alarms);
    json_decref(status);
    return CTL_OK;
}
