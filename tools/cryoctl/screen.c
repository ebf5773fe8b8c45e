#include "screen.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

void screen_log_add(struct screen_log *log, enum table_style style, const char *line)
{
    size_t place = log->n % SCREEN_LINES_MAX;
    char *copy = strdup(line);
    if (copy == NULL)
        return;
    free(log->lines[place]);
    log->lines[place] = copy;
    log->styles[place] = style;
    log->n++;
}

void screen_log_free(struct screen_log *log)
{
    for (size_t i = 0; i < SCREEN_LINES_MAX; i++)
        free(log->lines[i]);
    *log = (struct screen_log){0};
}

void screen_log_print(const struct screen_log *log, FILE *stream, bool colour, int width, size_t max_lines)
{
    size_t kept = log->n < SCREEN_LINES_MAX ? log->n : SCREEN_LINES_MAX;
    if (max_lines < kept)
        kept = max_lines;
    for (size_t i = log->n - kept; i < log->n; i++)
        table_line(stream, colour, log->styles[i % SCREEN_LINES_MAX], width,
                   log->lines[i % SCREEN_LINES_MAX]);
}

/* The other screen, no cursor, no wrapping: a line that is too long must not push the rest down. */
void screen_enter(void)
{
    fputs("\033[?1049h\033[?25l\033[?7l", stdout);
    fflush(stdout);
}

void screen_leave(void)
{
    fputs("\033[?7h\033[?25h\033[?1049l", stdout);
    fflush(stdout);
}

void screen_show(const char *text)
{
    fputs("\033[H", stdout);
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        /* Erased before the text: behind a full line the cursor stands on its last character. */
        fputs(text[len] == '\n' ? "\033[2K" : "\033[J", stdout);
        fwrite(text, 1, len, stdout);
        text += len;
        if (*text == '\n') {
            fputs("\r\n", stdout);
            text++;
        }
    }
    fflush(stdout);
}

void screen_size(int *ret_lines, int *ret_columns)
{
    struct winsize size = {0};
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0;
    *ret_lines = known ? size.ws_row : 24;
    *ret_columns = known ? size.ws_col : 80;
}
