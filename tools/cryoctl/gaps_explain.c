/* gaps_explain.c - joining the gaps of several points, and the events that explain them. See gaps.h. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "gaps_internal.h"

#define TOGETHER_US  (2 * SECOND_US)     /* beside an interval and a half: buses are not quite in step */
#define AROUND_US    (10 * SECOND_US)    /* an event may come so much before or after the slots it explains */
#define TOLD_LATE_US (86400 * SECOND_US) /* what was lost is told when the disk is well again */
#define STARTS_US    (60 * SECOND_US)    /* the first readings may come so long after a start */
#define MARKS_MAX    1000000

/* ---------------------------------------------------------------- joining */

static int by_begin(const void *a, const void *b)
{
    const struct gap *x = a, *y = b;
    if (x->from_us != y->from_us)
        return x->from_us < y->from_us ? -1 : 1;
    if (x->to_us != y->to_us)
        return x->to_us > y->to_us ? -1 : 1;
    return x->points[0] < y->points[0] ? -1 : 1;
}

static int64_t tolerance(const struct gaps *gaps, const struct gap *gap)
{
    int64_t usual_us = gaps->points[gap->points[0]].usual_us;
    return usual_us + usual_us / 2 + TOGETHER_US;
}

static bool is_near(int64_t a, int64_t b, int64_t tolerance_us)
{
    return (a > b ? a - b : b - a) <= tolerance_us;
}

static bool are_together(const struct gaps *gaps, const struct gap *a, const struct gap *b)
{
    int64_t t = tolerance(gaps, a) > tolerance(gaps, b) ? tolerance(gaps, a) : tolerance(gaps, b);
    return is_near(a->from_us, b->from_us, t) && is_near(a->to_us, b->to_us, t) && a->open == b->open &&
           a->causes[0].kind == b->causes[0].kind && a->causes[0].reason == b->causes[0].reason &&
           a->points[a->n_points - 1] != b->points[0];
}

/* The causes of both; of the same reason one, with all readings. */
static void join_causes(struct gap *into, const struct gap *from)
{
    for (unsigned k = 0; k < from->n_causes; k++) {
        const struct gap_cause *cause = &from->causes[k];
        struct gap_cause *same = NULL;
        for (unsigned i = 0; i < into->n_causes && same == NULL; i++)
            if (into->causes[i].kind == cause->kind && into->causes[i].reason == cause->reason &&
                into->causes[i].quality == cause->quality &&
                (cause->kind == GAP_READING ||
                 is_near(into->causes[i].missing_from_us, cause->missing_from_us, AROUND_US)))
                same = &into->causes[i];
        if (same != NULL) {
            same->count += cause->count;
            same->missing_from_us = cause->missing_from_us < same->missing_from_us ? cause->missing_from_us
                                                                                   : same->missing_from_us;
            same->missing_to_us =
                cause->missing_to_us > same->missing_to_us ? cause->missing_to_us : same->missing_to_us;
        } else if (into->n_causes < GAP_CAUSES_MAX) {
            into->causes[into->n_causes++] = *cause;
        } else {
            into->more_causes = true;
        }
    }
}

static int join(struct gap *into, struct gap *from)
{
    uint32_t *points = realloc(into->points, (into->n_points + 1U) * sizeof *points);
    if (points == NULL)
        return -ENOMEM;
    into->points = points;
    points[into->n_points++] = from->points[0];
    into->from_us = from->from_us < into->from_us ? from->from_us : into->from_us;
    into->to_us = from->to_us > into->to_us ? from->to_us : into->to_us;
    into->began_before |= from->began_before;
    into->ends_after |= from->ends_after;
    into->more_causes |= from->more_causes;
    join_causes(into, from);
    free(from->points);
    from->points = NULL;
    return 0;
}

