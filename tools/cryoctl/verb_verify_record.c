#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cryoctl.h"
#include "export_archive.h"
#include "findings.h"
#include "places.h"
#include "verify_archive.h"
#include "when.h"
#include "words.h"

#define FINDINGS_SHOWN 1000 /* each: the rest is counted */
#define LINE_BYTES_MAX 65536

struct proof {
    const struct ctl *ctl;
    json_t *findings; /* with --json */
    uint64_t found;
    bool terminal; /* stderr is one: progress */
    int64_t shown_ms;
    unsigned char (*keys)[SIGNER_KEY_SIZE];
    size_t n_keys;
    struct head *heads;
    size_t n_heads;
};

/* ---------------------------------------------------------------- what is known from outside */

static void *grow(void *array, size_t n, size_t size)
{
    void *more = realloc(array, (n + 1) * size);
    if (more == NULL)
        ctl_complain("%s", "no memory");
    return more;
}

static int add_key(struct proof *proof, const char *text)
{
    unsigned char key[SIGNER_KEY_SIZE];
    if (!signer_parse(text, key))
        return CTL_USAGE;
    void *more = grow(proof->keys, proof->n_keys, sizeof *proof->keys);
    if (more == NULL)
        return CTL_NEGATIVE;
    proof->keys = more;
    memcpy(proof->keys[proof->n_keys++], key, sizeof key);
    return CTL_OK;
}

static int add_head(struct proof *proof, const char *text)
{
    const struct ctl *ctl = proof->ctl;
    char message[256];
    struct head head;
    const char *json = strchr(text, '{'); /* mosquitto_sub -v puts the topic before it */
    if (json == NULL || head_read(json, &head, message, sizeof message) < 0) {
        ctl_complain(tr(ctl, "--head %s: %s", "--head %s：%s"), ctl->head,
                     json == NULL ? tr(ctl, "no JSON", "不是 JSON") : message);
        return CTL_USAGE;
    }
    void *more = grow(proof->heads, proof->n_heads, sizeof *proof->heads);
    if (more == NULL)
        return CTL_NEGATIVE;
    proof->heads = more;
    proof->heads[proof->n_heads++] = head;
    return CTL_OK;
}

/* Gives each line that is not empty to add(). */
static int read_lines(struct proof *proof, const char *option, const char *path,
                      int (*add)(struct proof *, const char *))
{
    const struct ctl *ctl = proof->ctl;
    bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? stdin : fopen(path, "re");
    char *line = NULL;
    size_t cap = 0, n = 0;
    int status = CTL_OK;
    if (file == NULL) {
        ctl_complain("--%s %s: %s", option, path, words_error(ctl, errno));
        return CTL_USAGE;
    }
    for (ssize_t len; status == CTL_OK && (len = getline(&line, &cap, file)) >= 0;) {
        if (line[strspn(line, " \t\r\n")] == '\0')
            continue;
        status = len > LINE_BYTES_MAX ? CTL_USAGE : add(proof, line);
        n++;
    }
    free(line);
    if (!standard)
        fclose(file);
    if (n == 0 && status == CTL_OK)
        ctl_complain(tr(ctl, "--%s %s: there is nothing in it", "--%s %s：内容为空"), option, path);
    return n == 0 && status == CTL_OK ? CTL_USAGE : status;
}

static int read_outside(struct proof *proof)
{
    const struct ctl *ctl = proof->ctl;
    int status = CTL_OK;
    if (ctl->public_key != NULL && add_key(proof, ctl->public_key) != CTL_OK) {
        status = read_lines(proof, "public-key", ctl->public_key, add_key);
        if (status == CTL_USAGE)
            ctl_complain("%s",
                         tr(ctl, "--public-key wants a line \"cryomon-public-key-1 ...\", or a file with one",
                            "--public-key 需要一行“cryomon-public-key-1 ...”或含有它的文件"));
    }
    if (status == CTL_OK && ctl->head != NULL)
        status = read_lines(proof, "head", ctl->head, add_head);
    return status;
}

/* ---------------------------------------------------------------- while it runs */

static void wipe_progress(const struct proof *proof)
{
    if (proof->terminal)
        fputs("\r\033[K", stderr);
}

