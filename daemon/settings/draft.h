/*
 * draft.h - a configuration in the making: what the files say, each thing with the node it came from.
 *
 * settings.c runs the steps: read_* (files to drafts), resolve_* (names to indices), check_* (does it make
 * sense), flatten_* (draft to struct config). Each step adds its problems and goes on, so that one run
 * reports all. What is not known because of a mistake is marked so (-1, NULL, broken): later steps check all
 * the rest of that thing, and do not report what only follows from the mistake.
 */
#ifndef CRYOMON_DRAFT_H
#define CRYOMON_DRAFT_H

#include "config.h"
#include "draft_derived.h"
#include "fields.h"
#include "names.h"
#include "settings.h"

#define REGISTERS_MAX 4096 /* of one profile */
#define FILES_MAX     1000 /* in conf.d */

#define MINUTE_MS 60000
#define HOUR_MS   3600000
#define DAY_MS    86400000

#define TREND_OVER_MS (30 * MINUTE_MS) /* unless the point says */

#define UNIT_UNKNOWN 256

struct draft_bus {
    struct bus_config config;
    const struct yaml_node *node;
    char line[256]; /* host or device as address_plain_host and address_plain_path write it */
    char real[256]; /* RTU: the device at the end of all links */
    bool broken;    /* what it is, or where it leads, is not known */
};

struct draft_device {
    struct device_config config;
    const struct yaml_node *node;
    const struct yaml_node *bus_node;
    int bus, profile; /* -1: not known */
    uint16_t unit;    /* UNIT_UNKNOWN: not known */
    bool accept_unverified;
    bool used;       /* by a point, or as a relay */
    size_t n_points; /* that read from it */
};

enum profile_status { STATUS_DOCUMENTED, STATUS_FIELD_REPORTED, STATUS_UNVERIFIED };

struct draft_register {
    const struct yaml_node *node; /* its key is the id */
    struct bilingual name;
    enum reg_table table;
    uint16_t address;
    struct reg_format format;
    char unit[UNIT_MAX];
    bool is_guard; /* it speaks for or against other registers: rule */
    struct guard_rule rule;
    const struct yaml_node *judges; /* NULL: all registers that are no guards */
    bool broken;
};

struct draft_profile {
    const char *id;
    const struct yaml_node *root; /* NULL: not found or not readable */
    char vendor[NAME_MAX_BYTES], model[NAME_MAX_BYTES];
    enum profile_status status;
    bool tcp, rtu;
    enum word_order order;
    uint16_t max_registers, max_gap;
    uint32_t interval_ms, timeout_ms, quiet_ms; /* 0: not known */
    uint32_t pause_ms;
    uint16_t address_base; /* 0 or 1: the first address as the profile counts */
    uint8_t n_holes;
    struct plan_hole holes[HOLES_MAX];
    size_t first_register, n_registers; /* in draft.registers */
    bool missing;                       /* there is no such file */
};

struct draft_point {
    struct point_config config;
    const struct yaml_node *node;
    const struct yaml_node *device_node, *register_node, *resolution, *plausible, *offset, *two_point;
    const struct yaml_node *calibration;
    uint32_t no_data_after_ms; /* 0: not given */
    uint32_t trend_over_ms;    /* 0: not given */
    int device;                /* -1: not known */
    int reg;                   /* in draft.registers; -1: not known */
    bool broken;               /* its format is not known */
    bool has_due;              /* one of its calibrations has a due date */
    bool derived;              /* by cryomon: no device has it */
    bool has_alarm;
    bool life_safety;       /* one of its alarms protects life */
    bool is_compared;       /* an alarm holds another point against it */
    enum priority priority; /* the highest of its alarms */
    micro_t low, high;      /* what values can be: inclusive, both plausible and in the register */
    int lowest_high;        /* alarms by index, -1: none */
    int highest_low;
};

struct draft_alarm {
    struct alarm_config config;
    struct alarm_model model;
    const struct yaml_node *node;
    const struct yaml_node *point_node, *high, *low, *state, *flatline, *rising, *falling, *deviation;
    const struct yaml_node *disagrees_with, *by, *from, *deadband, *time_to, *suppress_when, *realarm;
    const struct yaml_node *limit; /* that of high, low, rising, falling, deviation, disagrees_with: by */
    int point;                     /* in draft.points; -1: not known */
    bool broken;                   /* its condition is not known */
};

