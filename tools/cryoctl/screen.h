/*
 * screen.h - the terminal while watch draws on it: its other screen, and the user's own back at the end.
 */
#ifndef CRYOMON_CRYOCTL_SCREEN_H
#define CRYOMON_CRYOCTL_SCREEN_H

#include <stddef.h>

#include "table.h"

#define SCREEN_LINES_MAX 64

/* The lines below the table: the newest changes. */
struct screen_log {
    char *lines[SCREEN_LINES_MAX];
    enum table_style styles[SCREEN_LINES_MAX];
    size_t n; /* all that ever were; line i is in place i % SCREEN_LINES_MAX */
};
void screen_log_add(struct screen_log *log, enum table_style style, const char *line);
void screen_log_free(struct screen_log *log);
/* The newest max_lines, oldest of them first. */
void screen_log_print(const struct screen_log *log, FILE *stream, bool colour, int width, size_t max_lines);

void screen_enter(void);
void screen_leave(void);
/* Replaces what is shown by the text, without flicker. */
void screen_show(const char *text);

/* Lines and columns of the terminal. */
void screen_size(int *ret_lines, int *ret_columns);

#endif
