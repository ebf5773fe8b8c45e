#include "candidate.h"

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

#define FILES_MAX 1024

struct files {
    struct settings_file items[FILES_MAX];
    size_t n;
    int error; /* -errno of what could not be read */
    char bad[PATH_MAX];
};

/* The whole file, or NULL with errno. */
static char *read_text(const char *path, size_t *ret_len)
{
    struct stat st;
    char *text = NULL;
    size_t len = 0;
    ssize_t n = 1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return NULL;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > (off_t)YAMLDOC_SIZE_MAX)
        errno = EINVAL;
    else
        text = calloc(1, (size_t)st.st_size + 1);
    while (text != NULL && n > 0 && len < (size_t)st.st_size) {
        n = read(fd, text + len, (size_t)st.st_size - len);
        len += n > 0 ? (size_t)n : 0;
    }
    int error = errno;
    close(fd);
    errno = error;
    *ret_len = len;
    return text;
}

static bool has(const struct files *files, const char *name)
{
    for (size_t i = 0; i < files->n; i++)
        if (strcmp(files->items[i].path, name) == 0)
            return true;
    return false;
}

/* A file under the name that the configuration knows it by. */
static void add(struct files *files, const char *path, const char *name)
{
    size_t len;
    char *own, *text;
    if (files->n == FILES_MAX || has(files, name))
        return;
    own = strdup(name);
    text = read_text(path, &len);
    if (own == NULL || text == NULL) {
        files->error = files->error != 0 ? files->error : -errno;
        snprintf(files->bad, sizeof files->bad, "%s", path);
        free(own);
        free(text);
        return;
    }
    files->items[files->n++] = (struct settings_file){.path = own, .text = text, .len = len};
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

/* All of a directory, as folder/NAME. */
static void add_folder(struct files *files, const char *dir, const char *folder)
{
    struct dirent **entries = NULL;
    int n = scandir(dir, &entries, is_settings_file, by_bytes);
    for (int i = 0; i < n; i++) {
        char path[PATH_MAX], name[2 * NAME_MAX];
        if ((size_t)snprintf(path, sizeof path, "%s/%s", dir, entries[i]->d_name) < sizeof path) {
            snprintf(name, sizeof name, "%s/%s", folder, entries[i]->d_name);
            add(files, path, name);
        }
        free(entries[i]);
    }
    free((void *)entries);
}

static void drop(struct files *files)
{
    for (size_t i = 0; i < files->n; i++) {
        free((char *)files->items[i].path);
        free((char *)files->items[i].text);
    }
    free(files);
}

static int load_file(const char *path, struct files *files, struct problems *problems,
                     struct problems *warnings, struct config **ret)
{
    char dir[PATH_MAX], folder[PATH_MAX + 16];
    snprintf(dir, sizeof dir, "%s", path);
    char *slash = strrchr(dir, '/');
    if (slash != NULL)
        slash[1] = '\0';
    else
        snprintf(dir, sizeof dir, "./");
    add(files, path, "cryomon.yaml");
    snprintf(folder, sizeof folder, "%sconf.d", dir);
    add_folder(files, folder, "conf.d");
    snprintf(folder, sizeof folder, "%sdevices", dir);
    add_folder(files, folder, "devices");
    add_folder(files, CTL_CONFIG_DIR "/devices", "devices"); /* of the site: the file may lie anywhere */
    add_folder(files, settings_system_profiles(), "devices");
    return files->error < 0 ? files->error
                            : settings_load_memory(files->items, files->n, 1, problems, warnings, ret);
}

int candidate_load(const struct ctl *ctl, const char *path, struct config **ret)
{
    struct problems problems = {0}, warnings = {0};
    struct stat st;
    struct files *files = calloc(1, sizeof *files);
    int result = files == NULL ? -ENOMEM : stat(path, &st) < 0 ? -errno : 0;
    if (result == 0 && !S_ISDIR(st.st_mode))
        result = load_file(path, files, &problems, &warnings, ret);
    else if (result == 0)
        result = settings_load(path, 1, &problems, &warnings, ret);
    if (result < 0 && problems.n > 0) {
        ctl_complain(S_ISDIR(st.st_mode) ? tr(ctl, "the candidate %s has mistakes:", "候选配置 %s 有错误：")
                                         : tr(ctl, "the candidate %s, read as cryomon.yaml, has mistakes:",
                                              "候选配置 %s（作为 cryomon.yaml 读取）有错误："),
                     path);
        problems_print(&problems, stderr);
    } else if (result < 0) {
        ctl_complain(tr(ctl, "%s can't be read: %s", "无法读取 %s：%s"),
                     files != NULL && files->bad[0] != '\0' ? files->bad : path, words_error(ctl, -result));
    }
    problems_free(&problems);
    problems_free(&warnings);
    if (files != NULL)
        drop(files);
    return result < 0 ? CTL_NEGATIVE : CTL_OK;
}
