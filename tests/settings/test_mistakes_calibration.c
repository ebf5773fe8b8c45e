#include "mistakes.h"

/* Line 4, calibrations of the point t from column 77 on. */
#define CALIBRATION(list)                                                                                    \
    HEAD "assets: {a: {kind: room, points: {t: {device: d, register: t, calibration: " list "}}}}\n"
/* One, from column 79 on. */
#define ONE(settings) CALIBRATION("[{" settings "}]")
#define PAPERS        ", certificate: c, date: 2026-01-10, due: 2027-01-10"

static const struct mistake lists[] = {
    {ONE("from: 2026-01-15, offset: -0.3 °C" PAPERS ", reference: r"), NULL, NULL, {NULL}},
    {ONE("from: 2026-01-15T08:30:00+08:00, gain: 1.0005, offset: 0"), NULL, NULL, {NULL}},
    {CALIBRATION("{from: 2026-01-15, offset: 0}"),
     NULL,
     NULL,
     {"cryomon.yaml:4:76: a list of calibrations is wanted here: [{from: 2026-01-15, offset: -0.3, "
      "certificate: ...}]"}},
    {CALIBRATION("[]"),
     NULL,
     NULL,
     {"cryomon.yaml:4:76: a list of calibrations is wanted here: [{from: 2026-01-15, offset: -0.3, "
      "certificate: ...}]"}},
    {CALIBRATION("[5]"),
     NULL,
     NULL,
     {"cryomon.yaml:4:77: a calibration is written as a mapping ('key: value'), not as a single value"}},
    {ONE("offset: 0"), NULL, NULL, {"cryomon.yaml:4:77: 'from' is missing in a calibration"}},
    {ONE("from: 2026-01-15, ofset: 0, offset: 0"),
     NULL,
     NULL,
     {"cryomon.yaml:4:96: unknown key 'ofset' in a calibration; did you mean 'offset'?"}},
    {CALIBRATION("[{from: 2026-06-01, offset: 0}, {from: 2026-06-01T00:00:00Z, offset: 1}]"),
     NULL,
     NULL,
     {"cryomon.yaml:4:115: 'from' must be later than that of the calibration before it: the oldest stands "
      "first"}},
    {HEAD "assets: {a: {kind: room, points: {l: {device: d, register: lid, calibration: [{from: 2026-01-15, "
          "offset: 0}]}}}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:4:65: 'calibration' has no meaning here: the register 'lid' has states"}},
    {HEAD "assets: {a: {kind: room, points: {t123456789012345678901234567890123456789012345: {device: d, "
          "register: t, calibration: [{from: 2026-01-15, offset: 0}]}}}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:4:35: 't123456789012345678901234567890123456789012345' is too long: 46 characters, at "
      "most 43 for a point with a calibration"}},
    /* What else is wrong is reported when the register is not known. */
    {HEAD "assets: {a: {kind: room, points: {t: {device: d, register: x, calibration: [{from: tomorrow, "
          "offset: much}]}}}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:4:60: there is no register of profile 'p' 'x'",
      "cryomon.yaml:4:102: 'much' is not a number: write a plain decimal such as -140.5",
      "cryomon.yaml:4:84: 'tomorrow' is neither a date such as 2026-01-15 nor a time such as "
      "2026-01-15T08:30:00+08:00"}},
};
GROUP(lists)

static const struct mistake dates[] = {
    {ONE("from: 2026-02-30, offset: 0"),
     NULL,
     NULL,
     {"cryomon.yaml:4:84: '2026-02-30' is neither a date such as 2026-01-15 nor a time such as "
      "2026-01-15T08:30:00+08:00"}},
    {ONE("from: 2026-01-15T08:30:00, offset: 0"),
     NULL,
     NULL,
     {"cryomon.yaml:4:84: '2026-01-15T08:30:00' is neither a date such as 2026-01-15 nor a time such as "
      "2026-01-15T08:30:00+08:00"}},
    {ONE("from: 15.1.2026, offset: 0"),
     NULL,
     NULL,
     {"cryomon.yaml:4:84: '15.1.2026' is neither a date such as 2026-01-15 nor a time such as "
      "2026-01-15T08:30:00+08:00"}},
    {ONE("from: , offset: 0"), NULL, NULL, {"cryomon.yaml:4:84: a date or time is missing"}},
    {ONE("from: 2026-01-15, offset: 0, date: 2026-01-32"),
     NULL,
     NULL,
     {"cryomon.yaml:4:113: '2026-01-32' is not a date such as 2026-01-15"}},
    {ONE("from: 2026-01-15, offset: 0, due: 2027-01-10T00:00:00Z"),
     NULL,
     NULL,
     {"cryomon.yaml:4:112: '2027-01-10T00:00:00Z' is not a date such as 2026-01-15"}},
    {ONE("from: 2026-01-15, offset: 0, date: 2026-01-10, due: 2026-01-10"),
     NULL,
     NULL,
     {"cryomon.yaml:4:130: due (2026-01-10) is not after the calibration's date (2026-01-10)"}},
};
GROUP(dates)

