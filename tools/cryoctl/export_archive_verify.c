/* export_archive_verify.c - is an archive what was exported? See export_archive.h. */
#include "export_archive_internal.h"

#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "export.h"
#include "manifest.h"

#define FILES_MAX 100000
#define KEPT_MAX  ((size_t)64 << 20) /* of MANIFEST and proof.json */

/* ---------------------------------------------------------------- reading */

struct file {
    char *name;
    char hex[MANIFEST_HEX_SIZE];
    bool listed;
};

struct reading_state {
    export_archive_found_fn *found;
    void *context;
    struct export_archive_result *result;
    struct file *files;
    size_t n, cap;
    char *manifest, *proof; /* texts; NULL: not there */
    size_t manifest_len, proof_len;
};

static void tell(struct reading_state *s, enum export_archive_finding finding, const char *what)
{
    bool note = finding >= EXPORT_UNRECORDED;
    if (note)
        s->result->notes++;
    else
        s->result->problems++;
    if (s->found != NULL)
        s->found(s->context, finding, note, what);
}

/* Takes name. */
static int add_file(struct reading_state *s, char *name, const unsigned char hash[32])
{
    if (s->n == s->cap) {
        size_t cap = s->cap > 0 ? 2 * s->cap : 64;
        struct file *files = cap <= 2 * (size_t)FILES_MAX ? realloc(s->files, cap * sizeof *files) : NULL;
        if (files == NULL) {
            free(name);
            return -ENOMEM;
        }
        s->files = files;
        s->cap = cap;
    }
    s->files[s->n] = (struct file){.name = name};
    manifest_hex(hash, s->files[s->n++].hex);
    return 0;
}

/* A file as it is read, piece by piece. The two that are needed later are kept whole. */
struct incoming {
    crypto_hash_sha256_state state;
    char *kept;
    size_t len, cap;
    bool keep;
};

static void incoming_begin(struct incoming *in, const char *name)
{
    *in = (struct incoming){.keep = strcmp(name, MANIFEST_NAME) == 0 || strcmp(name, EXPORT_PROOF) == 0};
    crypto_hash_sha256_init(&in->state);
}

static int incoming_add(struct incoming *in, const void *bytes, size_t len)
{
    crypto_hash_sha256_update(&in->state, bytes, len);
    if (!in->keep)
        return 0;
    if (in->len + len > KEPT_MAX)
        return -EFBIG;
    if (in->len + len + 1 > in->cap) {
        size_t cap = 2 * (in->len + len) + 4096;
        char *kept = realloc(in->kept, cap);
        if (kept == NULL)
            return -ENOMEM;
        in->kept = kept;
        in->cap = cap;
    }
    memcpy(in->kept + in->len, bytes, len);
    in->len += len;
    in->kept[in->len] = '\0';
    return 0;
}

static int incoming_end(struct incoming *in, struct reading_state *s, const char *name)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    char *copy = strdup(name);
    crypto_hash_sha256_final(&in->state, hash);
    s->result->files++;
    char **place = strcmp(name, MANIFEST_NAME) == 0 ? &s->manifest : &s->proof;
    if (in->keep && *place == NULL) {
        *place = in->kept;
        *(place == &s->manifest ? &s->manifest_len : &s->proof_len) = in->len;
        in->kept = NULL;
    }
    free(in->kept);
    return copy == NULL ? -ENOMEM : add_file(s, copy, hash);
}