struct draft_asset {
    struct asset_config config;
    const struct yaml_node *node;
    size_t first_point, n_points, first_alarm, n_alarms; /* in draft.points, draft.alarms */
    bool no_points;                                      /* there are none, or they can't be read: reported */
    bool rounds;                                         /* manual readings, when it can't be read */
    int vessel, supply, freezer;                         /* in draft.vessels ...; -1: none */
};

struct draft_site {
    char id[ID_MAX];
    struct bilingual name;
    enum language language;
};

struct draft_mqtt {
    struct mqtt_config config; /* but for enabled and keep_alive_s */
    uint32_t keep_alive_ms;
    const struct yaml_node *agents;
};

struct draft_control {
    char socket[108];
};

struct draft_notify {
    struct notifier_config config;
    const struct yaml_node *command, *relay_device, *coil, *reg, *on, *off;
};

struct draft_rounds {
    struct rounds_config config;
    const struct yaml_node *kinds, *assets;
};

/* One cause, many alarms. Its members are sought when all alarms are known. */
struct draft_group {
    struct alarm_config config; /* but for asset */
    const struct yaml_node *node, *asset_node, *members;
    enum priority priority;
    uint16_t at_least;
    uint32_t on_delay_ms, off_delay_ms, realarm_after_ms;
    bool latching;
    int asset;      /* in draft.assets; -1: system */
    size_t n_found; /* alarms that its patterns match */
};

struct draft {
    const char *dir;
    const char *main_name;              /* cryomon.yaml, as problems show it */
    const struct settings_file *memory; /* NULL: files come from dir */
    size_t n_memory;
    struct problems *problems, *warnings;
    bool no_memory;
    bool incomplete;            /* a file could not be read: what is not found may stand there */
    bool full[NAMES_GROUP + 1]; /* that there are too many of a kind was reported */
    bool lost[NAMES_GROUP + 1]; /* a section with things of this kind could not be read */

    struct yamldoc **docs; /* the first n_roots: cryomon.yaml and conf.d; then profiles */
    size_t n_docs, n_roots;
    struct names names;

    struct draft_site site;
    struct storage_config storage;
    struct review_config review;
    struct draft_mqtt mqtt;
    struct draft_control control;
    struct alarms_config alarming;
    struct draft_notify notify;
    struct drill_config drill;
    struct draft_rounds rounds;
    struct draft_group *groups;
    size_t n_groups;
    struct draft_bus *buses;
    struct draft_device *devices;
    struct draft_profile *profiles;
    struct draft_register *registers;
    struct draft_asset *assets;
    struct draft_point *points;
    struct draft_alarm *alarms;
    struct calibration_config *calibrations; /* those of a point stand together */
    size_t n_calibrations;
    size_t n_buses, n_devices, n_profiles, n_registers, n_assets, n_points, n_alarms;

    uint32_t travel_ms; /* of the staff, where a vessel does not say */
    struct nitrogen_config nitrogen;
    struct draft_vessel *vessels;
    struct draft_supply *supplies;
    struct draft_freezer *freezers;
    struct draft_program *programs; /* in order of their ids */
    struct yaml_node **made;        /* nodes of derived points, which no file has */
    size_t n_vessels, n_supplies, n_freezers, n_programs, n_made;
};

extern const struct choice draft_priorities[], draft_asset_kinds[], draft_word_orders[];
extern const struct choice draft_reasons[]; /* those that a profile may give, and "good" */

/* Returns items, with room for one more behind n (zeroed), or NULL when memory is short (items
 * stay valid). */
void *draft_grow(struct draft *d, void *items, size_t n, size_t size);

/* Checks the id (node's key) of the thing at index and enters it. An id that is bad or there already is
 * reported and becomes "": the thing is kept for its other mistakes, and found by a bad id. False: there are
 * max of them already (reported once), or memory is short; it must not be kept. */
bool draft_name(struct draft *d, enum names_kind kind, size_t parent, const struct yaml_node *node,
                size_t index, size_t max, char id[ID_MAX]);

/* Gives the index that the node's text names, or -1 after reporting (unless it may stand in what could not be
 * read). what: "bus", "device", ... */
