/* verb_reading.c - what a person has read by eye: entered, and shown beside what the device said at that
 * time. The two are never mixed. */
#include <string.h>

#include "client.h"
#include "output.h"
#include "places.h"
#include "stored.h"
#include "table.h"
#include "walk.h"
#include "when.h"
#include "words.h"

#define DAY_US    (INT64_C(86400) * SECOND_US)
#define NEAR_US   (INT64_C(600) * SECOND_US) /* a reading so far from the moment still stands beside it */
#define LISTS_MAX 100000

static void print_beyond(const struct ctl *ctl, const json_t *answer)
{
    const json_t *beyond = json_object_get(answer, "beyond"), *alarm;
    char text[512], names[320] = "";
    size_t i, len = 0;
    if (json_is_true(json_object_get(answer, "late")))
        puts(tr(ctl, "marked as entered late", "已标记为补录"));
    if (json_array_size(beyond) == 0)
        return;
    json_array_foreach(beyond, i, alarm)
    {
        if (len + 68 < sizeof names && json_is_string(alarm))
            len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", i > 0 ? ", " : "",
                                    json_string_value(alarm));
    }
    snprintf(text, sizeof text,
             tr(ctl, "BEYOND THE LIMIT of %s: if it is the newest reading, people are called now",
                "超出报警限值：%s。若为最新读数，现在将呼叫人员"),
             names);
    table_line(stdout, ctl->colour, TABLE_URGENT, 0, text);
}

int verb_reading(struct ctl *ctl, int argc, char **argv)
{
    struct client_failure failure;
    char measured[RFC3339_MAX];
    int64_t measured_us;
    (void)argc;
    if (ctl->measured == NULL) {
        ctl_complain("%s",
                     tr(ctl, "say with --measured when it was measured", "请用 --measured 说明测量时间"));
        return CTL_USAGE;
    }
    if (!when_option(ctl, "measured", ctl->measured, &measured_us))
        return CTL_USAGE;
    clock_print_utc(measured, measured_us);
    json_t *parameters = json_pack("{s:s, s:s, s:s, s:s}", "asset", argv[0], "point", argv[1], "value",
                                   argv[2], "measured", measured);
    if (parameters == NULL ||
        (ctl->second != NULL && json_object_set_new(parameters, "second", json_string(ctl->second)) < 0) ||
        (ctl->note != NULL && json_object_set_new(parameters, "note", json_string(ctl->note)) < 0)) {
        json_decref(parameters);
        ctl_complain("%s", tr(ctl, "that is not UTF-8 text", "文本不是有效的 UTF-8"));
        return CTL_USAGE;
    }
    json_t *answer = client_call(ctl, "io.cryomon.Monitor.Reading", parameters, CLIENT_TIMEOUT_MS, &failure);
    if (answer == NULL)
        return client_complain(&failure);
    if (ctl->json) {
        json_dumpf(answer, stdout, CTL_JSON);
        putchar('\n');
    } else {
        printf(tr(ctl, "recorded as event %lld, beside the readings of the device\n",
                  "已记录为事件 %lld，与设备读数并列保存\n"),
               (long long)json_integer_value(json_object_get(answer, "seq")));
    }
    if (!ctl->json)
        print_beyond(ctl, answer);
    json_decref(answer);
    return CTL_OK;
}

/* ---------------------------------------------------------------- showing them */

struct nearest { /* of the device, to a moment */
    int64_t moment_us, distance_us;
    struct history_row row;
    bool found;
};

static bool take_row(void *context, const struct history_row *row)
{
    struct nearest *n = context;
    int64_t distance_us = row->taken_utc_us > n->moment_us ? row->taken_utc_us - n->moment_us
                                                           : n->moment_us - row->taken_utc_us;
    if (!n->found || distance_us < n->distance_us) {
        n->row = *row;
        n->distance_us = distance_us;
        n->found = true;
    }
    return true;
}

/* The device's reading nearest to the moment, as an object; null: none within NEAR_US. */
static json_t *automatic(struct history_reader *reader, const json_t *one, int64_t measured_us)
{
    const char *asset = client_text(one, "asset"), *point = client_text(one, "point");
    struct nearest n = {.moment_us = measured_us};
    char time[RFC3339_MAX];
    int64_t result =
        history_each(reader, asset, point, measured_us - NEAR_US, measured_us + NEAR_US, take_row, &n);
    if (result < 0 || !n.found)
        return json_null();
    clock_print_utc(time, n.row.taken_utc_us);
    bool bad = n.row.reading.quality == QUALITY_BAD;
    json_t *device =
        json_pack("{s:s, s:o, s:s, s:s, s:i, s:s}", "time", time, "value",
                  bad ? json_null() : json_real((double)n.row.calibrated / (double)MICRO_PER_UNIT), "quality",
                  quality_name(n.row.reading.quality), "reason", reason_name(n.row.reading.reason),
                  "decimals", (int)n.row.decimals, "unit", n.row.unit);
    char key[32];
    snprintf(key, sizeof key, "%lld", (long long)(n.row.calibrated / MICRO_PER_UNIT));
    json_t *name = json_object_get(json_object_get(one, "states"), key);
    if (name != NULL && !bad)
        json_object_set(device, "state", name);
    return device;
}

struct manual {
    const char *asset, *point;
    json_t *list;
    bool too_many;
};

static bool take_event(void *context, const struct history_event *event)
{
    struct manual *m = context;
    json_t *body = json_loads(event->body, 0, NULL);
    bool wanted = body != NULL && (m->asset == NULL || strcmp(client_text(body, "asset"), m->asset) == 0) &&
                  (m->point == NULL || strcmp(client_text(body, "point"), m->point) == 0);
    m->too_many = json_array_size(m->list) >= LISTS_MAX;
    if (wanted && !m->too_many)
        json_array_append(m->list, body);
    json_decref(body);
    return !m->too_many;
}

