/*
 * channel.h - the ways to reach a person: mail, webhook (also SMS by HTTP), command (also modem, siren,
 * relay).
 *
 * Each channel that is open has a worker thread of its own and a bounded queue: a server that hangs holds up
 * nobody else's message. What became of a notice comes back through a mailbox:
 *
 *     mailbox_create(sizeof(struct channel_result), 256, 0, &results);
 *     channel_open(&config, 7, results, &channel);
 *     channel_send(channel, &notice);                     never blocks
 *     poll(mailbox_fd(results)) ... mailbox_take(results, &result)
 *     channel_free(channel);                              in bounded time
 *
 * Notices that wait go in the order of waiting.h: critical calls first, and those that can't go singly (too
 * many at once, or more than the service takes) as one summary, whose result comes for each of them.
 *
 * A channel tries once; when and whom to try again is the caller's. Exactly one result comes for each notice
 * that channel_send took, also when the channel is freed (it then says "stopped").
 *
 * Secrets (passwords, tokens, URLs that hold a key) are read anew from their file or credential for each
 * message, so that a changed one needs no restart; our copies are wiped after use, and they never
 * stand in a result.
 */
#ifndef CRYOMON_CHANNEL_H
#define CRYOMON_CHANNEL_H

#include "mailbox.h"
#include "notice.h"
#include "yamldoc.h"

#define CHANNEL_ERROR_MAX  256
#define CHANNEL_DETAIL_MAX 256
#define CHANNEL_ARGS_MAX   32
#define CHANNEL_QUEUE_MAX  1024

enum channel_kind { CHANNEL_MAIL, CHANNEL_WEBHOOK, CHANNEL_COMMAND };
const char *channel_kind_name(enum channel_kind kind); /* "mail", "webhook", "command" */

/* Where a secret is: at most one of the two is set, both "" for none. */
struct secret_place {
    char file[256];      /* absolute path; the first line counts */
    char credential[64]; /* name below $CREDENTIALS_DIRECTORY */
};

/* What a service takes: count messages within a time; count 0: no limit. */
struct rate_limit {
    uint32_t count, within_ms;
};
#define RATE_COUNT_MAX 1000

/* Reads "{count: 20, within: 60 s}"; what names the key. */
void channel_read_limit(struct problems *problems, const struct yaml_node *node, struct rate_limit *ret);

enum mail_security {
    MAIL_STARTTLS, /* required: a server that doesn't offer it is refused */
    MAIL_TLS,      /* from the first byte (port 465) */
    MAIL_PLAIN,    /* only when the configuration says so; warned about */
};

struct mail_config {
    char host[256];
    uint16_t port; /* 587, 465 or 25 when not set */
    enum mail_security security;
    char user[128]; /* "": no authentication */
    struct secret_place password;
    char from[256];    /* address only; the name is the site's */
    char ca_file[256]; /* "": the system's */
};

struct template; /* of a webhook; template.h */

struct webhook_config {
    struct template *template;
    char template_name[ID_MAX]; /* "wecom", or the path's last part */
    char url[512];              /* "": it stands in url_place */
    struct secret_place url_place;
    struct secret_place secret; /* for signatures */
    struct secret_place token;  /* ${token} in the template's headers and body */
    char user[128];             /* HTTP basic authentication with token as password; "": none */
    char ca_file[256];
    char proxy[256]; /* "http://host:port"; "": none, whatever the environment says */
};

struct command_config {
    char *args[CHANNEL_ARGS_MAX + 1]; /* args[0] is an absolute path; ended by NULL; malloced */
    size_t n_args;
    uint32_t kill_after_ms; /* from SIGTERM to SIGKILL */
};

struct channel_config {
    char name[ID_MAX];
    enum channel_kind kind;
    bool needs_address;          /* a person must have an address on this channel */
    uint32_t timeout_ms;         /* for one message, all in all */
    uint32_t connect_timeout_ms; /* mail, webhook */
    uint16_t queue;              /* notices that may wait; critical calls have as much room again */
    struct rate_limit at_most;
    struct mail_config mail;
    struct webhook_config webhook;
    struct command_config command;
};

/* Reads one channel: node is the mapping, its key the channel's name. Problems (each with file:line:column,
 * also those of a template) are added; warnings are what works but should not be so (no TLS, a secret inside
 * the YAML, a file that is not there). templates_dir: where `template: wecom` finds wecom.yaml. Returns true
 * with *ret filled, which channel_config_free empties; false after a problem (ret is then empty). */
bool channel_read(struct problems *problems, struct problems *warnings, const struct yaml_node *node,
                  const char *templates_dir, struct channel_config *ret);
void channel_config_free(struct channel_config *config); /* NULL is a no-op; the struct is emptied */

/* Can this channel use the address? NULL when it can, else what is wrong with it ("has no @"). */
const char *channel_check_address(const struct channel_config *config, const char *address);

enum channel_outcome {
    CHANNEL_SENT,    /* the server (or command) said that it has taken the message */
    CHANNEL_FAILED,  /* it did not, for whatever reason */
    CHANNEL_STOPPED, /* the channel was freed before it was tried or done: nobody knows more */
};

struct channel_result {
    uint64_t id;  /* notice.id */
    unsigned tag; /* of channel_open */
    enum channel_outcome outcome;
    bool maybe_sent; /* FAILED, STOPPED: it may have arrived all the same (no answer after the message was
                        sent) */
    bool permanent;  /* FAILED: the same message will be refused again (address unknown, signature wrong) */
    uint32_t
        retry_after_ms;  /* FAILED: the server wants peace for so long (429, Retry-After); 0: it didn't say */
    unsigned n_messages; /* that went out for it: long ones are split */
    int64_t began_utc_us, ended_utc_us;
    char error[CHANNEL_ERROR_MAX];   /* "" when sent; a sentence in English, without secrets */
    char detail[CHANNEL_DETAIL_MAX]; /* what the other side said: SMTP reply, body's message, last line; or ""
                                      */
};

struct channel;

/* Opens it and starts the worker. config and results must outlive the channel. tag: the caller's, comes back
 * in results. When results is full, the worker waits for room and does nothing else. Call
 * curl_global_init(CURL_GLOBAL_DEFAULT) and sodium_init() once before the first one. Returns 0, -ENOMEM,
 * -EAGAIN (no thread) or -errno. */
int channel_open(const struct channel_config *config, unsigned tag, struct mailbox *results,
                 struct channel **ret);

/* Queues a copy of the notice. Returns 0, -EAGAIN when the queue is full, -ENOMEM or -E2BIG. */
int channel_send(struct channel *channel, const struct notice *notice);

/* Notices that wait or are being sent. */
size_t channel_waiting(struct channel *channel);

/* Asks the worker to stop: it gives up what it does at once (a command gets its SIGTERM), answers STOPPED for
 * all that waits, and ends. Does not wait. So several channels stop at the same time. */
void channel_stop(struct channel *channel);

/* channel_stop and waits for the worker: about a second at most, for a command kill_after_ms + 2 s. Results
 * that find no room in the mailbox then are lost. NULL is a no-op. */
void channel_free(struct channel *channel);

#endif
