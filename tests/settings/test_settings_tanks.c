/* Vessels and supplies: roles, units, derived points and alarms, and what a change of them is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "limit_changes.h"
#include "settings.h"

static const char profile_text[] =
    "status: documented\nsource: x\ntransports: [tcp]\nregisters:\n"
    "  temperature: {table: input, address: 0, type: s16, scale: 0.1, unit: °C, plausible: [-210, 60]}\n"
    "  level: {table: input, address: 1, type: s16, scale: 0.5, unit: cm, plausible: [0, 200]}\n"
    "  inches: {table: input, address: 2, type: s16, scale: 0.1, unit: in, plausible: [0, 80]}\n"
    "  percent: {table: input, address: 3, type: u16, scale: 0.1, unit: \"%\", plausible: [0, 100]}\n"
    "  psi: {table: input, address: 4, type: u16, unit: psi, plausible: [0, 600]}\n"
    "  kg: {table: input, address: 5, type: u16, unit: kg}\n"
    "  lid: {table: discrete, address: 0, type: bit, states: {0: closed, 1: open}}\n"
    "  valve: {table: input, address: 6, type: u16, states: {1: shut, 2: moving, 3: wide}}\n";

#define HEAD                                                                                                 \
    "site: {id: s}\nbuses: {b: {tcp: {host: h}}}\n"                                                          \
    "devices: {d: {bus: b, unit: 1, profile: p}, e: {bus: b, unit: 2, profile: p}}\n"

#define TANK_POINTS                                                                                          \
    "    points: {temperature: {device: d, register: temperature}, twin: {device: d, register: "             \
    "temperature},\n"                                                                                        \
    "      level: {device: d, register: level}, lid: {device: d, register: lid},\n"                          \
    "      valve: {device: d, register: valve}}\n"

static const char full[] = HEAD
    "staff: {travel_time: 45 min}\nnitrogen: {price: 0.45 EUR/L}\nassets:\n"
    "  hall:\n    kind: room\n    points: {t: {device: d, register: temperature}}\n"
    "  tank-1:\n    kind: tank\n" TANK_POINTS
    "    vessel:\n      level: level\n      temperatures: [temperature, twin]\n"
    "      probe_heights: {temperature: 0.6 m, twin: 10 in}\n"
    "      redundant: [[temperature, twin]]\n      differ_at_most: 5 °C\n"
    "      lid: lid\n      valve: {point: valve, open: [moving, wide], closed: shut}\n      room: hall/t\n"
    "      supply: store\n      shape: [[0 cm, 0 L], [600 mm, 0.16 m³]]\n"
    "      low_level: 12 cm\n      high_level: 30 cm\n      fill_start: 14 cm\n      fill_stop: 20 cm\n"
    "      fill_takes_at_most: 45 min\n      fill_every: 7 d\n      settles_for: 30 min\n"
    "      heat_capacity: 120 kJ/K\n      time_left: {medium: 4 d}\n"
    "    alarms: {soon: {point: time-to-150, low: 24.5 h, deadband: 1 h, priority: high}}\n"
    "  tank-2:\n    kind: tank\n    points: {high: {device: e, register: inches}}\n"
    "    vessel: {level: high, travel_time: 2 h, supply: store}\n"
    "  store:\n    kind: utility\n"
    "    points: {stock: {device: e, register: percent}, pressure: {device: e, register: psi}}\n"
    "    supply: {stock: stock, capacity: 3000 L, pressure: pressure, reserve: 200 L, at_least: 3 d}\n"
    "groups: {ends: {members: [\"*/time-left-*\"], at_least: 2, priority: critical}}\n";

static struct config *load(const char *text, struct problems *warnings)
{
    const struct settings_file list[] = {{"cryomon.yaml", text, strlen(text)},
                                         {"devices/p.yaml", profile_text, sizeof profile_text - 1}};
    struct problems problems = {.n = 0};
    struct problems own = {.n = 0};
    struct config *config = NULL;

