#include <stdlib.h>
#include <string.h>

#include "control_private.h"
#include "json_text.h"

/* Two names of TEXT_MAX in two languages each, every byte escaped, and the rest. */
#define POINT_TEXT_MAX 8192

static void add_bilingual(struct json_text *j, const char *key, const struct bilingual *text,
                          const char *fallback)
{
    json_text_object(j, key);
    json_text_string(j, "en", bilingual_get(text, LANGUAGE_EN, fallback));
    json_text_string(j, "zh", bilingual_get(text, LANGUAGE_ZH, fallback));
    json_text_end(j);
}

static void add_calibration(struct json_text *j, const struct config *config, unsigned decimals,
                            const struct calibrated *calibrated)
{
    if (calibrated->calibration == 0)
        return;
    const struct calibration_config *c = &config->calibrations[calibrated->calibration - 1];
    json_text_micro(j, "as_read", calibrated->as_read, decimals);
    json_text_object(j, "calibration");
    json_text_time(j, "from", c->from_utc_us);
    json_text_string(j, "certificate", c->certificate);
    json_text_string(j, "due", c->due);
    json_text_end(j);
}

static void add_reading(struct json_text *j, const struct reg_format *format, const struct reading *r)
{
    if (r->quality == QUALITY_BAD) {
        json_text_null(j, "value"); /* whatever the number says, it was not measured */
    } else {
        json_text_micro(j, "value", r->value, format->decimals);
        const char *state = format->n_states > 0 ? decode_state_name(format, r->value) : NULL;
        if (state != NULL) {
            json_text_string(j, "state", state);
            json_text_object(j, "state_name");
            json_text_string(j, "en", state);
            json_text_string(j, "zh", decode_state_zh(format, r->value));
            json_text_end(j);
        }
    }
}

void control_json_point(struct control_text *t, const struct config *config, uint16_t point,
                        const struct point_view *view, const struct calibrated *calibrated, struct stamp now)
{
    const struct point_config *p = &config->points[point];
    const struct asset_config *asset = &config->assets[p->asset];
    const struct reading *r = &view->reading;
    char text[POINT_TEXT_MAX];
    struct json_text j;
    json_text_begin(&j, text, sizeof text);
    json_text_object(&j, NULL);
    json_text_string(&j, "asset", asset->id);
    add_bilingual(&j, "asset_name", &asset->name, asset->id);
    json_text_string(&j, "kind", asset_kind_name(asset->kind));
    json_text_string(&j, "point", p->id);
    add_bilingual(&j, "point_name", &p->name, p->id);
    add_reading(&j, &p->format, r);
    if (r->quality != QUALITY_BAD)
        add_calibration(&j, config, p->format.decimals, calibrated);
    json_text_string(&j, "unit", p->unit);
    json_text_integer(&j, "decimals", p->format.decimals);
    if (config_is_derived(config, point))
        json_text_bool(&j, "derived", true);
    json_text_string(&j, "quality", quality_name(r->quality));
    if (r->reason != REASON_NONE)
        json_text_string(&j, "reason", reason_name(r->reason));
    if (view->at.boot_us != 0 || view->at.utc_us != 0) {
        json_text_time(&j, "time", view->at.utc_us);
        int64_t age_us = now.boot_us - view->at.boot_us;
        json_text_integer(&j, "age_ms", age_us < 0 ? 0 : age_us / MS_US);
    }
    /* The wall clock may have been set since: counted back from now by the clock that nobody sets. */
    if (view->last_data_boot_us != INT64_MIN)
        json_text_time(&j, "last_data", now.utc_us - (now.boot_us - view->last_data_boot_us));
    json_text_end(&j);
    int len = json_text_finish(&j);
    if (len < 0)
        t->failed = true;
    else
        control_text_add(t, text, (size_t)len);
}

json_t *control_json_bilingual(const struct bilingual *text, const char *fallback)
{
    return json_pack("{s:s, s:s}", "en", bilingual_get(text, LANGUAGE_EN, fallback), "zh",
                     bilingual_get(text, LANGUAGE_ZH, fallback));
}

static void set_text(json_t *object, const char *key, const struct bilingual *text)
{
    if (text->text[LANGUAGE_EN][0] != '\0' || text->text[LANGUAGE_ZH][0] != '\0')
        json_object_set_new(object, key, control_json_bilingual(text, ""));
}

/* What the configuration knows of an alarm. */
static json_t *describe_alarm(const struct config *config, uint16_t alarm)
{
    const struct alarm_config *a = &config->alarms[alarm];
    const struct alarm_model *model = &config->alarm_models[alarm];
    const struct asset_config *asset = &config->assets[a->asset];
    json_t *object = json_object();
    json_object_set_new(object, "asset", json_string(asset->id));
    json_object_set_new(object, "asset_name", control_json_bilingual(&asset->name, asset->id));
    json_object_set_new(object, "alarm", json_string(a->id));
    json_object_set_new(object, "priority", json_string(priority_name(model->priority)));
    if (model->kind != CONDITION_FAULT && model->point < config->n_points) {
        const struct point_config *p = &config->points[model->point];
        json_object_set_new(object, "point", json_string(p->id));
        json_object_set_new(object, "unit", json_string(p->unit));
    }
    if (model->kind == CONDITION_HIGH || model->kind == CONDITION_LOW)
        json_object_set_new(object, "limit", json_real((double)model->limit / (double)MICRO_PER_UNIT));
    set_text(object, "text", &a->text);
    set_text(object, "response", &a->response);
    return object;
}

static void set_time(json_t *object, const char *key, int64_t utc_us)
{
    char text[RFC3339_MAX];
    if (utc_us == 0) {
        json_object_del(object, key);
        return;
    }
    clock_print_utc(text, utc_us);
    json_object_set_new(object, key, json_string(text));
}

void control_json_alarm(struct control_text *t, const struct config *config, uint16_t alarm,
                        const struct snapshot_alarm *view)
{
    json_t *object = view->body[0] != '\0' ? json_loads(view->body, 0, NULL) : NULL;
    if (!json_is_object(object)) { /* no event in this run, or not one that we can read */
        json_decref(object);
        object = describe_alarm(config, alarm);
    }
    json_object_set_new(object, "state", json_string(alarm_state_name(view->state)));
    set_time(object, "raised", view->raised_utc_us);
    set_time(object, "acknowledged", view->acked_utc_us);
    if (view->who[0] != '\0')
        json_object_set_new(object, "acknowledged_by", json_string(view->who));
    else
        json_object_del(object, "acknowledged_by");
    char *text = json_dumps(object, CONTROL_JSON_FLAGS);
    if (text == NULL)
        t->failed = true;
    else
        control_text_add(t, text, strlen(text));
    free(text);
    json_decref(object);
}

json_t *control_json_recorded(json_t *reply, const struct record_note *record)
{
    if (record->state == RECORD_NONE)
        return reply;
    if (reply == NULL)
        reply = json_object();
    json_object_set_new(reply, "recorded", json_boolean(record->state == RECORD_STORED));
    if (record->state == RECORD_NOT_YET)
        json_object_set_new(
            reply, "warning",
            json_pack("{s:s, s:s}", "en", record->why[LANGUAGE_EN], "zh", record->why[LANGUAGE_ZH]));
    return reply;
}
