/*
 * caller.h - cryonotify, assembled: the core that decides (call.h), the book, the inbox, the channels, links,
 * the watch, and the control socket. One thread owns all of this; the others (broker, channels, link
 * listener) talk to it through mailboxes.
 *
 * A turn: what came in is fed to the core; its orders become deliveries; all of it is committed to the book;
 * then the messages go out. What is killed in between is called again.
 */
#ifndef CRYONOTIFY_CALLER_H
#define CRYONOTIFY_CALLER_H

#include <jansson.h>

#include "book.h"
#include "call.h"
#include "channel.h"
#include "control_socket.h"
#include "inbox.h"
#include "link.h"
#include "notify_config.h"
#include "watch.h"

#define CALLER_RUN        64
#define CALLER_DELIVERIES 1024
#define CALLER_FLYING     64
#define CALLER_ACKS       64
#define CALLER_OFFS       128
#define CALLER_CLIENTS    8
#define CALLER_MISSED     4096
#define CALLER_REQUEST    4096
#define CALLER_WORDS      512
#define CALLER_REFUSED    8
#define CALLER_DONE       4096 /* as many as the book takes while the disk hangs */

/* What is kept beside an alarm of the core, by its slot. */
struct caller_slot {
    char key[CALL_KEY];     /* "": unused */
    char written[CALL_KEY]; /* as the book has it */
    char *body;             /* JSON as published; of a local alarm: made here */
    char run[CALLER_RUN];
    int64_t seq, time_us;
    int64_t heard_us; /* BOOTTIME: when this body came; 0: it is from the book */
    uint32_t seen;    /* the sync in which it was there */
    int64_t clear_us; /* the retained state was cleared; its event should follow */
};

struct caller_delivery {
    int64_t id;       /* 0: free; notice.id */
    uint32_t attempt; /* the core's; 0: it has its result */
    struct notice *notice;
    uint16_t person;
    uint8_t channel;
    uint8_t level;
    uint16_t round;
    bool to_send, unwritten;
    bool in_page; /* the page that is being written has it */
    const char *purpose, *outcome;
    int64_t utc_us, ended_utc_us;
    char occurrence[CALL_OCCURRENCE];
    char error[BOOK_ERROR], detail[BOOK_ERROR];
};

struct caller_ack {
    struct book_ack ack; /* id 0: free */
    uint64_t ask;        /* the page that waits for it; 0: none */
    int64_t asked_us;    /* since when */
    int64_t sent_us;     /* 0: to be sent */
    unsigned tries;
    int64_t used_utc_us; /* ended: when */
    bool ended;          /* it has its answer, and the book is to forget it */
    bool used;           /* ended: the link is used up */
    bool unrecorded;     /* the daemon has taken it, and did not have it on disk: it is asked again */
    bool unwritten;      /* the book does not have it so */
    bool in_page;
};

struct caller_client {
    int fd; /* -1: free */
    bool may_read, may_command;
    char who[NAME_MAX_BYTES];
    int64_t until_us;
    size_t used;
    char text[CALLER_REQUEST];
    char *answer; /* what is still to be sent: as long as the socket takes; NULL: it is being read */
    size_t answer_length, answer_sent;
};

/* What is known of a person's channel; call.h's call_channel_state says whether it works. */
struct caller_health {
    char since[32];
    char error[BOOK_ERROR];
    bool probed;    /* it is known from a probe, which has sent no message */
    bool unwritten; /* the book does not have it yet */
    bool in_page;
};

/* The page that the book is given, until it is known what became of it. */
#define CALLER_PAGE 512 /* alarms, and letters */
struct caller_written {
    uint32_t slot;
    bool is_free;
    char key[CALL_KEY];
};
struct caller_page {
    bool under_way, facts, ends_off;
    unsigned n_slots, n_done, n_published; /* of slots; of caller.done and published, from their begin */
    struct caller_written slots[CALLER_PAGE];
};

