#include "manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE ((size_t)1 << 20)

void manifest_hex(const unsigned char hash[32], char hex[MANIFEST_HEX_SIZE])
{
    sodium_bin2hex(hex, MANIFEST_HEX_SIZE, hash, 32);
}

void manifest_hash_text(const void *bytes, size_t len, char hex[MANIFEST_HEX_SIZE])
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, bytes, len);
    manifest_hex(hash, hex);
}

int manifest_hash_file(const char *path, char hex[MANIFEST_HEX_SIZE])
{
    crypto_hash_sha256_state state;
    unsigned char hash[crypto_hash_sha256_BYTES];
    unsigned char *piece = malloc(PIECE);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int error = piece == NULL ? -ENOMEM : fd < 0 ? -errno : 0;
    ssize_t n = 1;
    crypto_hash_sha256_init(&state);
    while (error == 0 && n != 0) {
        n = read(fd, piece, PIECE);
        if (n < 0)
            error = errno == EINTR ? 0 : -errno;
        else
            crypto_hash_sha256_update(&state, piece, (size_t)n);
    }
    crypto_hash_sha256_final(&state, hash);
    if (error == 0)
        manifest_hex(hash, hex);
    if (fd >= 0)
        close(fd);
    free(piece);
    return error;
}

bool manifest_parse(char *line, const char **ret_hex, const char **ret_name)
{
    size_t hex = strspn(line, "0123456789abcdef");
    const char *name = line + hex + 2;
    if (hex != 64 || line[64] != ' ' || (line[65] != ' ' && line[65] != '*'))
        return false;
    if (name[0] == '\0' || name[0] == '/' || name[0] == '.' || strstr(name, "/.") != NULL ||
        strlen(name) >= MANIFEST_NAME_MAX)
        return false;
    line[64] = '\0';
    *ret_hex = line;
    *ret_name = name;
    return true;
}

int manifest_write(const char *dir, const char *const *names, size_t n)
{
    char path[PATH_MAX], hex[MANIFEST_HEX_SIZE];
    snprintf(path, sizeof path, "%s/" MANIFEST_NAME, dir);
    FILE *file = fopen(path, "wxe");
    int error = file == NULL ? -errno : 0;
    for (size_t i = 0; i < n && error == 0; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        error = manifest_hash_file(path, hex);
        if (error == 0)
            fprintf(file, "%s  %s\n", hex, names[i]);
    }
    if (file != NULL) {
        if (error == 0 && (fflush(file) != 0 || fsync(fileno(file)) < 0))
            error = -errno;
        if (fclose(file) != 0 && error == 0)
            error = -errno;
    }
    return error;
}

static int check_line(const char *dir, char *line, char name[MANIFEST_NAME_MAX])
{
    char path[PATH_MAX], hex[MANIFEST_HEX_SIZE];
    const char *expected, *file;
    line[strcspn(line, "\n")] = '\0';
    if (!manifest_parse(line, &expected, &file))
        return -EBADMSG;
    snprintf(name, MANIFEST_NAME_MAX, "%s", file);
    if (snprintf(path, sizeof path, "%s/%s", dir, file) >= (int)sizeof path)
        return -ENAMETOOLONG;
    int error = manifest_hash_file(path, hex);
    if (error < 0)
        return error;
    return strcmp(hex, expected) == 0 ? 0 : -EBADMSG;
}

int manifest_check(const char *dir, char name[MANIFEST_NAME_MAX])
{
    char path[PATH_MAX], line[MANIFEST_NAME_MAX + 80];
    size_t lines = 0;
    int error = 0;
    snprintf(name, MANIFEST_NAME_MAX, MANIFEST_NAME);
    snprintf(path, sizeof path, "%s/" MANIFEST_NAME, dir);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return -errno;
    while (error == 0 && fgets(line, sizeof line, file) != NULL) {
        error = check_line(dir, line, name);
        lines++;
    }
    if (error == 0 && ferror(file))
        error = -EIO;
    fclose(file);
    return error == 0 && lines == 0 ? -EBADMSG : error;
}