/* "NAME/readings/..." without NAME. */
static const char *strip(const char *path)
{
    while (path[0] == '.' && path[1] == '/')
        path += 2;
    const char *slash = strchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static int read_entry(struct archive *archive, struct archive_entry *entry, struct reading_state *s,
                      const char *path, char *message, size_t cap)
{
    struct incoming in;
    const char *name = archive_entry_pathname(entry);
    const void *bytes;
    size_t len;
    la_int64_t offset;
    int result, error = 0;
    if (archive_entry_filetype(entry) == AE_IFDIR)
        return 0;
    if (name == NULL || archive_entry_filetype(entry) != AE_IFREG) {
        tell(s, EXPORT_EXTRA, name != NULL ? name : "");
        return 0;
    }
    incoming_begin(&in, strip(name));
    while (error == 0 && (result = archive_read_data_block(archive, &bytes, &len, &offset)) == ARCHIVE_OK) {
        s->result->bytes += len;
        error = incoming_add(&in, bytes, len);
    }
    if (error == 0 && result != ARCHIVE_EOF) {
        free(in.kept);
        return export_archive_failed(archive, path, message, cap);
    }
    int ended = incoming_end(&in, s, strip(name));
    error = error < 0 ? error : ended;
    return error < 0 ? export_archive_explain(path, -error, message, cap) : 0;
}

static int read_archive(const char *path, struct reading_state *s, char *message, size_t cap)
{
    struct archive *archive = archive_read_new();
    struct archive_entry *entry;
    if (archive == NULL)
        return export_archive_explain(path, ENOMEM, message, cap);
    archive_read_support_format_tar(archive);
    archive_read_support_format_zip(archive);
    archive_read_support_filter_gzip(archive);
    int error = archive_read_open_filename(archive, path, EXPORT_ARCHIVE_PIECE) == ARCHIVE_OK
                    ? 0
                    : export_archive_failed(archive, path, message, cap);
    int result = ARCHIVE_OK;
    while (error == 0 && (result = archive_read_next_header(archive, &entry)) == ARCHIVE_OK)
        error = read_entry(archive, entry, s, path, message, cap);
    if (error == 0 && result != ARCHIVE_EOF)
        error = export_archive_failed(archive, path, message, cap);
    archive_read_free(archive);
    return error;
}

static int read_file(const char *dir, const char *name, struct reading_state *s)
{
    char path[PATH_MAX];
    struct incoming in;
    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path)
        return -ENAMETOOLONG;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    char *piece = malloc(EXPORT_ARCHIVE_PIECE);
    int error = piece == NULL ? -ENOMEM : 0;
    incoming_begin(&in, name);
    for (ssize_t n = 1; error == 0 && n > 0;) {
        n = read(fd, piece, EXPORT_ARCHIVE_PIECE);
        error = n < 0 ? -errno : incoming_add(&in, piece, (size_t)n);
        s->result->bytes += n > 0 ? (uint64_t)n : 0;
    }
    int ended = incoming_end(&in, s, name);
    free(piece);
    close(fd);
    return error < 0 ? error : ended;
}

/* A directory: what MANIFEST names. (What else lies there, the person has put there.) */
static int read_directory(const char *path, struct reading_state *s, char *message, size_t cap)
{
    int error = read_file(path, MANIFEST_NAME, s);
    if (error == 0)
        error = read_file(path, EXPORT_PROOF, s);
    char *copy = s->manifest != NULL ? strdup(s->manifest) : NULL, *rest = NULL;
    for (char *line = copy != NULL ? strtok_r(copy, "\n", &rest) : NULL; line != NULL && error == 0;
         line = strtok_r(NULL, "\n", &rest)) {
        const char *hex, *name;
        if (manifest_parse(line, &hex, &name))
            error = read_file(path, name, s);
    }
    free(copy);
    return error < 0 ? export_archive_explain(path, -error, message, cap) : 0;
}

/* ---------------------------------------------------------------- judging */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct file *)a)->name, ((const struct file *)b)->name);
}

