#include "mistakes.h"

static const struct mistake syntax[] = {
    {"a: [1, 2\nb: 3\n",
     NULL,
     NULL,
     {"cryomon.yaml:2:2: not YAML: did not find expected ',' or ']' (while parsing a flow sequence that "
      "begins at line 1); a comma is missing, or the bracket is not closed",
      "cryomon.yaml:1:1: unknown key 'a' in the configuration"}},
    {"site:\n\tid: s\n",
     NULL,
     NULL,
     {"cryomon.yaml:2:1: not YAML: found character that cannot start any token (while scanning for the next "
      "token "
      "that begins at line 2); indent with spaces, not with tabs"}},
    {SITE "mqtt: {username: \xff\xfe}\n",
     NULL,
     NULL,
     {"cryomon.yaml:2:18: not UTF-8 text (invalid leading UTF-8 octet, byte 0xFF); save the file as UTF-8"}},
    {"- a\n", NULL, NULL, {"cryomon.yaml:1:1: the file must hold settings ('key: value'), not a list"}},
    /* Soft mistakes of YAML and mistakes of the schema in one run. */
    /* A section that stands twice: what is in the second is found, and looked at. */
    {SITE BUSES POINTS "devices: {}\ndevices: {d: {bus: b, unit: 300, profile: p}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:1: 'devices' is already set at line 7; remove one of them",
      "cryomon.yaml:8:29: 300 is out of range: 0 to 255"}},
    {GOOD "site: {id: t}\nsit: 1\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:1: 'site' is already set at line 1; remove one of them",
      "cryomon.yaml:9:1: unknown key 'sit' in the configuration; did you mean 'site'?"}},
    {"x: &a 1\n" SITE "buses: *a\n",
     NULL,
     NULL,
     {"cryomon.yaml:1:4: anchors (&a) are not used here; quote a text that begins with &",
      "cryomon.yaml:3:8: aliases (*a) are not used here; write the value out, or quote a text that begins "
      "with *",
      "cryomon.yaml:1:1: unknown key 'x' in the configuration",
      "cryomon.yaml:1:1: there are no assets: nothing would be watched"}},
};

static const struct mistake sections[] = {
    {BUSES DEVICES POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:1:1: 'id' is missing in 'site': write site: {id: ...}"}},
    {"site: {id: Site One}\n" BUSES DEVICES POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:1:12: 'Site One' is not an id: only a-z, 0-9, '-' and '_' are allowed, and a letter or "
      "digit "
      "first"}},
    {"site: {id: -s}\n" BUSES DEVICES POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:1:12: '-s' is not an id: only a-z, 0-9, '-' and '_' are allowed, and a letter or digit "
      "first"}},
    {"site: {id: " ID64 "}\n" BUSES DEVICES POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:1:12: '" ID64 "' is not an id: it is too long: 64 characters, at most 63"}},
    {"site: {id: s, name: {en: x, de: y}}\n" BUSES DEVICES POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:1:29: unknown language 'de'; the languages are en and zh"}},
    {"site: {id: s, name: }\n" BUSES DEVICES POINTS, NULL, NULL, {"cryomon.yaml:1:21: a text is missing"}},
    {"site: {id: s, name: \"\"}\n" BUSES DEVICES POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:1:21: the text is empty"}},
    {"site: {id: s, name: \"a\\nb\"}\n" BUSES DEVICES POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:1:21: a text is one line without control characters; fold long ones with '>-'"}},
    {"site: {id: s, name: " TEXT128 "}\n" BUSES DEVICES POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:1:21: the text is too long: 128 bytes, at most 127"}},
    {"site: {id: s, language: fr}\n" BUSES DEVICES POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:1:25: 'fr' is not one of en or zh"}},
    {"site: [id, s]\n" BUSES DEVICES POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:1:7: 'site' is written as a mapping ('key: value'), not as a list"}},
    {GOOD "storage: {directory: data}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:22: 'data' is not a full path; it must begin with '/'"}},
    {GOOD "storage: {commit_interval: 50 ms}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:28: 50 ms is out of range: 100 ms to 1 min"}},
    {GOOD "control: {socket: [x]}\n", NULL, NULL, {"cryomon.yaml:8:19: a path is wanted here, not a list"}},
    {GOOD "mqtt: {home_assistant: yes, broker: mqtt://b}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:24: 'yes': write true or false, without quotes"}},
    {GOOD "mqtt: {username: x}\n", NULL, NULL, {"cryomon.yaml:8:1: 'broker' is missing in 'mqtt'"}},
    {GOOD "mqtt: {broker: http://b}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:16: 'http://b' is not a broker's address such as mqtts://broker.example:8883: it "
      "begins with "
      "mqtt:// or mqtts://"}},
    {GOOD "mqtt: {broker: \"mqtt://b:70000\"}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:16: 'mqtt://b:70000' is not a broker's address such as mqtts://broker.example:8883: "
      "the port is "
      "a number from 1 to 65535"}},
    {GOOD "mqtt: {broker: \"mqtt://me:pw@b\"}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:16: 'mqtt://me:pw@b' is not a broker's address such as mqtts://broker.example:8883: "
      "user and "
      "password never stand in the address; write username and password_file"}},
    {GOOD "mqtt: {broker: mqtt://localhost, password: secret}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:34: 'password' is refused: a password never stands in the configuration; write "
      "password_file or "
      "password_credential"}},
    {GOOD "mqtt: {broker: mqtt://localhost, password_file: /x, password_credential: y}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:53: write either 'password_file' or 'password_credential', not both"}},
    {GOOD "mqtt: {broker: mqtt://localhost, ca_file: /x}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:34: 'ca_file' has no meaning without TLS; the broker must be mqtts://..."}},
    {GOOD "mqtt: {broker: mqtts://localhost, certificate_file: /x}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:35: 'certificate_file' needs 'key_file' beside it"}},
    {GOOD "mqtt: {broker: mqtts://localhost, keep_alive: 30}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:47: '30' has no unit; write a unit: ms, s, min, h"}},
};

