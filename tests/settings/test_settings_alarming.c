/* Alarm management: what the keys become in the tables that the engine runs on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "settings.h"

static const char profile[] =
    "status: documented\nsource: x\ntransports: [tcp]\nregisters:\n"
    "  t: {table: input, address: 0, type: s16, scale: 0.1, unit: °C, plausible: "
    "[-210, 60]}\n"
    "  u: {table: input, address: 1, type: s16, scale: 0.1, unit: °C}\n"
    "  sp: {table: input, address: 2, type: s16, scale: 0.1, unit: °C}\n"
    "  level: {table: input, address: 3, type: u16, scale: 0.1, unit: cm}\n"
    "  program: {table: input, address: 4, type: u16, states: {0: idle, 1: fill, 2: "
    "run}}\n"
    "  o2: {table: input, address: 5, type: u16, scale: 0.1, unit: \"%\"}\n";

static const char site[] =
    "site: {id: s}\n"
    "mqtt: {broker: mqtt://localhost, commands: true, agents: [cryonotify, ward]}\n"
    "alarms:\n"
    "  critical: {response_time: 5 min, realarm_after: 20 min}\n"
    "  high: {shelve_at_most: 1 h}\n"
    "  medium: {realarm_after: never}\n"
    "  out_of_service_at_most: 14 d\n"
    "  chattering: {count: 5, within: 30 min}\n"
    "notify:\n"
    "  silent_after: 2 min\n"
    "  fallback: {command: [/bin/siren, \"on\"], repeat: 3 min, priority: critical}\n"
    "  relay: {device: io, register: 0x10, on: 0, off: 255}\n"
    "drill: {every: 7 d, at: \"08:30\", confirm_within: 20 min}\n"
    "rounds: {every: 2 h, grace: 15 min, unattended_after: 5 min}\n"
    "buses: {b: {tcp: {host: h}}, c: {tcp: {host: g}}}\n"
    "devices:\n"
    "  d1: {bus: b, unit: 1, profile: p}\n"
    "  d2: {bus: b, unit: 2, profile: p}\n"
    "  d3: {bus: c, unit: 1, profile: p}\n"
    "  io: {bus: c, unit: 2, profile: p}\n"
    "assets:\n"
    "  tank-1:\n"
    "    kind: tank\n"
    "    points:\n"
    "      t: {device: d1, register: t, trend_over: 2 h}\n"
    "      u: {device: d1, register: u}\n"
    "      sp: {device: d1, register: sp}\n"
    "      level: {device: d1, register: level}\n"
    "      program: {device: d1, register: program}\n"
    "    alarms:\n"
    "      warm: {point: t, high: -165, deadband: 2 °C, priority: high, time_to: -150 °C,\n"
    "             consequence: {en: Cells die, zh: 细胞死亡}, latching: true,\n"
    "             realarm: {after: 45 min, step: 3 °C},\n"
    "             suppress_when: {point: program, state: [fill, run], for_at_most: 20 min}}\n"
    "      hot: {point: t, high: -150, deadband: 2 °C, priority: critical}\n"
    "      rising: {point: t, rising: 0.1 °C/min, over: 30 min, deadband: 1 °C/h, priority: medium}\n"
    "      boiling: {point: level, falling: 1 cm/h, over: 1 h, priority: low,\n"
    "                suppress_when: {point: t, above: 0 °C, deadband: 5, for_at_most: 12 h}}\n"
    "      off: {point: t, deviation: 5 °C, from: sp, priority: high}\n"
    "      far: {point: t, deviation: 5 °C, from: -180, priority: low}\n"
    "      apart: {point: t, disagrees_with: [u, sp], by: 3 °C, priority: high}\n"
    "      empty: {point: level, low: 5, priority: medium}\n"
    "  tank-2:\n"
    "    kind: tank\n"
    "    points: {level: {device: d2, register: level}}\n"
    "    alarms: {empty: {point: level, low: 5, priority: high}}\n"
    "  hall:\n"
    "    kind: room\n"
    "    points: {o2: {device: d3, register: o2}}\n"
    "    alarms: {thin: {point: o2, low: 19.5, priority: high, life_safety: true}}\n"
    "groups:\n"
    "  supply: {asset: hall, members: [\"*/empty\", tank-2/empty], on_delay: 1 min, priority: critical,\n"
    "           text: {en: No liquid, zh: 无液氮}, consequence: All tanks run dry, response: Call, latching: "
    "true}\n"
    "  blind: {members: \"*/*-no-data\", at_least: 6, priority: low, realarm_after: 3 h}\n";

