/* The profile reader on hostile profiles: the input is devices/p.yaml, used by a device whose points are all
 * the registers that a crude look at the text finds. What is accepted is then decoded and judged, as the bus
 * would. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "settings.h"

#define POINTS_MAX_HERE 24
#define MAIN_MAX        8192

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_id(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* The id of a line "  id:", or 0. */
static size_t id_of(const char *line, size_t len)
{
    size_t n = 0;
    if (len < 4 || line[0] != ' ' || line[1] != ' ')
        return 0;
    while (n + 2 < len && is_id(line[2 + n]))
        n++;
    return n > 0 && n < 40 && n + 2 < len && line[2 + n] == ':' ? n : 0;
}

static void add_points(const char *text, size_t size, char *main_text, size_t *len)
{
    unsigned points = 0;
    while (size > 0 && points < POINTS_MAX_HERE) {
        const char *end = memchr(text, '\n', size);
        size_t line = end != NULL ? (size_t)(end - text) : size;
        size_t id = id_of(text, line);
        if (id > 0)
            *len += (size_t)snprintf(main_text + *len, MAIN_MAX - *len,
                                     "      p%u: {device: d, register: %.*s}\n", points++, (int)id, text + 2);
        size -= end != NULL ? line + 1 : line;
        text += end != NULL ? line + 1 : line;
    }
    if (points == 0)
        *len += (size_t)snprintf(main_text + *len, MAIN_MAX - *len, "      p: {device: d, register: n}\n");
}

static void try_words(const struct config *c, uint16_t high, uint16_t low)
{
    const uint16_t words[2] = {high, low};
    for (uint32_t i = 0; i < c->n_points; i++) {
        struct reading reading = decode_words(&c->points[i].format, words);
        assert(reading.quality == QUALITY_BAD ? reading.reason != REASON_NONE && reading.value == 0
                                              : reading.reason == REASON_NONE);
    }
    for (uint32_t i = 0; i < c->n_guards; i++) {
        struct guard_memory memory = {.seen = false};
        struct reading reading = decode_words(&c->guards[i].format, words);
        struct reading judged = {.value = 1, .quality = QUALITY_GOOD};
        enum reason reason = guard_judge(&c->guards[i].rule, &memory, &reading, 0);
        assert((unsigned)reason < REASON_COUNT);
        guard_apply(&judged, reason);
        assert(judged.quality == reason_quality(reason) && judged.reason == reason);
    }
}

static void check(const struct config *c)
{
    static const uint16_t words[] = {0, 1, 0x7fff, 0x8000, 0xffff, 0x7fc0, 0x1234};
    for (uint32_t i = 0; i < c->n_guards; i++) {
        const struct guard_config *guard = &c->guards[i];
        assert(guard->device == 0 && guard->n_targets > 0);
        assert(guard->address + decode_width(&guard->format) <= 65536U);
        for (uint32_t t = guard->first_target; t < guard->first_target + guard->n_targets; t++)
            assert(t < c->n_guard_targets && c->guard_targets[t] < c->n_points);
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        for (size_t k = 0; k < sizeof words / sizeof *words; k++)
            try_words(c, words[i], words[k]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char main_text[MAIN_MAX];
    struct problems problems = {.n = 0};
    struct problems warnings = {.n = 0};
    struct config *config = NULL;
    size_t len =
        (size_t)snprintf(main_text, sizeof main_text,
                         "site: {id: s}\nbuses: {b: {tcp: {host: 127.0.0.1}}, l: {rtu: {device: /dev/x}}}\n"
                         "devices: {d: {bus: %s, unit: 1, profile: p, accept_unverified: true}}\n"
                         "assets:\n  a:\n    kind: tank\n    points:\n",
                         size % 2 == 0 ? "b" : "l");

    add_points((const char *)data, size, main_text, &len);
    const struct settings_file files[] = {{"cryomon.yaml", main_text, len},
                                          {"devices/p.yaml", (const char *)data, size}};
    int r = settings_load_memory(files, 2, 1, &problems, &warnings, &config);
    assert((r == 0) == (config != NULL) && (r == 0) == (problems.n == 0));
    if (config != NULL)
        check(config);
    config_unref(config);
    problems_free(&problems);
    problems_free(&warnings);
    return 0;
}
