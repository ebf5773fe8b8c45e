/*
 * param.h - named settings of a model, set by the scenario and by the `set` command alike.
 *
 * A model's settings are a constant table ended by a NULL name. Numbers are kept in base units (W, s, cm,
 * degrees C, L) as double, choices as int.
 */
#ifndef CRYOSIM_PARAM_H
#define CRYOSIM_PARAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unit {
    const char *name;
    double factor; /* to the base unit */
};

enum param_type { PARAM_NUMBER, PARAM_CHOICE, PARAM_ACTION };

struct param {
    const char *name;
    enum param_type type;
    size_t offset; /* of the double or int in the model */
    const struct unit
        *units;       /* NUMBER: a list ended by a NULL name, the first is the base unit; NULL: none */
    double low, high; /* NUMBER: inclusive, in base units */
    const char *word; /* NUMBER: a word that stands for word_value, or NULL */
    double word_value;
    const char *const *choices; /* CHOICE: a list ended by NULL; the index is stored */
    void (*act)(void *model);   /* runs after the value is stored; for an ACTION it is all there is */
};

#define PARAM_ERROR_MAX 200

/* Lists of units for the tables. */
extern const struct unit unit_time[], unit_watt[], unit_length[], unit_temperature[], unit_volume[],
    unit_flow[], unit_heat_capacity[], unit_conductance[], unit_percent[], unit_volt[], unit_per_hour[],
    unit_cubic_metre[], unit_rate[], unit_pascal[], unit_pascal_day[], unit_bar[], unit_bar_day[],
    unit_kelvin_day[], unit_length_day[], unit_heat[];
extern const char *const choice_off_on[], *const choice_closed_open[], *const choice_sensor[];

/* Checks value against the setting called name and, when apply, stores it and acts. value is "" for an
 * action. Returns 0, or -EINVAL with a message that names the setting. */
int param_set(const struct param *params, void *model, const char *name, const char *value, bool apply,
              char error[PARAM_ERROR_MAX]);

/* A number with an optional unit ("800ms", "2.5 h", "-150 °C"); strict: no nan, no exponent, no "010", no
 * decimal comma. A bare number is in the first unit. Returns 0 or -EINVAL. */
int param_number(const char *text, const struct unit *units, double *ret_value);

/* A decimal or 0x integer within [low, high]. Returns 0 or -EINVAL. */
int param_integer(const char *text, int64_t low, int64_t high, int64_t *ret_value);

#endif
