#include "changes.h"

#include <string.h>

#include "client.h"
#include "view.h"
#include "when.h"
#include "words.h"

struct output {
    const struct ctl *ctl;
    changes_line_fn *line;
    void *context;
    const char *now; /* of the answer */
};

static void emit(const struct output *out, enum table_style style, const char *rfc3339, const char *text)
{
    char time[WHEN_MAX], line[2200];
    snprintf(line, sizeof line, "%s  %s", when_print_text(out->ctl, time, rfc3339), text);
    out->line(out->context, style, line);
}

static void emit_alarm(const struct output *out, const json_t *alarm)
{
    const struct ctl *ctl = out->ctl;
    char text[2048], id[160];
    const char *time = client_text(alarm, "time");
    bool held = view_alarm_held(alarm);
    const char *by = held ? view_alarm_held_by(alarm) : view_alarm_acknowledged_by(alarm);
    const char *by_whom = held ? tr(ctl, " by ", " 操作人 ") : tr(ctl, " by ", " 确认人 ");
    snprintf(id, sizeof id, "%s/%s", client_text(alarm, "asset"), client_text(alarm, "alarm"));
    snprintf(text, sizeof text, "%s  %s%s%s  %s", words_priority(ctl, client_text(alarm, "priority")),
             words_state(ctl, client_text(alarm, "state")), by[0] != '\0' ? by_whom : "", by,
             client_name(ctl, alarm, "text", id));
    emit(out, view_alarm_style(alarm), time[0] != '\0' ? time : out->now, text);
}

static void emit_normal(const struct output *out, const json_t *alarm)
{
    char text[512];
    const char *asset = client_text(alarm, "asset");
    snprintf(text, sizeof text, "%s  %s: %s", words_state(out->ctl, "normal"),
             client_name(out->ctl, alarm, "asset_name", asset), client_text(alarm, "alarm"));
    emit(out, TABLE_PLAIN, out->now, text);
}

static bool same(const json_t *a, const json_t *b, const char *key)
{
    return strcmp(client_text(a, key), client_text(b, key)) == 0;
}

static void update_alarms(struct changes *c, const json_t *status, const struct output *out)
{
    json_t *now = json_object(), *alarm;
    size_t i;
    char key[160];
    json_array_foreach(json_object_get(status, "alarms"), i, alarm)
    {
        snprintf(key, sizeof key, "%s/%s", client_text(alarm, "asset"), client_text(alarm, "alarm"));
        const json_t *before = json_object_get(c->alarms, key);
        json_object_set(now, key, alarm);
        if (before == NULL || !same(before, alarm, "state") || !same(before, alarm, "raised"))
            emit_alarm(out, alarm);
    }
    const char *gone;
    json_object_foreach(c->alarms, gone, alarm) if (json_object_get(now, gone) == NULL)
        emit_normal(out, alarm);
    json_decref(c->alarms);
    c->alarms = now;
}

static void emit_point(const struct output *out, const json_t *point, const char *before)
{
    const struct ctl *ctl = out->ctl;
    char value[128], text[512];
    const char *asset = client_text(point, "asset");
    snprintf(text, sizeof text, tr(ctl, "%s: %s %s (was %s)", "%s：%s %s（之前 %s）"),
             client_name(ctl, point, "asset_name", asset),
             client_name(ctl, point, "point_name", client_text(point, "point")),
             view_value(ctl, point, value, sizeof value), before);
    emit(out, strcmp(client_text(point, "quality"), "good") == 0 ? TABLE_PLAIN : TABLE_WARNING, out->now,
         text);
}

/* What a change of a point is told by: a state's name, "-- timeout", or only "good": not each new number. */
static const char *aspect(const struct ctl *ctl, const json_t *point, char *text, size_t cap)
{
    const char *quality = client_text(point, "quality");
    if (strcmp(quality, "bad") == 0 || client_text(point, "state")[0] != '\0')
        return view_value(ctl, point, text, cap);
    return words_quality(ctl, quality);
}

/* Is the change one that is told? all: all but derived numbers, which come and go while they are learned. */
static bool is_told(const json_t *point, bool all)
{
    const char *id = client_text(point, "point"), *state = client_text(point, "state");
    if (!json_is_true(json_object_get(point, "derived")))
        return all;
    if (all || state[0] == '\0')
        return state[0] != '\0';
    if (strcmp(id, "phase") == 0)
        return strcmp(state, "filling") == 0 || strcmp(state, "settling") == 0;
    return strcmp(id, "run") == 0 || strcmp(id, "vacuum") == 0;
}

static void update_points(struct changes *c, const json_t *status, const struct output *out, bool all)
{
    json_t *now = json_object(), *point;
    size_t i;
    char key[160], text[128];
    json_array_foreach(json_object_get(status, "points"), i, point)
    {
        snprintf(key, sizeof key, "%s/%s", client_text(point, "asset"), client_text(point, "point"));
        const char *before = json_string_value(json_object_get(c->points, key));
        const char *after = aspect(out->ctl, point, text, sizeof text);
        if (before != NULL && strcmp(before, after) != 0 && is_told(point, all))
            emit_point(out, point, before);
        json_object_set_new(now, key, json_string(after));
    }
    json_decref(c->points);
    c->points = now;
}

void changes_update(const struct ctl *ctl, struct changes *c, const json_t *status, bool points,
                    changes_line_fn *line, void *context)
{
    const struct output out = {
        .ctl = ctl, .line = line, .context = context, .now = client_text(status, "time")};
    update_points(c, status, &out, points);
    update_alarms(c, status, &out);
}

void changes_free(struct changes *c)
{
    json_decref(c->alarms);
    json_decref(c->points);
    *c = (struct changes){0};
}
