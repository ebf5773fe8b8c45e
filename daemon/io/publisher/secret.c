#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int path_of(const struct mqtt_config *mqtt, char *path, size_t cap, char *text, size_t text_cap)
{
    if (mqtt->password_credential[0] == '\0') {
        snprintf(path, cap, "%s", mqtt->password_file);
        return 0;
    }
    const char *directory = getenv("CREDENTIALS_DIRECTORY");
    if (directory == NULL) {
        snprintf(text, text_cap, "password_credential %s: systemd gave no credentials (LoadCredential=)",
                 mqtt->password_credential);
        return -ENOENT;
    }
    if (snprintf(path, cap, "%s/%s", directory, mqtt->password_credential) >= (int)cap)
        return -ENAMETOOLONG;
    return 0;
}

int secret_read(const struct mqtt_config *mqtt, char secret[SECRET_MAX], size_t *ret_length, char *text,
                size_t cap)
{
    char path[PATH_MAX];
    secret[0] = '\0';
    if (mqtt->password_credential[0] == '\0' && mqtt->password_file[0] == '\0') {
        *ret_length = 0;
        return 0;
    }
    int error = path_of(mqtt, path, sizeof path, text, cap);
    if (error < 0)
        return error;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); /* a FIFO must not stop us */
    ssize_t n = fd >= 0 ? read(fd, secret, SECRET_MAX - 1) : -1;
    if (n < 0) {
        error = -errno;
        snprintf(text, cap, "can't read the password: %s: %s", path, strerrordesc_np(-error));
        if (fd >= 0)
            close(fd);
        return error;
    }
    close(fd);
    secret[n] = '\0';
    *ret_length = strcspn(secret, "\r\n");
    explicit_bzero(secret + *ret_length, SECRET_MAX - *ret_length);
    return 0;
}

int secret_check_files(const struct mqtt_config *mqtt, char *text, size_t cap)
{
    const char *files[] = {mqtt->ca_file, mqtt->certificate_file, mqtt->key_file};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (files[i][0] != '\0' && access(files[i], R_OK) < 0) {
            int error = -errno;
            snprintf(text, cap, "can't read %s: %s", files[i], strerrordesc_np(-error));
            return error;
        }
    return 0;
}
