/*
 * schema.h - the tables of state.db and history.db, and how a file of an older version becomes one of this.
 *
 * state.db     event          the audit chain (chain.h); append-only, guarded by triggers
 *              alarm          the state of each alarm that ever was not normal, after its last event
 *              hold           what has ever kept an alarm quiet: who, why, until when, how often
 *              bypass         devices that are or were bypassed
 *              outbox         events that the broker has not confirmed
 *              run            one row per start of the daemon; stopped_utc_us is NULL until a clean stop
 *              configuration  the full text of each configuration that was ever in force; append-only
 *              baseline       the configuration whose limits are explained: one row
 *              head           the last signed head (head.h): one row
 * history.db   point          ids for (asset, point, unit, decimals)
 *              calibration    each calibration that was ever in force; append-only
 *              frame          the readings of one commit (frame.h), with their hash: of the current hour
 *              chunk          the readings of one point in an hour or a day (chunk.h, summary.h)
 *              seal           hours, days and removals, chained and signed (seal.h)
 *              signer         public keys
 *              damaged        frames that were found damaged when they were to be folded
 *
 * Each file has an application_id of its own, and its version in user_version. A file of a newer version, or
 * of another program, is refused and not touched.
 */
#ifndef CRYOMON_SCHEMA_H
#define CRYOMON_SCHEMA_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

/* Of a new history.db. A day's chunk is about 3 KB: five fit into a page and little is left over, where pages
 * of 8 KiB would stand a quarter empty; a commit of readings still writes one page. */
#define SCHEMA_SET_PAGE "PRAGMA page_size=16384"

enum schema_file { SCHEMA_STATE, SCHEMA_HISTORY };

const char *schema_name(enum schema_file file); /* "state.db", "history.db" */
int schema_version(enum schema_file file);      /* the version that this program writes */

/* Is the open file one of ours, of a version that we know? Only reads. Returns its version (> 0), or
 *   -ENODATA          it is still empty
 *   -EUCLEAN          it is no SQLite file, damaged, or another program's
 *   -EPROTONOSUPPORT  a newer cryomon wrote it
 *   -errno            it can't be read
 * On an error message says what is wrong (without the path). */
int schema_check(sqlite3 *db, enum schema_file file, char *message, size_t cap);

/* Brings an open, writable file to this version, from nothing or from an older one, in one transaction.
 * Returns 0 or -errno with message, as above; on failure the file is as it was. */
int schema_migrate(sqlite3 *db, enum schema_file file, char *message, size_t cap);

/* The same with steps of the caller's: steps[i] brings version i to i + 1. (schema_migrate is this with
 * ours.) */
int schema_run_steps(sqlite3 *db, enum schema_file file, const char *const *steps, int n_steps, char *message,
                     size_t cap);

/* The first column of the statement's first row. SQLITE_OK, SQLITE_DONE (no row), or another SQLite result.
 */
int schema_number(sqlite3 *db, const char *sql, int64_t *ret);

/* An SQLite result as -errno (SQLITE_OK, _ROW and _DONE: 0), and the connection's last error as text, with
 * the system's own words where it has them: "disk I/O error: No space left on device". */
int schema_errno(sqlite3 *db, int result);
void schema_error_text(sqlite3 *db, char *text, size_t cap);

#endif