static const struct mistake buses[] = {
    {SITE "buses: {b: {}}\n" DEVICES POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:2:9: 'tcp' or 'rtu' is missing in a bus"}},
    {SITE "buses: {b: {tcp: {host: h}, rtu: {device: /dev/x}}}\n" DEVICES POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:2:29: a bus is either 'tcp' or 'rtu', not both"}},
    {SITE "buses: {b: {tcp: {port: 502}}}\n" DEVICES POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:2:13: 'host' is missing in 'tcp'"}},
    {SITE "buses: {b: {tcp: {host: h, prot: 502}}}\n" DEVICES POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:2:28: unknown key 'prot' in 'tcp'; did you mean 'port'?"}},
    {SITE "buses: {b: {tcp: {host: h, port: 0x1F6}}}\n" DEVICES POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:2:34: '0x1F6' is not a whole number: hexadecimal is not allowed here"}},
    {SITE "buses: {b: {tcp: {host: h, port: 65536}}}\n" DEVICES POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:2:34: 65536 is out of range: 1 to 65535"}},
    {SITE "buses: {b: {tcp: {host: h, port: \"502\"}}}\n" DEVICES POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:2:34: '502' is quoted, which makes it a text; write the number without quotes"}},
    {SITE "buses: {b: {tcp: {host: h, port: 502.0}}}\n" DEVICES POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:2:34: '502.0' is not a whole number: it has decimals"}},
    {SITE "buses: {b: {tcp: {host: \"10.0.0.1:502\"}}}\n" DEVICES POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:2:25: '10.0.0.1:502': write the port as 'port: 502'"}},
    {SITE "buses: {b: {tcp: {host: tcp//h}}}\n" DEVICES POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:2:25: 'tcp//h' is not a host: write a name or an address, without brackets, port or "
      "path"}},
    {SITE "buses: {b: {rtu: {device: /dev/x, baud: 9601}}}\n"
          "devices: {d: {bus: b, unit: 1, profile: p}}\n" POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:2:41: '9601' is not one of 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200 or "
      "230400; did you "
      "mean '9600'?",
      "cryomon.yaml:3:41: the profile 'p' is for tcp, and the bus 'b' is rtu"}},
    {SITE "buses: {b: {rtu: {device: /dev/x, parity: N, data_bits: 7}}}\n" DEVICES POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:2:43: 'N' is not one of none, even or odd",
      "cryomon.yaml:2:57: 7 is not possible here: only 8",
      "cryomon.yaml:3:41: the profile 'p' is for tcp, and the bus 'b' is rtu"}},
    {SITE "buses: {b: {tcp: {host: h}}, c: {tcp: {host: H, port: 502}}}\n" DEVICES POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:2:30: the same line as bus 'b' at cryomon.yaml:2; a line is one bus, and its devices "
      "share it"}},
    {SITE
     "buses:\n  b: {tcp: {host: h}}\n  c: {rtu: {device: /dev/x}}\n  e: {rtu: {device: /dev/x}}\n" DEVICES
         POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:5:3: the same line as bus 'c' at cryomon.yaml:4; a line is one bus, and its devices "
      "share it"}},
    {SITE "buses:\n  b: {tcp: {host: h, max_connections: 2}}\n  c: {tcp: {host: h, port: 503}}\n"
          "  e: {tcp: {host: H., port: 504, max_connections: 3}}\n"
          "  f: {tcp: {host: i, max_connections: 3}}\n" DEVICES POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:5:51: bus 'b' at cryomon.yaml:3 says 2 for the same host; all buses of a host share its "
      "connections"}},
};

static const struct mistake devices[] = {
    {SITE BUSES "devices: {d: {unit: 1, profile: p}}\n" POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:3:11: 'bus' is missing in a device"}},
    {SITE BUSES "devices: {d: {bus: b, unit: 256, profile: p}}\n" POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:3:29: 256 is out of range: 0 to 255"}},
    {SITE "buses: {b: {rtu: {device: /dev/x}}}\ndevices: {d: {bus: b, unit: 248, profile: p}}\n" POINTS,
     "status: documented\nsource: x\ntransports: [rtu, tcp]\n"
     "registers: {t: {table: input, address: 0, type: u16}, lid: {table: coil, address: 0, type: bit}, n: "
     "{table: "
     "input, address: 0, type: u16}}\n",
     NULL,
     {"cryomon.yaml:3:29: 248 is out of range: 1 to 247 on RTU"}},
    {SITE "buses: {b: {rtu: {device: /dev/x}}}\n" DEVICES POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:3:41: the profile 'p' is for tcp, and the bus 'b' is rtu"}},
    {SITE "buses: {hall-a: {tcp: {host: h}}}\ndevices: {d: {bus: hal-a, unit: 1, profile: p}}\n" POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:3:20: there is no bus 'hal-a'; did you mean 'hall-a'?"}},
    {SITE BUSES "devices: {d: {bus: b, unit: 1, profile: ../p}}\n" POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:3:41: '../p' is not an id: only a-z, 0-9, '-' and '_' are allowed, and a letter or digit "
      "first"}},
    {SITE BUSES "devices: {d: {bus: b, unit: 1, profile: p, interval: 5}}\n" POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:3:54: '5' has no unit; write a unit: ms, s, min, h"}},
    {SITE BUSES "devices: {d: {bus: b, unit: 1, profile: p, interval: 5 sec}}\n" POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:3:54: '5 sec': 'sec' is not a unit of time; write a unit: ms, s, min, h"}},
    {SITE BUSES "devices: {d: {bus: b, unit: 1, profile: p, interval: 2 h}}\n" POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:3:54: 2 h is out of range: 100 ms to 1 h"}},
    {SITE BUSES "devices: {d: {bus: b, unit: 1, profile: p, interval: -5 s}}\n" POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:3:54: -5 s is out of range: 100 ms to 1 h"}},
    {SITE BUSES "devices: {d: {bus: b, unit: 1, profile: p, interval: 1.0005 s}}\n" POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:3:54: '1.0005 s' is finer than a millisecond"}},
    {SITE BUSES "devices: {d: {bus: b, unit: 1, profile: p, timeout: 10 ms}}\n" POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:3:53: 10 ms is out of range: 20 ms to 30 s"}},
    {SITE BUSES "devices: {d: {bus: b, unit: 1, profile: p, interval: 400 ms}}\n" POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:3:54: the timeout (500 ms) is longer than the interval (400 ms)"}},
    {SITE BUSES "devices: {d: {bus: b, unit: 1, profile: p, interval: 500 ms}}\n" POINTS, NULL, NULL, {NULL}},
    {SITE BUSES "devices: {d: {bus: b, unit: 1, profile: p, timeout: 2 s, interval: 1 s},\n"
                "  e: {bus: b, unit: 2, profile: p, timeout: 2001 ms, interval: 1 s}}\n" POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:4:45: the timeout (2001 ms) is longer than two intervals (2 s)"}},
    {SITE BUSES "devices:\n  d: {bus: b, unit: 1, profile: p}\n  e: {bus: b, unit: 1, profile: p}\n" POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:5:21: unit 1 on bus 'b' is already device 'd' at cryomon.yaml:4"}},
    {SITE BUSES "devices: {d: {bus: b, unit: 1, profile: q}}\n" POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:3:41: there is no profile 'q': q.yaml is neither in /devices nor in /system/profiles"}},
    {SITE BUSES "devices: {d: {bus: b, unit: 1, profile: p, quiet: 1 s}}\n" POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:3:44: unknown key 'quiet' in a device"}},
    {SITE BUSES "devices: {D1: {bus: b, unit: 1, profile: p}}\n" POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:3:11: 'D1' is not an id: only a-z, 0-9, '-' and '_' are allowed, and a letter or digit "
      "first",
      "cryomon.yaml:7:26: there is no device 'd'; did you mean 'D1'?",
      "cryomon.yaml:7:57: there is no device 'd'; did you mean 'D1'?",
      "cryomon.yaml:7:88: there is no device 'd'; did you mean 'D1'?"}},
    /* Behind a mistake of YAML nothing is known; before it everything but the thing that it is in. */
    {SITE
     "buses: {b: {tcp: {host: h, port: 0}}}\ndevices:\n  d: {bus: b, unit: 300, profile: p}\n  e: {bus: b, "
     "unit: 1\n",
     NULL,
     NULL,
     {"cryomon.yaml:6:1: not YAML: did not find expected ',' or '}' (while parsing a flow mapping that "
      "begins at "
      "line 5); a comma is missing, or the bracket is not closed",
      "cryomon.yaml:2:34: 0 is out of range: 1 to 65535",
      "cryomon.yaml:4:21: 300 is out of range: 0 to 255"}},
    {"site: {id: S}\nmqtt:\n  keep_alive: 5\n  certificate_file: /etc/hostname\n  username: x\n\tbroker: "
     "mqtts://b\n",
     NULL,
     NULL,
     {"cryomon.yaml:6:1: not YAML: found a tab character that violates indentation (while scanning a plain "
      "scalar "
      "that begins at line 5); indent with spaces, not with tabs",
      "cryomon.yaml:1:12: 'S' is not an id: only a-z, 0-9, '-' and '_' are allowed, and a letter or digit "
      "first",
      "cryomon.yaml:3:15: '5' has no unit; write a unit: ms, s, min, h"}},
    /* A thing that is there twice is one mistake, not also a second one on its line. */
    {GOOD,
     NULL,
     "buses:\n  b: {tcp: {host: h}}\ndevices:\n  d: {bus: b, unit: 1, profile: p}\n",
     {"conf.d/10.yaml:2:3: bus 'b' is already defined at cryomon.yaml:2; remove one of them",
      "conf.d/10.yaml:4:3: device 'd' is already defined at cryomon.yaml:3; remove one of them"}},
    {GOOD "mqtt: {broker: mqtt://b, keep_alive: 5500 ms}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:38: whole seconds are wanted here"}},
    /* A bad id is one mistake: what refers to it is found. */
    {SITE "buses: {B: {tcp: {host: h}}}\ndevices: {d: {bus: B, unit: 1, profile: p}}\n" POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:2:9: 'B' is not an id: only a-z, 0-9, '-' and '_' are allowed, and a letter or digit "
      "first"}},
    /* What refers into a section that can't be read is not a mistake too. */
    {SITE "buses: [b]\n" DEVICES POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:2:8: 'buses' is written as a mapping ('key: value'), not as a list"}},
    /* Mistakes that have nothing to do with each other, in one device and in one bus. */
    {SITE
     "buses: {b: {tcp: {host: h}}, c: {tcp: {host: h, connect_timeout: 2}}}\n"
     "devices: {d: {bus: b, unit: 1, profile: p}, e: {bus: b, unit: 1, profile: p, interval: 5}}\n" POINTS,
     NULL,
     NULL,
     {"cryomon.yaml:2:66: '2' has no unit; write a unit: ms, s, min, h",
      "cryomon.yaml:3:88: '5' has no unit; write a unit: ms, s, min, h",
      "cryomon.yaml:2:30: the same line as bus 'b' at cryomon.yaml:2; a line is one bus, and its devices "
      "share it",
      "cryomon.yaml:3:63: unit 1 on bus 'b' is already device 'd' at cryomon.yaml:3"}},
};

static const struct mistake files[] = {
    {GOOD,
     NULL,
     "buses: {b: {tcp: {host: other}}}\n",
     {"conf.d/10.yaml:1:9: bus 'b' is already defined at cryomon.yaml:2; remove one of them"}},
    {GOOD,
     NULL,
     "site: {id: t, language: zh}\n",
     {"conf.d/10.yaml:1:8: 'site.id' is already set at cryomon.yaml:1; remove one of them"}},
    {GOOD,
     NULL,
     "assets: {a: {kind: room, points: {n: {device: d, register: n}}}}\n",
     {"conf.d/10.yaml:1:10: asset 'a' is already defined at cryomon.yaml:5; remove one of them"}},
    {GOOD,
     NULL,
     "devices: {e: {bus: b, unit: 1, profile: p}}\n",
     {"conf.d/10.yaml:1:29: unit 1 on bus 'b' is already device 'd' at cryomon.yaml:3"}},
    /* Two mistakes in each of three files, all in one run. */
    {GOOD "    alarms:\n      x: {priority: hgih, point: t, high: 1}\n      y: {priority: low, point: t, "
          "high: 70}\n",
     "status: documentd\nsource: x\ntransports: [tcp]\nregisters:\n"
     "  t: {table: input, address: 0, type: s16, scale: 0.1, unit: °C, plausible: [-210, 60]}\n"
     "  lid: {table: discrete, address: 0, type: bit}\n"
     "  n: {table: holding, address: 9, type: u61}\n",
     "storage: {commit_interval: 5}\nbuses: {c: {tcp: {}}}\n",
     {"cryomon.yaml:9:21: 'hgih' is not one of low, medium, high or critical; did you mean 'high'?",
      "conf.d/10.yaml:1:28: '5' has no unit; write a unit: ms, s, min, h",
      "conf.d/10.yaml:2:13: 'host' is missing in 'tcp'",
      "devices/p.yaml:1:9: 'documentd' is not one of documented, field-reported or unverified; did you mean "
      "'documented'?",
      "devices/p.yaml:7:41: 'u61' is not one of u16, s16, u32, s32, float32 or bit; did you mean 'u16'?",
      "cryomon.yaml:10:42: the alarm can never fire: the plausible range ends at 60 °C"}},
    /* A file that can't be parsed: what is not found may stand there, so nothing is said about it. */
    {SITE DEVICES POINTS,
     NULL,
     "buses: {b: {tcp: {host: h}}\n",
     {"conf.d/10.yaml:2:1: not YAML: did not find expected ',' or '}' (while parsing a flow mapping that "
      "begins at line "
      "1); a comma is missing, or the bracket is not closed"}},
};

GROUP(syntax)
GROUP(sections)
GROUP(buses)
GROUP(devices)
GROUP(files)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_syntax),  cmocka_unit_test(test_sections), cmocka_unit_test(test_buses),
        cmocka_unit_test(test_devices), cmocka_unit_test(test_files),
    };

    (void)setenv("CRYOMON_PROFILES", "/system/profiles", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