static struct config *load(const char *text)
{
    const struct settings_file files[] = {{"cryomon.yaml", text, strlen(text)},
                                          {"devices/p.yaml", profile, strlen(profile)}};
    struct problems problems = {.n = 0};
    struct problems warnings = {.n = 0};
    struct config *config = NULL;

    int r = settings_load_memory(files, 2, 1, &problems, &warnings, &config);
    problems_print(&problems, stderr);
    assert_int_equal(r, 0);
    problems_free(&problems);
    problems_free(&warnings);
    return config;
}

static int setup(void **state)
{
    *state = load(site);
    return 0;
}

static int teardown(void **state)
{
    config_unref(*state);
    return 0;
}

static const struct alarm_model *model_of(const struct config *c, const char *asset, const char *alarm)
{
    const int i = config_find_alarm(c, asset, alarm);

    assert_in_range(i, 0, c->n_alarms - 1);
    return &c->alarm_models[i];
}

static const struct alarm_config *alarm_of(const struct config *c, const char *asset, const char *alarm)
{
    return &c->alarms[config_find_alarm(c, asset, alarm)];
}

/* The engine looks at its tables itself: what is accepted here must be sound there. */
static void the_engine_takes_the_tables(void **state)
{
    const struct config *c = *state;
    const struct engine_tables tables = {.points = c->point_models,
                                         .alarms = c->alarm_models,
                                         .members = c->members,
                                         .n_points = c->n_points,
                                         .n_alarms = c->n_alarms,
                                         .n_members = c->n_members};
    struct engine *engine = engine_create(&tables, (struct stamp){0, 0});

    assert_non_null(engine);
    engine_free(engine);
}

static void site_wide_settings(void **state)
{
    const struct config *c = *state;
    const struct priority_config *p = c->alarming.priorities;

    assert_int_equal(p[PRIORITY_CRITICAL].response_time_ms, 300000);
    assert_int_equal(p[PRIORITY_CRITICAL].shelve_at_most_ms, 0);
    assert_int_equal(p[PRIORITY_CRITICAL].realarm_after_ms, 1200000);
    assert_int_equal(p[PRIORITY_HIGH].response_time_ms, 1800000);
    assert_int_equal(p[PRIORITY_HIGH].shelve_at_most_ms, 3600000);
    assert_int_equal(p[PRIORITY_HIGH].realarm_after_ms, 7200000);
    assert_int_equal(p[PRIORITY_MEDIUM].shelve_at_most_ms, 8 * 3600000);
    assert_int_equal(p[PRIORITY_MEDIUM].realarm_after_ms, 0);
    assert_int_equal(p[PRIORITY_LOW].shelve_at_most_ms, 24 * 3600000);
    assert_int_equal(p[PRIORITY_LOW].realarm_after_ms, 0);
    assert_int_equal(c->alarming.out_of_service_at_most_days, 14);
    assert_int_equal(c->mqtt.n_agents, 2);
    assert_string_equal(c->mqtt.agents[1], "ward");
    assert_true(c->notify.expected);
    assert_int_equal(c->notify.silent_after_ms, 120000);
    assert_int_equal(c->notify.fallback.n_arguments, 2);
    assert_string_equal(c->notify.fallback.arguments[0], "/bin/siren");
    assert_string_equal(c->notify.fallback.arguments[1], "on");
    assert_int_equal(c->notify.fallback.repeat_ms, 180000);
    assert_int_equal(c->notify.fallback.priority, PRIORITY_CRITICAL);
    assert_true(c->notify.relay.enabled);
    assert_string_equal(c->devices[c->notify.relay.device].id, "io");
    assert_int_equal(c->notify.relay.table, TABLE_HOLDING);
    assert_int_equal(c->notify.relay.address, 16);
    assert_int_equal(c->notify.relay.on, 0);
    assert_int_equal(c->notify.relay.off, 255);
    assert_int_equal(c->drill.every_days, 7);
    assert_int_equal(c->drill.at_minute, 8 * 60 + 30);
    assert_int_equal(c->drill.confirm_within_ms, 1200000);
    assert_int_equal(c->rounds.every_ms, 7200000);
    assert_int_equal(c->rounds.grace_ms, 900000);
    assert_int_equal(c->rounds.unattended_after_ms, 300000);
}

