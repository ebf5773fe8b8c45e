/* derive_words.c - what an alarm says beside its text: the estimate and its interval, in both languages. */
#include "derive_internal.h"

#include <string.h>

#define MORE_MAX 32 /* bytes of what may follow a name: ", ", " and 65535 more" in either language */

struct words {
    char *text;
    size_t cap, len;
    bool zh;
};

/* What does not fit is cut between two characters. */
static void say(struct words *w, const char *en, const char *zh)
{
    const char *part = w->zh ? zh : en;
    size_t len = strlen(part), room = w->cap - w->len - 1;
    if (len > room) {
        len = room;
        while (len > 0 && ((unsigned char)part[len] & 0xc0) == 0x80)
            len--;
        w->cap = w->len + len + 1; /* and nothing comes behind it */
    }
    memcpy(w->text + w->len, part, len);
    w->len += len;
    w->text[w->len] = '\0';
}

static void also(struct words *w)
{
    if (w->len > 0)
        say(w, "; ", "；");
}

static void number(struct words *w, micro_t value, unsigned decimals)
{
    char text[MICRO_TEXT_MAX];
    (void)micro_print(text, sizeof text, micro_round(value, decimals), decimals);
    say(w, text, text);
}

/* As many decimals as its size is worth. */
static unsigned decimals_of(micro_t value)
{
    return value < 10 * MICRO_PER_UNIT && value > -10 * MICRO_PER_UNIT ? 1 : 0;
}

/* " (4 to 7)" */
static void interval(struct words *w, const struct tank_quantity *q, unsigned decimals)
{
    say(w, " (", "（");
    number(w, q->low, decimals);
    say(w, " to ", " 至 ");
    number(w, q->high, decimals);
    say(w, ")", "）");
}

/* "5 h (4 to 7)" or "at least 4 h"; unit as " h". */
static void quantity(struct words *w, const struct tank_quantity *q, const char *unit)
{
    if (!q->known)
        say(w, "at least ", "至少 ");
    micro_t value = q->known ? q->value : q->low;
    unsigned decimals = decimals_of(value);
    number(w, value, decimals);
    say(w, unit, unit);
    if (q->known && q->low != q->high)
        interval(w, q, decimals);
}

static void of_vacuum(struct words *w, const struct tank_view *view)
{
    if (view->vacuum_index.known) {
        say(w, "vacuum index ", "真空指数 ");
        number(w, view->vacuum_index.value, 1);
        interval(w, &view->vacuum_index, 1);
    }
    if (view->boil_l_day.known) {
        also(w);
        say(w, "boil-off ", "蒸发 ");
        quantity(w, &view->boil_l_day, " L/d");
    } else if (view->boil_cm_day.known) {
        also(w);
        say(w, "boil-off ", "蒸发 ");
        quantity(w, &view->boil_cm_day, " cm/d");
    }
}

static void of_time(struct words *w, const struct tank_view *view)
{
    struct tank_quantity left;
    bool to_empty;
    if (!derive_tank_left(view, &to_empty, &left))
        return;
    also(w);
    if (w->zh)
        say(w, "", to_empty ? "距耗尽还有 " : "距 -150 °C 还有 ");
    quantity(w, &left, " h");
    say(w, to_empty ? " left until empty" : " left to -150 °C", "");
}

/* As the display of its controller has it. */
static void in_own_unit(struct words *w, const struct derive *d, const struct role *role, micro_t value)
{
    const struct point_config *point = &d->config->points[role->point];
    number(w, derive_tank_own_unit(role, value), point->format.decimals);
    say(w, " ", " ");
    say(w, point->unit, point->unit);
}

static void of_level(struct words *w, const struct derive *d, const struct derive_vessel *v)
{
    if (v->tank.input.level.quality != QUALITY_GOOD)
        return;
    also(w);
    say(w, "level ", "液位 ");
    in_own_unit(w, d, v->inputs[VESSEL_LEVEL].role, v->tank.input.level.value);
}

