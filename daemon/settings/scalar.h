/*
 * scalar.h - strict reading of YAML scalars: numbers, durations, texts, ids.
 *
 * Each function returns true with *ret set, or adds one problem at the node's position and returns false with
 * *ret untouched. Nothing is guessed: what the file says must be what the reader of the file sees. Numbers
 * are plain decimals ("-140.5": no comma, exponent, leading zero or '+') and are never held in floating
 * point.
 */
#ifndef CRYOMON_SCALAR_H
#define CRYOMON_SCALAR_H

#include "value.h"
#include "yamldoc.h"

/* A number in a unit; the unit may be left out, and if written must be this one (℃ counts as °C). unit NULL:
 * it is not known, and any is taken. */
bool scalar_number(struct problems *problems, const struct yaml_node *node, const char *unit, micro_t *ret);

/* How fast: "5 °C/h", "0.1 °C/min", and "2 /h" of what has no unit. The unit must be there. In units per
 * hour. */
bool scalar_rate(struct problems *problems, const struct yaml_node *node, const char *unit,
                 micro_t *ret_per_hour);

/* A whole number without a unit. hex: 0x... is allowed too. */
bool scalar_integer(struct problems *problems, const struct yaml_node *node, bool hex, int64_t min,
                    int64_t max, int64_t *ret);

/* The same for a mapping's key. */
bool scalar_key_integer(struct problems *problems, const struct yaml_node *node, int64_t min, int64_t max,
                        int64_t *ret);

/* A scale: a decimal, or a fraction of whole numbers ("1/512"). ret_den > 0 and the fraction is reduced.
 * ret_decimals: those of a decimal number (also if written as a fraction of ten), or -1. */
bool scalar_scale(struct problems *problems, const struct yaml_node *node, int64_t *ret_num, int64_t *ret_den,
                  int *ret_decimals);

/* A time with its unit: ms, s, min, h. Bounds are inclusive. */
bool scalar_duration(struct problems *problems, const struct yaml_node *node, uint32_t min_ms,
                     uint32_t max_ms, uint32_t *ret_ms);
#define DURATION_TEXT_MAX 24
const char *scalar_print_duration(char text[DURATION_TEXT_MAX], uint32_t ms); /* "90 s", "5 min" */

/* Whole days, as "30 d", "1 year" or "10 years" (a year is 365.25 days, rounded up). forever: that word is
 * allowed, and gives 0. */
bool scalar_days(struct problems *problems, const struct yaml_node *node, bool forever, uint32_t min,
                 uint32_t max, uint32_t *ret);

/* A date, "2026-01-15", as text and as its beginning in UTC. */
#define SCALAR_DATE_MAX 16
bool scalar_date(struct problems *problems, const struct yaml_node *node, char ret[SCALAR_DATE_MAX],
                 int64_t *ret_utc_us);
/* A date, or a time with its zone, "2026-01-15T08:30:00+08:00". */
bool scalar_moment(struct problems *problems, const struct yaml_node *node, int64_t *ret_utc_us);

bool scalar_bool(struct problems *problems, const struct yaml_node *node,
                 bool *ret); /* true or false, only */

/* A text of one line, not empty, that fits into cap bytes with its NUL. */
bool scalar_text(struct problems *problems, const struct yaml_node *node, char *ret, size_t cap);
bool scalar_path(struct problems *problems, const struct yaml_node *node, char *ret,
                 size_t cap); /* absolute */

/* [a-z0-9][a-z0-9_-]*, fitting into cap bytes. */
bool scalar_id(struct problems *problems, const struct yaml_node *node, char *ret, size_t cap);
bool scalar_key_id(struct problems *problems, const struct yaml_node *node, char *ret, size_t cap);

/* A unit of measurement: "°C", "%", "m³/h"; "" is allowed. ℃ becomes °C. */
bool scalar_unit(struct problems *problems, const struct yaml_node *node, char *ret, size_t cap);

/* False, with a problem, when the node is no scalar, or is left empty (or null, ~). wanted: "a number". */
bool scalar_is_value(struct problems *problems, const struct yaml_node *node, const char *wanted);

/* The unit as it is kept. */
const char *scalar_plain_unit(const char *unit);

/* How a kind of node is called in messages: "a list", ... */
const char *scalar_kind_name(const struct yaml_node *node);

#endif
