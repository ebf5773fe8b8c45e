/* Any bytes as the texts of a notice: its words keep to their lines and lengths, and the mail's headers stay
 * what they are. */
#include <sodium.h>
#include <string.h>

#include "bytes.h"
#include "mail_message.h"
#include "notice_json.h"
#include "text.h"
#include "utf8.h"

#define STRINGS 24

static char strings[STRINGS][300];

static const char *take_string(struct bytes *bytes, size_t i)
{
    size_t len = bytes_u8(bytes);

    if (len == 0)
        return NULL;
    for (size_t b = 0; b < len; b++)
        strings[i][b] = (char)bytes_u8(bytes);
    strings[i][len] = '\0';
    return strings[i];
}

static void fill(struct notice *n, struct bytes *bytes)
{
    const char **texts[] = {&n->person,       &n->person_name, &n->site,          &n->site_name.en,
                            &n->site_name.zh, &n->asset,       &n->alarm,         &n->occurrence,
                            &n->state,        &n->text.en,     &n->text.zh,       &n->response.en,
                            &n->value.unit,   &n->value.state, &n->value.quality, &n->value.reason,
                            &n->by,           &n->note,        &n->order,         &n->group,
                            &n->link,         &n->hint,        &n->asset_name.en, &n->consequence.zh};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        *texts[i] = take_string(bytes, i);
    n->purpose = (enum notice_purpose)(bytes_u8(bytes) % (NOTICE_PROBLEM + 1));
    n->priority = (enum priority)(bytes_u8(bytes) % (PRIORITY_CRITICAL + 1));
    n->language = (enum language)(bytes_u8(bytes) % LANGUAGES);
    uint8_t flags = bytes_u8(bytes);
    n->active = (flags & 1) != 0;
    n->historical = (flags & 2) != 0;
    n->maintenance = (flags & 4) != 0;
    n->has_limit = (flags & 8) != 0;
    n->has_trend = (flags & 16) != 0;
    n->has_time_left_kind = (flags & 32) != 0;
    n->value.known = (flags & 64) != 0;
    n->value.value = bytes_any(bytes) % MICRO_MAX;
    n->trend_per_hour = bytes_any(bytes) % MICRO_MAX;
    n->time_left_s = bytes_any(bytes) / 2;
    n->raised_utc_us = bytes_any(bytes) / 4;
    n->event_utc_us = bytes_any(bytes) / 4;
    n->sent_utc_us = bytes_any(bytes) / 4;
    n->address = "a@b.example";
}

static void check_text(const struct text *text, enum language language)
{
    static const size_t sizes[] = {60, 70, 140, 500};
    static const enum text_unit units[] = {TEXT_BYTES, TEXT_UTF16, TEXT_SMS};

    MUST(strpbrk(text->first, "\r\n") == NULL && strpbrk(text->title, "\r\n") == NULL);
    MUST(strchr(text->details, '\r') == NULL && strchr(text->answer, '\r') == NULL);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
            struct text_parts parts;
            char *shorter = text_shorten(text->first, sizes[i], units[u]);
            MUST(shorter != NULL && text_length(shorter, units[u]) <= sizes[i]);
            free(shorter);
            MUST(text_split(text, language, sizes[i], units[u], 1 + i, &parts) == 0 && parts.n <= 1 + i);
            for (size_t p = 0; p < parts.n; p++)
                MUST(text_length(parts.parts[p], units[u]) <= sizes[i]);
            text_parts_free(&parts);
        }
}

/* Only our own headers, each line short, of printable ASCII and ended by CRLF. */
static void check_mail(const char *message)
{
    static const char *const ours[] = {" ",
                                       "Date: ",
                                       "From: ",
                                       "To: ",
                                       "Subject: ",
                                       "Message-ID: ",
                                       "References: ",
                                       "In-Reply-To: ",
                                       "X-Priority: ",
                                       "Importance: ",
                                       "Priority: ",
                                       "Auto-Submitted: ",
                                       "X-Auto-Response-Suppress: ",
                                       "MIME-Version: ",
                                       "Content-Type: ",
                                       "Content-Transfer-Encoding: ",
                                       "Content-Language: "};
    bool headers = true;

    while (*message != '\0') {
        const char *end = strstr(message, "\r\n");
        bool known = false;
        MUST(end != NULL && end - message <= 78);
        for (const char *p = message; p < end; p++)
            MUST(*p >= ' ' && *p < 0x7F);
        if (end == message)
            headers = false;
        for (size_t i = 0; headers && i < sizeof ours / sizeof ours[0]; i++)
            known = known || strncmp(message, ours[i], strlen(ours[i])) == 0;
        MUST(!headers || known);
        message = end + 2;
    }
    MUST(!headers);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct bytes bytes = {data, size};
    struct notice notice = {.id = 1}, *clean = NULL;
    struct text text;
    char *message = NULL;
    json_t *json = NULL;

    if (sodium_init() < 0)
        return 0;
    fill(&notice, &bytes);
    MUST(notice_copy(&notice, &clean) == 0);
    MUST(text_make(clean, &text) == 0);
    check_text(&text, clean->language);
    MUST(mail_message_make(clean, &text, "cryomon@b.example", &message) == 0);
    check_mail(message);
    MUST(notice_json_make(clean, &text, text.first, &json) == 0);
    json_decref(json);
    free(message);
    text_free(&text);
    notice_free(clean);
    return 0;
}
