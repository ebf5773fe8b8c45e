/* rota_read.c - shifts, dates and holidays as the file writes them. */
#include <string.h>

#include "clock.h"
#include "notify_internal.h"
#include "scalar.h"

#define DAY_US (86400 * SECOND_US)

/* "08:30"; the end of a day is "24:00" too. */
bool notify_read_time(struct reader *r, const struct yaml_node *node, bool end, uint16_t *ret_min)
{
    unsigned hour = 99, minute = 99;
    const char *t = node->kind == YAML_SCALAR ? node->text : "";
    if (strlen(t) == 5 && strspn(t, "0123456789:") == 5 && t[2] == ':') {
        hour = (unsigned)(t[0] - '0') * 10 + (unsigned)(t[1] - '0');
        minute = (unsigned)(t[3] - '0') * 10 + (unsigned)(t[4] - '0');
    }
    if (minute > 59 || hour > 24 || (hour == 24 && (minute != 0 || !end))) {
        problems_at(r->problems, node, "'%.40s' is not a time of day such as \"08:30\"", t);
        return false;
    }
    *ret_min = (uint16_t)(hour * 60 + minute);
    return true;
}

static const char *const day_names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

static int day_number(const char *text, size_t length)
{
    for (int i = 0; i < 7; i++)
        if (length == 3 && strncmp(text, day_names[i], 3) == 0)
            return i;
    return -1;
}

/* "mon", "mon-fri", "fri-mon", "holiday". */
static bool add_days(struct reader *r, const struct yaml_node *node, uint8_t *bits)
{
    const char *t = node->kind == YAML_SCALAR ? node->text : "";
    const char *dash = strchr(t, '-');
    int first = day_number(t, dash != NULL ? (size_t)(dash - t) : strlen(t));
    int last = dash != NULL ? day_number(dash + 1, strlen(dash + 1)) : first;
    if (strcmp(t, "holiday") == 0) {
        *bits |= NOTIFY_HOLIDAY;
        return true;
    }
    if (first < 0 || last < 0) {
        problems_at(r->problems, node,
                    "'%.40s' is not a day: mon, tue, wed, thu, fri, sat, sun, holiday, or mon-fri", t);
        return false;
    }
    for (int day = first;; day = (day + 1) % 7) {
        *bits |= (uint8_t)(1U << day);
        if (day == last)
            return true;
    }
}

bool notify_read_days(struct reader *r, const struct yaml_node *node, uint8_t *ret)
{
    uint8_t bits = 0;
    bool ok = true;
    if (node->kind != YAML_SEQUENCE) {
        ok = add_days(r, node, &bits);
    } else {
        for (const struct yaml_node *n = node->first; n != NULL; n = n->next)
            ok = add_days(r, n, &bits) && ok;
    }
    if (ok)
        *ret = bits;
    return ok;
}

static bool read_date(struct reader *r, const struct yaml_node *node, int32_t *ret)
{
    char text[SCALAR_DATE_MAX];
    int64_t utc_us;
    if (!scalar_date(r->problems, node, text, &utc_us))
        return false;
    *ret = (int32_t)(utc_us / DAY_US);
    return true;
}

struct shift_section {
    const struct yaml_node *days, *from, *to, *people;
};

static const struct field shift_fields[] = {
    {"days", FIELD_NODE, NODE_OF(struct shift_section, days)},
    {"from", FIELD_NODE, NODE_OF(struct shift_section, from)},
    {"to", FIELD_NODE, NODE_OF(struct shift_section, to)},
    {"people", FIELD_NODE, NODE_OF(struct shift_section, people), .flags = FIELD_REQUIRED},
};

static bool read_hours(struct reader *r, const struct yaml_node *from, const struct yaml_node *to,
                       uint16_t *ret_from, uint16_t *ret_to)
{
    *ret_from = 0;
    *ret_to = 24 * 60;
    bool ok = from == NULL || notify_read_time(r, from, false, ret_from);
    return (to == NULL || notify_read_time(r, to, true, ret_to)) && ok;
}

static void read_shifts(struct reader *r, const struct yaml_node *node, struct notify_level *level)
{
    if (node->kind != YAML_SEQUENCE) {
        problems_at(r->problems, node,
                    "a list of shifts is wanted here: [{days: mon-fri, from: \"08:00\", ...}]");
        return;
    }
    for (const struct yaml_node *n = node->first; n != NULL; n = n->next) {
        struct shift_section s = {.days = NULL};
        struct notify_shift shift = {.days = NOTIFY_EVERY_DAY};
        if (!fields_walk(r->problems, n, "a shift", shift_fields, COUNT_OF(shift_fields), &s))
            continue;
        bool ok = read_hours(r, s.from, s.to, &shift.from_min, &shift.to_min);
        ok = (s.days == NULL || notify_read_days(r, s.days, &shift.days)) && ok;
        ok = notify_read_who(r, s.people, &shift.people) && ok;
        if (ok && level->n_shifts >= NOTIFY_SHIFTS)
            problems_at(r->problems, n, "too many shifts: at most %d", NOTIFY_SHIFTS);
        else if (ok)
            level->shifts[level->n_shifts++] = shift;
    }
}