static bool show_progress(void *context, double done, int64_t utc_us)
{
    struct proof *proof = context;
    char time[RFC3339_MAX];
    int64_t now_ms = clock_boot_us() / MS_US;
    if (!proof->terminal || now_ms - proof->shown_ms < 200)
        return true;
    proof->shown_ms = now_ms;
    clock_print_utc(time, utc_us);
    fprintf(stderr, "\r%3.0f %%  %.13s\033[K", 100 * done, utc_us != 0 ? time : "");
    return true;
}

static bool take_finding(void *context, const struct verify_finding *finding)
{
    struct proof *proof = context;
    const struct ctl *ctl = proof->ctl;
    char text[1024];
    if (proof->found++ >= FINDINGS_SHOWN)
        return true;
    if (ctl->json) {
        json_array_append_new(proof->findings, findings_json(ctl, finding));
        return true;
    }
    findings_text(ctl, finding, text, sizeof text);
    wipe_progress(proof);
    printf("%s%s\n", finding->note ? tr(ctl, "note: ", "说明：") : tr(ctl, "FOUND: ", "发现："), text);
    return !ferror(stdout);
}

/* ---------------------------------------------------------------- the result */

static const char *source_text(const struct ctl *ctl, enum verify_key_source source)
{
    switch (source) {
    case VERIFY_KEY_GIVEN:
        return tr(ctl, "given with --public-key", "由 --public-key 给出");
    case VERIFY_KEY_HEAD:
        return tr(ctl, "of the witnessed head", "来自外部见证的链头");
    case VERIFY_KEY_FILE:
        return tr(ctl, "from signing.pub beside the files: not confirmed by anyone outside",
                  "来自同目录的 signing.pub：未经外部确认");
    case VERIFY_KEY_DATABASE:
        return tr(ctl, "from history.db itself: not confirmed by anyone outside",
                  "来自 history.db 本身：未经外部确认");
    case VERIFY_KEY_NONE:
        break;
    }
    return tr(ctl, "none", "无");
}

/* What nobody can prove from these files; count of them in ret. */
static size_t limits(const struct ctl *ctl, const struct verify_result *result, const char *ret[4])
{
    size_t n = 0;
    if (!result->witnessed)
        ret[n++] = tr(ctl,
                      "that nothing was cut off at the end, and that no older copy was put back: give a head "
                      "that somebody outside kept, with --head",
                      "末尾是否被截断、是否换回了旧文件：请用 --head 给出外部保存的链头");
    if (result->key_source == VERIFY_KEY_FILE || result->key_source == VERIFY_KEY_DATABASE)
        ret[n++] = tr(ctl,
                      "that the key is the daemon's: give the public key that was noted elsewhere, with "
                      "--public-key",
                      "密钥是否属于守护进程：请用 --public-key 给出另处保存的公钥");
    if (result->head.site[0] == '\0' && result->last_seal == 0)
        ret[n++] = tr(ctl, "who wrote it: nothing is signed yet", "由谁写入：尚未签名");
    else if (result->events_after_head > 0 || result->frames_after_head > 0)
        ret[n++] = tr(ctl, "what was stored after the last signed head", "最后一次签名之后存储的内容");
    if (ctl->from != NULL || ctl->to != NULL)
        ret[n++] = tr(ctl, "readings outside of the time that was asked for", "所选时段以外的读数");
    return n;
}