/* A member of a group that is over: its slot is gone, and the group's body may still list it. */
#define CALLER_ENDED 64
struct caller_ended {
    char key[CALL_KEY];
    char names[LANGUAGES][NAME_MAX_BYTES]; /* of its asset */
    int64_t heard_us;
};

/* A place in the daemon's numbers. */
struct caller_number {
    char run[CALLER_RUN];
    int64_t seq;
};

/* Numbers that nobody has heard, and that our session with the broker keeps: see caller_sequence.c. */
#define CALLER_OWED 16
struct caller_range {
    int64_t from, to;
};

/* What it runs with. The strings outlive it. */
struct caller_setup {
    const char *path, *templates; /* of notify.yaml; templates may be NULL */
    bool watch_only;
    int signal_fd;
};

struct caller {
    const struct notify_config *config;
    struct caller_setup setup;
    bool watch_only;
    char run[CALLER_RUN];
    int signal_fd;
    bool stopping, failed;
    bool ended;                 /* by a signal */
    int64_t loaded_utc_us;      /* when config was read */
    struct notify_config *next; /* is to take over; NULL: none */
    int64_t drain_us;           /* until then no call is begun */
    bool waiting_told;
    json_t *calling;               /* who is called when, for the record; NULL: not made yet */
    char *refused[CALLER_REFUSED]; /* mistakes of a file that was refused */
    unsigned n_refused;
    struct caller_refusal {
        int64_t utc_us;
        char by[48]; /* who wanted it read */
        struct notify_file file;
        size_t n; /* mistakes, all of them */
    } refusal;
    struct call *call;
    struct book *book;      /* NULL: it could not be opened */
    struct book *hung_book; /* it is being opened, or was read, when the disk began to hang */
    char book_trouble[CALLER_WORDS];
    bool book_late;
    struct caller_page page;
    char off_unsure[2 * ID_MAX]; /* switched off too late to be told so: to be ended in the book */
    struct inbox_config inbox_config;
    struct inbox *inbox;
    struct channel *channels[NOTIFY_CHANNELS];
    struct mailbox *results, *asks;
    struct link_key key;
    struct link *link;
    char link_trouble[CALLER_WORDS];
    struct watch watch;
    struct control_socket socket;
    struct caller_client clients[CALLER_CLIENTS];

    struct caller_slot *slots;
    struct caller_delivery deliveries[CALLER_DELIVERIES];
    struct caller_ack acks[CALLER_ACKS];
    struct book_off offs[CALLER_OFFS];
    unsigned n_offs;
    int64_t last_id;                  /* of a delivery */
    int64_t last_ack;                 /* without a book */
    bool calls_due;                   /* there may be calls that were not published */
    int64_t flying[CALLER_FLYING];    /* calls on their way to the broker; 0: free */
    int64_t published[CALLER_FLYING]; /* and those that it has, to be written down */
    unsigned n_published;
    unsigned undelivered; /* orders that found no room */

    struct caller_number heard, kept; /* of the daemon's events: the last; the last of our own session */
    struct caller_range owed[CALLER_OWED];
    unsigned n_owed;
    int64_t gap, gap_shown;    /* events that never came: not told yet; told last */
    int64_t done[CALLER_DONE]; /* letters that are worked through, to be filed */
    unsigned n_done;
    bool left; /* there may be others in the book */
    int64_t last_letter;
    struct caller_ended ended_members[CALLER_ENDED];
    unsigned n_ended_members; /* counts; the latest are there */
    uint32_t sync;            /* counts */
    bool synced;
    int64_t synced_us, heard_us; /* the first heartbeat since then; 0: none yet */
    bool absent_checked;
    char (*missed)[CALL_OCCURRENCE]; /* raised while nobody was here */
    unsigned n_missed, n_missed_all;

