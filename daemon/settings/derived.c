/* derived.c - which derived points and alarms a tank, a supply and a freezer have. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "draft.h"
#include "format.h"
#include "tank.h"

_Static_assert(TANK_TEMPS_DIFFER == 1 << (TANK_FLAGS - 1), "an alarm for each flag");

#define STALE_MS (3 * MINUTE_MS) /* derived readings come once a minute */

static unsigned count_points(enum derived_of of)
{
    static const unsigned counts[] = {[DERIVED_OF_TANK] = TANK_POINT_COUNT,
                                      [DERIVED_OF_SUPPLY] = SUPPLY_POINT_COUNT,
                                      [DERIVED_OF_FREEZER] = FREEZER_POINT_COUNT};
    return counts[of];
}

static unsigned count_alarms(enum derived_of of)
{
    static const unsigned counts[] = {[DERIVED_OF_TANK] = TANK_ALARM_COUNT,
                                      [DERIVED_OF_SUPPLY] = SUPPLY_ALARM_COUNT,
                                      [DERIVED_OF_FREEZER] = FREEZER_ALARM_COUNT};
    return counts[of];
}

/* ---------------------------------------------------------------- points */

static void set_format(struct draft_point *point, const struct derived_point *from)
{
    struct reg_format *format = &point->config.format;

    *format =
        (struct reg_format){.type = REG_S32, .scale_num = 1, .scale_den = 1, .decimals = from->decimals};
    for (unsigned i = 0; i < from->decimals; i++)
        format->scale_den *= 10;
    for (unsigned i = 0; i < from->n_states; i++) {
        struct reg_state *state = &format->states[format->n_states++];
        state->value = i;
        (void)snprintf(state->name, sizeof state->name, "%s", from->states[i][0]);
        (void)snprintf(state->zh, sizeof state->zh, "%s", from->states[i][1]);
    }
    format_reach(format, &point->low, &point->high);
    /* What can't be below zero; deviations and the ends of a slope's interval can. */
    if (strcmp(from->unit, "h") == 0 || strcmp(from->unit, "min") == 0 || strcmp(from->unit, "d") == 0 ||
        strcmp(from->unit, "L") == 0)
        point->low = 0;
}

static void set_name(struct draft_point *point, const struct derived_point *from, int bound)
{
    static const char *const suffixes[BOUNDS][2] = {
        {"", ""}, {", at least", "（至少）"}, {", at most", "（至多）"}};

    for (int i = 0; i < LANGUAGES; i++)
        (void)snprintf(point->config.name.text[i], sizeof point->config.name.text[i], "%s%s", from->name[i],
                       suffixes[bound][i]);
}

/* The file's own point of that name stands before. */
static void report_taken(struct draft *d, const struct yaml_node *node, int earlier)
{
    const struct draft_point *point = &d->points[earlier];

    problems_at_key(d->problems, point->node,
                    "'%s' is the name of a point that cryomon derives from '%s' (%s:%u); choose another",
                    point->node->key, node->key, node->file, node->key_line);
}

/* One point; its node is where what it is derived from stands, and its key is the id. Its index, or -1. */
static int add_point(struct draft *d, size_t asset, const struct yaml_node *where, struct yaml_node *made,
                     const struct derived_point *from, int bound)
{
    const char *id = from->has_interval ? from->ids[bound] : from->id;
    int earlier = -1;

    if (d->n_points >= POINTS_MAX) {
        if (!d->full[NAMES_POINT])
            problems_at_key(d->problems, where,
                            "too many points, with those that cryomon derives: at most %d; watch the other "
                            "tanks and freezers from a second cryomond",
                            POINTS_MAX);
        d->full[NAMES_POINT] = true;
        return -1;
    }
    const int r = names_add(&d->names, NAMES_POINT, asset, id, (int)d->n_points, &earlier);
    if (r == -EEXIST)
        report_taken(d, where, earlier);
    else if (r < 0)
        d->no_memory = true;
    struct draft_point *grown = draft_grow(d, d->points, d->n_points, sizeof *grown);
    if (grown == NULL || r < 0)
        return -1;
    d->points = grown;
    struct draft_point *point = &grown[d->n_points];
    *made = (struct yaml_node){.kind = YAML_SCALAR,
                               .file = where->file,
                               .line = where->line,
                               .column = where->column,
                               .key = (char *)id,
                               .key_line = where->key_line,
                               .key_column = where->key_column};
    point->node = made;
    point->derived = true;
    point->device = point->reg = point->lowest_high = point->highest_low = -1;
    point->no_data_after_ms = STALE_MS;
    point->config.asset = (uint16_t)asset;
    point->config.device = POINT_DERIVED;
    (void)snprintf(point->config.id, sizeof point->config.id, "%s", id);
    (void)snprintf(point->config.unit, sizeof point->config.unit, "%s", from->unit);
    set_name(point, from, bound);
    set_format(point, from);
    d->assets[asset].n_points++;
    return (int)d->n_points++;
}