static void check_files(struct reading_state *s)
{
    char *rest = NULL, *copy = strdup(s->manifest);
    qsort(s->files, s->n, sizeof *s->files, by_name);
    for (char *line = copy != NULL ? strtok_r(copy, "\n", &rest) : NULL; line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        const char *hex, *name;
        if (!manifest_parse(line, &hex, &name)) {
            tell(s, EXPORT_NO_MANIFEST, line);
            continue;
        }
        struct file key = {.name = (char *)name};
        struct file *file = bsearch(&key, s->files, s->n, sizeof *s->files, by_name);
        if (file == NULL)
            tell(s, EXPORT_MISSING, name);
        else if (strcmp(file->hex, hex) != 0)
            tell(s, EXPORT_ALTERED, name);
        if (file != NULL)
            file->listed = true;
    }
    free(copy);
    for (size_t i = 0; i < s->n; i++) {
        bool own =
            strcmp(s->files[i].name, MANIFEST_NAME) == 0 || strcmp(s->files[i].name, EXPORT_PROOF) == 0;
        bool again = i > 0 && strcmp(s->files[i].name, s->files[i - 1].name) == 0;
        if ((!own && !s->files[i].listed) || again)
            tell(s, EXPORT_EXTRA, s->files[i].name);
    }
}

static bool read_hash(const json_t *object, const char *key, unsigned char ret[CHAIN_HASH_SIZE])
{
    const char *hex = json_string_value(json_object_get(object, key));
    size_t len = 0;
    return hex != NULL && sodium_hex2bin(ret, CHAIN_HASH_SIZE, hex, strlen(hex), NULL, &len, NULL) == 0 &&
           len == CHAIN_HASH_SIZE;
}

