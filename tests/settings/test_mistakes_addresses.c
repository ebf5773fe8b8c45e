/* Hosts, serial lines, the socket and the databases: what is none, and what is the same in other words. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mistakes.h"
#include "settings.h"

#define HOST(host)     SITE "buses: {b: {tcp: {host: \"" host "\"}}}\n" DEVICES POINTS
#define BROKER(broker) GOOD "mqtt: {broker: \"" broker "\"}\n"
#define NO_HOST(host, why)                                                                                   \
    {                                                                                                        \
        HOST(host), NULL, NULL,                                                                              \
        {                                                                                                    \
            "cryomon.yaml:2:25: '" host "' is not a host: " why                                              \
        }                                                                                                    \
    }
#define NO_BROKER(broker, why)                                                                               \
    {                                                                                                        \
        BROKER(broker), NULL, NULL,                                                                          \
        {                                                                                                    \
            "cryomon.yaml:8:16: '" broker                                                                    \
            "' is not a broker's address such as mqtts://broker.example:8883: " why                          \
        }                                                                                                    \
    }
#define GOOD_ONE(text)                                                                                       \
    {                                                                                                        \
        text, NULL, NULL,                                                                                    \
        {                                                                                                    \
            NULL                                                                                             \
        }                                                                                                    \
    }

#define NOT_IPV4 "an IPv4 address has four numbers from 0 to 255, without zeros before them"
#define NOT_IPV6 "it has a ':', and is no IPv6 address such as 2001:db8::1"
#define HYPHEN   "no part of a name begins or ends with '-'"
#define EMPTY    "a part of the name between its dots is empty"
#define LABEL63  "x12345678901234567890123456789012345678901234567890123456789012"
#define NAME252                                                                                              \
    LABEL63 "." LABEL63 "." LABEL63 ".abcdefghijklmnopqrstuvwxyz0123456789012345678901234567890123"

static const struct mistake hosts[] = {
    NO_HOST("192.0.2.300", NOT_IPV4),
    NO_HOST("192.0.2.010", NOT_IPV4),
    NO_HOST("192.0.2.1.", NOT_IPV4),
    NO_HOST("10.1", NOT_IPV4),
    NO_HOST("5", NOT_IPV4),
    NO_HOST(".", NOT_IPV4),
    NO_HOST("0x7f000001", NOT_IPV4),
    NO_HOST("0x7f.1", NOT_IPV4),
    NO_HOST("-x", HYPHEN),
    NO_HOST("x-", HYPHEN),
    NO_HOST("a.-b", HYPHEN),
    NO_HOST("a..b", EMPTY),
    NO_HOST(".a", EMPTY),
    NO_HOST("a..", EMPTY),
    NO_HOST("a%eth0", "a name has letters, digits, '-' and '.' only"),
    NO_HOST(LABEL63 "3", "a part of a name has at most 63 characters"),
    {HOST(NAME252 "ab"),
     NULL,
     NULL,
     {"cryomon.yaml:2:25: '" LABEL63 ".' is not a host: a name has at most 253 characters"}},
    NO_HOST("fe80::12345", NOT_IPV6),
    NO_HOST("::1::", NOT_IPV6),
    NO_HOST("fe80::1%", "behind '%' stands the name of a network interface"),
    GOOD_ONE(HOST("192.0.2.10")),
    GOOD_ONE(HOST("plc_1.hall-a.example.")),
    GOOD_ONE(HOST("3com")),
    GOOD_ONE(HOST("2001:db8::1")),
    GOOD_ONE(HOST("fe80::1%eth0")),
    GOOD_ONE(HOST(LABEL63)),
    GOOD_ONE(HOST(NAME252 "a")),
};

static const struct mistake brokers[] = {
    NO_BROKER("mqtt://999.0.0.1", NOT_IPV4),
    NO_BROKER("mqtt://127.0.0.01", NOT_IPV4),
    NO_BROKER("mqtts://10.1:8883", NOT_IPV4),
    NO_BROKER("mqtt://-b", HYPHEN),
    NO_BROKER("mqtt://[1:2:3]", NOT_IPV6),
    NO_BROKER("mqtt://[127.0.0.1]:1883", "an IPv6 address stands in [ ]"),
    GOOD_ONE(BROKER("mqtt://127.0.0.1")),
    GOOD_ONE(BROKER("mqtts://[2001:db8::1]:8883")),
    GOOD_ONE(BROKER("mqtts://broker.example")),
};

#define TWO_HOSTS(one, two)                                                                                  \
    SITE "buses: {b: {tcp: {host: \"" one "\"}},\n  c: {tcp: {host: \"" two "\"}}}\n" DEVICES POINTS
#define TWO_TTYS(one, two)                                                                                   \
    SITE "buses: {b: {tcp: {host: h}}, c: {rtu: {device: " one "}},\n  e: {rtu: {device: " two               \
         "}}}\n" DEVICES POINTS
#define SAME_HOST(one, two)                                                                                  \
    {                                                                                                        \
        TWO_HOSTS(one, two), NULL, NULL,                                                                     \
        {                                                                                                    \
            "cryomon.yaml:3:3: the same line as bus 'b' at cryomon.yaml:2; a line is one bus, and its "      \
            "devices share it"                                                                               \
        }                                                                                                    \
    }
#define SAME_TTY(one, two)                                                                                   \
    {                                                                                                        \
        TWO_TTYS(one, two), NULL, NULL,                                                                      \
        {                                                                                                    \
            "cryomon.yaml:3:3: the same line as bus 'c' at cryomon.yaml:2; a line is one bus, and its "      \
            "devices share it"                                                                               \
        }                                                                                                    \
    }

static const struct mistake same[] = {
    SAME_HOST("plc.local", "plc.local."),
    SAME_HOST("plc.local", "PLC.Local"),
    SAME_HOST("fe80::1", "fe80:0::1"),
    SAME_HOST("2001:DB8::a", "2001:db8:0:0:0:0:0:A"),
    SAME_HOST("::ffff:192.0.2.10", "192.0.2.10"),
    SAME_HOST("192.0.2.10", "::ffff:c000:20a"),
    SAME_HOST("localhost", "127.0.0.1"),
    SAME_HOST("::1", "LocalHost."),
    SAME_TTY("/dev/x", "/dev//x"),
    SAME_TTY("/dev/./x", "/dev/x"),
    SAME_TTY("/dev/y/../x", "//dev/x"),
    GOOD_ONE(TWO_HOSTS("plc.local", "plc")),
    GOOD_ONE(TWO_HOSTS("192.0.2.1", "192.0.2.10")),
    GOOD_ONE(TWO_HOSTS("::1", "127.0.0.1")),
    GOOD_ONE(TWO_HOSTS("fe80::1%eth0", "fe80::1%eth1")),
    GOOD_ONE(TWO_TTYS("/dev/x", "/dev/x/y")),
};

static const struct mistake places[] = {
    {GOOD "control: {socket: /tmp/}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:19: '/tmp/' ends with '/': a file is wanted here, not a directory"}},
    {GOOD "control: {socket: /dev}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:19: '/dev' is a directory; the name of a socket is wanted here"}},
    {GOOD "control: {socket: control}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:19: 'control' is not a full path; it must begin with '/'"}},
    {GOOD "control: {socket: /var/lib/cryomon}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:19: 'control.socket' (/var/lib/cryomon) and 'storage.directory' (/var/lib/cryomon) "
      "can't be the same, nor the directory below the socket"}},
    {GOOD "control: {socket: /a/./x}\nstorage: {directory: //a/x/y}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:19: 'control.socket' (/a/./x) and 'storage.directory' (//a/x/y) can't be the same, nor "
      "the directory below the socket"}},
    {GOOD "storage: {directory: /run/cryomon/control/}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:22: 'control.socket' (/run/cryomon/control) and 'storage.directory' "
      "(/run/cryomon/control/) can't be the same, nor the directory below the socket"}},
    {GOOD "storage: {directory: /}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:22: the databases need a directory of their own: '/' is not one"}},
    {GOOD "storage: {directory: /var/..}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:22: the databases need a directory of their own: '/' is not one"}},
    {TWO_TTYS("/dev", "ttyS0"),
     NULL,
     NULL,
     {"cryomon.yaml:2:48: '/dev' is a directory, not a serial line",
      "cryomon.yaml:3:21: 'ttyS0' is not a full path; it must begin with '/'"}},
    {TWO_TTYS("/dev/", "/dev/ttyS0"),
     NULL,
     NULL,
     {"cryomon.yaml:2:48: '/dev/' ends with '/': a file is wanted here, not a directory"}},
    {GOOD "mqtt: {broker: mqtt://localhost, password_file: /etc/}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:49: '/etc/' ends with '/': a file is wanted here, not a directory"}},
    GOOD_ONE(GOOD "storage: {directory: /x/cryomon/}\ncontrol: {socket: /x/cryomon/control}\n"),
    GOOD_ONE(GOOD "storage: {directory: /x/control-data}\ncontrol: {socket: /x/control}\n"),
};

GROUP(hosts)
GROUP(brokers)
GROUP(same)
GROUP(places)

/* The name in /dev/serial/by-id is a link to the other one: today. Tomorrow it may lead elsewhere, and the
 * daemon must start on both days. */