void derived_add_points(struct draft *d, size_t asset, const struct yaml_node *node, enum derived_of of,
                        int (*points)[BOUNDS])
{
    const unsigned count = count_points(of);
    struct yaml_node **grown = draft_grow(d, d->made, d->n_made, sizeof *grown);
    struct yaml_node *made = calloc((size_t)count * BOUNDS, sizeof *made);

    if (grown != NULL)
        d->made = grown;
    if (grown == NULL || made == NULL) {
        d->no_memory = true;
        free(made);
        return;
    }
    d->made[d->n_made++] = made;
    for (unsigned i = 0; i < count; i++) {
        const struct derived_point *from = derived_point(of, i);
        for (int bound = 0; bound < BOUNDS; bound++)
            points[i][bound] = bound == BOUND_VALUE || from->has_interval
                                   ? add_point(d, asset, node, made++, from, bound)
                                   : -1;
    }
}

/* ---------------------------------------------------------------- alarms */

/* Tanks that are seen together with this one, itself too: of its supply, or those without one. */
static unsigned together(const struct draft *d, const struct draft_vessel *v)
{
    unsigned n = 0;

    for (size_t i = 0; i < d->n_vessels; i++)
        n += d->vessels[i].config.supply == v->config.supply;
    return n;
}

static bool has_vessel_alarm(const struct draft *d, const struct draft_vessel *v, unsigned which)
{
    const struct draft_supply *supply = v->config.supply >= 0 ? &d->supplies[v->config.supply] : NULL;
    const bool has_valve = v->valve != NULL;

    switch (which < TANK_FLAGS ? 1U << which : 0) {
    case TANK_FILL_INEFFECTIVE:
    case TANK_VALVE_STUCK_OPEN:
        return has_valve;
    case TANK_VALVE_STUCK_CLOSED:
        return has_valve && supply != NULL && supply->pressure != NULL;
    case TANK_OVERFILL:
        return v->high != NULL || v->stop != NULL;
    case TANK_FILL_BLOCKED:
        return v->lid != NULL && v->start != NULL;
    case TANK_TEMP_TOO_WARM:
        return v->probe_heights != NULL;
    case TANK_TEMP_TOO_COLD:
        return v->temperatures != NULL;
    case TANK_TEMPS_DIFFER:
        return v->redundant != NULL;
    default:
        return which != TANK_ALARM_MAPPING ||
               ((has_valve || (v->lid != NULL && v->temperatures != NULL)) && together(d, v) > 1);
    }
}

static bool has_supply_alarm(const struct draft_supply *s, unsigned which)
{
    if (which == SUPPLY_ALARM_NO_FILLS)
        return s->n_vessels > 0;
    return s->stock != NULL && s->config.days_at_least > 0;
}

/* Which program a run follows can be said for each run: one is enough that the alarm can be needed. */
static bool has_freezer_alarm(const struct draft *d, const struct draft_freezer *f, unsigned which)
{
    const bool has_program = f->program != NULL || d->n_programs > 0;

    switch (1U << which) {
    case FREEZER_FINDING_DEVIATION:
    case FREEZER_FINDING_STALL:
    case FREEZER_FINDING_OVERSHOOT:
    case FREEZER_FINDING_ABANDONED:
        return has_program;
    case FREEZER_FINDING_NO_EXOTHERM:
        return has_program && f->inputs[FREEZER_INPUT_SAMPLE] != NULL;
    case FREEZER_FINDING_LN2:
        return f->inputs[FREEZER_INPUT_LN2] != NULL;
    case FREEZER_FINDING_LID:
        return f->inputs[FREEZER_INPUT_LID] != NULL;
    case FREEZER_FINDING_POWER:
        return f->inputs[FREEZER_INPUT_POWER] != NULL;
    case FREEZER_FINDING_LATE:
        return f->expected != NULL;
    default:
        return true;
    }
}

static bool has_alarm(const struct draft *d, enum derived_of of, size_t thing, unsigned which)
{
    switch (of) {
    case DERIVED_OF_TANK:
        return has_vessel_alarm(d, &d->vessels[thing], which);
    case DERIVED_OF_SUPPLY:
        return has_supply_alarm(&d->supplies[thing], which);
    case DERIVED_OF_FREEZER:
        return has_freezer_alarm(d, &d->freezers[thing], which);
    }
    return false;
}

void derived_each_alarm(const struct draft *d, size_t asset,
                        void (*tell)(void *context, enum derived_of of, unsigned which), void *context)
{
    const struct draft_asset *a = &d->assets[asset];
    const int things[] = {
        [DERIVED_OF_TANK] = a->vessel, [DERIVED_OF_SUPPLY] = a->supply, [DERIVED_OF_FREEZER] = a->freezer};

    for (unsigned of = 0; of < COUNT_OF(things); of++) {
        for (unsigned i = 0; things[of] >= 0 && i < count_alarms((enum derived_of)of); i++) {
            if (has_alarm(d, (enum derived_of)of, (size_t)things[of], i))
                tell(context, (enum derived_of)of, i);
        }
    }
}

static void count_one(void *context, enum derived_of of, unsigned which)
{
    (void)of;
    (void)which;
    ++*(size_t *)context;
}

size_t derived_count_all_alarms(const struct draft *d)
{
    size_t n = 0;

    for (size_t i = 0; i < d->n_assets; i++)
        derived_each_alarm(d, i, count_one, &n);
    return n;
}