static void print_chain(const struct ctl *ctl, const struct verify_result *result)
{
    char time[WHEN_MAX];
    printf(tr(ctl,
              "events         %" PRId64 " to %" PRId64 "%s%s; %" PRIu64 " configurations, %" PRIu64
              " calibrations\n",
              "事件           %" PRId64 " 至 %" PRId64 "%s%s；配置 %" PRIu64 " 份，校准 %" PRIu64 " 条\n"),
           result->first_event, result->last_event,
           result->events > 0 ? tr(ctl, ", last at ", "，最后 ") : "",
           result->events > 0 ? when_print(ctl, time, result->last_event_utc_us, false) : "",
           result->configurations, result->calibrations);
    if (result->last_seal > 0)
        printf(tr(ctl,
                  "seals          %" PRIu64 " hours, %" PRIu64 " days, %" PRIu64 " removals; last is %" PRId64
                  " of %s\n",
                  "封存           %" PRIu64 " 小时，%" PRIu64 " 天，%" PRIu64 " 次清除；最后为 %" PRId64
                  "，%s\n"),
               result->hours, result->days, result->tombstones, result->last_seal,
               when_print(ctl, time, result->last_seal_utc_us, false));
    printf(tr(ctl,
              "readings       %" PRIu64 " sealed, of %" PRIu64 " points in %" PRIu64 " chunks; %" PRIu64
              " not sealed yet\n",
              "读数           已封存 %" PRIu64 "，测点 %" PRIu64 " 个，数据块 %" PRIu64 " 个；未封存 %" PRIu64
              "\n"),
           result->readings, result->points, result->chunks, result->frame_readings);
    if (!ctl->quick)
        printf(tr(ctl, "hours proven   %" PRIu64 "\n", "已证明小时数   %" PRIu64 "\n"), result->hours_proven);
}

static void print_result(const struct ctl *ctl, const struct verify_result *result, const struct proof *proof)
{
    char key[SIGNER_TEXT_MAX], fingerprint[SIGNER_FINGERPRINT_MAX], time[WHEN_MAX];
    const char *lines[4];
    if (proof->found > FINDINGS_SHOWN)
        printf(tr(ctl, "... and %" PRIu64 " more\n", "……另有 %" PRIu64 " 项\n"),
               proof->found - FINDINGS_SHOWN);
    print_chain(ctl, result);
    if (result->key_source != VERIFY_KEY_NONE) {
        signer_print(result->key, key);
        signer_fingerprint(result->key, fingerprint);
        printf(tr(ctl, "key            %s\n               %s (%s)\n",
                  "公钥           %s\n               %s（%s）\n"),
               key, fingerprint, source_text(ctl, result->key_source));
    }
    if (result->head.site[0] != '\0')
        printf(tr(ctl,
                  "head           of %s, site %s: event %" PRId64 ", seal %" PRId64 ", frame %" PRId64
                  " (%s)\n",
                  "链头           %s，站点 %s：事件 %" PRId64 "，封存 %" PRId64 "，帧 %" PRId64 "（%s）\n"),
               when_print(ctl, time, result->head.utc_us, false), result->head.site, result->head.event_seq,
               result->head.seal_id, result->head.frame_id,
               result->witnessed ? tr(ctl, "kept outside", "外部见证")
                                 : tr(ctl, "of the files", "来自文件本身"));
    if (result->problems == 0)
        printf("%s\n",
               tr(ctl, "PROVEN: all of this is as it was written.", "已证明：以上内容与写入时一致。"));
    else
        printf(tr(ctl, "NOT PROVEN: %" PRIu64 " findings.\n", "未能证明：发现 %" PRIu64 " 个问题。\n"),
               result->problems);
    size_t n = limits(ctl, result, lines);
    if (n > 0)
        puts(tr(ctl, "Not proven by this:", "以下内容未经证明："));
    for (size_t i = 0; i < n; i++)
        printf("  - %s\n", lines[i]);
}

static json_t *head_json(const struct head *head)
{
    char time[RFC3339_MAX];
    clock_print_utc(time, head->utc_us);
    return json_pack("{s:s, s:s, s:I, s:I, s:I}", "site", head->site, "time", time, "event",
                     (json_int_t)head->event_seq, "seal", (json_int_t)head->seal_id, "frame",
                     (json_int_t)head->frame_id);
}

