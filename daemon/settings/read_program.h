/* read_program.h - the keys of a freezer program's file; for program.c. */
#ifndef CRYOMON_READ_PROGRAM_H
#define CRYOMON_READ_PROGRAM_H

#include "program.h"

/* Fills the program from the file's root; each mistake is a problem. */
void read_program(struct problems *problems, struct problems *warnings, const struct yaml_node *root,
                  struct program *program);

/* read_program_limits.c: 'limits', after the steps. */
void read_program_limits(struct problems *problems, const struct yaml_node *node,
                         struct freezer_program *program);

/* A temperature or a difference within bounds, in °C. */
bool read_program_degrees(struct problems *problems, const struct yaml_node *node, int low, int high,
                          micro_t *ret);

#endif