static void value_text(const struct ctl *ctl, const json_t *one, char *text, size_t cap)
{
    const char *state = client_text(one, "value_state"), *unit = client_text(one, "unit");
    (void)ctl;
    if (state[0] != '\0')
        snprintf(text, cap, "%s", state);
    else
        snprintf(text, cap, "%.6g%s%s", json_number_value(json_object_get(one, "value")),
                 unit[0] != '\0' ? " " : "", unit);
}

static void automatic_cells(const struct ctl *ctl, struct table *t, const json_t *one)
{
    char text[64], time[WHEN_MAX];
    const json_t *device = json_object_get(one, "automatic"), *value = json_object_get(device, "value");
    if (!json_is_object(device)) {
        table_cell(t, 4, TABLE_FAINT, tr(ctl, "none", "无"));
        return;
    }
    const char *doubt = strcmp(client_text(device, "quality"), "good") == 0 ? "" : " ?";
    const char *unit = client_text(device, "unit"), *state = client_text(device, "state");
    if (state[0] != '\0')
        snprintf(text, sizeof text, "%s%s", state, doubt);
    else if (json_is_number(value))
        snprintf(text, sizeof text, "%.*f%s%s%s",
                 (int)json_integer_value(json_object_get(device, "decimals")), json_number_value(value),
                 unit[0] != '\0' ? " " : "", unit, doubt);
    else
        snprintf(text, sizeof text, "-- %s", words_reason(ctl, client_text(device, "reason")));
    table_cell(t, 4, TABLE_FAINT, text);
    table_cell(t, 5, TABLE_FAINT, when_print_text(ctl, time, client_text(device, "time")));
}

static void print_table(const struct ctl *ctl, const json_t *list)
{
    const struct table_column columns[] = {
        {tr(ctl, "MEASURED", "测量时间"), false}, {tr(ctl, "POINT", "测点"), false},
        {tr(ctl, "BY EYE", "人工读数"), true},    {tr(ctl, "BY", "记录人"), false},
        {tr(ctl, "DEVICE", "设备读数"), true},    {tr(ctl, "DEVICE'S TIME", "设备读数时间"), false},
        {tr(ctl, "ENTERED", "录入时间"), false},  {tr(ctl, "NOTE", "备注"), false}};
    struct table t;
    size_t i;
    const json_t *one;
    table_init(&t, columns, 8);
    json_array_foreach(list, i, one)
    {
        char text[256], time[WHEN_MAX];
        const char *second = client_text(one, "second");
        table_row(&t);
        table_cell(&t, 0, TABLE_PLAIN, when_print_text(ctl, time, client_text(one, "measured")));
        snprintf(text, sizeof text, "%s/%s", client_text(one, "asset"), client_text(one, "point"));
        table_cell(&t, 1, TABLE_PLAIN, text);
        value_text(ctl, one, text, sizeof text);
        table_cell(&t, 2, TABLE_PLAIN, text);
        snprintf(text, sizeof text, "%s%s%s", client_text(one, "by"), second[0] != '\0' ? ", " : "", second);
        table_cell(&t, 3, TABLE_PLAIN, text);
        automatic_cells(ctl, &t, one);
        table_cell(&t, 6, TABLE_PLAIN, when_print_text(ctl, time, client_text(one, "time")));
        snprintf(text, sizeof text, "%s%s%s", client_text(one, "note"),
                 json_is_true(json_object_get(one, "late")) ? tr(ctl, " (late)", "（补录）") : "",
                 json_array_size(json_object_get(one, "beyond")) > 0
                     ? tr(ctl, " BEYOND THE LIMIT", " 超出限值")
                     : "");
        table_cell(&t, 7, TABLE_PLAIN, text);
    }
    if (!t.failed)
        table_print(&t, stdout, ctl->colour, 0, SIZE_MAX);
    table_free(&t);
}

static int show(struct ctl *ctl, struct history_reader *reader, struct manual *m, int64_t from_us,
                int64_t to_us)
{
    const struct history_filter filter = {.kind = "reading"};
    size_t i;
    json_t *one;
    int64_t n = history_events_where(reader, &filter, from_us, to_us, take_event, m), measured_us;
    if (n < 0)
        return stored_complain(ctl, (int)n);
    json_array_foreach(m->list, i, one)
    {
        if (clock_parse_utc(client_text(one, "measured"), &measured_us) == 0)
            json_object_set_new(one, "automatic", automatic(reader, one, measured_us));
    }
    if (json_array_size(m->list) == 0 && !ctl->json) {
        ctl_complain("%s", tr(ctl, "no manual readings in that range", "该时段内没有人工读数"));
        return CTL_NEGATIVE;
    }
    if (ctl->json) {
        json_dumpf(m->list, stdout, CTL_JSON);
        putchar('\n');
    } else {
        print_table(ctl, m->list);
    }
    if (m->too_many)
        ctl_complain("%s", tr(ctl, "there are more: take a shorter range", "还有更多：请缩短时段"));
    return CTL_OK;
}

int verb_readings(struct ctl *ctl, int argc, char **argv)
{
    struct history_reader *reader;
    struct manual m = {.asset = argc > 0 ? argv[0] : NULL, .point = argc > 1 ? argv[1] : NULL};
    int64_t from_us, to_us;
    if (!when_range(ctl, DAY_US, &from_us, &to_us))
        return CTL_USAGE;
    int result = stored_open(ctl, &reader);
    if (result != CTL_OK)
        return result;
    m.list = json_array();
    result = show(ctl, reader, &m, from_us, to_us);
    json_decref(m.list);
    history_close(reader);
    return result;
}
