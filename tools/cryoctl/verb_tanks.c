/* verb_tanks.c - what cryomon understands of the tanks now, and of what fills them. */
#include <string.h>

#include "client.h"
#include "table.h"
#include "tank_view.h"
#include "view.h"
#include "width.h"
#include "words.h"

/* The point of that name, else the first that is measured and has the unit. */
static const char *measured(const struct tank_view *view, const char *name, const char *const *units)
{
    const char *id;
    json_t *point;
    if (json_object_get(view->points, name) != NULL)
        return name;
    json_object_foreach(view->points, id, point)
    {
        for (size_t i = 0; units[i] != NULL; i++)
            if (!json_is_true(json_object_get(point, "derived")) &&
                strcmp(client_text(point, "unit"), units[i]) == 0)
                return id;
    }
    return name;
}

static const char *const level_units[] = {"cm", "mm", "m", "in", "%", NULL};
static const char *const stock_units[] = {"L", "kg", "m3", "m³", "%", NULL};
static const char *const pressure_units[] = {"bar", "kPa", "MPa", NULL};

static void value_cell(const struct ctl *ctl, struct table *t, unsigned column, const struct tank_view *view,
                       const char *id)
{
    char text[TANK_VIEW_MAX];
    table_cell(t, column, tank_view_knows(view, id) ? TABLE_PLAIN : TABLE_WARNING,
               tank_view_value(ctl, view, id, text));
}

static void mark_cell(struct table *t, const struct tank_view *view)
{
    if (view->alarm != NULL)
        table_cell(t, 0, view_alarm_style(view->alarm), view_alarm_waits(view->alarm) ? "!!" : "!");
}

static void alarms_note(const struct ctl *ctl, struct table *t, const struct tank_view *view)
{
    char text[2048];
    if (view->n_alarms > 0)
        table_note(t, tank_view_alarms(ctl, view, text, sizeof text));
}

/* ---------------------------------------------------------------- tanks */

enum {
    TANK_MARK,
    TANK_NAME,
    TANK_PHASE,
    TANK_LEVEL,
    TANK_BOIL_OFF,
    TANK_LEFT,
    TANK_VACUUM,
    TANK_SINCE,
    TANK_COLUMNS
};

/* To -150 °C; where that is not known, until it is empty: and it is said which. */
static void left_cell(const struct ctl *ctl, struct table *t, const struct tank_view *view)
{
    const bool warm = tank_view_knows(view, "time-to-150"), empty = tank_view_knows(view, "time-to-empty");
    char value[TANK_VIEW_MAX], text[TANK_VIEW_MAX + 32];
    tank_view_value(ctl, view, warm || !empty ? "time-to-150" : "time-to-empty", value);
    if (warm)
        snprintf(text, sizeof text, tr(ctl, "%s to -150 °C", "%s 至 -150 °C"), value);
    else if (empty)
        snprintf(text, sizeof text, tr(ctl, "%s to empty", "%s 至耗尽"), value);
    else
        snprintf(text, sizeof text, "%s", value);
    table_cell(t, TANK_LEFT, warm || empty ? TABLE_PLAIN : TABLE_WARNING, text);
}

/* "failing 2.30"; with the cause where it is not the vacuum: "watch 1.40: lid". */
static void vacuum_cell(const struct ctl *ctl, struct table *t, const struct tank_view *view)
{
    const char *state = tank_view_state(view, "vacuum"), *cause = tank_view_state(view, "cause");
    char words[TANK_VIEW_MAX], index[TANK_VIEW_MAX], why[TANK_VIEW_MAX], text[3 * TANK_VIEW_MAX + 16];
    tank_view_value(ctl, view, "vacuum-index", index);
    char *interval = strstr(index, " (");
    if (interval != NULL)
        *interval = '\0'; /* it is in what is told of one tank */
    tank_view_value(ctl, view, "vacuum", words);
    if (state[0] == '\0' || strcmp(state, "unknown") == 0) { /* the index says why */
        table_cell(t, TANK_VACUUM, TABLE_WARNING, tank_view_knows(view, "vacuum-index") ? words : index);
        return;
    }
    if (strstr("lid ice room", cause) != NULL && cause[0] != '\0')
        snprintf(text, sizeof text, tr(ctl, "%s %s: %s", "%s %s：%s"), words, index,
                 tank_view_value(ctl, view, "cause", why));
    else
        snprintf(text, sizeof text, "%s %s", words, index);
    table_cell(t, TANK_VACUUM,
               strcmp(state, "failing") == 0 ? TABLE_URGENT
               : strcmp(state, "good") == 0  ? TABLE_PLAIN
                                             : TABLE_WARNING,
               text);
}

