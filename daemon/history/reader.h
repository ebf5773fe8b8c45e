/*
 * reader.h - reads the history and the events: for cryoctl, reports and auditors. Needs no daemon; opens the
 * files read-only and keeps its read transactions short, so that it never gets in the writer's way: rows are
 * copied a page at a time, and no transaction is open while the caller's function runs.
 *
 * A reader belongs to one thread. Within a call no other function of the same reader may be called.
 */
#ifndef CRYOMON_READER_H
#define CRYOMON_READER_H

#include "calibration.h"
#include "summary.h"
#include "value.h"

struct history_reader;

/* Opens DIR/history.db and DIR/state.db. Returns 0 or -errno (-ENOENT no file or still empty, -EACCES,
 * -EUCLEAN not ours or damaged, -EPROTONOSUPPORT written by a newer version); ret_message (cap bytes) says in
 * words what is wrong. When only one of the two can be read it succeeds all the same: ret_message then says
 * what is wrong with the other (it is "" when both are well), and the functions that need that one return its
 * -errno. */
int history_open(const char *dir, struct history_reader **ret, char *ret_message, size_t cap);
void history_close(struct history_reader *reader);

struct history_row {
    const char *asset, *point, *unit; /* valid until history_close */
    unsigned decimals;
    uint32_t id;             /* of the point, as in history_points */
    int64_t slot_utc_us;     /* when the poll was due */
    int64_t taken_utc_us;    /* when the reply, or its absence, was known */
    struct reading reading;  /* as read; reading.raw are the register words */
    micro_t calibrated;      /* the value that counts: equal to reading.value without a calibration */
    int64_t calibration;     /* its id, for history_calibration; 0: none */
    const char *certificate; /* of the calibration, valid until history_close; NULL: none, or it is gone */
};

/* Calls row() for each stored reading of asset/point with from <= taken < to. A NULL asset or point means
 * all. Readings of one point come in the order in which they were stored, which is that of time, unless the
 * clock was set back. Of several points they come in pieces: a day or an hour of the one, then of the other
 * (seal.h); only what is not folded yet comes as it was stored, mixed. row() returns false to stop. Returns
 * the number of rows, or -errno. Times are exact to the millisecond (frame.h). Readings that were taken more
 * than an hour away from their slot may be missed at the ends of the range.
 *
 * While it runs, the writer may go on, and fold what was not read yet: each reading comes once. */
typedef bool history_row_fn(void *context, const struct history_row *row);
int64_t history_each(struct history_reader *reader, const char *asset, const char *point, int64_t from_utc_us,
                     int64_t to_utc_us, history_row_fn *row, void *context);

/* What was found damaged and left out since history_open: frames and chunks (of history_each, also once for
 * each reading whose calibration is gone: its value is as read). A frame is believed only if its hash fits
 * and it follows the one before, a chunk only if its hash is the one in its seal. Whether the seals are true
 * is for verification (chain.h): it is not looked at here. */
uint64_t history_damaged(const struct history_reader *reader);

struct history_event {
    uint64_t seq;
    int64_t utc_us;
    const char *kind, *asset, *alarm, *body; /* body: JSON, as published; valid during the call */
};
typedef bool history_event_fn(void *context, const struct history_event *event);

/* Events with seq > after_seq and from <= utc < to, in order of seq. */
int64_t history_events(struct history_reader *reader, uint64_t after_seq, int64_t from_utc_us,
                       int64_t to_utc_us, history_event_fn *event, void *context);

/* The same for those of a kind, an asset, an alarm (NULL: any). */
struct history_filter {
    const char *kind, *asset, *alarm;
};
int64_t history_events_where(struct history_reader *reader, const struct history_filter *filter,
                             int64_t from_utc_us, int64_t to_utc_us, history_event_fn *event, void *context);

/* The newest event of the kind with utc < before, and the oldest with utc >= from. 1, 0 (none) or -errno. */
int history_event_before(struct history_reader *reader, const char *kind, int64_t before_utc_us,
                         history_event_fn *event, void *context);