int gaps_join(struct gaps *gaps)
{
    size_t n = 0;
    int64_t widest_us = 0;
    if (gaps->n_gaps > 0)
        qsort(gaps->gaps, gaps->n_gaps, sizeof *gaps->gaps, by_begin);
    for (size_t i = 0; i < gaps->n_points; i++)
        widest_us = gaps->points[i].usual_us > widest_us ? gaps->points[i].usual_us : widest_us;
    widest_us += widest_us / 2 + TOGETHER_US;
    for (size_t i = 0; i < gaps->n_gaps; i++) {
        struct gap *gap = &gaps->gaps[i];
        bool joined = false;
        for (size_t k = n; k > 0 && !joined && gap->from_us - gaps->gaps[k - 1].from_us <= widest_us; k--) {
            if (!are_together(gaps, &gaps->gaps[k - 1], gap))
                continue;
            joined = true;
            if (join(&gaps->gaps[k - 1], gap) < 0)
                return -ENOMEM;
        }
        if (!joined && n != i) {
            gaps->gaps[n] = *gap;
            gap->points = NULL;
        }
        n += !joined;
    }
    gaps->n_gaps = n;
    return 0;
}

/* ---------------------------------------------------------------- the events */

/* An event that may explain something. */
struct mark {
    enum { MARK_START, MARK_STOP, MARK_CLOCK, MARK_SUSPEND, MARK_GAP, MARK_CONFIGURATION, MARK_ALARM } kind;
    uint64_t seq;
    int64_t utc_us;
    int64_t step_us;        /* clock */
    int64_t from_us, to_us; /* gap, suspend */
    uint64_t count;
    char *text; /* gap: the reason; configuration: the difference; alarm: what it says, if raised */
};

struct marks {
    struct mark *items;
    size_t n, cap;
    int kind;
    bool no_memory;
};

static const char *const mark_names[] = {
    [MARK_START] = "start",     [MARK_STOP] = "stop", [MARK_CLOCK] = "clock",
    [MARK_SUSPEND] = "suspend", [MARK_GAP] = "gap",   [MARK_CONFIGURATION] = "configuration",
    [MARK_ALARM] = "alarm", /* of the history's database */
};

static int64_t time_member(const json_t *body, const char *key, int64_t fallback_us)
{
    int64_t utc_us;
    const char *text = json_string_value(json_object_get(body, key));
    return text != NULL && clock_parse_utc(text, &utc_us) == 0 ? utc_us : fallback_us;
}

static void read_body(struct mark *mark, const char *text)
{
    if (mark->kind == MARK_START || mark->kind == MARK_STOP)
        return;
    json_t *body = json_loads(text, 0, NULL);
    const char *words =
        json_string_value(json_object_get(body, mark->kind == MARK_CONFIGURATION ? "difference" : "reason"));
    if (mark->kind == MARK_ALARM) {
        const char *transition = json_string_value(json_object_get(body, "transition"));
        bool raised = transition != NULL && strcmp(transition, "raised") == 0;
        words = json_string_value(json_object_get(json_object_get(body, "text"), "en"));
        words = raised ? (words != NULL ? words : "") : NULL;
    }
    mark->step_us = (int64_t)json_integer_value(json_object_get(body, "step_us"));
    mark->count = (uint64_t)json_integer_value(json_object_get(body, "count"));
    mark->from_us = time_member(body, "from", mark->utc_us);
    mark->to_us = time_member(body, "to", mark->utc_us);
    mark->text = words != NULL ? strdup(words) : NULL;
    json_decref(body);
}

static bool take_event(void *context, const struct history_event *event)
{
    struct marks *marks = context;
    if (marks->n == MARKS_MAX)
        return false;
    if (marks->n == marks->cap) {
        size_t cap = marks->cap == 0 ? 64 : 2 * marks->cap;
        struct mark *grown = realloc(marks->items, cap * sizeof *grown);
        marks->no_memory |= grown == NULL;
        if (grown == NULL)
            return false;
        marks->items = grown;
        marks->cap = cap;
    }
    struct mark mark = {.seq = event->seq, .utc_us = event->utc_us};
    mark.kind = marks->kind;
    read_body(&mark, event->body);
    marks->items[marks->n++] = mark;
    return true;
}

