#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "draft.h"
#include "entries.h"
#include "format.h"
#include "scalar.h"

void entries_add(struct entries *e, const char *key, const char *format, ...)
{
    char value[2048];
    va_list args;

    va_start(args, format);
    int n = vsnprintf(value, sizeof value, format, args);
    va_end(args);
    if (n < 0 || e->no_memory)
        return;
    if (e->n == e->cap) {
        size_t cap = e->cap == 0 ? 256 : e->cap * 2;
        struct entry *grown = reallocarray(e->items, cap, sizeof *grown);
        if (grown == NULL) {
            e->no_memory = true;
            return;
        }
        e->items = grown;
        e->cap = cap;
    }
    size_t path_len = strlen(e->prefix) + strlen(key);
    size_t value_len = strlen(value);
    char *both = malloc(path_len + value_len + 2);
    if (both == NULL) {
        e->no_memory = true;
        return;
    }
    (void)snprintf(both, path_len + 1, "%s%s", e->prefix, key);
    memcpy(both + path_len + 1, value, value_len + 1);
    e->items[e->n++] = (struct entry){.path = both, .value = both + path_len + 1};
}

void entries_prefix(struct entries *e, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(e->prefix, sizeof e->prefix, format, args);
    va_end(args);
}

/* ---------------------------------------------------------------- values */

void entries_text(struct entries *e, const char *key, const char *value)
{
    if (value[0] != '\0')
        entries_add(e, key, "%s", value);
}

void entries_bilingual(struct entries *e, const char *key, const struct bilingual *b)
{
    if (strcmp(b->text[LANGUAGE_EN], b->text[LANGUAGE_ZH]) == 0)
        entries_text(e, key, b->text[LANGUAGE_EN]);
    else
        entries_add(e, key, "%s / %s", b->text[LANGUAGE_EN], b->text[LANGUAGE_ZH]);
}

void entries_duration(struct entries *e, const char *key, uint32_t ms)
{
    char text[DURATION_TEXT_MAX];

    entries_add(e, key, "%s", scalar_print_duration(text, ms));
}

void entries_bool(struct entries *e, const char *key, bool value)
{
    entries_add(e, key, "%s", value ? "true" : "false");
}

void entries_value(struct entries *e, const char *key, micro_t value, const char *unit)
{
    char text[FORMAT_TEXT_MAX];

    entries_add(e, key, "%s", format_print(text, value, unit));
}

/* ---------------------------------------------------------------- buses and devices */

static void add_bus(struct entries *e, const struct bus_config *bus)
{
    if (bus->kind == BUS_TCP) {
        entries_prefix(e, "buses.%s.tcp.", bus->id);
        entries_text(e, "host", bus->host);
        entries_add(e, "port", "%u", bus->port);
        entries_duration(e, "connect_timeout", bus->connect_timeout_ms);
        if (bus->ignore_transaction_id)
            entries_bool(e, "ignore_transaction_id", true);
        if (bus->close_between_polls)
            entries_bool(e, "close_between_polls", true);
        if (bus->max_connections > 0)
            entries_add(e, "max_connections", "%u", bus->max_connections);
        return;
    }
    entries_prefix(e, "buses.%s.rtu.", bus->id);
    entries_text(e, "device", bus->device);
    entries_add(e, "baud", "%" PRIu32, bus->baud);
    entries_add(e, "parity", "%s", bus->parity == 'E' ? "even" : bus->parity == 'O' ? "odd" : "none");
    entries_add(e, "data_bits", "%u", bus->data_bits);
    entries_add(e, "stop_bits", "%u", bus->stop_bits);
    if (bus->echo)
        entries_bool(e, "echo", true);
}

