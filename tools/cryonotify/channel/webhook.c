#include "webhook.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "credential.h"
#include "notice_json.h"
#include "outcome.h"
#include "template.h"

#define BUSY_MS 60000 /* to wait when a service says "too fast" without saying for how long */

struct secrets {
    char url[CREDENTIAL_MAX], secret[CREDENTIAL_MAX], token[CREDENTIAL_MAX];
};

/* One request in the making. */
struct request {
    const struct channel_config *config;
    const struct template *template;
    const struct secrets *secrets;
    json_t *values;
    char *url, *body;
    struct curl_slist *headers;
};

static void free_request(struct request *r)
{
    if (r->body != NULL)
        explicit_bzero(r->body, strlen(r->body));
    if (r->url != NULL)
        explicit_bzero(r->url, strlen(r->url));
    free(r->body);
    free(r->url);
    curl_slist_free_all(r->headers);
    json_decref(r->values);
}

/* ---------------------------------------------------------------- putting it together */

static int render(const struct request *r, enum render_place place, const char *pattern, char **ret)
{
    struct render with = {r->values, r->secrets->token, r->template->escape};

    return render_text(&with, place, pattern, ret);
}

/* "key=value" after what is there: in a URL behind ? or &, in a form behind &. */
static int add_pairs(const struct request *r, const struct template_pairs *pairs, bool in_url, char **text)
{
    for (size_t i = 0; i < pairs->n; i++) {
        char *value = NULL, *longer = NULL;
        const char *before = (*text)[0] != '\0' ? "&" : "";
        int error = render(r, RENDER_URL, pairs->patterns[i], &value);
        if (in_url && strchr(*text, '?') == NULL)
            before = "?";
        if (error == 0 && asprintf(&longer, "%s%s%s=%s", *text, before, pairs->keys[i], value) < 0)
            longer = NULL;
        free(value);
        if (longer == NULL)
            return error < 0 ? error : -ENOMEM;
        free(*text);
        *text = longer;
    }
    return 0;
}

static int add_header(struct request *r, const char *name, const char *value)
{
    char *line = NULL;
    struct curl_slist *longer = NULL;

    if (asprintf(&line, "%s: %s", name, value) < 0)
        return -ENOMEM;
    longer = curl_slist_append(r->headers, line);
    free(line);
    if (longer == NULL)
        return -ENOMEM;
    r->headers = longer;
    return 0;
}

static int add_headers(struct request *r, const struct template_pairs *pairs)
{
    for (size_t i = 0; i < pairs->n; i++) {
        char *value = NULL;
        if (r->secrets->token[0] == '\0' && strstr(pairs->patterns[i], "${token}") != NULL)
            continue; /* "Bearer " of nobody */
        int error = render(r, RENDER_HEADER, pairs->patterns[i], &value);
        if (error == 0)
            error = add_header(r, pairs->keys[i], value);
        free(value);
        if (error < 0)
            return error;
    }
    return 0;
}

