#include "sheet.h"

#include <cairo-pdf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "width.h"

/* One family for both languages; Latin letters and digits of the Chinese fonts fit their neighbours. */
#define FAMILY                                                                                               \
    "Noto Sans CJK SC,Source Han Sans SC,Source Han Sans CN,WenQuanYi Micro Hei,Noto Sans,DejaVu Sans,sans-" \
    "serif"
#define MONO "DejaVu Sans Mono,Noto Sans Mono CJK SC,Noto Sans Mono,monospace"

static const struct style {
    const char *family;
    double size;
    bool bold;
    double red, green, blue;
} styles[] = {
    [SHEET_TITLE] = {FAMILY, 17, true, 0.07, 0.13, 0.22},
    [SHEET_SECTION] = {FAMILY, 11, true, 0.07, 0.20, 0.36},
    [SHEET_BODY] = {FAMILY, 8.5, false, 0.1, 0.1, 0.1},
    [SHEET_BOLD] = {FAMILY, 8.5, true, 0.1, 0.1, 0.1},
    [SHEET_SMALL] = {FAMILY, 7, false, 0.2, 0.2, 0.2},
    [SHEET_FAINT] = {FAMILY, 7, false, 0.42, 0.42, 0.42},
    [SHEET_MONO] = {MONO, 7, false, 0.1, 0.1, 0.1},
    [SHEET_CELL] = {FAMILY, 7.5, false, 0.1, 0.1, 0.1},
    [SHEET_CELL_BOLD] = {FAMILY, 7.5, true, 0.1, 0.1, 0.1},
    [SHEET_WARNING] = {FAMILY, 8.5, true, 0.72, 0.10, 0.08},
    [SHEET_CELL_WARNING] = {FAMILY, 7.5, true, 0.72, 0.10, 0.08},
};

/* ---------------------------------------------------------------- texts */

static void set_text(PangoLayout *layout, const char *text)
{
    pango_layout_set_text(layout, text, -1);
}

/* UTF-8 of one character. */
static size_t put_character(char *to, uint32_t c)
{
    return (size_t)g_unichar_to_utf8(c, to);
}

/* Controls are blanks; with only given, what it can't draw is written as U+XXXX. malloc'd or NULL. */
static char *clean(struct sheet *s, PangoLayout *only, const char *text)
{
    char *ret = malloc(strlen(text) * 10 + 16), *at = ret;
    uint32_t c;
    while (ret != NULL && (c = width_next(&text)) != 0) {
        char one[8] = "";
        if ((c < 0x20 && c != '\n') || c == 0x7F || c == 0xFEFF || (c >= 0x200B && c <= 0x200F) ||
            (c >= 0x2028 && c <= 0x202E))
            c = ' '; /* also marks that would turn the direction of what follows */
        one[put_character(one, c)] = '\0';
        bool there = true;
        if (only != NULL && c > 0x7E) {
            set_text(only, one);
            there = pango_layout_get_unknown_glyphs_count(only) == 0;
        }
        if (there) {
            at += put_character(at, c);
        } else {
            at += sprintf(at, "[U+%04X]", (unsigned)c);
            s->replaced++;
        }
    }
    if (ret != NULL)
        *at = '\0';
    return ret;
}