static void add_guard(struct entries *e, const struct guard_config *guard)
{
    static const char *const kinds[] = {[GUARD_IDENTITY] = "identity",
                                        [GUARD_SETTING] = "setting",
                                        [GUARD_STATUS] = "status",
                                        [GUARD_HEARTBEAT] = "heartbeat"};
    char key[ID_MAX + 16];
    char text[GUARD_VALUES_MAX * 48] = "";
    size_t len = 0;

    (void)snprintf(key, sizeof key, "%s.%s", guard->register_name, kinds[guard->rule.kind]);
    for (unsigned i = 0; i < guard->rule.n_values && len < sizeof text; i++) {
        const struct guard_value *value = &guard->rule.values[i];
        int n = snprintf(
            text + len, sizeof text - len, "%s%" PRId64 "%s%s", i > 0 ? ", " : "",
            value->value / MICRO_PER_UNIT, guard->rule.kind == GUARD_STATUS ? ": " : "",
            guard->rule.kind == GUARD_STATUS ? fields_choice_name(draft_reasons, (int)value->reason) : "");
        len += n > 0 ? (size_t)n : 0;
    }
    if (guard->rule.kind == GUARD_HEARTBEAT)
        entries_duration(e, key, guard->rule.within_ms);
    else
        entries_add(e, key, "function %u, address %u: %s; other: %s", (unsigned)guard->table, guard->address,
                    text, fields_choice_name(draft_reasons, (int)guard->rule.other));
}

static void add_device(struct entries *e, const struct config *c, const struct device_config *device)
{
    entries_prefix(e, "devices.%s.", device->id);
    entries_text(e, "bus", c->buses[device->bus].id);
    entries_add(e, "unit", "%u", device->unit);
    entries_text(e, "profile", device->profile);
    entries_duration(e, "interval", device->interval_ms);
    entries_duration(e, "timeout", device->timeout_ms);
    entries_duration(e, "quiet", device->quiet_ms);
    entries_add(e, "max_registers", "%u", device->max_registers);
    entries_add(e, "max_gap", "%u", device->max_gap);
    entries_duration(e, "pause", device->pause_ms);
    for (unsigned i = 0; i < device->n_holes; i++)
        entries_add(e, "holes", "%u to %u", device->holes[i].first, device->holes[i].last);
    for (uint32_t i = device->first_guard; i < device->first_guard + device->n_guards; i++)
        add_guard(e, &c->guards[i]);
}

/* ---------------------------------------------------------------- points */

static void add_states(struct entries *e, const struct reg_format *f)
{
    char text[STATES_MAX * (2 * STATE_NAME_MAX + 28)];
    size_t len = 0;

    for (unsigned i = 0; i < f->n_states && len < sizeof text; i++) {
        const struct reg_state *state = &f->states[i];
        bool zh = state->zh[0] != '\0' && strcmp(state->zh, state->name) != 0;
        int n = snprintf(text + len, sizeof text - len, "%s%" PRId64 ": %s%s%s%s", i > 0 ? ", " : "",
                         state->value, state->name, zh ? " (" : "", zh ? state->zh : "", zh ? ")" : "");
        len += n > 0 ? (size_t)n : 0;
    }
    entries_add(e, "states", "%s", text);
}

static void add_sentinels(struct entries *e, const struct reg_format *f)
{
    char text[SENTINELS_MAX * 16] = "";
    size_t len = 0;

    for (unsigned i = 0; i < f->n_sentinels && len < sizeof text; i++) {
        int n = snprintf(text + len, sizeof text - len, "%s0x%0*" PRIx32, i > 0 ? ", " : "",
                         decode_width(f) == 2 ? 8 : 4, f->sentinels[i].raw);
        len += n > 0 ? (size_t)n : 0;
    }
    entries_text(e, "sentinels", text);
}

static void add_number(struct entries *e, const struct point_config *point)
{
    const struct reg_format *f = &point->format;
    char low[FORMAT_TEXT_MAX];
    char high[FORMAT_TEXT_MAX];
    micro_t resolution = MICRO_PER_UNIT;

    for (unsigned i = 0; i < f->decimals; i++)
        resolution /= 10;
    entries_value(e, "resolution", resolution, point->unit);
    entries_add(e, "scale", "%" PRId64 "/%" PRId64, f->scale_num, f->scale_den);
    entries_value(e, "offset", f->offset, point->unit);
    entries_text(e, "unit", point->unit);
    if (f->has_range)
        entries_add(e, "plausible", "%s to %s", format_print(low, f->plausible_min, point->unit),
                    format_print(high, f->plausible_max, point->unit));
}

/* One line for each, by the date from which it counts: "calibration.2026-01-15T00:00:00.000Z". */
static void add_calibration(struct entries *e, const struct calibration_config *c)
{
    char key[64];
    char from[RFC3339_MAX];
    char text[CALIBRATION_TEXT_MAX];

    clock_print_utc(from, c->from_utc_us);
    (void)snprintf(key, sizeof key, "calibration.%s", from);
    (void)calibration_print(text, sizeof text, &c->calibration);
    entries_add(e, key, "%s; certificate %s, date %s, due %s, reference %s", text,
                c->certificate[0] != '\0' ? c->certificate : "none", c->date[0] != '\0' ? c->date : "none",
                c->due[0] != '\0' ? c->due : "none", c->reference[0] != '\0' ? c->reference : "none");
}

