#include "settings.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "draft.h"

const char *settings_system_profiles(void)
{
    const char *dir = secure_getenv("CRYOMON_PROFILES");

    return dir != NULL && dir[0] != '\0' ? dir : CRYOMON_PROFILES_DIR;
}

/* ---------------------------------------------------------------- files */

/* Nothing has this name. A link that leads nowhere, or a name that can't be looked up, is something: to pass
 * over it would be to leave out what was meant to be there. */
static bool is_absent(const char *path)
{
    struct stat st;

    return lstat(path, &st) < 0 && (errno == ENOENT || errno == ENOTDIR);
}

/* Reads one file, from memory if that is where they are. root: one of those that are the configuration
 * together; it must be there, and is used as far as it can be read. False: there is nothing to use. It was
 * reported, or (no root) there is no such file. */
static bool load_file(struct draft *d, const char *path, bool root)
{
    struct yamldoc *doc = NULL;
    int r = -ENOENT;

    if (d->memory != NULL) {
        for (size_t i = 0; i < d->n_memory && r == -ENOENT; i++) {
            const struct settings_file *file = &d->memory[i];
            if (strcmp(file->path, path) == 0)
                r = (root ? yamldoc_parse_partial : yamldoc_parse_tolerant)(file->text, file->len, path,
                                                                            d->problems, &doc);
        }
        if (r == -ENOENT && root)
            problems_add(d->problems, path, 1, 1, "the file is not there");
    } else if (root || !is_absent(path)) {
        r = (root ? yamldoc_load_partial : yamldoc_load_tolerant)(path, path, d->problems, &doc);
    }
    if (r == -ENOMEM)
        d->no_memory = true;
    if (r < 0)
        d->incomplete = true;
    return doc != NULL && draft_add_doc(d, doc);
}

