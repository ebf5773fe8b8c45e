#include "scenario_read.h"

#include <ctype.h>
#include <string.h>

/* "08:30", "08:30:15": the time of day. Returns false when it is none. */
static bool read_clock(const char *text, double *ret_s)
{
    unsigned parts[3] = {0};
    int n = 0;
    for (;;) {
        if (!isdigit((unsigned char)text[0]) || !isdigit((unsigned char)text[1]))
            return false;
        parts[n++] = (unsigned)(text[0] - '0') * 10 + (unsigned)(text[1] - '0');
        text += 2;
        if (*text != ':' || n == 3)
            break;
        text++;
    }
    if (*text != '\0' || n < 2 || parts[0] > 23 || parts[1] > 59 || parts[2] > 59)
        return false;
    *ret_s = parts[0] * 3600.0 + parts[1] * 60.0 + parts[2];
    return true;
}

/* "15 s", "08:30", "2 d 08:30". */
static bool parse(const char *text, double *ret_s)
{
    double day_s = 0;
    const char *clock = strstr(text, " d ");
    if (clock != NULL) {
        char days[16];
        size_t n = (size_t)(clock - text) + 2;
        if (n >= sizeof days)
            return false;
        memcpy(days, text, n);
        days[n] = '\0';
        if (param_number(days, unit_time, &day_s) < 0 || !read_clock(clock + 3, ret_s))
            return false;
        *ret_s += day_s;
        return true;
    }
    return read_clock(text, ret_s) || param_number(text, unit_time, ret_s) == 0;
}

bool read_time(struct reader *reader, const struct yaml_node *node, double low_s, double high_s,
               double *ret_s)
{
    const char *text = read_text(reader, node);
    double value;
    if (text == NULL)
        return false;
    if (parse(text, &value) && value >= low_s && value <= high_s) {
        *ret_s = value;
        return true;
    }
    problems_at(&reader->problems, node,
                "\"%s\" is not a time in %g ... %g s, such as 90 s, 08:30 or 2 d 08:30", text, low_s, high_s);
    return false;
}
