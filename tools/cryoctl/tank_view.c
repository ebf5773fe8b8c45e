#include "tank_view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "view.h"
#include "words.h"

/* ---------------------------------------------------------------- reading the status */

static struct tank_view *find(const struct ctl *ctl, struct tank_views *views, const json_t *object)
{
    const char *asset = client_text(object, "asset");
    for (size_t i = views->n; i > 0; i--)
        if (strcmp(views->views[i - 1].asset, asset) == 0)
            return &views->views[i - 1];
    struct tank_view *grown = reallocarray(views->views, views->n + 1, sizeof *grown);
    if (grown == NULL) {
        views->no_memory = true;
        return NULL;
    }
    views->views = grown;
    struct tank_view *view = &grown[views->n++];
    *view = (struct tank_view){.asset = asset,
                               .name = client_name(ctl, object, "asset_name", asset),
                               .points = json_object(),
                               .alarms = json_array()};
    views->no_memory |= view->points == NULL || view->alarms == NULL;
    return view;
}

static bool is_derived(const json_t *point)
{
    return json_is_true(json_object_get(point, "derived"));
}

static void take_point(const struct ctl *ctl, struct tank_views *views, json_t *point)
{
    const char *kind = client_text(point, "kind"), *id = client_text(point, "point");
    const bool utility = strcmp(kind, "utility") == 0;
    if (strcmp(kind, "tank") != 0 && !utility)
        return;
    struct tank_view *view = find(ctl, views, point);
    if (view == NULL)
        return;
    if (utility && is_derived(point) && strcmp(id, "days-left") == 0)
        view->is_supply = true;
    view->is_understood |= is_derived(point);
    (void)json_object_set(view->points, id, point);
}

static int rank(const json_t *alarm)
{
    return (view_alarm_active(alarm) ? 16 : 0) + 2 * words_priority_rank(client_text(alarm, "priority")) +
           view_alarm_waits(alarm);
}

static void take_alarm(struct tank_views *views, json_t *alarm)
{
    for (size_t i = 0; i < views->n; i++) {
        struct tank_view *view = &views->views[i];
        if (strcmp(view->asset, client_text(alarm, "asset")) != 0)
            continue;
        (void)json_array_append(view->alarms, alarm);
        view->n_alarms++;
        if (view->alarm == NULL || rank(alarm) > rank(view->alarm))
            view->alarm = alarm;
    }
}

/* Utilities that are no supply are not told. */
static void leave_out(struct tank_views *views)
{
    size_t kept = 0;
    for (size_t i = 0; i < views->n; i++) {
        const struct tank_view *view = &views->views[i];
        const json_t *any = json_object_iter_value(json_object_iter(view->points));
        if (view->is_supply || strcmp(client_text(any, "kind"), "tank") == 0) {
            views->views[kept++] = *view;
            continue;
        }
        json_decref(view->points);
        json_decref(view->alarms);
    }
    views->n = kept;
}

void tank_view_read(const struct ctl *ctl, const json_t *status, struct tank_views *ret)
{
    size_t i;
    json_t *object;
    *ret = (struct tank_views){0};
    json_array_foreach(json_object_get(status, "points"), i, object)
    {
        if (!ret->no_memory)
            take_point(ctl, ret, object);
    }
    json_array_foreach(json_object_get(status, "alarms"), i, object) take_alarm(ret, object);
    leave_out(ret);
}

void tank_view_free(struct tank_views *views)
{
    for (size_t i = 0; i < views->n; i++) {
        json_decref(views->views[i].points);
        json_decref(views->views[i].alarms);
    }
    free(views->views);
}

/* ---------------------------------------------------------------- a value */

static const json_t *bound(const struct tank_view *view, const char *id, const char *which)
{
    char name[128];
    snprintf(name, sizeof name, "%s%s", id, which);
    return json_object_get(view->points, name);
}

static bool is_known(const json_t *point)
{
    return point != NULL && strcmp(client_text(point, "quality"), "bad") != 0 &&
           json_is_number(json_object_get(point, "value"));
}

static double value_of(const json_t *point)
{
    return json_number_value(json_object_get(point, "value"));
}

bool tank_view_knows(const struct tank_view *view, const char *id)
{
    return is_known(bound(view, id, "")) || is_known(bound(view, id, "-least"));
}

const char *tank_view_state(const struct tank_view *view, const char *id)
{
    const json_t *point = bound(view, id, "");
    return is_known(point) ? client_text(point, "state") : "";
}

/* How a number is told: hours in days where there are many. */
struct scale {
    double by;
    const char *unit;
    int decimals;
};