static void of_fills(struct words *w, const struct tank_view *view)
{
    if (view->since_fill_h.known) {
        also(w);
        say(w, "last filled ", "上次补液在 ");
        quantity(w, &view->since_fill_h, " h");
        say(w, " ago", " 前");
    }
    if (view->fill_every_h.known) {
        also(w);
        say(w, "usually every ", "通常每 ");
        quantity(w, &view->fill_every_h, " h");
        say(w, "", " 一次");
    }
}

static void of_this_fill(struct words *w, const struct derive_vessel *v, const struct tank_view *view)
{
    if (view->phase == TANK_FILLING) {
        double minutes = (double)(v->tank.now_us - view->phase_since_us) / 60e6;
        also(w);
        say(w, "filling for ", "已补液 ");
        number(w, (micro_t)(minutes * 1e6), 0);
        say(w, " min", " min");
    }
    if (view->fill_takes_min.known) {
        also(w);
        say(w, "it usually takes ", "通常需 ");
        quantity(w, &view->fill_takes_min, " min");
    }
}

static void of_temps(struct words *w, const struct tank *t)
{
    for (unsigned i = 0; i < TANK_TEMPS; i++) {
        if (t->input.temps[i].quality != QUALITY_GOOD)
            continue;
        also(w);
        number(w, t->input.temps[i].value, 1);
        say(w, " °C", " °C");
    }
}

static const char *name_of(const struct words *w, const struct derive *d, const struct derive_vessel *v)
{
    const struct asset_config *asset = &d->config->assets[v->config->asset];
    return bilingual_get(&asset->name, w->zh ? LANGUAGE_ZH : LANGUAGE_EN, asset->id);
}

static void of_mapping(struct words *w, const struct derive *d, const struct derive_vessel *v)
{
    int other;
    enum derive_by by;
    if (derive_hall_mapping(d, v, &other, &by) != DERIVE_HOLDS || other < 0)
        return;
    if (by == DERIVE_BY_LID)
        say(w, "the opening of the lid appeared on the temperature probe of ",
            "开盖引起的升温出现在另一温度探头上：");
    else if (by == DERIVE_BY_OTHER_FILL)
        say(w, "the level shown here rose with the fill of ", "此处显示的液位随另一储罐补液而上升：");
    else
        say(w, "the fill appeared in ", "补液出现在 ");
    const char *name = name_of(w, d, &d->vessels[other]);
    say(w, name, name);
}

static void of_tank(struct words *w, const struct derive *d, const struct derive_vessel *v, unsigned alarm)
{
    struct tank_view view;
    derive_tank(d, (uint16_t)(v - d->vessels), &view);
    if (alarm == TANK_ALARM_MAPPING) {
        of_mapping(w, d, v);
        return;
    }
    if (alarm == TANK_ALARM_VACUUM_FAILING || alarm == TANK_ALARM_VACUUM_WATCH) {
        of_vacuum(w, &view);
        of_time(w, &view);
        return;
    }
    if (alarm >= TANK_FLAGS) {
        of_time(w, &view);
        of_level(w, d, v);
        return;
    }
    uint32_t flag = 1u << alarm;
    if (flag & (TANK_TEMP_TOO_WARM | TANK_TEMP_TOO_COLD | TANK_TEMPS_DIFFER))
        of_temps(w, &v->tank);
    of_level(w, d, v);
    if (flag & (TANK_FILL_TOO_LONG | TANK_FILL_INEFFECTIVE | TANK_VALVE_STUCK_CLOSED | TANK_SUPPLY_WEAK))
        of_this_fill(w, v, &view);
    if (flag & (TANK_FILL_TOO_OFTEN | TANK_FILL_OVERDUE))
        of_fills(w, &view);
    if (flag & (TANK_FILL_OVERDUE | TANK_FILL_BLOCKED | TANK_FILL_INEFFECTIVE | TANK_VALVE_STUCK_CLOSED))
        of_time(w, &view);
}