    int64_t rota_offset_us; /* how far the wall clock was ahead of BOOTTIME when the shifts were laid out */
    int64_t rota_us, book_us, heartbeat_us, tidy_us, status_us, watchdog_us;
    uint64_t heartbeat_sequence;
    unsigned char status_hash[32]; /* of that published last, but for the time */
    int64_t status_sent_us;
    bool status_sent, facts_dirty;
    struct caller_health health[CALL_PEOPLE][CALL_CHANNELS];
    uint16_t place[CALL_PEOPLE]; /* of a person of the book, CALL_NOBODY: not there any more */
    int64_t probe_us;            /* the next look whether mail servers would take a message */
};

/* The book is open, or book_trouble says why not. config outlives it. Returns 0 or -errno. */
int caller_create(const struct notify_config *config, const struct caller_setup *setup, struct caller **ret);
/* Until a signal ends it, or another configuration is to take over (caller_take_next). */
int caller_run(struct caller *c);
/* False: a thread hangs and has part of it: nothing may run after it. */
bool caller_free(struct caller *c);

/* --- caller_reload.c: another configuration */
/* uid: of the process that has sent SIGHUP. */
void caller_reload(struct caller *c, struct stamp now, unsigned uid);
bool caller_is_draining(const struct caller *c, struct stamp now);
void caller_hand_over(struct caller *c, struct stamp now);
/* After caller_run: what is to run instead, the caller's; NULL: nothing, it was ended. */
struct notify_config *caller_take_next(struct caller *c);
json_t *caller_configuration_json(struct caller *c); /* of notify/status */
void caller_reload_free(struct caller *c);

/* --- caller_calling.c: who is on which level when, delays, ways to people by name and kind; never an
 * address, a number or a secret. At most CALLER_CALLING bytes as compact JSON: what finds no room is named in
 * "left_out". NULL: no memory. */
#define CALLER_CALLING 2800
json_t *caller_calling_json(const struct notify_config *config);

/* --- caller_letters.c: what comes from the broker */
void caller_letter(struct caller *c, struct stamp now, const struct inbox_letter *letter);
void caller_synced(struct caller *c, struct stamp now);
void caller_settle(struct caller *c, struct stamp now); /* each turn: what has waited long enough */
uint64_t caller_hold(const json_t *root);               /* call_fact.hold of an alarm's body */
void caller_keep_body(struct caller *c, const char *key, const char *body, const char *run, int64_t seq,
                      int64_t time_us);

/* --- caller_watch.c: our own alarms */
void caller_watch(struct caller *c, struct stamp now);

/* --- caller_sequence.c: which events have come, and which have not */
enum caller_place { CALLER_NEW, CALLER_OLD, CALLER_LATE /* it was not heard at its time */ };
enum caller_place caller_sequence(struct caller *c, const char *run, int64_t seq, bool beside);
void caller_missed(struct caller *c, const char *occurrence); /* raised while nobody was here */
void caller_tell_missed(struct caller *c, struct stamp now);

/* --- caller_send.c: orders and results */
void caller_orders(struct caller *c, struct stamp now);
void caller_send(struct caller *c, struct stamp now);
void caller_result(struct caller *c, struct stamp now, const struct channel_result *result);
void caller_publish_calls(struct caller *c);
void caller_call_sent(struct caller *c, int64_t id, bool ok);
/* For the record: the person has confirmed. */
void caller_confirmed(struct caller *c, struct stamp now, const char *occurrence, const char *person);

/* --- caller_book.c: into the book */
/* Waits for the disk, but not for one that hangs. */
void caller_write(struct caller *c, struct stamp now);
void caller_say_book(struct caller *c, int error); /* 0: it can be written */
void caller_try_book(struct caller *c);            /* there is none so far */

/* --- caller_health.c: which channels work: across restarts, and by asking servers */
void caller_health_load(struct caller *c, struct stamp now);
/* The book has people by their place in the configuration: puts those of the one that wrote it into the
 * places of this one. Whoever is not there any more is forgotten. */