int draft_find(struct draft *d, enum names_kind kind, size_t parent, const struct yaml_node *node,
               const char *what);

/* The node of a setting (section.key) in whichever file has it, or NULL. key NULL: the first such section. */
const struct yaml_node *draft_setting(const struct draft *d, const char *section, const char *key);

/* Takes the document. */
bool draft_add_doc(struct draft *d, struct yamldoc *doc);

/* Frees what the draft holds, not the draft itself. */
void draft_free(struct draft *d);

/* read_site.c, read_mqtt.c, read_bus.c, read_asset.c: one file's part. */
void read_site(struct draft *d, const struct yaml_node *root);
void read_mqtt(struct draft *d, const struct yaml_node *section);
void read_mqtt_finish(struct draft *d);
/* Reports what an earlier file has set already. */
void read_repeated(struct draft *d, const char *section, const struct yaml_node *node,
                   const struct field *fields, size_t n);
void read_buses(struct draft *d, const struct yaml_node *node);
void read_devices(struct draft *d, const struct yaml_node *node);
void read_assets(struct draft *d, const struct yaml_node *node);

/* read_alarm.c */
void read_alarm(struct draft *d, size_t asset, const struct yaml_node *node);

/* read_alarming.c, read_notify.c, read_group.c: more of one file's part, and whether all parts fit. */
void alarming_defaults(struct alarms_config *ret);
void read_alarming(struct draft *d, const struct yaml_node *section);
void check_alarming(struct draft *d);
void notify_defaults(struct draft *d);
void read_notify(struct draft *d, const struct yaml_node *section);
void read_drill(struct draft *d, const struct yaml_node *section);
void read_rounds(struct draft *d, const struct yaml_node *section);
void check_notify(struct draft *d);
void check_drill(struct draft *d);
void check_rounds(struct draft *d);
void read_groups(struct draft *d, const struct yaml_node *node);
void resolve_groups(struct draft *d);

/* read_profile.c, read_register.c: a profile whose root is set. */
void read_profile(struct draft *d, size_t profile);
void read_register(struct draft *d, const struct draft_profile *profile, const struct yaml_node *node,
                   struct draft_register *ret);

/* read_guard.c: the keys of a register that make it a guard. */
struct guard_nodes {
    const struct yaml_node *identity, *setting, *status, *heartbeat, *judges;
};
void read_guard(struct draft *d, const struct guard_nodes *nodes, struct draft_register *reg);
void read_judges(struct draft *d, size_t profile, const struct draft_register *reg); /* all are read */
bool draft_judges(const struct draft_register *guard, const struct draft_register *reg);

/* read_calibration.c: the point's unit and reach are known, or it is broken. */
#define POINT_CALIBRATIONS_MAX 1000
void read_calibrations(struct draft *d, struct draft_point *point, size_t index);
void read_exposure(struct draft *d, const struct yaml_node *node, struct asset_config *asset);

/* resolve.c, resolve_alarm.c */
void resolve_devices(struct draft *d);
void resolve_points(struct draft *d);
void resolve_alarms(struct draft *d);
/* The value of the point's state of that name. */
bool resolve_state(struct draft *d, const struct draft_point *point, const struct yaml_node *node,
                   micro_t *ret);

/* two_point.c: changes scale, offset, range, unit and resolution of the point's format. */
bool two_point_apply(struct draft *d, const struct yaml_node *node, struct draft_point *point);

/* check.c */
void check_places(struct draft *d);
void check_buses(struct draft *d);
void check_devices(struct draft *d);
void check_alarms(struct draft *d); /* check_alarm.c */
void check_assets(struct draft *d);
void check_incidents(struct draft *d); /* check_incidents.c */

/* flatten_due.c: an alarm for each time that a calibration is due. */
#define DUE_STEPS 3
struct due_step {
    const char *suffix; /* of the alarm's id, after the point's */
    uint32_t before_days;
    enum priority priority;
};
extern const struct due_step draft_due_steps[DUE_STEPS];
void flatten_due_dates(const struct config *config, uint16_t point, const struct due_step *step,
                       struct alarm_model *model);

/* flatten.c: a draft without problems. Returns 0 or -ENOMEM. source is not filled in. */
int flatten_draft(const struct draft *d, uint32_t generation, struct config **ret);

#endif
