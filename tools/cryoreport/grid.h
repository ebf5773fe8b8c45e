/*
 * grid.h - tables on sheets: texts are wrapped in their columns, a row is never cut in two, and the head
 * comes again on each page.
 */
#ifndef CRYOMON_GRID_H
#define CRYOMON_GRID_H

#include "sheet.h"

#define GRID_COLUMNS_MAX 12
#define GRID_CELL_MAX    4096

struct grid_column {
    const char *title;
    double share; /* of the width, in proportion to the others' */
    bool right, bold;
};

struct grid {
    struct sheet *sheet;
    const struct grid_column *columns; /* borrowed */
    unsigned n;
    size_t rows;
};

void grid_begin(struct grid *grid, struct sheet *sheet, const struct grid_column *columns, unsigned n);
/* cells[n]; NULL is empty. */
void grid_row(struct grid *grid, const char *const *cells);
void grid_end(struct grid *grid);

#endif
