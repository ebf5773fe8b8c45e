/*
 * table.h - a table of texts, aligned also with double-width characters, with colour where wanted.
 */
#ifndef CRYOMON_CRYOCTL_TABLE_H
#define CRYOMON_CRYOCTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 12

enum table_style { TABLE_PLAIN, TABLE_URGENT, TABLE_WARNING, TABLE_FAINT, TABLE_HEAD };

struct table_column {
    const char *title;
    bool right; /* aligned to the right: numbers */
};

/* What is given up, step by step, when the terminal is too narrow: a column down to a width, or (0) all of
 * it. */
struct table_cut {
    unsigned column, least;
};

struct table {
    unsigned n_columns;
    struct table_column columns[TABLE_COLUMNS_MAX];
    const struct table_cut *cuts; /* borrowed; may be NULL */
    size_t n_cuts;
    size_t n_rows, cap;
    struct table_row {
        char *cells[TABLE_COLUMNS_MAX];
        enum table_style styles[TABLE_COLUMNS_MAX];
        char *note; /* a line of its own below the row; NULL: none */
    } * rows;
    bool failed; /* memory ran out: it is then not whole */
};

void table_init(struct table *t, const struct table_column *columns, unsigned n);
void table_free(struct table *t);

/* Adds a row of empty cells. */
void table_row(struct table *t);
/* Sets a cell, or the note, of the last row. */
void table_cell(struct table *t, unsigned column, enum table_style style, const char *text);
void table_note(struct table *t, const char *text);

/* Prints the head and up to max_rows rows. width: columns of the terminal, 0: no limit. Columns without any
 * text are left out. */
void table_print(const struct table *t, FILE *stream, bool colour, int width, size_t max_rows);

/* The text in a style, for lines outside of tables; cut to width columns (0: no limit), ending in a newline.
 */
void table_line(FILE *stream, bool colour, enum table_style style, int width, const char *text);

#endif