    const int r = settings_load_memory(list, 2, 1, &problems, warnings != NULL ? warnings : &own, &config);
    for (size_t i = 0; i < problems.n; i++)
        print_error("%s\n", problems.lines[i]);
    assert_int_equal(r, 0);
    problems_free(&own);
    return config;
}

static struct vessel_config *vessel_of(const struct config *config, const char *asset)
{
    for (size_t i = 0; i < config->n_vessels; i++) {
        if (config->vessels[i].asset == config_find_asset(config, asset))
            return &config->vessels[i];
    }
    return NULL;
}

static micro_t whole(int64_t n)
{
    return n * MICRO_PER_UNIT;
}

/* ---------------------------------------------------------------- what a file says */

static void test_roles(void **state)
{
    (void)state;
    struct config *config = load(full, NULL);
    const struct vessel_config *v = vessel_of(config, "tank-1");

    assert_int_equal(config->n_vessels, 2);
    assert_int_equal(v->level.point, config_find_point(config, "tank-1", "level"));
    assert_int_equal(v->level.num, v->level.den);
    assert_int_equal(v->temps[0].point, config_find_point(config, "tank-1", "temperature"));
    assert_int_equal(v->temps[1].point, config_find_point(config, "tank-1", "twin"));
    assert_int_equal(v->temps[2].point, ROLE_NONE);
    assert_int_equal(v->room.point, config_find_point(config, "hall", "t"));
    assert_int_equal(v->lid.n_states, 1);
    assert_int_equal(v->lid.states[0], 1);
    assert_int_equal(v->valve.n_states, 2);
    assert_int_equal(v->valve.states[0], 2);
    assert_int_equal(v->valve.states[1], 3);
    assert_int_equal(role_state(&v->valve, whole(1)), 0);
    assert_int_equal(role_state(&v->valve, whole(2)), 1);
    assert_int_equal(role_state(&v->valve, whole(4)), -1); /* no state at all */
    assert_int_equal(role_state(&v->lid, whole(0)), 0);
    assert_int_equal(config->supplies[v->supply].asset, config_find_asset(config, "store"));
    config_unref(config);
}

static void test_model(void **state)
{
    (void)state;
    struct config *config = load(full, NULL);
    const struct vessel_config *v = vessel_of(config, "tank-1");
    const struct tank_vessel *m = &v->model;

    assert_int_equal(m->n_shape, 2);
    assert_int_equal(m->shape[1].cm, whole(60));
    assert_int_equal(m->shape[1].litres, whole(160));
    assert_int_equal(m->low_cm, whole(12));
    assert_int_equal(m->high_cm, whole(30));
    assert_int_equal(m->fill_start_cm, whole(14));
    assert_int_equal(m->fill_stop_cm, whole(20));
    assert_int_equal(m->resolution_cm, whole(1) / 2); /* the register's own step */
    assert_int_equal(m->probe_cm[0], whole(60));
    assert_int_equal(m->probe_cm[1], 25400000); /* 10 in */
    assert_int_equal(m->twin[0], 2);
    assert_int_equal(m->twin_k, whole(5));
    assert_int_equal(m->heat_capacity_j_k, whole(120000));
    assert_int_equal(m->fill_max_s, 45 * 60);
    assert_int_equal(m->fill_every_s, 7 * 86400);
    assert_int_equal(m->settle_s, 30 * 60);
    assert_int_equal(v->travel_ms, 45 * 60000);
    assert_int_equal(v->time_left_ms[0], 4 * 86400000U);
    assert_int_equal(v->time_left_ms[1], 12 * 3600000);
    assert_int_equal(v->time_left_ms[2], 2 * 3600000);
    assert_int_equal(vessel_of(config, "tank-2")->travel_ms, 2 * 3600000);
    assert_int_equal(config->nitrogen.price_per_l, 450000);
    assert_string_equal(config->nitrogen.currency, "EUR");
    config_unref(config);
}