/* The signature's members, into the JSON body. */
static int add_members(struct request *r)
{
    const struct template_pairs *pairs = &r->template->sign_members;
    json_t *body = json_loads(r->body, 0, NULL);
    int error = json_is_object(body) ? 0 : -EINVAL;

    for (size_t i = 0; i < pairs->n && error == 0; i++) {
        char *value = NULL;
        error = render(r, RENDER_TEXT, pairs->patterns[i], &value);
        if (error == 0 && json_object_set_new(body, pairs->keys[i], json_string(value)) != 0)
            error = -ENOMEM;
        free(value);
    }
    char *text = error == 0 ? json_dumps(body, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;
    json_decref(body);
    if (text == NULL)
        return error < 0 ? error : -ENOMEM;
    free(r->body);
    r->body = text;
    return 0;
}

static int set_time(struct request *r, int64_t utc_us)
{
    char seconds[24], ms[24];

    (void)snprintf(seconds, sizeof seconds, "%lld", (long long)(utc_us / SECOND_US));
    (void)snprintf(ms, sizeof ms, "%lld", (long long)(utc_us / MS_US));
    return json_object_set_new(r->values, "timestamp", json_string(seconds)) != 0 ||
                   json_object_set_new(r->values, "timestamp_ms", json_string(ms)) != 0 ||
                   json_object_set_new(r->values, "sign", json_string("")) != 0
               ? -ENOMEM
               : 0;
}

static int set_sign(struct request *r, int64_t utc_us)
{
    char sign[SIGN_TEXT_MAX];

    sign_make(r->template->scheme, r->secrets->secret, utc_us, r->body, sign);
    return json_object_set_new(r->values, "sign", json_string(sign)) != 0 ? -ENOMEM : 0;
}

static int make_body(struct request *r)
{
    const struct template *t = r->template;

    if (t->content == TEMPLATE_JSON)
        return render(r, RENDER_JSON, t->body, &r->body);
    if (t->content == TEMPLATE_TEXT)
        return render(r, RENDER_TEXT, t->body, &r->body);
    r->body = strdup("");
    return r->body != NULL ? add_pairs(r, &t->form, false, &r->body) : -ENOMEM;
}

static const char *content_type(enum template_content content)
{
    switch (content) {
    case TEMPLATE_JSON:
        return "application/json; charset=utf-8";
    case TEMPLATE_FORM:
        return "application/x-www-form-urlencoded";
    case TEMPLATE_TEXT:
        break;
    }
    return "text/plain; charset=utf-8";
}

static int make_request(struct request *r, int64_t utc_us)
{
    const struct template *t = r->template;
    bool sign = t->scheme != SIGN_NONE && r->secrets->secret[0] != '\0';
    int error = set_time(r, utc_us);

    if (error == 0)
        error = make_body(r);
    if (error == 0 && sign)
        error = set_sign(r, utc_us);
    if (error == 0 && sign && t->sign_members.n > 0)
        error = add_members(r);
    if (error == 0)
        error = render(r, RENDER_URL, r->secrets->url, &r->url);
    if (error == 0)
        error = add_pairs(r, &t->query, true, &r->url);
    if (error == 0 && sign)
        error = add_pairs(r, &t->sign_query, true, &r->url);
    if (error == 0)
        error = add_header(r, "Content-Type", content_type(t->content));
    if (error == 0)
        error = add_header(r, "Expect", "");
    if (error == 0)
        error = add_headers(r, &t->headers);
    if (error == 0 && sign)
        error = add_headers(r, &t->sign_headers);
    return error;
}

/* ---------------------------------------------------------------- what the answer means */

static const json_t *walk_to(const json_t *json, char *path)
{
    for (char *part = strsep(&path, "."); part != NULL && json != NULL; part = strsep(&path, "."))
        json = json_object_get(json, part);
    return json;
}

/* The member at the path, or the first that is there of several ("code|StatusCode"), printed; NULL: there is
 * none. Malloced. */
static char *member_of(const json_t *json, const char *paths)
{
    char copy[64];
    char *rest = copy;
    const json_t *found = NULL;

    (void)snprintf(copy, sizeof copy, "%s", paths);
    for (char *path = strsep(&rest, "|"); path != NULL && found == NULL; path = strsep(&rest, "|"))
        found = walk_to(json, path);
    if (found == NULL)
        return NULL;
    return json_is_string(found) ? strdup(json_string_value(found)) : json_dumps(found, JSON_ENCODE_ANY);
}

static bool body_is(const char *body, const char *wanted)
{
    size_t len = strlen(wanted);

    body += strspn(body, " \t\r\n");
    return strncmp(body, wanted, len) == 0 && body[len + strspn(body + len, " \t\r\n")] == '\0';
}

static void read_busy(const struct template *t, const char *code, struct channel_result *result)
{
    for (size_t i = 0; i < t->n_busy; i++)
        if (strcmp(t->busy[i], code) == 0) {
            result->permanent = false;
            if (result->retry_after_ms == 0)
                result->retry_after_ms = BUSY_MS;
        }
}

/* What stands in the body decides, also where the status is 200. */
static void judge_body(const struct template *t, const struct transfer_reply *reply,
                       struct channel_result *result)
{
    json_t *json = json_loads(reply->body, 0, NULL);
    char *words = t->error[0] != '\0' ? member_of(json, t->error) : NULL;
    char *code = t->ok_json[0] != '\0' ? member_of(json, t->ok_json) : NULL;

    outcome_detail(result, words != NULL ? words : reply->body);
    if (reply->status < 200 || reply->status > 299) {
        outcome_fail(result, "HTTP status %ld", reply->status);
        result->permanent = reply->status >= 300 && reply->status < 500 && reply->status != 408 &&
                            reply->status != 425 && reply->status != 429;
        if (reply->status == 429 && result->retry_after_ms == 0)
            result->retry_after_ms = BUSY_MS;
    } else if (t->ok_text[0] != '\0' && !body_is(reply->body, t->ok_text)) {
        outcome_fail(result, "the answer is not \"%s\"", t->ok_text);
    } else if (t->ok_json[0] != '\0' && code == NULL) {
        outcome_fail(result, "the answer has no %s: is this the right address?", t->ok_json);
    } else if (t->ok_json[0] != '\0' && strcmp(code, t->ok_equals) != 0) {
        outcome_fail(result, "refused: %.*s is %.40s", (int)strcspn(t->ok_json, "|"), t->ok_json, code);
        result->permanent = true;
    } else {
        result->outcome = CHANNEL_SENT;
    }
    if (code != NULL)
        read_busy(t, code, result);
    free(words);
    free(code);
    json_decref(json);
}

static void judge(const struct template *t, const struct transfer_reply *reply, struct channel_result *result)
{
    result->retry_after_ms = reply->retry_after_ms;
    if (reply->code == CURLE_OK) {
        judge_body(t, reply, result);
        return;
    }
    outcome_fail(result, "%s",
                 reply->code == CURLE_WRITE_ERROR
                     ? "the answer is too long to be one of this service"
                     : (reply->error[0] != '\0' ? reply->error : curl_easy_strerror(reply->code)));
    result->maybe_sent = reply->began;
    result->permanent = reply->code == CURLE_PEER_FAILED_VERIFICATION ||
                        reply->code == CURLE_UNSUPPORTED_PROTOCOL || reply->code == CURLE_URL_MALFORMAT;
    if (reply->stopped) {
        outcome_fail(result, "ended because cryonotify stops");
        result->outcome = CHANNEL_STOPPED;
    }
}

/* ---------------------------------------------------------------- sending */

static void run(struct transfer *transfer, const struct request *r, struct channel_result *result)
{
    const struct webhook_config *webhook = &r->config->webhook;
    struct transfer_reply *reply = calloc(1, sizeof *reply);
    CURL *easy = curl_easy_init();

    if (reply == NULL || easy == NULL) {
        outcome_fail(result, "no memory");
    } else {
        transfer_prepare(transfer, easy, r->config, "https,http", webhook->ca_file, reply);
        curl_easy_setopt(easy, CURLOPT_PROXY, webhook->proxy);
        curl_easy_setopt(easy, CURLOPT_URL, r->url);
        curl_easy_setopt(easy, CURLOPT_USERAGENT, "cryomon/" CRYOMON_VERSION);
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, r->headers);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, r->body);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)strlen(r->body));
        if (r->template->put)
            curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "PUT");
        if (webhook->user[0] != '\0') {
            curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
            curl_easy_setopt(easy, CURLOPT_USERNAME, webhook->user);
            curl_easy_setopt(easy, CURLOPT_PASSWORD, r->secrets->token);
        }
        transfer_run(transfer, easy, reply);
        judge(r->template, reply, result);
    }
    curl_easy_cleanup(easy);
    if (reply != NULL)
        explicit_bzero(reply, sizeof *reply);
    free(reply);
}

