/*
 * scenario_read.h - shared by the parts of the scenario reader: scenario.c, scenario_device.c,
 * scenario_listener.c.
 *
 * The readers add problems and go on; the caller looks at problems->n.
 */
#ifndef CRYOSIM_SCENARIO_READ_H
#define CRYOSIM_SCENARIO_READ_H

#include "param.h"
#include "world.h"
#include "yamldoc.h"

struct reader {
    struct world *world;
    const char *directory;
    bool simulate; /* nothing is served: devices need no listener */
    struct problems problems;
};

/* The node's text, or NULL with a problem when it is a mapping or a sequence. */
const char *read_text(struct reader *reader, const struct yaml_node *node);
/* Each returns false, with a problem, when the value does not fit; *ret is then untouched. */
bool read_integer(struct reader *reader, const struct yaml_node *node, int64_t low, int64_t high,
                  int64_t *ret);
bool read_number(struct reader *reader, const struct yaml_node *node, const struct unit *units, double low,
                 double high, double *ret);
/* A time of the script: as read_number, or "08:30", or "2 d 08:30". */
bool read_time(struct reader *reader, const struct yaml_node *node, double low_s, double high_s,
               double *ret_s);
bool read_fault(struct reader *reader, const struct yaml_node *node, struct fault *ret);
bool read_mapping(struct reader *reader, const struct yaml_node *node);
/* A key that may name a device or a listener. */
bool read_id(struct reader *reader, const struct yaml_node *node);

void read_listener(struct reader *reader, const struct yaml_node *node);
void read_device(struct reader *reader, const struct yaml_node *node);
/* Adds the cells of one of a table's four mappings. */
void read_cells(struct reader *reader, const struct yaml_node *node, enum register_table table,
                struct device *device);

/* Of a vessel: what must be read before its settings; settings of its own (false: this is none); the whole.
 */
void read_vessel_first(struct reader *reader, const struct yaml_node *node, struct device *device);
bool read_vessel_setting(struct reader *reader, const struct yaml_node *item, struct device *device);
void read_vessel_last(struct reader *reader, const struct yaml_node *node, struct device *device);

#endif