/* A value of the point, in the role's unit. */
static micro_t in_role(const struct role *role, micro_t value)
{
    return value * role->num / role->den;
}

static void test_units(void **state)
{
    (void)state;
    struct config *config = load(full, NULL);
    const struct supply_config *s = &config->supplies[0];

    assert_int_equal(in_role(&vessel_of(config, "tank-2")->level, whole(10)), 25400000);
    assert_int_equal(in_role(&s->stock, whole(50)), whole(1500));
    assert_int_equal(in_role(&s->pressure, whole(100)), 6894800); /* psi in bar */
    assert_int_equal(s->reserve_l, whole(200));
    assert_int_equal(s->days_at_least, 3);
    config_unref(config);
    config = load(HEAD "assets:\n  a:\n    kind: tank\n    points: {l: {device: d, register: percent}}\n"
                       "    vessel: {level: l, full_height: 80 cm, fill_start: 8 in}\n"
                       "  u:\n    kind: utility\n    points: {k: {device: e, register: kg}}\n"
                       "    supply: {stock: k}\nnitrogen: {price: 0.808 ¥/kg}\n",
                  NULL);
    assert_int_equal(in_role(&config->vessels[0].level, whole(50)), whole(40));
    assert_int_equal(config->vessels[0].model.fill_start_cm, 20320000);
    assert_int_equal(in_role(&config->supplies[0].stock, whole(808)), whole(1000));
    assert_int_equal(config->nitrogen.price_per_l, 652864); /* of a litre: 0.808 kg */
    config_unref(config);
}

/* ---------------------------------------------------------------- what is derived */

static micro_t one_step(unsigned decimals)
{
    micro_t step = MICRO_PER_UNIT;

    for (unsigned i = 0; i < decimals; i++)
        step /= 10;
    return step;
}

static void check_points(const struct config *config, const struct asset_config *asset, enum derived_of of,
                         unsigned count, int (*points)[BOUNDS])
{
    for (unsigned i = 0; i < count; i++) {
        const struct derived_point *d = derived_point(of, i);
        for (int bound = 0; bound < (d->has_interval ? BOUNDS : 1); bound++) {
            static const char *const suffixes[] = {"", "-least", "-most"};
            char id[ID_MAX];
            (void)snprintf(id, sizeof id, "%s%s", d->id, suffixes[bound]);
            assert_int_equal(points[i][bound], config_find_point(config, asset->id, id));
            assert_true(config_is_derived(config, (uint16_t)points[i][bound]));
            const struct point_config *p = &config->points[points[i][bound]];
            const uint16_t words[] = {0, 1};
            assert_string_equal(p->unit, d->unit);
            assert_int_equal(p->format.n_states, d->n_states);
            assert_true(p->name.text[LANGUAGE_EN][0] != '\0' && p->name.text[LANGUAGE_ZH][0] != '\0');
            assert_false(p->is_read_by_eye);
            assert_int_equal(config->point_models[points[i][bound]].stale_after_ms, 180000);
            if (d->n_states > 0) /* what is stored is read again like a register */
                assert_string_equal(decode_state_name(&p->format, whole(1)), d->states[1][0]);
            else
                assert_int_equal(decode_words(&p->format, words).value, one_step(d->decimals));
        }
    }
}

static void test_points(void **state)
{
    (void)state;
    struct config *config = load(full, NULL);
    struct vessel_config *v = vessel_of(config, "tank-1");
    const struct asset_config *asset = &config->assets[v->asset];

    check_points(config, asset, DERIVED_OF_TANK, TANK_POINT_COUNT, v->points);
    check_points(config, &config->assets[config->supplies[0].asset], DERIVED_OF_SUPPLY, SUPPLY_POINT_COUNT,
                 config->supplies[0].points);
    /* They stand behind those that are read. */
    for (uint16_t i = 0; i < asset->n_points; i++)
        assert_int_equal(config_is_derived(config, (uint16_t)(asset->first_point + i)), i >= 5);
    /* A freezer's and a room's have none. */
    assert_int_equal(config->assets[config_find_asset(config, "hall")].n_points, 1);
    config_unref(config);
}

