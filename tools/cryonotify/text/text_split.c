#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "utf8.h"

#define PART_MIN      60
#define NUMBER_UNITS  16 /* "(123/456) ": what a part's number takes at most */
#define MISSING_UNITS 32 /* "(1234 more lines left out)" */
#define SMS_UTF16     70
#define SMS_SEPTETS   160

/* ---------------------------------------------------------------- how long it is */

/* How many septets the character has in GSM 03.38; 0: it is not in that alphabet. */
static unsigned septets_of(uint32_t c)
{
    static const uint32_t others[] = {
        '@',  0xA3, '$',  0xA5,  0xE8,  0xE9,  0xF9,  0xEC,  0xF2,  0xC7,  '\n',  0xD8,  0xF8,
        '\r', 0xC5, 0xE5, '_',   0xC6,  0xE6,  0xDF,  0xC9,  ' ',   '!',   '"',   '#',   0xA4,
        '%',  '&',  '\'', '(',   ')',   '*',   '+',   ',',   '-',   '.',   '/',   ':',   ';',
        '<',  '=',  '>',  '?',   0xA1,  0xC4,  0xD6,  0xD1,  0xDC,  0xA7,  0xBF,  0xE4,  0xF6,
        0xF1, 0xFC, 0xE0, 0x394, 0x3A6, 0x393, 0x39B, 0x3A9, 0x3A0, 0x3A8, 0x3A3, 0x398, 0x39E};

    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return 1;
    if (c < 0x80 && strchr("^{}\\[~]|", (int)c) != NULL)
        return 2;
    if (c == 0x20AC)
        return 2;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (others[i] == c)
            return 1;
    return 0;
}

static size_t units_of(uint32_t c, enum text_unit unit)
{
    char bytes[UTF8_BYTES];

    return unit == TEXT_BYTES ? utf8_put(bytes, c) : c >= 0x10000 ? 2 : 1;
}

size_t text_length(const char *text, enum text_unit unit)
{
    size_t units = 0, septets = 0;
    bool gsm = true;
    uint32_t c = 0;

    while ((c = utf8_next(&text)) != 0) {
        unsigned n = septets_of(c);
        units += units_of(c, unit);
        septets += n;
        gsm = gsm && n > 0;
    }
    if (unit == TEXT_SMS && gsm)
        return (septets * SMS_UTF16 + SMS_SEPTETS - 1) / SMS_SEPTETS;
    return units;
}

/* The same of the first len bytes, which must end between characters. */
static size_t length_of(const char *text, size_t len, enum text_unit unit, char *scratch)
{
    memcpy(scratch, text, len);
    scratch[len] = '\0';
    return text_length(scratch, unit);
}

/* The longest beginning, in bytes and between characters, that is at most max units long. Lengths only grow
 * with the text, but for SMS they jump where a character leaves the alphabet: so it is searched, not counted.
 */
static size_t fitting(const char *text, size_t max, enum text_unit unit, char *scratch)
{
    size_t low = 0, high = strlen(text);

    while (low < high) {
        size_t middle = low + (high - low + 1) / 2;
        while (middle < high && ((unsigned char)text[middle] & 0xC0) == 0x80)
            middle++;
        if (length_of(text, middle, unit, scratch) <= max) {
            low = middle;
        } else {
            middle = low + (high - low + 1) / 2 - 1;
            while (middle > low && ((unsigned char)text[middle] & 0xC0) == 0x80)
                middle--;
            high = middle;
        }
    }
    return low;
}

/* ---------------------------------------------------------------- shortening */

/* Writes our own punctuation in the alphabet of SMS, if the whole text then is in it: it may be 160
 * characters long instead of 70. Malloced; NULL: no memory. */
