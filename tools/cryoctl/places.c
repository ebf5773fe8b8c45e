#include "places.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "settings.h"
#include "words.h"
#include "yamldoc.h"

/* One setting that is looked for, whatever else the files hold. */
struct wanted {
    const char *section, *key;
    char *ret;
    size_t cap;
    bool found, bad; /* bad: it is there, and is no path */
};

static void take(struct wanted *w, const struct yaml_node *root)
{
    const struct yaml_node *node = yaml_get(yaml_get(root, w->section), w->key);
    if (node == NULL || w->found)
        return;
    w->found = true;
    w->bad = node->kind != YAML_SCALAR || node->text[0] != '/' || strlen(node->text) >= w->cap;
    if (!w->bad)
        snprintf(w->ret, w->cap, "%s", node->text);
}

/* ---------------------------------------------------------------- files that are not YAML */

/* The whole file, or NULL. */
static char *read_text(const char *path)
{
    struct stat st;
    char *text = NULL;
    size_t len = 0;
    ssize_t n = 1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return NULL;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= (off_t)YAMLDOC_SIZE_MAX)
        text = calloc(1, (size_t)st.st_size + 1);
    while (text != NULL && n > 0 && len < (size_t)st.st_size) {
        n = read(fd, text + len, (size_t)st.st_size - len);
        if (n > 0)
            len += (size_t)n;
    }
    close(fd);
    return text;
}

/* The lines of the section, which begins at the left margin and ends before the next that does. */
static const char *find_section(const char *text, const char *section, size_t *ret_len)
{
    size_t name_len = strlen(section);
    const char *begin = NULL;
    for (const char *line = text; *line != '\0';) {
        const char *next = line + strcspn(line, "\n");
        next += *next == '\n';
        if (begin != NULL && strchr(" \t\r\n#", line[0]) == NULL) {
            *ret_len = (size_t)(line - begin);
            return begin;
        }
        if (begin == NULL && strncmp(line, section, name_len) == 0 && line[name_len] == ':')
            begin = line;
        line = next;
    }
    *ret_len = begin != NULL ? strlen(begin) : 0;
    return begin;
}

/* A mistake in another section leaves this one readable. */
static void take_section(struct wanted *w, const char *path)
{
    struct problems problems = {0};
    struct yamldoc *doc = NULL;
    size_t len;
    char *text = read_text(path);
    const char *section = text != NULL ? find_section(text, w->section, &len) : NULL;
    if (section != NULL && yamldoc_parse_tolerant(section, len, path, &problems, &doc) == 0)
        take(w, yamldoc_root(doc));
    else if (section != NULL && !w->found)
        w->found = w->bad = true;
    yamldoc_free(doc);
    problems_free(&problems);
    free(text);
}

/* ---------------------------------------------------------------- the files, in the daemon's order */

/* 0, or -errno when the file can't be read. */
static int look_into(struct wanted *w, const char *path)
{
    struct problems problems = {0};
    struct yamldoc *doc = NULL;
    int result = yamldoc_load_tolerant(path, path, &problems, &doc);
    if (result == 0)
        take(w, yamldoc_root(doc));
    else if (result == -EINVAL)
        take_section(w, path);
    yamldoc_free(doc);
    problems_free(&problems);
    return result == -EINVAL ? 0 : result;
}

static int is_settings_file(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return entry->d_name[0] != '.' && dot != NULL && strcmp(dot, ".yaml") == 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void look_into_conf_d(struct wanted *w, const char *dir)
{
    char path[PATH_MAX];
    struct dirent **entries = NULL;
    snprintf(path, sizeof path, "%s/conf.d", dir);
    int n = scandir(path, &entries, is_settings_file, by_bytes);
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/conf.d/%s", dir, entries[i]->d_name);
        if (!w->found)
            look_into(w, path);
        free(entries[i]);
    }
    free((void *)entries);
}

/* Leaves w->ret as it is when the setting is nowhere. False: complained about --config. */
static bool look_up(const struct ctl *ctl, struct wanted *w, const char *option)
{
    const char *dir = ctl->config != NULL ? ctl->config : CTL_CONFIG_DIR;
    char file[PATH_MAX];
    snprintf(file, sizeof file, "%s/cryomon.yaml", dir);
    int error = look_into(w, file);
    if (!w->found)
        look_into_conf_d(w, dir);
    if (ctl->config == NULL)
        return true; /* the usual place is worth a try */
    if (error < 0 && !w->found) {
        ctl_complain(tr(ctl, "%s can't be read: %s", "无法读取 %s：%s"), file, words_error(ctl, -error));
        return false;
    }
    if (w->bad)
        ctl_complain(tr(ctl, "%s.%s in %s is no full path: see cryoctl check %s, or use %s",
                        "%s.%s（%s）不是完整路径：见 cryoctl check %s，或使用 %s"),
                     w->section, w->key, dir, dir, option);
    return !w->bad;
}

bool places_socket(struct ctl *ctl)
{
    struct wanted w = {"control", "socket", ctl->socket_path, sizeof ctl->socket_path, false, false};
    if (ctl->socket != NULL)
        return true;
    snprintf(ctl->socket_path, sizeof ctl->socket_path, "%s", CTL_SOCKET);
    if (!look_up(ctl, &w, "--socket"))
        return false;
    ctl->socket = ctl->socket_path;
    return true;
}

bool places_history(const struct ctl *ctl, char *path, size_t cap)
{
    struct wanted w = {"storage", "directory", path, cap, false, false};
    snprintf(path, cap, "%s", ctl->dir != NULL ? ctl->dir : CTL_HISTORY);
    return ctl->dir != NULL || look_up(ctl, &w, "--dir");
}

struct config *places_config(const struct ctl *ctl)
{
    struct problems problems = {0}, warnings = {0};
    struct config *config = NULL;
    if (ctl->dir != NULL && ctl->config == NULL)
        return NULL; /* a copy from elsewhere: what is configured here says nothing about it */
    int error =
        settings_load(ctl->config != NULL ? ctl->config : CTL_CONFIG_DIR, 1, &problems, &warnings, &config);
    problems_free(&problems);
    problems_free(&warnings);
    return error == 0 ? config : NULL;
}
