#include "transfer.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "clock.h"

#define POLL_MS 1000

int transfer_open(struct transfer *transfer)
{
    atomic_init(&transfer->stop, false);
    transfer->multi = curl_multi_init();
    return transfer->multi != NULL ? 0 : -ENOMEM;
}

void transfer_close(struct transfer *transfer)
{
    if (transfer->multi != NULL)
        (void)curl_multi_cleanup(transfer->multi);
    transfer->multi = NULL;
}

void transfer_stop(struct transfer *transfer)
{
    atomic_store(&transfer->stop, true);
    (void)curl_multi_wakeup(transfer->multi);
}

/* ---------------------------------------------------------------- what curl calls */

static size_t take_body(char *bytes, size_t size, size_t n, void *user)
{
    struct transfer_reply *reply = user;

    if (size * n > TRANSFER_BODY_MAX - reply->len)
        return 0; /* ends the transfer with CURLE_WRITE_ERROR */
    memcpy(reply->body + reply->len, bytes, size * n);
    reply->len += size * n;
    return size * n;
}

/* Keeps the last line that says something; SMTP's goodbye ("221") does not. */
static size_t take_line(char *bytes, size_t size, size_t n, void *user)
{
    struct transfer_reply *reply = user;
    size_t len = size * n;

    while (len > 0 && isspace((unsigned char)bytes[len - 1]))
        len--;
    if (len == 0 || (len >= 4 && strncmp(bytes, "221 ", 4) == 0))
        return size * n;
    if (len > sizeof reply->last_line - 1)
        len = sizeof reply->last_line - 1;
    memcpy(reply->last_line, bytes, len);
    reply->last_line[len] = '\0';
    return size * n;
}

/* Waiting for SMTP's last answer, curl blocks, without its own timeout, and only asks here each second. */
static int go_on(void *user, curl_off_t down, curl_off_t downed, curl_off_t up, curl_off_t upped)
{
    const struct transfer_reply *reply = user;

    (void)down;
    (void)downed;
    (void)up;
    (void)upped;
    return atomic_load(&reply->transfer->stop) || clock_boot_us() >= reply->deadline_boot_us;
}

/* ---------------------------------------------------------------- a transfer */

void transfer_prepare(struct transfer *transfer, CURL *easy, const struct channel_config *config,
                      const char *protocols, const char *ca_file, struct transfer_reply *reply)
{
    reply->transfer = transfer;
    reply->deadline_boot_us = clock_boot_us() + config->timeout_ms * MS_US;
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, go_on);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, reply);
    curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)(config->timeout_ms / 1000 + 1));
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* a name server that hangs must not hold up the end */
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, protocols);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (ca_file[0] != '\0')
        curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)config->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)config->connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L); /* an old connection may be dead without saying so */
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, reply->error);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, reply);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_line);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, reply);
}

/* Until it is done or stopped. Returns true when it is done, with its code. */
static bool perform(struct transfer *transfer, CURLcode *ret_code)
{
    int running = 1;

    while (!atomic_load(&transfer->stop)) {
        int left = 0;
        CURLMcode code = curl_multi_perform(transfer->multi, &running);
        CURLMsg *message = curl_multi_info_read(transfer->multi, &left);
        if (message != NULL && message->msg == CURLMSG_DONE) {
            *ret_code = message->data.result;
            return true;
        }
        if (code == CURLM_OK)
            code = curl_multi_poll(transfer->multi, NULL, 0, POLL_MS, NULL);
        if (code != CURLM_OK) {
            *ret_code = CURLE_FAILED_INIT;
            return true;
        }
    }
    return false;
}

void transfer_run(struct transfer *transfer, CURL *easy, struct transfer_reply *reply)
{
    curl_off_t began_us = 0, retry_after_s = 0;

    reply->code = CURLE_ABORTED_BY_CALLBACK;
    if (curl_multi_add_handle(transfer->multi, easy) != CURLM_OK) {
        reply->code = CURLE_FAILED_INIT;
        return;
    }
    reply->stopped = !perform(transfer, &reply->code);
    if (reply->code == CURLE_ABORTED_BY_CALLBACK && !atomic_load(&transfer->stop)) {
        reply->code = CURLE_OPERATION_TIMEDOUT;
        reply->error[0] = '\0';
    } else if (reply->code == CURLE_ABORTED_BY_CALLBACK) {
        reply->stopped = true;
    }
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &reply->status);
    curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &began_us);
    curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    reply->began = began_us > 0;
    if (retry_after_s > 0)
        reply->retry_after_ms = retry_after_s < 86400 ? (uint32_t)retry_after_s * 1000 : 86400000;
    (void)curl_multi_remove_handle(transfer->multi, easy);
    reply->body[reply->len] = '\0';
}