static char *plainer(const char *text)
{
    static const struct {
        uint32_t c;
        const char *plain;
    } others[] = {{0xB7, "-"}, {0xB0, ""}, {0x2026, "..."}, {0x2013, "-"}, {0x2019, "'"}};
    char *out = malloc(strlen(text) * 2 + 1);
    size_t len = 0;

    if (out == NULL)
        return NULL;
    for (const char *p = text, *before = p; utf8_next(&p) != 0; before = p) {
        const char *at = before, *plain = NULL;
        uint32_t c = utf8_next(&at);
        for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
            if (others[i].c == c)
                plain = others[i].plain;
        if (plain == NULL && septets_of(c) == 0) {
            memcpy(out, text, strlen(text) + 1);
            return out;
        }
        size_t n = plain != NULL ? strlen(plain) : (size_t)(p - before);
        memcpy(out + len, plain != NULL ? plain : before, n);
        len += n;
    }
    out[len] = '\0';
    return out;
}

/* Where the last part or sentence ends within the first len bytes; 0: nowhere after a third of it. */
static size_t sentence_end(const char *text, size_t len)
{
    static const char *const ends[] = {". ", "。", " · ", " - ", "！", "；", "\n", "] "};
    size_t best = 0;

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        for (const char *p = strstr(text, ends[i]); p != NULL && (size_t)(p - text) < len;
             p = strstr(p + 1, ends[i])) {
            bool keeps = ends[i][0] == '.' || ends[i][0] == ']' || (unsigned char)ends[i][0] >= 0x80;
            size_t end = (size_t)(p - text) + (keeps ? strcspn(ends[i], " ") : 0);
            if (end <= len && end > best)
                best = end;
        }
    return best >= len / 3 ? best : 0;
}

static size_t word_end(const char *text, size_t len)
{
    for (size_t i = len; i > len * 2 / 3; i--)
        if (text[i] == ' ')
            return i;
    return len;
}

static char *shorten(const char *text, size_t max, enum text_unit unit)
{
    static const char more[] = "…";
    size_t len = strlen(text);
    char *out = malloc(len + sizeof more + 1);

    if (out == NULL)
        return NULL;
    if (text_length(text, unit) <= max) {
        memcpy(out, text, len + 1);
        return out;
    }
    /* In an SMS "…" would turn a GSM text into UTF-16. */
    const char *mark = unit == TEXT_SMS ? "..." : more;
    /* As UTF-16, which an SMS may turn out to be. */
    size_t mark_units = text_length(mark, unit == TEXT_SMS ? TEXT_UTF16 : unit);
    size_t cut = max > mark_units ? fitting(text, max - mark_units, unit, out) : 0;
    size_t end = sentence_end(text, cut);
    if (end == 0)
        end = word_end(text, cut);
    memcpy(out, text, end);
    if (max >= mark_units) {
        memcpy(out + end, mark, strlen(mark) + 1);
    } else {
        out[end] = '\0';
    }
    return out;
}

char *text_shorten(const char *text, size_t max, enum text_unit unit)
{
    if (unit != TEXT_SMS)
        return shorten(text, max, unit);
    char *plain = plainer(text);
    char *out = plain != NULL ? shorten(plain, max, unit) : NULL;
    free(plain);
    return out;
}

/* ---------------------------------------------------------------- parts */

struct splitter {
    struct text_parts parts;
    size_t max, n_max;
    enum text_unit unit;
    char *part; /* in the making */
    size_t len;
    char *scratch;
    size_t missing; /* lines that found no part */
    bool failed;    /* no memory */
};

static bool is_last(const struct splitter *s)
{
    return s->parts.n + 1 >= s->n_max;
}

static size_t room(const struct splitter *s)
{
    return s->max - (s->n_max > 1 ? NUMBER_UNITS : 0) - (is_last(s) ? MISSING_UNITS : 0);
}

static void close_part(struct splitter *s)
{
    char *part = NULL;

    if (s->len == 0 || s->failed)
        return;
    s->part[s->len] = '\0';
    part = strdup(s->part);
    if (part == NULL) {
        s->failed = true;
        return;
    }
    s->parts.parts[s->parts.n++] = part;
    s->len = 0;
}

/* Puts the line's first len bytes into the part, if they fit. */
static bool put(struct splitter *s, const char *line, size_t len)
{
    size_t old = s->len;

    if (s->len > 0)
        s->part[s->len++] = '\n';
    memcpy(s->part + s->len, line, len);
    s->len += len;
    if (length_of(s->part, s->len, s->unit, s->scratch) <= room(s))
        return true;
    s->len = old;
    return false;
}

