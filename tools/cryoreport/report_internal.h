/* report_internal.h - what the parts of the drawing share. Not for others. */
#ifndef CRYOMON_REPORT_INTERNAL_H
#define CRYOMON_REPORT_INTERNAL_H

#include "grid.h"
#include "report.h"
#include "sheet.h"

struct report {
    struct sheet *s;
    struct ctl *ctl;
    const json_t *facts;
    const struct report_identity *identity;
    bool zones;       /* the zone's offset changes within the range: times are shown with it */
    bool brief;       /* of a run: one page */
    unsigned squeeze; /* of that page: how much must be left out so that it is one; 0 at first */
};

#define REPORT_TEXT_MAX 256

/* ---- words */
const char *report_time(const struct report *r, char text[REPORT_TEXT_MAX],
                        const char *rfc3339); /* "" for "" */
const char *report_time_of(const struct report *r, char text[REPORT_TEXT_MAX], const json_t *object,
                           const char *key);
const char *report_duration(const struct report *r, char text[REPORT_TEXT_MAX], double seconds);
const char *report_minutes(char text[REPORT_TEXT_MAX], double seconds); /* "12.5" */
/* A number with the decimals of the point; "" when it is none. */
const char *report_value(char text[REPORT_TEXT_MAX], const json_t *number, unsigned decimals);
/* {"en":.., "zh":..} in the language of the report. */
const char *report_bilingual(const struct report *r, const json_t *object, const char *key);
bool report_is_derived(const json_t *point);                        /* computed by the daemon: no sensor */
const json_t *report_point(const struct report *r, const char *id); /* NULL: not in the facts */
unsigned report_decimals(const json_t *point);
const char *report_kind(const struct report *r, const char *kind); /* of an asset */
double report_number(const json_t *object, const char *key);

/* Appends to a text of fixed size, never half a character. */
void report_add(char *text, size_t cap, const char *more);

/* Is the configuration, and with it each alarm limit, known for all of the range? */
bool report_limits_known(const struct report *r);

/* A line "key: value" at y. */
void report_pair(struct report *r, const char *key, const char *value, bool mono);
void report_pair_in(struct report *r, const char *key, const char *value, enum sheet_style style);

/* "UTC", "local, UTC+0800" ... */
void report_zone(const struct report *r, char text[REPORT_TEXT_MAX]);
/* A role, and where to put name, date and signature. */
void report_signature_line(struct report *r, const char *role);

/* ---- sections */
void report_excursions(struct report *r);
void report_alarms(struct report *r);
/* What was kept quiet, by whom and why; and what people have read by eye. Nothing where there was none. */
void report_holds(struct report *r);
void report_by_eye(struct report *r);
void report_exposure(struct report *r);
void report_readings(struct report *r);
void report_gaps(struct report *r);
void report_tank(struct report *r);
void report_calibrations(struct report *r);
void report_configuration(struct report *r);
void report_reviews(struct report *r);
void report_verification(struct report *r);
void report_signatures(struct report *r);
/* The whole page of the alarm system's performance, below its title. */
void report_alarm_system(struct report *r);

#endif
