#include "page.h"

#include <stdio.h>
#include <stdlib.h>

#include "phrase.h"

static const char style[] =
    "body{margin:0;font:17px/1.5 system-ui,-apple-system,'Noto Sans CJK SC','PingFang SC','Microsoft YaHei',"
    "sans-serif;background:#f2f4f7;color:#14202b}"
    "main{max-width:34rem;margin:0 auto;padding:1rem}"
    "header{font-weight:600;color:#46566a;padding:.5rem 0}"
    "section{background:#fff;border-radius:12px;padding:1.1rem;border-top:8px solid #8896a8;"
    "box-shadow:0 1px 4px #0002;margin-bottom:1rem}"
    ".critical{border-color:#b3001b}.high{border-color:#d86a00}.ok{border-color:#1b7f3b}"
    "h1{font-size:1.35rem;margin:.1rem 0 .6rem;line-height:1.3}"
    ".badge{display:inline-block;border-radius:6px;padding:.1rem .6rem;font-weight:700;background:#8896a8;"
    "color:#fff;font-size:.9rem;margin-bottom:.5rem}"
    ".badge.critical{background:#b3001b}.badge.high{background:#d86a00}"
    "p{margin:.6rem 0;overflow-wrap:anywhere}.small{color:#46566a;font-size:.92rem}"
    "button{width:100%;font:inherit;font-size:1.25rem;font-weight:700;padding:1rem;border:0;border-radius:"
    "10px;"
    "background:#0b5cad;color:#fff}button:focus-visible{outline:4px solid #ffbf47}";

static void put_escaped(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        case '\'':
            fputs("&#39;", out);
            break;
        default:
            fputc(*text, out);
        }
    }
}

static void paragraph(FILE *out, const char *class, const char *text)
{
    fprintf(out, "<p%s>", class);
    put_escaped(out, text);
    fputs("</p>\n", out);
}

/* ---------------------------------------------------------------- what a reply says */

static const char *heading(const struct link_reply *r)
{
    enum language l = r->language;

    switch (r->state) {
    case LINK_OPEN:
        return r->drill ? phrase_pick(l, "Drill: please confirm", "演练：请确认收到")
                        : phrase_pick(l, "Do you take care of this alarm?", "您来处理这个报警吗？");
    case LINK_DONE:
        return r->drill ? phrase_pick(l, "Confirmed. Thank you.", "已确认收到，谢谢。")
                        : phrase_pick(l, "Acknowledged", "报警已确认");
    case LINK_ALREADY:
        if (r->drill)
            return phrase_pick(l, "Already confirmed", "此前已确认");
        return r->by[0] != '\0' ? phrase_pick(l, "Already acknowledged", "此前已有人确认")
                                : phrase_pick(l, "Already acknowledged, or over", "此前已确认，或已结束");
    case LINK_GONE:
        return phrase_pick(l, "This alarm is over, or has begun anew", "此报警已结束或已重新发生");
    case LINK_ANEW:
        return phrase_pick(l, "The alarm is open anew", "报警再次出现，尚未确认");
    case LINK_FAILED:
        return phrase_pick(l, "NOT acknowledged", "未能确认");
    case LINK_PENDING:
        return phrase_pick(l, "On its way, not yet confirmed", "已提交，尚未得到监控系统确认");
    case LINK_UNRECORDED:
        return r->drill ? phrase_pick(l, "Confirmed, not yet on record", "已确认收到，尚未写入记录")
                        : phrase_pick(l, "Acknowledged, not yet on record", "报警已确认，尚未写入记录");
    case LINK_REMOVED:
        return phrase_pick(l, "This link is not valid any more", "此链接已失效");
    }
    return "?";
}