static void test_alarms(void **state)
{
    (void)state;
    struct config *config = load(full, NULL);
    const struct vessel_config *v = vessel_of(config, "tank-1");

    for (unsigned i = 0; i < TANK_ALARM_COUNT; i++) {
        const struct derived_alarm *d = derived_alarm(DERIVED_OF_TANK, i);
        assert_int_equal(v->alarms[i], config_find_alarm(config, "tank-1", d->id));
        assert_true(v->alarms[i] > 0);
        const struct alarm_config *alarm = &config->alarms[v->alarms[i]];
        const struct alarm_model *model = &config->alarm_models[v->alarms[i]];
        assert_true(alarm->automatic);
        assert_int_equal(model->kind, CONDITION_FED);
        assert_int_equal(model->priority, d->priority);
        assert_int_equal(model->protected, d->priority == PRIORITY_CRITICAL);
        for (int l = 0; l < LANGUAGES; l++) {
            assert_true(d->text[l][0] != '\0'); /* and nothing is cut off */
            assert_string_equal(alarm->text.text[l], d->text[l]);
            assert_string_equal(alarm->consequence.text[l], d->consequence[l]);
            assert_string_equal(alarm->response.text[l], d->response[l]);
        }
    }
    for (unsigned i = 0; i < SUPPLY_ALARM_COUNT; i++)
        assert_int_equal(config->supplies[0].alarms[i],
                         config_find_alarm(config, "store", derived_alarm(DERIVED_OF_SUPPLY, i)->id));
    assert_int_equal(config->alarm_models[v->alarms[TANK_ALARM_TIME_CRITICAL]].priority, PRIORITY_CRITICAL);
    config_unref(config);
}

/* What can't be judged is no alarm that seems to watch. */
static void test_alarms_need_inputs(void **state)
{
    static const char *const without[] = {
        "fill-ineffective", "valve-stuck-open",     "valve-stuck-closed",   "overfill",
        "fill-blocked",     "temperature-too-warm", "temperature-too-cold", "temperatures-differ",
        "mapping-suspect"};
    static const char *const with[] = {"fill-too-long",  "fill-overdue", "level-flat",        "level-jump",
                                       "vacuum-failing", "vacuum-watch", "time-left-critical"};
    (void)state;
    struct config *config = load(full, NULL);

    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++)
        assert_int_equal(config_find_alarm(config, "tank-2", without[i]), -1);
    for (size_t i = 0; i < sizeof with / sizeof with[0]; i++)
        assert_true(config_find_alarm(config, "tank-2", with[i]) > 0);
    assert_int_equal(vessel_of(config, "tank-2")->alarms[TANK_ALARM_MAPPING], -1);
    config_unref(config);
}

/* Filled by hand, from no supply: their lids tell. One alone has nothing to be compared with. */
static void test_lids_without_a_supply(void **state)
{
    static const char two[] =
        HEAD "assets:\n"
             "  tank-1:\n    kind: tank\n" TANK_POINTS
             "    vessel: {level: level, temperatures: [temperature], lid: lid}\n"
             "  tank-2:\n    kind: tank\n    points: {high: {device: e, register: inches}}\n"
             "    vessel: {level: high}\n";
    static const char one[] = HEAD "assets:\n"
                                   "  tank-1:\n    kind: tank\n" TANK_POINTS
                                   "    vessel: {level: level, temperatures: [temperature], lid: lid}\n";
    (void)state;
    struct config *config = load(two, NULL);

    assert_true(config_find_alarm(config, "tank-1", "mapping-suspect") > 0);
    assert_int_equal(config_find_alarm(config, "tank-2", "mapping-suspect"), -1);
    config_unref(config);
    config = load(one, NULL);
    assert_int_equal(config_find_alarm(config, "tank-1", "mapping-suspect"), -1);
    config_unref(config);
}

