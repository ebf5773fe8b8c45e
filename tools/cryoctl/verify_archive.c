#include "verify_archive.h"

#include <inttypes.h>

#include "export_archive.h"
#include "when.h"
#include "words.h"

struct output {
    const struct ctl *ctl;
    json_t *findings;
};

static const char *explain(const struct ctl *ctl, enum export_archive_finding finding)
{
    switch (finding) {
    case EXPORT_ALTERED:
        return tr(ctl, "not what was exported", "内容与导出时不同");
    case EXPORT_MISSING:
        return tr(ctl, "missing", "缺失");
    case EXPORT_EXTRA:
        return tr(ctl, "was not exported", "不属于导出内容");
    case EXPORT_NO_MANIFEST:
        return tr(ctl, "there is no MANIFEST, or it makes no sense", "没有 MANIFEST 或其内容无效");
    case EXPORT_PROOF_BAD:
        return tr(ctl, "the proof was altered", "证明文件被改动");
    case EXPORT_PROOF_OTHER:
        return tr(ctl, "the proof is about another export", "证明文件属于另一次导出");
    case EXPORT_HEAD_BAD:
        return tr(ctl, "the signature does not fit", "签名不符");
    case EXPORT_KEY_OTHER:
        return tr(ctl, "signed with another key than the one given", "签名密钥与给出的公钥不同");
    case EXPORT_UNRECORDED:
        return tr(ctl, "it was not recorded: nothing shows who made it and when",
                  "未登记：无法证明由谁、何时导出");
    case EXPORT_UNSIGNED:
        return tr(ctl, "it is not signed", "没有签名");
    case EXPORT_KEY_UNCONFIRMED:
        return tr(ctl,
                  "the key comes from the archive itself: give the one noted elsewhere, with --public-key",
                  "公钥来自存档本身：请用 --public-key 给出另处保存的公钥");
    }
    return "";
}

static void print_finding(void *context, enum export_archive_finding finding, bool note, const char *what)
{
    struct output *out = context;
    const struct ctl *ctl = out->ctl;
    if (ctl->json)
        json_array_append_new(out->findings,
                              json_pack("{s:s, s:b, s:s, s:s}", "kind", export_archive_finding_name(finding),
                                        "note", note, "what", what, "text", explain(ctl, finding)));
    else
        printf("%s%s%s%s\n", note ? tr(ctl, "note: ", "说明：") : tr(ctl, "FOUND: ", "发现："), what,
               what[0] != '\0' ? ": " : "", explain(ctl, finding));
}

static void print_result(const struct ctl *ctl, const struct export_archive_result *r, bool proven)
{
    char time[WHEN_MAX], key[SIGNER_TEXT_MAX];
    printf(tr(ctl, "files          %" PRIu64 ", %.1f MB\n", "文件           %" PRIu64 " 个，%.1f MB\n"),
           r->files, (double)r->bytes / 1e6);
    if (r->event_seq != 0)
        printf(tr(ctl, "recorded       as event %" PRId64 " at %s by %s\n",
                  "登记           事件 %" PRId64 "，%s，操作人 %s\n"),
               r->event_seq, when_print(ctl, time, r->event_utc_us, false), r->by);
    if (r->is_signed) {
        signer_print(r->head.public_key, key);
        printf(tr(ctl, "signed         by site %s at %s\n               %s\n",
                  "签名           站点 %s，%s\n               %s\n"),
               r->head.site, when_print(ctl, time, r->head.utc_us, false), key);
    }
    if (proven)
        puts(tr(ctl, "PROVEN: this is what was exported.", "已证明：内容与导出时一致。"));
    else if (r->problems == 0)
        puts(tr(ctl, "NOT PROVEN: the files fit each other, but nothing binds them into a signed record.",
                "未能证明：各文件相符，但没有签名记录可以对照。"));
    else
        printf(tr(ctl, "NOT PROVEN: %" PRIu64 " findings.\n", "未能证明：发现 %" PRIu64 " 个问题。\n"),
               r->problems);
}

static void print_json(const struct ctl *ctl, const char *path, const struct export_archive_result *r,
                       bool proven, json_t *findings)
{
    char key[SIGNER_TEXT_MAX];
    json_t *object = json_pack("{s:b, s:s, s:I, s:I, s:I, s:I, s:s, s:b, s:O}", "proven", proven, "archive",
                               path, "files", (json_int_t)r->files, "problems", (json_int_t)r->problems,
                               "notes", (json_int_t)r->notes, "event", (json_int_t)r->event_seq, "by", r->by,
                               "signed", r->is_signed, "findings", findings);
    (void)ctl;
    signer_print(r->head.public_key, key);
    if (r->is_signed)
        json_object_set_new(object, "public_key", json_string(key));
    json_dumpf(object, stdout, CTL_JSON);
    putchar('\n');
    json_decref(object);
}

int verify_archive_run(const struct ctl *ctl, const char *path, const unsigned char key[SIGNER_KEY_SIZE])
{
    char message[768] = "";
    struct export_archive_result result;
    struct output out = {.ctl = ctl, .findings = json_array()};
    int error = export_archive_verify(path, key, print_finding, &out, &result, message, sizeof message);
    bool proven = error == 0 && result.problems == 0 && result.is_signed;
    if (error < 0)
        ctl_complain(tr(ctl, "the archive can't be read: %s", "无法读取存档：%s"), message);
    else if (ctl->json)
        print_json(ctl, path, &result, proven, out.findings);
    else
        print_result(ctl, &result, proven);
    json_decref(out.findings);
    return proven ? CTL_OK : CTL_NEGATIVE;
}
