/*
 * entries.h - a configuration as a list of "path", "value" in the words of the files, sorted by path.
 *
 * Paths have ids in them, not indices ("assets.tank-1.alarms.warm.high"), so the order of things in a file
 * makes no difference. Alarms that cryomon makes by itself, and the points that it derives, follow
 * from the rest and are left out.
 */
#ifndef CRYOMON_ENTRIES_H
#define CRYOMON_ENTRIES_H

#include "config.h"

struct entry {
    char *path; /* one allocation: path NUL value NUL */
    char *value;
};

struct entries {
    struct entry *items;
    size_t n, cap;
    bool no_memory;
    char prefix[4 * ID_MAX]; /* "assets.tank-1.points.level." */
};

/* Lists the configuration into e (of zeros). e->no_memory: it is not complete. */
void entries_list(struct entries *e, const struct config *config);
void entries_free(struct entries *e);

/* For entries_list: what is added stands behind the prefix. An empty text is left out. */
void entries_prefix(struct entries *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
void entries_add(struct entries *e, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void entries_text(struct entries *e, const char *key, const char *value);
void entries_bilingual(struct entries *e, const char *key, const struct bilingual *b);
void entries_duration(struct entries *e, const char *key, uint32_t ms);
void entries_bool(struct entries *e, const char *key, bool value);
void entries_value(struct entries *e, const char *key, micro_t value, const char *unit);

/* entries_alarm.c: one alarm of a file; entries_site.c: what is said for the whole site. */
void entries_alarm(struct entries *e, const struct config *config, size_t index);
void entries_site(struct entries *e, const struct config *config);

/* entries_derived.c: vessels, supplies, freezers; entries_program.c: what a program's file says. */
void entries_derived(struct entries *e, const struct config *config);
void entries_program(struct entries *e, const struct program *program);

#endif