static void load_root(struct draft *d, const char *path)
{
    if (!load_file(d, path, true))
        return;
    d->n_roots = d->n_docs;
    read_site(d, yamldoc_root(d->docs[d->n_docs - 1]));
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

/* The endings that people give by habit, and that are not read. */
static int is_misnamed_file(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return entry->d_name[0] != '.' && dot != NULL && !is_settings_file(entry) &&
           (strcasecmp(dot, ".yaml") == 0 || strcasecmp(dot, ".yml") == 0);
}

static void warn_misnamed(struct draft *d, const char *dir)
{
    char path[PATH_MAX];
    struct dirent **entries = NULL;
    int n = scandir(dir, &entries, is_misnamed_file, by_bytes);

    for (int i = 0; i < n; i++) {
        (void)snprintf(path, sizeof path, "%.*s/%s", (int)(sizeof path - NAME_MAX - 2), dir,
                       entries[i]->d_name);
        problems_add(d->warnings, path, 1, 1, "is not read: its name does not end in '.yaml'");
        free(entries[i]);
    }
    free((void *)entries);
}

static void report_directory(struct draft *d, const char *path, int error)
{
    char buffer[128];

    problems_add(d->problems, path, 0, 0, "can't be read: %s", strerror_r(error, buffer, sizeof buffer));
}

static void load_conf_d(struct draft *d)
{
    char path[PATH_MAX];
    struct dirent **entries = NULL;

    (void)snprintf(path, sizeof path, "%s/conf.d", d->dir);
    int n = scandir(path, &entries, is_settings_file, by_bytes);
    if (n < 0) {
        int error = errno;
        if (is_absent(path))
            return; /* it is optional */
        report_directory(d, path, error);
        d->incomplete = true;
        return;
    }
    warn_misnamed(d, path);
    if (n > FILES_MAX)
        problems_add(d->problems, path, 0, 0, "too many files: %d, at most %d", n, FILES_MAX);
    for (int i = 0; i < n; i++) {
        (void)snprintf(path, sizeof path, "%s/conf.d/%s", d->dir, entries[i]->d_name);
        if (i < FILES_MAX)
            load_root(d, path);
        free(entries[i]);
    }
    free((void *)entries);
}

static void load_roots(struct draft *d)
{
    load_root(d, d->main_name);
    if (d->memory == NULL) {
        load_conf_d(d);
        return;
    }
    for (size_t i = 0; i < d->n_memory; i++) {
        if (strncmp(d->memory[i].path, "conf.d/", 7) == 0)
            load_root(d, d->memory[i].path);
    }
}

/* ---------------------------------------------------------------- profiles */

/* Offers the names of the profiles in a directory. */
static void suggest_profiles(const char *dir, struct suggest *s)
{
    struct dirent **entries = NULL;
    int n = scandir(dir, &entries, is_settings_file, by_bytes);

    for (int i = 0; i < n; i++) {
        *strrchr(entries[i]->d_name, '.') = '\0';
        suggest_try(s, entries[i]->d_name);
        free(entries[i]);
    }
    free((void *)entries);
}

static void report_no_profile(struct draft *d, const struct draft_device *device)
{
    struct suggest s;
    char hint[SUGGEST_TEXT_MAX];
    char dir[PATH_MAX];
    const char *name = device->config.profile;

    suggest_begin(&s, name);
    (void)snprintf(dir, sizeof dir, "%s/devices", d->dir);
    if (d->memory == NULL && d->problems->n < PROBLEMS_MAX) {
        suggest_profiles(dir, &s);
        suggest_profiles(settings_system_profiles(), &s);
    }
    problems_at(d->problems, yaml_get(device->node, "profile"),
                "there is no profile '%s': %s.yaml is neither in %.160s nor in %.160s%s", name, name, dir,
                settings_system_profiles(), suggest_text(&s, hint));
}

/* Gives the profile its root, from the site's own directory or else the system's. */
static void load_profile(struct draft *d, struct draft_profile *profile)
{
    char path[PATH_MAX];
    bool incomplete = d->incomplete;
    size_t before = d->problems->n;

    (void)snprintf(path, sizeof path, "%s%sdevices/%s.yaml", d->dir, d->memory == NULL ? "/" : "",
                   profile->id);
    bool found = load_file(d, path, false);
    if (!found && d->problems->n == before && d->memory == NULL) {
        (void)snprintf(path, sizeof path, "%s/%s.yaml", settings_system_profiles(), profile->id);
        found = load_file(d, path, false);
    }
    d->incomplete = incomplete; /* a profile holds nothing but its own registers */
    if (found)
        profile->root = yamldoc_root(d->docs[d->n_docs - 1]);
    else
        profile->missing = d->problems->n == before;
}

static int add_profile(struct draft *d, const char *name)
{
    int index = names_find(&d->names, NAMES_PROFILE, 0, name);

    if (index >= 0)
        return index;
    struct draft_profile *grown = draft_grow(d, d->profiles, d->n_profiles, sizeof *grown);
    if (grown == NULL)
        return -1;
    d->profiles = grown;
    index = (int)d->n_profiles;
    if (names_add(&d->names, NAMES_PROFILE, 0, name, index, &index) < 0) {
        d->no_memory = true;
        return -1;
    }
    d->profiles[d->n_profiles++].id = name;
    load_profile(d, &d->profiles[index]);
    if (d->profiles[index].root != NULL)
        read_profile(d, (size_t)index);
    return index;
}

/* The site's own profiles go before the system's: if they can't be looked at, the system's must not be taken
 * in their place. */
static void check_profiles_dir(struct draft *d)
{
    char path[PATH_MAX];
    struct stat st;

    (void)snprintf(path, sizeof path, "%s/devices", d->dir);
    if (d->memory != NULL || is_absent(path))
        return;
    if (stat(path, &st) < 0)
        report_directory(d, path, errno);
    else if (!S_ISDIR(st.st_mode))
        report_directory(d, path, ENOTDIR);
    else
        warn_misnamed(d, path);
}

static void load_profiles(struct draft *d)
{
    check_profiles_dir(d);
    for (size_t i = 0; i < d->n_devices && !d->no_memory; i++) {
        struct draft_device *device = &d->devices[i];
        if (device->config.profile[0] == '\0')
            continue; /* reported */
        device->profile = add_profile(d, yaml_get(device->node, "profile")->text);
        if (device->profile >= 0 && d->profiles[device->profile].missing)
            report_no_profile(d, device);
    }
}

/* The site's profiles that no device names yet. What is wrong with them does not keep anything
 * from running. */
static void check_unused_profiles(struct draft *d)
{
    char path[PATH_MAX];
    struct dirent **entries = NULL;
    struct draft apart = {
        .dir = d->dir, .main_name = d->main_name, .problems = d->warnings, .warnings = d->warnings};

    if (d->memory != NULL)
        return;
    (void)snprintf(path, sizeof path, "%s/devices", d->dir);
    int n = scandir(path, &entries, is_settings_file, by_bytes);
    for (int i = 0; i < n && !apart.no_memory; i++) {
        *strrchr(entries[i]->d_name, '.') = '\0';
        if (names_find(&d->names, NAMES_PROFILE, 0, entries[i]->d_name) < 0)
            (void)add_profile(&apart, entries[i]->d_name);
    }
    d->no_memory = d->no_memory || apart.no_memory;
    draft_free(&apart);
    for (int i = 0; i < n; i++)
        free(entries[i]);
    free((void *)entries);
}

/* ---------------------------------------------------------------- the whole */

/* There is room. Returns the end. */
static char *put_source(char *p, const struct yamldoc *doc, const char *before, const char *name,
                        const char *behind)
{
    size_t len = 0;
    const char *text = yamldoc_text(doc, &len);

    p += sprintf(p, "--- %s%s%s\n", before, name, behind);
    memcpy(p, text, len);
    p += len;
    if (len > 0 && p[-1] != '\n')
        *p++ = '\n';
    return p;
}

/* All files as read, each behind a line with its name; and the hash over that. */
static int add_source(const struct draft *d, struct config *config)
{
    size_t size = 1;
    size_t len = 0;

    for (size_t i = 0; i < d->n_docs + d->n_programs; i++) {
        const struct yamldoc *doc = i < d->n_docs ? d->docs[i] : d->programs[i - d->n_docs].doc;
        (void)yamldoc_text(doc, &len);
        size += len + strlen(yamldoc_root(doc)->file) + sizeof "--- \n\n" + sizeof "programs/.yaml" + ID_MAX;
    }
    config->source = malloc(size);
    if (config->source == NULL)
        return -ENOMEM;
    char *p = config->source;
    for (size_t i = 0; i < d->n_docs; i++)
        p = put_source(p, d->docs[i], "", yamldoc_root(d->docs[i])->file, "");
    /* A program is known by its name, wherever it was found. */
    for (size_t i = 0; i < d->n_programs; i++)
        p = put_source(p, d->programs[i].doc, "programs/", d->programs[i].id, ".yaml");
    *p = '\0';
    config->source_len = (size_t)(p - config->source);
    (void)crypto_hash_sha256(config->sha256, (const unsigned char *)config->source, config->source_len);
    return 0;
}

static void check_site(struct draft *d)
{
    static const char what[] = "'id' is missing in 'site': write site: {id: ...}";
    const struct yaml_node *section = draft_setting(d, "site", NULL);

    if (d->incomplete || draft_setting(d, "site", "id") != NULL)
        return;
    if (section == NULL)
        problems_add(d->problems, d->main_name, 1, 1, "%s", what);
    else if (section->kind == YAML_MAPPING || (section->kind == YAML_SCALAR && section->text[0] == '\0'))
        problems_at_key(d->problems, section, "%s", what);
}

static void read_everything(struct draft *d)
{
    load_roots(d);
    check_site(d);
    read_mqtt_finish(d);
    load_profiles(d);
    check_unused_profiles(d);
    programs_load(d);
    resolve_devices(d);
    resolve_points(d);
    resolve_vessels(d);
    resolve_supplies(d);
    resolve_freezers(d);
    resolve_alarms(d);
    check_rounds(d);
    resolve_groups(d);
    check_places(d);
    check_alarming(d);
    check_notify(d);
    check_drill(d);
    check_buses(d);
    check_devices(d);
    check_alarms(d);
    check_assets(d);
    check_incidents(d);
}

static int load(struct draft *d, uint32_t generation, struct config **ret)
{
    struct config *config = NULL;
    size_t before = d->problems->n;
    int r;

    d->storage = (struct storage_config){.directory = "/var/lib/cryomon", .commit_interval_ms = 5000};
    d->control = (struct draft_control){.socket = "/run/cryomon/control"};
    d->mqtt.keep_alive_ms = 30000;
    d->travel_ms = HOUR_MS;
    alarming_defaults(&d->alarming);
    notify_defaults(d);
    read_everything(d);
    if (d->no_memory)
        r = -ENOMEM;
    else if (d->problems->n > before)
        r = -EINVAL;
    else
        r = flatten_draft(d, generation, &config);
    if (r == 0)
        r = add_source(d, config);
    if (r == 0)
        r = programs_give(d, config);
    draft_free(d);
    if (r < 0) {
        config_unref(config);
        return r;
    }
    *ret = config;
    return 0;
}

int settings_load(const char *dir, uint32_t generation, struct problems *problems, struct problems *warnings,
                  struct config **ret)
{
    char main_name[PATH_MAX];
    struct stat st;
    struct draft d = {.dir = dir, .main_name = main_name, .problems = problems, .warnings = warnings};

    /* Longer paths than these can't be opened anyway: "/conf.d/" and a file name follow. */
    if (strlen(dir) > PATH_MAX - 2 * NAME_MAX) {
        problems_add(problems, dir, 0, 0, "the path is too long");
        return -EINVAL;
    }
    if (stat(dir, &st) < 0) {
        char buffer[128];
        problems_add(problems, dir, 0, 0, "there is no such configuration directory: %s",
                     strerror_r(errno, buffer, sizeof buffer));
        return -EINVAL;
    }
    if (!S_ISDIR(st.st_mode)) {
        problems_add(problems, dir, 0, 0, "is a file; the directory that cryomon.yaml is in is wanted here");
        return -EINVAL;
    }
    (void)snprintf(main_name, sizeof main_name, "%s/cryomon.yaml", dir);
    return load(&d, generation, ret);
}

int settings_load_memory(const struct settings_file *files, size_t n_files, uint32_t generation,
                         struct problems *problems, struct problems *warnings, struct config **ret)
{
    struct draft d = {.dir = "",
                      .main_name = "cryomon.yaml",
                      .memory = files,
                      .n_memory = n_files,
                      .problems = problems,
                      .warnings = warnings};

    return load(&d, generation, ret);
}