static void conditions(void **state)
{
    const struct config *c = *state;
    const int u = config_find_point(c, "tank-1", "u");
    const int sp = config_find_point(c, "tank-1", "sp");

    const struct alarm_model *m = model_of(c, "tank-1", "rising");
    assert_int_equal(m->kind, CONDITION_RATE);
    assert_int_equal(m->direction, DIRECTION_RISING);
    assert_int_equal(m->limit, 6000000); /* per hour */
    assert_int_equal(m->deadband, 1000000);
    assert_int_equal(m->window_ms, 1800000);
    assert_int_equal(model_of(c, "tank-1", "boiling")->direction, DIRECTION_FALLING);
    m = model_of(c, "tank-1", "off");
    assert_int_equal(m->kind, CONDITION_DEVIATION);
    assert_int_equal(m->limit, 5000000);
    assert_int_equal(m->n_others, 1);
    assert_int_equal(m->others[0], sp);
    m = model_of(c, "tank-1", "far");
    assert_int_equal(m->n_others, 0);
    assert_int_equal(m->setpoint, -180000000);
    m = model_of(c, "tank-1", "apart");
    assert_int_equal(m->kind, CONDITION_DISAGREE);
    assert_int_equal(m->limit, 3000000);
    assert_int_equal(m->n_others, 2);
    assert_int_equal(m->others[0], u);
    assert_int_equal(m->others[1], sp);
    assert_int_equal(c->point_models[config_find_point(c, "tank-1", "t")].trend_window_ms, 7200000);
    assert_int_equal(c->point_models[u].trend_window_ms, 1800000);
    assert_int_equal(c->point_models[config_find_point(c, "tank-1", "program")].trend_window_ms, 0);
    /* Without u nobody sees that it disagrees: that is as urgent as the alarm. */
    assert_int_equal(model_of(c, "tank-1", "u-no-data")->priority, PRIORITY_HIGH);
}

static void management(void **state)
{
    const struct config *c = *state;
    const struct alarm_model *m = model_of(c, "tank-1", "warm");

    assert_true(m->latching);
    assert_false(m->protected);
    assert_int_equal(m->shelve_max_ms, 3600000);
    assert_int_equal(m->oos_max_ms, 14 * 86400000);
    assert_int_equal(m->realarm_after_ms, 45 * 60000);
    assert_int_equal(m->realarm_step, 3000000);
    assert_int_equal(m->suppression.when, SUPPRESS_STATES);
    assert_int_equal(m->suppression.point, config_find_point(c, "tank-1", "program"));
    assert_int_equal(m->suppression.n_states, 2);
    assert_int_equal(m->suppression.states[1], 2000000);
    assert_int_equal(m->suppression.at_most_ms, 1200000);
    assert_true(alarm_of(c, "tank-1", "warm")->has_consequence_at);
    assert_int_equal(alarm_of(c, "tank-1", "warm")->consequence_at, -150000000);
    assert_string_equal(alarm_of(c, "tank-1", "warm")->consequence.text[LANGUAGE_ZH], "细胞死亡");
    m = model_of(c, "tank-1", "boiling");
    assert_int_equal(m->suppression.when, SUPPRESS_ABOVE);
    assert_int_equal(m->suppression.limit, 0);
    assert_int_equal(m->suppression.deadband, 5000000);
    m = model_of(c, "tank-1", "hot");
    assert_true(m->protected);
    assert_false(m->latching);
    assert_int_equal(m->shelve_max_ms, 0);
    assert_int_equal(m->realarm_after_ms, 1200000); /* the priority's */
    assert_int_equal(m->realarm_step, 4000000);     /* twice the deadband */
    assert_int_equal(model_of(c, "tank-1", "empty")->realarm_step, 0);
    /* What protects life is protected though it is not critical. */
    m = model_of(c, "hall", "thin");
    assert_true(m->protected);
    assert_true(alarm_of(c, "hall", "thin")->life_safety);
    assert_int_equal(m->shelve_max_ms, 0);
    assert_int_equal(m->realarm_after_ms, 7200000);
    /* So is what tells that it can't be seen. */
    assert_true(model_of(c, "hall", "o2-no-data")->protected);
    assert_true(model_of(c, "hall", "o2-bad")->protected);
    assert_false(model_of(c, "tank-2", "level-no-data")->protected);
}