int history_event_after(struct history_reader *reader, const char *kind, int64_t from_utc_us,
                        history_event_fn *event, void *context);

/* One UTC hour or day of a point, from summaries alone where they are (and from readings for the hour that is
 * not sealed yet). Values are calibrated, in steps of the resolution. Days are UTC days. In order of point,
 * then time; those that overlap from..to, whole. Where thresholds were changed within the hour or day, none
 * are given. What can be read is believed: a chunk's hash covers its readings too, and these are not read. */
struct history_span {
    const char *asset, *point, *unit;
    unsigned decimals;
    struct summary summary; /* hour_ms: start of the hour or day */
    struct summary_thresholds thresholds;
};
typedef bool history_span_fn(void *context, const struct history_span *span);
int64_t history_hours(struct history_reader *reader, const char *asset, const char *point,
                      int64_t from_utc_us, int64_t to_utc_us, history_span_fn *span, void *context);
int64_t history_days(struct history_reader *reader, const char *asset, const char *point, int64_t from_utc_us,
                     int64_t to_utc_us, history_span_fn *span, void *context);

/* A calibration by its id; texts are valid until history_close. 0, or -ENOENT. */
struct history_calibration {
    int64_t id, utc_us, from_utc_us; /* recorded; in effect from */
    const char *asset, *point, *unit, *text, *certificate, *date, *due, *reference;
    bool sound; /* the text makes sense, and so does: */
    struct calibration calibration;
};
int history_calibration(struct history_reader *reader, int64_t id, struct history_calibration *ret);

/* Does asset/point (either may be NULL) occur at all? 1, 0 or -errno: to tell "no readings then" from "no
 * such point". */
int history_has_point(struct history_reader *reader, const char *asset, const char *point);

/* Each point that has an id: asset, point and unit may come again with other units or decimals. Ids ascend,
 * from 1, with hardly a hole. asset, point: NULL for all. Texts are valid until history_close. Returns how
 * many. */
struct history_point {
    uint32_t id;
    const char *asset, *point, *unit;
    unsigned decimals;
};
typedef bool history_point_fn(void *context, const struct history_point *point);
int64_t history_points(struct history_reader *reader, const char *asset, const char *point,
                       history_point_fn *each, void *context);
/* From about when to about when there are readings: the times of slots of sealed segments, and of the
 * readings that are not sealed yet; those that were taken late may lie a little outside. 1, 0 (there are
 * none) or -errno. */
int history_extent(struct history_reader *reader, int64_t *ret_first_utc_us, int64_t *ret_last_utc_us);

/* What the files hold, counted; looks at every chunk's row, so it may take a second in a large file. Members
 * of a file that can't be read are zero. Returns 0 or -errno. */
struct history_stats {
    int64_t state_bytes, history_bytes; /* the files, with their logs */
    int64_t free_bytes;                 /* inside history.db, to be used again */
    int64_t points, calibrations, events, configurations;
    int64_t first_event_us, last_event_us;
    struct history_part {
        int64_t rows, readings, bytes; /* bytes: of bodies and summaries, without the tables around them */
        int64_t first_us, last_us;     /* slots; of frames when they were taken. 0: rows is 0 */
    } frames, hours, days;
    int64_t hour_seals, day_seals, seals, tombstones, removed_readings, damaged_frames;
    int64_t recent_readings, recent_events; /* of the last HISTORY_RECENT_DAYS before the newest */
    bool has_key;
    unsigned char public_key[32]; /* of the last seal */
};
#define HISTORY_RECENT_DAYS 7
int history_stats(struct history_reader *reader, struct history_stats *ret);

/* The outbox, for the publisher: events not yet confirmed by the broker with seq > after_seq, oldest first,
 * at most limit. */
int64_t history_outbox(struct history_reader *reader, uint64_t after_seq, unsigned limit,
                       history_event_fn *event, void *context);

#endif