static const struct mistake corrections[] = {
    {ONE("from: 2026-01-15"),
     NULL,
     NULL,
     {"cryomon.yaml:4:77: 'offset', 'gain' or 'table' is missing; write 'offset: 0' if nothing is to be "
      "corrected"}},
    {ONE("from: 2026-01-15, offset: 1 K"),
     NULL,
     NULL,
     {"cryomon.yaml:4:104: '1 K': the unit here is °C, not 'K'"}},
    {ONE("from: 2026-01-15, gain: 1,0005"),
     NULL,
     NULL,
     {"cryomon.yaml:4:104: ',0005' is no part of the number: inside { } a comma ends it; write a decimal "
      "point"}},
    {ONE("from: 2026-01-15, gain: 0.05"),
     NULL,
     NULL,
     {"cryomon.yaml:4:102: 0.05 is out of range: a gain is 0.1 to 10"}},
    {ONE("from: 2026-01-15, gain: -1"),
     NULL,
     NULL,
     {"cryomon.yaml:4:102: -1 is out of range: a gain is 0.1 to 10"}},
    {ONE("from: 2026-01-15, offset: 0, table: [[0, 0], [1, 1]]"),
     NULL,
     NULL,
     {"cryomon.yaml:4:96: 'offset' has no meaning beside 'table'"}},
    {ONE("from: 2026-01-15, table: [[0, 0]]"),
     NULL,
     NULL,
     {"cryomon.yaml:4:103: a table has 2 to 16 pairs: [[read, real], [read, real]]"}},
    {ONE("from: 2026-01-15, table: [0, 0]"),
     NULL,
     NULL,
     {"cryomon.yaml:4:104: a pair [read, real] is wanted here"}},
    {ONE("from: 2026-01-15, table: [[-80, -80.1], [-196, -195.8]]"),
     NULL,
     NULL,
     {"cryomon.yaml:4:119: the values read must rise from pair to pair"}},
    {ONE("from: 2026-01-15, table: [[-196, -80], [-80, -80]]"),
     NULL,
     NULL,
     {"cryomon.yaml:4:123: the real values must rise with those read"}},
    /* -210 to 60 as read is -209 to 60 for an alarm. */
    {HEAD "assets: {a: {kind: room, points: {t: {device: d, register: t,\n"
          "  calibration: [{from: 2026-01-15, offset: 1}]}},\n"
          "  alarms: {x: {point: t, low: -209, priority: low}}}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:6:31: the alarm can never fire: the plausible range ends at -209 °C"}},
    {HEAD "assets: {a: {kind: room, points: {t: {device: d, register: t,\n"
          "  calibration: [{from: 2026-01-15, offset: 0, due: 2027-01-10}]}},\n"
          "  alarms: {t-calibration-due-30: {point: t, low: -200, priority: low}}}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:6:12: 't-calibration-due-30' is the name of an alarm that cryomon makes for point 't'; "
      "choose another"}},
};
GROUP(corrections)

#define EXPOSURE(list)                                                                                       \
    HEAD "assets: {a: {kind: tank, exposure: " list ", points: {t: {device: d, register: t}}}}\n"
#define N_POINT "assets: {a: {kind: room, points: {n: {device: d, register: n}}}}\n"

static const struct mistake keeping[] = {
    {EXPOSURE("[-80 °F, -60]"), NULL, NULL, {NULL}},
    {EXPOSURE("[]"), NULL, NULL, {NULL}},
    {EXPOSURE("-150"),
     NULL,
     NULL,
     {"cryomon.yaml:4:36: a list of at most 4 thresholds is wanted here: [-150 °C, -135 °C]"}},
    {EXPOSURE("[1, 2, 3, 4, 5]"),
     NULL,
     NULL,
     {"cryomon.yaml:4:36: a list of at most 4 thresholds is wanted here: [-150 °C, -135 °C]"}},
    {EXPOSURE("[-120 °C, -150 °C]"),
     NULL,
     NULL,
     {"cryomon.yaml:4:46: the thresholds must rise: the coldest stands first"}},
    {EXPOSURE("[-150 °C, -135 K]"),
     NULL,
     NULL,
     {"cryomon.yaml:4:46: '-135 K': the unit here is °C, not 'K'"}},
    {HEAD "storage: {keep: forever}\nreview: {every: 30 d}\n" N_POINT, NULL, NULL, {NULL}},
    {HEAD "storage: {keep: 1 year}\n" N_POINT, NULL, NULL, {NULL}},
    {HEAD "storage: {keep: 10}\n" N_POINT,
     NULL,
     NULL,
     {"cryomon.yaml:4:17: '10': write whole days or years, such as 30 d, 1 year, 10 years, or forever"}},
    {HEAD "storage: {keep: 10 y}\n" N_POINT,
     NULL,
     NULL,
     {"cryomon.yaml:4:17: '10 y': write whole days or years, such as 30 d, 1 year, 10 years, or forever"}},
    {HEAD "storage: {keep: 0 d}\n" N_POINT,
     NULL,
     NULL,
     {"cryomon.yaml:4:17: '0 d': write whole days or years, such as 30 d, 1 year, 10 years, or forever"}},
    {HEAD "storage: {keep: 101 years}\n" N_POINT,
     NULL,
     NULL,
     {"cryomon.yaml:4:17: 101 years is out of range: 1 to 36525 d, or forever"}},
    {HEAD "review: {every: forever}\n" N_POINT,
     NULL,
     NULL,
     {"cryomon.yaml:4:17: 'forever': write whole days or years, such as 30 d, 1 year, 10 years"}},
    {HEAD "review: {}\n" N_POINT, NULL, NULL, {"cryomon.yaml:4:1: 'every' is missing in 'review'"}},
    {HEAD "review: {every: 30 d}\n" N_POINT,
     NULL,
     "review: {every: 31 d}\n",
     {"conf.d/10.yaml:1:10: 'review.every' is already set at cryomon.yaml:4; remove one of them"}},
};
GROUP(keeping)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_corrections),
        cmocka_unit_test(test_keeping),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
