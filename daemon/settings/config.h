/*
 * config.h - the configuration as the daemon uses it: immutable, flat tables, indices instead of pointers.
 *
 * Made by settings_load() from cryomon.yaml, conf.d/ and devices/; see cryomon.yaml(5). A config is never
 * changed after it is made; it is shared between threads and counted. Index n of points[] and alarms[] is
 * index n of the engine.
 */
#ifndef CRYOMON_CONFIG_H
#define CRYOMON_CONFIG_H

#include <stdatomic.h>

#include "calibration.h"
#include "decode.h"
#include "derived_config.h"
#include "engine.h"
#include "guard.h"
#include "plan.h"

#define ID_MAX         64  /* with NUL: [a-z0-9] then [a-z0-9_-] */
#define NAME_MAX_BYTES 128 /* UTF-8, with NUL */
#define TEXT_MAX       256 /* alarm texts and responses, UTF-8, with NUL */
#define UNIT_MAX       16

#define BUSES_MAX              1000
#define DEVICES_MAX            4096
#define ASSETS_MAX             4096
#define POINTS_MAX             16384
#define ALARMS_MAX             65000
#define HOLES_MAX              8 /* of one device */
#define CALIBRATIONS_MAX       65000
#define EXPOSURES_MAX          4
#define AGENTS_MAX             8      /* of mqtt */
#define USER_MAX               128    /* a user's name, UTF-8, with NUL */
#define GROUPS_MAX             1000   /* that are configured; each bus may have one beside */
#define MEMBERS_MAX            200000 /* of all groups together */
#define FALLBACK_ARGUMENTS_MAX 16     /* of the fallback command, with its own name */
#define PRIORITIES             4      /* enum priority */

enum language { LANGUAGE_EN, LANGUAGE_ZH, LANGUAGES };

/* A text that staff read. An absent language repeats the other one; both empty: nothing was configured. */
struct bilingual {
    char text[LANGUAGES][TEXT_MAX];
};

struct mqtt_config {
    bool enabled;  /* false when the section is absent: legal, warned about, and an alarm (nobody is told) */
    char uri[256]; /* "mqtt://host:port" or "mqtts://host:port" */
    char client_id[ID_MAX]; /* "cryomon-<site>" when not set */
    char username[128];
    char password_file[256];      /* the file's first line; or */
    char password_credential[64]; /* the name of a systemd credential ($CREDENTIALS_DIRECTORY/name) */
    char ca_file[256], certificate_file[256], key_file[256];
    uint16_t keep_alive_s;
    bool home_assistant; /* publish discovery messages */
    bool commands;       /* listen to cryomon/<site>/cmd/<user>/<verb>; off by default */
    uint8_t n_agents;    /* users who may say on whose behalf they send a command (cryonotify) */
    char agents[AGENTS_MAX][USER_MAX];
};

struct storage_config {
    char directory[256];
    uint32_t commit_interval_ms;
    uint32_t
        keep_days; /* sealed days that are older are removed, with a signed tombstone; 0: kept for ever */
};

/* Somebody has to look at the record regularly (cryoctl review). */
struct review_config {
    uint32_t every_days; /* 0: not asked for */
};

/* What a priority allows, and what it allows to be done to its alarms. */
struct priority_config {
    uint32_t response_time_ms;  /* so soon somebody must have acted */
    uint32_t shelve_at_most_ms; /* 0: never (critical) */
    uint32_t realarm_after_ms;  /* acknowledged and still active for so long: told again; 0: never */
};

/* Alarm management for the whole site. */
struct alarms_config {
    struct priority_config priorities[PRIORITIES]; /* by enum priority */
    uint32_t out_of_service_at_most_days;
    uint8_t chatter_count; /* an alarm that is raised so often */
    uint32_t chatter_within_ms;
};

/* Cryomond's own last resort, for when nobody else would tell: a command that runs, and a relay
 * that is set. */
struct fallback_config {
    uint8_t n_arguments;                         /* 0: none */
    char arguments[FALLBACK_ARGUMENTS_MAX][256]; /* [0] is an absolute path; no shell */
    uint32_t repeat_ms, timeout_ms;
    enum priority priority; /* for alarms of this priority and above */
};

enum reg_table {
    TABLE_COIL = 1,
    TABLE_DISCRETE = 2,
    TABLE_HOLDING = 3,
    TABLE_INPUT = 4
}; /* = function code */

struct relay_config {
    bool enabled;
    uint16_t device;
    enum reg_table table; /* TABLE_COIL or TABLE_HOLDING */
    uint16_t address;     /* protocol address, from 0 */
    uint16_t on, off;     /* what is written while somebody must come, and else */
};

struct notifier_config {
    bool expected;            /* cryonotify is expected to be there: its absence is an alarm */
    uint32_t silent_after_ms; /* without its heartbeat for so long it is away */
    struct fallback_config fallback;
    struct relay_config relay;
};

