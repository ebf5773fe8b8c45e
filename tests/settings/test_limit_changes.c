/* Which changes of a configuration nobody may make without a reason. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "limit_changes.h"
#include "settings.h"

static const char profile[] =
    "status: documented\nsource: x\ntransports: [tcp]\nregisters:\n"
    "  t: {table: input, address: 0, type: s16, scale: 0.1, unit: °C, plausible: [-210, 60]}\n"
    "  lid: {table: discrete, address: 0, type: bit, states: {0: closed, 1: open}}\n";

static const char site[] =
    "site: {id: s}\n"
    "notify: {expected: false, fallback: {command: [/bin/siren]}}\n"
    "buses: {b: {tcp: {host: h}}}\n"
    "devices: {d: {bus: b, unit: 1, profile: p}, e: {bus: b, unit: 2, profile: p}}\n"
    "assets:\n"
    "  tank-1:\n"
    "    name: Tank 1\n"
    "    kind: tank\n"
    "    points:\n"
    "      t: {device: d, register: t}\n"
    "      lid: {device: d, register: lid}\n"
    "    alarms:\n"
    "      warm: {point: t, high: -165, deadband: 2, on_delay: 2 min, priority: high, text: Warm}\n"
    "      open: {point: lid, state: open, priority: low}\n"
    "groups:\n"
    "  all: {members: [tank-1/warm, tank-1/open], priority: high}\n";

static struct config *load(const char *text, const char *profile_text)
{
    const struct settings_file files[] = {{"cryomon.yaml", text, strlen(text)},
                                          {"devices/p.yaml", profile_text, strlen(profile_text)}};
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

/* The text with the only occurrence of old replaced. */
static char *with(const char *text, const char *old, const char *new_text)
{
    const char *at = strstr(text, old);
    char *changed = malloc(strlen(text) + strlen(new_text) + 1);

    assert_non_null(at);
    assert_non_null(changed);
    (void)sprintf(changed, "%.*s%s%s", (int)(at - text), text, new_text, at + strlen(old));
    return changed;
}

static void check_between(const char *old_site, const char *new_site, const char *new_profile,
                          const char *expected)
{
    struct config *a = load(old_site, profile);
    struct config *b = load(new_site, new_profile);
    struct limit_changes changes = {.n = 0};

    assert_int_equal(limit_changes_compare(a, b, &changes), 0);
    char *text = limit_changes_print(&changes);
    assert_string_equal(text, expected);
    free(text);
    limit_changes_free(&changes);
    config_unref(a);
    config_unref(b);
}

static void check(const char *old, const char *new_text, const char *expected)
{
    char *changed = with(site, old, new_text);

    check_between(site, changed, profile, expected);
    free(changed);
}

static void limits_delays_and_priorities_count(void **state)
{
    (void)state;
    check("high: -165", "high: -160", "assets.tank-1.alarms.warm.high: -165 °C -> -160 °C\n");
    check("on_delay: 2 min", "on_delay: 1 h", "assets.tank-1.alarms.warm.on_delay: 2 min -> 1 h\n");
    check("priority: high, text", "priority: low, text", "assets.tank-1.alarms.warm.priority: high -> low\n");
    check("deadband: 2", "deadband: 3", "assets.tank-1.alarms.warm.deadband: 2 °C -> 3 °C\n");
    check("high: -165", "low: -165",
          "assets.tank-1.alarms.warm.high: -165 °C -> none\n"
          "assets.tank-1.alarms.warm.low: none -> -165 °C\n");
    check("priority: high, text",
          "priority: high, suppress_when: {point: lid, state: open, for_at_most: 1 h}, text",
          "assets.tank-1.alarms.warm.suppress_when.for_at_most: none -> 1 h\n"
          "assets.tank-1.alarms.warm.suppress_when.point: none -> lid\n"
          "assets.tank-1.alarms.warm.suppress_when.state: none -> open\n");
    check("priority: high, text", "priority: high, latching: true, text",
          "assets.tank-1.alarms.warm.latching: none -> true\n");
}

