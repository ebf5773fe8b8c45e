/*
 * inbox.h - the connection to the broker, on a thread of its own: a slow broker or name server holds up no
 * call.
 *
 * MQTT 5 with a persistent session (clean start off, 30 days), so that the broker keeps events while nobody
 * is here. An event is confirmed to the broker only when it is in the book: it is committed before
 * paho sends its PUBACK. When the book can't be written (a full disk), the message goes on in memory and is
 * confirmed: calling people comes first, and the retained states tell after a restart what is still open.
 * When the disk hangs (book_is_late), our session is left alone: the broker keeps the events in it, and they
 * are heard in another one (client id with "-hung", without memory) until the disk answers. The few that had
 * been delivered by then (paho confirms whatever it has delivered: there is no other way to hear of an alarm)
 * are confirmed, and with the writer, BOOK_JOBS at most; should we be killed meanwhile, the record lacks
 * them, and the gap in the numbers says so.
 *
 * After each connection all filters are subscribed anew, so the broker sends the retained states; then a
 * message is sent to ourselves (cryomon/SITE/notify/echo). When that is back, everything before it has come:
 * INBOX_SYNCED.
 */
#ifndef CRYONOTIFY_INBOX_H
#define CRYONOTIFY_INBOX_H

#include "book.h"
#include "config.h"
#include "mailbox.h"

#define INBOX_SLOTS       4096
#define INBOX_TOPIC       256
#define INBOX_FILTERS     40
#define INBOX_EXPIRY_S    (30U * 24 * 3600)
#define INBOX_PAYLOAD_MAX 262144
#define INBOX_TROUBLE     512

/* One allocation; free() it. */
struct inbox_letter {
    int64_t id; /* in the book; 0: only here */
    int64_t utc_us;
    const char *topic, *body;
    size_t length;
    bool retained; /* what the broker had when we subscribed */
    bool synced;   /* it came after INBOX_SYNCED: it is news */
    bool beside;   /* heard beside our session, which keeps it too: it comes again when the disk answers */
    bool is_answer;
    int64_t correlation; /* an answer's; 0: none */
};

enum inbox_kind {
    INBOX_UP,     /* known: the broker still had our session */
    INBOX_DOWN,   /* text: why */
    INBOX_LETTER, /* letter */
    INBOX_SYNCED,
    INBOX_SENT, /* tag, key; ok: the broker has it */
};

struct inbox_news {
    enum inbox_kind kind;
    bool known, ok;
    unsigned tag;
    int64_t key;
    struct inbox_letter *letter;
    char text[INBOX_TROUBLE];
};

struct inbox_filter {
    char topic[INBOX_TOPIC];
    int qos;
    bool durable; /* goes into the book first */
    bool answers; /* cryomon/SITE/cmd/USER/answer */
};

struct inbox_config {
    struct mqtt_config mqtt;
    unsigned n_filters;
    struct inbox_filter filters[INBOX_FILTERS];
    char echo[INBOX_TOPIC];
    char will_topic[INBOX_TOPIC], will[512];
};

struct inbox;

/* Starts the thread. book may be NULL (nothing is durable). All arguments outlive it. Returns 0 or -errno. */
int inbox_create(const struct inbox_config *config, struct book *book, struct inbox **ret);
struct mailbox *inbox_news(struct inbox *inbox); /* of struct inbox_news */

/* Sends with QoS 1. What becomes of it comes as INBOX_SENT with tag and key, also when there is no
 * connection. response: NULL, or the topic that the answer is to go to, with key as correlation. Never
 * blocks. Returns 0, -ENOSPC or -ENOMEM. */
int inbox_send(struct inbox *inbox, const char *topic, const char *payload, bool retain, const char *response,
               unsigned tag, int64_t key);
/* The retained states once more: INBOX_SYNCED follows. */
void inbox_resync(struct inbox *inbox);
/* Messages that found no room and are in the book only; true: read them from there. */
bool inbox_take_left(struct inbox *inbox);
/* Messages that are lost, because neither book nor memory had room; then resync. */
unsigned inbox_take_lost(struct inbox *inbox);
/* What the book said when it could not be written; 0: it can. */
int inbox_book_error(const struct inbox *inbox);

/* Sends what waits, says goodbye (the broker does not send the will), and ends; at most timeout_ms. False:
 * its thread hangs, and is left behind with what it was given. NULL is a no-op. */
bool inbox_free(struct inbox *inbox, unsigned timeout_ms);

#endif
