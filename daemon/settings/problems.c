#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "yamldoc.h"

#define LINE_MAX_BYTES 1024

/* What a file says ends up on terminals and in the journal: control characters (C0, DEL, C1) must not. */
static void make_printable(char *text)
{
    for (unsigned char *p = (unsigned char *)text; *p != '\0'; p++) {
        if (*p < 0x20 || *p == 0x7f) {
            *p = '?';
        } else if (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0) {
            p[0] = '?';
            p[1] = '?';
        }
    }
}

/* vsnprintf may have cut a character in two: drop its first half. */
static void cut_whole_characters(char *text)
{
    size_t len = strlen(text);
    size_t i = len;

    while (i > 0 && ((unsigned char)text[i - 1] & 0xc0U) == 0x80U)
        i--;
    if (i == 0 || (unsigned char)text[i - 1] < 0xc0U)
        return;
    unsigned char lead = (unsigned char)text[i - 1];
    size_t want = lead >= 0xf0U ? 4 : lead >= 0xe0U ? 3 : 2;
    if (len - (i - 1) < want)
        text[i - 1] = '\0';
}

static void add(struct problems *problems, const char *file, unsigned line, unsigned column,
                const char *format, va_list args)
{
    char text[LINE_MAX_BYTES];
    int n;

    if (line > 0)
        n = snprintf(text, sizeof text, "%.400s:%u:%u: ", file, line, column);
    else
        n = snprintf(text, sizeof text, "%.400s: ", file);
    if (n < 0 || (size_t)n >= sizeof text)
        n = 0;
    (void)vsnprintf(text + n, sizeof text - (size_t)n, format, args);
    cut_whole_characters(text);
    make_printable(text);
    if (problems->n < PROBLEMS_MAX)
        problems->lines[problems->n] = strdup(text); /* NULL when memory is short: still counted */
    problems->n++;
}

void problems_add(struct problems *problems, const char *file, unsigned line, unsigned column,
                  const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(problems, file, line, column, format, args);
    va_end(args);
}

void problems_at(struct problems *problems, const struct yaml_node *node, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(problems, node->file, node->line, node->column, format, args);
    va_end(args);
}

void problems_at_key(struct problems *problems, const struct yaml_node *node, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (node->key != NULL)
        add(problems, node->file, node->key_line, node->key_column, format, args);
    else
        add(problems, node->file, node->line, node->column, format, args);
    va_end(args);
}

void problems_print(const struct problems *problems, FILE *stream)
{
    size_t n = problems->n < PROBLEMS_MAX ? problems->n : PROBLEMS_MAX;

    for (size_t i = 0; i < n; i++)
        (void)fprintf(stream, "%s\n", problems->lines[i] != NULL ? problems->lines[i] : "(out of memory)");
    if (problems->n > n)
        (void)fprintf(stream, "and %zu more\n", problems->n - n);
}

void problems_free(struct problems *problems)
{
    size_t n = problems->n < PROBLEMS_MAX ? problems->n : PROBLEMS_MAX;

    for (size_t i = 0; i < n; i++)
        free(problems->lines[i]);
    memset(problems, 0, sizeof *problems);
}
