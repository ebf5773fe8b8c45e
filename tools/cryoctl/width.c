#include "width.h"

#include <stdlib.h>
#include <string.h>

#define REPLACEMENT 0xFFFDU
#define ELLIPSIS    "\u2026"

struct range {
    uint32_t first, last;
};

/* Unicode's East_Asian_Width W and F, and emoji presentation, joined over unassigned gaps. */
static const struct range wide[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x2329, 0x232A},   {0x23E9, 0x23EC},   {0x25FD, 0x25FE},
    {0x2614, 0x2615},   {0x26A1, 0x26A1},   {0x2705, 0x2705},   {0x274C, 0x274C},   {0x2757, 0x2757},
    {0x2E80, 0x303E},   {0x3041, 0x4DBF},   {0x4E00, 0xA4CF},   {0xA960, 0xA97F},   {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},   {0xFE10, 0xFE19},   {0xFE30, 0xFE6F},   {0xFF01, 0xFF60},   {0xFFE0, 0xFFE6},
    {0x16FE0, 0x18DFF}, {0x1B000, 0x1B2FF}, {0x1F300, 0x1F320}, {0x1F32D, 0x1F335}, {0x1F337, 0x1F37C},
    {0x1F400, 0x1F43E}, {0x1F600, 0x1F64F}, {0x1F680, 0x1F6C5}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
};

static const struct range combining[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A},
    {0x064B, 0x065F}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200F},
    {0x202A, 0x202E}, {0x2060, 0x2064}, {0x20D0, 0x20F0}, {0x302A, 0x302D},
    {0x3099, 0x309A}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xE0100, 0xE01EF},
};

static int in_ranges(const struct range *ranges, size_t n, uint32_t c)
{
    for (size_t i = 0; i < n && ranges[i].first <= c; i++)
        if (c <= ranges[i].last)
            return 1;
    return 0;
}

unsigned width_of(uint32_t c)
{
    if (c < 0x300)
        return 1;
    if (in_ranges(combining, sizeof combining / sizeof *combining, c))
        return 0;
    return in_ranges(wide, sizeof wide / sizeof *wide, c) ? 2 : 1;
}

uint32_t width_next(const char **text)
{
    const unsigned char *s = (const unsigned char *)*text;
    if (s[0] == 0)
        return 0;
    *text += 1;
    if (s[0] < 0x80)
        return s[0];
    unsigned more = s[0] >= 0xC2 && s[0] <= 0xDF   ? 1
                    : (s[0] & 0xF0) == 0xE0        ? 2
                    : s[0] >= 0xF0 && s[0] <= 0xF4 ? 3
                                                   : 0;
    static const unsigned char lead_bits[] = {0, 0x1F, 0x0F, 0x07};
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    uint32_t c = s[0] & lead_bits[more];
    for (unsigned i = 1; i <= more; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return REPLACEMENT;
        c = c << 6 | (s[i] & 0x3F);
    }
    if (more == 0 || c < least[more] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return REPLACEMENT;
    *text += more;
    return c;
}

unsigned width_text(const char *text)
{
    unsigned width = 0;
    for (uint32_t c; (c = width_next(&text)) != 0;)
        width += width_of(c);
    return width;
}

/* C0, DEL, C1, and the characters that turn the direction of writing. */
static int is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069);
}

char *width_clean(const char *text, unsigned columns)
{
    char *copy = malloc(strlen(text) * 3 + sizeof ELLIPSIS), *out = copy;
    if (copy == NULL)
        return NULL;
    unsigned left = columns;
    int cut = width_text(text) > columns;
    if (cut && left > 0)
        left--; /* for the ellipsis */
    for (const char *p = text, *start = p;; start = p) {
        uint32_t c = width_next(&p);
        unsigned width = c == 0 ? 0 : width_of(c);
        if (c == 0 || width > left)
            break;
        left -= width;
        if (is_control(c) || c == REPLACEMENT) {
            memcpy(out, "\xEF\xBF\xBD", 3);
            out += 3;
        } else {
            memcpy(out, start, (size_t)(p - start));
            out += p - start;
        }
    }
    const char *end = cut && columns > 0 ? ELLIPSIS : "";
    memcpy(out, end, strlen(end) + 1);
    return copy;
}
