#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "draft.h"
#include "format.h"
#include "scalar.h"

/*
 * A configuration as a list of "path", "value" in the words of the files, sorted by path; two lists are then
 * merged. Paths have ids in them, not indices, so the order of things in a file makes no difference.
 */
struct entry {
    char *path; /* one allocation: path NUL value NUL */
    char *value;
};

struct entries {
    struct entry *items;
    size_t n, cap;
    bool no_memory;
    char prefix[4 * ID_MAX]; /* "assets.tank-1.points.level." */
};

static void add(struct entries *e, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void add(struct entries *e, const char *key, const char *format, ...)
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

static void set_prefix(struct entries *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void set_prefix(struct entries *e, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(e->prefix, sizeof e->prefix, format, args);
    va_end(args);
}

/* ---------------------------------------------------------------- values */

static void add_text(struct entries *e, const char *key, const char *value)
{
    if (value[0] != '\0')
        add(e, key, "%s", value);
}

static void add_bilingual(struct entries *e, const char *key, const struct bilingual *b)
{
    if (strcmp(b->text[LANGUAGE_EN], b->text[LANGUAGE_ZH]) == 0)
        add_text(e, key, b->text[LANGUAGE_EN]);
    else
        add(e, key, "%s / %s", b->text[LANGUAGE_EN], b->text[LANGUAGE_ZH]);
}

static void add_duration(struct entries *e, const char *key, uint32_t ms)
{
    char text[DURATION_TEXT_MAX];

    add(e, key, "%s", scalar_print_duration(text, ms));
}

static void add_bool(struct entries *e, const char *key, bool value)
{
    add(e, key, "%s", value ? "true" : "false");
}

static void add_value(struct entries *e, const char *key, micro_t value, const char *unit)
{
    char text[FORMAT_TEXT_MAX];

    add(e, key, "%s", format_print(text, value, unit));
}

/* ---------------------------------------------------------------- sections */

static void add_site(struct entries *e, const struct config *c)
{
    set_prefix(e, "site.");
    add_text(e, "id", c->site_id);
    add_bilingual(e, "name", &c->site_name);
    add_text(e, "language", c->language == LANGUAGE_ZH ? "zh" : "en");
    set_prefix(e, "storage.");
    add_text(e, "directory", c->storage.directory);
    add_duration(e, "commit_interval", c->storage.commit_interval_ms);
    if (c->storage.keep_days > 0)
        add(e, "keep", "%" PRIu32 " d", c->storage.keep_days);
    else
        add_text(e, "keep", "forever");
    set_prefix(e, "review.");
    if (c->review.every_days > 0)
        add(e, "every", "%" PRIu32 " d", c->review.every_days);
    set_prefix(e, "control.");
    add_text(e, "socket", c->control_socket);
    if (!c->mqtt.enabled)
        return;
    set_prefix(e, "mqtt.");
    add_text(e, "broker", c->mqtt.uri);
    add_text(e, "client_id", c->mqtt.client_id);
    add_text(e, "username", c->mqtt.username);
    add_text(e, "password_file", c->mqtt.password_file);
    add_text(e, "password_credential", c->mqtt.password_credential);
    add_text(e, "ca_file", c->mqtt.ca_file);
    add_text(e, "certificate_file", c->mqtt.certificate_file);
    add_text(e, "key_file", c->mqtt.key_file);
    add_duration(e, "keep_alive", c->mqtt.keep_alive_s * UINT32_C(1000));
    add_bool(e, "home_assistant", c->mqtt.home_assistant);
    add_bool(e, "commands", c->mqtt.commands);
}

static void add_bus(struct entries *e, const struct bus_config *bus)
{
    if (bus->kind == BUS_TCP) {
        set_prefix(e, "buses.%s.tcp.", bus->id);
        add_text(e, "host", bus->host);
        add(e, "port", "%u", bus->port);
        add_duration(e, "connect_timeout", bus->connect_timeout_ms);
        if (bus->ignore_transaction_id)
            add_bool(e, "ignore_transaction_id", true);
        if (bus->close_between_polls)
            add_bool(e, "close_between_polls", true);
        if (bus->max_connections > 0)
            add(e, "max_connections", "%u", bus->max_connections);
        return;
    }
    set_prefix(e, "buses.%s.rtu.", bus->id);
    add_text(e, "device", bus->device);
    add(e, "baud", "%" PRIu32, bus->baud);
    add(e, "parity", "%s", bus->parity == 'E' ? "even" : bus->parity == 'O' ? "odd" : "none");
    add(e, "data_bits", "%u", bus->data_bits);
    add(e, "stop_bits", "%u", bus->stop_bits);
    if (bus->echo)
        add_bool(e, "echo", true);
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
        add_duration(e, key, guard->rule.within_ms);
    else
        add(e, key, "function %u, address %u: %s; other: %s", (unsigned)guard->table, guard->address, text,
            fields_choice_name(draft_reasons, (int)guard->rule.other));
}

static void add_device(struct entries *e, const struct config *c, const struct device_config *device)
{
    set_prefix(e, "devices.%s.", device->id);
    add_text(e, "bus", c->buses[device->bus].id);
    add(e, "unit", "%u", device->unit);
    add_text(e, "profile", device->profile);
    add_duration(e, "interval", device->interval_ms);
    add_duration(e, "timeout", device->timeout_ms);
    add_duration(e, "quiet", device->quiet_ms);
    add(e, "max_registers", "%u", device->max_registers);
    add(e, "max_gap", "%u", device->max_gap);
    add_duration(e, "pause", device->pause_ms);
    for (unsigned i = 0; i < device->n_holes; i++)
        add(e, "holes", "%u to %u", device->holes[i].first, device->holes[i].last);
    for (uint32_t i = device->first_guard; i < device->first_guard + device->n_guards; i++)
        add_guard(e, &c->guards[i]);
}

/* ---------------------------------------------------------------- points and alarms */

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
    add(e, "states", "%s", text);
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
    add_text(e, "sentinels", text);
}

static void add_number(struct entries *e, const struct point_config *point)
{
    const struct reg_format *f = &point->format;
    char low[FORMAT_TEXT_MAX];
    char high[FORMAT_TEXT_MAX];
    micro_t resolution = MICRO_PER_UNIT;

    for (unsigned i = 0; i < f->decimals; i++)
        resolution /= 10;
    add_value(e, "resolution", resolution, point->unit);
    add(e, "scale", "%" PRId64 "/%" PRId64, f->scale_num, f->scale_den);
    add_value(e, "offset", f->offset, point->unit);
    add_text(e, "unit", point->unit);
    if (f->has_range)
        add(e, "plausible", "%s to %s", format_print(low, f->plausible_min, point->unit),
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
    add(e, key, "%s; certificate %s, date %s, due %s, reference %s", text,
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
    add_text(e, "exposure", text);
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

    set_prefix(e, "assets.%s.points.%s.", c->assets[point->asset].id, point->id);
    add_bilingual(e, "name", &point->name);
    add_text(e, "device", c->devices[point->device].id);
    add(e, "register", "%s (%s %u, %s)", point->register_name, tables[point->table], point->address,
        types[f->type]);
    add_duration(e, "no_data_after", model->stale_after_ms);
    add_sentinels(e, f);
    if (f->mask != 0)
        add(e, "mask", "0x%" PRIx32, f->mask);
    if (decode_width(f) == 2)
        add_text(e, "word_order", fields_choice_name(draft_word_orders, (int)f->order));
    if (f->type == REG_BIT)
        add(e, "bit", "%u%s", f->bit, f->invert ? ", inverted" : "");
    if (f->n_states > 0)
        add_states(e, f);
    else
        add_number(e, point);
    for (uint32_t i = 0; i < point->n_calibrations; i++)
        add_calibration(e, &c->calibrations[point->first_calibration + i]);
}

static void add_alarm(struct entries *e, const struct config *c, size_t index)
{
    const struct alarm_config *alarm = &c->alarms[index];
    const struct alarm_model *model = &c->alarm_models[index];
    const struct point_config *point = &c->points[model->point];

    set_prefix(e, "assets.%s.alarms.%s.", c->assets[alarm->asset].id, alarm->id);
    add_text(e, "point", point->id);
    if (model->kind == CONDITION_STATE) {
        char text[ALARM_STATES_MAX * (STATE_NAME_MAX + 2)] = "";
        size_t len = 0;
        for (unsigned i = 0; i < model->n_states && len < sizeof text; i++) {
            const char *name = decode_state_name(&point->format, model->states[i]);
            int n =
                snprintf(text + len, sizeof text - len, "%s%s", i > 0 ? ", " : "", name != NULL ? name : "?");
            len += n > 0 ? (size_t)n : 0;
        }
        add_text(e, "state", text);
    } else if (model->kind == CONDITION_FLATLINE) {
        add_duration(e, "flatline", model->on_delay_ms);
    } else {
        add_value(e, model->kind == CONDITION_HIGH ? "high" : "low", model->limit, point->unit);
        add_value(e, "deadband", model->deadband, point->unit);
    }
    if (model->kind != CONDITION_FLATLINE) {
        add_duration(e, "on_delay", model->on_delay_ms);
        add_duration(e, "off_delay", model->off_delay_ms);
    }
    add_text(e, "priority", fields_choice_name(draft_priorities, (int)model->priority));
    add_bilingual(e, "text", &alarm->text);
    add_bilingual(e, "response", &alarm->response);
}

/* ---------------------------------------------------------------- lists */

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->path, ((const struct entry *)b)->path);
}

static void free_entries(struct entries *e)
{
    for (size_t i = 0; i < e->n; i++)
        free(e->items[i].path);
    free(e->items);
}

/* Alarms that cryomon makes by itself follow from the rest and are left out. */
static void list(struct entries *e, const struct config *c)
{
    add_site(e, c);
    for (size_t i = 0; i < c->n_buses; i++)
        add_bus(e, &c->buses[i]);
    for (size_t i = 0; i < c->n_devices; i++)
        add_device(e, c, &c->devices[i]);
    for (size_t i = 0; i < c->n_assets; i++) {
        set_prefix(e, "assets.%s.", c->assets[i].id);
        add_bilingual(e, "name", &c->assets[i].name);
        add_text(e, "kind", asset_kind_name(c->assets[i].kind));
        if (c->assets[i].kind != ASSET_SYSTEM)
            add_exposures(e, &c->assets[i]);
    }
    for (size_t i = 0; i < c->n_points; i++)
        add_point(e, c, &c->points[i], &c->point_models[i]);
    for (size_t i = 0; i < c->n_alarms; i++) {
        if (!c->alarms[i].automatic)
            add_alarm(e, c, i);
    }
    if (e->n > 0)
        qsort(e->items, e->n, sizeof *e->items, by_path);
}

static void write_difference(FILE *out, const struct entries *a, const struct entries *b)
{
    size_t i = 0;
    size_t k = 0;

    while (i < a->n || k < b->n) {
        int order = i == a->n ? 1 : k == b->n ? -1 : strcmp(a->items[i].path, b->items[k].path);
        if (order < 0)
            (void)fprintf(out, "- %s: %s\n", a->items[i].path, a->items[i].value);
        else if (order > 0)
            (void)fprintf(out, "+ %s: %s\n", b->items[k].path, b->items[k].value);
        else if (strcmp(a->items[i].value, b->items[k].value) != 0)
            (void)fprintf(out, "%s: %s -> %s\n", a->items[i].path, a->items[i].value, b->items[k].value);
        if (order <= 0)
            i++;
        if (order >= 0)
            k++;
    }
}

char *settings_diff(const struct config *old_config, const struct config *new_config)
{
    struct entries a = {.items = NULL};
    struct entries b = {.items = NULL};
    char *text = NULL;
    size_t size = 0;
    FILE *out = NULL;

    list(&a, old_config);
    list(&b, new_config);
    if (!a.no_memory && !b.no_memory)
        out = open_memstream(&text, &size);
    if (out != NULL) {
        write_difference(out, &a, &b);
        bool failed = ferror(out) != 0;
        if (fclose(out) != 0 || failed) {
            free(text);
            text = NULL;
        }
    }
    free_entries(&a);
    free_entries(&b);
    return text;
}
