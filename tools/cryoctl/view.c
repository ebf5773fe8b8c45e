#include "view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "when.h"
#include "words.h"

enum {
    COLUMN_MARK,
    COLUMN_ASSET,
    COLUMN_TEMPERATURE,
    COLUMN_LEVEL,
    COLUMN_OTHER,
    COLUMN_QUALITY,
    COLUMN_AGE,
    COLUMN_ALARM,
    COLUMN_COUNT
};

/* One asset while the table is made. References are borrowed from the status. */
struct row {
    const char *id, *name;
    const json_t *temperature, *level;
    char other[512];
    int quality;         /* the worst: 0 good, 1 uncertain, 2 bad */
    int64_t age_ms;      /* of the oldest data; -1: no points */
    const json_t *alarm; /* the worst */
    size_t n_alarms, n_waiting, order;
};

struct rows {
    struct row *rows;
    size_t n, cap;
    json_t *index; /* asset id -> place in rows */
};

/* ---------------------------------------------------------------- a point */

const char *view_value(const struct ctl *ctl, const json_t *point, char *text, size_t cap)
{
    const json_t *value = json_object_get(point, "value");
    const char *quality = client_text(point, "quality");
    if (strcmp(quality, "bad") == 0 || !json_is_number(value)) {
        const char *reason = client_text(point, "reason");
        snprintf(text, cap, "-- %s",
                 reason[0] != '\0' ? words_reason(ctl, reason) : words_quality(ctl, "bad"));
        return text;
    }
    const char *state = client_text(point, "state"), *unit = client_text(point, "unit");
    const char *doubt = strcmp(quality, "good") == 0 ? "" : " ?";
    json_int_t decimals = json_integer_value(json_object_get(point, "decimals"));
    if (state[0] != '\0')
        snprintf(text, cap, "%s%s", client_name(ctl, point, "state_name", state), doubt);
    else
        snprintf(text, cap, "%.*f%s%s%s", decimals >= 0 && decimals <= 6 ? (int)decimals : 6,
                 json_number_value(value), unit[0] != '\0' ? " " : "", unit, doubt);
    return text;
}

/* Milliseconds since the point last had data: INT64_MAX for never. */
static int64_t age_of(const json_t *status, const json_t *point)
{
    int64_t now_us, last_us;
    if (clock_parse_utc(client_text(point, "last_data"), &last_us) < 0 ||
        clock_parse_utc(client_text(status, "time"), &now_us) < 0)
        return INT64_MAX;
    return now_us > last_us ? (now_us - last_us) / MS_US : 0;
}

static int quality_rank(const json_t *point)
{
    const char *quality = client_text(point, "quality");
    return strcmp(quality, "good") == 0 ? 0 : strcmp(quality, "uncertain") == 0 ? 1 : 2;
}

/* ---------------------------------------------------------------- an alarm */

bool view_alarm_waits(const json_t *alarm)
{
    const char *state = client_text(alarm, "state");
    return strcmp(state, "unacknowledged") == 0 || strcmp(state, "returned-unacknowledged") == 0;
}

bool view_alarm_held(const json_t *alarm)
{
    const char *state = client_text(alarm, "state");
    return strcmp(state, "shelved") == 0 || strcmp(state, "suppressed") == 0 ||
           strcmp(state, "out-of-service") == 0;
}

/* Of older daemons "by" is the one or the other. */
const char *view_alarm_acknowledged_by(const json_t *alarm)
{
    const char *own = client_text(alarm, "acknowledged_by");
    bool acked = client_text(alarm, "acknowledged")[0] != '\0' ||
                 strcmp(client_text(alarm, "state"), "acknowledged") == 0;
    bool as_by = own[0] == '\0' && acked && !view_alarm_held(alarm);
    return as_by ? client_text(alarm, "by") : own;
}

const char *view_alarm_held_by(const json_t *alarm)
{
    bool apart = json_object_get(alarm, "held_by") != NULL;
    return view_alarm_held(alarm) ? client_text(alarm, apart ? "held_by" : "by") : "";
}

bool view_alarm_active(const json_t *alarm)
{
    const char *state = client_text(alarm, "state");
    return strcmp(state, "unacknowledged") == 0 || strcmp(state, "acknowledged") == 0;
}

