/*
 * sheet.h - pages of A4: text in styles, a head and a foot on each page, and where the next thing goes.
 *
 * Lengths are points (1/72 inch); y grows downwards. The same things are drawn twice: first to count the
 * pages, then for the file.
 */
#ifndef CRYOMON_SHEET_H
#define CRYOMON_SHEET_H

#include <pango/pangocairo.h>

#include "cryoctl.h"

#define SHEET_WIDTH  595.276
#define SHEET_HEIGHT 841.89
#define SHEET_LEFT   42.0
#define SHEET_RIGHT  (SHEET_WIDTH - 42.0)
#define SHEET_TOP    58.0
#define SHEET_BOTTOM (SHEET_HEIGHT - 52.0)

enum sheet_style {
    SHEET_TITLE,
    SHEET_SECTION,
    SHEET_BODY,
    SHEET_BOLD,
    SHEET_SMALL,
    SHEET_FAINT,
    SHEET_MONO,
    SHEET_CELL,
    SHEET_CELL_BOLD,
    SHEET_WARNING,
    SHEET_CELL_WARNING
};
enum sheet_align { SHEET_START, SHEET_MIDDLE, SHEET_END };

struct sheet {
    struct ctl *ctl;
    cairo_surface_t *surface;
    cairo_t *cr;
    PangoContext *context;
    unsigned page, pages; /* pages: 0 while they are counted */
    double y;
    const char *head, *foot; /* borrowed; on each page (the head from the second on) */
    unsigned replaced;       /* characters that no font has, printed as U+XXXX */
};

struct sheet_about {
    const char *title, *author, *subject, *keywords, *created; /* ISO 8601 */
};

/* path NULL: only counts. 0 or -errno. */
int sheet_begin(struct sheet *s, const char *path, const struct sheet_about *about);
int sheet_end(struct sheet *s);

/* Can all of the text be drawn with the fonts that are installed? */
bool sheet_can_draw(struct sheet *s, const char *text);

void sheet_new_page(struct sheet *s);
/* A new page unless so much is left on this one. */
void sheet_need(struct sheet *s, double height);

/* A text that is as wide as width at most (0: one line, not wrapped). The caller draws it and unrefs it. */
PangoLayout *sheet_layout(struct sheet *s, enum sheet_style style, const char *text, double width,
                          enum sheet_align align);
double sheet_height_of(PangoLayout *layout);
void sheet_draw(struct sheet *s, PangoLayout *layout, enum sheet_style style, double x, double y);
/* Draws at once; returns the height. With SHEET_END x is the right edge when width is 0. */
double sheet_text(struct sheet *s, enum sheet_style style, const char *text, double x, double y, double width,
                  enum sheet_align align);

/* At y, over the whole width, and moves y on. */
void sheet_section(struct sheet *s, const char *title, double room);
void sheet_paragraph(struct sheet *s, enum sheet_style style, const char *text);
void sheet_rule(struct sheet *s, double x1, double x2, double y, double grey);

#endif
