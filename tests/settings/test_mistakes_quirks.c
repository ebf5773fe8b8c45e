/* What devices are known to do, and a configuration must not get wrong: a test for each, by name. */
#include "mistakes.h"

/* Unit 0 is a device on TCP; on a serial line it is everybody, and nobody answers. */
static const struct mistake unit_0[] = {
    {SITE BUSES "devices: {d: {bus: b, unit: 0, profile: p}}\n" POINTS, NULL, NULL, {NULL}},
    {SITE "buses: {b: {rtu: {device: /dev/x}}}\ndevices: {d: {bus: b, unit: 0, profile: p}}\n"
          "assets: {a: {kind: room, points: {n: {device: d, register: n}}}}\n",
     "status: documented\nsource: x\ntransports: [rtu]\nregisters: {n: {table: input, address: 0, type: "
     "u16}}\n",
     NULL,
     {"cryomon.yaml:3:29: 0 is out of range: 1 to 247 on RTU"}},
};

/* Devices that speak Modbus ASCII with 7 data bits are out of reach: it is said, not tried. */
static const struct mistake ascii_mode[] = {
    {SITE "buses: {b: {rtu: {device: /dev/x, parity: even, data_bits: 7}}}\n" DEVICES POINTS,
     "status: documented\nsource: x\ntransports: [rtu, tcp]\n"
     "registers: {t: {table: input, address: 0, type: u16}, lid: {table: coil, address: 0, type: bit}, "
     "n: {table: input, address: 1, type: u16}}\n",
     NULL,
     {"cryomon.yaml:2:60: 7 is not possible here: only 8"}},
};

/* A map that nobody has checked is used only by somebody who says that he has. */
static const struct mistake unverified_map[] = {
    {ONLY_N,
     "status: unverified\ntransports: [tcp]\nregisters: {n: {table: input, address: 0, type: u16}}\n",
     NULL,
     {"cryomon.yaml:3:41: the profile 'p' was never checked against a device; check it, and write "
      "'accept_unverified: true' at the device"}},
    {SITE BUSES "devices: {d: {bus: b, unit: 1, profile: p, accept_unverified: true}}\n"
                "assets: {a: {kind: room, points: {n: {device: d, register: n}}}}\n",
     "status: unverified\ntransports: [tcp]\nregisters: {n: {table: input, address: 0, type: u16}}\n",
     NULL,
     {NULL}},
};

/* Strings are no numbers: a register of text can't be a point. */
static const struct mistake strings[] = {
    {ONLY_N,
     REGISTER("table: input, address: 0, type: string"),
     NULL,
     {"devices/p.yaml:5:39: 'string' is not one of u16, s16, u32, s32, float32 or bit"}},
};

GROUP(unit_0)
GROUP(ascii_mode)
GROUP(unverified_map)
GROUP(strings)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unit_0),
        cmocka_unit_test(test_ascii_mode),
        cmocka_unit_test(test_unverified_map),
        cmocka_unit_test(test_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
