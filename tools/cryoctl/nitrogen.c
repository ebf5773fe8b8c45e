#include "nitrogen.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "when.h"

struct counting {
    const struct ctl *ctl;
    struct nitrogen *ret;
    const char *asset;
    int64_t from_us, to_us;
    bool by_month, no_memory;
};

static struct nitrogen_row *row_in(struct counting *c, struct nitrogen_row **rows, size_t *n,
                                   const char *period, const char *asset)
{
    for (size_t i = *n; i > 0; i--)
        if (strcmp((*rows)[i - 1].period, period) == 0 && strcmp((*rows)[i - 1].asset, asset) == 0)
            return &(*rows)[i - 1];
    struct nitrogen_row *grown = reallocarray(*rows, *n + 1, sizeof *grown);
    if (grown == NULL) {
        c->no_memory = true;
        return NULL;
    }
    *rows = grown;
    struct nitrogen_row *row = &grown[(*n)++];
    *row = (struct nitrogen_row){.n_fills = 0};
    snprintf(row->period, sizeof row->period, "%s", period);
    snprintf(row->asset, sizeof row->asset, "%s", asset);
    return row;
}

/* The rows that something of that time and asset belongs to: its period's, the asset's, and all. */
static bool rows_of(struct counting *c, int64_t utc_us, const char *asset, struct nitrogen_row *ret[3])
{
    char time[WHEN_MAX], period[16];
    snprintf(period, sizeof period, "%.*s", c->by_month ? 7 : 10, when_print(c->ctl, time, utc_us, false));
    ret[0] = row_in(c, &c->ret->rows, &c->ret->n, period, asset);
    ret[1] = row_in(c, &c->ret->sums, &c->ret->n_sums, "", asset);
    ret[2] = &c->ret->total;
    return !c->no_memory;
}

static bool take_fill(void *context, const struct history_event *event)
{
    struct counting *c = context;
    struct nitrogen_row *rows[3];
    json_t *body = json_loads(event->body, 0, NULL);
    const char *asset = client_text(body, "asset");
    const json_t *litres = json_object_get(body, "litres");
    int64_t end_us;
    if (clock_parse_utc(client_text(body, "end"), &end_us) < 0)
        end_us = event->utc_us;
    if (asset[0] != '\0' && (c->asset == NULL || strcmp(c->asset, asset) == 0) && end_us >= c->from_us &&
        end_us < c->to_us && rows_of(c, end_us, asset, rows)) {
        for (size_t i = 0; i < 3; i++) {
            rows[i]->n_fills++;
            if (json_is_number(litres))
                rows[i]->litres += (micro_t)llround(json_number_value(litres) * (double)MICRO_PER_UNIT);
            else
                rows[i]->n_unknown++;
        }
    }
    json_decref(body);
    return !c->no_memory;
}

static bool take_boil_off(void *context, const struct history_span *span)
{
    struct counting *c = context;
    struct nitrogen_row *rows[3];
    const struct summary *s = &span->summary;
    const int64_t utc_us = s->hour_ms * 1000;
    if (s->values == 0 || utc_us < c->from_us || utc_us >= c->to_us || strcmp(span->unit, "L/d") != 0 ||
        !rows_of(c, utc_us, span->asset, rows))
        return !c->no_memory;
    const double sum = (double)s->sum / pow(10, span->decimals);
    for (size_t i = 0; i < 3; i++) {
        rows[i]->boil_off_sum += sum;
        rows[i]->boil_off_n += s->values;
    }
    return true;
}

static int by_place(const void *a, const void *b)
{
    const struct nitrogen_row *x = a, *y = b;
    const int period = strcmp(x->period, y->period);
    return period != 0 ? period : strcmp(x->asset, y->asset);
}

int nitrogen_count(const struct ctl *ctl, struct history_reader *reader, const char *asset, int64_t from_us,
                   int64_t to_us, bool by_month, struct nitrogen *ret)
{
    const struct history_filter filter = {.kind = "fill"};
    struct counting c = {ctl, ret, asset, from_us, to_us, by_month, false};
    *ret = (struct nitrogen){.n = 0};
    /* An event comes a while after the fill's end: the level has to settle first. */
    int64_t n =
        history_events_where(reader, &filter, from_us, to_us + INT64_C(86400) * SECOND_US, take_fill, &c);
    if (n >= 0 && !c.no_memory)
        n = history_hours(reader, asset, "boil-off", from_us, to_us, take_boil_off, &c);
    if (n < 0 || c.no_memory)
        return n < 0 ? (int)n : -ENOMEM;
    if (ret->n > 0)
        qsort(ret->rows, ret->n, sizeof *ret->rows, by_place);
    if (ret->n_sums > 0)
        qsort(ret->sums, ret->n_sums, sizeof *ret->sums, by_place);
    return 0;
}

void nitrogen_free(struct nitrogen *nitrogen)
{
    free(nitrogen->rows);
    free(nitrogen->sums);
}
