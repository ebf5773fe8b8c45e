#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "cryoctl.h"
#include "stored.h"
#include "table.h"
#include "when.h"

#define DAY_US (INT64_C(86400) * SECOND_US)

/* What was used of a point's calibrations: in the order in which they came into use. */
struct list {
    struct ctl *ctl;
    int64_t now_us;
    struct history_calibration *items;
    size_t n, cap;
    json_t *corrections;
};

static bool is_wanted(const char *wanted, const char *name)
{
    return wanted == NULL || strcmp(wanted, name) == 0;
}

/* CTL_OK or the exit status. Ids have no holes: rows are never removed. */
static int read_calibrations(struct list *list, struct history_reader *reader, const char *asset,
                             const char *point)
{
    struct history_calibration c;
    int error = 0;
    for (int64_t id = 1; (error = history_calibration(reader, id, &c)) == 0; id++) {
        if (!is_wanted(asset, c.asset) || !is_wanted(point, c.point))
            continue;
        if (list->n == list->cap) {
            size_t cap = list->cap > 0 ? 2 * list->cap : 64;
            struct history_calibration *grown = realloc(list->items, cap * sizeof *grown);
            if (grown == NULL)
                return stored_complain(list->ctl, -ENOMEM);
            list->items = grown;
            list->cap = cap;
        }
        list->items[list->n++] = c;
    }
    return error == -ENOENT ? CTL_OK : stored_complain(list->ctl, error);
}

static int by_point(const void *a, const void *b)
{
    const struct history_calibration *p = a, *q = b;
    int order = strcmp(p->asset, q->asset);
    order = order != 0 ? order : strcmp(p->point, q->point);
    return order != 0 ? order : (p->id > q->id) - (p->id < q->id);
}

static bool same_point(const struct history_calibration *a, const struct history_calibration *b)
{
    return strcmp(a->asset, b->asset) == 0 && strcmp(a->point, b->point) == 0;
}

/* The one that came into use after it; NULL: it is the last one. */
static const struct history_calibration *next_of(const struct list *list, size_t i)
{
    return i + 1 < list->n && same_point(&list->items[i], &list->items[i + 1]) ? &list->items[i + 1] : NULL;
}

/* The days until the due day, as the alarm counts them: one that has begun is one; 0: it is today; negative:
 * overdue. False: there is no due date. */
static bool days_left(const struct list *list, const struct history_calibration *c, int64_t *ret)
{
    int64_t due_us;
    if (clock_parse_utc(c->due, &due_us) < 0)
        return false;
    int64_t left_us = due_us - list->now_us;
    *ret = left_us > 0 ? (left_us + DAY_US - 1) / DAY_US : -(-left_us / DAY_US);
    return true;
}

/* ---------------------------------------------------------------- corrections */

struct wanted {
    struct list *list;
    const char *asset, *point;
};

static bool take_correction(void *context, const struct history_event *event)
{
    const struct wanted *w = context;
    json_t *body = json_loads(event->body, 0, NULL);
    if (body != NULL && is_wanted(w->asset, client_text(body, "asset")) &&
        is_wanted(w->point, client_text(body, "point")))
        json_array_append(w->list->corrections, body);
    json_decref(body);
    return true;
}

/* ---------------------------------------------------------------- printing */

static json_t *to_json(const struct list *list, size_t i)
{
    const struct history_calibration *c = &list->items[i], *next = next_of(list, i);
    char from[RFC3339_MAX], used[RFC3339_MAX], until[RFC3339_MAX];
    int64_t days;
    clock_print_utc(from, c->from_utc_us);
    clock_print_utc(used, c->utc_us);
    json_t *one = json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "id",
                            (json_int_t)c->id, "asset", c->asset, "point", c->point, "unit", c->unit, "from",
                            from, "used_from", used, "correction", c->text, "certificate", c->certificate,
                            "date", c->date, "due", c->due, "reference", c->reference);
    if (one != NULL && next != NULL) {
        clock_print_utc(until, next->utc_us);
        json_object_set_new(one, "used_until", json_string(until));
    } else if (one != NULL && days_left(list, c, &days)) {
        json_object_set_new(one, "days_left", json_integer(days));
    }
    return one;
}

