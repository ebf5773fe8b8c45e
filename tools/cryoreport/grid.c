#include "grid.h"

#include <stdlib.h>
#include <string.h>

#define PAD_X 3.0
#define PAD_Y 2.2

static double width_of(const struct grid *grid, unsigned column)
{
    double all = 0;
    for (unsigned i = 0; i < grid->n; i++)
        all += grid->columns[i].share;
    return (SHEET_RIGHT - SHEET_LEFT) * grid->columns[column].share / all;
}

static double make_layouts(const struct grid *grid, const char *const *cells, bool head,
                           PangoLayout *ret[GRID_COLUMNS_MAX])
{
    double height = 0;
    for (unsigned i = 0; i < grid->n; i++) {
        const struct grid_column *c = &grid->columns[i];
        const char *text = head ? c->title : cells[i] != NULL ? cells[i] : "";
        ret[i] = sheet_layout(grid->sheet, head || c->bold ? SHEET_CELL_BOLD : SHEET_CELL, text,
                              width_of(grid, i) - 2 * PAD_X, c->right ? SHEET_END : SHEET_START);
        double own = sheet_height_of(ret[i]);
        height = own > height ? own : height;
    }
    return height + 2 * PAD_Y;
}

static void draw_row(const struct grid *grid, PangoLayout *const layouts[GRID_COLUMNS_MAX], double height,
                     bool head)
{
    struct sheet *s = grid->sheet;
    double x = SHEET_LEFT;
    if (head || grid->rows % 2 == 1) {
        double grey = head ? 0.88 : 0.965;
        cairo_set_source_rgb(s->cr, grey, grey + 0.01, grey + 0.025);
        cairo_rectangle(s->cr, SHEET_LEFT, s->y, SHEET_RIGHT - SHEET_LEFT, height);
        cairo_fill(s->cr);
    }
    for (unsigned i = 0; i < grid->n; i++) {
        sheet_draw(s, layouts[i], head || grid->columns[i].bold ? SHEET_CELL_BOLD : SHEET_CELL, x + PAD_X,
                   s->y + PAD_Y);
        x += width_of(grid, i);
    }
    s->y += height;
    sheet_rule(s, SHEET_LEFT, SHEET_RIGHT, s->y, head ? 0.5 : 0.85);
}

static void drop(const struct grid *grid, PangoLayout *const layouts[GRID_COLUMNS_MAX])
{
    for (unsigned i = 0; i < grid->n; i++)
        g_object_unref(layouts[i]);
}

static void draw_head(struct grid *grid, double room)
{
    PangoLayout *layouts[GRID_COLUMNS_MAX];
    double height = make_layouts(grid, NULL, true, layouts);
    sheet_need(grid->sheet, height + room);
    draw_row(grid, layouts, height, true);
    drop(grid, layouts);
}

void grid_begin(struct grid *grid, struct sheet *sheet, const struct grid_column *columns, unsigned n)
{
    *grid = (struct grid){.sheet = sheet, .columns = columns, .n = n};
    draw_head(grid, 24);
}

/* Where the line begins that does not fit into the height any more; the text's end if all do. */
static int first_beyond(PangoLayout *layout, double height)
{
    PangoLayoutIter *iter = pango_layout_get_iter(layout);
    int index = (int)strlen(pango_layout_get_text(layout)), top, bottom;
    bool first = true;
    do {
        pango_layout_iter_get_line_yrange(iter, &top, &bottom);
        if (!first && (double)bottom / PANGO_SCALE > height) {
            index = pango_layout_iter_get_index(iter);
            break;
        }
        first = false;
    } while (pango_layout_iter_next_line(iter));
    pango_layout_iter_free(iter);
    return index;
}

/* A row that no page could hold: what fits goes here, and the rest stays in rest[]. False: no memory. */
static bool draw_part(struct grid *grid, PangoLayout *const layouts[GRID_COLUMNS_MAX], double height,
                      char *rest[GRID_COLUMNS_MAX])
{
    PangoLayout *parts[GRID_COLUMNS_MAX];
    const char *heads[GRID_COLUMNS_MAX] = {NULL};
    char *copies[GRID_COLUMNS_MAX] = {NULL};
    bool well = true;
    for (unsigned i = 0; i < grid->n; i++) {
        const char *text = pango_layout_get_text(layouts[i]);
        int index = first_beyond(layouts[i], height - 2 * PAD_Y);
        heads[i] = copies[i] = strndup(text, (size_t)index);
        char *after = strdup(text + index);
        free(rest[i]);
        rest[i] = after;
        well = well && copies[i] != NULL && after != NULL;
    }
    double own = make_layouts(grid, heads, false, parts);
    draw_row(grid, parts, own, false);
    drop(grid, parts);
    for (unsigned i = 0; i < grid->n; i++)
        free(copies[i]);
    return well;
}

void grid_row(struct grid *grid, const char *const *cells)
{
    PangoLayout *layouts[GRID_COLUMNS_MAX];
    struct sheet *s = grid->sheet;
    char *rest[GRID_COLUMNS_MAX] = {NULL};
    double height = make_layouts(grid, cells, false, layouts);
    bool well = true;
    while (well && height > (SHEET_BOTTOM - SHEET_TOP) / 2 && s->y + height > SHEET_BOTTOM) {
        if (SHEET_BOTTOM - s->y > 60)
            well = draw_part(grid, layouts, SHEET_BOTTOM - s->y, rest);
        sheet_new_page(s);
        draw_head(grid, 0);
        if (rest[0] == NULL)
            continue;
        drop(grid, layouts);
        height = make_layouts(grid, (const char *const *)rest, false, layouts);
    }
    if (s->y + height > SHEET_BOTTOM) {
        sheet_new_page(s);
        draw_head(grid, 0);
    }
    draw_row(grid, layouts, height, false);
    drop(grid, layouts);
    for (unsigned i = 0; i < grid->n; i++)
        free(rest[i]);
    grid->rows++;
}

void grid_end(struct grid *grid)
{
    grid->sheet->y += 4;
}