static void tank_row(const struct ctl *ctl, struct table *t, const struct tank_view *view)
{
    table_row(t);
    mark_cell(t, view);
    table_cell(t, TANK_NAME, view->alarm != NULL ? view_alarm_style(view->alarm) : TABLE_PLAIN, view->name);
    value_cell(ctl, t, TANK_PHASE, view, "phase");
    value_cell(ctl, t, TANK_LEVEL, view, measured(view, "level", level_units));
    value_cell(ctl, t, TANK_BOIL_OFF, view,
               tank_view_knows(view, "boil-off") || !tank_view_knows(view, "boil-off-level")
                   ? "boil-off"
                   : "boil-off-level");
    left_cell(ctl, t, view);
    vacuum_cell(ctl, t, view);
    value_cell(ctl, t, TANK_SINCE, view, "since-fill");
    alarms_note(ctl, t, view);
}

static void print_tanks(const struct ctl *ctl, const struct tank_views *views)
{
    const struct table_column columns[TANK_COLUMNS] = {
        [TANK_MARK] = {.title = ""},
        [TANK_NAME] = {.title = tr(ctl, "TANK", "液氮罐")},
        [TANK_PHASE] = {.title = tr(ctl, "PHASE", "状态")},
        [TANK_LEVEL] = {.title = tr(ctl, "LEVEL", "液位"), .right = true},
        [TANK_BOIL_OFF] = {.title = tr(ctl, "BOIL-OFF", "蒸发量")},
        [TANK_LEFT] = {.title = tr(ctl, "TIME LEFT", "剩余时间")},
        [TANK_VACUUM] = {.title = tr(ctl, "VACUUM", "真空")},
        [TANK_SINCE] = {.title = tr(ctl, "SINCE FILL", "距上次补液"), .right = true},
    };
    /* What stays longest is which tank it is, and the time left: names differ at their ends. */
    static const struct table_cut cuts[] = {
        {TANK_SINCE, 10}, {TANK_VACUUM, 12}, {TANK_BOIL_OFF, 9}, {TANK_SINCE, 0}, {TANK_LEVEL, 9},
        {TANK_PHASE, 8},  {TANK_VACUUM, 7},  {TANK_LEVEL, 0},    {TANK_NAME, 20}, {TANK_BOIL_OFF, 0},
        {TANK_PHASE, 0},  {TANK_VACUUM, 0},  {TANK_NAME, 12},    {TANK_LEFT, 12}};
    struct table t;
    table_init(&t, columns, TANK_COLUMNS);
    t.cuts = cuts;
    t.n_cuts = sizeof cuts / sizeof cuts[0];
    for (size_t i = 0; i < views->n; i++)
        if (!views->views[i].is_supply)
            tank_row(ctl, &t, &views->views[i]);
    if (t.n_rows > 0)
        table_print(&t, stdout, ctl->colour, ctl->columns, SIZE_MAX);
    else
        puts(tr(ctl, "no tank is configured", "未配置液氮罐"));
    table_free(&t);
    for (size_t i = 0; i < views->n; i++) {
        if (views->views[i].is_understood || views->views[i].is_supply)
            continue;
        puts(tr(ctl, "-- not configured: the tank has no `vessel` in the configuration; see cryomon.yaml(5).",
                "-- 未配置：配置中没有该罐的 vessel；见 cryomon.yaml(5)。"));
        break;
    }
}

/* ---------------------------------------------------------------- supplies */

static void print_supplies(const struct ctl *ctl, const struct tank_views *views)
{
    const struct table_column columns[] = {{.title = ""},
                                           {.title = tr(ctl, "SUPPLY", "供液")},
                                           {.title = tr(ctl, "STOCK", "存量"), .right = true},
                                           {.title = tr(ctl, "PRESSURE", "压力"), .right = true},
                                           {.title = tr(ctl, "DRAWN", "取用"), .right = true},
                                           {.title = tr(ctl, "LEFT TO RESERVE", "距储备量")},
                                           {.title = tr(ctl, "SINCE ANY FILL", "距任一补液"), .right = true}};
    static const struct table_cut cuts[] = {{1, 10}, {4, 9}, {3, 0}, {6, 0}, {4, 0}, {5, 12}};
    struct table t;
    table_init(&t, columns, sizeof columns / sizeof columns[0]);
    t.cuts = cuts;
    t.n_cuts = sizeof cuts / sizeof cuts[0];
    for (size_t i = 0; i < views->n; i++) {
        const struct tank_view *view = &views->views[i];
        if (!view->is_supply)
            continue;
        table_row(&t);
        mark_cell(&t, view);
        table_cell(&t, 1, TABLE_PLAIN, view->name);
        value_cell(ctl, &t, 2, view, measured(view, "stock", stock_units));
        value_cell(ctl, &t, 3, view, measured(view, "pressure", pressure_units));
        value_cell(ctl, &t, 4, view, "drawn-day");
        value_cell(ctl, &t, 5, view, "days-left");
        value_cell(ctl, &t, 6, view, "since-any-fill");
        alarms_note(ctl, &t, view);
    }
    if (t.n_rows > 0) {
        putchar('\n');
        table_print(&t, stdout, ctl->colour, ctl->columns, SIZE_MAX);
    }
    table_free(&t);
}

