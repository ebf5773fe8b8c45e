/*
 * notify_config.h - notify.yaml, read: people, their channels, who is on duty when, and how urgently what is
 * told.
 *
 * The format is described in cryonotify.yaml(5). All mistakes of the file are reported in one run, each with
 * file:line:column; nothing is guessed.
 */
#ifndef CRYONOTIFY_CONFIG_H
#define CRYONOTIFY_CONFIG_H

#include "call.h"
#include "channel.h"
#include "config.h"
#include "link.h"
#include "yamldoc.h"

#define NOTIFY_CHANNELS  32
#define NOTIFY_SHIFTS    32
#define NOTIFY_DATES     128
#define NOTIFY_HOLIDAYS  366
#define NOTIFY_QUIET     4
#define NOTIFY_SITES     32
#define NOTIFY_ADDRESS   256
#define NOTIFY_EVERY_DAY 0xffU
#define NOTIFY_HOLIDAY   0x80U /* bit of days; monday is bit 0 */

struct notify_address {
    uint8_t channel; /* in channels */
    char address[NOTIFY_ADDRESS];
};

struct notify_quiet {
    uint8_t days, priorities;  /* bits */
    uint16_t from_min, to_min; /* of the day; to <= from: until the next day */
};

struct notify_person {
    char id[ID_MAX]; /* also '.' */
    char name[NAME_MAX_BYTES];
    enum language language;
    unsigned n_channels;
    struct notify_address channels[CALL_CHANNELS]; /* in the order in which they are tried */
    unsigned n_quiet;
    struct notify_quiet quiet[NOTIFY_QUIET];
};

struct notify_shift {
    uint8_t days;
    uint16_t from_min, to_min;
    uint64_t people;
};

/* Instead of the shifts that begin on these days. Days are counted from 1970-01-01 in local time. */
struct notify_dates {
    int32_t first, last;
    uint16_t from_min, to_min;
    uint64_t people; /* 0: nobody */
};

struct notify_level {
    struct bilingual name;
    uint64_t people; /* always, beside the shifts */
    unsigned n_shifts, n_dates;
    struct notify_shift shifts[NOTIFY_SHIFTS];
    struct notify_dates dates[NOTIFY_DATES];
};

#define NOTIFY_SHA256 65

/* The file, whatever is in it. */
struct notify_file {
    char sha256[NOTIFY_SHA256]; /* of its bytes, hexadecimal; "": it can't be read, or is none */
    int64_t modified_utc_us;    /* when it was last written; 0: not known */
};
void notify_file_look(const char *path, struct notify_file *ret);

struct notify_config {
    char sha256[NOTIFY_SHA256]; /* of the file's bytes, hexadecimal */
    int64_t modified_utc_us;    /* when the file was last written; 0: not known */
    char by[48];                /* who wanted it read: "start", or the caller's words */
    char site[ID_MAX];
    struct bilingual site_name;
    char time_zone[64]; /* "": the system's */
    char state[256];    /* directory */
    char socket[108];
    struct mqtt_config mqtt;
    unsigned n_people, n_channels, n_holidays, n_sites;
    struct notify_person people[CALL_PEOPLE];
    struct channel_config channels[NOTIFY_CHANNELS];
    struct notify_level levels[CALL_LEVELS];
    int32_t holidays[NOTIFY_HOLIDAYS]; /* ascending is not needed */
    struct call_rules rules;
    struct link_config link;
    uint32_t silent_ms; /* the daemon's heartbeat is missed for so long: people are called */
    uint32_t nobody_ms; /* --watch-only: a daemon says for so long that nobody would be called */
    uint32_t broker_ms; /* no connection to the broker for so long: people are called */
    char sites[NOTIFY_SITES][ID_MAX]; /* --watch-only; at least `site` */
};

/* templates_dir: NULL: where they are installed. Returns 0 with *ret (notify_config_free), -EINVAL with all
 * mistakes in problems, or -ENOMEM. */
int notify_config_load(const char *path, const char *templates_dir, struct problems *problems,
                       struct problems *warnings, struct notify_config **ret);
int notify_config_parse(const char *text, const char *shown_name, const char *templates_dir,
                        struct problems *problems, struct problems *warnings, struct notify_config **ret);
void notify_config_free(struct notify_config *config); /* NULL is a no-op */

/* The person's index, or CALL_NOBODY. */
uint16_t notify_config_person(const struct notify_config *config, const char *id);
/* "PERSON" or "PERSON/CHANNEL" (a channel's name or its kind). Returns 0 with channel CALL_ALL_CHANNELS for
 * the first, or -ENOENT. */
int notify_config_what(const struct notify_config *config, const char *what, uint16_t *ret_person,
                       uint8_t *ret_channel);

#endif
