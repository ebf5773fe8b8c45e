/*
 * format.h - the parts of a struct reg_format that profiles and points both set, and what follows from one.
 */
#ifndef CRYOMON_FORMAT_H
#define CRYOMON_FORMAT_H

#include "decode.h"
#include "yamldoc.h"

/* 1, 0.1, ... 0.000001 as decimals. unit here and below: NULL when it is not known. */
bool format_resolution(struct problems *problems, const struct yaml_node *node, const char *unit,
                       uint8_t *ret_decimals);

/* A list of two numbers, the lower one first. */
bool format_plausible(struct problems *problems, const struct yaml_node *node, const char *unit,
                      micro_t *ret_min, micro_t *ret_max);

/* The integers that the register's bits (after mask) can hold; integer types and bits only. */
void format_raw_range(const struct reg_format *format, int64_t *ret_min, int64_t *ret_max);

/* Is the field's raw integer one of the sentinels? */
bool format_is_sentinel(const struct reg_format *format, int64_t raw);

/* The lowest and the highest value that a good reading can have: what the register can hold, in steps of its
 * scale and resolution, that is neither a sentinel nor outside the plausible range. min > max: none. */
void format_reach(const struct reg_format *format, micro_t *ret_min, micro_t *ret_max);

/* True when the value is a whole multiple of the resolution. */
bool format_fits(micro_t value, unsigned decimals);

/* "-150 °C", with as many decimals as the value needs. */
#define FORMAT_TEXT_MAX (MICRO_TEXT_MAX + 16)
const char *format_print(char text[FORMAT_TEXT_MAX], micro_t value, const char *unit);

#endif