enum table_style view_alarm_style(const json_t *alarm)
{
    return !view_alarm_waits(alarm)   ? view_alarm_active(alarm) ? TABLE_WARNING : TABLE_PLAIN
           : view_alarm_active(alarm) ? TABLE_URGENT
                                      : TABLE_WARNING;
}

/* Which of an asset's alarms is shown: what is still so before what is over, then by priority. */
static int alarm_rank(const json_t *alarm)
{
    if (alarm == NULL)
        return -1;
    return (view_alarm_active(alarm) ? 16 : 0) + 2 * words_priority_rank(client_text(alarm, "priority")) +
           view_alarm_waits(alarm);
}

static void print_alarm(const struct ctl *ctl, const struct row *row, char *text, size_t cap)
{
    char more[96] = "";
    text[0] = '\0';
    if (row->alarm == NULL)
        return;
    size_t n_more = row->n_alarms - 1, n_waiting = view_alarm_waits(row->alarm) ? 0 : row->n_waiting;
    if (n_waiting > 0)
        snprintf(more, sizeof more,
                 tr(ctl, " (+%zu more, %zu NOT ACKNOWLEDGED)", "（另有 %zu 个，%zu 个未确认）"), n_more,
                 n_waiting);
    else if (n_more > 0)
        snprintf(more, sizeof more, tr(ctl, " (+%zu more)", "（另有 %zu 个）"), n_more);
    snprintf(text, cap, tr(ctl, "%s %s, %s%s", "%s %s，%s%s"),
             words_priority(ctl, client_text(row->alarm, "priority")), client_text(row->alarm, "alarm"),
             words_state(ctl, client_text(row->alarm, "state")), more);
}

/* ---------------------------------------------------------------- rows */

static struct row *find_row(const struct ctl *ctl, struct rows *rows, const json_t *object)
{
    const char *id = client_text(object, "asset");
    const json_t *place = json_object_get(rows->index, id);
    if (place != NULL)
        return &rows->rows[json_integer_value(place)];
    if (rows->n == rows->cap) {
        size_t cap = rows->cap == 0 ? 32 : rows->cap * 2;
        struct row *grown = realloc(rows->rows, cap * sizeof *grown);
        if (grown == NULL)
            return NULL;
        rows->rows = grown;
        rows->cap = cap;
    }
    json_object_set_new(rows->index, id, json_integer((json_int_t)rows->n));
    struct row *row = &rows->rows[rows->n];
    *row = (struct row){
        .id = id, .name = client_name(ctl, object, "asset_name", id), .age_ms = -1, .order = rows->n};
    rows->n++;
    return row;
}

static void add_other(const struct ctl *ctl, struct row *row, const json_t *point)
{
    char value[128];
    size_t len = strlen(row->other);
    snprintf(row->other + len, sizeof row->other - len, "%s%s %s", len > 0 ? tr(ctl, ", ", "，") : "",
             client_name(ctl, point, "point_name", client_text(point, "point")),
             view_value(ctl, point, value, sizeof value));
}

/* The columns TEMPERATURE and LEVEL are for the points of that name; the first in °C will do
 * for the former. */
static void add_point(const struct ctl *ctl, const json_t *status, struct row *row, const json_t *point)
{
    const char *id = client_text(point, "point");
    bool named = strcmp(id, "temperature") == 0;
    if (named || (row->temperature == NULL && strcmp(client_text(point, "unit"), "°C") == 0)) {
        if (row->temperature != NULL) /* the one that was first in °C, until the named one came */
            add_other(ctl, row, row->temperature);
        row->temperature = point;
    } else if (strcmp(id, "level") == 0) {
        row->level = point;
    } else {
        add_other(ctl, row, point);
    }
    int64_t age_ms = age_of(status, point);
    if (age_ms > row->age_ms)
        row->age_ms = age_ms;
    if (quality_rank(point) > row->quality)
        row->quality = quality_rank(point);
}

static void add_alarm(struct row *row, const json_t *alarm)
{
    row->n_alarms++;
    row->n_waiting += view_alarm_waits(alarm);
    if (alarm_rank(alarm) > alarm_rank(row->alarm))
        row->alarm = alarm;
}

