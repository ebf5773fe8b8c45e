#include "mail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "credential.h"
#include "mail_message.h"
#include "outcome.h"

struct source {
    const char *next;
    size_t left;
    bool all_read; /* from here on the server may have taken it, whatever we hear */
};

static size_t give(char *to, size_t size, size_t n, void *user)
{
    struct source *source = user;
    size_t len = size * n < source->left ? size * n : source->left;

    memcpy(to, source->next, len);
    source->next += len;
    source->left -= len;
    source->all_read = source->left == 0;
    return len;
}

static void judge(const struct transfer_reply *reply, const struct source *source, const char *host,
                  struct channel_result *result)
{
    bool refused = reply->status >= 400 && reply->code != CURLE_OPERATION_TIMEDOUT;

    if (reply->last_line[0] != '\0')
        outcome_detail(result, reply->last_line);
    if (reply->code == CURLE_OK && reply->status >= 200 && reply->status < 300) {
        result->outcome = CHANNEL_SENT;
        return;
    }
    if (refused && reply->last_line[0] != '\0') /* its own words, with its code in front */
        outcome_fail(result, "%.100s answers: %s", host, reply->last_line);
    else
        outcome_fail(result, "%.100s: %s", host,
                     reply->error[0] != '\0' ? reply->error : curl_easy_strerror(reply->code));
    result->maybe_sent = source->all_read && !refused;
    result->permanent = (refused && reply->status >= 500) || reply->code == CURLE_LOGIN_DENIED ||
                        reply->code == CURLE_PEER_FAILED_VERIFICATION || reply->code == CURLE_USE_SSL_FAILED;
    if (reply->stopped) {
        outcome_fail(result, "ended because cryonotify stops");
        result->outcome = CHANNEL_STOPPED;
    }
}

static void set_server(CURL *easy, const struct mail_config *mail)
{
    char url[320];
    bool v6 = strchr(mail->host, ':') != NULL;

    (void)snprintf(url, sizeof url, "%s://%s%s%s:%u", mail->security == MAIL_TLS ? "smtps" : "smtp",
                   v6 ? "[" : "", mail->host, v6 ? "]" : "", mail->port);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_USE_SSL,
                     (long)(mail->security == MAIL_PLAIN ? CURLUSESSL_NONE : CURLUSESSL_ALL));
}

/* Up to the login: nobody gets anything. */
static void ask(struct transfer *transfer, CURL *easy, const struct channel_config *config,
                const char *password, struct channel_result *result)
{
    const struct mail_config *mail = &config->mail;
    struct source nothing = {"", 0, false};
    struct transfer_reply *reply = calloc(1, sizeof *reply);

    if (reply == NULL) {
        outcome_fail(result, "no memory");
        return;
    }
    transfer_prepare(transfer, easy, config, "smtp,smtps", mail->ca_file, reply);
    set_server(easy, mail);
    if (mail->user[0] != '\0') {
        curl_easy_setopt(easy, CURLOPT_USERNAME, mail->user);
        curl_easy_setopt(easy, CURLOPT_PASSWORD, password);
    }
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "NOOP");
    transfer_run(transfer, easy, reply);
    judge(reply, &nothing, mail->host, result);
    free(reply);
}

static void talk(struct transfer *transfer, CURL *easy, const struct channel_config *config,
                 const struct notice *notice, const char *password, const char *message,
                 struct channel_result *result)
{
    const struct mail_config *mail = &config->mail;
    struct source source = {message, strlen(message), false};
    char from[sizeof mail->from + 2], to[300];
    struct transfer_reply *reply = calloc(1, sizeof *reply);

    (void)snprintf(from, sizeof from, "<%s>", mail->from);
    (void)snprintf(to, sizeof to, "<%s>", notice->address);
    struct curl_slist *recipients = curl_slist_append(NULL, to);
    if (reply == NULL || recipients == NULL) {
        outcome_fail(result, "no memory");
    } else {
        transfer_prepare(transfer, easy, config, "smtp,smtps", mail->ca_file, reply);
        set_server(easy, mail);
        if (mail->user[0] != '\0') {
            curl_easy_setopt(easy, CURLOPT_USERNAME, mail->user);
            curl_easy_setopt(easy, CURLOPT_PASSWORD, password);
        }
        curl_easy_setopt(easy, CURLOPT_MAIL_FROM, from);
        curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, recipients);
        curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, give);
        curl_easy_setopt(easy, CURLOPT_READDATA, &source);
        transfer_run(transfer, easy, reply);
        judge(reply, &source, mail->host, result);
    }
    curl_slist_free_all(recipients);
    free(reply);
}

void mail_send(struct transfer *transfer, const struct channel_config *config, const struct notice *notice,
               struct channel_result *result)
{
    char password[CREDENTIAL_MAX] = "", error[CHANNEL_ERROR_MAX];
    struct text text = {0};
    char *message = NULL;
    CURL *easy = NULL;

    if (credential_read(&config->mail.password, "the password", password, error, sizeof error) < 0) {
        outcome_fail(result, "%s", error);
    } else if (notice->is_probe && (easy = curl_easy_init()) != NULL) {
        ask(transfer, easy, config, password, result);
        outcome_hide(result, password);
    } else if (text_make(notice, &text) < 0 ||
               mail_message_make(notice, &text, config->mail.from, &message) < 0 ||
               (easy = curl_easy_init()) == NULL) {
        outcome_fail(result, "no memory");
    } else {
        talk(transfer, easy, config, notice, password, message, result);
        outcome_hide(result, password);
    }
    explicit_bzero(password, sizeof password);
    curl_easy_cleanup(easy);
    free(message);
    text_free(&text);
}