static const char *explanation(const struct link_reply *r)
{
    enum language l = r->language;

    switch (r->state) {
    case LINK_OPEN:
        return r->drill ? phrase_pick(l, "This only tests that messages reach you. Nothing is wrong.",
                                      "这只是测试消息能否送达，设备没有异常。")
                        : phrase_pick(l,
                                      "With the button you say that you take care of it. The alarm itself "
                                      "goes on until its "
                                      "cause is gone.",
                                      "点击按钮表示由您负责处理。在原因消除之前，报警本身仍然存在。");
    case LINK_DONE:
        return r->drill ? ""
                        : phrase_pick(l, "You have taken it on. The alarm goes on until its cause is gone.",
                                      "由您负责处理。在原因消除之前，报警本身仍然存在。");
    case LINK_ALREADY:
        return phrase_pick(l, "You need not do anything here.", "您无需在此操作。");
    case LINK_GONE:
        return phrase_pick(l,
                           "This link acknowledges nothing. If it has begun anew, there is a newer message.",
                           "此链接不会确认任何报警。如果报警重新发生，请查看更新的消息。");
    case LINK_ANEW:
        return phrase_pick(l,
                           "This link has acknowledged it before, and acknowledges nothing more. The next "
                           "message brings a new link.",
                           "此链接此前已用于确认，不能再次使用。下一条消息会带来新的链接。");
    case LINK_FAILED:
        return phrase_pick(l, "Acknowledge it in another way, or try again.",
                           "请换一种方式确认，或再试一次。");
    case LINK_PENDING:
        return phrase_pick(l, "You will be called again if it does not arrive. Open this page again to see.",
                           "如未送达，系统会再次通知您。重新打开此页面可查看结果。");
    case LINK_UNRECORDED:
        return phrase_pick(
            l,
            "The disk of the monitoring system does not answer. It is tried until it is on "
            "record; you will be called again if it is lost. Please tell whoever looks after "
            "the system.",
            "监控系统的磁盘没有应答。系统会继续尝试直到写入记录；如果丢失，会再次通知您。请告知"
            "系统维护人员。");
    case LINK_REMOVED:
        return phrase_pick(l,
                           "The person whom it was sent to is not in the configuration any more. It "
                           "acknowledges nothing.",
                           "收到此链接的人员已不在配置中，此链接不能确认任何报警。");
    }
    return "";
}

static const char *colour(const struct link_reply *r)
{
    if (r->state == LINK_DONE || r->state == LINK_ALREADY)
        return "ok";
    if (r->priority == PRIORITY_CRITICAL || r->state == LINK_FAILED || r->state == LINK_ANEW)
        return "critical";
    return r->priority == PRIORITY_HIGH ? "high" : "";
}

static void when_and_who(FILE *out, const struct link_reply *r)
{
    if (r->by[0] == '\0' && r->utc_us == 0)
        return;
    fputs("<p class=\"small\">", out);
    put_escaped(out, r->by);
    if (r->by[0] != '\0' && r->utc_us != 0)
        fputs(phrase_pick(r->language, ", ", "，"), out);
    if (r->utc_us != 0)
        phrase_time(out, r->utc_us);
    fputs("</p>\n", out);
}

/* Nobody knows any more which language was theirs. */
static void write_removed(FILE *out)
{
    struct link_reply en = {.state = LINK_REMOVED, .language = LANGUAGE_EN},
                      zh = {.state = LINK_REMOVED, .language = LANGUAGE_ZH};

    fputs("<section class=\"critical\">\n", out);
    fprintf(out, "<h1>%s</h1>\n", heading(&en));
    paragraph(out, "", explanation(&en));
    fprintf(out, "<h1 lang=\"zh-CN\">%s</h1>\n", heading(&zh));
    paragraph(out, " lang=\"zh-CN\"", explanation(&zh));
    fputs("</section>\n", out);
}

static void write_reply(FILE *out, const struct link_reply *r)
{
    const char *class = colour(r);

    if (r->state == LINK_REMOVED) {
        write_removed(out);
        return;
    }
    fprintf(out, "<section class=\"%s\">\n", class);
    if (!r->drill && r->state == LINK_OPEN)
        fprintf(out, "<span class=\"badge %s\">%s</span>\n", class,
                phrase_priority(r->priority, r->language));
    fputs("<h1>", out);
    put_escaped(out, heading(r));
    fputs("</h1>\n", out);
    paragraph(out, "", r->text);
    when_and_who(out, r);
    paragraph(out, " class=\"small\"", explanation(r));
    fputs("</section>\n", out);
    if (r->state == LINK_OPEN || r->state == LINK_FAILED) {
        /* action="": the address of this page, whatever a proxy before us calls it */
        fprintf(out, "<form method=\"post\" action=\"\"><button>%s</button></form>\n",
                r->state == LINK_FAILED ? phrase_pick(r->language, "Try again", "重试")
                : r->drill              ? phrase_pick(r->language, "I got it", "我已收到")
                                        : phrase_pick(r->language, "Acknowledge", "确认报警"));
        if (r->person[0] != '\0') {
            fputs("<p class=\"small\">", out);
            fputs(phrase_pick(r->language, "It is recorded under the name ", "将记录在此人名下："), out);
            put_escaped(out, r->person);
            fputs(phrase_pick(r->language, ".", "。"), out);
            fputs("</p>\n", out);
        }
    }
}

