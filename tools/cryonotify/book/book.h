/*
 * book.h - notify.db: what cryonotify must not forget. SQLite, WAL, synchronous FULL, on a thread of its own,
 * the writer: a disk that hangs holds up nobody.
 *
 * - inbox: messages that the broker has given and that are not worked through yet. book_inbox_add returns
 * when the message is on disk; it may be called from paho's thread: only then the broker gets its
 * confirmation.
 * - alarm: each alarm that is open, its last body, and how far calling has come.
 * - attempt: who was called when, how, and what became of it. The row is there before the message goes, so
 * that after a crash it is known that nobody knows.
 * - off, ack, link, fact, event: what was switched off by whom, acknowledgements on their way to the daemon,
 * links that were used, numbers, and the last events.
 *
 * Everything but book_inbox_add and book_is_late is for one thread, the owner. Between book_begin and
 * book_commit changes are noted, and become one transaction; outside each is one of its own.
 *
 * Nobody waits longer than BOOK_LATE_MS. Then the book is late (book_is_late): a page that was committed is
 * with the writer (-EINPROGRESS, later book_settled), and nothing else can be written or read (-ETIMEDOUT)
 * until the disk answers. A book that can't be written (full disk) returns another -errno; nothing is changed
 * then. In both cases the owner goes on from memory.
 */
#ifndef CRYONOTIFY_BOOK_H
#define CRYONOTIFY_BOOK_H

#include "call.h"
#include "config.h"

#define BOOK_SCHEMA      4
#define BOOK_WHY         256
#define BOOK_ERROR       256
#define BOOK_EVENTS_KEPT 10000
#define BOOK_KEEP_DAYS   800 /* attempts */
#define BOOK_LATE_MS     2000
#define BOOK_OPEN_MS     5000 /* as long as whoever opens it waits */
#define BOOK_CLOSE_MS    3000
#define BOOK_TOKEN       33

struct book;

/* Opens or makes directory/notify.db, and waits for it, BOOK_OPEN_MS at most. vfs: NULL, or a test's. Returns
 * 0, or -errno with the words in error (-EPROTO: it was made by a newer version, -EBADMSG: it is damaged).
 * -ETIMEDOUT: the disk does not answer; *ret is set, is late, and book_opened says what becomes of it. */
int book_open(const char *directory, const char *vfs, struct book **ret, char *error, size_t cap);
int book_opened(struct book *book); /* 0, -errno, or -ETIMEDOUT: not yet */
/* Writes what it was given, and ends. Waits for BOOK_CLOSE_MS at most; -ETIMEDOUT: what was not on disk then
 * may be lost, and the writer is left behind. NULL is a no-op. */
int book_close(struct book *book);
/* Any thread. The disk has not answered for BOOK_LATE_MS. NULL: false. */
bool book_is_late(struct book *book);

/* -EINPROGRESS: the page before is not on disk yet. */
int book_begin(struct book *book);
/* 0: durable; -EINPROGRESS: the writer has it, see book_settled; else nothing was changed. */
int book_commit(struct book *book);
void book_rollback(struct book *book);
/* What became of the last page: 0 (or there was none), -errno: nothing was changed; -EINPROGRESS. Never
 * waits. */
int book_settled(struct book *book);

/* Any thread. 0 and the row's number: it is on disk. -EINPROGRESS and the number: the disk hangs, and it will
 * be written when it answers. Else -errno. */
int book_inbox_add(struct book *book, const char *topic, const char *body, size_t length, bool retained,
                   int64_t utc_us, int64_t *ret_id);
/* It is worked through: an event moves to the record, anything else goes. What the broker has delivered twice
 * (the same run and number) is there once. */
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
    char token[BOOK_TOKEN], peer[64]; /* the link that is used up by it, and from where; "": none */
};
int64_t book_ack_number(struct book *book); /* a number that no other has had */
int book_ack_put(struct book *book, const struct book_ack *ack);
int book_ack_remove(struct book *book, int64_t id);
int book_ack_load(struct book *book, void (*take)(void *context, const struct book_ack *ack), void *context);

/* The first use is kept. */
int book_link_use(struct book *book, const char *token_id, const char *occurrence, const char *person,
                  const char *from, int64_t utc_us);

/* -ENOENT: it was not. */
int book_link_used(struct book *book, const char *token_id, int64_t *ret_utc_us);

int book_fact_put(struct book *book, const char *name, const char *value);
/* -ENOENT: there is none. */
int book_fact_get(struct book *book, const char *name, char *value, size_t cap);

/* Removes what is older than is kept. */
int book_tidy(struct book *book, int64_t now_utc_us);

#endif
