/* export_archive.c - see export_archive.h: names, and packing. */
#include "export_archive_internal.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "export.h"
#include "manifest.h"

static bool ends(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n > m && strcmp(text + n - m, end) == 0;
}

bool export_archive_is_file(const char *path)
{
    return ends(path, ".tar") || ends(path, ".tar.gz") || ends(path, ".tgz") || ends(path, ".zip");
}

bool export_archive_is_archive(const char *path)
{
    char inside[PATH_MAX];
    struct stat st;
    if (stat(path, &st) < 0)
        return false;
    if (!S_ISDIR(st.st_mode))
        return true;
    if (snprintf(inside, sizeof inside, "%s/" EXPORT_FACTS, path) >= (int)sizeof inside)
        return false;
    return access(inside, F_OK) == 0;
}

/* ---------------------------------------------------------------- packing */

int export_archive_explain(const char *path, int error, char *message, size_t cap)
{
    snprintf(message, cap, "%.400s: %s", path, strerrordesc_np(error));
    return -error;
}

int export_archive_failed(struct archive *archive, const char *path, char *message, size_t cap)
{
    int error = archive_errno(archive);
    snprintf(message, cap, "%.300s: %.300s", path,
             archive_error_string(archive) != NULL ? archive_error_string(archive)
                                                   : "not readable as an archive");
    return error > 0 ? -error : -EIO;
}

static int pump(struct archive *archive, int fd, const char *path, char *message, size_t cap)
{
    char *piece = malloc(EXPORT_ARCHIVE_PIECE);
    int error = piece == NULL ? export_archive_explain(path, ENOMEM, message, cap) : 0;
    for (ssize_t n = 1; error == 0 && n > 0;) {
        n = read(fd, piece, EXPORT_ARCHIVE_PIECE);
        if (n < 0)
            error = export_archive_explain(path, errno, message, cap);
        else if (n > 0 && archive_write_data(archive, piece, (size_t)n) != n)
            error = export_archive_failed(archive, path, message, cap);
    }
    free(piece);
    return error;
}

/* A file that is not there is left out: MANIFEST always is, proof.json perhaps. */
static int pack_file(struct archive *archive, const char *dir, const char *folder, const char *name,
                     char *message, size_t cap)
{
    char path[PATH_MAX], inside[PATH_MAX];
    struct stat st;
    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path ||
        snprintf(inside, sizeof inside, "%s/%s", folder, name) >= (int)sizeof inside)
        return export_archive_explain(dir, ENAMETOOLONG, message, cap);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : export_archive_explain(path, errno, message, cap);
    struct archive_entry *entry = archive_entry_new();
    int error = entry == NULL || fstat(fd, &st) < 0
                    ? export_archive_explain(path, entry == NULL ? ENOMEM : errno, message, cap)
                    : 0;
    if (error == 0) {
        archive_entry_set_pathname(entry, inside);
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0644);
        archive_entry_set_size(entry, st.st_size);
        archive_entry_set_mtime(entry, st.st_mtime, 0);
        if (archive_write_header(archive, entry) != ARCHIVE_OK)
            error = export_archive_failed(archive, path, message, cap);
    }
    if (error == 0)
        error = pump(archive, fd, path, message, cap);
    archive_entry_free(entry);
    close(fd);
    return error;
}

int export_archive_pack(const char *path, const char *dir, const char *name, const char *const *names,
                        size_t n, char *message, size_t cap)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return export_archive_explain(path, errno, message, cap);
    struct archive *archive = archive_write_new();
    int error = archive == NULL ? export_archive_explain(path, ENOMEM, message, cap) : 0;
    if (error == 0 &&
        ((ends(path, ".zip") ? archive_write_set_format_zip(archive)
                             : archive_write_set_format_pax_restricted(archive)) != ARCHIVE_OK ||
         ((ends(path, "gz")) && archive_write_add_filter_gzip(archive) != ARCHIVE_OK) ||
         archive_write_open_fd(archive, fd) != ARCHIVE_OK))
        error = export_archive_failed(archive, path, message, cap);
    /* What proves comes first. */
    if (error == 0)
        error = pack_file(archive, dir, name, MANIFEST_NAME, message, cap);
    if (error == 0)
        error = pack_file(archive, dir, name, EXPORT_PROOF, message, cap);
    for (size_t i = 0; i < n && error == 0; i++)
        error = pack_file(archive, dir, name, names[i], message, cap);
    if (error == 0 && archive_write_close(archive) != ARCHIVE_OK)
        error = export_archive_failed(archive, path, message, cap);
    archive_write_free(archive);
    if (error == 0 && fsync(fd) < 0)
        error = export_archive_explain(path, errno, message, cap);
    close(fd);
    return error;
}
