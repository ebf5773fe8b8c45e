#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cryoctl.h"
#include "program.h"
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

/* ---------------------------------------------------------------- tanks and freezers */

/* "label: tank-1, tank-2 and 3 more" */
struct names {
    char text[512];
    size_t used, n;
};
#define NAMES_SHOWN 8

static void add_name(struct names *names, const char *name)
{
    if (names->n++ < NAMES_SHOWN && names->used < sizeof names->text)
        names->used += (size_t)snprintf(names->text + names->used, sizeof names->text - names->used, "%s%s",
                                        names->used > 0 ? ", " : "", name);
}

static void print_names(const struct ctl *ctl, const struct names *names, const char *label)
{
    if (names->n == 0)
        return;
    printf("  %s%s%s", label, tr(ctl, ": ", "："), names->text);
    if (names->n > NAMES_SHOWN)
        printf(tr(ctl, " and %zu more", " 等，另有 %zu 个"), names->n - NAMES_SHOWN);
    putchar('\n');
}

/* What can't be told of tanks, because their `vessel` does not say something. */
static void print_vessels(const struct ctl *ctl, const struct config *config)
{
    struct names shape = {.n = 0}, capacity = {.n = 0}, temperature = {.n = 0}, limit = {.n = 0};
    for (unsigned i = 0; i < config->n_vessels; i++) {
        const struct vessel_config *v = &config->vessels[i];
        const char *asset = config->assets[v->asset].id;
        if (v->model.n_shape < 2)
            add_name(&shape, asset);
        if (v->model.heat_capacity_j_k == TANK_UNKNOWN)
            add_name(&capacity, asset);
        if (v->temps[0].point == ROLE_NONE)
            add_name(&temperature, asset);
        if (v->model.low_cm == TANK_UNKNOWN)
            add_name(&limit, asset);
    }
    printf(tr(ctl, "Understood: tanks %u, supplies %u, freezers %u; programs %u.\n",
              "可推算：%u 个液氮罐，%u 个供液，%u 台程序降温仪；%u 个程序。\n"),
           (unsigned)config->n_vessels, (unsigned)config->n_supplies, (unsigned)config->n_freezers,
           (unsigned)config->n_programs);
    print_names(ctl, &shape, tr(ctl, "without a shape, no litres are told", "没有形状，不能给出升数"));
    print_names(ctl, &limit,
                tr(ctl, "without a low level, no time to it", "没有低液位，不能给出距低液位的时间"));
    print_names(ctl, &temperature,
                tr(ctl, "without a temperature, no time to -150 °C", "没有温度，不能给出距 -150 °C 的时间"));
    print_names(ctl, &capacity,
                tr(ctl, "without a heat capacity, time to -150 °C only as \"at least\"",
                   "没有热容，距 -150 °C 的时间只能给出“至少”"));
}

static void print_freezers(const struct ctl *ctl, const struct config *config)
{
    struct names none = {.n = 0}, example = {.n = 0}, sample = {.n = 0};
    for (unsigned i = 0; i < config->n_freezers; i++) {
        const struct freezer_config *f = &config->freezers[i];
        const char *asset = config->assets[f->asset].id;
        if (f->program < 0)
            add_name(&none, asset);
        if (f->program >= 0 && config->programs[f->program]->status == PROGRAM_EXAMPLE)
            add_name(&example, asset);
        if (f->inputs[FREEZER_INPUT_SAMPLE].point == ROLE_NONE)
            add_name(&sample, asset);
    }
    print_names(ctl, &none,
                tr(ctl, "without a program, runs are judged only when one is prepared",
                   "没有程序，只有登记了程序的运行才判定"));
    print_names(ctl, &example, tr(ctl, "with an example that nobody has validated", "程序为未经验证的示例"));
    print_names(ctl, &sample, tr(ctl, "without a sample probe, no ice is seen", "没有样品探头，看不到结冰"));
}

/* ---------------------------------------------------------------- all of it */

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
    if (config->n_vessels + config->n_supplies + config->n_freezers > 0) {
        print_vessels(ctl, config);
        print_freezers(ctl, config);
    }
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
