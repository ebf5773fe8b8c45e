/*
 * settings.h - reads the configuration: YAML files in, one immutable struct config out, or every mistake.
 *
 * Reads DIR/cryomon.yaml, then DIR/conf.d/ *.yaml in byte order, then the profiles that the devices name:
 * DIR/devices/NAME.yaml, else the system's own (settings_system_profiles). If a freezer has runs: all of
 * DIR/programs too, and what freezers name beyond them from settings_system_programs. Format:
 * cryomon.yaml(5), cryomon-device.yaml(5), cryomon-program.yaml(5).
 */
#ifndef CRYOMON_SETTINGS_H
#define CRYOMON_SETTINGS_H

#include "config.h"
#include "yamldoc.h"

/* Loads everything under dir. Returns 0 with *ret (one reference, freed with config_unref); problems may then
 * hold warnings only. Returns -EINVAL with all mistakes of all files in problems, or -ENOMEM. */
int settings_load(const char *dir, uint32_t generation, struct problems *problems, struct problems *warnings,
                  struct config **ret);

/* The same from texts in memory, for tests and the fuzzer: paths as under dir ("cryomon.yaml",
 * "conf.d/10-tanks.yaml", "devices/x.yaml", "programs/x.yaml"); conf.d files are taken in the order given.
 * Nothing else is read, except that files named by paths in the configuration are looked for (a warning when
 * missing). */
struct settings_file {
    const char *path;
    const char *text;
    size_t len;
};
int settings_load_memory(const struct settings_file *files, size_t n_files, uint32_t generation,
                         struct problems *problems, struct problems *warnings, struct config **ret);

/* A configuration again, from what was stored of one (config.source; the files' directories do not matter).
 * Returns 0 with *ret, -EINVAL with problems when it can't be read any more, or -ENOMEM. */
int settings_load_source(const char *source, size_t len, struct problems *problems, struct problems *warnings,
                         struct config **ret);

/* A readable difference for people and the audit trail: one line "path: old -> new" per changed setting,
 * "+ path: value", "- path: value". Returns malloc'd text (free it), "" when nothing differs, NULL: no
 * memory. */
char *settings_diff(const struct config *old_config, const struct config *new_config);

/* Where installed profiles are: the compiled-in directory, or $CRYOMON_PROFILES. */
const char *settings_system_profiles(void);

/* Where installed programs of freezers are: the compiled-in directory, or $CRYOMON_PROGRAMS. */
const char *settings_system_programs(void);

#endif
