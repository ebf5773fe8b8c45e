/*
 * book.h - notify.db: what cryonotify must not forget. SQLite, WAL, synchronous FULL, one connection.
 *
 * - inbox: messages that the broker has given and that are not worked through yet. book_inbox_add commits
 * before it returns, and may be called from paho's thread: only then the broker gets its confirmation.
 * - alarm: each alarm that is open, its last body, and how far calling has come.
 * - attempt: who was called when, how, and what became of it. The row is there before the message goes, so
 * that after a crash it is known that nobody knows.
 * - off, ack, link, fact, event: what was switched off by whom, acknowledgements on their way to the daemon,
 * links that were used, numbers, and the last events.
 *
 * Everything but book_inbox_add is for one thread; between book_begin and book_commit changes are one
 * transaction, outside each is one of its own. A book that can't be written (full disk) returns -errno;
 * nothing is changed then, and the caller goes on from memory.
 */
#ifndef CRYONOTIFY_BOOK_H
#define CRYONOTIFY_BOOK_H

#include "call.h"
#include "config.h"

#define BOOK_SCHEMA      2
#define BOOK_WHY         256
#define BOOK_ERROR       256
#define BOOK_EVENTS_KEPT 10000
#define BOOK_KEEP_DAYS   800 /* attempts */

struct book;

/* Opens or makes directory/notify.db. vfs: NULL, or a test's. Returns 0, or -errno with the words in error
 * (-EPROTO: it was made by a newer version, -EBADMSG: it is damaged). */
int book_open(const char *directory, const char *vfs, struct book **ret, char *error, size_t cap);
void book_close(struct book *book); /* NULL is a no-op */

int book_begin(struct book *book);
/* 0: durable; else nothing was changed. */
int book_commit(struct book *book);
void book_rollback(struct book *book);

/* Any thread. Commits. 0 and the row's id, or -errno. */
int book_inbox_add(struct book *book, const char *topic, const char *body, size_t length, bool retained,
                   int64_t utc_us, int64_t *ret_id);
/* It is worked through: an event moves to the record, anything else goes. */
int book_inbox_file(struct book *book, int64_t id);
struct book_letter {
    int64_t id, utc_us;
    const char *topic, *body;
    size_t length;
    bool retained;
};
/* The messages with an id over `after`, oldest first. Returns how many take has been given, or -errno. */
int book_inbox_load(struct book *book, int64_t after, unsigned limit,
                    void (*take)(void *context, const struct book_letter *letter), void *context);

int book_alarm_put(struct book *book, const struct call_saved *saved, const char *body, int64_t seq,
                   const char *run);
int book_alarm_remove(struct book *book, const char *key);
struct book_alarm {
    struct call_saved saved;
    const char *body, *run;
    int64_t seq;
};
int book_alarm_load(struct book *book, void (*take)(void *context, const struct book_alarm *alarm),
                    void *context);

/* outcome: NULL while it is under way; "sent", "failed", "unknown" (the service was killed), "confirmed". */
struct book_attempt {
    int64_t id, utc_us, ended_utc_us;
    const char *occurrence, *person, *channel, *purpose, *outcome, *error, *detail;
    int level, round;
    bool published;
};
int book_attempt_put(struct book *book, const struct book_attempt *attempt);
int book_attempt_published(struct book *book, int64_t id);
/* The latest first, up to limit; unpublished: only ended ones that were not published, oldest first. */
int book_attempt_load(struct book *book, bool unpublished, unsigned limit,
                      void (*take)(void *context, const struct book_attempt *attempt), void *context);
/* After a start: what was under way becomes "unknown". */
int book_attempt_settle(struct book *book, int64_t utc_us, int64_t *ret_last_id);

struct book_off {
    char what[2 * ID_MAX], by[NAME_MAX_BYTES], why[BOOK_WHY];
    int64_t from_utc_us, until_utc_us;
    unsigned count; /* how often it was switched off so far */
};
int book_off_put(struct book *book, const struct book_off *off, unsigned *ret_count);
int book_off_end(struct book *book, const char *what, const char *by, int64_t utc_us);
int book_off_load(struct book *book, void (*take)(void *context, const struct book_off *off), void *context);

struct book_ack {
    int64_t id, utc_us;
    char occurrence[CALL_OCCURRENCE], person[ID_MAX], note[BOOK_WHY];
};
int book_ack_put(struct book *book,
                 struct book_ack *ack); /* sets id; outside of book_begin ... book_commit */
int book_ack_remove(struct book *book, int64_t id);
int book_ack_load(struct book *book, void (*take)(void *context, const struct book_ack *ack), void *context);

/* 0: used now for the first time; -EALREADY. */
int book_link_use(struct book *book, const char *token_id, const char *occurrence, const char *person,
                  const char *from, int64_t utc_us);

bool book_link_is_used(struct book *book, const char *token_id);

int book_fact_put(struct book *book, const char *name, const char *value);
/* -ENOENT: there is none. */
int book_fact_get(struct book *book, const char *name, char *value, size_t cap);

/* Removes what is older than is kept. */
int book_tidy(struct book *book, int64_t now_utc_us);

#endif