/* The way to a person is tried out on schedule. */
struct drill_config {
    uint32_t every_days; /* 0: no drills */
    uint16_t at_minute;  /* of the day, local time */
    uint32_t confirm_within_ms;
};

/* Manual readings, while an asset can't be read. */
struct rounds_config {
    uint32_t every_ms;            /* a reading is due so often */
    uint32_t grace_ms;            /* and overdue so long after */
    uint32_t unattended_after_ms; /* a device that is dead for so long asks for rounds; a bypass at once */
};

enum bus_kind { BUS_TCP, BUS_RTU };

struct bus_config {
    char id[ID_MAX];
    enum bus_kind kind;
    char host[256]; /* TCP: name or address (v4 or v6) */
    uint16_t port;
    uint32_t connect_timeout_ms;
    bool ignore_transaction_id; /* TCP: the gateway does not give it back */
    bool close_between_polls;   /* TCP: the connection is given up after each poll */
    uint16_t max_connections;   /* TCP: all buses of this host together may hold so many; 0: no limit */
    bool echo;                  /* RTU: the adapter hears what it sends */
    char device[256];           /* RTU: tty path */
    uint32_t baud;
    char parity; /* 'N', 'E', 'O' */
    uint8_t data_bits, stop_bits;
    int silent_alarm; /* the group of its devices' no-data alarms (two devices and more), or -1 */
};

struct device_config {
    char id[ID_MAX];
    uint16_t bus;
    uint8_t unit;
    uint32_t interval_ms, timeout_ms;
    uint32_t quiet_ms;      /* RTU: silence on the line that proves the device has nothing more to say */
    uint16_t max_registers; /* most that one request may ask for */
    uint16_t max_gap;       /* unused registers that a request may read over, to save a request */
    uint32_t pause_ms;      /* silence before each request to it (RTU: at least 3.5 characters) */
    uint8_t n_holes;
    struct plan_hole holes[HOLES_MAX];
    uint32_t first_guard;
    uint16_t n_guards; /* those that judge a point of this configuration, in guards[] */
    char profile[ID_MAX];
};

enum asset_kind { ASSET_TANK, ASSET_FREEZER, ASSET_ROOM, ASSET_UTILITY, ASSET_SYSTEM };
const char *asset_kind_name(enum asset_kind kind);

/* assets[0] is always the system itself: id "system", kind ASSET_SYSTEM, the alarms of enum system_fault. */
struct asset_config {
    char id[ID_MAX];
    struct bilingual name; /* falls back to the id */
    enum asset_kind kind;
    uint16_t first_point, n_points; /* points of an asset stand together in points[] */
    uint16_t first_alarm, n_alarms; /* and so do its alarms */
    uint8_t n_exposures; /* thresholds for cryoctl exposure, of its points in exposure_unit; ascending */
    micro_t exposures[EXPOSURES_MAX];
    char exposure_unit[UNIT_MAX];  /* "°C" unless set */
    int chatter_alarm;             /* index of ID/chattering; -1: it has none (system) */
    int rounds_alarm;              /* index of ID/manual-reading-overdue; -1: no rounds here */
    int beyond_alarms[PRIORITIES]; /* of ID/manual-reading-beyond-PRIORITY; -1: no alarm of that priority can
                                      be judged by one value */
};

struct point_config {
    char id[ID_MAX];
    struct bilingual name;  /* falls back to the id */
    uint16_t asset, device; /* device POINT_DERIVED: cryomon derives it (derived_config.h) */
    enum reg_table table;
    uint16_t address;    /* protocol address, from 0 */
    bool is_read_by_eye; /* manual rounds ask for it */
    struct reg_format format;
    char unit[UNIT_MAX]; /* "°C", "cm", "%"; "" for states */
    char register_name[ID_MAX];
    uint32_t first_calibration; /* in calibrations[], ascending by from_utc_us */
    uint16_t n_calibrations;
};

/* A calibration of a point: in effect from its date until the next one's. */
struct calibration_config {
    uint16_t point;
    int64_t from_utc_us;
    struct calibration calibration;
    char certificate[ID_MAX], date[16], due[16]; /* dates as YYYY-MM-DD; "" unknown */
    char reference[NAME_MAX_BYTES];              /* what it was compared with */
    int64_t due_utc_us;                          /* the day's start, UTC; 0: no due date */
};

/* Beside a value that a calibration has changed: what was read, and the calibration. */
struct calibrated {
    micro_t as_read;
    uint32_t calibration; /* index in calibrations[] + 1; 0: none, the value is as read */
};

/* A register that is read with the points of a device, because it speaks for or against them: guard.h. */
struct guard_config {
    uint16_t device;
    enum reg_table table;
    uint16_t address;
    struct reg_format format;
    char register_name[ID_MAX];
    struct guard_rule rule;
    uint32_t first_target; /* in guard_targets[]: the points that it judges */
    uint16_t n_targets;
};

