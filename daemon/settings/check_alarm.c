/* Alarms that could not work. */
#include <string.h>

#include "automatic.h"
#include "draft.h"
#include "format.h"
#include "scalar.h"

/* Where values end, in words: by the plausible range or by the register. */
static const char *why_bound(const struct draft_point *point, micro_t bound)
{
    const struct reg_format *format = &point->config.format;
    struct reg_format bare = *format;
    micro_t low;
    micro_t high;

    bare.has_range = false;
    format_reach(&bare, &low, &high);
    bool at_range = bound == format->plausible_min || bound == format->plausible_max;
    bool plausible = format->has_range && (at_range || (bound != low && bound != high));
    if (point->derived)
        return "what the point can be";
    return plausible ? "the plausible range" : "what the register can hold";
}

/* The alarm against the values that its point can have. */
static bool check_reach(struct draft *d, const struct draft_alarm *alarm, const struct draft_point *point)
{
    bool high = alarm->model.kind == CONDITION_HIGH;
    micro_t limit = alarm->model.limit;
    micro_t band = alarm->model.deadband;
    const struct yaml_node *node = high ? alarm->high : alarm->low;
    char text[FORMAT_TEXT_MAX];

    if (high ? limit >= point->high : limit <= point->low) {
        micro_t bound = high ? point->high : point->low;
        problems_at(d->problems, node, "the alarm can never fire: %s ends at %s", why_bound(point, bound),
                    format_print(text, bound, point->config.unit));
        return false;
    }
    /* limit and deadband are each within +-9e15: no overflow. */
    micro_t over = high ? limit - band : limit + band;
    micro_t bound = high ? point->low : point->high;
    bool never = high ? over < bound : over > bound;
    if (never || (over == bound && band > 0)) {
        problems_at(d->problems, alarm->deadband != NULL ? alarm->deadband : node,
                    "the alarm can never be over: it would be at %s, and %s ends at %s",
                    format_print((char[FORMAT_TEXT_MAX]){0}, over, point->config.unit),
                    why_bound(point, bound), format_print(text, bound, point->config.unit));
        return false;
    }
    return true;
}

/* Remembers the innermost limits of the point, which bound its normal band. */
static void note_limit(struct draft *d, size_t index)
{
    const struct draft_alarm *alarm = &d->alarms[index];
    struct draft_point *point = &d->points[alarm->point];

    if (alarm->model.kind == CONDITION_HIGH &&
        (point->lowest_high < 0 || alarm->model.limit < d->alarms[point->lowest_high].model.limit))
        point->lowest_high = (int)index;
    if (alarm->model.kind == CONDITION_LOW &&
        (point->highest_low < 0 || alarm->model.limit > d->alarms[point->highest_low].model.limit))
        point->highest_low = (int)index;
}

/* The alarm against the innermost alarm on the other side of the same point. */
static void check_band(struct draft *d, const struct draft_alarm *alarm)
{
    const struct draft_point *point = &d->points[alarm->point];
    bool high = alarm->model.kind == CONDITION_HIGH;
    int index = high ? point->highest_low : point->lowest_high;
    char a[FORMAT_TEXT_MAX];
    char b[FORMAT_TEXT_MAX];

    if (index < 0)
        return;
    const struct draft_alarm *other = &d->alarms[index];
    micro_t limit = alarm->model.limit;
    micro_t over = high ? limit - alarm->model.deadband : limit + alarm->model.deadband;
    if (high ? limit <= other->model.limit : limit >= other->model.limit) {
        if (high) /* once for the pair */
            problems_at(d->problems, alarm->high,
                        "the high limit (%s) is not above the low limit (%s) of alarm '%s'",
                        format_print(a, limit, point->config.unit),
                        format_print(b, other->model.limit, point->config.unit), other->node->key);
    } else if (high ? over < other->model.limit : over > other->model.limit) {
        problems_at(d->problems, alarm->deadband,
                    "the deadband is wider than the band: the alarm would be over at %s, where alarm '%s' "
                    "(%s) begins",
                    format_print(a, over, point->config.unit), other->node->key,
                    format_print(b, other->model.limit, point->config.unit));
    }
}

/* An automatic alarm of that name will be made for each point, or for each that has a calibration due. */
static void check_alarm_name(struct draft *d, const struct draft_alarm *alarm, size_t asset)
{
    static const char *const suffixes[] = {"-no-data", "-bad", "-calibration-due-90", "-calibration-due-30",
                                           "-calibration-overdue"};
    char point[ID_MAX];
    size_t len = strlen(alarm->config.id);

    if (strcmp(alarm->config.id, AUTOMATIC_CHATTER) == 0 ||
        strncmp(alarm->config.id, AUTOMATIC_BEYOND, strlen(AUTOMATIC_BEYOND)) == 0 ||
        (d->assets[asset].rounds && strcmp(alarm->config.id, AUTOMATIC_ROUNDS) == 0))
        problems_at_key(d->problems, alarm->node,
                        "'%s' is the name of an alarm that cryomon makes for each asset; choose another",
                        alarm->config.id);
    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        size_t n = strlen(suffixes[i]);
        if (len <= n || strcmp(alarm->config.id + len - n, suffixes[i]) != 0)
            continue;
        (void)snprintf(point, sizeof point, "%.*s", (int)(len - n), alarm->config.id);
        int index = names_find(&d->names, NAMES_POINT, asset, point);
        if (index >= 0 && !d->points[index].derived && (i < 2 || d->points[index].has_due))
            problems_at_key(d->problems, alarm->node,
                            "'%s' is the name of an alarm that cryomon makes for point '%s'; choose another",
                            alarm->config.id, point);
    }
}

