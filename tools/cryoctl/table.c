#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "width.h"

#define GAP      2 /* between columns */
#define NO_LIMIT 100000U

static const char *const escapes[] = {
    [TABLE_PLAIN] = "",        [TABLE_URGENT] = "\033[1;31m", [TABLE_WARNING] = "\033[33m",
    [TABLE_FAINT] = "\033[2m", [TABLE_HEAD] = "\033[1m",
};

void table_init(struct table *t, const struct table_column *columns, unsigned n)
{
    *t = (struct table){.n_columns = n};
    memcpy(t->columns, columns, n * sizeof *columns);
}

void table_free(struct table *t)
{
    for (size_t i = 0; i < t->n_rows; i++) {
        for (unsigned k = 0; k < t->n_columns; k++)
            free(t->rows[i].cells[k]);
        free(t->rows[i].note);
    }
    free(t->rows);
    *t = (struct table){0};
}

void table_row(struct table *t)
{
    if (t->n_rows == t->cap) {
        size_t cap = t->cap == 0 ? 16 : t->cap * 2;
        struct table_row *rows = realloc(t->rows, cap * sizeof *rows);
        if (rows == NULL) {
            t->failed = true;
            return;
        }
        t->rows = rows;
        t->cap = cap;
    }
    t->rows[t->n_rows++] = (struct table_row){0};
}

static void set(struct table *t, char **place, const char *text)
{
    free(*place);
    *place = width_clean(text, NO_LIMIT);
    t->failed |= *place == NULL;
}

void table_cell(struct table *t, unsigned column, enum table_style style, const char *text)
{
    if (t->n_rows == 0 || t->failed)
        return;
    set(t, &t->rows[t->n_rows - 1].cells[column], text);
    t->rows[t->n_rows - 1].styles[column] = style;
}

void table_note(struct table *t, const char *text)
{
    if (t->n_rows > 0 && !t->failed)
        set(t, &t->rows[t->n_rows - 1].note, text);
}

static const char *cell_text(const struct table_row *row, unsigned column)
{
    return row->cells[column] != NULL ? row->cells[column] : "";
}

/* The widths that the texts want; 0 for a column without any. */
static unsigned measure(const struct table *t, size_t n_rows, unsigned widths[TABLE_COLUMNS_MAX])
{
    unsigned total = 0;
    for (unsigned k = 0; k < t->n_columns; k++) {
        widths[k] = 0;
        for (size_t i = 0; i < n_rows; i++) {
            unsigned width = width_text(cell_text(&t->rows[i], k));
            if (width > widths[k])
                widths[k] = width;
        }
        if (widths[k] == 0)
            continue;
        if (width_text(t->columns[k].title) > widths[k])
            widths[k] = width_text(t->columns[k].title);
        total += widths[k] + (total > 0 ? GAP : 0);
    }
    return total;
}

static void shrink(const struct table *t, unsigned widths[TABLE_COLUMNS_MAX], unsigned total, unsigned limit)
{
    for (size_t i = 0; i < t->n_cuts && total > limit; i++) {
        unsigned *width = &widths[t->cuts[i].column], least = t->cuts[i].least;
        if (*width <= least)
            continue;
        unsigned take = *width - least < total - limit || least == 0 ? *width - least : total - limit;
        *width -= take;
        total -= take + (least == 0 ? GAP : 0);
    }
}

static void spaces(FILE *stream, unsigned n)
{
    fprintf(stream, "%*s", (int)n, "");
}

static void print_styled(FILE *stream, bool colour, enum table_style style, const char *text)
{
    bool escape = colour && style != TABLE_PLAIN && text[0] != '\0';
    fprintf(stream, "%s%s%s", escape ? escapes[style] : "", text, escape ? "\033[0m" : "");
}

static void print_cell(FILE *stream, bool colour, enum table_style style, const char *text, unsigned width,
                       bool right, bool last)
{
    char *shown = width_clean(text, width);
    unsigned used = shown != NULL ? width_text(shown) : 0, pad = used < width ? width - used : 0;
    if (right)
        spaces(stream, pad);
    print_styled(stream, colour, style, shown != NULL ? shown : "");
    if (!right && !last)
        spaces(stream, pad);
    free(shown);
}

static void print_row(const struct table *t, FILE *stream, bool colour,
                      const unsigned widths[TABLE_COLUMNS_MAX], const struct table_row *row)
{
    unsigned last = 0; /* no blanks after the last text of the line */
    for (unsigned k = 0; k < t->n_columns; k++)
        if (widths[k] > 0 && (row == NULL || cell_text(row, k)[0] != '\0'))
            last = k;
    bool first = true;
    for (unsigned k = 0; k <= last; k++) {
        if (widths[k] == 0)
            continue;
        if (!first)
            spaces(stream, GAP);
        first = false;
        print_cell(stream, colour, row != NULL ? row->styles[k] : TABLE_HEAD,
                   row != NULL ? cell_text(row, k) : t->columns[k].title, widths[k], t->columns[k].right,
                   k == last);
    }
    fputc('\n', stream);
}

void table_line(FILE *stream, bool colour, enum table_style style, int width, const char *text)
{
    char *shown = width_clean(text, width > 0 ? (unsigned)width : NO_LIMIT);
    print_styled(stream, colour, style, shown != NULL ? shown : "");
    fputc('\n', stream);
    free(shown);
}

void table_print(const struct table *t, FILE *stream, bool colour, int width, size_t max_rows)
{
    unsigned widths[TABLE_COLUMNS_MAX] = {0};
    size_t n = t->n_rows < max_rows ? t->n_rows : max_rows;
    unsigned total = measure(t, n, widths);
    if (width > 0)
        shrink(t, widths, total, (unsigned)width);
    print_row(t, stream, colour, widths, NULL);
    for (size_t i = 0; i < n; i++) {
        print_row(t, stream, colour, widths, &t->rows[i]);
        if (t->rows[i].note != NULL && t->rows[i].note[0] != '\0') {
            spaces(stream, 4);
            table_line(stream, colour, TABLE_PLAIN, 0, t->rows[i].note); /* what to do is never cut */
        }
    }
}
