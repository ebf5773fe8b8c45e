#include "announce_stage.h"

void announce_stage_make(struct site *s)
{
    memset(s, 0, sizeof *s);
    s->config.assets = s->assets;
    s->config.points = s->points;
    s->config.alarms = s->alarms;
    s->config.alarm_models = s->models;
    snprintf(s->config.site_id, ID_MAX, "test");
    snprintf(s->assets[0].id, ID_MAX, "tank-1");
    snprintf(s->assets[0].name.text[LANGUAGE_EN], TEXT_MAX, "Tank 1");
    snprintf(s->assets[0].name.text[LANGUAGE_ZH], TEXT_MAX, "1号罐");
    snprintf(s->points[0].id, ID_MAX, "temperature");
    snprintf(s->points[0].unit, UNIT_MAX, "°C");
    s->points[0].format.decimals = 1;
    snprintf(s->points[1].id, ID_MAX, "lid");
    s->points[1].format.n_states = 2;
    s->points[1].format.states[0] = (struct reg_state){.value = 0, .name = "closed", .zh = "关闭"};
    s->points[1].format.states[1] = (struct reg_state){.value = 1, .name = "open", .zh = "打开"};
    s->models[HOT] =
        (struct alarm_model){.kind = CONDITION_HIGH, .limit = DEGREES(-150), .deadband = DEGREES(2)};
    s->models[LID] =
        (struct alarm_model){.kind = CONDITION_STATE, .point = 1, .n_states = 1, .states = {DEGREES(1)}};
    s->models[NO_DATA] = (struct alarm_model){.kind = CONDITION_NO_DATA};
    s->models[BAD] = (struct alarm_model){.kind = CONDITION_BAD};
    s->models[DISK] = (struct alarm_model){.kind = CONDITION_FAULT, .fault = FAULT_STATE_DB};
    s->models[DUE] = (struct alarm_model){.kind = CONDITION_DATE};
    s->config.calibrations = s->calibrations;
    s->points[0].n_calibrations = 2;
    s->calibrations[0] = (struct calibration_config){
        .certificate = "DKD-1", .due = "1970-04-11", .due_utc_us = 100 * DAY, .from_utc_us = 1};
    s->calibrations[1] = (struct calibration_config){
        .certificate = "DKD-2", .due = "1971-01-01", .due_utc_us = 365 * DAY, .from_utc_us = 110 * DAY};
    for (int i = 0; i <= DUE; i++)
        snprintf(s->alarms[i].id, ID_MAX, "alarm-%d", i);
}
