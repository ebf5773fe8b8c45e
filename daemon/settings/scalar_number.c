#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "scalar.h"

/* A decimal as written: value = micro x 10^-6. */
struct decimal {
    micro_t micro;
    bool point;       /* written with a decimal point */
    const char *rest; /* behind the number and the spaces that follow it */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* ---------------------------------------------------------------- numbers */

/* Characters of Chinese and other keyboards that look like the plain ones, at the beginning of the text. */
static const char *why_not_plain(const char *text)
{
    static const struct {
        const char *character, *why;
    } table[] = {
        {"\xef\xbc\x8c", "write a decimal point '.', not '，'"},
        {"\xe3\x80\x82", "write a decimal point '.', not '。'"},
        {"\xef\xbc\x8e", "write a decimal point '.', not '．'"},
        {"\xef\xbc", "write plain digits, not full-width ones"},
        {"\xc2\xa0", "write a plain space, not a no-break space"},
        {"\xe2\x80\xaf", "write a plain space, not a no-break space"},
        {"\xe3\x80\x80", "write a plain space, not a full-width one"},
        {"\t", "write a space, not a tab"},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (begins(text, table[i].character))
            return table[i].why;
    }
    return NULL;
}

static const char plain_decimal[] = "write a plain decimal such as -140.5";

/* Why a text does not even begin as a number. */
static const char *why_no_number(const char *text)
{
    const char *p = text;

    if (begins(p, "\xe2\x88\x92") || begins(p, "\xe2\x80\x93") || begins(p, "\xef\xbc\x8d"))
        return "write the minus sign as '-'";
    if (*p == '+')
        return "write it without '+'";
    if (*p == '-')
        p++;
    if (why_not_plain(p) != NULL)
        return why_not_plain(p);
    if (*p == '.' && is_digit(p[1]))
        return "write a digit before the decimal point";
    return plain_decimal;
}

static const char *parse_fraction(const char *p, micro_t *micro, const char **ret_end)
{
    micro_t step = MICRO_PER_UNIT / 10;

    if (!is_digit(*p))
        return "a digit must follow the decimal point";
    for (; is_digit(*p); p++) {
        if (step == 0)
            return "at most 6 decimals are kept";
        *micro += (*p - '0') * step;
        step /= 10;
    }
    *ret_end = p;
    return NULL;
}

/* Returns NULL with *ret set, or what is wrong with the text. */
static const char *parse_decimal(const char *text, struct decimal *ret)
{
    struct decimal d = {.micro = 0, .point = false, .rest = NULL};
    bool negative = text[0] == '-';
    const char *p = negative ? text + 1 : text;

    if (!is_digit(*p))
        return why_no_number(text);
    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
        return "hexadecimal is not allowed here";
    if (p[0] == '0' && is_digit(p[1]))
        return "leave out the leading zeros (some readers take them for octal)";
    for (; is_digit(*p); p++) {
        d.micro = d.micro * 10 + (*p - '0') * MICRO_PER_UNIT;
        if (d.micro > MICRO_MAX)
            return "the number is too large";
    }
    if (*p == '.') {
        d.point = true;
        const char *why = parse_fraction(p + 1, &d.micro, &p);
        if (why != NULL)
            return why;
    }
    if (*p == ',')
        return "write a decimal point, not a comma";
    if (*p == '.')
        return "it has two decimal points";
    if (*p == '_')
        return "leave out the '_'";
    if ((*p == 'e' || *p == 'E') && (is_digit(p[1]) || p[1] == '-' || p[1] == '+'))
        return "write it out, without an exponent";
    while (*p == ' ')
        p++;
    if (why_not_plain(p) != NULL)
        return why_not_plain(p);
    d.rest = p;
    if (negative)
        d.micro = -d.micro;
    if (d.micro > MICRO_MAX || d.micro < -MICRO_MAX)
        return "the number is too large";
    *ret = d;
    return NULL;
}

/* Reads the scalar as a decimal, with any unit behind it. */
static bool number_with_rest(struct problems *problems, const struct yaml_node *node, const char *wanted,
                             struct decimal *ret)
{
    if (!scalar_is_value(problems, node, wanted))
        return false;
    const char *why = parse_decimal(node->text, ret);
    if (why != NULL) {
        problems_at(problems, node, "'%.40s' is not %s: %s", node->text, wanted, why);
        return false;
    }
    if (node->quoted && ret->rest[0] == '\0') {
        problems_at(problems, node,
                    "'%.40s' is quoted, which makes it a text; write the number without quotes", node->text);
        return false;
    }
    return true;
}

bool scalar_number(struct problems *problems, const struct yaml_node *node, const char *unit, micro_t *ret)
{
    struct decimal d;

    if (!number_with_rest(problems, node, "a number", &d))
        return false;
    if (unit != NULL && d.rest[0] != '\0' && strcmp(scalar_plain_unit(d.rest), unit) != 0) {
        if (unit[0] == '\0')
            problems_at(problems, node,
                        "'%.40s': a number without a unit is wanted here, not '%.20s' behind it", node->text,
                        d.rest);
        else
            problems_at(problems, node, "'%.40s': the unit here is %s, not '%.20s'", node->text, unit,
                        d.rest);
        return false;
    }
    *ret = d.micro;
    return true;
}

bool scalar_rate(struct problems *problems, const struct yaml_node *node, const char *unit,
                 micro_t *ret_per_hour)
{
    struct decimal d;
    char quantity[40];
    const char *shown = unit != NULL ? unit : "UNIT";

    if (!number_with_rest(problems, node, "a number", &d))
        return false;
    const char *slash = strrchr(d.rest, '/');
    size_t len = slash != NULL ? (size_t)(slash - d.rest) : sizeof quantity;
    const bool per_minute = slash != NULL && strcmp(slash, "/min") == 0;
    if (len >= sizeof quantity || (!per_minute && strcmp(slash, "/h") != 0)) {
        problems_at(problems, node, "'%.40s': write how fast, such as 5 %s/h or 0.1 %s/min", node->text,
                    shown, shown);
        return false;
    }
    (void)snprintf(quantity, sizeof quantity, "%.*s", (int)len, d.rest);
    if (unit != NULL && strcmp(scalar_plain_unit(quantity), unit) != 0) {
        problems_at(problems, node, "'%.40s': the unit here is %s/h or %s/min, not '%.20s'", node->text, unit,
                    unit, d.rest);
        return false;
    }
    if (per_minute && (d.micro > MICRO_MAX / 60 || d.micro < -MICRO_MAX / 60)) {
        problems_at(problems, node, "'%.40s' is too fast", node->text);
        return false;
    }
    *ret_per_hour = per_minute ? d.micro * 60 : d.micro;
    return true;
}

/* 0x and 1 to 8 hexadecimal digits. */
static bool parse_hex(const char *text, int64_t *ret)
{
    uint32_t value = 0;
    const char *p = text + 2;

    if (text[0] != '0' || text[1] != 'x')
        return false;
    for (; *p != '\0'; p++) {
        unsigned digit;
        if (is_digit(*p))
            digit = (unsigned)(*p - '0');
        else if (*p >= 'a' && *p <= 'f')
            digit = (unsigned)(*p - 'a') + 10;
        else if (*p >= 'A' && *p <= 'F')
            digit = (unsigned)(*p - 'A') + 10;
        else
            return false;
        value = value << 4 | digit;
    }
    *ret = value;
    return p - (text + 2) >= 1 && p - (text + 2) <= 8;
}

static const char *parse_integer(const char *text, bool hex, int64_t *ret)
{
    struct decimal d;

    if (hex && text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
        return parse_hex(text, ret) ? NULL : "write 0x and 1 to 8 hexadecimal digits";
    const char *why = parse_decimal(text, &d);
    if (why != NULL)
        return why == plain_decimal ? "write digits" : why;
    if (d.point)
        return "it has decimals";
    if (d.rest[0] != '\0')
        return "something stands behind the number";
    *ret = d.micro / MICRO_PER_UNIT;
    return NULL;
}

bool scalar_integer(struct problems *problems, const struct yaml_node *node, bool hex, int64_t min,
                    int64_t max, int64_t *ret)
{
    int64_t value;

    if (!scalar_is_value(problems, node, "a whole number"))
        return false;
    const char *why = parse_integer(node->text, hex, &value);
    if (why != NULL) {
        problems_at(problems, node, "'%.40s' is not a whole number: %s", node->text, why);
        return false;
    }
    if (node->quoted) {
        problems_at(problems, node,
                    "'%.40s' is quoted, which makes it a text; write the number without quotes", node->text);
        return false;
    }
    if (min == max && value != min) {
        problems_at(problems, node, "%.40s is not possible here: only %" PRId64, node->text, min);
        return false;
    }
    if (value < min || value > max) {
        problems_at(problems, node, "%.40s is out of range: %" PRId64 " to %" PRId64, node->text, min, max);
        return false;
    }
    *ret = value;
    return true;
}

bool scalar_key_integer(struct problems *problems, const struct yaml_node *node, int64_t min, int64_t max,
                        int64_t *ret)
{
    int64_t value;
    const char *why = parse_integer(node->key, true, &value);

    if (why != NULL) {
        problems_at_key(problems, node, "'%.40s' is not a whole number: %s", node->key, why);
        return false;
    }
    if (value < min || value > max) {
        problems_at_key(problems, node, "%.40s is out of range: %" PRId64 " to %" PRId64, node->key, min,
                        max);
        return false;
    }
    *ret = value;
    return true;
}

/* ---------------------------------------------------------------- scales */

#define SCALE_PART_MAX INT64_C(1000000000)

static void reduce(int64_t *num, int64_t *den)
{
    int64_t a = *num < 0 ? -*num : *num;
    int64_t b = *den;

    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    *num /= a;
    *den /= a;
}

/* 10^n gives n, up to DECIMALS_MAX; else -1. */
static int power_of_ten(int64_t number)
{
    for (int n = 0; n <= DECIMALS_MAX; n++) {
        if (number == 1)
            return n;
        if (number % 10 != 0)
            break;
        number /= 10;
    }
    return -1;
}

static const char *parse_ratio(const char *text, const char *slash, int64_t *num, int64_t *den)
{
    char part[24];
    size_t len = (size_t)(slash - text);
    const char *why;

    if (len >= sizeof part)
        return "the number is too large";
    memcpy(part, text, len);
    part[len] = '\0';
    why = parse_integer(part, false, num);
    if (why == NULL)
        why = parse_integer(slash + 1, false, den);
    if (why != NULL)
        return why;
    if (*den <= 0)
        return "the number below the line must be above 0";
    if (*num > SCALE_PART_MAX || *num < -SCALE_PART_MAX || *den > SCALE_PART_MAX)
        return "the number is too large";
    return NULL;
}

bool scalar_scale(struct problems *problems, const struct yaml_node *node, int64_t *ret_num, int64_t *ret_den,
                  int *ret_decimals)
{
    struct decimal d;
    int64_t num;
    int64_t den;
    int decimals;

    if (!scalar_is_value(problems, node, "a scale"))
        return false;
    const char *slash = strchr(node->text, '/');
    if (slash != NULL) {
        const char *why = parse_ratio(node->text, slash, &num, &den);
        if (why != NULL) {
            problems_at(problems, node, "'%.40s' is not a fraction such as 1/512: %s", node->text, why);
            return false;
        }
        decimals = power_of_ten(den);
    } else {
        if (!number_with_rest(problems, node, "a scale", &d))
            return false;
        if (d.rest[0] != '\0') {
            problems_at(problems, node, "'%.40s': a scale has no unit", node->text);
            return false;
        }
        num = d.micro;
        den = MICRO_PER_UNIT;
        decimals = 0;
        for (micro_t step = MICRO_PER_UNIT; num % step != 0; step /= 10)
            decimals++;
    }
    if (num == 0) {
        problems_at(problems, node, "a scale of 0 would make every value 0");
        return false;
    }
    reduce(&num, &den);
    *ret_num = num;
    *ret_den = den;
    *ret_decimals = decimals;
    return true;
}

/* ---------------------------------------------------------------- durations */

static const struct {
    const char *name;
    uint32_t ms;
} time_units[] = {{"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}};

#define N_TIME_UNITS (sizeof time_units / sizeof time_units[0])

const char *scalar_print_duration(char text[DURATION_TEXT_MAX], uint32_t ms)
{
    size_t i = N_TIME_UNITS - 1;

    while (i > 0 && (ms == 0 ? i > 1 : ms % time_units[i].ms != 0))
        i--;
    (void)snprintf(text, DURATION_TEXT_MAX, "%" PRIu32 " %s", ms / time_units[i].ms, time_units[i].name);
    return text;
}

bool scalar_duration(struct problems *problems, const struct yaml_node *node, uint32_t min_ms,
                     uint32_t max_ms, uint32_t *ret_ms)
{
    struct decimal d;
    char low[DURATION_TEXT_MAX];
    char high[DURATION_TEXT_MAX];
    size_t i = 0;

    if (!scalar_is_value(problems, node, "a duration"))
        return false;
    const char *why = parse_decimal(node->text, &d);
    if (why != NULL) {
        problems_at(problems, node, "'%.40s' is not a duration such as 10 s: %s", node->text, why);
        return false;
    }
    if (d.rest[0] == '\0') {
        problems_at(problems, node, "'%.40s' has no unit; write a unit: ms, s, min, h", node->text);
        return false;
    }
    while (i < N_TIME_UNITS && strcmp(d.rest, time_units[i].name) != 0)
        i++;
    if (i == N_TIME_UNITS) {
        problems_at(problems, node, "'%.40s': '%.20s' is not a unit of time; write a unit: ms, s, min, h",
                    node->text, d.rest);
        return false;
    }
    const int64_t unit_ms = time_units[i].ms;
    if (d.micro < 0 || d.micro > (int64_t)max_ms * MICRO_PER_UNIT / unit_ms ||
        d.micro * unit_ms < (int64_t)min_ms * MICRO_PER_UNIT) {
        problems_at(problems, node, "%.40s is out of range: %s to %s", node->text,
                    scalar_print_duration(low, min_ms), scalar_print_duration(high, max_ms));
        return false;
    }
    if (d.micro * unit_ms % MICRO_PER_UNIT != 0) {
        problems_at(problems, node, "'%.40s' is finer than a millisecond", node->text);
        return false;
    }
    *ret_ms = (uint32_t)(d.micro * unit_ms / MICRO_PER_UNIT);
    return true;
}
