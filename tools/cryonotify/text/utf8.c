#include "utf8.h"

#include <stdbool.h>
#include <string.h>

static const char ellipsis[] = "…";

/* How many bytes the sequence has that begins with this one, and the lowest character that needs so many. */
static unsigned sequence(unsigned char first, uint32_t *ret_bits, uint32_t *ret_lowest)
{
    if (first >= 0xC2 && first <= 0xDF) {
        *ret_bits = first & 0x1FU;
        *ret_lowest = 0x80;
        return 2;
    }
    if (first >= 0xE0 && first <= 0xEF) {
        *ret_bits = first & 0x0FU;
        *ret_lowest = 0x800;
        return 3;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        *ret_bits = first & 0x07U;
        *ret_lowest = 0x10000;
        return 4;
    }
    return 0;
}

uint32_t utf8_next(const char **text)
{
    const unsigned char *p = (const unsigned char *)*text;
    uint32_t character = 0, lowest = 0;
    unsigned n = 0;

    if (*p == 0)
        return 0;
    if (*p < 0x80) {
        *text += 1;
        return *p;
    }
    n = sequence(*p, &character, &lowest);
    for (unsigned i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80) { /* a NUL ends here too */
            n = 0;
            break;
        }
        character = character << 6 | (p[i] & 0x3FU);
    }
    if (n == 0 || character < lowest || character > 0x10FFFF ||
        (character >= 0xD800 && character <= 0xDFFF)) {
        *text += 1;
        return UTF8_REPLACEMENT;
    }
    *text += n;
    return character;
}

size_t utf8_put(char bytes[UTF8_BYTES], uint32_t character)
{
    if (character < 0x80) {
        bytes[0] = (char)character;
        return 1;
    }
    if (character < 0x800) {
        bytes[0] = (char)(0xC0 | character >> 6);
        bytes[1] = (char)(0x80 | (character & 0x3F));
        return 2;
    }
    if (character < 0x10000) {
        bytes[0] = (char)(0xE0 | character >> 12);
        bytes[1] = (char)(0x80 | (character >> 6 & 0x3F));
        bytes[2] = (char)(0x80 | (character & 0x3F));
        return 3;
    }
    bytes[0] = (char)(0xF0 | character >> 18);
    bytes[1] = (char)(0x80 | (character >> 12 & 0x3F));
    bytes[2] = (char)(0x80 | (character >> 6 & 0x3F));
    bytes[3] = (char)(0x80 | (character & 0x3F));
    return 4;
}

/* What a line must not hold: controls, and what turns the direction of all that follows it (a name
 * could make a message read backwards). */
static bool is_unwanted(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 || c == 0xFEFF ||
           (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

size_t utf8_clean(char *to, size_t cap, const char *text)
{
    size_t len = 0, fits_with_ellipsis = 0;

    for (;;) {
        char bytes[UTF8_BYTES];
        uint32_t c = utf8_next(&text);
        if (c == 0) {
            to[len] = '\0';
            return len;
        }
        size_t n = utf8_put(bytes, is_unwanted(c) ? ' ' : c);
        if (len + n >= cap)
            break;
        memcpy(to + len, bytes, n);
        len += n;
        if (len + sizeof ellipsis <= cap)
            fits_with_ellipsis = len;
    }
    if (cap >= sizeof ellipsis) {
        memcpy(to + fits_with_ellipsis, ellipsis, sizeof ellipsis);
        return fits_with_ellipsis + sizeof ellipsis - 1;
    }
    to[len] = '\0';
    return len;
}
