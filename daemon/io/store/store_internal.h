/* store_internal.h - what the parts of the store share. All of it belongs to the store thread. Not for
 * others. */
#ifndef CRYOMON_STORE_INTERNAL_H
#define CRYOMON_STORE_INTERNAL_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

#include "chain.h"
#include "clock.h"
#include "fold.h"
#include "frame.h"
#include "head.h"
#include "schema.h"
#include "seal.h"
#include "store.h"

#define STORE_PATH_MAX    320
#define STORE_DETAIL_MAX  NOTE_MAX
#define STORE_WRITE_MS    60000 /* what a write to a slow disk may take before the watchdog minds */
#define STORE_EVENTS_MAX  4096
#define STORE_SENT_MAX    1024
#define STORE_CONFIGS_MAX 8
#define STORE_SERIES_MAX  8
#define STORE_CUSTODY_MAX 4
#define STORE_RETRY_US    (1 * SECOND_US) /* after a failed write */
#define STORE_REOPEN_US   (5 * SECOND_US) /* after a failed opening */
#define STORE_NEVER       INT64_MAX

/* The end of a chain: a frame or a seal. */
struct store_link {
    int64_t id; /* 0: there is none */
    unsigned char hash[CHAIN_HASH_SIZE];
};

/* ---------------------------------------------------------------- files (store_files.c) */

struct store_files {
    char dir[256];
    int lock_fd;
    int64_t next_check_boot_us;
};

/* Makes the directory if its parent is there, and takes the lock that keeps a second daemon out. Returns 0 or
 * -errno with detail. */
int store_files_prepare(struct store_files *files, char *detail, size_t cap);
/* Makes an empty database file with the right mode if there is none. Refuses an absent or empty one whose
 * write-ahead log still holds data: SQLite would throw that away. */
int store_files_create(const struct store_files *files, const char *path, char *detail, size_t cap);
void store_files_close(struct store_files *files);
/* True when there is a history.db with something in it. */
bool store_files_have_history(const struct store_files *files);
/* Free space for us, in bytes; INT64_MAX when the file system does not say. */
int64_t store_files_room(const struct store_files *files);
/* The ballast: space held back, given up when events would not fit otherwise. */
void store_files_keep_ballast(const struct store_files *files);
bool store_files_release_ballast(const struct store_files *files); /* true: there was one */

/* ---------------------------------------------------------------- connections (store_db.c) */

struct store_db {
    sqlite3 *db; /* NULL: not open */
    enum schema_file file;
    enum system_fault fault;
    char path[STORE_PATH_MAX];
    int64_t retry_boot_us; /* nothing is tried before */
};

void store_db_init(struct store_db *db, enum schema_file file, enum system_fault fault, const char *dir);
/* Opens, checks and migrates. Returns 0 or -errno with detail; then db->db is NULL. */
int store_db_open(struct store *store, struct store_db *db, char *detail, size_t cap);
void store_db_close(struct store_db *db);
/* Prepares n statements, or none: an SQLite result. */
int store_db_prepare(struct store_db *db, const char *const *sql, sqlite3_stmt **stmts, size_t n);
void store_db_finalize(sqlite3_stmt **stmts, size_t n);
/* Steps a statement that gives no rows, and resets it: SQLITE_OK or the error. */
int store_db_run(sqlite3_stmt *stmt);
/* Describes the connection's last error, rolls back, decides when to try again, and whether the connection is
 * still good: false means that the caller must close it. */
bool store_db_failed(struct store_db *db, int result, char *detail, size_t cap);
/* No room: the ballast may help. */
bool store_db_is_full(struct store_db *db, int result);
/* The file is no longer the one at the path: moved, deleted, or another disk mounted there. */
bool store_db_has_moved(struct store_db *db);

/* ---------------------------------------------------------------- what the core is told (store_report.c) */

enum store_gap { GAP_READINGS, GAP_EVENTS, GAP_CONFLICT, GAP_QUEUE, GAP_STALE, GAP_CONFIGS, GAP_COUNT };

struct store_report {
    struct {
        bool failed, told_failed, dirty;
        char detail[STORE_DETAIL_MAX];
    } faults[FAULT_COUNT];
    struct {
        uint64_t count;
        int64_t from_utc_us, to_utc_us;
        bool ready;
    } gaps[GAP_COUNT];
    struct core_message *restored; /* what the first opening found, then CORE_STORE_OPEN */
    size_t n_restored, next_restored;
    struct core_message custody[STORE_CUSTODY_MAX]; /* waits for state.db, so that its event has its place */
    size_t n_custody;
    uint64_t durable_seq, durable_told;
    struct { /* for the core: see CORE_DURABLE */
        uint64_t seq, lost_from, lost_to;
        bool dirty;
    } recorded;
    int64_t retry_boot_us;
};