static void check_members(const struct config *c, const struct alarm_model *m, const char *const *expected)
{
    uint32_t n = 0;

    for (; expected[2 * n] != NULL; n++) {
        const int i = config_find_alarm(c, expected[2 * n], expected[2 * n + 1]);
        bool found = false;
        assert_in_range(i, 0, c->n_alarms - 1);
        for (uint32_t k = 0; k < m->n_members; k++)
            found = found || c->members[m->first_member + k] == i;
        assert_true(found);
    }
    assert_int_equal(m->n_members, n);
}

static void groups(void **state)
{
    const struct config *c = *state;
    const struct alarm_model *m = model_of(c, "hall", "supply");
    const struct alarm_config *a = alarm_of(c, "hall", "supply");

    assert_int_equal(m->kind, CONDITION_GROUP);
    assert_int_equal(m->at_least, 2); /* unless another number is written */
    assert_int_equal(m->priority, PRIORITY_CRITICAL);
    assert_int_equal(m->on_delay_ms, 60000);
    assert_true(m->latching && m->protected);
    assert_false(a->automatic);
    assert_string_equal(a->text.text[LANGUAGE_ZH], "无液氮");
    assert_string_equal(a->consequence.text[LANGUAGE_EN], "All tanks run dry");
    /* Two patterns match tank-2's: it is one member. */
    check_members(c, m, (const char *const[]){"tank-1", "empty", "tank-2", "empty", NULL});
    m = model_of(c, "system", "blind");
    assert_int_equal(m->at_least, 6);
    assert_int_equal(m->realarm_after_ms, 3 * 3600000);
    check_members(c, m,
                  (const char *const[]){"tank-1", "t-no-data", "tank-1", "u-no-data", "tank-1", "sp-no-data",
                                        "tank-1", "level-no-data", "tank-1", "program-no-data", "tank-2",
                                        "level-no-data", "hall", "o2-no-data", NULL});
}

/* One gateway, several devices: more must be silent than one device alone has. */
static void a_bus_with_several_devices(void **state)
{
    const struct config *c = *state;
    const struct alarm_model *m = model_of(c, "system", "bus-b-silent");
    const struct alarm_config *a = alarm_of(c, "system", "bus-b-silent");

    assert_int_equal(c->buses[0].silent_alarm, config_find_alarm(c, "system", "bus-b-silent"));
    assert_int_equal(c->buses[1].silent_alarm, -1); /* only one of its devices is read */
    assert_int_equal(config_find_alarm(c, "system", "bus-c-silent"), -1);
    assert_true(a->automatic);
    assert_int_equal(m->kind, CONDITION_GROUP);
    assert_int_equal(m->priority, PRIORITY_CRITICAL); /* tank-1's t */
    assert_int_equal(m->at_least, 6);                 /* d1 alone has 5 */
    check_members(c, m,
                  (const char *const[]){"tank-1", "t-no-data", "tank-1", "u-no-data", "tank-1", "sp-no-data",
                                        "tank-1", "level-no-data", "tank-1", "program-no-data", "tank-2",
                                        "level-no-data", NULL});
    assert_string_equal(a->text.text[LANGUAGE_EN],
                        "Several devices on bus b give no data: one cause is likely");
}

