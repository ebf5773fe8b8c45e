#include "param.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct unit unit_time[] = {{"s", 1},    {"ms", 1e-3}, {"us", 1e-6}, {"min", 60},
                                 {"h", 3600}, {"d", 86400}, {NULL, 0}};
const struct unit unit_watt[] = {{"W", 1}, {"kW", 1000}, {NULL, 0}};
const struct unit unit_length[] = {{"cm", 1}, {"mm", 0.1}, {"m", 100}, {NULL, 0}};
const struct unit unit_temperature[] = {{"°C", 1}, {"C", 1}, {"K", 1}, {NULL, 0}}; /* K: of a difference */
const struct unit unit_volume[] = {{"L", 1}, {"l", 1}, {NULL, 0}};
const struct unit unit_flow[] = {{"L/min", 1}, {"l/min", 1}, {NULL, 0}};
const struct unit unit_heat_capacity[] = {{"J/K", 1}, {"kJ/K", 1000}, {NULL, 0}};
const struct unit unit_conductance[] = {{"W/K", 1}, {NULL, 0}};
const struct unit unit_percent[] = {{"%", 1}, {NULL, 0}};
const struct unit unit_volt[] = {{"V", 1}, {NULL, 0}};
const struct unit unit_per_hour[] = {{"1/h", 1}, {"/h", 1}, {NULL, 0}};
const struct unit unit_cubic_metre[] = {{"m3", 1}, {"m³", 1}, {NULL, 0}};
const struct unit unit_rate[] = {{"°C/min", 1}, {"C/min", 1}, {"K/min", 1}, {NULL, 0}};
const struct unit unit_pascal[] = {{"Pa", 1}, {"hPa", 100}, {"mbar", 100}, {"kPa", 1000}, {NULL, 0}};
const struct unit unit_pascal_day[] = {{"Pa/d", 1}, {"Pa/h", 24}, {"Pa/min", 1440}, {NULL, 0}};
const struct unit unit_bar[] = {{"bar", 1}, {"mbar", 1e-3}, {"kPa", 1e-2}, {NULL, 0}};
const struct unit unit_bar_day[] = {{"bar/d", 1}, {"bar/h", 24}, {NULL, 0}};
const struct unit unit_kelvin_day[] = {{"K/d", 1}, {"°C/d", 1}, {"K/h", 24}, {NULL, 0}};
const struct unit unit_heat[] = {{"kJ", 1}, {"J", 1e-3}, {"MJ", 1000}, {NULL, 0}};
const struct unit unit_length_day[] = {{"cm/d", 1}, {"mm/d", 0.1}, {"cm/h", 24}, {NULL, 0}};

const char *const choice_off_on[] = {"off", "on", NULL};
const char *const choice_closed_open[] = {"closed", "open", NULL};
const char *const choice_sensor[] = {"ok", "broken", "stuck", NULL};

/* The length of the strict number at the start of text; 0 when there is none. */
static size_t number_length(const char *text)
{
    size_t i = (text[0] == '-' || text[0] == '+') ? 1 : 0;
    size_t digits = i;
    while (isdigit((unsigned char)text[i]))
        i++;
    if (i == digits || (text[digits] == '0' && i - digits > 1))
        return 0;
    if (text[i] == '.') {
        size_t fraction = ++i;
        while (isdigit((unsigned char)text[i]))
            i++;
        if (i == fraction)
            return 0;
    }
    return i;
}

int param_number(const char *text, const struct unit *units, double *ret_value)
{
    size_t n = number_length(text);
    char digits[32];
    if (n == 0 || n >= sizeof digits)
        return -EINVAL;
    memcpy(digits, text, n);
    digits[n] = '\0';
    double value = strtod(digits, NULL);
    const char *rest = text + n;
    while (*rest == ' ')
        rest++;
    if (*rest == '\0') {
        *ret_value = value;
        return 0;
    }
    for (const struct unit *u = units; u != NULL && u->name != NULL; u++) {
        if (strcmp(rest, u->name) == 0) {
            *ret_value = value * u->factor;
            return 0;
        }
    }
    return -EINVAL;
}