/* Those that wait for a person first. */
static int compare_rows(const void *a, const void *b)
{
    const struct row *left = a, *right = b;
    int left_rank = alarm_rank(left->alarm) + (left->n_waiting > 0 ? 64 : 0);
    int right_rank = alarm_rank(right->alarm) + (right->n_waiting > 0 ? 64 : 0);
    if (left_rank != right_rank)
        return left_rank > right_rank ? -1 : 1;
    return left->order < right->order ? -1 : 1;
}

/* ---------------------------------------------------------------- the table */

static void value_cell(const struct ctl *ctl, struct table *t, unsigned column, const json_t *point)
{
    static const enum table_style styles[] = {TABLE_PLAIN, TABLE_WARNING, TABLE_WARNING};
    char text[128];
    if (point != NULL)
        table_cell(t, column, styles[quality_rank(point)], view_value(ctl, point, text, sizeof text));
}

static void print_row(const struct ctl *ctl, struct table *t, const struct row *row)
{
    static const char *const qualities[] = {"good", "uncertain", "bad"};
    char text[256];
    enum table_style style = row->alarm != NULL ? view_alarm_style(row->alarm) : TABLE_PLAIN;
    table_row(t);
    if (row->alarm != NULL)
        table_cell(t, COLUMN_MARK, row->n_waiting > 0 ? TABLE_URGENT : style,
                   row->n_waiting > 0 ? "!!" : "!");
    table_cell(t, COLUMN_ASSET, style, row->name);
    value_cell(ctl, t, COLUMN_TEMPERATURE, row->temperature);
    value_cell(ctl, t, COLUMN_LEVEL, row->level);
    table_cell(t, COLUMN_OTHER, TABLE_PLAIN, row->other);
    if (row->age_ms >= 0) {
        table_cell(t, COLUMN_QUALITY, row->quality == 0 ? TABLE_PLAIN : TABLE_WARNING,
                   words_quality(ctl, qualities[row->quality]));
        table_cell(t, COLUMN_AGE, TABLE_PLAIN,
                   row->age_ms == INT64_MAX ? tr(ctl, "never", "从未")
                                            : when_print_age(ctl, text, row->age_ms));
    }
    print_alarm(ctl, row, text, sizeof text);
    table_cell(t, COLUMN_ALARM, style, text);
}

static void make_table(const struct ctl *ctl, const struct rows *rows, struct table *t)
{
    const struct table_column columns[COLUMN_COUNT] = {
        [COLUMN_MARK] = {.title = ""},
        [COLUMN_ASSET] = {.title = tr(ctl, "ASSET", "设备")},
        [COLUMN_TEMPERATURE] = {.title = tr(ctl, "TEMPERATURE", "温度"), .right = true},
        [COLUMN_LEVEL] = {.title = tr(ctl, "LEVEL", "液位"), .right = true},
        [COLUMN_OTHER] = {.title = tr(ctl, "OTHER", "其他")},
        [COLUMN_QUALITY] = {.title = tr(ctl, "QUALITY", "质量")},
        [COLUMN_AGE] = {.title = tr(ctl, "AGE", "时效"), .right = true},
        [COLUMN_ALARM] = {.title = tr(ctl, "ALARM", "报警")},
    };
    /* The alarm stays longest: quality and the other points are told by their own alarms too. */
    static const struct table_cut cuts[] = {
        {COLUMN_OTHER, 8},  {COLUMN_ALARM, 32}, {COLUMN_ASSET, 14}, {COLUMN_OTHER, 0}, {COLUMN_QUALITY, 0},
        {COLUMN_ALARM, 12}, {COLUMN_ASSET, 8},  {COLUMN_ALARM, 8},  {COLUMN_AGE, 0},   {COLUMN_LEVEL, 0}};
    table_init(t, columns, COLUMN_COUNT);
    t->cuts = cuts;
    t->n_cuts = sizeof cuts / sizeof cuts[0];
    for (size_t i = 0; i < rows->n; i++)
        print_row(ctl, t, &rows->rows[i]);
}

