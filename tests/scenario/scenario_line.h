/* scenario_line.h - the words of a line of a scenario. */
#ifndef CRYOMON_TESTS_SCENARIO_LINE_H
#define CRYOMON_TESTS_SCENARIO_LINE_H

#include "scenario.h"

#define WORDS_MAX 32

struct line {
    unsigned number;
    unsigned n, next;
    char *words[WORDS_MAX];
    const char *fault; /* the first mistake */
};

void line_split(struct line *line, char *text);
void line_fail(struct line *line, const char *fault);

/* The next word, or "" after the last. */
const char *line_word(struct line *line);
bool line_next_is(struct line *line, const char *text); /* and takes it */

/* Each takes the next word, or a text, and fails the line when it is not what is expected. */
micro_t line_number(struct line *line, const char *text);
int64_t line_duration(struct line *line);
uint32_t line_milliseconds(struct line *line);
void line_name(struct line *line, char name[SCENARIO_NAME_MAX]);
uint16_t line_point(const struct scenario *s, struct line *line);
uint16_t line_alarm(const struct scenario *s, struct line *line);
enum system_fault line_fault(struct line *line);
enum alarm_state line_state(struct line *line);

/* Names by commas. Returns how many, at most max. */
unsigned line_points(const struct scenario *s, struct line *line, uint16_t *ret, unsigned max);
unsigned line_alarms(const struct scenario *s, struct line *line, uint16_t *ret, unsigned max);
uint8_t line_states(struct line *line, micro_t states[ALARM_STATES_MAX]);

/* scenario_alarm.c: what stands behind "alarm". */
void scenario_read_alarm(struct scenario *s, struct line *line);

#endif