static void print_json(const struct ctl *ctl, const char *dir, const struct verify_result *result,
                       struct proof *proof)
{
    static const char *const sources[] = {"none", "given", "head", "file", "database"};
    char key[SIGNER_TEXT_MAX];
    const char *lines[4];
    signer_print(result->key, key);
    json_t *not_proven = json_array();
    size_t n = limits(ctl, result, lines);
    for (size_t i = 0; i < n; i++)
        json_array_append_new(not_proven, json_string(lines[i]));
    json_t *object = json_pack(
        "{s:b, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:b, s:o, "
        "s:o}",
        "proven", result->problems == 0, "dir", dir, "problems", (json_int_t)result->problems, "notes",
        (json_int_t)result->notes, "events", (json_int_t)result->events, "last_event",
        (json_int_t)result->last_event, "configurations", (json_int_t)result->configurations, "calibrations",
        (json_int_t)result->calibrations, "hours", (json_int_t)result->hours, "days",
        (json_int_t)result->days, "removals", (json_int_t)result->tombstones, "last_seal",
        (json_int_t)result->last_seal, "readings", (json_int_t)result->readings, "chunks",
        (json_int_t)result->chunks, "hours_proven", (json_int_t)result->hours_proven, "unsealed_readings",
        (json_int_t)result->frame_readings, "key_source", sources[result->key_source], "witnessed",
        result->witnessed, "not_proven", not_proven, "findings", json_incref(proof->findings));
    if (object == NULL)
        return;
    if (result->key_source != VERIFY_KEY_NONE)
        json_object_set_new(object, "public_key", json_string(key));
    if (result->head.site[0] != '\0')
        json_object_set_new(object, "head", head_json(&result->head));
    json_dumpf(object, stdout, CTL_JSON);
    putchar('\n');
    json_decref(object);
}

static int run(const struct ctl *ctl, const char *dir, struct proof *proof, struct verify_options *options)
{
    struct verify_result result;
    char message[512] = "";
    options->keys = (const unsigned char(*)[SIGNER_KEY_SIZE])(const void *)proof->keys;
    options->n_keys = proof->n_keys;
    options->heads = proof->heads;
    options->n_heads = proof->n_heads;
    int error = verify_record(dir, options, &result, message, sizeof message);
    wipe_progress(proof);
    if (error < 0) {
        ctl_complain(tr(ctl, "the record in %s can't be read: %s", "无法读取 %s 中的记录：%s"), dir,
                     message[0] != '\0' ? message : words_error(ctl, -error));
        return error == -EACCES || error == -EPERM ? CTL_DENIED : CTL_UNREACHABLE;
    }
    if (ctl->json)
        print_json(ctl, dir, &result, proof);
    else
        print_result(ctl, &result, proof);
    return result.problems == 0 ? CTL_OK : CTL_NEGATIVE;
}

static int verify_archive(struct proof *proof, const char *path)
{
    int status = read_outside(proof);
    if (status == CTL_OK)
        status = verify_archive_run(proof->ctl, path, proof->n_keys > 0 ? proof->keys[0] : NULL);
    json_decref(proof->findings);
    free(proof->keys);
    free(proof->heads);
    return status;
}

int verb_verify(struct ctl *ctl, int argc, char **argv)
{
    char dir[4096];
    struct proof proof = {.ctl = ctl, .findings = json_array(), .terminal = isatty(STDERR_FILENO)};
    struct verify_options options = {.from_utc_us = INT64_MIN,
                                     .to_utc_us = INT64_MAX,
                                     .shallow = ctl->quick,
                                     .quick = ctl->quick,
                                     .found = take_finding,
                                     .progress = show_progress,
                                     .context = &proof};
    if (argc > 0 && export_archive_is_archive(argv[0]))
        return verify_archive(&proof, argv[0]);
    if (argc > 0)
        snprintf(dir, sizeof dir, "%s", argv[0]);
    int status = argc > 0 || places_history(ctl, dir, sizeof dir) ? CTL_OK : CTL_NEGATIVE;
    if ((ctl->from != NULL && !when_option(ctl, "from", ctl->from, &options.from_utc_us)) ||
        (ctl->to != NULL && !when_option(ctl, "to", ctl->to, &options.to_utc_us))) {
        status = CTL_USAGE;
    } else if (options.from_utc_us >= options.to_utc_us) {
        ctl_complain("%s", tr(ctl, "the range ends before it begins", "时段的结束早于开始"));
        status = CTL_USAGE;
    }
    if (status == CTL_OK)
        status = read_outside(&proof);
    if (status == CTL_OK)
        status = run(ctl, dir, &proof, &options);
    json_decref(proof.findings);
    free(proof.keys);
    free(proof.heads);
    return status;
}
