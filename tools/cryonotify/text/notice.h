/*
 * notice.h - what one person is to be told on one channel, as facts; text.h makes words of it.
 *
 * Strings are UTF-8, owned by whoever fills the notice, and may be NULL where "may be absent" stands (NULL
 * and
 * "" are the same). They come from the wire and from the configuration: nothing in them is trusted, every
 * channel escapes them in its own way. Nothing is made up here: a fact that is not known is left out, and
 * the text says that it is not known where that matters (time left, value).
 */
#ifndef CRYOMON_NOTICE_H
#define CRYOMON_NOTICE_H

#include "config.h"

#define NOTICE_STRING_MAX                                                                                    \
    16384 /* bytes of one string; longer ones are cut by notice_copy, and end with "…" */
#define NOTICE_MEMBERS_MAX 4096               /* of a summary */
#define NOTICE_OLD_US      INT64_C(120000000) /* a reading's age from which the text says when it was so */

/* Both languages; one that is absent repeats the other. */
struct words {
    const char *en, *zh;
};
/* The words in that language, else in the other, else fallback ("" for NULL). Never NULL. */
const char *notice_words(const struct words *words, enum language language, const char *fallback);

enum notice_purpose {
    NOTICE_CALL,         /* it begins; the first call of this person for this occurrence */
    NOTICE_AGAIN,        /* nobody has acknowledged: told again */
    NOTICE_ESCALATED,    /* the level before did not acknowledge, or could not be reached */
    NOTICE_WORSE,        /* acknowledged, and it has become worse since */
    NOTICE_UNRESOLVED,   /* acknowledged, and it lasts longer than it may */
    NOTICE_RETURNED,     /* the condition is over; nobody has acknowledged */
    NOTICE_ACKNOWLEDGED, /* somebody has taken it on: by */
    NOTICE_OVER,         /* normal again */
    NOTICE_HELD, /* shelved, suppressed or out of service: state, by, until, note, order; of one order that
                    holds several alarms: members */
    NOTICE_HOLD_ENDED, /* a hold has ended; the state is what it is now, or members */
    NOTICE_SUMMARY,    /* many at once: members; no alarm of its own */
    NOTICE_DRILL,      /* a drill: the person confirms that this arrived */
    NOTICE_TEST,       /* cryonotify --test: nothing to confirm */
    NOTICE_PROBLEM,    /* cryonotify itself has something to say (the daemon is silent, a channel failed) */
};
/* Stable machine names: "call", "again", ... "hold-ended". Never NULL. */
const char *notice_purpose_name(enum notice_purpose purpose);

/* A number in the point's unit, or the fact that there is none. */
struct notice_value {
    bool known;          /* false: there is no number; reason says why when that is known */
    micro_t value;       /* x 10^6 */
    const char *unit;    /* "°C"; may be absent */
    const char *state;   /* an enumeration's word ("open"), shown instead of the number; may be absent */
    const char *quality; /* "good", "uncertain", "bad"; absent means: not known to be good */
    const char *reason;  /* "timeout", ...; may be absent */
    int64_t utc_us;      /* when it was measured or told; 0: not known */
};

/* One alarm of a summary. */
struct notice_member {
    const char *asset, *alarm;
    struct words asset_name, alarm_name, text, response;
    enum priority priority;
    const char *state;     /* "unacknowledged", ... */
    const char *quality;   /* of the reading that the text names, when it is not good; may be absent */
    int64_t raised_utc_us; /* 0: not known */
    int64_t event_utc_us;  /* when time_left_s was so; 0: now */
    int64_t value_utc_us;  /* when the reading was taken that the text names; 0: it names none */
    int64_t time_left_s;   /* as in notice */
    const char *link;      /* may be absent */
    bool is_news;          /* nobody has to do anything: shelved, over, ...; it is not counted as an alarm */
    int64_t until_utc_us;  /* of a hold; 0: none */
};

struct notice {
    uint64_t id; /* the attempt; comes back in the result, and makes the mail's Message-ID */
    enum notice_purpose purpose;
    unsigned attempt; /* 1, 2, ... of this person for this occurrence; 0: not counted */
    unsigned level;   /* 1 on duty, 2 technical head, 3 director; 0: none */
    enum language language;
    enum priority priority;
    unsigned n_others; /* other alarms that are open at this moment */

