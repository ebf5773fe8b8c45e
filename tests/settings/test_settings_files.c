/* Reading from disk: which files, in which order, and what is said when they are not there. */
#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "settings.h"

#define PATH_CAP 512

struct site {
    char dir[PATH_CAP];      /* .../site */
    char profiles[PATH_CAP]; /* .../system */
    char top[PATH_CAP];
    struct problems problems, warnings;
    struct config *config;
};

static void write_file(const struct site *site, const char *path, const char *text)
{
    char full[PATH_CAP + 64];

    (void)snprintf(full, sizeof full, "%s/%s", site->top, path);
    FILE *f = fopen(full, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void make_dir(const struct site *site, const char *path)
{
    char full[PATH_CAP + 64];

    (void)snprintf(full, sizeof full, "%s/%s", site->top, path);
    assert_int_equal(mkdir(full, 0700), 0);
}

static int setup(void **state)
{
    struct site *site = calloc(1, sizeof *site);
    const char *tmp = getenv("TMPDIR");

    assert_non_null(site);
    (void)snprintf(site->top, sizeof site->top, "%.200s/cryomon-test-XXXXXX", tmp != NULL ? tmp : "/tmp");
    assert_non_null(mkdtemp(site->top));
    (void)snprintf(site->dir, sizeof site->dir, "%.300s/site", site->top);
    (void)snprintf(site->profiles, sizeof site->profiles, "%.300s/system", site->top);
    make_dir(site, "site");
    make_dir(site, "site/conf.d");
    make_dir(site, "site/devices");
    make_dir(site, "system");
    assert_int_equal(setenv("CRYOMON_PROFILES", site->profiles, 1), 0);
    *state = site;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int teardown(void **state)
{
    struct site *site = *state;

    problems_free(&site->problems);
    problems_free(&site->warnings);
    config_unref(site->config);
    int r = nftw(site->top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(site);
    return r;
}

/* Loads, and holds what is reported (with the site's directory cut off) against what is expected. */
static void expect(struct site *site, int result, const char *const *expected)
{
    size_t i = 0;

    assert_int_equal(settings_load(site->dir, 1, &site->problems, &site->warnings, &site->config), result);
    for (; expected[i] != NULL; i++) {
        assert_true(i < site->problems.n);
        const char *line = site->problems.lines[i];
        assert_int_equal(strncmp(line, site->top, strlen(site->top)), 0);
        assert_string_equal(line + strlen(site->top) + 1, expected[i]);
    }
    assert_int_equal(site->problems.n, i);
}

#define EXPECT(site, result, ...) expect(site, result, (const char *const[]){__VA_ARGS__, NULL})

static const char main_text[] = "site: {id: s}\n"
                                "mqtt: {broker: mqtt://b}\n"
                                "devices: {d: {bus: b, unit: 1, profile: p}}\n"
                                "assets: {a: {kind: room, points: {n: {device: d, register: n}}}}\n";
static const char bus_text[] = "buses: {b: {tcp: {host: h}}}\n";
static const char profile_text[] = "status: documented\nsource: x\ntransports: [tcp]\n"
                                   "registers: {n: {table: input, address: 0, type: u16}}\n";

static void test_conf_d(void **state)
{
    struct site *site = *state;

    write_file(site, "site/cryomon.yaml", main_text);
    write_file(site, "site/devices/p.yaml", profile_text);
    /* Byte order: '1' < 'B' < 'a'. Other endings and hidden files are not read. */
    write_file(site, "site/conf.d/a.yaml", "storage: {directory: /a}\n");
    write_file(site, "site/conf.d/B.yaml", "control: {socket: /b}\n");
    write_file(site, "site/conf.d/10-bus.yaml", bus_text);
    write_file(site, "site/conf.d/bad.yaml.off", "x\n");
    write_file(site, "site/conf.d/bad.yml", "x\n");
    write_file(site, "site/conf.d/.bad.yaml", "x\n");
    write_file(site, "site/conf.d/README", "x\n");
    expect(site, 0, (const char *const[]){NULL});
    assert_string_equal(site->config->storage.directory, "/a");
    assert_string_equal(site->config->control_socket, "/b");
    const char *order[] = {"/site/cryomon.yaml\n", "/site/conf.d/10-bus.yaml\n", "/site/conf.d/B.yaml\n",
                           "/site/conf.d/a.yaml\n", "/site/devices/p.yaml\n"};
    const char *at = site->config->source;
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        at = strstr(at, order[i]);
        assert_non_null(at);
    }
    assert_null(strstr(site->config->source, "bad"));
}

static void test_no_conf_d(void **state)
{
    struct site *site = *state;
    char text[1024];
    char path[PATH_CAP + 16];

    (void)snprintf(text, sizeof text, "%s%s", main_text, bus_text);
    write_file(site, "site/cryomon.yaml", text);
    write_file(site, "system/p.yaml", profile_text);
    (void)snprintf(path, sizeof path, "%s/conf.d", site->dir);
    assert_int_equal(rmdir(path), 0);
    expect(site, 0, (const char *const[]){NULL});
}

/* The site's own profile goes before the system's of the same name, which is then not even read. */
static void test_profile_precedence(void **state)
{
    struct site *site = *state;

    write_file(site, "site/cryomon.yaml", main_text);
    write_file(site, "site/conf.d/bus.yaml", bus_text);
    write_file(site, "site/devices/p.yaml", profile_text);
    write_file(site, "system/p.yaml", "not a profile\n");
    expect(site, 0, (const char *const[]){NULL});
}

static void test_no_profile(void **state)
{
    struct site *site = *state;
    char expected[4 * PATH_CAP];

    write_file(site, "site/cryomon.yaml", main_text);
    write_file(site, "site/conf.d/bus.yaml", bus_text);
    write_file(site, "system/other.yaml", profile_text);
    (void)snprintf(
        expected, sizeof expected,
        "site/cryomon.yaml:3:41: there is no profile 'p': p.yaml is neither in %s/devices nor in %s",
        site->dir, site->profiles);
    EXPECT(site, -EINVAL, expected);
    problems_free(&site->problems);
    write_file(site, "site/cryomon.yaml",
               "site: {id: s}\ndevices: {d: {bus: b, unit: 1, profile: cryosim-tnak}}\n"
               "assets: {a: {kind: room, points: {n: {device: d, register: n}}}}\n");
    write_file(site, "system/cryosim-tank.yaml", profile_text);
    (void)snprintf(
        expected, sizeof expected,
        "site/cryomon.yaml:2:41: there is no profile 'cryosim-tnak': cryosim-tnak.yaml is neither in "
        "%s/devices nor in %s; did you mean 'cryosim-tank'?",
        site->dir, site->profiles);
    EXPECT(site, -EINVAL, expected);
}

/* The mistakes of a profile are reported once, however many devices use it. */
static void test_shared_profile(void **state)
{
    struct site *site = *state;

    write_file(
        site, "site/cryomon.yaml",
        "site: {id: s}\nbuses: {b: {tcp: {host: h}}}\n"
        "devices:\n  d: {bus: b, unit: 1, profile: p}\n  e: {bus: b, unit: 2, profile: p}\n"
        "assets: {a: {kind: room, points: {n: {device: d, register: n}, m: {device: e, register: n}}}}\n");
    write_file(site, "site/devices/p.yaml",
               "{status: documented, source: x, transports: [tcp],\n registers: {n: {table: input, address: "
               "-1, type: u16}}}\n");
    EXPECT(site, -EINVAL, "site/devices/p.yaml:2:41: -1 is out of range: 0 to 65535");
}

static void test_missing(void **state)
{
    struct site *site = *state;

    EXPECT(site, -EINVAL, "site/cryomon.yaml:1:1: can't be read: No such file or directory");
    problems_free(&site->problems);
    (void)snprintf(site->dir, sizeof site->dir, "%.300s/nowhere", site->top);
    EXPECT(site, -EINVAL, "nowhere: there is no such configuration directory: No such file or directory");
}

/* What can't be read is said once; what may stand in it is not looked for. */
static void test_unreadable(void **state)
{
    struct site *site = *state;

    write_file(site, "site/cryomon.yaml", main_text);
    make_dir(site, "site/conf.d/bus.yaml");
    write_file(site, "site/devices/p.yaml", profile_text);
    EXPECT(site, -EINVAL, "site/conf.d/bus.yaml:1:1: is not a regular file: Is a directory");
}

static void make_link(const struct site *site, const char *to, const char *path)
{
    char full[PATH_CAP + 64];

    (void)snprintf(full, sizeof full, "%s/%s", site->top, path);
    assert_int_equal(symlink(to, full), 0);
}

/* The system's profile is not taken for a site's own one that can't be read. */
static void test_broken_links(void **state)
{
    struct site *site = *state;

    write_file(site, "site/cryomon.yaml", main_text);
    write_file(site, "system/p.yaml", profile_text);
    make_link(site, "nowhere", "site/devices/p.yaml");
    make_link(site, "loop.yaml", "site/conf.d/loop.yaml");
    EXPECT(site, -EINVAL, "site/conf.d/loop.yaml:1:1: can't be read: Too many levels of symbolic links",
           "site/devices/p.yaml:1:1: can't be read: No such file or directory");
}

static void test_broken_directories(void **state)
{
    struct site *site = *state;
    char path[PATH_CAP + 64];

    write_file(site, "site/cryomon.yaml", main_text);
    write_file(site, "system/p.yaml", profile_text);
    (void)snprintf(path, sizeof path, "%s/conf.d", site->dir);
    assert_int_equal(rmdir(path), 0);
    make_link(site, "nowhere", "site/conf.d");
    (void)snprintf(path, sizeof path, "%s/devices", site->dir);
    assert_int_equal(rmdir(path), 0);
    write_file(site, "site/devices", "");
    EXPECT(site, -EINVAL, "site/conf.d: can't be read: No such file or directory",
           "site/devices: can't be read: Not a directory");
}

/* Warned about: a file whose ending is not read, and mistakes in a profile that no device names. */
static void test_beside(void **state)
{
    struct site *site = *state;

    write_file(site, "site/cryomon.yaml", main_text);
    write_file(site, "site/conf.d/bus.yaml", bus_text);
    write_file(site, "site/conf.d/more.yml", bus_text);
    write_file(site, "site/devices/p.yaml", profile_text);
    write_file(site, "site/devices/q.yaml",
               "status: documented\nsource: x\ntransports: [tcp]\nregister: {}\n");
    EXPECT(site, 0, NULL);
    assert_int_equal(site->warnings.n, 4);
    assert_non_null(strstr(site->warnings.lines[0], "conf.d/more.yml:1:1: is not read"));
    assert_non_null(strstr(site->warnings.lines[1], "devices/q.yaml:4:1: unknown key 'register'"));
    assert_non_null(strstr(site->warnings.lines[2], "devices/q.yaml:1:1: 'registers' is missing"));
    assert_non_null(strstr(site->warnings.lines[3], "has no alarms"));
}

/* Mistakes of all files in one run, in the order of the files. */
static void test_all_files(void **state)
{
    struct site *site = *state;

    write_file(site, "site/cryomon.yaml", "site: {id: S}\nx: 1\n");
    write_file(site, "site/conf.d/10.yaml",
               "buses: {b: {tcp: {host: h, port: 0}}}\nstorage: {commit_interval: 1}\n");
    write_file(site, "site/conf.d/20.yaml",
               "devices: {d: {bus: c, unit: 1, profile: p}}\n"
               "assets: {a: {kind: room, points: {n: {device: d, register: n}}, alarms: {x: {point: n}}}}\n");
    write_file(site, "system/p.yaml",
               "status: documented\nsource: x\nregisters: {n: {table: input, address: 0, type: u16, "
               "scale: .1}}\ntransports: [tcp]\n");
    EXPECT(
        site, -EINVAL, "site/cryomon.yaml:2:1: unknown key 'x' in the configuration",
        "site/cryomon.yaml:1:12: 'S' is not an id: only a-z, 0-9, '-' and '_' are allowed, and a letter "
        "or digit "
        "first",
        "site/conf.d/10.yaml:2:28: '1' has no unit; write a unit: ms, s, min, h",
        "site/conf.d/10.yaml:1:34: 0 is out of range: 1 to 65535",
        "site/conf.d/20.yaml:2:74: 'priority' is missing in an alarm",
        "site/conf.d/20.yaml:2:74: an alarm has exactly one of 'high', 'low', 'state', 'flatline', 'rising', "
        "'falling', 'deviation' and 'disagrees_with'; it is missing",
        "system/p.yaml:3:61: '.1' is not a scale: write a digit before the decimal point",
        "site/conf.d/20.yaml:1:20: there is no bus 'c'");
}

/* What is shipped: the example is in order, and so is every profile. */
static void test_shipped(void **state)
{
    static const char *const profiles[] = {"cryosim-tank", "cryosim-freezer", "cryosim-ups", "cryosim-oxygen",
                                           "generic-pt100"};
    struct site *site = *state;
    char text[1024];

    (void)snprintf(site->dir, sizeof site->dir, "%s", CRYOMON_CONFIG_DIR);
    expect(site, 0, (const char *const[]){NULL});
    assert_int_equal(site->config->n_devices, 6);
    assert_int_equal(site->config->n_vessels + site->config->n_supplies + site->config->n_freezers, 4);
    for (size_t i = 0; i < site->warnings.n; i++) /* its broker's files; its program */
        assert_true(strstr(site->warnings.lines[i], " is not there") != NULL ||
                    strstr(site->warnings.lines[i], "cryomed-700.yaml:5:9: an example") != NULL);

    assert_int_equal(setenv("CRYOMON_PROFILES", CRYOMON_CONFIG_DIR "/devices", 1), 0);
    const size_t n_before = site->warnings.n;
    (void)snprintf(site->dir, sizeof site->dir, "%s/demo", CRYOMON_CONFIG_DIR);
    config_unref(site->config);
    site->config = NULL;
    expect(site, 0, (const char *const[]){NULL});
    assert_int_equal(site->config->n_devices, 12);
    for (size_t i = n_before; i < site->warnings.n; i++)
        print_error("%s\n", site->warnings.lines[i]);
    assert_int_equal(site->warnings.n, n_before);
    (void)snprintf(site->dir, sizeof site->dir, "%.300s/site", site->top);
    for (size_t i = 0; i < sizeof profiles / sizeof profiles[0]; i++) {
        (void)snprintf(text, sizeof text,
                       "site: {id: s}\nbuses: {b: {rtu: {device: /dev/x}}}\n"
                       "devices: {d: {bus: b, unit: 1, profile: %s, accept_unverified: true}}\n"
                       "assets: {a: {kind: room, points: {n: {device: d, register: %s}}}}\n",
                       profiles[i], i == 4 ? "temperature" : "heartbeat");
        write_file(site, "site/cryomon.yaml", text);
        config_unref(site->config);
        site->config = NULL;
        expect(site, 0, (const char *const[]){NULL});
    }
}

/* Every derived point and alarm is in the manual. "time-left-high" as groff has it: */
static void check_in(const char *manual, const char *id)
{
    char text[2 * ID_MAX + 8] = "\n.BR ";
    size_t len = strlen(text);

    for (const char *p = id; *p != '\0'; p++) {
        if (*p == '-')
            text[len++] = '\\';
        text[len++] = *p;
    }
    text[len++] = ' ';
    text[len] = '\0';
    const char *with_more = strstr(manual, text);
    text[len - 1] = '\n';
    if (with_more == NULL && strstr(manual, text) == NULL)
        fail_msg("cryomon.yaml(5) does not have %s", id);
}

static void test_manual(void **state)
{
    static char manual[262144];
    FILE *file = fopen(CRYOMON_CONFIG_DIR "/cryomon.yaml.5", "r");
    (void)state;

    assert_non_null(file);
    const size_t len = fread(manual, 1, sizeof manual - 1, file);
    assert_in_range(len, 1000, sizeof manual - 2);
    (void)fclose(file);
    for (int of = DERIVED_OF_TANK; of <= DERIVED_OF_FREEZER; of++) {
        for (unsigned i = 0; derived_point((enum derived_of)of, i) != NULL; i++)
            check_in(manual, derived_point((enum derived_of)of, i)->id);
        for (unsigned i = 0; derived_alarm((enum derived_of)of, i) != NULL; i++)
            check_in(manual, derived_alarm((enum derived_of)of, i)->id);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_conf_d, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_conf_d, setup, teardown),
        cmocka_unit_test_setup_teardown(test_profile_precedence, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_profile, setup, teardown),
        cmocka_unit_test_setup_teardown(test_shared_profile, setup, teardown),
        cmocka_unit_test_setup_teardown(test_missing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unreadable, setup, teardown),
        cmocka_unit_test_setup_teardown(test_broken_links, setup, teardown),
        cmocka_unit_test_setup_teardown(test_broken_directories, setup, teardown),
        cmocka_unit_test_setup_teardown(test_beside, setup, teardown),
        cmocka_unit_test_setup_teardown(test_all_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_shipped, setup, teardown),
        cmocka_unit_test(test_manual),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
