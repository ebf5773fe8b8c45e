/*
 * link.h - links that acknowledge: signed, expiring, one-time; and the small web server that they lead to.
 *
 * A token is base64url(payload + MAC): version, expiry, person, occurrence, and crypto_auth (HMAC-SHA512-256)
 * with a key that never leaves this machine. It proves that cryonotify made it for that person; whether it
 * was used before is for the caller's book to say. Whoever holds the link can use it: it goes to one person,
 * and the record says that it came by link.
 *
 * GET shows a page with what is to be acknowledged and a button; only POST acknowledges. Mail scanners and
 * chat previews fetch links before anybody has seen them: that must never acknowledge anything.
 *
 * The server is one thread. It asks the caller through a mailbox and gets its answer by link_answer:
 *
 *     mailbox_create(sizeof(struct link_ask), 64, 0, &asks);
 *     link_open(&config, &key, asks, &link, ...);
 *     mailbox_take(asks, &ask);   what is this occurrence (LINK_SHOW), or: person acknowledges it
 * (LINK_CONFIRM) link_answer(link, &answer); answer.ask = ask.id
 *
 * A caller that does not answer in time (10 s) gives a page that says that it is not known whether it was
 * acknowledged. Tokens that are not valid or expired are answered without asking.
 */
#ifndef CRYOMON_LINK_H
#define CRYOMON_LINK_H

#include "config.h"
#include "mailbox.h"
#include "yamldoc.h"

#define LINK_KEY_BYTES      32
#define LINK_OCCURRENCE_MAX 192 /* with NUL */
#define LINK_PERSON_MAX     ID_MAX
#define LINK_TOKEN_MAX      512
#define LINK_URL_MAX        1024
#define LINK_TEXT_MAX       1024

struct link_key {
    unsigned char bytes[LINK_KEY_BYTES];
};

/* Reads the key, or makes one (0600, fsync, never over an existing file). A file that others may read, or of
 * another length, is refused. Returns 0, -EPERM, -EINVAL or -errno, with the words in error. */
int link_key_load(const char *path, struct link_key *ret, char *error, size_t cap);

/* What a token says. */
struct link_claim {
    char occurrence[LINK_OCCURRENCE_MAX];
    char person[LINK_PERSON_MAX];
    int64_t expires_utc_us;
};

/* Returns 0, or -EINVAL when a text is empty or too long. */
int link_make(const struct link_key *key, const struct link_claim *claim, char token[LINK_TOKEN_MAX]);

/* Returns 0; -EBADMSG: not made with this key, or altered; -ESTALE: ours, but expired (ret is filled). */
int link_check(const struct link_key *key, const char *token, int64_t now_utc_us, struct link_claim *ret);

struct link_config {
    bool enabled;     /* an address is configured */
    char address[64]; /* numeric IPv4 or IPv6 */
    uint16_t port;
    char url[256]; /* how people reach it, without '/' at the end: "https://cryo.example.org/n" */
    char certificate_file[256], key_file[256]; /* both or none; none: plain HTTP, for a proxy before it */
    uint32_t valid_ms;                         /* how long a link is good; default 24 h */
    uint16_t per_minute;                       /* requests of one address per minute; more get 429 */
    uint16_t connections;                      /* at the same time */
    char site_name[LANGUAGES][NAME_MAX_BYTES]; /* heads the page; not from the section */
};

/* Reads the section `link` (listen, url, certificate_file, key_file, valid, per_minute, connections); node
 * NULL: off. Warns about plain HTTP that leaves this machine. Returns false after a problem. site is not
 * touched. */
bool link_read(struct problems *problems, struct problems *warnings, const struct yaml_node *node,
               struct link_config *ret);

/* The URL for a token: config.url + "/a/" + token. Returns 0 or -ENOSPC. */
int link_url(const struct link_config *config, const char *token, char url[LINK_URL_MAX]);

enum link_question {
    LINK_SHOW,    /* a page is looked at; nothing may change */
    LINK_CONFIRM, /* the button was pressed: acknowledge (or confirm the drill) */
};

struct link_ask {
    uint64_t id;
    enum link_question question;
    struct link_claim claim; /* proven and not expired */
    char from[64];           /* the peer's address, for the record */
    char token_id[33];       /* hash of the token: what the book marks as used */
};

enum link_state {
    LINK_OPEN,    /* SHOW: can be acknowledged */
    LINK_DONE,    /* CONFIRM: acknowledged just now */
    LINK_ALREADY, /* it was acknowledged before, or is over; by and when say more */
    LINK_GONE,    /* another occurrence, or not known any more */
    LINK_FAILED,  /* could not be done (broker or daemon away); text says what to do */
    LINK_PENDING, /* CONFIRM: recorded and on its way to the daemon, not yet answered */
    LINK_ANEW,    /* this link is used up, and the alarm is open again: the next message has another link */
    LINK_REMOVED, /* the person is not in the configuration any more: nothing of the alarm is shown */
    LINK_UNRECORDED, /* CONFIRM: acknowledged, but the daemon does not have it on disk yet */
};

struct link_reply {
    uint64_t ask;
    enum link_state state;
    enum language language; /* the person's */
    bool drill;             /* "confirm the drill" instead of "acknowledge" */
    enum priority priority;
    char text[LINK_TEXT_MAX];    /* the first line of the notice, or why it failed */
    char by[NAME_MAX_BYTES];     /* ALREADY: who; may be "" */
    char person[NAME_MAX_BYTES]; /* the name, for "as ..." */
    int64_t utc_us;              /* ALREADY, DONE: when; 0: not known */
};

struct link;

/* Binds and starts the thread. Returns 0, or -errno with the words in error (address in use, certificate not
 * readable). asks and key must outlive it. */
int link_open(const struct link_config *config, const struct link_key *key, struct mailbox *asks,
              struct link **ret, char *error, size_t cap);

/* Never blocks. Returns 0, or -ENOSPC when too many answers wait (the page then says that it is
 * not known). */
int link_answer(struct link *link, const struct link_reply *reply);

uint16_t link_port(const struct link *link); /* the bound one, when 0 was configured */

/* Closes all connections; within a second. A page that has got its answer before still shows it; another one
 * that waits says that it is not known. NULL is a no-op. */
void link_free(struct link *link);

#endif