struct alarm_config {
    char id[ID_MAX]; /* unique within the asset */
    uint16_t asset;
    bool automatic; /* made by cryomon, not written in a file: no-data, bad, calibration, chattering, ... */
    bool life_safety;
    bool own_realarm;             /* realarm.after was written: it is not the priority's */
    bool has_consequence_at;      /* the value at which the consequence comes about (time_to) is known: */
    micro_t consequence_at;       /* in the point's unit */
    struct bilingual text;        /* what is wrong, in the site's words; may be empty */
    struct bilingual response;    /* what to do; may be empty */
    struct bilingual consequence; /* what happens if nobody does; may be empty */
};

/* A group of a file, and its members in the file's words. */
struct group_config {
    uint16_t alarm;
    char *patterns; /* each ended by NUL, and one more NUL behind the last */
};

struct program;

struct config {
    atomic_uint references;
    uint32_t generation; /* 1 for the first of this run, then counted up by each load */
    char site_id[ID_MAX];
    struct bilingual site_name;
    enum language language; /* of the journal and the tools' tables; MQTT carries both */
    struct storage_config storage;
    struct mqtt_config mqtt;
    char control_socket[108];
    uint16_t n_buses, n_devices, n_assets, n_points, n_alarms;
    struct bus_config *buses;
    struct device_config *devices;
    struct asset_config *assets;
    struct point_config *points;
    struct alarm_config *alarms;
    struct review_config review;
    struct alarms_config alarming;
    struct notifier_config notify;
    struct drill_config drill;
    struct rounds_config rounds;
    uint32_t n_calibrations;
    struct calibration_config *calibrations;
    uint32_t n_guards, n_guard_targets;
    struct guard_config *guards;
    uint16_t *guard_targets;          /* indices of points */
    struct point_model *point_models; /* n_points, for engine_create */
    struct alarm_model *alarm_models; /* n_alarms, for engine_create */
    uint32_t n_groups;
    struct group_config *groups;
    uint32_t n_members; /* of all GROUP and CHATTER alarms: for engine_create */
    uint16_t *members;  /* indices of alarms */
    uint16_t n_vessels, n_supplies, n_freezers, n_programs;
    struct vessel_config *vessels;   /* of tanks that have `vessel` */
    struct supply_config *supplies;  /* of utilities that have `supply` */
    struct freezer_config *freezers; /* of freezers that have `runs` */
    struct program **programs;       /* of freezers: program.h. In order of their ids, then those kept */
    uint16_t n_kept_programs;        /* see config_keep_programs */
    struct nitrogen_config nitrogen;
    unsigned char sha256[32]; /* over source, below */
    char *source;             /* all files as read, each behind a line "--- path", in reading order */
    size_t source_len;
};

/* Atomic; config_unref frees with the last reference. config_unref(NULL) is a no-op. */
struct config *config_ref(struct config *config);
void config_unref(struct config *config);

/* Behind config's own programs: those of the configuration before it that are no longer there as they were
 * (at most PROGRAMS_MAX), for runs that began under them. Nobody can choose one. config is nobody else's yet.
 * 0 or -ENOMEM. */
int config_keep_programs(struct config *config, const struct config *before);

/* The point's calibration that is in effect at a time: an index in calibrations[], or -1: as read. */
int config_calibration_at(const struct config *config, uint16_t point, int64_t utc_us);

/* Calibrates a reading as read at a time (a bad one has no value to calibrate, nor has a state). */
struct calibrated config_calibrate(const struct config *config, uint16_t point, int64_t utc_us,
                                   struct reading *reading);

/* Index by name, or -1. */
int config_find_asset(const struct config *config, const char *asset);
int config_find_point(const struct config *config, const char *asset, const char *point);
int config_find_alarm(const struct config *config, const char *asset, const char *alarm);
/* A freezer's program: one of this configuration, or, with the hash of its file, also one that is kept from
 * an earlier one. hash: NULL, whatever it is. */
int config_find_program(const struct config *config, const char *id, const char *hash);

/* Does cryomon derive the point? Then no device has it. */
static inline bool config_is_derived(const struct config *config, uint16_t point)
{
    return config->points[point].device == POINT_DERIVED;
}

/* Is the alarm one of a file (not made by cryomon itself), about the value of its point? */
bool config_is_about_value(const struct config *config, uint16_t alarm);

/* Does one value, that a person has read, say whether the condition holds? */
bool config_is_judged_by_eye(const struct alarm_model *model);

/* The name staff read: bilingual text in the language, or the fallback when nothing is configured. */
const char *bilingual_get(const struct bilingual *text, enum language language, const char *fallback);

#endif