int param_integer(const char *text, int64_t low, int64_t high, int64_t *ret_value)
{
    const char *digits = text[0] == '-' ? text + 1 : text;
    bool hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
    if (hex ? !isxdigit((unsigned char)digits[2]) : !isdigit((unsigned char)digits[0]))
        return -EINVAL;
    if (!hex && digits[0] == '0' && digits[1] != '\0')
        return -EINVAL;
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, hex ? 16 : 10);
    if (errno != 0 || *end != '\0' || value < low || value > high)
        return -EINVAL;
    *ret_value = value;
    return 0;
}

static int set_number(const struct param *p, void *model, const char *value, bool apply,
                      char error[PARAM_ERROR_MAX])
{
    double number = 0;
    if (p->word != NULL && strcmp(value, p->word) == 0) {
        number = p->word_value;
    } else if (param_number(value, p->units, &number) < 0) {
        snprintf(error, PARAM_ERROR_MAX, "%s: \"%s\" is not a number%s%s%s%s", p->name, value,
                 p->units != NULL ? " in " : "", p->units != NULL ? p->units[0].name : "",
                 p->word != NULL ? " nor " : "", p->word != NULL ? p->word : "");
        return -EINVAL;
    } else if (number < p->low || number > p->high) {
        snprintf(error, PARAM_ERROR_MAX, "%s: %s is outside %g ... %g%s%s", p->name, value, p->low, p->high,
                 p->units != NULL ? " " : "", p->units != NULL ? p->units[0].name : "");
        return -EINVAL;
    }
    if (apply)
        *(double *)(void *)((char *)model + p->offset) = number;
    return 0;
}

static int set_choice(const struct param *p, void *model, const char *value, bool apply,
                      char error[PARAM_ERROR_MAX])
{
    for (int i = 0; p->choices[i] != NULL; i++) {
        if (strcmp(value, p->choices[i]) == 0) {
            if (apply)
                *(int *)(void *)((char *)model + p->offset) = i;
            return 0;
        }
    }
    int n = snprintf(error, PARAM_ERROR_MAX, "%s: \"%s\" is not one of", p->name, value);
    for (int i = 0; p->choices[i] != NULL && n > 0 && n < PARAM_ERROR_MAX; i++)
        n += snprintf(error + n, (size_t)(PARAM_ERROR_MAX - n), " %s", p->choices[i]);
    return -EINVAL;
}

int param_set(const struct param *params, void *model, const char *name, const char *value, bool apply,
              char error[PARAM_ERROR_MAX])
{
    const struct param *p = params;
    while (p->name != NULL && strcmp(p->name, name) != 0)
        p++;
    int r = 0;
    if (p->name == NULL) {
        int n = snprintf(error, PARAM_ERROR_MAX, "no setting \"%s\"; there is", name);
        for (p = params; p->name != NULL && n > 0 && n < PARAM_ERROR_MAX; p++)
            n += snprintf(error + n, (size_t)(PARAM_ERROR_MAX - n), " %s", p->name);
        return -EINVAL;
    }
    if (p->type == PARAM_ACTION) {
        if (value[0] != '\0') {
            snprintf(error, PARAM_ERROR_MAX, "%s: takes no value", name);
            return -EINVAL;
        }
    } else if (value[0] == '\0') {
        snprintf(error, PARAM_ERROR_MAX, "%s: needs a value", name);
        return -EINVAL;
    } else {
        r = p->type == PARAM_NUMBER ? set_number(p, model, value, apply, error)
                                    : set_choice(p, model, value, apply, error);
    }
    if (r == 0 && apply && p->act != NULL)
        p->act(model);
    return r;
}