static bool fill_rows(const struct ctl *ctl, const json_t *status, struct rows *rows, struct view *view)
{
    size_t i;
    const json_t *object;
    struct row *row;
    json_array_foreach(json_object_get(status, "points"), i, object)
    {
        if ((row = find_row(ctl, rows, object)) == NULL)
            return false;
        if (json_is_true(json_object_get(object, "derived")))
            continue; /* dozens for a tank: cryoctl tanks shows them */
        add_point(ctl, status, row, object);
        view->n_points++;
        view->n_bad += quality_rank(object) == 2;
    }
    view->n_assets = rows->n;
    json_array_foreach(json_object_get(status, "alarms"), i, object)
    {
        if ((row = find_row(ctl, rows, object)) == NULL)
            return false;
        add_alarm(row, object);
        view->n_alarms++;
        view->n_unacknowledged += view_alarm_waits(object);
    }
    return true;
}

bool view_build(const struct ctl *ctl, const json_t *status, struct view *ret)
{
    struct rows rows = {.index = json_object()};
    *ret = (struct view){0};
    bool whole = fill_rows(ctl, status, &rows, ret);
    ret->n_disabled = json_array_size(json_object_get(status, "disabled"));
    ret->broker = client_text(status, "broker");
    ret->disk = client_text(status, "disk");
    if (rows.n > 0)
        qsort(rows.rows, rows.n, sizeof *rows.rows, compare_rows);
    make_table(ctl, &rows, &ret->table);
    json_decref(rows.index);
    free(rows.rows);
    return whole && !ret->table.failed;
}

void view_free(struct view *view)
{
    table_free(&view->table);
}

void view_head(const struct ctl *ctl, const json_t *status, char *text, size_t cap)
{
    char time[WHEN_MAX];
    const char *site = client_text(status, "site");
    snprintf(text, cap, "%s (%s)  %s", client_name(ctl, status, "name", site), site,
             when_print_text(ctl, time, client_text(status, "time")));
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

static const char *broker_words(const struct ctl *ctl, const struct view *v)
{
    return strcmp(v->broker, "ok") == 0        ? tr(ctl, "broker ok", "消息服务器正常")
           : strcmp(v->broker, "failing") == 0 ? tr(ctl, "BROKER NOT REACHABLE", "消息服务器无法连接")
           : strcmp(v->broker, "none") == 0
               ? tr(ctl, "no broker: nobody is told", "未配置消息服务器：无人会收到通知")
               : tr(ctl, "broker not known", "消息服务器状态未知");
}

void view_summary(const struct ctl *ctl, const struct view *v, char *text, size_t cap)
{
    char alarms[96], bad[64] = "", disabled[48] = "";
    if (v->n_bad > 0)
        snprintf(bad, sizeof bad, tr(ctl, "; %zu of %zu points bad", "；%zu/%zu 个测点无效"), v->n_bad,
                 v->n_points);
    if (v->n_disabled > 0)
        snprintf(disabled, sizeof disabled, tr(ctl, "; %zu DISABLED", "；%zu 项停用"), v->n_disabled);
    if (ctl->language == LANGUAGE_ZH)
        snprintf(alarms, sizeof alarms, "%zu 个报警，%zu 个未确认；%zu 台设备", v->n_alarms,
                 v->n_unacknowledged, v->n_assets);
    else
        snprintf(alarms, sizeof alarms, "%zu alarm%s, %zu unacknowledged; %zu asset%s", v->n_alarms,
                 plural(v->n_alarms), v->n_unacknowledged, v->n_assets, plural(v->n_assets));
    snprintf(text, cap, "%s%s%s%s%s%s", alarms, bad, disabled, tr(ctl, "; ", "；"), broker_words(ctl, v),
             strcmp(v->disk, "failing") == 0 ? tr(ctl, "; DISK FAILING", "；磁盘故障") : "");
}

enum table_style view_summary_style(const struct view *view)
{
    bool failing = strcmp(view->broker, "failing") == 0 || strcmp(view->disk, "failing") == 0;
    return view->n_unacknowledged > 0                                                 ? TABLE_URGENT
           : view->n_alarms > 0 || view->n_bad > 0 || view->n_disabled > 0 || failing ? TABLE_WARNING
                                                                                      : TABLE_PLAIN;
}
