/* test_rota.c - notify.yaml, and the tables that come out of it. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "rota.h"

#define HEAD                                                                                                 \
    "site: {id: demo}\nmqtt: {broker: \"mqtt://127.0.0.1:1883\"}\n"                                          \
    "channels: {siren: {kind: command, command: [/bin/true]}}\n"                                             \
    "people: {li.na: {channels: {siren: }}, wang: {channels: {siren: }}, chen: {channels: {siren: }}}\n"
#define LI   1U
#define WANG 2U
#define CHEN 4U

static struct notify_config *config;
static struct call_span spans[CALL_SPANS];
static size_t n_spans;

static void load(const char *zone, const char *yaml)
{
    struct problems problems = {0}, warnings = {0};
    notify_config_free(config);
    config = NULL;
    setenv("TZ", zone, 1);
    tzset();
    if (notify_config_parse(yaml, "notify.yaml", "/nowhere", &problems, &warnings, &config) < 0)
        problems_print(&problems, stderr);
    assert_non_null(config);
    problems_free(&problems);
    problems_free(&warnings);
}

static int64_t at(const char *local)
{
    struct tm t = {.tm_isdst = -1};
    assert_non_null(strptime(local, "%Y-%m-%d %H:%M", &t));
    return (int64_t)mktime(&t) * SECOND_US;
}

/* Who is on duty at the level at that local time. */
static uint64_t who(unsigned level, const char *local)
{
    uint64_t people = 0;
    n_spans = rota_spans(config, at(local), spans);
    for (size_t i = 0; i < n_spans; i++)
        if (spans[i].level == level && spans[i].from_utc_us <= at(local) && at(local) < spans[i].to_utc_us)
            people |= spans[i].people;
    return people;
}

static void weeks_nights_and_dates(void **state)
{
    (void)state;
    load("Asia/Shanghai", HEAD "rota:\n"
                               "- shifts:\n"
                               "  - {days: mon-fri, from: \"08:00\", to: \"20:00\", people: li.na}\n"
                               "  - {days: [mon-thu, sun], from: \"20:00\", to: \"08:00\", people: [wang]}\n"
                               "  - {days: holiday, people: chen}\n"
                               "  dates:\n"
                               "  - {date: 2026-11-26, people: [wang, chen]}\n"
                               "- {people: chen}\n"
                               "holidays: [2026-11-25]\n");
    assert_int_equal(who(0, "2026-11-24 07:59"), WANG); /* Tuesday: since Monday evening */
    assert_int_equal(who(0, "2026-11-24 08:00"), LI);
    assert_int_equal(who(0, "2026-11-24 19:59"), LI);
    assert_int_equal(who(0, "2026-11-24 20:00"), WANG);
    assert_int_equal(who(0, "2026-11-25 03:00"), WANG | CHEN); /* a night reaches into a holiday */
    assert_int_equal(who(0, "2026-11-25 12:00"), CHEN);
    assert_int_equal(who(0, "2026-11-26 12:00"), WANG | CHEN);
    assert_int_equal(who(0, "2026-11-27 12:00"), LI);
    assert_int_equal(who(0, "2026-11-27 21:00"), 0); /* Friday night: a hole, which is told */
    assert_int_equal(who(1, "2026-11-27 21:00"), CHEN);
    assert_int_equal(who(2, "2026-11-27 21:00"), 0);
}

/* A shift over the change of the clocks has no hole and no overlap: 2026-03-29 02:00 -> 03:00, 2026-10-25
 * back. */
static void summer_time(void **state)
{
    (void)state;
    load("Europe/Berlin", HEAD "rota:\n- shifts:\n"
                               "  - {from: \"08:00\", to: \"20:00\", people: li.na}\n"
                               "  - {from: \"20:00\", to: \"08:00\", people: wang}\n");
    static const char *const days[] = {"2026-03-28 12:00", "2026-10-24 12:00"};
    for (unsigned d = 0; d < 2; d++) {
        n_spans = rota_spans(config, at(days[d]), spans);
        for (int64_t t = at(days[d]); t < at(days[d]) + 48 * 3600 * SECOND_US; t += 600 * SECOND_US) {
            unsigned n = 0;
            for (size_t i = 0; i < n_spans; i++)
                n += spans[i].from_utc_us <= t && t < spans[i].to_utc_us;
            assert_int_equal(n, 1);
        }
    }
    assert_int_equal(who(0, "2026-03-29 08:30"), LI);
    assert_int_equal(who(0, "2026-10-25 07:30"), WANG);
}

static void quiet_hours(void **state)
{
    struct call_quiet quiet[CALL_SPANS];
    unsigned n = 0;
    (void)state;
    load("Asia/Shanghai", "site: {id: demo}\nmqtt: {broker: \"mqtt://127.0.0.1:1883\"}\n"
                          "channels: {siren: {kind: command, command: [/bin/true]}}\n"
                          "people: {li.na: {channels: {siren: }, quiet: [{from: \"22:00\", to: \"07:00\", "
                          "priorities: [low]}]}}\n"
                          "rota: [{people: li.na}]\n");
    size_t all = rota_quiet(config, at("2026-11-25 03:00"), quiet);
    for (size_t i = 0; i < all; i++)
        if (quiet[i].from_utc_us <= at("2026-11-25 03:00") && at("2026-11-25 03:00") < quiet[i].to_utc_us) {
            assert_int_equal(quiet[i].to_utc_us, at("2026-11-25 07:00"));
            assert_int_equal(quiet[i].priorities, 1U << CALL_LOW);
            n++;
        }
    assert_int_equal(n, 1);
}

static void mistakes_are_all_told(void **state)
{
    static const char yaml[] = HEAD "rota:\n"
                                    "- {people: [li.na, wagn]}\n"
                                    "- shifts: [{days: moon, from: \"25:00\", people: wang}]\n"
                                    "priorities: {critical: {repeat: never}, urgent: {}}\n"
                                    "needed_people: 9\n"
                                    "colect: 1 s\n";
    static const char *const wanted[] = {
        "notify.yaml:6:",          "'wagn'",   "'moon'",   "'25:00'",
        "'never' is not possible", "'urgent'", "'colect'", "can never be reached"};
    struct problems problems = {0}, warnings = {0};
    struct notify_config *none = NULL;
    char all[8192] = "";
    (void)state;
    assert_true(notify_config_parse(yaml, "notify.yaml", "/nowhere", &problems, &warnings, &none) < 0);
    for (size_t i = 0; i < problems.n; i++)
        strncat(all, problems.lines[i], sizeof all - strlen(all) - 1);
    for (unsigned i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (strstr(all, wanted[i]) == NULL)
            fail_msg("%s is not in: %s", wanted[i], all);
    problems_free(&problems);
    problems_free(&warnings);
}

static int teardown(void **state)
{
    (void)state;
    notify_config_free(config);
    config = NULL;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(weeks_nights_and_dates, teardown),
        cmocka_unit_test_teardown(summer_time, teardown),
        cmocka_unit_test_teardown(quiet_hours, teardown),
        cmocka_unit_test(mistakes_are_all_told),
    };
    return cmocka_run_group_tests_name("rota", tests, NULL, NULL);
}
