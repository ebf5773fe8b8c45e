#include "outcome.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"

#define SECRET_MIN 6 /* shorter ones stand in any text by chance */

void outcome_fail(struct channel_result *result, const char *format, ...)
{
    char text[CHANNEL_ERROR_MAX * 2];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    result->outcome = CHANNEL_FAILED;
    (void)utf8_clean(result->error, sizeof result->error, text);
}

void outcome_detail(struct channel_result *result, const char *text)
{
    (void)utf8_clean(result->detail, sizeof result->detail, text);
}

static void hide(char *text, const char *secret, size_t len)
{
    for (char *p = strstr(text, secret); p != NULL; p = strstr(p, secret)) {
        memmove(p + 3, p + len, strlen(p + len) + 1);
        p[0] = p[1] = p[2] = '*';
        p += 3;
    }
}

void outcome_hide(struct channel_result *result, const char *secret)
{
    size_t len = strlen(secret);

    if (len < SECRET_MIN)
        return;
    hide(result->error, secret, len);
    hide(result->detail, secret, len);
}