/* Nothing reads them: no data, no register and no calibration to be due. */
static void test_no_automatic_alarms(void **state)
{
    (void)state;
    struct config *config = load(full, NULL);

    assert_true(config_find_alarm(config, "tank-1", "level-no-data") > 0);
    assert_int_equal(config_find_alarm(config, "tank-1", "time-to-150-no-data"), -1);
    assert_int_equal(config_find_alarm(config, "tank-1", "time-to-150-bad"), -1);
    for (uint16_t i = 0; i < config->n_alarms; i++) {
        const struct alarm_model *m = &config->alarm_models[i];
        if (m->kind == CONDITION_NO_DATA || m->kind == CONDITION_BAD || m->kind == CONDITION_DATE)
            assert_false(config_is_derived(config, m->point));
    }
    config_unref(config);
}

static void test_alarm_of_a_file(void **state)
{
    (void)state;
    struct config *config = load(full, NULL);
    const int alarm = config_find_alarm(config, "tank-1", "soon");

    assert_int_equal(config->alarm_models[alarm].point, config_find_point(config, "tank-1", "time-to-150"));
    assert_int_equal(config->alarm_models[alarm].limit, 24500000);
    /* a person reads levels and temperatures, not this */
    assert_true(config->points[config_find_point(config, "tank-1", "temperature")].is_read_by_eye);
    assert_int_equal(config->assets[config_find_asset(config, "tank-1")].beyond_alarms[PRIORITY_HIGH], -1);
    config_unref(config);
}

static bool has_member(const struct config *config, int group, int alarm)
{
    const struct alarm_model *m = &config->alarm_models[group];

    for (uint32_t i = 0; i < m->n_members; i++) {
        if (config->members[m->first_member + i] == alarm)
            return true;
    }
    return false;
}

static void test_members(void **state)
{
    (void)state;
    struct config *config = load(full, NULL);
    const int group = config_find_alarm(config, "system", "ends");
    const int chatter = config_find_alarm(config, "tank-1", "chattering");
    const int left = config_find_alarm(config, "tank-2", "time-left-high");

    assert_int_equal(config->alarm_models[group].n_members, 6);
    assert_true(has_member(config, group, left));
    assert_true(has_member(config, chatter, config_find_alarm(config, "tank-1", "vacuum-failing")));
    assert_true(has_member(config, chatter, config_find_alarm(config, "tank-1", "soon")));
    config_unref(config);
}

/* An engine takes these tables. */
static void test_engine(void **state)
{
    (void)state;
    struct config *config = load(full, NULL);
    const struct engine_tables tables = {config->point_models, config->alarm_models, config->members,
                                         config->n_points,     config->n_alarms,     config->n_members};
    struct engine *engine = engine_create(&tables, (struct stamp){0, 0});
    const uint16_t alarm = (uint16_t)vessel_of(config, "tank-1")->alarms[TANK_ALARM_VACUUM_FAILING];
    const struct event event = {.kind = EVENT_CONDITION, .condition = {alarm, true}};

    assert_non_null(engine);
    assert_int_equal(engine_feed(engine, (struct stamp){1, 1}, &event), 0);
    struct transition t;
    assert_true(engine_take(engine, &t));
    assert_int_equal(t.alarm, alarm);
    engine_free(engine);
    config_unref(config);
}

/* ---------------------------------------------------------------- hints and changes */

static bool warned(const struct problems *warnings, const char *text)
{
    for (size_t i = 0; i < warnings->n; i++) {
        if (strstr(warnings->lines[i], text) != NULL)
            return true;
    }
    return false;
}