struct taken {
    const char *id;
    bool found;
};

static void compare(void *context, enum derived_of of, unsigned which)
{
    struct taken *taken = context;

    taken->found = taken->found || strcmp(derived_alarm(of, which)->id, taken->id) == 0;
}

static void check_derived_name(struct draft *d, const struct draft_alarm *alarm, size_t asset)
{
    struct taken taken = {alarm->config.id, false};

    derived_each_alarm(d, asset, compare, &taken);
    if (taken.found)
        problems_at_key(d->problems, alarm->node,
                        "'%s' is the name of an alarm that cryomon derives for this asset; choose another",
                        alarm->config.id);
}

static bool has_limit(const struct draft_alarm *alarm)
{
    return alarm->model.kind == CONDITION_HIGH || alarm->model.kind == CONDITION_LOW;
}

/* ---------------------------------------------------------------- how fast, and how far apart */

/* a x b / 1 h, held at MICRO_MAX. */
static micro_t over_window(micro_t per_hour, uint32_t window_ms)
{
    const micro_t seconds = window_ms / 1000;

    return per_hour > MICRO_MAX / seconds ? MICRO_MAX : per_hour * seconds / 3600;
}

/* What the window can show: a change between its ends that is a step of the value, in several readings. */
static void check_rate(struct draft *d, const struct draft_alarm *alarm, const struct draft_point *point)
{
    const struct yaml_node *over = yaml_get(alarm->node, "over");
    const micro_t change = over_window(alarm->model.limit, alarm->model.window_ms);
    const uint32_t interval_ms = point->device >= 0 ? d->devices[point->device].config.interval_ms
                                 : point->derived   ? MINUTE_MS
                                                    : 0;
    char text[FORMAT_TEXT_MAX];
    char duration[DURATION_TEXT_MAX];
    micro_t resolution = MICRO_PER_UNIT;

    for (unsigned i = 0; i < point->config.format.decimals; i++)
        resolution /= 10;
    if (change < resolution)
        problems_at(d->problems, over,
                    "one step of the value would look like it: in this time it would change by less than its "
                    "resolution of %s",
                    format_print(text, resolution, point->config.unit));
    else if (change >= point->high - point->low)
        problems_at(d->problems, alarm->limit,
                    "the alarm can never fire: the values lie no further than %s apart",
                    format_print(text, point->high - point->low, point->config.unit));
    if (interval_ms > 0 && alarm->model.window_ms / interval_ms < 4)
        problems_at(d->problems, over, "too few readings to tell how fast it changes: one comes every %s",
                    scalar_print_duration(duration, interval_ms));
}

/* Limits are within +-9e15, and so are the ends: no overflow. */
static void check_distance(struct draft *d, const struct draft_alarm *alarm, const struct draft_point *point)
{
    const bool fixed = alarm->model.kind == CONDITION_DEVIATION && alarm->model.n_others == 0;
    const micro_t below = alarm->model.setpoint - point->low;
    const micro_t above = point->high - alarm->model.setpoint;
    const micro_t room = !fixed ? point->high - point->low : below > above ? below : above;
    char text[FORMAT_TEXT_MAX];

    if (alarm->model.limit >= room)
        problems_at(d->problems, alarm->limit,
                    "the alarm can never fire: the values lie no further than %s apart",
                    format_print(text, room, point->config.unit));
}

static void check_other_kinds(struct draft *d, const struct draft_alarm *alarm)
{
    const struct draft_point *point = &d->points[alarm->point];

    if (alarm->model.kind == CONDITION_RATE && alarm->model.window_ms > 0)
        check_rate(d, alarm, point);
    else if (alarm->model.kind == CONDITION_DEVIATION || alarm->model.kind == CONDITION_DISAGREE)
        check_distance(d, alarm, point);
}

void check_alarms(struct draft *d)
{
    for (size_t i = 0; i < d->n_alarms; i++) {
        struct draft_alarm *alarm = &d->alarms[i];
        check_alarm_name(d, alarm, alarm->config.asset);
        check_derived_name(d, alarm, alarm->config.asset);
        if (alarm->broken || d->points[alarm->point].broken)
            continue;
        if (!has_limit(alarm))
            check_other_kinds(d, alarm);
        else if (check_reach(d, alarm, &d->points[alarm->point]))
            note_limit(d, i);
        else
            alarm->broken = true;
    }
    for (size_t i = 0; i < d->n_alarms; i++) {
        const struct draft_alarm *alarm = &d->alarms[i];
        if (!alarm->broken && !d->points[alarm->point].broken && has_limit(alarm))
            check_band(d, alarm);
    }
}