void store_report_fault(struct store *store, enum system_fault fault, const char *detail);
void store_report_well(struct store *store, enum system_fault fault);
void store_report_gap(struct store *store, enum store_gap gap, uint64_t count, int64_t from_utc_us,
                      int64_t to_utc_us);
/* Gaps are told when writing works again: then their event can be stored too. */
void store_report_gap_over(struct store *store, enum store_gap gap);
/* All events up to seq were written or given up. */
void store_report_recorded(struct store *store, uint64_t seq);
/* Of events from one number to another some were given up. */
void store_report_lost(struct store *store, uint64_t from_seq, uint64_t to_seq);
/* The message's kind is CORE_CUSTODY. It is lost only when there was no room for it. */
void store_report_custody(struct store *store, const struct core_message *message);
bool store_report_has_room(const struct store *store); /* for two of them */
/* Posts all that waits, as far as there is room. */
void store_report_step(struct store *store, int64_t now_boot_us);
int64_t store_report_deadline(const struct store *store);
void store_report_free(struct store_report *report);
/* Frees messages, and the bodies of those from on. */
void store_report_free_restored(struct core_message *messages, size_t from, size_t n);

/* ---------------------------------------------------------------- state.db (store_state.c) */

#define STATE_STATEMENTS 13

/* Bits of the column alarm.latched; a version before the second one wrote the first only. */
#define STORE_LATCHED 1
#define STORE_UNSEEN  2 /* alarm_memory.unseen */

struct store_state {
    struct store_db db;
    sqlite3_stmt *stmts[STATE_STATEMENTS];
    struct event_record *ring; /* STORE_EVENTS_MAX */
    size_t head, n;
    uint64_t sent[STORE_SENT_MAX];
    size_t n_sent;
    int64_t sent_due_boot_us;
    struct config *configs[STORE_CONFIGS_MAX]; /* references; to be written */
    size_t n_configs;
    uint64_t last_seq;
    unsigned char last_hash[CHAIN_HASH_SIZE];
    int64_t run_id, started_utc_us;
    uint64_t known_seq; /* the last one that was seen in the file: a file with less is another one */
    unsigned char known_hash[CHAIN_HASH_SIZE]; /* its hash */
    bool opened_once, run_written;
    bool was_lost; /* the first opening found no state.db, though there was one */
    char boot_id[BOOT_ID_MAX];
};

int store_state_init(struct store *store);
void store_state_free(struct store *store);
void store_state_add_event(struct store *store, const struct event_record *event);
void store_state_add_sent(struct store *store, uint64_t seq);
void store_state_add_config(struct store *store, struct config *config);
void store_state_step(struct store *store, int64_t now_boot_us);
int64_t store_state_deadline(const struct store *store);
void store_state_finish(struct store *store); /* marks a clean stop if all was written, and closes */
/* The file is not where it was: says so, and closes it. What waits goes into the next one. */
void store_state_moved(struct store *store);
struct event_record *store_state_waiting(struct store_state *state, size_t i); /* i < n */
/* Reads last_seq and last_hash from the file: an SQLite result. */
int store_state_read_last(struct store_state *state);
void store_state_know_last(struct store_state *state); /* it is in the file */

/* (store_alarms.c) The row of the event's alarm and those of its holds, or of its device: an
 * SQLite result. */
int store_alarms_put(sqlite3_stmt *stmt, sqlite3_stmt *hold, const struct event_record *event);
int store_alarms_put_bypass(sqlite3_stmt *stmt, const struct event_record *event);

/* (store_restore.c) After an opening, the first time and whenever another file has taken the place of ours:
 * has the core told of the alarms in it, and our run written into it. An SQLite result. */
int store_restore(struct store *store);

/* ---------------------------------------------------------------- readings that wait (store_readings.c) */

#define BLOCK_ENTRIES 1024
#define BLOCKS_MAX    1600 /* of 40 KiB: 64 MiB, 1.6 million readings */

/* The ids of a configuration's points in history.db; 0: not known yet. */
struct store_series {
    struct store_series *next;
    struct config *config;
    size_t blocks;
    uint32_t *ids;
    uint32_t *calibration_ids; /* the same, of its calibrations */
};

struct store_block {
    struct store_block *next;
    struct store_series *series;
    unsigned first, n;                         /* entries [first, n) wait */
    struct frame_entry entries[BLOCK_ENTRIES]; /* .point is the index in the configuration */
};

struct store_readings {
    struct store_block *head, *tail;
    struct store_series *series; /* the newest first; it is the one in force */
    size_t n_blocks, n_series;
    uint64_t n;
};