PangoLayout *sheet_layout(struct sheet *s, enum sheet_style style, const char *text, double width,
                          enum sheet_align align)
{
    static const PangoAlignment alignments[] = {PANGO_ALIGN_LEFT, PANGO_ALIGN_CENTER, PANGO_ALIGN_RIGHT};
    const struct style *look = &styles[style];
    PangoLayout *layout = pango_layout_new(s->context);
    PangoAttrList *attributes = pango_attr_list_new();
    PangoFontDescription *font = pango_font_description_new();
    pango_font_description_set_family_static(font, look->family);
    pango_font_description_set_absolute_size(font, look->size * PANGO_SCALE);
    pango_font_description_set_weight(font, look->bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
    pango_attr_list_insert(attributes, pango_attr_insert_hyphens_new(FALSE)); /* a hash has none */
    pango_layout_set_attributes(layout, attributes);
    pango_attr_list_unref(attributes);
    pango_layout_set_alignment(layout, alignments[align]);
    pango_layout_set_auto_dir(layout, FALSE);
    char *cleaned = clean(s, NULL, text);
    set_text(layout, cleaned != NULL ? cleaned : "");
    if (pango_layout_get_unknown_glyphs_count(layout) > 0 && cleaned != NULL) {
        char *shown = clean(s, layout, cleaned);
        set_text(layout, shown != NULL ? shown : "?");
        free(shown);
    }
    free(cleaned);
    if (width > 0) { /* after the look at glyphs: it is made for one line */
        pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
        pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    }
    return layout;
}

bool sheet_can_draw(struct sheet *s, const char *text)
{
    unsigned before = s->replaced;
    g_object_unref(sheet_layout(s, SHEET_BODY, text, 0, SHEET_START));
    bool can = s->replaced == before;
    s->replaced = before;
    return can;
}

double sheet_height_of(PangoLayout *layout)
{
    int height;
    pango_layout_get_size(layout, NULL, &height);
    return (double)height / PANGO_SCALE;
}

void sheet_draw(struct sheet *s, PangoLayout *layout, enum sheet_style style, double x, double y)
{
    cairo_set_source_rgb(s->cr, styles[style].red, styles[style].green, styles[style].blue);
    cairo_move_to(s->cr, x, y);
    pango_cairo_show_layout(s->cr, layout);
}

double sheet_text(struct sheet *s, enum sheet_style style, const char *text, double x, double y, double width,
                  enum sheet_align align)
{
    PangoLayout *layout = sheet_layout(s, style, text, width, align);
    int own_width;
    pango_layout_get_size(layout, &own_width, NULL);
    double left = x, wide = (double)own_width / PANGO_SCALE;
    if (width <= 0 && align != SHEET_START)
        left -= align == SHEET_END ? wide : wide / 2;
    double height = sheet_height_of(layout);
    sheet_draw(s, layout, style, left, y);
    g_object_unref(layout);
    return height;
}

/* ---------------------------------------------------------------- pages */

static int result_of(cairo_status_t status)
{
    switch (status) {
    case CAIRO_STATUS_SUCCESS:
        return 0;
    case CAIRO_STATUS_NO_MEMORY:
        return -ENOMEM;
    default:
        return errno > 0 ? -errno : -EIO;
    }
}

void sheet_rule(struct sheet *s, double x1, double x2, double y, double grey)
{
    cairo_set_source_rgb(s->cr, grey, grey, grey);
    cairo_set_line_width(s->cr, 0.5);
    cairo_move_to(s->cr, x1, y);
    cairo_line_to(s->cr, x2, y);
    cairo_stroke(s->cr);
}

static void open_page(struct sheet *s)
{
    char number[96];
    s->page++;
    s->y = s->page == 1 ? 40 : SHEET_TOP;
    if (s->page > 1) {
        sheet_text(s, SHEET_FAINT, s->head, SHEET_LEFT, 30, 0, SHEET_START);
        sheet_rule(s, SHEET_LEFT, SHEET_RIGHT, 44, 0.75);
    }
    snprintf(number, sizeof number, tr(s->ctl, "Page %u of %u", "第 %u 页，共 %u 页"), s->page,
             s->pages > 0 ? s->pages : 1);
    sheet_rule(s, SHEET_LEFT, SHEET_RIGHT, SHEET_HEIGHT - 42, 0.75);
    sheet_text(s, SHEET_FAINT, s->foot, SHEET_LEFT, SHEET_HEIGHT - 37, 0, SHEET_START);
    sheet_text(s, SHEET_FAINT, number, SHEET_RIGHT, SHEET_HEIGHT - 37, 0, SHEET_END);
}

/* Paper has no pixels: letters stand where they belong. */
static PangoContext *make_context(cairo_t *cr)
{
    PangoContext *context = pango_cairo_create_context(cr);
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    pango_cairo_context_set_font_options(context, options);
    cairo_font_options_destroy(options);
    pango_context_set_round_glyph_positions(context, FALSE);
    return context;
}

static void describe(struct sheet *s, const struct sheet_about *about)
{
    cairo_pdf_surface_set_metadata(s->surface, CAIRO_PDF_METADATA_TITLE, about->title);
    cairo_pdf_surface_set_metadata(s->surface, CAIRO_PDF_METADATA_AUTHOR, about->author);
    cairo_pdf_surface_set_metadata(s->surface, CAIRO_PDF_METADATA_SUBJECT, about->subject);
    cairo_pdf_surface_set_metadata(s->surface, CAIRO_PDF_METADATA_KEYWORDS, about->keywords);
    cairo_pdf_surface_set_metadata(s->surface, CAIRO_PDF_METADATA_CREATOR, "cryomon " CRYOMON_VERSION);
    cairo_pdf_surface_set_metadata(s->surface, CAIRO_PDF_METADATA_CREATE_DATE, about->created);
}

int sheet_begin(struct sheet *s, const char *path, const struct sheet_about *about)
{
    errno = 0;
    s->page = 0;
    s->replaced = 0;
    /* One pixel, on which nothing is seen, will do for counting: letters are measured without regard to
     * pixels. */
    s->surface = path != NULL ? cairo_pdf_surface_create(path, SHEET_WIDTH, SHEET_HEIGHT)
                              : cairo_image_surface_create(CAIRO_FORMAT_A8, 1, 1);
    s->cr = cairo_create(s->surface);
    cairo_status_t status = cairo_status(s->cr);
    if (status != CAIRO_STATUS_SUCCESS) {
        int result = result_of(status);
        cairo_destroy(s->cr);
        cairo_surface_destroy(s->surface);
        return result;
    }
    s->context = make_context(s->cr);
    if (path != NULL)
        describe(s, about);
    open_page(s);
    return 0;
}

int sheet_end(struct sheet *s)
{
    errno = 0;
    cairo_show_page(s->cr);
    cairo_surface_finish(s->surface);
    int result = result_of(cairo_surface_status(s->surface));
    g_object_unref(s->context);
    cairo_destroy(s->cr);
    cairo_surface_destroy(s->surface);
    s->pages = s->page;
    return result;
}

void sheet_new_page(struct sheet *s)
{
    cairo_show_page(s->cr);
    open_page(s);
}

void sheet_need(struct sheet *s, double height)
{
    if (s->y + height > SHEET_BOTTOM && s->y > SHEET_TOP + 1)
        sheet_new_page(s);
}

void sheet_section(struct sheet *s, const char *title, double room)
{
    sheet_need(s, 30 + room);
    s->y += s->y > SHEET_TOP + 1 ? 14 : 0;
    s->y += sheet_text(s, SHEET_SECTION, title, SHEET_LEFT, s->y, 0, SHEET_START) + 1;
    sheet_rule(s, SHEET_LEFT, SHEET_RIGHT, s->y, 0.55);
    s->y += 5;
}

void sheet_paragraph(struct sheet *s, enum sheet_style style, const char *text)
{
    PangoLayout *layout = sheet_layout(s, style, text, SHEET_RIGHT - SHEET_LEFT, SHEET_START);
    double height = sheet_height_of(layout);
    sheet_need(s, height);
    sheet_draw(s, layout, style, SHEET_LEFT, s->y);
    g_object_unref(layout);
    s->y += height + 3;
}