static void add_exposures(struct entries *e, const struct asset_config *asset)
{
    char text[EXPOSURES_MAX * (FORMAT_TEXT_MAX + 2)] = "none";
    char one[FORMAT_TEXT_MAX];
    size_t len = 0;

    for (unsigned i = 0; i < asset->n_exposures && len < sizeof text; i++) {
        int n = snprintf(text + len, sizeof text - len, "%s%s", i > 0 ? ", " : "",
                         format_print(one, asset->exposures[i], asset->exposure_unit));
        len += n > 0 ? (size_t)n : 0;
    }
    entries_text(e, "exposure", text);
}

static void add_point(struct entries *e, const struct config *c, const struct point_config *point,
                      const struct point_model *model)
{
    static const char *const types[] = {[REG_U16] = "u16", [REG_S16] = "s16",     [REG_U32] = "u32",
                                        [REG_S32] = "s32", [REG_F32] = "float32", [REG_BIT] = "bit"};
    static const char *const tables[] = {[TABLE_COIL] = "coil",
                                         [TABLE_DISCRETE] = "discrete",
                                         [TABLE_HOLDING] = "holding",
                                         [TABLE_INPUT] = "input"};
    const struct reg_format *f = &point->format;

    entries_prefix(e, "assets.%s.points.%s.", c->assets[point->asset].id, point->id);
    entries_bilingual(e, "name", &point->name);
    entries_text(e, "device", c->devices[point->device].id);
    entries_add(e, "register", "%s (%s %u, %s)", point->register_name, tables[point->table], point->address,
                types[f->type]);
    entries_duration(e, "no_data_after", model->stale_after_ms);
    if (model->trend_window_ms > 0)
        entries_duration(e, "trend_over", model->trend_window_ms);
    add_sentinels(e, f);
    if (f->mask != 0)
        entries_add(e, "mask", "0x%" PRIx32, f->mask);
    if (decode_width(f) == 2)
        entries_text(e, "word_order", fields_choice_name(draft_word_orders, (int)f->order));
    if (f->type == REG_BIT)
        entries_add(e, "bit", "%u%s", f->bit, f->invert ? ", inverted" : "");
    if (f->n_states > 0)
        add_states(e, f);
    else
        add_number(e, point);
    for (uint32_t i = 0; i < point->n_calibrations; i++)
        add_calibration(e, &c->calibrations[point->first_calibration + i]);
}

/* ---------------------------------------------------------------- lists */

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->path, ((const struct entry *)b)->path);
}

void entries_free(struct entries *e)
{
    for (size_t i = 0; i < e->n; i++)
        free(e->items[i].path);
    free(e->items);
}

void entries_list(struct entries *e, const struct config *c)
{
    entries_site(e, c);
    for (size_t i = 0; i < c->n_buses; i++)
        add_bus(e, &c->buses[i]);
    for (size_t i = 0; i < c->n_devices; i++)
        add_device(e, c, &c->devices[i]);
    for (size_t i = 0; i < c->n_assets; i++) {
        entries_prefix(e, "assets.%s.", c->assets[i].id);
        entries_bilingual(e, "name", &c->assets[i].name);
        entries_text(e, "kind", asset_kind_name(c->assets[i].kind));
        if (c->assets[i].kind != ASSET_SYSTEM)
            add_exposures(e, &c->assets[i]);
        if (c->assets[i].rounds_alarm >= 0)
            entries_bool(e, "rounds", true);
    }
    for (uint16_t i = 0; i < c->n_points; i++) {
        if (!config_is_derived(c, i)) /* it follows from the rest */
            add_point(e, c, &c->points[i], &c->point_models[i]);
    }
    entries_derived(e, c);
    for (size_t i = 0; i < c->n_programs; i++)
        entries_program(e, c->programs[i]);
    for (size_t i = 0; i < c->n_alarms; i++) {
        if (!c->alarms[i].automatic)
            entries_alarm(e, c, i);
    }
    if (e->n > 0)
        qsort(e->items, e->n, sizeof *e->items, by_path);
}