static void send_message(struct transfer *transfer, const struct channel_config *config,
                         const struct secrets *secrets, const struct notice *notice, const struct text *text,
                         const char *message, struct channel_result *result)
{
    struct request r = {.config = config, .template = config->webhook.template, .secrets = secrets};
    int error = notice_json_make(notice, text, message, &r.values);

    if (error == 0)
        error = make_request(&r, clock_now().utc_us);
    if (error < 0)
        outcome_fail(result, "can't make the message from its template: %s", strerrordesc_np(-error));
    else
        run(transfer, &r, result);
    free_request(&r);
}

/* The messages that the text becomes; one when there is no limit. */
static int make_parts(const struct template *t, const struct notice *notice, const struct text *text,
                      struct text_parts *ret)
{
    if (t->max > 0 && t->parts > 1)
        return text_split(text, notice->language, t->max, t->unit, t->parts, ret);
    struct text_parts one = {calloc(1, sizeof(char *)), 1};
    if (one.parts == NULL)
        return -ENOMEM;
    if (t->max > 0)
        one.parts[0] = text_shorten(text->first, t->max, t->unit);
    else if (asprintf(&one.parts[0], "%s\n%s%s", text->first, text->answer, text->details) < 0)
        one.parts[0] = NULL;
    if (one.parts[0] == NULL) {
        text_parts_free(&one);
        return -ENOMEM;
    }
    *ret = one;
    return 0;
}