static void print_json(const struct list *list)
{
    json_t *all = json_array();
    for (size_t i = 0; i < list->n; i++)
        json_array_append_new(all, to_json(list, i));
    json_t *root = json_pack("{s:o, s:O}", "calibrations", all, "corrections", list->corrections);
    json_dumpf(root, stdout, CTL_JSON);
    putchar('\n');
    json_decref(root);
}

static void add_row(const struct list *list, size_t i, struct table *t)
{
    const struct history_calibration *c = &list->items[i], *next = next_of(list, i);
    char point[2 * ID_MAX + 2], from[WHEN_MAX], used[WHEN_MAX], left[32] = "";
    int64_t days = 0;
    enum table_style style = next != NULL ? TABLE_FAINT : TABLE_PLAIN;
    snprintf(point, sizeof point, "%s/%s", c->asset, c->point);
    if (next == NULL && days_left(list, c, &days)) {
        snprintf(left, sizeof left, "%lld", (long long)days);
        style = days < 0 ? TABLE_URGENT : days <= 90 ? TABLE_WARNING : TABLE_PLAIN;
    }
    const char *const cells[] = {point,
                                 when_print(list->ctl, from, c->from_utc_us, false),
                                 when_print(list->ctl, used, c->utc_us, false),
                                 c->text,
                                 c->certificate,
                                 c->date,
                                 c->due,
                                 left,
                                 c->reference};
    table_row(t);
    for (unsigned column = 0; column < sizeof cells / sizeof *cells; column++)
        table_cell(t, column, style, cells[column]);
}

static void print_corrections(const struct list *list)
{
    size_t i;
    const json_t *one;
    json_array_foreach(list->corrections, i, one)
    {
        char time[WHEN_MAX], line[4200];
        const char *note = client_text(one, "note");
        snprintf(line, sizeof line, tr(list->ctl, "correction %s by %s: %s%s%s", "更正 %s 操作人 %s：%s%s%s"),
                 when_print_text(list->ctl, time, client_text(one, "time")), client_text(one, "by"),
                 client_name(list->ctl, one, "text", ""), note[0] != '\0' ? "; " : "", note);
        table_line(stdout, list->ctl->colour, TABLE_PLAIN, 0, line);
    }
}

static void print_table(const struct list *list)
{
    const struct ctl *ctl = list->ctl;
    const struct table_column columns[] = {{tr(ctl, "POINT", "测点"), false},
                                           {tr(ctl, "FROM", "生效时间"), false},
                                           {tr(ctl, "IN USE SINCE", "启用时间"), false},
                                           {tr(ctl, "CORRECTION", "校准值"), false},
                                           {tr(ctl, "CERTIFICATE", "证书"), false},
                                           {tr(ctl, "DATE", "校准日期"), false},
                                           {tr(ctl, "DUE", "到期日"), false},
                                           {tr(ctl, "DAYS LEFT", "剩余天数"), true},
                                           {tr(ctl, "REFERENCE", "参考标准"), false}};
    struct table t;
    table_init(&t, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < list->n; i++)
        add_row(list, i, &t);
    if (list->n > 0)
        table_print(&t, stdout, ctl->colour, ctl->columns, SIZE_MAX);
    table_free(&t);
    print_corrections(list);
}

int verb_calibrations(struct ctl *ctl, int argc, char **argv)
{
    const char *asset = argc > 0 ? argv[0] : NULL, *point = argc > 1 ? argv[1] : NULL;
    struct list list = {.ctl = ctl, .now_us = clock_now().utc_us, .corrections = json_array()};
    struct wanted wanted = {&list, asset, point};
    const struct history_filter filter = {.kind = "correction"};
    struct history_reader *reader;
    int result = stored_open(ctl, &reader);
    if (result == CTL_OK) {
        result = read_calibrations(&list, reader, asset, point);
        (void)history_events_where(reader, &filter, 0, INT64_MAX, take_correction, &wanted);
        if (result == CTL_OK && list.n == 0 && json_array_size(list.corrections) == 0 && !ctl->json) {
            ctl_complain("%s", tr(ctl, "no calibration was in use there: readings count as read",
                                  "没有使用过校准：读数即原始值"));
            result = CTL_NEGATIVE;
        } else if (result == CTL_OK) {
            if (list.n > 0)
                qsort(list.items, list.n, sizeof *list.items, by_point);
            (ctl->json ? print_json : print_table)(&list);
        }
        free(list.items);
        history_close(reader);
    }
    json_decref(list.corrections);
    return result;
}