struct dates_section {
    const struct yaml_node *date, *first, *last, *from, *to, *people;
};

static const struct field dates_fields[] = {
    {"date", FIELD_NODE, NODE_OF(struct dates_section, date)},
    {"first", FIELD_NODE, NODE_OF(struct dates_section, first)},
    {"last", FIELD_NODE, NODE_OF(struct dates_section, last)},
    {"from", FIELD_NODE, NODE_OF(struct dates_section, from)},
    {"to", FIELD_NODE, NODE_OF(struct dates_section, to)},
    {"people", FIELD_NODE, NODE_OF(struct dates_section, people), .flags = FIELD_REQUIRED},
};

static bool read_range(struct reader *r, const struct yaml_node *node, const struct dates_section *s,
                       struct notify_dates *dates)
{
    if ((s->date == NULL) == (s->first == NULL) || (s->first == NULL) != (s->last == NULL)) {
        problems_at(r->problems, node, "either 'date', or 'first' and 'last', say which days are meant");
        return false;
    }
    const struct yaml_node *first = s->date != NULL ? s->date : s->first;
    const struct yaml_node *last = s->date != NULL ? s->date : s->last;
    if (!read_date(r, first, &dates->first) || !read_date(r, last, &dates->last))
        return false;
    if (dates->last < dates->first) {
        problems_at(r->problems, last, "the last day is before the first");
        return false;
    }
    return true;
}

static void read_dates(struct reader *r, const struct yaml_node *node, struct notify_level *level)
{
    if (node->kind != YAML_SEQUENCE) {
        problems_at(r->problems, node, "a list is wanted here: [{date: 2026-10-01, people: [...]}]");
        return;
    }
    for (const struct yaml_node *n = node->first; n != NULL; n = n->next) {
        struct dates_section s = {.date = NULL};
        struct notify_dates dates = {.first = 0};
        if (!fields_walk(r->problems, n, "a date", dates_fields, COUNT_OF(dates_fields), &s))
            continue;
        bool ok = read_range(r, n, &s, &dates);
        ok = read_hours(r, s.from, s.to, &dates.from_min, &dates.to_min) && ok;
        ok = notify_read_who(r, s.people, &dates.people) && ok;
        if (ok && level->n_dates >= NOTIFY_DATES)
            problems_at(r->problems, n, "too many dates: at most %d", NOTIFY_DATES);
        else if (ok)
            level->dates[level->n_dates++] = dates;
    }
}

struct level_section {
    const struct yaml_node *people, *shifts, *dates;
    struct bilingual name;
};

static const struct field level_fields[] = {
    {"name", FIELD_BILINGUAL, FIELD_OF(struct level_section, name), .max = NAME_MAX_BYTES},
    {"people", FIELD_NODE, NODE_OF(struct level_section, people)},
    {"shifts", FIELD_NODE, NODE_OF(struct level_section, shifts)},
    {"dates", FIELD_NODE, NODE_OF(struct level_section, dates)},
};

void notify_read_rota(struct reader *r, const struct yaml_node *node)
{
    unsigned n_levels = 0;
    if (node->kind != YAML_SEQUENCE || node->first == NULL) {
        problems_at(r->problems, node, "a list of levels is wanted here: on duty, technical head, director");
        return;
    }
    for (const struct yaml_node *n = node->first; n != NULL; n = n->next) {
        struct level_section s = {.people = NULL};
        if (n_levels >= CALL_LEVELS) {
            problems_at(r->problems, n, "too many levels: at most %d", CALL_LEVELS);
            return;
        }
        struct notify_level *level = &r->config->levels[n_levels++];
        if (!fields_walk(r->problems, n, "a level", level_fields, COUNT_OF(level_fields), &s))
            continue;
        level->name = s.name;
        if (s.people == NULL && s.shifts == NULL)
            problems_at(r->problems, n, "a level needs 'people' or 'shifts'");
        if (s.people != NULL)
            (void)notify_read_who(r, s.people, &level->people);
        if (s.shifts != NULL)
            read_shifts(r, s.shifts, level);
        if (s.dates != NULL)
            read_dates(r, s.dates, level);
    }
}

void notify_read_holidays(struct reader *r, const struct yaml_node *node)
{
    if (node->kind != YAML_SEQUENCE) {
        problems_at(r->problems, node, "a list of dates is wanted here: [2026-10-01, 2026-10-02]");
        return;
    }
    for (const struct yaml_node *n = node->first; n != NULL; n = n->next) {
        if (r->config->n_holidays >= NOTIFY_HOLIDAYS) {
            problems_at(r->problems, n, "too many holidays: at most %d", NOTIFY_HOLIDAYS);
            return;
        }
        if (read_date(r, n, &r->config->holidays[r->config->n_holidays]))
            r->config->n_holidays++;
    }
}
