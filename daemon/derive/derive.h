/*
 * derive.h - what the readings of a site's tanks, supplies and freezers mean: readings of points in, readings
 * of derived points, conditions, fills and runs out.
 *
 * Joins the configuration (vessels, supplies, freezers, programs) with the estimators of core (tank.h,
 * tank_hall.h, freezer_run.h). PURE: no clock, no I/O, no malloc after derive_create; the same readings at
 * the same times give the same news. So the daemon, the recall of the last weeks at its start, "cryoctl
 * replay" and tests use the same code.
 *
 *     derive_create(config, now, &d);
 *     derive_take(d, at, point, &reading);     each reading of a point, calibrated; others are left alone
 *     derive_look(d, now);                     about once a second: time passes
 *     while (derive_next(d, &news)) ...        after each of both
 *
 * Law:
 * - What is not known is a bad reading with its reason (REASON_LEARNING ...), never a number.
 * - A condition is told as it changes: it holds, or it is over. What can't be judged (a reading is not good,
 *   the estimator is learning) ends nothing: nothing is told then.
 * - Until derive_ready() no news come at all: the past is learned from, not told again.
 * - A freezer's run and a tank's fill are told once, when they begin or end.
 * - News must be fetched after each take and look. Where that is not done, a point's reading is replaced by
 * its newer one; a condition or fill that finds no room is told later. Nothing grows.
 *
 * Inputs age: what was not taken for its point's stale_after_ms is not believed, also when nobody says so. So
 * a hole in the history, or a source that falls silent, needs no readings of its own. Before derive_ready()
 * half an hour counts where that is more: the record may be of a time when points were read more rarely.
 *
 * What proves that an alarm of a tank is over: tank_over.c for what the estimator flags (good readings now,
 * of the same probes; a fill that brought something; a level that has moved). A rung of the time left: a
 * tenth more time than its limit, or a level back at its fill start; and with it more liquid than there was,
 * a level that tells again, or a slope that has said so for a day. Never a top that warms, or an estimate
 * that was not known for a while. A failing vacuum: it was seen to fail, and is back at its baseline; or
 * derive_relearn, and a baseline learned since. For a vacuum that has failed for longer than the recall
 * reaches looks like a baseline: that alone must not end its alarm.
 *
 * HALL_TANKS tanks of a supply (or of those without one) are seen together; more are split in their order,
 * and a fill that appears on a probe of another part is then not found.
 */
#ifndef CRYOMON_DERIVE_H
#define CRYOMON_DERIVE_H

#include "config.h"
#include "tank_hall.h"

/* Derived readings come about so often, and when a state changes; */
#define DERIVE_EVERY_US INT64_C(60000000)
#define DERIVE_RUN_US   INT64_C(10000000) /* those of a freezer in a run */

struct derive;

/* config is borrowed and must outlive it. 0, -ENOMEM, or -EINVAL: a vessel's model is not sound
 * (settings_load makes none such). now: what is fed may be older (history). derive_free(NULL) is a no-op. */
int derive_create(const struct config *config, struct stamp now, struct derive **ret);
void derive_free(struct derive *derive);

/* Is the point one of the inputs? */
bool derive_wants(const struct derive *derive, uint16_t point);

/* How far back a past is to be fed before derive_ready: by point, and the most of all points; 0: it is no
 * input. */
#define DERIVE_TANKS_PAST_US    (INT64_C(28) * 86400 * 1000000) /* also of supplies */
#define DERIVE_FREEZERS_PAST_US (INT64_C(2) * 86400 * 1000000)
int64_t derive_past_us(const struct derive *derive, uint16_t point);
int64_t derive_past_most_us(const struct config *config);

/* Times must not go backwards; an earlier one counts as the last. A suspended machine is a gap. */
void derive_take(struct derive *derive, struct stamp at, uint16_t point, const struct reading *reading);
void derive_look(struct derive *derive, struct stamp now);

/* From here on there is news; the first look tells all conditions that are known. A fill that ended before is
 * not told; one that goes on is, at its end. */
