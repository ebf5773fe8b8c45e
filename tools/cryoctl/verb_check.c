#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cryoctl.h"
#include "settings.h"

/* "file:line:column: what" taken apart: the place's length, or 0 when the line has no place. */
static size_t place_length(const char *line)
{
    for (const char *p = line; (p = strchr(p, ':')) != NULL; p++) {
        const char *q = p + 1;
        if (!isdigit((unsigned char)*q))
            continue;
        q += strspn(q, "0123456789");
        if (*q != ':' || !isdigit((unsigned char)q[1]))
            continue;
        q += 1 + strspn(q + 1, "0123456789");
        if (q[0] == ':' && q[1] == ' ')
            return (size_t)(q - line);
    }
    return 0;
}

static size_t kept(const struct problems *problems)
{
    return problems->n < PROBLEMS_MAX ? problems->n : PROBLEMS_MAX;
}

static json_t *to_json(const struct problems *problems)
{
    json_t *array = json_array();
    for (size_t i = 0; i < kept(problems); i++) {
        const char *line = problems->lines[i];
        size_t place = place_length(line);
        if (place == 0) {
            json_array_append_new(array, json_pack("{s:s}", "message", line));
            continue;
        }
        const char *column = line + place, *number;
        while (column[-1] != ':')
            column--;
        number = column - 1;
        while (number[-1] != ':')
            number--;
        json_array_append_new(array, json_pack("{s:s%, s:i, s:i, s:s}", "file", line,
                                               (size_t)(number - 1 - line), "line", atoi(number), "column",
                                               atoi(column), "message", line + place + 2));
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
        const char *line = problems->lines[i];
        size_t place = place_length(line);
        if (kind[0] == '\0' || place == 0)
            printf("%s%s%s\n", kind, kind[0] != '\0' ? ": " : "", line);
        else
            printf("%.*s: %s%s\n", (int)place, line, kind, line + place);
    }
    if (problems->n > PROBLEMS_MAX)
        printf(tr(ctl, "... and %zu more\n", "……另有 %zu 个\n"), problems->n - PROBLEMS_MAX);
}

static void print_text(const struct ctl *ctl, const struct config *config, const struct problems *problems,
                       const struct problems *warnings)
{
    print_lines(ctl, problems, "");
    print_lines(ctl, warnings, tr(ctl, "warning", "警告"));
    if (config == NULL)
        printf(tr(ctl, "%zu mistakes, %zu warnings\n", "%zu 个错误，%zu 个警告\n"), problems->n, warnings->n);
    else
        printf(tr(ctl, "The configuration is in order: %d assets, %d points, %d alarms; %zu warnings.\n",
                  "配置正确：%d 台设备，%d 个测点，%d 个报警；%zu 个警告。\n"),
               config->n_assets > 0 ? config->n_assets - 1 : 0, config->n_points, config->n_alarms,
               warnings->n);
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
