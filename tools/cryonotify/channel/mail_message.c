#include "mail_message.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "utf8.h"

#define SUBJECT_MAX 300 /* characters; the whole line stands in the body */
#define WORD_BYTES                                                                                           \
    39 /* of UTF-8 in an encoded word: with "Subject: " and what is around it, 73 characters a line */
#define QP_LINE        76 /* RFC 2045 */
#define LOCAL_PART_MAX 64 /* RFC 5321 */
#define ADDRESS_MAX    254

/* ---------------------------------------------------------------- addresses */

const char *mail_message_check_address(const char *address)
{
    const char *at = strrchr(address, '@');

    if (at == NULL)
        return "a mail address has an '@'";
    if (at == address || at[1] == '\0' || at - address > LOCAL_PART_MAX || strlen(address) > ADDRESS_MAX)
        return "one side of the '@' is empty or too long";
    for (const char *p = address; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        if (c <= ' ' || c >= 0x7F)
            return "only ASCII characters without spaces can be used";
        if (strchr("<>()[]\\,;:\"", c) != NULL)
            return "it is the address only, without name or brackets";
    }
    if (strchr(address, '@') != at)
        return "it has more than one '@'";
    if (at[1] == '.' || at[1] == '-' || strstr(at, "..") != NULL)
        return "what stands behind the '@' is no host name";
    return NULL;
}

/* ---------------------------------------------------------------- headers */

/* A text as encoded words, folded: no byte of it can end the header. */
static void write_encoded(FILE *out, const char *text)
{
    bool more = false;

    while (*text != '\0') {
        char word[WORD_BYTES];
        char base64[sodium_base64_ENCODED_LEN(WORD_BYTES, sodium_base64_VARIANT_ORIGINAL)];
        size_t len = 0;
        for (;;) {
            const char *next = text;
            uint32_t c = utf8_next(&next);
            char bytes[UTF8_BYTES];
            size_t n = c != 0 ? utf8_put(bytes, c) : 0;
            if (c == 0 || len + n > sizeof word)
                break;
            memcpy(word + len, bytes, n);
            len += n;
            text = next;
        }
        sodium_bin2base64(base64, sizeof base64, (const unsigned char *)word, len,
                          sodium_base64_VARIANT_ORIGINAL);
        fprintf(out, "%s=?UTF-8?B?%s?=", more ? "\r\n " : "", base64);
        more = true;
    }
}

static void write_mailbox(FILE *out, const char *header, const char *name, const char *address)
{
    fprintf(out, "%s: ", header);
    if (name != NULL && name[0] != '\0') {
        write_encoded(out, name);
        fputs("\r\n ", out);
    }
    fprintf(out, "<%s>\r\n", address);
}

static void write_date(FILE *out, int64_t utc_us)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(utc_us / 1000000);
    struct tm tm = {0};

    (void)gmtime_r(&seconds, &tm);
    fprintf(out, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday % 7], tm.tm_mday,
            months[tm.tm_mon % 12], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* The same for all messages about one occurrence; without one, the notice is its own thread. */
static void write_thread(FILE *out, const struct notice *n, const char *domain)
{
    unsigned char hash[16];
    char hex[2 * sizeof hash + 1];
    crypto_generichash_state state;
    const char *parts[] = {n->site, n->occurrence};

    if (n->occurrence == NULL || n->occurrence[0] == '\0')
        return;
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (parts[i] != NULL)
            crypto_generichash_update(&state, (const unsigned char *)parts[i], strlen(parts[i]) + 1);
    crypto_generichash_final(&state, hash, sizeof hash);
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    fprintf(out, "In-Reply-To: <cryomon.%s@%s>\r\nReferences: <cryomon.%s@%s>\r\n", hex, domain, hex, domain);
}

static void write_priority(FILE *out, const struct notice *n)
{
    bool calls = n->purpose != NOTICE_ACKNOWLEDGED && n->purpose != NOTICE_OVER &&
                 n->purpose != NOTICE_TEST && n->purpose != NOTICE_DRILL && n->purpose != NOTICE_HELD;
    enum priority priority = n->priority;

    for (size_t i = 0; n->purpose == NOTICE_SUMMARY && i < n->n_members; i++)
        if (n->members[i].priority > priority)
            priority = n->members[i].priority;
    if (!calls || priority < PRIORITY_HIGH)
        return;
    if (priority == PRIORITY_CRITICAL)
        fputs("X-Priority: 1 (Highest)\r\nImportance: high\r\nPriority: urgent\r\n", out);
    else
        fputs("X-Priority: 2 (High)\r\nImportance: high\r\n", out);
}

static void write_headers(FILE *out, const struct notice *n, const char *from, const char *subject)
{
    const char *domain = strrchr(from, '@') + 1;
    uint64_t random[1];
    const char *site = notice_words(&n->site_name, n->language, n->site);

    randombytes_buf(random, sizeof random);
    write_date(out, n->sent_utc_us);
    write_mailbox(out, "From", site, from);
    write_mailbox(out, "To", n->person_name, n->address);
    fputs("Subject: ", out);
    write_encoded(out, subject);
    fprintf(out, "\r\nMessage-ID: <cryomon.%llu.%016llx@%s>\r\n", (unsigned long long)n->id,
            (unsigned long long)random[0], domain);
    write_thread(out, n, domain);
    write_priority(out, n);
    /* No out-of-office answers, no bounces to lists (RFC 3834). */
    fputs("Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n", out);
    fprintf(out,
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\nContent-Language: %s\r\n\r\n",
            n->language == LANGUAGE_ZH ? "zh-CN" : "en");
}

/* ---------------------------------------------------------------- body */

/* Quoted-printable; '\n' becomes CRLF. Spaces and dots at a line's end or beginning are coded too: some
 * server on the way may eat them. */
static void write_quoted(FILE *out, const char *text)
{
    size_t column = 0;

    for (const unsigned char *p = (const unsigned char *)text; *p != 0; p++) {
        bool end_of_line = p[1] == '\n' || p[1] == 0;
        bool plain = *p > ' ' && *p < 0x7F && *p != '=' && !(*p == '.' && column == 0);
        if (*p == '\n') {
            fputs("\r\n", out);
            column = 0;
            continue;
        }
        if (*p == ' ' && !end_of_line)
            plain = true;
        if (column + (plain ? 1 : 3) > QP_LINE - 1) {
            fputs("=\r\n", out);
            column = 0;
            plain = plain && *p != '.';
        }
        if (plain)
            fputc(*p, out);
        else
            fprintf(out, "=%02X", *p);
        column += plain ? 1 : 3;
    }
    if (column > 0)
        fputs("\r\n", out);
}

static void write_body(FILE *out, const struct text *text)
{
    write_quoted(out, text->first);
    fputs("\r\n", out);
    if (text->answer[0] != '\0') {
        write_quoted(out, text->answer);
        fputs("\r\n", out);
    }
    write_quoted(out, text->details);
}

int mail_message_make(const struct notice *notice, const struct text *text, const char *from, char **ret)
{
    char *message = NULL;
    size_t len = 0;
    char *subject = text_shorten(text->first, SUBJECT_MAX, TEXT_UTF16);
    FILE *out = subject != NULL ? open_memstream(&message, &len) : NULL;

    if (out == NULL) {
        free(subject);
        return -ENOMEM;
    }
    write_headers(out, notice, from, subject);
    write_body(out, text);
    free(subject);
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        free(message);
        return -ENOMEM;
    }
    *ret = message;
    return 0;
}