static void send_parts(struct transfer *transfer, const struct channel_config *config,
                       const struct secrets *secrets, const struct notice *notice,
                       struct channel_result *result)
{
    struct text text = {0};
    struct text_parts parts = {0};

    if (text_make(notice, &text) < 0 || make_parts(config->webhook.template, notice, &text, &parts) < 0) {
        outcome_fail(result, "no memory");
    } else {
        for (size_t i = 0; i < parts.n; i++) {
            send_message(transfer, config, secrets, notice, &text, parts.parts[i], result);
            result->n_messages++;
            if (result->outcome == CHANNEL_SENT)
                continue;
            if (i > 0) { /* the beginning has arrived */
                char error[CHANNEL_ERROR_MAX];
                memcpy(error, result->error, sizeof error);
                outcome_fail(result, "part %zu of %zu: %s", i + 1, parts.n, error);
                result->maybe_sent = true;
                result->permanent = false;
            }
            break;
        }
    }
    text_parts_free(&parts);
    text_free(&text);
}

/* What a server or curl may have repeated. The last part of a webhook's address is its key. */
static void hide(const struct secrets *secrets, struct channel_result *result)
{
    const char *query = strchr(secrets->url, '?');
    const char *last = strrchr(secrets->url, '/');
    const char *value = query != NULL ? strchr(query, '=') : NULL;

    outcome_hide(result, secrets->url);
    if (value != NULL)
        outcome_hide(result, value + 1);
    if (last != NULL && strchr(last, '.') == NULL)
        outcome_hide(result, last + 1);
    outcome_hide(result, secrets->secret);
    outcome_hide(result, secrets->token);
}

void webhook_send(struct transfer *transfer, const struct channel_config *config, const struct notice *notice,
                  struct channel_result *result)
{
    const struct webhook_config *webhook = &config->webhook;
    struct secrets secrets = {0};
    char error[CHANNEL_ERROR_MAX];

    if (credential_read(&webhook->url_place, "the address", secrets.url, error, sizeof error) < 0 ||
        credential_read(&webhook->secret, "the secret", secrets.secret, error, sizeof error) < 0 ||
        credential_read(&webhook->token, "the token", secrets.token, error, sizeof error) < 0) {
        outcome_fail(result, "%s", error);
    } else {
        if (webhook->url[0] != '\0')
            (void)snprintf(secrets.url, sizeof secrets.url, "%s", webhook->url);
        send_parts(transfer, config, &secrets, notice, result);
        hide(&secrets, result);
    }
    explicit_bzero(&secrets, sizeof secrets);
}