/* A new configuration is in force. Returns 0 or -ENOMEM (then the old one stays). Takes its own reference. */
int store_readings_configure(struct store *store, struct config *config);
void store_readings_add(struct store *store, const struct store_message *message);
void store_readings_pop(struct store_readings *readings, uint64_t count);
void store_readings_forget_ids(struct store_readings *readings);
void store_readings_free(struct store_readings *readings);

/* ---------------------------------------------------------------- calibrations (store_calibrations.c) */

struct store_history;

/* Makes of an index in the series' calibrations + 1 the id in history.db; 0 stays 0. An SQLite result. */
int store_calibrations_id(struct store_history *history, struct store_series *series, uint32_t *calibration);
/* Tells the core of the rows that no event tells of: after a commit that has added one, and
 * after an opening. */
void store_calibrations_tell(struct store *store);

/* ---------------------------------------------------------------- history.db (store_history.c) */

#define HISTORY_STATEMENTS 5

struct store_history {
    struct store_db db;
    sqlite3_stmt *stmts[HISTORY_STATEMENTS];
    struct store_readings readings;
    int64_t due_boot_us;    /* the next commit; STORE_NEVER while nothing waits */
    struct store_link last; /* frame that was committed */
    bool failing;           /* the last commit failed */
    /* A commit that failed may have reached the disk all the same: if the frame doubt_id is there, the oldest
     * doubt_n readings are stored. */
    int64_t doubt_id;
    uint64_t doubt_n;
    bool short_of_room;
    bool calibrations_due; /* rows behind calibration_told have to be looked at */
    int64_t calibration_told;
    struct frame_entry *scratch; /* FRAME_ENTRIES_MAX */
    unsigned char *body;         /* FRAME_BYTES_MAX */
};

int store_history_init(struct store *store);
void store_history_free(struct store *store);
void store_history_step(struct store *store, int64_t now_boot_us);
int64_t store_history_deadline(const struct store *store);
void store_history_finish(struct store *store); /* writes what waits */
void store_history_close(struct store *store);

/* ---------------------------------------------------------------- folding (store_fold.c) */

struct store_fold {
    struct signer *signer;  /* NULL: could not be read so far */
    struct fold *fold;      /* while history.db is open */
    struct store_link seal; /* the last one */
    int64_t due_boot_us, gave_way_boot_us;
    bool key_known;     /* it is in history.db */
    bool key_stored;    /* its event is in state.db */
    int64_t key_utc_us; /* what the event tells of it, and its row then says */
    bool key_logged;
    char trouble[STORE_DETAIL_MAX]; /* why nothing is folded; "": all is well */
};

/* One piece of work, when one is due. Events are taken and written while it runs. */
void store_fold_step(struct store *store, int64_t now_boot_us);
int64_t store_fold_deadline(const struct store *store);
void store_fold_configure(struct store *store);
void store_fold_close(struct store *store); /* before history.db is closed */
void store_fold_free(struct store *store);

/* ---------------------------------------------------------------- the signed head (store_head.c) */

struct store_head {
    struct head last;    /* that was made */
    struct head earlier; /* that state.db held when it was opened; site "": none */
    bool told_loss;
    char text[HEAD_TEXT_MAX];
    bool to_state, to_publisher; /* still to be written, to be posted */
    bool settled;                /* the publisher knows that it was the last */
    int64_t due_boot_us;         /* the next, if anything changes */
};

/* Makes a head when something has changed: at once after a seal, after events that are waited for (start,
 * stop, export, review ...) and at the end, else once a minute. Does not touch the files. */
void store_head_step(struct store *store, int64_t now_boot_us, bool at_the_end);
/* After the event "stop", which is the last: has the readings that wait written, and makes a head that covers
 * all; the publisher waits for it. */
void store_head_settle(struct store *store, int64_t now_boot_us);
int64_t store_head_deadline(const struct store *store);
/* Reads the head that an earlier run has left in state.db. */
void store_head_read(struct store *store);
/* last: the last frame in history.db. Does the file hold less than was signed (lost, cut off, an older one
 * put back)? Then that is told, and *last becomes what was signed: numbers go on behind it, so that the hole
 * shows for ever. */
void store_head_compare(struct store *store, struct store_link *last);

/* ---------------------------------------------------------------- */

void store_take(struct store *store); /* messages from the mailbox; not from within their handling */

struct store {
    struct mailbox *mailbox, *core, *publisher;
    struct heartbeats *heartbeats;
    int heartbeat;
    struct config *config; /* in force; a reference */
    int stop_fd, done_fd;
    pthread_t thread;
    bool joined;
    bool ending; /* the event "stop" is stored: nothing comes after it */
    int64_t last_turn_utc_us;
    struct store_message message; /* the one being handled: too big for the stack of a small thread */
    struct store_files files;
    struct store_report report;
    struct store_state state;
    struct store_history history;
    struct store_fold fold;
    struct store_head head;
};

#endif