static void add_line(struct splitter *s, const char *line, size_t len)
{
    if (s->missing > 0) { /* the order is kept: what follows a missing line is missing too */
        s->missing++;
        return;
    }
    while (!put(s, line, len)) {
        if (s->len == 0) { /* longer than a part */
            memcpy(s->scratch, line, len);
            s->scratch[len] = '\0';
            char *own = strdup(s->scratch);
            if (own == NULL) {
                s->failed = true;
                return;
            }
            size_t fits = fitting(own, room(s), s->unit, s->scratch);
            free(own);
            (void)put(s, line, fits);
            line += fits;
            len -= fits;
        }
        if (is_last(s)) {
            s->missing++;
            return;
        }
        close_part(s);
        if (s->failed)
            return;
    }
}

static void add_lines(struct splitter *s, const char *text)
{
    while (*text != '\0' && !s->failed) {
        size_t len = strcspn(text, "\n");
        if (len > 0)
            add_line(s, text, len);
        text += len + (text[len] == '\n' ? 1 : 0);
    }
}

/* Numbers the parts, and says in the last one what is missing. */
static void number_parts(struct splitter *s, enum language language)
{
    for (size_t i = 0; i < s->parts.n && !s->failed; i++) {
        char *numbered = NULL;
        bool last = i + 1 == s->parts.n;
        char more[80] = "";
        if (last && s->missing > 0)
            (void)snprintf(more, sizeof more,
                           language == LANGUAGE_ZH ? "\n（另有 %zu 行未列出）"
                                                   : "\n(%zu more lines left out)",
                           s->missing);
        if (s->parts.n == 1 && s->missing == 0)
            return;
        int n = s->parts.n == 1
                    ? asprintf(&numbered, "%s%s", s->parts.parts[i], more)
                    : asprintf(&numbered, "(%zu/%zu) %s%s", i + 1, s->parts.n, s->parts.parts[i], more);
        if (n < 0) {
            s->failed = true;
            return;
        }
        free(s->parts.parts[i]);
        s->parts.parts[i] = numbered;
    }
}

/* All of it in one message, if that is not too long. */
static bool all_in_one(struct splitter *s, const struct text *text)
{
    const char *pieces[] = {text->first, text->answer, text->details};

    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        size_t len = strlen(pieces[i]);
        if (s->len > 0 && len > 0 && s->part[s->len - 1] != '\n')
            s->part[s->len++] = '\n';
        memcpy(s->part + s->len, pieces[i], len);
        s->len += len;
    }
    while (s->len > 0 && s->part[s->len - 1] == '\n')
        s->len--;
    s->part[s->len] = '\0';
    if (text_length(s->part, s->unit) <= s->max)
        return true;
    s->len = 0;
    return false;
}

int text_split(const struct text *text, enum language language, size_t max, enum text_unit unit, size_t n_max,
               struct text_parts *ret)
{
    struct splitter s = {.max = max, .n_max = n_max, .unit = unit};
    size_t bytes = strlen(text->first) + strlen(text->details) + strlen(text->answer) + 4;

    if (max < PART_MIN || n_max == 0)
        return -EINVAL;
    s.part = malloc(bytes);
    s.scratch = malloc(bytes);
    s.parts.parts = calloc(n_max, sizeof(char *));
    s.failed = s.part == NULL || s.scratch == NULL || s.parts.parts == NULL;
    if (!s.failed && all_in_one(&s, text)) {
        close_part(&s);
    } else if (!s.failed) {
        add_lines(&s, text->first);
        add_lines(&s, text->answer); /* what helps at once stands before what explains */
        add_lines(&s, text->details);
        close_part(&s);
        number_parts(&s, language);
    }
    free(s.part);
    free(s.scratch);
    if (s.failed) {
        text_parts_free(&s.parts);
        return -ENOMEM;
    }
    *ret = s.parts;
    return 0;
}

void text_parts_free(struct text_parts *parts)
{
    if (parts == NULL)
        return;
    for (size_t i = 0; i < parts->n; i++)
        free(parts->parts[i]);
    free(parts->parts);
    *parts = (struct text_parts){0};
}