/* ---------------------------------------------------------------- the others */

struct words_of_page {
    const char *en, *zh, *en_more, *zh_more;
};

static struct words_of_page words_of(enum page_kind kind)
{
    switch (kind) {
    case PAGE_UNKNOWN:
        return (struct words_of_page){
            "It is not known whether this was acknowledged", "不知道是否已确认",
            "The monitor did not answer in time. Try again, or acknowledge in another way.",
            "监控系统没有及时应答。请再试一次，或换一种方式确认。"};
    case PAGE_EXPIRED:
        return (struct words_of_page){"This link has expired", "此链接已过期",
                                      "It acknowledges nothing any more. There may be a newer message.",
                                      "此链接已不能确认报警，请查看是否有更新的消息。"};
    case PAGE_INVALID:
    case PAGE_NOT_FOUND:
        return (struct words_of_page){"This link is not valid", "此链接无效",
                                      "Nothing was acknowledged. Was the address copied as a whole?",
                                      "没有确认任何报警。请检查网址是否完整。"};
    case PAGE_TOO_MANY:
        return (struct words_of_page){"Too many requests", "请求过于频繁",
                                      "Nothing was acknowledged. Wait a minute and try again.",
                                      "没有确认任何报警。请等一分钟再试。"};
    case PAGE_BUSY:
        return (struct words_of_page){"The monitor is busy", "监控系统繁忙",
                                      "Nothing was acknowledged. Try again.",
                                      "没有确认任何报警，请再试一次。"};
    case PAGE_REPLY:
    case PAGE_REFUSED:
        break;
    }
    return (struct words_of_page){"This is not possible here", "此处不支持该操作",
                                  "Nothing was acknowledged.", "没有确认任何报警。"};
}

static void write_other(FILE *out, enum page_kind kind)
{
    struct words_of_page w = words_of(kind);

    fputs("<section class=\"critical\">\n", out);
    fprintf(out, "<h1>%s</h1>\n", w.en);
    paragraph(out, "", w.en_more);
    fprintf(out, "<h1 lang=\"zh-CN\">%s</h1>\n", w.zh);
    paragraph(out, " lang=\"zh-CN\"", w.zh_more);
    fputs("</section>\n", out);
}

const char *page_language(enum page_kind kind, const struct link_reply *reply)
{
    return kind == PAGE_REPLY && reply->language == LANGUAGE_ZH ? "zh-CN" : "en";
}

static void write_page(FILE *out, enum page_kind kind, const struct link_config *config,
                       const struct link_reply *reply, const char *nonce)
{
    const char *site = config->site_name[LANGUAGE_EN];

    /* Who has no link of ours learns nothing, not even whose this is. */
    if (kind == PAGE_REPLY)
        site = config->site_name[reply->language == LANGUAGE_ZH ? LANGUAGE_ZH : LANGUAGE_EN];
    else if (kind != PAGE_EXPIRED && kind != PAGE_UNKNOWN)
        site = "";
    fprintf(out,
            "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            "<meta name=\"robots\" content=\"noindex\">\n<title>cryomon</title>\n<style "
            "nonce=\"%s\">%s</style>\n</head>\n"
            "<body>\n<main>\n<header>",
            page_language(kind, reply), nonce, style);
    put_escaped(out, site[0] != '\0' ? site : "cryomon");
    fputs("</header>\n", out);
    if (kind == PAGE_REPLY)
        write_reply(out, reply);
    else
        write_other(out, kind);
    fputs("</main>\n</body>\n</html>\n", out);
}

char *page_make(enum page_kind kind, const struct link_config *config, const struct link_reply *reply,
                const char *nonce)
{
    char *html = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&html, &len);

    if (out == NULL)
        return NULL;
    write_page(out, kind, config, reply, nonce);
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        free(html);
        return NULL;
    }
    return html;
}

unsigned page_status(enum page_kind kind)
{
    switch (kind) {
    case PAGE_REPLY:
        return 200;
    case PAGE_EXPIRED:
        return 410;
    case PAGE_INVALID:
    case PAGE_NOT_FOUND:
        return 404;
    case PAGE_TOO_MANY:
        return 429;
    case PAGE_UNKNOWN:
    case PAGE_BUSY:
        return 503;
    case PAGE_REFUSED:
        break;
    }
    return 405;
}