static const char *text_in(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

/* Does the event's content give its hash, and does it follow the one before (NULL: the first)? */
static bool check_link(const json_t *link, const unsigned char *before,
                       unsigned char ret_hash[CHAIN_HASH_SIZE])
{
    unsigned char previous[CHAIN_HASH_SIZE], stored[CHAIN_HASH_SIZE];
    const struct chain_event event = {
        .seq = (uint64_t)json_integer_value(json_object_get(link, "seq")),
        .utc_us = json_integer_value(json_object_get(link, "utc_us")),
        .boot_us = json_integer_value(json_object_get(link, "boot_us")),
        .boot_id = text_in(link, "boot_id"),
        .kind = text_in(link, "kind"),
        .asset = text_in(link, "asset"),
        .alarm = text_in(link, "alarm"),
        .body = text_in(link, "body"),
    };
    if (!read_hash(link, "previous", previous) || !read_hash(link, "hash", stored))
        return false;
    if (before != NULL && memcmp(before, previous, CHAIN_HASH_SIZE) != 0)
        return false;
    chain_event_hash(previous, &event, ret_hash);
    return memcmp(ret_hash, stored, CHAIN_HASH_SIZE) == 0;
}

/* The first event: is it about this MANIFEST? */
static void check_event(struct reading_state *s, const json_t *link)
{
    char hex[MANIFEST_HEX_SIZE];
    json_t *body = json_loads(text_in(link, "body"), 0, NULL);
    const json_t *detail = json_object_get(body, "detail");
    manifest_hash_text(s->manifest, s->manifest_len, hex);
    if (strcmp(text_in(link, "kind"), "export") != 0 || strcmp(text_in(detail, "manifest_sha256"), hex) != 0)
        tell(s, EXPORT_PROOF_OTHER, EXPORT_PROOF);
    s->result->event_seq = json_integer_value(json_object_get(link, "seq"));
    s->result->event_utc_us = json_integer_value(json_object_get(link, "utc_us"));
    snprintf(s->result->by, sizeof s->result->by, "%s", text_in(body, "by"));
    json_decref(body);
}

static void check_head(struct reading_state *s, const json_t *head, int64_t last_seq,
                       const unsigned char last_hash[CHAIN_HASH_SIZE], const unsigned char *key)
{
    char why[256] = "", *text = json_dumps(head, JSON_COMPACT | JSON_PRESERVE_ORDER);
    struct head *read = &s->result->head;
    if (text == NULL || head_read(text, read, why, sizeof why) < 0)
        tell(s, EXPORT_HEAD_BAD, why);
    else if (read->event_seq != last_seq || memcmp(read->event_hash, last_hash, CHAIN_HASH_SIZE) != 0)
        tell(s, EXPORT_HEAD_BAD, "it covers other events");
    else if (key != NULL && memcmp(key, read->public_key, SIGNER_KEY_SIZE) != 0)
        tell(s, EXPORT_KEY_OTHER, "");
    else
        s->result->is_signed = true;
    if (s->result->is_signed && key == NULL)
        tell(s, EXPORT_KEY_UNCONFIRMED, "");
    free(text);
}

static void check_proof(struct reading_state *s, const unsigned char *key)
{
    json_t *proof = json_loadb(s->proof, s->proof_len, JSON_REJECT_DUPLICATES, NULL);
    const json_t *links = json_object_get(proof, "events"), *head = json_object_get(proof, "head");
    unsigned char hash[2][CHAIN_HASH_SIZE];
    size_t n = json_array_size(links), i = 0;
    if (strcmp(text_in(proof, "cryomon"), "export proof 1") != 0 || n == 0) {
        tell(s, EXPORT_PROOF_BAD, EXPORT_PROOF);
        json_decref(proof);
        return;
    }
    check_event(s, json_array_get(links, 0));
    while (i < n && check_link(json_array_get(links, i), i > 0 ? hash[(i - 1) % 2] : NULL, hash[i % 2]))
        i++;
    const json_t *last = json_array_get(links, n - 1);
    if (i < n)
        tell(s, EXPORT_PROOF_BAD, EXPORT_PROOF);
    else if (!json_is_object(head))
        tell(s, EXPORT_UNSIGNED, "");
    else
        check_head(s, head, json_integer_value(json_object_get(last, "seq")), hash[(n - 1) % 2], key);
    json_decref(proof);
}

static void judge(struct reading_state *s, const unsigned char *key)
{
    if (s->manifest == NULL || strlen(s->manifest) != s->manifest_len) {
        tell(s, EXPORT_NO_MANIFEST, MANIFEST_NAME);
        return;
    }
    check_files(s);
    if (s->proof == NULL)
        tell(s, EXPORT_UNRECORDED, "");
    else
        check_proof(s, key);
}

const char *export_archive_finding_name(enum export_archive_finding finding)
{
    static const char *const names[] = {
        [EXPORT_ALTERED] = "file-altered",
        [EXPORT_MISSING] = "file-missing",
        [EXPORT_EXTRA] = "file-extra",
        [EXPORT_NO_MANIFEST] = "no-manifest",
        [EXPORT_PROOF_BAD] = "proof-altered",
        [EXPORT_PROOF_OTHER] = "proof-of-another",
        [EXPORT_HEAD_BAD] = "head-bad",
        [EXPORT_KEY_OTHER] = "key-other",
        [EXPORT_UNRECORDED] = "not-recorded",
        [EXPORT_UNSIGNED] = "not-signed",
        [EXPORT_KEY_UNCONFIRMED] = "key-unconfirmed",
    };
    return names[finding];
}

int export_archive_verify(const char *path, const unsigned char key[SIGNER_KEY_SIZE],
                          export_archive_found_fn *found, void *context, struct export_archive_result *ret,
                          char *message, size_t cap)
{
    struct reading_state s = {.found = found, .context = context, .result = ret};
    struct stat st;
    *ret = (struct export_archive_result){0};
    if (chain_init() < 0)
        return export_archive_explain(path, EIO, message, cap);
    int error = stat(path, &st) < 0   ? export_archive_explain(path, errno, message, cap)
                : S_ISDIR(st.st_mode) ? read_directory(path, &s, message, cap)
                                      : read_archive(path, &s, message, cap);
    if (error == 0)
        judge(&s, key);
    for (size_t i = 0; i < s.n; i++)
        free(s.files[i].name);
    free(s.files);
    free(s.manifest);
    free(s.proof);
    return error;
}
