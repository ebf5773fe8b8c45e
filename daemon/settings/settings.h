/*
 * settings.h - reads the configuration: YAML files in, one immutable struct config out, or every mistake.
 *
 * Reads DIR/cryomon.yaml, then DIR/conf.d/ *.yaml in byte order, then the profiles that the devices name:
 * DIR/devices/NAME.yaml, else the system's own (settings_system_profiles). Format: cryomon.yaml(5),
 * cryomon-device.yaml(5).
 */
#ifndef CRYOMON_SETTINGS_H
#define CRYOMON_SETTINGS_H

#include "config.h"
#include "yamldoc.h"

/* Loads everything under dir. Returns 0 with *ret (one reference, freed with config_unref); problems may then
 * hold warnings only. Returns -EINVAL with all mistakes of all files in problems, or -ENOMEM. */
int settings_load(const char *dir, uint32_t generation, struct problems *problems, struct problems *warnings,
                  struct config **ret);

/* A readable difference for people and the audit trail: one line "path: old -> new" per changed setting,
 * "+ path: value", "- path: value". Returns malloc'd text (free it), "" when nothing differs, NULL: no
 * memory. */
char *settings_diff(const struct config *old_config, const struct config *new_config);

/* Where installed profiles are: the compiled-in directory, or $CRYOMON_PROFILES. */
const char *settings_system_profiles(void);

#endif
