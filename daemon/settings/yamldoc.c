#include "yamldoc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "yamlbuild.h"

static const char *skip_bom(const char *text, size_t *len)
{
    if (*len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        *len -= 3;
        return text + 3;
    }
    return text;
}

int yamldoc_parse_partial(const char *text, size_t len, const char *shown_name, struct problems *problems,
                          struct yamldoc **ret)
{
    struct yamldoc *doc = calloc(1, sizeof *doc);
    int r = -ENOMEM;

    if (doc == NULL)
        return -ENOMEM;
    doc->file = strdup(shown_name);
    text = skip_bom(text, &len);
    doc->text = malloc(len + 1);
    if (doc->file == NULL || doc->text == NULL)
        goto fail;
    if (len > 0)
        memcpy(doc->text, text, len);
    doc->text[len] = '\0';
    doc->len = len;
    if (len > YAMLDOC_SIZE_MAX) {
        problems_add(problems, shown_name, 1, 1, "the file is larger than %u bytes", YAMLDOC_SIZE_MAX);
        r = -EINVAL;
        goto fail;
    }
    r = yamlbuild_run(doc, problems);
    if (r < 0 && !doc->cut)
        goto fail;
    *ret = doc;
    return r;
fail:
    yamldoc_free(doc);
    return r;
}

int yamldoc_parse_tolerant(const char *text, size_t len, const char *shown_name, struct problems *problems,
                           struct yamldoc **ret)
{
    struct yamldoc *doc = NULL;
    int r = yamldoc_parse_partial(text, len, shown_name, problems, &doc);

    if (r < 0)
        yamldoc_free(doc);
    else
        *ret = doc;
    return r;
}

int yamldoc_parse(const char *text, size_t len, const char *shown_name, struct problems *problems,
                  struct yamldoc **ret)
{
    struct yamldoc *doc = NULL;
    size_t before = problems->n;
    int r = yamldoc_parse_tolerant(text, len, shown_name, problems, &doc);

    if (r < 0)
        return r;
    if (problems->n > before) {
        yamldoc_free(doc);
        return -EINVAL;
    }
    *ret = doc;
    return 0;
}

/* Reads a regular file whole. O_NONBLOCK: opening a FIFO by mistake must not hang a reload. */
static int read_file(const char *path, char **ret_text, size_t *ret_len, const char **ret_what)
{
    struct stat st;
    char *text = NULL;
    size_t len = 0;
    int r;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    *ret_what = "can't be read";
    if (fd < 0)
        return -errno;
    r = fstat(fd, &st) < 0 ? -errno : 0;
    if (r == 0 && !S_ISREG(st.st_mode)) {
        *ret_what = "is not a regular file";
        r = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
    }
    if (r == 0 && (text = malloc((size_t)YAMLDOC_SIZE_MAX + 1)) == NULL)
        r = -ENOMEM;
    while (r == 0 && len < (size_t)YAMLDOC_SIZE_MAX + 1) {
        ssize_t n = read(fd, text + len, (size_t)YAMLDOC_SIZE_MAX + 1 - len);
        if (n == 0)
            break;
        if (n > 0)
            len += (size_t)n;
        else if (errno != EINTR)
            r = -errno;
    }
    (void)close(fd);
    if (r < 0) {
        free(text);
        return r;
    }
    *ret_text = text;
    *ret_len = len;
    return 0;
}

static int load(const char *path, const char *shown_name, struct problems *problems,
                int (*parse)(const char *, size_t, const char *, struct problems *, struct yamldoc **),
                struct yamldoc **ret)
{
    char *text = NULL;
    size_t len = 0;
    const char *what;
    int r = read_file(path, &text, &len, &what);

    if (r < 0) {
        char buffer[128];
        if (r == -EINVAL) /* what says it all */
            problems_add(problems, shown_name, 1, 1, "%s", what);
        else
            problems_add(problems, shown_name, 1, 1, "%s: %s", what, strerror_r(-r, buffer, sizeof buffer));
        return r;
    }
    r = parse(text, len, shown_name, problems, ret);
    free(text);
    return r;
}

int yamldoc_load(const char *path, const char *shown_name, struct problems *problems, struct yamldoc **ret)
{
    return load(path, shown_name, problems, yamldoc_parse, ret);
}

int yamldoc_load_tolerant(const char *path, const char *shown_name, struct problems *problems,
                          struct yamldoc **ret)
{
    return load(path, shown_name, problems, yamldoc_parse_tolerant, ret);
}

int yamldoc_load_partial(const char *path, const char *shown_name, struct problems *problems,
                         struct yamldoc **ret)
{
    return load(path, shown_name, problems, yamldoc_parse_partial, ret);
}

void yamldoc_free(struct yamldoc *doc)
{
    if (doc == NULL)
        return;
    for (struct yamlbuild_block *block = doc->blocks; block != NULL;) {
        struct yamlbuild_block *next = block->next;
        free(block);
        block = next;
    }
    free(doc->file);
    free(doc->text);
    free(doc);
}

const struct yaml_node *yamldoc_root(const struct yamldoc *doc)
{
    return doc->root;
}

const char *yamldoc_text(const struct yamldoc *doc, size_t *ret_len)
{
    *ret_len = doc->len;
    return doc->text;
}

const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key)
{
    if (mapping == NULL || mapping->kind != YAML_MAPPING)
        return NULL;
    for (const struct yaml_node *child = mapping->first; child != NULL; child = child->next) {
        if (strcmp(child->key, key) == 0)
            return child;
    }
    return NULL;
}
