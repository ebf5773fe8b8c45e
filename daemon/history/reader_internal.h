/* reader_internal.h - what the parts of the reader share. Not for others. */
#ifndef CRYOMON_READER_INTERNAL_H
#define CRYOMON_READER_INTERNAL_H

#include <sqlite3.h>

#include "chunk.h"
#include "reader.h"
#include "schema.h"
#include "seal.h"

struct reader_point {
    int64_t id;
    char *asset, *point, *unit; /* one allocation, asset's */
    unsigned decimals;
    bool wanted; /* by the search that runs */
    /* How far the search is with it: hours up to this seal were given, and this was its last reading in a
     * frame that was given, so that what is folded meanwhile comes once. */
    int64_t done_hour, last_slot_ms, last_taken_ms;
    bool in_frame;
};

struct reader_calibration {
    struct history_calibration row; /* its texts are in one allocation, asset's */
};

struct history_reader {
    sqlite3 *state, *history;       /* NULL: could not be opened, and then */
    int state_error, history_error; /* -errno */
    int history_version;            /* of the file: 1 knows frames only */
    struct reader_point *points;    /* sorted by id */
    size_t n_points, cap_points;
    struct reader_calibration *calibrations; /* sorted by id */
    size_t n_calibrations, cap_calibrations;
    uint64_t damaged;
};

/* ---------------------------------------------------------------- points and calibrations */

struct reader_wanted {
    const char *asset, *point; /* NULL: all */
    /* Of those, what this wants; NULL: all. Asked for each point, once for each search. */
    bool (*choose)(void *context, const struct reader_point *point);
    void *context;
};
bool reader_is_wanted(const struct reader_wanted *wanted, const struct reader_point *point);

/* Reads the points that were added since the last look; wanted (may be NULL) marks the new ones. */
int reader_load_points(struct history_reader *reader, const struct reader_wanted *wanted);
const struct reader_point *reader_find_point(const struct history_reader *reader, uint32_t id);
/* Loads those that were added since; NULL: there is none with this id. */
const struct history_calibration *reader_find_calibration(struct history_reader *reader, int64_t id);

/* ---------------------------------------------------------------- a search */

/* Readings of a point, in the order in which they were stored. Not empty. Sets search->stopped to stop. */
struct reader_search;
typedef void reader_give_fn(struct history_reader *reader, struct reader_search *search,
                            struct reader_point *point, const struct frame_entry *entries, size_t n);

struct reader_search {
    struct reader_wanted wanted;
    int64_t from, to;    /* of frames: when the readings were taken */
    int64_t first, last; /* of segments: slots, from <= .. < to, more than from .. to */
    reader_give_fn *give;
    void *context;
    bool stopped;
    int64_t hour; /* all hours up to this seal were looked through */
    int64_t first_frame, frame,
        last_frame; /* frames in (frame, last_frame] are to come; at first the first_frame */
    struct chain_frames chain;
    struct chunk chunk; /* memory that is used again and again */
    struct frame_entry *entries;
    size_t cap;
    sqlite3_stmt *chunk_stmt, *frame_stmt, *hour_stmt;
};

/* Begins at the oldest. Marks the wanted points. */
int reader_search_begin(struct history_reader *reader, struct reader_search *search);
void reader_search_end(struct reader_search *search);

/* history_each of what is wanted. */
int64_t reader_each(struct history_reader *reader, const struct reader_wanted *wanted, int64_t from_utc_us,
                    int64_t to_utc_us, history_row_fn *row, void *context);

/* The parts of it: all segments behind search->hour; the frames, until there are none (0) or an hour was
 * folded (1). */
int reader_each_segment(struct history_reader *reader, struct reader_search *search);
int reader_each_frame(struct history_reader *reader, struct reader_search *search);
int reader_find_frames(struct history_reader *reader, struct reader_search *search);

/* ---------------------------------------------------------------- segments */

struct reader_segment {
    int64_t id, first_hour, last_hour; /* the seals of the hours in it */
};
/* The live segments behind an hour with slots in first..last, in the order in which they were stored, and the
 * newest hour, folded further or not. *ret is malloc'd. Returns how many, or -errno. */
int64_t reader_list_segments(struct history_reader *reader, int64_t hour, int64_t first_us, int64_t last_us,
                             struct reader_segment **ret, int64_t *ret_newest_hour);
/* Does it still have chunks? 1, 0, -errno. */
int reader_is_live(struct history_reader *reader, int64_t seal);

/* Opens one of the files for reading only. Returns its version, or -errno with message. */
int reader_open_file(const char *dir, enum schema_file file, sqlite3 **ret, char *message, size_t cap);

/* An SQLite failure as -errno; 0 for rows and their end. */
int reader_errno(sqlite3 *db, int result);

#endif
