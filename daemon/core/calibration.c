/* calibration.c - see calibration.h. */
#include "calibration.h"

#include <stdio.h>
#include <string.h>

__extension__ typedef __int128 wide_t;

#define GAIN_ONE INT64_C(1000000000)

static int64_t step_of(unsigned decimals)
{
    int64_t step = MICRO_PER_UNIT;

    for (unsigned i = 0; i < decimals && i < DECIMALS_MAX; i++)
        step /= 10;
    return step;
}

/* num / den (den > 0) as a multiple of the step nearest to it, half away from zero; what lies beyond all
 * measurements is at their end. */
static micro_t round_ratio(wide_t num, wide_t den, int64_t step)
{
    const wide_t most = (wide_t)MICRO_MAX * den;

    num = num > most ? most : num < -most ? -most : num;
    den *= step;
    return (micro_t)((num < 0 ? num - den / 2 : num + den / 2) / den) * step;
}

/* The line between two points of the table, or the correction at its nearer end. */
static micro_t apply_table(const struct calibration *c, micro_t read, int64_t step)
{
    unsigned i = 1;

    if (read <= c->table[0].read)
        return round_ratio((wide_t)read + c->table[0].real - c->table[0].read, 1, step);
    while (i < c->n && read > c->table[i].read)
        i++;
    if (i == c->n)
        return round_ratio((wide_t)read + c->table[i - 1].real - c->table[i - 1].read, 1, step);
    const wide_t den = (wide_t)c->table[i].read - c->table[i - 1].read;
    const wide_t rise = (wide_t)c->table[i].real - c->table[i - 1].real;
    return round_ratio(((wide_t)read - c->table[i - 1].read) * rise + c->table[i - 1].real * den, den, step);
}

micro_t calibration_apply(const struct calibration *calibration, micro_t read, unsigned decimals)
{
    const int64_t step = step_of(decimals);

    /* No measurement: leave it alone, as micro_round does. */
    if (read > MICRO_MAX || read < -MICRO_MAX)
        return read;
    if (calibration->n > 0)
        return apply_table(calibration, read, step);
    return round_ratio((wide_t)read * calibration->gain_ppb + (wide_t)calibration->offset * GAIN_ONE,
                       GAIN_ONE, step);
}

/* ---------------------------------------------------------------- as text */

/* A decimal without the zeros at its end. */
static void trim(char *text)
{
    size_t len = strlen(text);

    while (len > 0 && text[len - 1] == '0')
        text[--len] = '\0';
    if (len > 0 && text[len - 1] == '.')
        text[len - 1] = '\0';
}

static const char *micro_text(char text[MICRO_TEXT_MAX], micro_t value)
{
    (void)micro_print(text, MICRO_TEXT_MAX, value, DECIMALS_MAX);
    trim(text);
    return text;
}

int calibration_print(char *text, size_t cap, const struct calibration *calibration)
{
    char a[MICRO_TEXT_MAX];
    char b[MICRO_TEXT_MAX];
    int len;

    if (calibration->n == 0) {
        (void)snprintf(a, sizeof a, "%lld.%09lld", (long long)(calibration->gain_ppb / GAIN_ONE),
                       (long long)(calibration->gain_ppb % GAIN_ONE));
        trim(a);
        return snprintf(text, cap, "gain %s offset %s", a, micro_text(b, calibration->offset));
    }
    len = snprintf(text, cap, "table");
    for (unsigned i = 0; i < calibration->n && len < (int)cap; i++)
        len += snprintf(text + len, cap - (size_t)len, " %s:%s", micro_text(a, calibration->table[i].read),
                        micro_text(b, calibration->table[i].real));
    return len;
}

/* The word up to end, which must be there ('\0' too), or NULL; moves on behind it. */
static const char *take(const char **p, char end, char word[MICRO_TEXT_MAX])
{
    size_t len = 0;

    while ((*p)[len] != '\0' && (*p)[len] != end)
        len++;
    if ((*p)[len] != end || len >= MICRO_TEXT_MAX)
        return NULL;
    memcpy(word, *p, len);
    word[len] = '\0';
    *p += len + (end != '\0');
    return word;
}

static bool parse_gain(const char *text, int64_t *ret)
{
    int64_t whole = 0;
    int64_t part = 0;
    int64_t step = GAIN_ONE;
    const char *p = text;

    for (; *p >= '0' && *p <= '9' && whole < GAIN_ONE; p++)
        whole = whole * 10 + (*p - '0');
    if (p == text || whole >= GAIN_ONE)
        return false;
    if (*p == '.')
        for (p++; *p >= '0' && *p <= '9' && step > 1; p++)
            part += (*p - '0') * (step /= 10);
    *ret = whole * GAIN_ONE + part;
    return *p == '\0' && *ret > 0;
}

static bool parse_line(const char *p, struct calibration *c)
{
    char word[MICRO_TEXT_MAX];

    if (take(&p, ' ', word) == NULL || !parse_gain(word, &c->gain_ppb) || strncmp(p, "offset ", 7) != 0)
        return false;
    p += 7;
    return take(&p, '\0', word) != NULL && micro_parse(word, &c->offset);
}

static bool is_last(const char *p)
{
    while (*p != '\0' && *p != ' ')
        p++;
    return *p == '\0';
}

static bool parse_table(const char *p, struct calibration *c)
{
    char word[MICRO_TEXT_MAX];

    c->gain_ppb = GAIN_ONE;
    for (unsigned i = 0; i < CALIBRATION_TABLE_MAX; i++) {
        if (take(&p, ':', word) == NULL || !micro_parse(word, &c->table[i].read))
            return false;
        const bool last = is_last(p);
        if (take(&p, last ? '\0' : ' ', word) == NULL || !micro_parse(word, &c->table[i].real))
            return false;
        if (i > 0 && c->table[i].read <= c->table[i - 1].read)
            return false;
        c->n = i + 1;
        if (last)
            return true;
    }
    return false;
}

bool calibration_parse(const char *text, struct calibration *ret)
{
    struct calibration c = {.n = 0};
    char again[CALIBRATION_TEXT_MAX];
    bool ok = false;

    if (strncmp(text, "gain ", 5) == 0)
        ok = parse_line(text + 5, &c);
    else if (strncmp(text, "table ", 6) == 0)
        ok = parse_table(text + 6, &c);
    /* One calibration has one text: the table "calibration" is unique by it. */
    if (!ok || calibration_print(again, sizeof again, &c) < 0 || strcmp(again, text) != 0)
        return false;
    *ret = c;
    return true;
}