static void test_links(void **state)
{
    char dir[] = "/tmp/cryomon-lines-XXXXXX", tty[64], link[64], text[1024], expected[256];
    struct problems problems = {.n = 0}, warnings = {.n = 0};
    struct config *config = NULL;
    bool warned = false;

    (void)state;
    assert_non_null(mkdtemp(dir));
    (void)snprintf(tty, sizeof tty, "%s/ttyUSB0", dir);
    (void)snprintf(link, sizeof link, "%s/by-id", dir);
    FILE *f = fopen(tty, "w");
    assert_non_null(f);
    (void)fclose(f);
    assert_int_equal(symlink("ttyUSB0", link), 0);
    (void)snprintf(text, sizeof text, TWO_TTYS("%s", "%s"), tty, link);
    (void)snprintf(expected, sizeof expected,
                   "cryomon.yaml:3:3: leads to the same device as bus 'c' at cryomon.yaml:2: %s", tty);
    const struct settings_file files[] = {{"cryomon.yaml", text, strlen(text)},
                                          {"devices/p.yaml", PROFILE, strlen(PROFILE)}};
    assert_int_equal(settings_load_memory(files, 2, 1, &problems, &warnings, &config), 0);
    for (size_t i = 0; i < warnings.n; i++)
        warned = warned || strcmp(warnings.lines[i], expected) == 0;
    assert_true(warned);
    problems_free(&problems);
    problems_free(&warnings);
    config_unref(config);
    assert_int_equal(unlink(link), 0);
    assert_int_equal(unlink(tty), 0);
    assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts),  cmocka_unit_test(test_brokers), cmocka_unit_test(test_same),
        cmocka_unit_test(test_places), cmocka_unit_test(test_links),
    };

    (void)setenv("CRYOMON_PROFILES", "/system/profiles", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
