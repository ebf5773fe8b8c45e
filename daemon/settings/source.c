/* A stored source (config.source) as a configuration again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "settings.h"

struct parts {
    struct settings_file *files;
    size_t n;
};

/* A line "--- PATH.yaml" begins a file. YAML has such lines too, but none that a file could hold and be
 * sound: behind "---" only a comment or a { } could stand. */
static bool is_header(const char *line, size_t len)
{
    const size_t head = strlen("--- ");
    const size_t ending = strlen(".yaml");

    if (len <= head + ending || memcmp(line, "--- ", head) != 0 ||
        memcmp(line + len - ending, ".yaml", ending) != 0)
        return false;
    return strchr(" #{[\"'|>&*!%", line[head]) == NULL;
}

/* As settings_load_memory wants it: the first one is the main file, those in conf.d beside it keep that name,
 * programs are stored under their own names, and the others are profiles. dir_len: of the main file's
 * directory, with its '/'. */
static char *plain_path(const char *path, size_t len, size_t dir_len, bool first)
{
    const char *name = path;
    const char *place = "devices/";

    for (size_t i = 0; i < len; i++)
        if (path[i] == '/')
            name = path + i + 1;
    if (first)
        return strdup("cryomon.yaml");
    if (len > strlen("programs/") && strncmp(path, "programs/", strlen("programs/")) == 0 &&
        name == path + strlen("programs/"))
        return strndup(path, len);
    if ((size_t)(name - path) == dir_len + strlen("conf.d/") &&
        strncmp(path + dir_len, "conf.d/", strlen("conf.d/")) == 0)
        place = "conf.d/";
    const size_t name_len = len - (size_t)(name - path);
    char *result = malloc(strlen(place) + name_len + 1);
    if (result != NULL)
        (void)sprintf(result, "%s%.*s", place, (int)name_len, name);
    return result;
}

static size_t directory_of(const char *path, size_t len)
{
    while (len > 0 && path[len - 1] != '/')
        len--;
    return len;
}

static size_t line_length(const char *p, const char *end)
{
    const char *newline = memchr(p, '\n', (size_t)(end - p));

    return (size_t)((newline != NULL ? newline : end) - p);
}

/* Appends the file whose header stands at p. */
static int add_file(struct parts *parts, const char *p, size_t len, size_t *dir_len)
{
    struct settings_file *grown = reallocarray(parts->files, parts->n + 1, sizeof *grown);
    const char *path = p + strlen("--- ");
    const size_t path_len = len - strlen("--- ");

    if (grown == NULL)
        return -ENOMEM;
    parts->files = grown;
    if (parts->n == 0)
        *dir_len = directory_of(path, path_len);
    char *plain = plain_path(path, path_len, *dir_len, parts->n == 0);
    if (plain == NULL)
        return -ENOMEM;
    grown[parts->n++] = (struct settings_file){plain, p + len + 1, 0};
    return 0;
}

static int split(const char *source, size_t source_len, struct parts *parts)
{
    const char *end = source + source_len;
    size_t dir_len = 0;
    size_t len;

    for (const char *p = source; p < end; p += len + 1) {
        len = line_length(p, end);
        if (is_header(p, len)) {
            const int r = add_file(parts, p, len, &dir_len);
            if (r < 0)
                return r;
        } else if (parts->n == 0) {
            return -EINVAL;
        }
        if (parts->n > 0 && !is_header(p, len)) {
            struct settings_file *file = &parts->files[parts->n - 1];
            const char *next = p + len + 1 < end ? p + len + 1 : end;
            file->len = (size_t)(next - file->text);
        }
    }
    return parts->n > 0 ? 0 : -EINVAL;
}

int settings_load_source(const char *source, size_t len, struct problems *problems, struct problems *warnings,
                         struct config **ret)
{
    struct parts parts = {NULL, 0};
    int r = split(source, len, &parts);

    if (r == -EINVAL)
        problems_add(problems, "configuration", 0, 0, "is not one that was stored");
    if (r == 0)
        r = settings_load_memory(parts.files, parts.n, 1, problems, warnings, ret);
    for (size_t i = 0; i < parts.n; i++)
        free((void *)parts.files[i].path);
    free(parts.files);
    return r;
}
