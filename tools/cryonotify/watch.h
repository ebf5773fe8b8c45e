/*
 * watch.h - is the other side alive? PURE. The daemon's heartbeat, its last will, and the connection to the
 * broker.
 *
 * A site is silent when no heartbeat has come for silent_ms although there is a connection; whether it said
 * goodbye or not: a daemon that was stopped watches no tank. Without a connection for broker_ms nobody knows
 * of any site: then the broker is what is told, and not the sites.
 *
 * A heartbeat may also say that nobody would be called at its site. When those have said so for nobody_ms,
 * and nothing else, that is told, until one says that somebody would be, or that nobody is meant to be. What
 * says neither (a daemon that has just been started, or that does not know the word) begins and ends nothing.
 */
#ifndef CRYONOTIFY_WATCH_H
#define CRYONOTIFY_WATCH_H

#include "config.h"

#define WATCH_SITES  32
#define WATCH_REASON 128
#define WATCH_WORDS  256

enum watch_calls { WATCH_CALLS_NOT_SAID, WATCH_CALLS_OK, WATCH_CALLS_NOBODY, WATCH_CALLS_UNWANTED };

struct watch_site {
    char id[ID_MAX];
    int64_t unheard_us;   /* how long it could have been heard, and was not, since the last sign of life */
    int64_t heard_utc_us; /* 0: never heard */
    bool online;          /* as its status says */
    bool silent;
    bool alive;                /* a heartbeat has come since it was found silent */
    char reason[WATCH_REASON]; /* of the status; "" */
    enum watch_calls calls;    /* as it was said last */
    int64_t nobody_us;         /* BOOTTIME of the first heartbeat that said so; 0: none */
    int64_t nobody_for_us;     /* until the last of them */
    int64_t nobody_utc_us;     /* since when, as the daemon says */
    bool nobody;               /* it is told */
    char why[LANGUAGES][WATCH_WORDS];
};

struct watch {
    uint32_t silent_ms, broker_ms, nobody_ms;
    unsigned n_sites;
    struct watch_site sites[WATCH_SITES];
    bool connected, broker_lost;
    int64_t counted_us, up_us; /* BOOTTIME: until when time is counted; since when there is a connection */
    int64_t lost_us;           /* without one, since it was steady last (for broker_ms) */
    int64_t down_utc_us;       /* since when there is none, or none that is steady */
    char why[256];
};

void watch_begin(struct watch *w, struct stamp now, uint32_t silent_ms, uint32_t broker_ms,
                 uint32_t nobody_ms);
bool watch_add(struct watch *w, struct stamp now, const char *site);
void watch_up(struct watch *w, struct stamp now);
void watch_down(struct watch *w, struct stamp now, const char *why);
void watch_heartbeat(struct watch *w, struct stamp now, const char *site);
void watch_status(struct watch *w, struct stamp now, const char *site, bool online, const char *reason);
/* What a heartbeat says of who would be called; NOBODY: since when, and why in both languages (else NULL). */
void watch_calls(struct watch *w, struct stamp now, const char *site, enum watch_calls calls,
                 int64_t since_utc_us, const char *const why[LANGUAGES]);

/* What has changed since the last call: a site's index, WATCH_NOBODY + a site's index, WATCH_BROKER, or -1.
 * The new state stands in the struct. */
#define WATCH_BROKER 1000
#define WATCH_NOBODY 2000
int watch_step(struct watch *w, struct stamp now);

#endif