static int by_seq(const void *a, const void *b)
{
    const struct mark *x = a, *y = b;
    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* The events from the earliest slot before something missing to the latest behind it; and the starts and
 * stops next to these. */
static int load_marks(struct history_reader *reader, int64_t from_us, int64_t to_us, struct marks *marks)
{
    int64_t n = 0;
    for (int kind = MARK_START; kind <= MARK_ALARM && n >= 0; kind++) {
        struct history_filter filter = {.kind = mark_names[kind],
                                        .alarm = kind == MARK_ALARM ? "history-database" : NULL};
        marks->kind = kind;
        if (kind == MARK_START || kind == MARK_STOP)
            n = history_event_before(reader, mark_names[kind], from_us, take_event, marks);
        if (n >= 0)
            n = history_events_where(reader, &filter, from_us,
                                     kind == MARK_GAP ? to_us + TOLD_LATE_US : to_us, take_event, marks);
        if (n >= 0 && kind == MARK_START)
            n = history_event_after(reader, mark_names[kind], to_us, take_event, marks);
    }
    if (marks->n > 0)
        qsort(marks->items, marks->n, sizeof *marks->items, by_seq);
    return marks->no_memory ? -ENOMEM : n < 0 ? (int)n : 0;
}

static void free_marks(struct marks *marks)
{
    for (size_t i = 0; i < marks->n; i++)
        free(marks->items[i].text);
    free(marks->items);
}

/* ---------------------------------------------------------------- explaining */

static void set(struct gap_cause *cause, enum gap_kind kind, const struct mark *mark, const char *detail)
{
    cause->kind = kind;
    cause->seq = mark->seq;
    cause->begin_us = mark->utc_us;
    snprintf(cause->detail, sizeof cause->detail, "%s", detail != NULL ? detail : "");
}

/* How much of what is missing lies between two moments. */
static int64_t covered(const struct gap_cause *cause, int64_t from_us, int64_t to_us)
{
    from_us = from_us > cause->missing_from_us ? from_us : cause->missing_from_us;
    to_us = to_us < cause->missing_to_us ? to_us : cause->missing_to_us;
    return to_us > from_us ? to_us - from_us : 0;
}

/* Each start behind the beginning, with the stop before it or without: the daemon was away. That explains
 * what is missing if it is most of it, or all but the time that a start takes. */
static bool explain_away(struct gap_cause *cause, const struct marks *marks, int64_t usual_us)
{
    const struct mark *run = NULL; /* the last start or stop so far */
    const struct mark *first = NULL;
    int64_t missing_us = cause->missing_to_us - cause->missing_from_us, away_us = 0, begin_us = 0, end_us = 0;
    for (size_t i = 0; i < marks->n; i++) {
        const struct mark *m = &marks->items[i];
        if (m->kind != MARK_START && m->kind != MARK_STOP)
            continue;
        if (m->kind == MARK_START && m->utc_us > cause->missing_from_us && run != NULL &&
            (run->kind == MARK_START || run->utc_us <= cause->missing_to_us) &&
            m->utc_us <= cause->missing_to_us + AROUND_US) {
            bool stopped = run->kind == MARK_STOP;
            if (first == NULL) {
                first = stopped ? run : m;
                begin_us = stopped ? run->utc_us : 0;
            }
            end_us = m->utc_us;
            /* Without a stop it may have ended at once; also if it began by a clock that was set back since.
             */
            bool later = run->kind == MARK_START && run->utc_us > m->utc_us;
            away_us += covered(cause, later ? cause->missing_from_us : run->utc_us, m->utc_us);
        }
        run = m;
    }
    if (run != NULL && run->kind == MARK_STOP && run->utc_us <= cause->missing_to_us) {
        away_us += covered(cause, run->utc_us, cause->missing_to_us);
        if (first == NULL)
            begin_us = run->utc_us;
        first = first != NULL ? first : run;
        end_us = 0;
    }
    if (first == NULL || (away_us < missing_us / 2 && missing_us - away_us > STARTS_US + 3 * usual_us))
        return false;
    set(cause, first->kind == MARK_STOP ? GAP_STOPPED : GAP_CRASHED, first, "");
    cause->begin_us = begin_us;
    cause->end_us = end_us;
    return true;
}

/* The event has the time of the new clock: what was skipped lies before it, and is most of what is missing.
 */
static bool explain_clock(struct gap_cause *cause, const struct mark *m)
{
    int64_t missing_us = cause->missing_to_us - cause->missing_from_us;
    int64_t from_us = m->utc_us - m->step_us, to_us = m->utc_us;
    if (m->kind != MARK_CLOCK || m->step_us <= 0)
        return false;
    from_us = from_us > cause->missing_from_us ? from_us : cause->missing_from_us;
    to_us = to_us < cause->missing_to_us ? to_us : cause->missing_to_us;
    if (to_us - from_us < missing_us / 2)
        return false;
    set(cause, GAP_CLOCK, m, "");
    cause->begin_us = m->utc_us - m->step_us;
    cause->end_us = m->utc_us;
    return true;
}

/* All the times that the machine slept: most of what is missing, or all but what it takes to read again. */
static bool explain_suspended(struct gap_cause *cause, const struct marks *marks, int64_t usual_us)
{
    const struct mark *first = NULL;
    int64_t missing_us = cause->missing_to_us - cause->missing_from_us, slept_us = 0, end_us = 0;
    for (size_t i = 0; i < marks->n; i++) {
        const struct mark *m = &marks->items[i];
        if (m->kind != MARK_SUSPEND || covered(cause, m->from_us, m->to_us) == 0)
            continue;
        first = first != NULL ? first : m;
        end_us = m->to_us;
        slept_us += covered(cause, m->from_us, m->to_us);
    }
    if (first == NULL || (slept_us < missing_us / 2 && missing_us - slept_us > AROUND_US + 3 * usual_us))
        return false;
    set(cause, GAP_SUSPENDED, first, "");
    cause->begin_us = first->from_us;
    cause->end_us = end_us;
    return true;
}

static bool explain_lost(struct gap_cause *cause, const struct mark *m)
{
    if (m->kind != MARK_GAP || m->from_us > cause->missing_to_us || m->to_us < cause->missing_from_us)
        return false;
    set(cause, GAP_LOST, m, m->text);
    cause->count = m->count;
    return true;
}

/* The line of a difference that is about the point as a whole, or "". */
static void find_line(const char *difference, const struct walk_point *p, char *line, size_t cap)
{
    char path[2 * ID_MAX + 32];
    snprintf(path, sizeof path, "assets.%s.points.%s.", p->asset, p->point);
    const char *at = difference != NULL ? strstr(difference, path) : NULL;
    line[0] = '\0';
    if (at == NULL)
        return;
    while (at > difference && at[-1] != '\n')
        at--;
    snprintf(line, cap, "%.*s", (int)strcspn(at, "\n"), at);
}

static bool explain_configured(struct gap_cause *cause, const struct mark *m, const struct walk_point *p)
{
    char line[GAP_DETAIL_MAX];
    if (m->kind != MARK_CONFIGURATION || m->utc_us < cause->missing_from_us ||
        m->utc_us > cause->missing_to_us + AROUND_US)
        return false;
    find_line(m->text, p, line, sizeof line);
    /* A reload as such takes seconds only. */
    if (line[0] == '\0' && cause->missing_to_us - cause->missing_from_us > 6 * AROUND_US)
        return false;
    set(cause, GAP_CONFIGURED, m, line);
    return true;
}

/* The disk was full, or failed: what was not lost yet is told by an alarm only. */
static bool explain_disk(struct gap_cause *cause, const struct mark *m)
{
    if (m->kind != MARK_ALARM || m->text == NULL || m->utc_us < cause->missing_from_us ||
        m->utc_us > cause->missing_to_us)
        return false;
    set(cause, GAP_DISK, m, m->text);
    return true;
}

/* all: no point has a reading. clock: steps of the clock count. */
static void explain(struct gap_cause *cause, const struct marks *marks, const struct gaps_point *point,
                    bool all, bool clock)
{
    const struct walk_point *p = &point->point;
    if (explain_away(cause, marks, point->usual_us))
        return;
    if (explain_suspended(cause, marks, point->usual_us))
        return;
    for (size_t i = 0; i < marks->n; i++)
        if ((clock && explain_clock(cause, &marks->items[i])) || explain_lost(cause, &marks->items[i]))
            return;
    for (size_t i = 0; i < marks->n; i++)
        if (explain_configured(cause, &marks->items[i], p))
            return;
    for (size_t i = 0; i < marks->n; i++)
        if (explain_disk(cause, &marks->items[i]))
            return;
    if (all)
        cause->kind = GAP_SILENT;
}

/* Is the gap one of all points, and are these more than one? Then no single device is to blame. */
static bool is_of_all(const struct gaps *gaps, const struct gap *gap)
{
    uint32_t there = 0;
    for (size_t i = 0; i < gaps->n_points; i++)
        there += gaps->points[i].stored > 0 || gaps->points[i].gaps_us > 0;
    return there > 1 && gap->n_points == there;
}

/* A step of the clock explains no more than itself: is more missing beside it, that has a cause of its own.
 */
static void explain_beside_clock(struct gap *gap, unsigned k, const struct marks *marks,
                                 const struct gaps_point *point, bool all)
{
    struct gap_cause cause = gap->causes[k];
    int64_t left_us =
        cause.missing_to_us - cause.missing_from_us - covered(&cause, cause.begin_us, cause.end_us);
    if (cause.kind != GAP_CLOCK || left_us <= AROUND_US / 2 + 3 * point->usual_us)
        return;
    cause = (struct gap_cause){
        .kind = GAP_UNKNOWN, .missing_from_us = cause.missing_from_us, .missing_to_us = cause.missing_to_us};
    explain(&cause, marks, point, all, false);
    if (gap->n_causes < GAP_CAUSES_MAX)
        gap->causes[gap->n_causes++] = cause;
    else
        gap->more_causes = true;
}

/* One event that explains several stretches of a gap is one cause: the first of them. */
static void join_explained(struct gap *gap)
{
    unsigned n = 0;
    for (unsigned i = 0; i < gap->n_causes; i++) {
        const struct gap_cause *cause = &gap->causes[i];
        unsigned k = 0;
        while (k < n && (cause->seq == 0 || gap->causes[k].seq != cause->seq))
            k++;
        if (k == n)
            gap->causes[n++] = *cause;
        else
            gap->causes[k].missing_to_us = cause->missing_to_us;
    }
    gap->n_causes = n;
}

int gaps_explain(struct history_reader *reader, struct gaps *gaps)
{
    struct marks marks = {0};
    int64_t from_us = INT64_MAX, to_us = INT64_MIN;
    for (size_t i = 0; i < gaps->n_gaps; i++) {
        for (unsigned k = 0; k < gaps->gaps[i].n_causes; k++) {
            const struct gap_cause *cause = &gaps->gaps[i].causes[k];
            if (cause->kind != GAP_UNKNOWN)
                continue;
            from_us = cause->missing_from_us < from_us ? cause->missing_from_us : from_us;
            to_us = cause->missing_to_us > to_us ? cause->missing_to_us : to_us;
        }
    }
    if (from_us > to_us)
        return 0;
    int error = load_marks(reader, from_us - AROUND_US, to_us + AROUND_US, &marks);
    for (size_t i = 0; error == 0 && i < gaps->n_gaps; i++) {
        struct gap *gap = &gaps->gaps[i];
        const struct gaps_point *point = &gaps->points[gap->points[0]];
        bool all = is_of_all(gaps, gap);
        unsigned n = gap->n_causes;
        for (unsigned k = 0; k < n; k++) {
            if (gap->causes[k].kind != GAP_UNKNOWN)
                continue;
            explain(&gap->causes[k], &marks, point, all, true);
            explain_beside_clock(gap, k, &marks, point, all);
        }
        join_explained(gap);
    }
    free_marks(&marks);
    return error == -ENOMEM ? error : 0;
}