static void test_hints(void **state)
{
    struct problems warnings = {.n = 0};
    (void)state;

    config_unref(load(HEAD "assets:\n  a:\n    kind: tank\n    points: {l: {device: d, register: level}, t: "
                           "{device: d, register: temperature}}\n    vessel: {level: l, temperatures: [t]}\n"
                           "  u:\n    kind: utility\n    points: {k: {device: e, register: kg}}\n"
                           "    supply: {stock: k}\n",
                      &warnings));
    assert_true(warned(&warnings, "cryomon.yaml:8:5: no 'shape': litres are not known"));
    assert_true(warned(&warnings, "cryomon.yaml:8:39: the height of this probe is not known"));
    assert_true(warned(&warnings, "cryomon.yaml:12:5: no tank names this supply"));
    problems_free(&warnings);
    config_unref(load(full, &warnings));
    assert_false(warned(&warnings, "no tank names"));
    problems_free(&warnings);
}

/* text with `from` once replaced. */
static struct config *changed(const char *from, const char *to)
{
    char text[sizeof full + 256];
    const char *at = strstr(full, from);

    assert_non_null(at);
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - full), full, to, at + strlen(from));
    return load(text, NULL);
}

static void check_change(const char *from, const char *to, const char *expected)
{
    struct config *before = load(full, NULL);
    struct config *after = changed(from, to);
    struct limit_changes changes;

    assert_int_equal(limit_changes_compare(before, after, &changes), 0);
    char *text = limit_changes_print(&changes);
    assert_string_equal(text, expected);
    free(text);
    limit_changes_free(&changes);
    config_unref(before);
    config_unref(after);
}

static void test_changes(void **state)
{
    (void)state;
    check_change("low_level: 12 cm", "low_level: 11 cm", "assets.tank-1.vessel.low_level: 12 cm -> 11 cm\n");
    check_change("[moving, wide]", "wide, unknown: moving",
                 "assets.tank-1.vessel.valve: valve: moving, wide -> valve: wide; unknown: moving\n");
    check_change("      heat_capacity: 120 kJ/K\n", "",
                 "assets.tank-1.vessel.heat_capacity: 120000 J/K -> none\n");
    check_change("travel_time: 45 min", "travel_time: 50 min",
                 "assets.tank-1.vessel.travel_time: 45 min -> 50 min\n");
    check_change("reserve: 200 L", "reserve: 100 L", "assets.store.supply.reserve: 200 L -> 100 L\n");
    check_change("    vessel: {level: high, travel_time: 2 h, supply: store}\n", "",
                 "assets.tank-2.vessel: level: high x 254/100; supply: store; time_left.critical: 2 h; "
                 "time_left.high: 12 h; time_left.medium: 72 h; travel_time: 2 h -> none\n");
    check_change("price: 0.45 EUR/L", "price: 1.45 EUR/L", ""); /* money is no limit */
}

static void test_diff(void **state)
{
    (void)state;
    struct config *before = load(full, NULL);
    struct config *after = changed("600 mm, 0.16 m³", "60 cm, 170 L");
    char *text = settings_diff(before, after);

    assert_string_equal(text, "assets.tank-1.vessel.shape: 0.00 cm: 0.00 L, 60.00 cm: 160.00 L -> 0.00 cm: "
                              "0.00 L, 60.00 cm: 170.00 L\n");
    free(text);
    config_unref(after);
    /* What was stored is the same configuration again. */
    struct problems problems = {.n = 0}, warnings = {.n = 0};
    assert_int_equal(settings_load_source(before->source, before->source_len, &problems, &warnings, &after),
                     0);
    text = settings_diff(before, after);
    assert_string_equal(text, "");
    free(text);
    problems_free(&warnings);
    config_unref(after);
    config_unref(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_model),
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_points),
        cmocka_unit_test(test_alarms),
        cmocka_unit_test(test_alarms_need_inputs),
        cmocka_unit_test(test_lids_without_a_supply),
        cmocka_unit_test(test_no_automatic_alarms),
        cmocka_unit_test(test_alarm_of_a_file),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_engine),
        cmocka_unit_test(test_hints),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_diff),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