static struct scale scale_of(const struct ctl *ctl, const json_t *point, double value)
{
    const char *unit = client_text(point, "unit");
    const int decimals = (int)json_integer_value(json_object_get(point, "decimals"));
    if (strcmp(unit, "h") == 0 && fabs(value) >= 48)
        return (struct scale){1.0 / 24, tr(ctl, "d", "天"), fabs(value) < 240 ? 1 : 0};
    if (strcmp(unit, "h") == 0)
        return (struct scale){1, tr(ctl, "h", "小时"), 1};
    if (strcmp(unit, "d") == 0)
        return (struct scale){1, tr(ctl, "d", "天"), 1};
    if (strcmp(unit, "min") == 0)
        return (struct scale){1, tr(ctl, "min", "分钟"), 0};
    return (struct scale){1, unit, fabs(value) >= 100 ? 0 : decimals > 1 ? 1 : decimals};
}

static void tell_number(const struct ctl *ctl, const json_t *point, const json_t *least, const json_t *most,
                        char text[TANK_VIEW_MAX])
{
    char interval[64] = "";
    /* An index has no unit, and two decimals matter. */
    struct scale s = scale_of(ctl, point, value_of(point));
    if (s.unit[0] == '\0')
        s.decimals = 2;
    if (is_known(least) && is_known(most))
        snprintf(interval, sizeof interval, " (%.*f-%.*f)", s.decimals, value_of(least) * s.by, s.decimals,
                 value_of(most) * s.by);
    snprintf(text, TANK_VIEW_MAX, "%.*f%s%s%s%s", s.decimals, value_of(point) * s.by,
             s.unit[0] != '\0' ? " " : "", s.unit, interval,
             strcmp(client_text(point, "quality"), "good") == 0 ? "" : " ?");
}

const char *tank_view_value(const struct ctl *ctl, const struct tank_view *view, const char *id,
                            char text[TANK_VIEW_MAX])
{
    const json_t *point = bound(view, id, ""), *least = bound(view, id, "-least");
    if (point == NULL) {
        snprintf(text, TANK_VIEW_MAX, "-- %s",
                 view->is_understood ? words_reason(ctl, "not-measured")
                                     : tr(ctl, "not configured", "未配置"));
    } else if (is_known(point) && client_text(point, "state")[0] == '\0') {
        tell_number(ctl, point, least, bound(view, id, "-most"), text);
    } else if (!is_known(point) && is_known(least)) {
        const struct scale s = scale_of(ctl, least, value_of(least));
        snprintf(text, TANK_VIEW_MAX, tr(ctl, "at least %.*f %s", "至少 %.*f %s"), s.decimals,
                 value_of(least) * s.by, s.unit);
    } else {
        view_value(ctl, point, text, TANK_VIEW_MAX);
    }
    return text;
}

const char *tank_view_alarms(const struct ctl *ctl, const struct tank_view *view, char *text, size_t cap)
{
    size_t used = 0, i;
    const json_t *alarm;
    text[0] = '\0';
    json_array_foreach(view->alarms, i, alarm)
    {
        if (used < cap)
            used += (size_t)snprintf(
                text + used, cap - used, tr(ctl, "%s%s %s, %s", "%s%s %s，%s"),
                used > 0 ? tr(ctl, "; ", "；") : "", words_priority(ctl, client_text(alarm, "priority")),
                client_text(alarm, "alarm"), words_state(ctl, client_text(alarm, "state")));
    }
    return text;
}

/* ---------------------------------------------------------------- JSON */

static bool ends_with(const char *text, const char *ending)
{
    const size_t n = strlen(text), m = strlen(ending);
    return n > m && strcmp(text + n - m, ending) == 0;
}

static json_t *quantity(const struct tank_view *view, const char *id, const json_t *point)
{
    static const char *const members[] = {"value", "state", "unit", "quality", "reason", "time"};
    json_t *o = json_object();
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        json_t *value = json_object_get(point, members[i]);
        if (value != NULL)
            (void)json_object_set(o, members[i], value);
    }
    const json_t *least = bound(view, id, "-least"), *most = bound(view, id, "-most");
    if (is_known(least))
        (void)json_object_set(o, "least", json_object_get(least, "value"));
    if (is_known(most))
        (void)json_object_set(o, "most", json_object_get(most, "value"));
    return o;
}

json_t *tank_view_json(const struct tank_view *view)
{
    json_t *o = json_pack("{s:s, s:b}", "asset", view->asset, "understood", (int)view->is_understood);
    json_t *derived = json_object(), *measured = json_object(), *point;
    const char *id;
    json_object_foreach(view->points, id, point)
    {
        const bool is_bound = is_derived(point) && (ends_with(id, "-least") || ends_with(id, "-most"));
        if (!is_bound)
            (void)json_object_set_new(is_derived(point) ? derived : measured, id, quantity(view, id, point));
    }
    (void)json_object_set_new(o, "derived", derived);
    (void)json_object_set_new(o, "measured", measured);
    (void)json_object_set(o, "alarms", view->alarms);
    return o;
}
