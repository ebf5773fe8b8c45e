#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cryoctl.h"
#include "settings.h"

/* A problem taken apart: "file:line:column: what", or "file: what" (line 0). */
struct place {
    size_t len, file_len; /* of "file:line:column", of "file" */
    int line, column;
};

static struct place find_place(const char *text)
{
    struct place place = {0};
    for (const char *p = text; (p = strchr(p, ':')) != NULL; p++) {
        char *end;
        if (!isdigit((unsigned char)p[1]))
            continue;
        long line = strtol(p + 1, &end, 10);
        if (*end != ':' || !isdigit((unsigned char)end[1]))
            continue;
        long column = strtol(end + 1, &end, 10);
        if (end[0] == ':' && end[1] == ' ')
            return (struct place){(size_t)(end - text), (size_t)(p - text), (int)line, (int)column};
    }
    const char *end = strstr(text, ": ");
    place.len = place.file_len = end != NULL ? (size_t)(end - text) : 0;
    return place;
}

static size_t kept(const struct problems *problems)
{
    return problems->n < PROBLEMS_MAX ? problems->n : PROBLEMS_MAX;
}

static json_t *to_json(const struct problems *problems)
{
    json_t *array = json_array();
    for (size_t i = 0; i < kept(problems); i++) {
        const char *text = problems->lines[i];
        struct place place = find_place(text);
        json_t *object = json_pack("{s:s%, s:s}", "file", text, place.file_len, "message",
                                   text + place.len + (place.len > 0 ? 2 : 0));
        if (place.line > 0) {
            json_object_set_new(object, "line", json_integer(place.line));
            json_object_set_new(object, "column", json_integer(place.column));
        }
        json_array_append_new(array, object);
    }
    return array;
}

static void print_json(bool good, const struct problems *problems, const struct problems *warnings)
{
    json_t *result = json_pack("{s:b, s:o, s:o}", "ok", good, "problems", to_json(problems), "warnings",
                               to_json(warnings));
    json_dumpf(result, stdout, CTL_JSON);
    putchar('\n');
    json_decref(result);
}

static void print_lines(const struct ctl *ctl, const struct problems *problems, const char *kind)
{
    for (size_t i = 0; i < kept(problems); i++) {
        const char *text = problems->lines[i];
        size_t len = find_place(text).len;
        if (kind[0] == '\0' || len == 0)
            printf("%s\n", text);
        else
            printf("%.*s: %s%s\n", (int)len, text, kind, text + len);
    }
    if (problems->n > PROBLEMS_MAX)
        printf(tr(ctl, "... and %zu more\n", "……另有 %zu 个\n"), problems->n - PROBLEMS_MAX);
}

static const char *count(const struct ctl *ctl, char text[48], size_t n, const char *en, const char *zh)
{
    snprintf(text, 48, tr(ctl, "%zu %s%s", "%zu %s%s"), n, tr(ctl, en, zh),
             ctl->language == LANGUAGE_EN && n != 1 ? "s" : "");
    return text;
}

static void print_text(const struct ctl *ctl, const struct config *config, const struct problems *problems,
                       const struct problems *warnings)
{
    print_lines(ctl, problems, "");
    print_lines(ctl, warnings, tr(ctl, "warning", "警告"));
    char counts[4][48];
    if (config == NULL) {
        printf(tr(ctl, "%s, %s\n", "%s，%s\n"), count(ctl, counts[0], problems->n, "mistake", "个错误"),
               count(ctl, counts[1], warnings->n, "warning", "个警告"));
        return;
    }
    size_t n_assets = config->n_assets > 0 ? config->n_assets - 1U : 0; /* the system itself is none */
    printf(tr(ctl, "The configuration is in order: %s, %s, %s; %s.\n", "配置正确：%s，%s，%s；%s。\n"),
           count(ctl, counts[0], n_assets, "asset", "台设备"),
           count(ctl, counts[1], config->n_points, "point", "个测点"),
           count(ctl, counts[2], config->n_alarms, "alarm", "个报警"),
           count(ctl, counts[3], warnings->n, "warning", "个警告"));
}

int verb_check(struct ctl *ctl, int argc, char **argv)
{
    const char *dir = argc > 0 ? argv[0] : ctl->config != NULL ? ctl->config : CTL_CONFIG_DIR;
    struct problems problems = {0}, warnings = {0};
    struct config *config = NULL;
    if (settings_load(dir, 1, &problems, &warnings, &config) < 0)
        config = NULL;
    if (ctl->json)
        print_json(config != NULL, &problems, &warnings);
    else
        print_text(ctl, config, &problems, &warnings);
    int result = config != NULL ? CTL_OK : CTL_NEGATIVE;
    config_unref(config);
    problems_free(&problems);
    problems_free(&warnings);
    return result;
}
