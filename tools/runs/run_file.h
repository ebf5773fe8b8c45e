/*
 * run_file.h - all that is known of one run of a controlled-rate freezer, from the record: for "cryoctl run
 * show" and for the report.
 *
 * Nothing is taken over that could be computed: record and verdict come from the stored readings, by the code
 * that the daemon uses, with the configuration that was in force when the run began, and with the program
 * whose hash its event names. What the event said then stands beside it (entry->verdict).
 *
 *     struct run_file *run;
 *     int r = run_file_open(reader, &(struct run_wish){.asset = "freezer-1", .run =
 * "freezer-1@1790000600000"}, &run);
 *     ...
 *     run_file_close(run);
 *
 * Times are UTC, microseconds. The stamps in `record` have boot_us equal to utc_us: all times
 * of a run are by the wall clock as it went when the run began, also when it was set in it.
 */
#ifndef CRYOMON_RUN_FILE_H
#define CRYOMON_RUN_FILE_H

#include "run_shelf.h"
#include "runs.h"

struct run_wish {
    const char *asset;
    const char
        *run; /* its id, or the part behind '@'; NULL: that which goes on at begin_us, or begins next */
    int64_t begin_us;              /* without an id */
    const struct program *program; /* to judge by, instead of the recorded one; borrowed; NULL: none */
    struct config *config; /* used where the record does not have the one that was in force (a reference is
                              taken); may be NULL */
};

/* Where the program comes from. */
enum run_program_from {
    RUN_PROGRAM_NONE,       /* none is known: nothing is judged */
    RUN_PROGRAM_EVENT,      /* the run's event names its hash, and its text is in the record */
    RUN_PROGRAM_TEXT_GONE,  /* the event names one whose text is not in the record: nothing is judged */
    RUN_PROGRAM_CONFIGURED, /* no event of the run: the one that the configuration names for the freezer */
    RUN_PROGRAM_GIVEN,      /* wish.program */
};

/* A reading of one of the run's inputs. */
struct run_sample {
    int64_t utc_us;
    int64_t value;  /* as freezer_run_take has it: micro_t in degC; segment, phase, 0/1 as they are;
                       FREEZER_NONE: there was no usable value */
    bool uncertain; /* the device itself doubts it */
    bool after_gap; /* more than gap_us after the usable reading before: no line leads here */
};
struct run_trace {
    char asset[ID_MAX], point[ID_MAX]; /* "": the freezer has no such input */
    size_t n;
    struct run_sample *samples; /* in order of time, begin <= utc_us <= end */
};

/* A time in which something held. */
enum run_lapse_kind {
    RUN_LAPSE_GAP,   /* the chamber could not be read */
    RUN_LAPSE_LID,   /* open */
    RUN_LAPSE_POWER, /* off */
    RUN_LAPSE_LN2,   /* low */
};
struct run_lapse {
    enum run_lapse_kind kind;
    int64_t from_us, to_us;
    bool has_ended; /* false: it still held at the run's end */
};

/* An event of an alarm of the asset whose condition held in the run's time: not of run-abandoned, which is
 * the run's before, nor that somebody has now seen what was over before. */
struct run_alarm {
    uint64_t seq;
    int64_t utc_us;
    char alarm[ID_MAX];
    json_t *body; /* as stored */
};

/* An earlier accepted run of the same freezer and program hash. */
struct run_earlier {
    char id[RUN_ID_MAX];
    int64_t begin_us;
    bool is_known; /* its curve could be read, and has something in common with this one */
    struct freezer_distance distance;
    struct freezer_trace trace; /* its curve, coarse (means of slot_us): zero where not is_known */
};
#define RUN_EARLIER_MAX 8 /* the latest ones */

struct run_file {
    char id[RUN_ID_MAX];
    char asset[ID_MAX];
    const struct run_entry *entry;        /* what its events say; NULL: the record has no event of it */
    struct config *config;                /* in force when it began; NULL: the record does not have it */
    bool config_in_force;                 /* false: config is the wish's, not the record's */
    const struct freezer_config *freezer; /* its roles; NULL: none, points were taken by their names */
    enum run_program_from program_from;
    const struct program *program; /* NULL: none to judge by */
    struct freezer_record record;
    struct freezer_verdict verdict; /* by program; advice: a person decides (entry->decision) */
    enum freezer_guidance guidance; /* for one that was broken off; FREEZER_GUIDANCE_NONE else */
    bool is_broken_off;             /* stopped or lost: guidance is asked for */
    int64_t gap_us;                 /* what counts as a gap */
    struct record_clock clock;
    int64_t utc_minus_us; /* as in struct runs_from */
    uint64_t left_out;    /* readings from before what was read already: the clock was set back */
    struct run_trace traces[FREEZER_INPUTS]; /* by enum freezer_input */
    size_t n_lapses;
    struct run_lapse *lapses; /* in order of kind, then time */
    size_t n_alarms;
    struct run_alarm *alarms; /* from begin to end, in order of seq */
    size_t n_earlier;
    struct run_earlier earlier[RUN_EARLIER_MAX]; /* newest first */
    struct run_book book;                        /* of the freezer; owns entry */
    struct run_shelf shelf;                      /* owns program */
    struct config *fallback;                     /* wish.config */
};

/* 0 with *ret (run_file_close), -ENOENT (no such run in the record), -ENODATA (the asset has no chamber's
 * readings), -ENOMEM, or -errno. */
int run_file_open(struct history_reader *reader, const struct run_wish *wish, struct run_file **ret);
void run_file_close(struct run_file *run); /* NULL is a no-op */

const char *run_file_lapse_name(enum run_lapse_kind kind); /* "gap", "lid", "power", "ln2" */

#endif