void derive_ready(struct derive *derive);
bool derive_is_ready(const struct derive *derive);

/* Before derive_ready(): a fill that is found to have ended by a reading from this moment (boot time) on was
 * told by nobody yet, and will be. */
void derive_news_from(struct derive *derive, int64_t boot_us);

enum derived_kind {
    DERIVED_READING,   /* of a derived point */
    DERIVED_CONDITION, /* of a derived alarm */
    DERIVED_FILLED,    /* a fill of a tank has ended */
    DERIVED_RUN_BEGAN, /* of a freezer */
    DERIVED_RUN_ENDED,
};

struct derived_news {
    enum derived_kind kind;
    struct stamp at;
    union {
        struct {
            uint16_t point;
            struct reading reading; /* raw as the format has it */
        } reading;
        struct {
            uint16_t alarm;
            bool holds;
        } condition;
        struct {
            uint16_t vessel; /* index in config->vessels */
            struct stamp begin, end;
            micro_t from_cm, to_cm;
            bool knows_litres;
            micro_t litres;
        } filled;
        uint16_t freezer; /* index in config->freezers; derive_run tells the rest */
    };
};
bool derive_next(struct derive *derive, struct derived_news *ret);

/* What an alarm of derived_alarm() says beside its text: "vacuum index 2.3 (1.9 to 2.8)", "5 h left (4 to
 * 7)", "the fill appeared in tank-2". "" when there is nothing. */
void derive_words(const struct derive *derive, uint16_t alarm, enum language language, char *text,
                  size_t cap);

/* How long an asset's samples have, if nobody does anything: hours to -150 degC, or to empty when that is not
 * known. False: not known, or the asset has no vessel. */
bool derive_time_left(const struct derive *derive, uint16_t asset, struct tank_quantity *ret);

/* The estimates behind it, for pages. Indices in config->vessels, supplies, freezers. */
void derive_tank(const struct derive *derive, uint16_t vessel, struct tank_view *ret);
void derive_supply(const struct derive *derive, uint16_t supply, struct hall_view *ret);
const struct freezer_run *derive_run(const struct derive *derive, uint16_t freezer);

/* The freezer's next run (or that which goes on, if none of its steps has been judged: else -EBUSY) is to
 * follow this program; -1: the one of the configuration. */
int derive_prepare(struct derive *derive, uint16_t freezer, int program);

/* The freezer's last run that has ended, as it was then; NULL: none is known. Of it and of the run that goes
 * on: the program that it was to follow; NULL: not known. Valid until the next take or look. */
struct derive_ended {
    struct freezer_record record;
    int step; /* that it was in, from 0; -1: not known */
};
const struct derive_ended *derive_last_run(const struct derive *derive, uint16_t freezer);
const struct program *derive_run_program(const struct derive *derive, uint16_t freezer, bool last);

/* The run of the freezer that begins from that moment (UTC) on, or goes on then, until the other, is to
 * follow this program (-1: not told; DERIVE_NO_PROGRAM: one that is not known any more), and until
 * derive_ready() its readings have a gap between them as that was configured then (0: as now): for what is
 * recalled. The last DERIVE_PLANS are kept. */
#define DERIVE_PLANS      8
#define DERIVE_NO_PROGRAM (-2)
void derive_plan(struct derive *derive, uint16_t freezer, int64_t from_utc_us, int64_t to_utc_us, int program,
                 int64_t gap_us);

/* When a run is to have begun; FREEZER_NONE: none is expected. run-late holds from then on until one begins,
 * or until another time is said. */
void derive_expect(struct derive *derive, uint16_t freezer, int64_t due_boot_us);

/* Somebody takes care of what the last run has left: run-abandoned is over. */
void derive_attend(struct derive *derive, uint16_t freezer);

/* Somebody has repaired or moved the vessel: its baseline is learned anew, which takes ten days or more. An
 * alarm of its vacuum stays until then. In a recall: at the time when it was said. */
void derive_relearn(struct derive *derive, uint16_t vessel);

#endif
