/*
 * quantity.h - numbers that may be written in one of several units: heights, volumes, pressures, times.
 *
 * The unit must be there: a height of 12 is read as centimetres by one and as inches by another.
 */
#ifndef CRYOMON_QUANTITY_H
#define CRYOMON_QUANTITY_H

#include "value.h"
#include "yamldoc.h"

struct quantity_unit {
    const char *name; /* NULL ends a table */
    int64_t num, den; /* x num / den is in the table's first unit */
};
extern const struct quantity_unit quantity_heights[];      /* cm */
extern const struct quantity_unit quantity_volumes[];      /* L, of liquid nitrogen: kg too */
extern const struct quantity_unit quantity_pressures[];    /* bar */
extern const struct quantity_unit quantity_temperatures[]; /* degC */
extern const struct quantity_unit quantity_differences[];  /* K */
extern const struct quantity_unit quantity_capacities[];   /* J/K */
extern const struct quantity_unit quantity_numbers[];      /* without a unit */

/* The unit of that name, or NULL. */
const struct quantity_unit *quantity_find(const struct quantity_unit *units, const char *name);

/* "cm, mm, m or in" */
#define QUANTITY_LIST_MAX 64
const char *quantity_list(char text[QUANTITY_LIST_MAX], const struct quantity_unit *units);

/* A number from min to max of the table's first unit. True with *ret in it, or false after one problem. */
bool quantity_read(struct problems *problems, const struct yaml_node *node, const struct quantity_unit *units,
                   micro_t min, micro_t max, micro_t *ret);

/* A time in s, min, h or d; at most 49 d. */
bool quantity_time(struct problems *problems, const struct yaml_node *node, uint32_t min_ms, uint32_t max_ms,
                   uint32_t *ret_ms);

/* "0.45 EUR/L", also of a kg or m³: the price of a litre, and the currency (cap bytes). */
bool quantity_price(struct problems *problems, const struct yaml_node *node, micro_t *ret_per_l,
                    char *currency, size_t cap);

#endif