/* "2 tanks wait for a fill: Tank 1, Tank 2": by name, or as many as there is room for, and how many more. */
static void of_waiting(struct words *w, const struct derive *d, uint16_t supply)
{
    unsigned judged, left = derive_hall_waiting(d, supply, &judged);
    if (left == 0)
        return;
    also(w);
    number(w, (micro_t)left * MICRO_PER_UNIT, 0);
    say(w, left == 1 ? " tank waits for a fill: " : " tanks wait for a fill: ", " 个储罐等待补液：");
    bool first = true;
    for (unsigned i = 0; i < d->config->n_vessels && left > 0; i++) {
        const struct derive_vessel *v = &d->vessels[i];
        if (v->config->supply != supply || !derive_hall_waits(v))
            continue;
        const char *name = name_of(w, d, v);
        if (w->len + strlen(name) + (left > 1 ? MORE_MAX : 4) >= w->cap)
            break;
        if (!first)
            say(w, ", ", "、");
        say(w, name, name);
        first = false;
        left--;
    }
    if (left > 0) {
        say(w, first ? "" : " and ", first ? "" : " 另有 ");
        number(w, (micro_t)left * MICRO_PER_UNIT, 0);
        say(w, " more", " 个");
    }
}

static void of_stock(struct words *w, const struct derive *d, const struct derive_supply *s)
{
    struct reading stock = derive_tank_input_now(d, &s->stock);
    if (stock.quality != QUALITY_GOOD)
        return;
    also(w);
    say(w, "stock ", "存量 ");
    in_own_unit(w, d, s->stock.role, stock.value);
}

static void of_supply(struct words *w, const struct derive *d, uint16_t supply, unsigned alarm)
{
    struct hall_view view;
    derive_supply(d, supply, &view);
    if (alarm == SUPPLY_ALARM_SHORT) {
        if (view.supply_days.known || view.supply_days.at_least) {
            if (w->zh)
                say(w, "", "距储备线还有 ");
            quantity(w, &view.supply_days, " d");
            say(w, " left to the reserve", "");
        }
        if (view.supply_l_day.known) {
            also(w);
            say(w, "drawn ", "用量 ");
            quantity(w, &view.supply_l_day, " L/d");
        }
        of_stock(w, d, &d->supplies[supply]);
        return;
    }
    if (view.since_fill_h.known || view.since_fill_h.at_least) {
        say(w, "no tank filled for ", "无储罐补液已 ");
        quantity(w, &view.since_fill_h, " h");
    }
    of_waiting(w, d, supply);
}

static int find(const int *alarms, unsigned n, uint16_t alarm)
{
    for (unsigned i = 0; i < n; i++) {
        if (alarms[i] == alarm)
            return (int)i;
    }
    return -1;
}

void derive_words(const struct derive *d, uint16_t alarm, enum language language, char *text, size_t cap)
{
    const struct config *config = d->config;
    struct words w = {.text = text, .cap = cap, .zh = language == LANGUAGE_ZH};
    if (cap == 0)
        return;
    text[0] = '\0';
    uint16_t asset = config->alarms[alarm].asset;
    int vessel = derive_tank_of(d, asset), which;
    if (vessel >= 0 && (which = find(config->vessels[vessel].alarms, TANK_ALARM_COUNT, alarm)) >= 0)
        of_tank(&w, d, &d->vessels[vessel], (unsigned)which);
    for (unsigned i = 0; i < config->n_supplies; i++) {
        which = config->supplies[i].asset == asset
                    ? find(config->supplies[i].alarms, SUPPLY_ALARM_COUNT, alarm)
                    : -1;
        if (which >= 0)
            of_supply(&w, d, (uint16_t)i, (unsigned)which);
    }
    for (unsigned i = 0; i < config->n_freezers; i++) {
        which = config->freezers[i].asset == asset
                    ? find(config->freezers[i].alarms, FREEZER_ALARM_COUNT, alarm)
                    : -1;
        if (which >= 0)
            derive_freezer_words(d, (uint16_t)i, (unsigned)which, language, text, cap);
    }
}
