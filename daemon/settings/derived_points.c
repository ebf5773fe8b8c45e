/* derived_points.c - the quantities that cryomon derives, as points. Decimals are such that 32 bits hold far
 * more than can be: 100 years in hours with one decimal, a tank lorry in litres. */
#include "derived_config.h"

#include <stddef.h>

#define N(table)      (uint8_t)(sizeof(table) / sizeof((table)[0]))
#define INTERVAL(id)  .ids = {id, id "-least", id "-most"}
#define STATES(table) .states = (table), .n_states = N(table)

static const char *const phases[][2] = {
    {"unknown", "未知"},          {"static", "静置"},   {"filling", "补液中"},
    {"settling", "补液后稳定中"}, {"lid-open", "开盖"},
};
static const char *const vacuums[][2] = {
    {"unknown", "未知"},
    {"good", "良好"},
    {"watch", "需关注"},
    {"failing", "失效中"},
};
static const char *const causes[][2] = {
    {"none", "无"}, {"vacuum", "真空"}, {"lid", "开盖"}, {"ice", "结冰或密封不良"}, {"room", "室温"},
};
static const char *const runs[][2] = {
    {"idle", "空闲"},        {"running", "运行中"}, {"complete", "已完成"},
    {"stopped", "中途停止"}, {"lost", "失去联系"},
};

static const struct derived_point tank_points[TANK_POINT_COUNT] = {
    [TANK_POINT_PHASE] = {"phase", "", 0, false, {"What the tank does", "储罐状态"}, STATES(phases)},
    [TANK_POINT_VOLUME] = {"volume", "L", 1, false, {"Nitrogen in the tank", "液氮存量"}},
    [TANK_POINT_BOIL_OFF_LEVEL] =
        {"boil-off-level", "cm/d", 2, true, {"Boil-off, level", "蒸发（液位）"}, INTERVAL("boil-off-level")},
    [TANK_POINT_BOIL_OFF] = {"boil-off", "L/d", 2, true, {"Boil-off", "蒸发量"}, INTERVAL("boil-off")},
    [TANK_POINT_TIME_TO_LOW] =
        {"time-to-low", "h", 1, true, {"Time left to low level", "距低液位的时间"}, INTERVAL("time-to-low")},
    [TANK_POINT_TIME_TO_EMPTY] = {"time-to-empty",
                                  "h",
                                  1,
                                  true,
                                  {"Time left to empty", "距液氮耗尽的时间"},
                                  INTERVAL("time-to-empty")},
    [TANK_POINT_TIME_TO_150] =
        {"time-to-150", "h", 1, true, {"Time left to -150 °C", "距 -150 °C 的时间"}, INTERVAL("time-to-150")},
    [TANK_POINT_TIME_TO_135] =
        {"time-to-135", "h", 1, true, {"Time left to -135 °C", "距 -135 °C 的时间"}, INTERVAL("time-to-135")},
    [TANK_POINT_VACUUM_INDEX] =
        {"vacuum-index", "", 2, true, {"Vacuum index", "真空指数"}, INTERVAL("vacuum-index")},
    [TANK_POINT_VACUUM] = {"vacuum", "", 0, false, {"Vacuum", "真空状态"}, STATES(vacuums)},
    [TANK_POINT_CAUSE] =
        {"cause", "", 0, false, {"Cause of higher boil-off", "蒸发增加的原因"}, STATES(causes)},
    [TANK_POINT_SINCE_FILL] = {"since-fill", "h", 1, false, {"Since the last fill", "距上次补液"}},
    [TANK_POINT_FILL_INTERVAL] =
        {"fill-interval", "h", 1, false, {"Usual time between fills", "通常补液间隔"}},
    [TANK_POINT_FILL_TIME] = {"fill-time", "min", 1, false, {"Usual length of a fill", "通常补液时长"}},
    [TANK_POINT_USED_DAY] = {"used-day", "L/d", 1, false, {"Nitrogen used per day", "日均液氮用量"}},
    [TANK_POINT_USED_MONTH] = {"used-month", "L", 1, false, {"Nitrogen used in 30 days", "30 天液氮用量"}},
    [TANK_POINT_LID_OPEN] = {"lid-open-now", "min", 1, false, {"Lid open for", "本次开盖时长"}},
    [TANK_POINT_LID_OPEN_DAY] = {"lid-open-day", "min", 1, false, {"Lid open in 24 h", "24 小时开盖时长"}},
    [TANK_POINT_LID_WARMED] = {"lid-warmed", "K", 1, false, {"Warmed by the last opening", "上次开盖升温"}},
};

static const struct derived_point supply_points[SUPPLY_POINT_COUNT] = {
    [SUPPLY_POINT_DRAWN] = {"drawn-day", "L/d", 1, false, {"Drawn per day", "日均取用量"}},
    [SUPPLY_POINT_DAYS_LEFT] =
        {"days-left", "d", 1, true, {"Days left to the reserve", "距储备量的天数"}, INTERVAL("days-left")},
    [SUPPLY_POINT_SINCE_ANY_FILL] =
        {"since-any-fill", "h", 1, false, {"Since any tank was filled", "距任一储罐上次补液"}},
};

static const struct derived_point freezer_points[FREEZER_POINT_COUNT] = {
    [FREEZER_POINT_RUN] = {"run", "", 0, false, {"Run", "降温过程"}, STATES(runs)},
    [FREEZER_POINT_STEP] = {"step", "", 0, false, {"Step of the program", "程序步骤"}},
    [FREEZER_POINT_RUN_TIME] = {"run-time", "min", 1, false, {"Time since the run began", "已运行时间"}},
    [FREEZER_POINT_DEVIATION] =
        {"run-deviation", "K", 2, false, {"Deviation from the program", "与程序的偏差"}},
};

const struct derived_point *derived_point(enum derived_of of, unsigned which)
{
    switch (of) {
    case DERIVED_OF_TANK:
        return which < TANK_POINT_COUNT ? &tank_points[which] : NULL;
    case DERIVED_OF_SUPPLY:
        return which < SUPPLY_POINT_COUNT ? &supply_points[which] : NULL;
    case DERIVED_OF_FREEZER:
        return which < FREEZER_POINT_COUNT ? &freezer_points[which] : NULL;
    }
    return NULL;
}
