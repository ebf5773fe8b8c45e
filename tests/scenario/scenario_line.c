/* scenario_line.c - see scenario_line.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scenario_line.h"

void line_fail(struct line *line, const char *fault)
{
    if (line->fault == NULL)
        line->fault = fault;
}

/* The next word, or "" after the last. */
const char *line_word(struct line *line)
{
    return line->next < line->n ? line->words[line->next++] : "";
}

bool line_next_is(struct line *line, const char *text)
{
    if (line->next >= line->n || strcmp(line->words[line->next], text) != 0)
        return false;
    line->next++;
    return true;
}

micro_t line_number(struct line *line, const char *text)
{
    char *end;
    double value;

    errno = 0;
    value = strtod(text, &end);
    if (end == text || *end != '\0' || errno != 0 || !(value > -1e9 && value < 1e9))
        line_fail(line, "a number is expected");
    return line->fault != NULL ? 0 : (micro_t)(value * 1e6 + (value < 0 ? -0.5 : 0.5));
}

int64_t line_duration(struct line *line)
{
    static const struct {
        const char *name;
        int64_t us;
    } units[] = {{"ms", 1000},
                 {"s", 1000000},
                 {"min", 60000000},
                 {"h", INT64_C(3600000000)},
                 {"d", INT64_C(86400000000)}};
    const char *text = line_word(line);
    char *end;
    const long value = strtol(text, &end, 10);

    if (end != text && value >= 0 && value < 1000000)
        for (size_t i = 0; i < sizeof units / sizeof *units; i++)
            if (strcmp(end, units[i].name) == 0)
                return value * units[i].us;
    line_fail(line, "a time with ms, s, min, h or d is expected");
    return 0;
}

uint32_t line_milliseconds(struct line *line)
{
    return (uint32_t)(line_duration(line) / 1000);
}

static int index_of(const char (*names)[SCENARIO_NAME_MAX], unsigned n, const char *name)
{
    for (unsigned i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return (int)i;
    return -1;
}

static uint16_t find(struct line *line, const char (*names)[SCENARIO_NAME_MAX], unsigned n, const char *name,
                     const char *fault)
{
    const int index = index_of(names, n, name);

    if (index < 0)
        line_fail(line, fault);
    return index < 0 ? 0 : (uint16_t)index;
}

uint16_t line_point(const struct scenario *s, struct line *line)
{
    return find(line, s->point_names, s->n_points, line_word(line), "no such point");
}

uint16_t line_alarm(const struct scenario *s, struct line *line)
{
    return find(line, s->alarm_names, s->n_alarms, line_word(line), "no such alarm");
}

static unsigned find_list(struct line *line, const char (*names)[SCENARIO_NAME_MAX], unsigned n,
                          uint16_t *ret, unsigned max)
{
    char *save, *text = line->next < line->n ? line->words[line->next++] : NULL;
    unsigned found = 0;

    for (text = text != NULL ? strtok_r(text, ",", &save) : NULL; text != NULL;
         text = strtok_r(NULL, ",", &save)) {
        if (found == max) {
            line_fail(line, "too many names");
            return found;
        }
        ret[found++] = find(line, names, n, text, "no such name");
    }
    if (found == 0)
        line_fail(line, "a name is expected");
    return found;
}

unsigned line_points(const struct scenario *s, struct line *line, uint16_t *ret, unsigned max)
{
    return find_list(line, s->point_names, s->n_points, ret, max);
}

unsigned line_alarms(const struct scenario *s, struct line *line, uint16_t *ret, unsigned max)
{
    return find_list(line, s->alarm_names, s->n_alarms, ret, max);
}

uint8_t line_states(struct line *line, micro_t states[ALARM_STATES_MAX])
{
    char *save, *text = line->next < line->n ? line->words[line->next++] : NULL;
    uint8_t n = 0;

    for (text = text != NULL ? strtok_r(text, ",", &save) : NULL; text != NULL;
         text = strtok_r(NULL, ",", &save)) {
        if (n == ALARM_STATES_MAX) {
            line_fail(line, "too many states");
            return n;
        }
        states[n++] = line_number(line, text);
    }
    if (n == 0)
        line_fail(line, "a state is expected");
    return n;
}

enum system_fault line_fault(struct line *line)
{
    const char *name = line_word(line);

    for (unsigned i = 0; i < FAULT_COUNT; i++)
        if (strcmp(engine_fault_name((enum system_fault)i), name) == 0)
            return (enum system_fault)i;
    line_fail(line, "no such fault");
    return FAULT_STATE_DB;
}

enum alarm_state line_state(struct line *line)
{
    const char *name = line_word(line);

    for (unsigned i = 0; i <= ALARM_OUT_OF_SERVICE; i++)
        if (strcmp(alarm_state_name((enum alarm_state)i), name) == 0)
            return (enum alarm_state)i;
    line_fail(line, "no such state");
    return ALARM_NORMAL;
}

void line_name(struct line *line, char name[SCENARIO_NAME_MAX])
{
    const char *text = line_word(line);

    if (strlen(text) == 0 || strlen(text) >= SCENARIO_NAME_MAX)
        line_fail(line, "a short name is expected");
    else
        memcpy(name, text, strlen(text) + 1);
}

void line_split(struct line *line, char *text)
{
    char *save;

    text[strcspn(text, "#\n")] = '\0';
    for (char *w = strtok_r(text, " \t", &save); w != NULL; w = strtok_r(NULL, " \t", &save)) {
        if (line->n == WORDS_MAX) {
            line_fail(line, "too many words");
            return;
        }
        line->words[line->n++] = w;
    }
}
