/*
 * draft_derived.h - tanks, supplies and freezers in the making; part of struct draft. See derived_config.h.
 */
#ifndef CRYOMON_DRAFT_DERIVED_H
#define CRYOMON_DRAFT_DERIVED_H

#include "derived_config.h"
#include "program.h"
#include "yamldoc.h"

/* In config: asset, points and supply are indices in the draft; alarms are not set. */
struct draft_vessel {
    struct vessel_config config;
    const struct yaml_node *node;
    const struct yaml_node *level, *full_height, *temperatures, *probe_heights, *redundant, *differ;
    const struct yaml_node *lid, *valve, *room, *supply, *shape;
    const struct yaml_node *low, *high, *start, *stop;
    const struct yaml_node *takes, *every, *settles, *heat_capacity, *travel, *time_left;
};

struct draft_supply {
    struct supply_config config;
    const struct yaml_node *node;
    const struct yaml_node *stock, *capacity, *pressure, *reserve;
    unsigned n_vessels; /* that are filled from it */
};

struct draft_freezer {
    struct freezer_config config;
    const struct yaml_node *node;
    const struct yaml_node *inputs[FREEZER_INPUTS];
    const struct yaml_node *program, *expected;
    uint32_t gap_ms, lost_ms, deviation_ms, lag_ms; /* gap 0: not given */
};

struct draft_program {
    char id[64];
    struct program *program; /* NULL: it has mistakes, which were reported */
    struct yamldoc *doc;
};

__extension__ typedef __int128 role_wide_t; /* products of two numbers */

struct draft;
struct quantity_unit;

/* read_vessel.c, read_runs.c: what stands at the asset; its own points are read already. */
void read_vessel(struct draft *d, size_t asset, const struct yaml_node *node);
void read_supply(struct draft *d, size_t asset, const struct yaml_node *node);
void read_runs(struct draft *d, size_t asset, const struct yaml_node *node);

/* derived.c: appends all derived points of a kind to the asset that is being read. points: [count][BOUNDS].
 */
void derived_add_points(struct draft *d, size_t asset, const struct yaml_node *node, enum derived_of of,
                        int (*points)[BOUNDS]);
/* Tells the derived alarms of an asset of the draft. */
void derived_each_alarm(const struct draft *d, size_t asset,
                        void (*tell)(void *context, enum derived_of of, unsigned which), void *context);
size_t derived_count_all_alarms(const struct draft *d);

/* role.c: what a role names. False after reporting (or when the mistake was reported elsewhere). full: what
 * 100 % is in the role's unit, TANK_UNKNOWN when that was not said; full_key says so. NULL: no % here. */
struct role_scale {
    const struct quantity_unit *units;
    micro_t full;
    const char *full_key;
};
bool role_number(struct draft *d, size_t asset, const struct yaml_node *node, const struct role_scale *scale,
                 struct role *ret);
/* word: what the states are called that are "on"; without them the state of that name. Of more than two
 * states each has its place: word, its opposite (closed, on, normal) or unknown. */
bool role_states(struct draft *d, size_t asset, const struct yaml_node *node, const char *word,
                 struct role *ret);
int role_point(struct draft *d, size_t asset, const struct yaml_node *node);
void role_none(struct role *role);
/* The role's unit for a value of its point, rounded. */
micro_t role_convert(const struct role *role, micro_t value);

/* programs.c: DIR/programs, and what freezers name beyond it. */
void programs_load(struct draft *d);
int programs_find(const struct draft *d, const char *id); /* -1: there is none, or it has mistakes */
/* Moves them into the configuration. 0 or -ENOMEM. */
int programs_give(struct draft *d, struct config *config);
void programs_free(struct draft *d);

/* resolve_vessel.c, resolve_runs.c: when all points are resolved and programs loaded. */
void resolve_vessels(struct draft *d);
void resolve_supplies(struct draft *d);
void resolve_freezers(struct draft *d);

#endif