/* ---------------------------------------------------------------- one of them */

static bool is_bound(const struct tank_view *view, const char *id)
{
    static const char *const endings[] = {"-least", "-most"};
    const size_t n = strlen(id);
    for (size_t i = 0; i < 2; i++) {
        const size_t m = strlen(endings[i]);
        char of[128];
        if (n <= m || n >= sizeof of || strcmp(id + n - m, endings[i]) != 0)
            continue;
        snprintf(of, sizeof of, "%.*s", (int)(n - m), id);
        if (json_object_get(view->points, of) != NULL)
            return true;
    }
    return false;
}

/* Every point, one line each. */
static void print_one(const struct ctl *ctl, const struct tank_view *view)
{
    char text[2048];
    const char *id;
    json_t *point;
    unsigned width = 0;
    snprintf(text, sizeof text, "%s (%s)", view->name, view->asset);
    table_line(stdout, ctl->colour, TABLE_HEAD, 0, text);
    putchar('\n');
    json_object_foreach(view->points, id, point)
    {
        const unsigned w = width_text(client_name(ctl, point, "point_name", id));
        width = w > width && !is_bound(view, id) ? w : width;
    }
    json_object_foreach(view->points, id, point)
    {
        const char *name = client_name(ctl, point, "point_name", id);
        if (is_bound(view, id))
            continue;
        printf("%s%*s", name, (int)(width + 2 - width_text(name)), "");
        table_line(stdout, ctl->colour, tank_view_knows(view, id) ? TABLE_PLAIN : TABLE_WARNING, 0,
                   tank_view_value(ctl, view, id, text));
    }
    if (!view->is_understood)
        table_line(stdout, ctl->colour, TABLE_WARNING, 0,
                   tr(ctl,
                      "Nothing is derived: it has no `vessel` in the configuration; see cryomon.yaml(5).",
                      "没有推算值：配置中没有 vessel；见 cryomon.yaml(5)。"));
    if (view->n_alarms > 0) {
        putchar('\n');
        table_line(stdout, ctl->colour, view_alarm_style(view->alarm), 0,
                   tank_view_alarms(ctl, view, text, sizeof text));
    }
}

/* ---------------------------------------------------------------- the verb */

static void print_json(const json_t *status, const struct tank_views *views, const char *asset)
{
    json_t *o = json_pack("{s:s, s:s, s:s}", "cryomon", "tanks 1", "site", client_text(status, "site"),
                          "time", client_text(status, "time"));
    json_t *tanks = json_array(), *supplies = json_array();
    for (size_t i = 0; i < views->n; i++) {
        const struct tank_view *view = &views->views[i];
        if (asset == NULL || strcmp(asset, view->asset) == 0)
            json_array_append_new(view->is_supply ? supplies : tanks, tank_view_json(view));
    }
    (void)json_object_set_new(o, "tanks", tanks);
    (void)json_object_set_new(o, "supplies", supplies);
    json_dumpf(o, stdout, CTL_JSON);
    putchar('\n');
    json_decref(o);
}

static const struct tank_view *named(const struct tank_views *views, const char *asset)
{
    for (size_t i = 0; i < views->n; i++)
        if (strcmp(views->views[i].asset, asset) == 0)
            return &views->views[i];
    return NULL;
}

static int print_views(const struct ctl *ctl, const json_t *status, const struct tank_views *views,
                       const char *asset)
{
    char text[512];
    const struct tank_view *one = asset != NULL ? named(views, asset) : NULL;
    if (views->no_memory) {
        ctl_complain("%s", tr(ctl, "not enough memory", "内存不足"));
        return CTL_NEGATIVE;
    }
    if (asset != NULL && one == NULL) {
        ctl_complain(tr(ctl, "there is no tank or supply \"%s\"; cryoctl tanks lists them",
                        "没有液氮罐或供液“%s”；用 cryoctl tanks 查看"),
                     asset);
        return CTL_NEGATIVE;
    }
    if (ctl->json) {
        print_json(status, views, asset);
        return CTL_OK;
    }
    if (one != NULL) {
        print_one(ctl, one);
        return CTL_OK;
    }
    view_head(ctl, status, text, sizeof text);
    table_line(stdout, ctl->colour, TABLE_HEAD, 0, text);
    putchar('\n');
    print_tanks(ctl, views);
    print_supplies(ctl, views);
    return CTL_OK;
}

int verb_tanks(struct ctl *ctl, int argc, char **argv)
{
    struct client_failure failure;
    struct tank_views views;
    json_t *status = client_call(ctl, "io.cryomon.Monitor.Status", NULL, CLIENT_TIMEOUT_MS, &failure);
    if (status == NULL)
        return client_complain(&failure);
    tank_view_read(ctl, status, &views);
    const int result = print_views(ctl, status, &views, argc > 0 ? argv[0] : NULL);
    tank_view_free(&views);
    json_decref(status);
    return result;
}