static void what_the_point_reads_counts(void **state)
{
    char *other = with(profile, "plausible: [-210, 60]", "plausible: [-210, 100]");

    check("t: {device: d,", "t: {device: e,", "assets.tank-1.points.t.device: d -> e\n");
    /* Elsewhere is another tank. */
    check("d: {bus: b, unit: 1,", "d: {bus: b, unit: 3,", "devices.d.unit: 1 -> 3\n");
    check("host: h", "host: g", "buses.b.tcp.host: h -> g\n");
    check("host: h", "host: h, port: 503", "buses.b.tcp.port: 502 -> 503\n");
    check("host: h", "host: h, connect_timeout: 3 s", "");
    check(", e: {bus: b, unit: 2, profile: p}", "", "");
    check("t: {device: d,", "t: {no_data_after: 1 h, device: d,",
          "assets.tank-1.points.t.no_data_after: 15500 ms -> 1 h\n");
    check_between(site, site, other,
                  "assets.tank-1.points.t.plausible: -210 °C to 60 °C -> -210 °C to 100 °C\n");
    free(other);
    (void)state;
}

static void an_alarm_that_is_gone_counts(void **state)
{
    (void)state;
    check(
        "      open: {point: lid, state: open, priority: low}\ngroups:\n  all: {members: [tank-1/warm, "
        "tank-1/open]",
        "groups:\n  all: {members: [tank-1/warm, tank-1/t-no-data]",
        "assets.system.alarms.all.members.tank-1/open: yes -> none\n"
        "assets.system.alarms.all.members.tank-1/t-no-data: none -> yes\n"
        "assets.tank-1.alarms.open: off_delay: 0 s; on_delay: 0 s; point: lid; priority: low; state: open -> "
        "none\n");
    check("groups:\n  all: {members: [tank-1/warm, tank-1/open], priority: high}\n", "",
          "assets.system.alarms.all: at_least: 2; members.tank-1/open: yes; members.tank-1/warm: yes; "
          "off_delay: 0 s; on_delay: 0 s; priority: high -> none\n");
    /* Under another name it is another alarm: the old one is gone. */
    char *changed = with(site, "warm: {point", "warmer: {point");
    char *renamed = with(changed, "tank-1/warm,", "tank-1/warmer,");
    check_between(
        site, renamed, profile,
        "assets.system.alarms.all.members.tank-1/warm: yes -> none\n"
        "assets.system.alarms.all.members.tank-1/warmer: none -> yes\n"
        "assets.tank-1.alarms.warm: deadband: 2 °C; high: -165 °C; off_delay: 0 s; on_delay: 2 min; "
        "point: t; priority: high -> none\n");
    free(renamed);
    free(changed);
}

static void the_sites_rules_count(void **state)
{
    (void)state;
    check("buses:", "alarms: {high: {shelve_at_most: 8 h}}\nbuses:",
          "alarms.high.shelve_at_most: 2 h -> 8 h\n");
    check("buses:", "rounds: {every: 8 h}\nbuses:", "rounds.every: 4 h -> 8 h\n");
    check("buses:", "rounds: {kinds: []}\nbuses:", "assets.tank-1.rounds: true -> none\n");
    check(", fallback: {command: [/bin/siren]}", "",
          "notify.fallback.command.00: /bin/siren -> none\n"
          "notify.fallback.priority: high -> none\n"
          "notify.fallback.repeat: 5 min -> none\n"
          "notify.fallback.timeout: 30 s -> none\n");
}

/* Who may command: also who is new. What is not kept any more is destroyed; what is kept longer is not. */
static void rights_and_what_is_destroyed_count(void **state)
{
    char *mqtt =
        with(site, "buses:", "mqtt: {broker: \"mqtt://h\", commands: true, agents: [cryonotify]}\nbuses:");
    char *other =
        with(site, "buses:", "mqtt: {broker: \"mqtt://h\", commands: true, agents: [guest]}\nbuses:");
    char *none = with(site, "buses:", "mqtt: {broker: \"mqtt://h\"}\nbuses:");
    char *year = with(site, "buses:", "storage: {keep: 365 d}\nbuses:");
    char *month = with(site, "buses:", "storage: {keep: 30 d}\nbuses:");

    (void)state;
    check_between(mqtt, other, profile,
                  "mqtt.agents.cryonotify: yes -> none\n"
                  "mqtt.agents.guest: none -> yes\n");
    check_between(none, mqtt, profile,
                  "mqtt.agents.cryonotify: none -> yes\n"
                  "mqtt.commands: false -> true\n");
    check_between(mqtt, site, profile,
                  "mqtt.agents.cryonotify: yes -> none\n"
                  "mqtt.commands: true -> none\n");
    check_between(site, none, profile, "");
    check_between(site, year, profile, "storage.keep: forever -> 365 d\n");
    check_between(year, month, profile, "storage.keep: 365 d -> 30 d\n");
    check_between(month, year, profile, "");
    check_between(year, site, profile, "");
    free(month);
    free(year);
    free(none);
    free(other);
    free(mqtt);
}

