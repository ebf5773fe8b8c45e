/*
 * session.h - one connection to the broker at a time. Everything of paho stays behind this header.
 *
 * What paho 1.3.12 does, and the rules that follow, is written in session.c. All functions are for the
 * publisher thread alone; what paho's own threads see is left in the notes mailbox, and session_note() gives
 * it its meaning. Every message is QoS 1, so that a PUBACK bounds what is under way: a window of
 * min(Receive Maximum, SESSION_WINDOW). Beyond it paho would queue, and an alarm would wait behind readings.
 */
#ifndef CRYOMON_SESSION_H
#define CRYOMON_SESSION_H

#include "config.h"
#include "mailbox.h"
#include "note.h"

#define SESSION_WINDOW          20
#define SESSION_CONNECT_SECONDS 10
#define SESSION_OVERDUE_SECONDS 20 /* no PUBACK for so long: the connection is given up */
#define SESSION_TROUBLE         512

enum session_state { SESSION_IDLE, SESSION_CONNECTING, SESSION_UP };

/* Whose message: given back with its acknowledgement. */
enum session_owner {
    OWNER_STATUS,
    OWNER_HEARTBEAT,
    OWNER_ALARM,
    OWNER_EVENT,
    OWNER_READINGS,
    OWNER_DISCOVERY,
    OWNER_DEVICE,
    OWNER_CLEAR,
    OWNER_ANSWER,
    OWNER_HEAD,
    OWNER_DISABLED,
    OWNERS
};

struct session_message {
    const char *topic;
    const void *payload;
    size_t length;
    bool retain;
    uint32_t expiry_s; /* 0: none */
    char *correlation; /* not changed */
    size_t correlation_length;
    enum session_owner owner;
    uint64_t key;
};

enum session_change {
    SESSION_NOTHING,
    SESSION_CAME_UP,
    SESSION_WENT_DOWN, /* or did not come up; session_trouble says why */
    SESSION_ACKED,     /* code < 0x80: the broker has it */
    SESSION_SUBACKED,
    SESSION_ARRIVED, /* note->arrival belongs to this connection */
};

struct session_ack {
    enum session_owner owner;
    uint64_t key;
    int code;         /* MQTT reason code */
    const char *text; /* its name */
    int filter;       /* SUBACKED: the number given to session_subscribe */
};

struct session;

int session_create(struct mailbox *notes, struct session **ret);
/* Closes, and waits for paho's threads: about a second. session_free(NULL) is a no-op. */
void session_free(struct session *session);

/* Begins to connect; the outcome comes as a note. The password is read now. will: published (retained) by the
 * broker when the connection breaks. Returns 0, or -errno with session_trouble telling what is wrong. May
 * wait for paho, which may wait for a name server. */
int session_connect(struct session *session, const struct mqtt_config *mqtt, const char *will_topic,
                    const char *will);
/* Says goodbye and forgets the connection and what is under way; no note of it will count any more. */
void session_drop(struct session *session, const char *why);

enum session_state session_state(const struct session *session);
const char *session_trouble(const struct session *session);

/* What a note means. ret is set for ACKED and SUBACKED. */
enum session_change session_note(struct session *session, const struct note *note, struct session_ack *ret);

unsigned session_window(const struct session *session);
unsigned session_under_way(const struct session *session, enum session_owner owner);

/* Returns 0, -EAGAIN when the window is full, -ENOTCONN, or -EIO when paho refuses. */
int session_publish(struct session *session, const struct session_message *message);

/* True when the peer has closed the connection though paho has not said so yet. */
bool session_is_closing(const struct session *session);

/* True when the oldest message under way has waited for its PUBACK for too long. */
bool session_is_overdue(const struct session *session, int64_t now_boot_us);

/* filter: 0..SESSION_FILTERS-1, given back with SUBACKED. retained: also what is retained now. */
#define SESSION_FILTERS 8
int session_subscribe(struct session *session, int filter, const char *topic, bool retained);
void session_unsubscribe(struct session *session, const char *topic);

#endif