static void chattering_and_rounds(void **state)
{
    const struct config *c = *state;
    const struct asset_config *hall = &c->assets[config_find_asset(c, "hall")];
    const struct asset_config *tank = &c->assets[config_find_asset(c, "tank-2")];
    const struct alarm_model *m = model_of(c, "hall", "chattering");

    assert_int_equal(hall->chatter_alarm, config_find_alarm(c, "hall", "chattering"));
    assert_int_equal(m->kind, CONDITION_CHATTER);
    assert_int_equal(m->at_least, 5);
    assert_int_equal(m->window_ms, 1800000);
    check_members(c, m, (const char *const[]){"hall", "thin", "hall", "o2-no-data", "hall", "o2-bad", NULL});
    /* A manual reading that is late is no flutter. */
    check_members(
        c, model_of(c, "tank-2", "chattering"),
        (const char *const[]){"tank-2", "empty", "tank-2", "level-no-data", "tank-2", "level-bad", NULL});
    assert_int_equal(hall->rounds_alarm, -1);
    assert_int_equal(tank->rounds_alarm, config_find_alarm(c, "tank-2", "manual-reading-overdue"));
    assert_int_equal(c->alarm_models[tank->rounds_alarm].kind, CONDITION_FED);
    assert_int_equal(c->alarm_models[tank->rounds_alarm].priority, PRIORITY_HIGH);
    assert_int_equal(c->assets[0].chatter_alarm, -1);
}

/* Whoever is called at night must be told what to do and what happens else, in both languages, by every alarm
 * that cryomon makes itself. */
static void automatic_alarms_say_what_to_do(void **state)
{
    const struct config *c = *state;

    for (size_t i = 0; i < c->n_alarms; i++) {
        const struct alarm_config *a = &c->alarms[i];
        for (int language = 0; language < LANGUAGES && a->automatic; language++) {
            assert_string_not_equal(a->response.text[language], "");
            assert_string_not_equal(a->consequence.text[language], "");
            assert_null(strstr(a->response.text[language], "%s"));
        }
        if (a->automatic)
            assert_string_not_equal(a->response.text[LANGUAGE_EN], a->response.text[LANGUAGE_ZH]);
    }
    assert_string_equal(alarm_of(c, "system", "notifier")->text.text[LANGUAGE_EN],
                        "Nobody would be told of an alarm");
    assert_int_equal(model_of(c, "system", "notifier")->priority, PRIORITY_CRITICAL);
    assert_int_equal(model_of(c, "system", "notify-channel")->priority, PRIORITY_HIGH);
    assert_int_equal(model_of(c, "system", "notify-people")->priority, PRIORITY_HIGH);
    assert_int_equal(model_of(c, "system", "drill")->priority, PRIORITY_LOW);
    assert_int_equal(model_of(c, "system", "drill-overdue")->priority, PRIORITY_HIGH);
}

static void defaults(void **state)
{
    struct config *c = load("site: {id: s}\nbuses: {b: {tcp: {host: h}}}\n"
                            "devices: {d: {bus: b, unit: 1, profile: p}}\n"
                            "assets: {f: {kind: freezer, points: {t: {device: d, register: t}}}}\n");

    (void)state;
    assert_false(c->notify.expected);
    assert_int_equal(c->notify.fallback.n_arguments, 0);
    assert_false(c->notify.relay.enabled);
    assert_int_equal(c->drill.every_days, 0);
    assert_int_equal(c->rounds.every_ms, 4 * 3600000);
    assert_int_equal(c->rounds.grace_ms, 30 * 60000);
    assert_int_equal(c->rounds.unattended_after_ms, 10 * 60000);
    assert_in_range(c->assets[1].rounds_alarm, 0, c->n_alarms - 1);
    assert_int_equal(c->alarming.out_of_service_at_most_days, 30);
    assert_int_equal(c->alarming.chatter_count, 3);
    assert_int_equal(c->alarming.chatter_within_ms, 600000);
    assert_int_equal(c->alarming.priorities[PRIORITY_CRITICAL].realarm_after_ms, 1800000);
    config_unref(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_engine_takes_the_tables),
        cmocka_unit_test(site_wide_settings),
        cmocka_unit_test(conditions),
        cmocka_unit_test(management),
        cmocka_unit_test(groups),
        cmocka_unit_test(a_bus_with_several_devices),
        cmocka_unit_test(chattering_and_rounds),
        cmocka_unit_test(automatic_alarms_say_what_to_do),
        cmocka_unit_test(defaults),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