static void words_and_what_is_new_need_no_reason(void **state)
{
    (void)state;
    check("text: Warm", "text: Too warm, response: Run", "");
    check("text: Warm", "text: Warm, time_to: -150", "");
    check("name: Tank 1", "name: Tank one", "");
    check("priority: low}\ngroups",
          "priority: low}\n      new: {point: t, high: -150, priority: critical}\ngroups", "");
    check("buses:", "drill: {every: 7 d}\nbuses:", "");
    check("lid: {device: d, register: lid}\n",
          "lid: {device: d, register: lid}\n      u: {device: e, register: t}\n", "");
    check("t: {device: d, register: t}",
          "t: {device: d, register: t, calibration: [{from: 2026-01-15, offset: 0.5}]}", "");
}

/* ---------------------------------------------------------------- a stored configuration */

static struct config *reload(const struct config *c)
{
    struct problems problems = {.n = 0};
    struct problems warnings = {.n = 0};
    struct config *again = NULL;

    int r = settings_load_source(c->source, c->source_len, &problems, &warnings, &again);
    problems_print(&problems, stderr);
    assert_int_equal(r, 0);
    problems_free(&problems);
    problems_free(&warnings);
    return again;
}

static void a_stored_configuration_is_read_again(void **state)
{
    static const char more[] = "site: {name: S}\n"; /* without a newline at its end in the file below */
    static const char odd[] = "--- # as in cryomon.yaml\nstorage: {keep: 30 d}";
    const struct settings_file files[] = {{"cryomon.yaml", site, sizeof site - 1},
                                          {"conf.d/10.yaml", more, sizeof more - 1},
                                          {"conf.d/20.yaml", odd, sizeof odd - 1},
                                          {"devices/p.yaml", profile, sizeof profile - 1}};
    struct problems problems = {.n = 0};
    struct problems warnings = {.n = 0};
    struct config *c = NULL;

    (void)state;
    assert_int_equal(settings_load_memory(files, 4, 1, &problems, &warnings, &c), 0);
    problems_free(&warnings);
    struct config *again = reload(c);
    char *diff = settings_diff(c, again);
    assert_string_equal(diff, "");
    assert_int_equal(again->storage.keep_days, 30);
    free(diff);
    config_unref(again);
    config_unref(c);
}

/* As it comes from the disk: whole paths, and profiles of the system from elsewhere. */
static void its_directories_do_not_matter(void **state)
{
    char source[sizeof site + sizeof profile + 200];
    struct problems problems = {.n = 0};
    struct problems warnings = {.n = 0};
    struct config *c = load(site, profile);
    struct config *again = NULL;

    (void)state;
    (void)snprintf(source, sizeof source,
                   "--- /etc/cryomon/cryomon.yaml\n%s--- /etc/cryomon/conf.d/x.yaml\n--- "
                   "/usr/share/conf.d/p.yaml\n%s",
                   site, profile);
    assert_int_equal(settings_load_source(source, strlen(source), &problems, &warnings, &again), 0);
    char *diff = settings_diff(c, again);
    assert_string_equal(diff, "");
    free(diff);
    config_unref(again);
    config_unref(c);
    problems_free(&warnings);
}

static void what_is_none_is_refused(void **state)
{
    static const char *const sources[] = {"", "site: {id: s}\n", "--- cryomon.yaml",
                                          "--- cryomon.yaml\nsite: {"};

    (void)state;
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        struct problems problems = {.n = 0};
        struct problems warnings = {.n = 0};
        struct config *c = NULL;
        assert_int_equal(settings_load_source(sources[i], strlen(sources[i]), &problems, &warnings, &c),
                         -EINVAL);
        assert_null(c);
        assert_true(problems.n > 0);
        problems_free(&problems);
        problems_free(&warnings);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_delays_and_priorities_count),
        cmocka_unit_test(what_the_point_reads_counts),
        cmocka_unit_test(an_alarm_that_is_gone_counts),
        cmocka_unit_test(the_sites_rules_count),
        cmocka_unit_test(rights_and_what_is_destroyed_count),
        cmocka_unit_test(words_and_what_is_new_need_no_reason),
        cmocka_unit_test(a_stored_configuration_is_read_again),
        cmocka_unit_test(its_directories_do_not_matter),
        cmocka_unit_test(what_is_none_is_refused),
    };

    (void)setenv("CRYOMON_PROFILES", "/system/profiles", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