void caller_people_load(struct caller *c);
void caller_people_map(const struct caller *c, struct call_saved *saved);
int caller_people_write(struct caller *c);
int caller_health_write(struct caller *c);             /* into a page of the book; 0 or -errno */
void caller_health_written(struct caller *c, bool ok); /* what became of the page */
bool caller_health_is_unwritten(const struct caller *c);
void caller_health_note(struct caller *c, struct stamp now, uint16_t person, uint8_t channel, bool ok,
                        const char *error, bool probed);
void caller_probe(struct caller *c, struct stamp now); /* once a day, and at the start */
bool caller_probe_result(struct caller *c, struct stamp now, const struct channel_result *result);

/* --- caller_notice.c: the facts of a message. Owned by root, which outlives it. */
struct caller_paper {
    struct notice notice;
    json_t *root;
    struct notice_member *members;
    const char **group_members;
    json_t **roots;
    size_t n_roots;
    char hint[2 * CALL_KEY], link[LINK_URL_MAX], occurrence[CALL_OCCURRENCE], words[2][CALLER_WORDS];
    char since[2][CALLER_WORDS]; /* members that the group's sentence does not know yet */
    char gone[2][CALLER_WORDS];  /* and those of it that are over by now */
};
int caller_paper(struct caller *c, struct stamp now, const struct call_order *order,
                 struct caller_paper *ret);
void caller_paper_free(struct caller_paper *paper);
const char *caller_purpose(enum call_purpose purpose);
json_t *caller_body_of(const struct caller *c, uint32_t slot); /* NULL: there is none */

/* --- caller_group.c: who is in a group now */
/* An alarm is about to end: until its group's state is told anew, it is known to be over. */
void caller_group_ends(struct caller *c, uint32_t slot);
/* The members, and what the sentence does not know. Returns 0 or -ENOMEM. */
int caller_group_fill(struct caller *c, uint32_t lead, struct caller_paper *p);

/* --- caller_status.c */
void caller_status(struct caller *c, struct stamp now);
void caller_heartbeat(struct caller *c, struct stamp now);
json_t *caller_status_json(struct caller *c, struct stamp now);
void caller_offline(struct caller *c);
void caller_topic(const struct caller *c, const char *rest, char topic[INBOX_TOPIC]);

/* --- caller_ack.c: acknowledgements: by link, on their way to the daemon */
void caller_ask(struct caller *c, struct stamp now, const struct link_ask *ask);
void caller_answer(struct caller *c, struct stamp now, const struct inbox_letter *letter);
void caller_acks(struct caller *c, struct stamp now);
/* One that the book holds; that of a link whose person is not in the configuration any more is given up. */
void caller_ack_take(struct caller *c, struct stamp now, const struct book_ack *ack);
int caller_acks_write(struct caller *c);
void caller_acks_written(struct caller *c, bool ok);
bool caller_acks_are_unwritten(const struct caller *c);
/* Before whoever comes next takes over: pages that wait for what is in the book learn that it
 * is on its way. */
void caller_acks_leave(struct caller *c, struct stamp now);
/* By the control socket: occurrence or key of an alarm. Returns 0 or -errno. */
int caller_acknowledge(struct caller *c, struct stamp now, const char *occurrence, const char *person,
                       const char *note);

/* --- caller_off.c: what is switched off, and the rota */
int caller_off(struct caller *c, struct stamp now, const struct book_off *off);
/* Returns 0, -ENOENT, or -EROFS: it is on, but that is not recorded. */
int caller_on(struct caller *c, struct stamp now, const char *what, const char *by);
void caller_offs_expire(struct caller *c, struct stamp now);
void caller_offs_load(struct caller *c, struct stamp now);
void caller_rota(struct caller *c, struct stamp now);

/* --- caller_control.c: the socket */
void caller_accept(struct caller *c, struct stamp now);
void caller_client_turn(struct caller *c, struct stamp now, struct caller_client *client);
void caller_clients_close(struct caller *c);
void caller_clients_expire(struct caller *c, struct stamp now);

#endif