    bool active;      /* the condition holds now */
    bool historical;  /* an event that arrived late: what it tells is its own time's */
    bool maintenance; /* a mark on a protected alarm: the alarm counts as ever */
    bool latched, is_protected, life_safety;
    bool is_probe; /* nothing is sent: would it be taken? Mail only; the other fields are not looked at */
    bool has_limit, has_trend;
    bool has_time_left_kind; /* the alarm is of a kind that could have a time left (a value that drifts) */

    /* to whom */
    const char *person;      /* id */
    const char *person_name; /* as written to; may be absent */
    const char *address;     /* of this channel: mail address, number, topic...; may be absent */

    /* where */
    const char *site; /* id */
    struct words site_name;
    const char *asset; /* id; may be absent (SUMMARY, PROBLEM) */
    struct words asset_name;

    /* what */
    const char *alarm;       /* id; may be absent */
    struct words alarm_name; /* what it is called, which says nothing of now; may be absent */
    const char *occurrence;  /* "ASSET/ALARM@MS"; may be absent. What has the same one stands in one thread */
    const char *state;       /* "unacknowledged", ...; may be absent */
    const char *transition;  /* as on MQTT; may be absent */
    const char *point;       /* id; may be absent */
    struct words text;       /* what is wrong and how bad: the daemon's sentence */
    struct words response;   /* what to do; may be absent */
    struct words consequence; /* what happens if nobody does; may be absent */

    /* how bad, how fast, how long */
    struct notice_value value;
    micro_t limit;          /* has_limit; in the value's unit */
    micro_t trend_per_hour; /* has_trend; from good data only */
    int64_t trend_over_s;
    int64_t time_left_s;      /* until the consequence, as it was at time_left_utc_us; -1: not known */
    int64_t time_left_utc_us; /* 0: event_utc_us */
    int64_t response_time_s;  /* how long the priority allows; 0: not told */

    /* when, in UTC microseconds; 0: not known */
    int64_t raised_utc_us;
    int64_t event_utc_us; /* when that was so which the notice tells */
    int64_t sent_utc_us;  /* now: ages are counted to it. Must be set */

    /* who has done what */
    const char *by;       /* acknowledged, shelved, ... by; may be absent */
    const char *note;     /* may be absent */
    const char *order;    /* work order; may be absent */
    int64_t acked_utc_us; /* 0: not acknowledged */
    int64_t until_utc_us; /* the hold's end; 0: none */
    const char *maintenance_by, *maintenance_order;
    int64_t maintenance_until_utc_us;

    /* the rest of the picture */
    const char *group;                /* the group alarm that this one belongs to; may be absent */
    const char *const *group_members; /* of a group alarm: "tank-1/level-low", ... */
    size_t n_group_members;           /* in the array */
    size_t n_group_total;             /* how many there are; >= n_group_members */
    struct words group_since; /* the names of members that the sentence does not know yet; NULL: none */
    struct words group_over;  /* and of those that it names and that are over by now */
    const struct notice_member *members; /* SUMMARY, HELD, HOLD_ENDED: several */
    size_t n_members;

    /* how to answer */
    const char *link; /* URL of the page that acknowledges (or confirms a drill); may be absent */
    const char *hint; /* another way, in the person's language ("cryoctl ack ..."); may be absent */
};

/* The time that is left at sent_utc_us: what has passed since time_left_s was told is taken off, down to 0.
 * -1: not known, also for what is historical: it may have been over long ago. */
int64_t notice_time_left(const struct notice *notice);
int64_t notice_time_left_of(const struct notice *summary, const struct notice_member *member);

/* A copy in one piece of memory, with all strings: free it with notice_free. Invalid UTF-8 becomes U+FFFD;
 * control characters (newlines too: a fact is one line) and those that turn
 * the direction of reading become spaces. Returns 0, -ENOMEM or -E2BIG (more than
 * NOTICE_MEMBERS_MAX members). */
int notice_copy(const struct notice *notice, struct notice **ret);
void notice_free(struct notice *notice); /* NULL is a no-op */

#endif
