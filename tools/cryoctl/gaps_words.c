/* gaps_words.c - gaps in words for people. See gaps.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gaps.h"
#include "when.h"
#include "words.h"

const char *gap_kind_name(enum gap_kind kind)
{
    static const char *const names[] = {
        [GAP_READING] = "reading", [GAP_STOPPED] = "daemon-stopped", [GAP_CRASHED] = "daemon-crashed",
        [GAP_CLOCK] = "clock-set", [GAP_LOST] = "records-lost",      [GAP_CONFIGURED] = "configuration",
        [GAP_DISK] = "not-stored", [GAP_SUSPENDED] = "suspended",    [GAP_SILENT] = "all-silent",
        [GAP_UNKNOWN] = "unknown",
    };
    return (unsigned)kind < sizeof names / sizeof *names ? names[kind] : "?";
}

static void describe_reading(const struct ctl *ctl, const struct gap_cause *c, char *text, size_t cap)
{
    const char *what = c->reason != REASON_NONE ? words_reason(ctl, reason_name(c->reason))
                                                : words_quality(ctl, quality_name(c->quality));
    bool doubt = c->quality == QUALITY_UNCERTAIN && c->reason != REASON_NONE;
    const char *uncertain = doubt ? tr(ctl, "uncertain: ", "可疑：") : "";
    if (c->count > 1)
        snprintf(text, cap, tr(ctl, "%s%s (%" PRIu64 " readings)", "%s%s（%" PRIu64 " 次）"), uncertain, what,
                 c->count);
    else
        snprintf(text, cap, "%s%s", uncertain, what);
}

static void describe_away(const struct ctl *ctl, const struct gap_cause *c, char *text, size_t cap)
{
    char begin[WHEN_MAX], end[WHEN_MAX];
    when_print(ctl, begin, c->begin_us, false);
    when_print(ctl, end, c->end_us, false);
    if (c->kind == GAP_CRASHED)
        snprintf(text, cap,
                 tr(ctl, "the daemon ended without a stop (crash or power cut); started again %s",
                    "守护进程异常终止（崩溃或断电）；%s 重新启动"),
                 end);
    else if (c->end_us == 0)
        snprintf(text, cap,
                 tr(ctl, "the daemon was stopped %s and has not started since",
                    "守护进程于 %s 停止，此后未再启动"),
                 begin);
    else
        snprintf(text, cap,
                 tr(ctl, "the daemon was stopped %s and started %s", "守护进程于 %s 停止，%s 启动"), begin,
                 end);
}

const char *gaps_describe_cause(const struct ctl *ctl, const struct gap_cause *c, char *text, size_t cap)
{
    char begin[WHEN_MAX], end[WHEN_MAX];
    switch (c->kind) {
    case GAP_READING:
        describe_reading(ctl, c, text, cap);
        break;
    case GAP_STOPPED:
    case GAP_CRASHED:
        describe_away(ctl, c, text, cap);
        break;
    case GAP_CLOCK:
        snprintf(text, cap,
                 tr(ctl, "the clock was set forward by %.1f s: no time passed",
                    "时钟被向前调整 %.1f 秒：并无时间流逝"),
                 (double)(c->end_us - c->begin_us) / 1e6);
        break;
    case GAP_LOST:
        snprintf(text, cap, "%s (%" PRIu64 ")", words_lost(ctl, c->detail), c->count);
        break;
    case GAP_DISK:
        snprintf(text, cap, tr(ctl, "not stored: %s", "未能存储：%s"), c->detail);
        break;
    case GAP_CONFIGURED:
        snprintf(text, cap, "%s%s%s", tr(ctl, "the configuration was changed", "配置已变更"),
                 c->detail[0] != '\0' ? tr(ctl, ": ", "：") : "", c->detail);
        break;
    case GAP_SUSPENDED:
        when_print(ctl, begin, c->begin_us, false);
        when_print(ctl, end, c->end_us, false);
        snprintf(text, cap,
                 tr(ctl, "the machine was suspended from %s to %s", "机器于 %s 至 %s 处于挂起状态"), begin,
                 end);
        break;
    case GAP_SILENT:
        snprintf(text, cap, "%s",
                 tr(ctl,
                    "unknown: no point has a reading and no event explains it; the machine may have been "
                    "paused or starved",
                    "原因不明：所有测点均无读数，且没有事件可以解释；机器可能曾被暂停或资源不足"));
        break;
    case GAP_UNKNOWN:
        snprintf(text, cap, "%s",
                 tr(ctl, "unknown: no reading and no event explains it",
                    "原因不明：没有读数，也没有事件可以解释"));
        break;
    }
    return text;
}

const char *gaps_describe(const struct ctl *ctl, const struct gap *gap, char *text, size_t cap)
{
    size_t n = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < gap->n_causes && n < cap; i++) {
        char cause[512];
        gaps_describe_cause(ctl, &gap->causes[i], cause, sizeof cause);
        n += (size_t)snprintf(text + n, cap - n, "%s%s", i > 0 ? tr(ctl, "; ", "；") : "", cause);
    }
    if (gap->more_causes && n < cap)
        snprintf(text + n, cap - n, "%s", tr(ctl, "; and others", "；以及其他原因"));
    return text;
}

/* ---------------------------------------------------------------- points */

/* How many points of the same asset stand in points[i...] of the whole, which is sorted by asset. */
static uint32_t count_asset(const struct gaps *gaps, uint32_t i)
{
    uint32_t n = 0;
    const char *asset = gaps->points[i].point.asset;
    for (size_t k = 0; k < gaps->n_points; k++)
        n += !gaps->points[k].removed && strcmp(gaps->points[k].point.asset, asset) == 0;
    return n;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

const char *gaps_describe_points(const struct ctl *ctl, const struct gaps *gaps, const struct gap *gap,
                                 char *text, size_t cap)
{
    uint32_t there = 0;
    size_t n = 0;
    for (size_t i = 0; i < gaps->n_points; i++)
        there += !gaps->points[i].removed;
    if (there > 1 && gap->n_points == there) {
        snprintf(text, cap, tr(ctl, "all %" PRIu32 " points", "全部 %" PRIu32 " 个测点"), there);
        return text;
    }
    text[0] = '\0';
    uint32_t *points = malloc(gap->n_points * sizeof *points);
    if (points == NULL)
        return text;
    memcpy(points, gap->points, gap->n_points * sizeof *points);
    qsort(points, gap->n_points, sizeof *points, by_number);
    for (uint32_t i = 0; i < gap->n_points && n < cap;) {
        const struct walk_point *p = &gaps->points[points[i]].point;
        uint32_t here = 1;
        while (i + here < gap->n_points && strcmp(gaps->points[points[i + here]].point.asset, p->asset) == 0)
            here++;
        const char *comma = i > 0 ? ", " : "";
        if (here > 1 && here == count_asset(gaps, points[i])) {
            n += (size_t)snprintf(text + n, cap - n, "%s%s", comma, p->asset);
            i += here;
        } else {
            n += (size_t)snprintf(text + n, cap - n, "%s%s/%s", comma, p->asset, p->point);
            i++;
        }
    }
    free(points);
    return text;
}
