#include <string.h>

#include <sodium.h>

#include "client.h"
#include "cryoctl.h"
#include "review.h"
#include "stored.h"
#include "table.h"
#include "when.h"

struct listing {
    const struct ctl *ctl;
    struct history_reader *reader;
    uint64_t changed;
    int error;
};

/* Is what was reviewed still the same? */
static bool compare(struct listing *l, const struct review *r, bool *ret_same)
{
    struct review_cover now;
    l->error = review_bind(l->reader, r->from_utc_us, r->to_utc_us, r->asset, &r->cover, &now);
    if (l->error < 0)
        return false;
    *ret_same = memcmp(now.sha256, r->cover.sha256, sizeof now.sha256) == 0;
    l->changed += !*ret_same;
    return true;
}

static void set_time(json_t *object, const char *key, int64_t utc_us)
{
    char text[RFC3339_MAX];
    clock_print_utc(text, utc_us);
    json_object_set_new(object, key, json_string(text));
}

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text[0] != '\0')
        json_object_set_new(object, key, json_string(text));
}

static void print_json(const struct listing *l, const struct review *r, bool same)
{
    char hash[2 * CHAIN_HASH_SIZE + 1];
    sodium_bin2hex(hash, sizeof hash, r->cover.sha256, CHAIN_HASH_SIZE);
    json_t *line =
        json_pack("{s:I, s:s, s:s, s:s, s:I, s:I, s:s}", "seq", (json_int_t)r->seq, "by", r->by, "name",
                  r->name, "meaning", r->meaning, "events", (json_int_t)r->cover.events.count, "seals",
                  (json_int_t)r->cover.seals.count, "sha256", hash);
    set_time(line, "time", r->utc_us);
    set_time(line, "from", r->from_utc_us);
    set_time(line, "to", r->to_utc_us);
    set_text(line, "asset", r->asset);
    set_text(line, "comment", r->comment);
    if (l->ctl->check)
        json_object_set_new(line, "same", json_boolean(same));
    json_dumpf(line, stdout, CTL_JSON);
    putchar('\n');
    json_decref(line);
}

static bool print_review(void *context, const struct review *r)
{
    struct listing *l = context;
    const struct ctl *ctl = l->ctl;
    char at[WHEN_MAX], from[WHEN_MAX], to[WHEN_MAX], line[2048];
    bool same = true;
    if (ctl->check && !compare(l, r, &same))
        return false;
    if (ctl->json) {
        print_json(l, r, same);
        return !ferror(stdout);
    }
    snprintf(line, sizeof line,
             tr(ctl, "%s  %s (%s)  %s to %s  %s  %s%s%s%s%s", "%s  %s（%s）  %s 至 %s  %s  %s%s%s%s%s"),
             when_print(ctl, at, r->utc_us, false), r->name, r->by,
             when_print(ctl, from, r->from_utc_us, false), when_print(ctl, to, r->to_utc_us, false),
             r->asset[0] != '\0' ? r->asset : tr(ctl, "everything", "全部设备"), r->meaning,
             r->comment[0] != '\0' ? ": " : "", r->comment, ctl->check ? "  " : "",
             !ctl->check ? ""
             : same      ? tr(ctl, "unchanged", "未改变")
                    : tr(ctl, "CHANGED SINCE: see cryoctl verify", "审核后已被改动：见 cryoctl verify"));
    table_line(stdout, ctl->colour, same ? TABLE_PLAIN : TABLE_URGENT, 0, line);
    return !ferror(stdout);
}

static int print_until(const struct ctl *ctl, struct history_reader *reader)
{
    char when[WHEN_MAX];
    int64_t until_us = 0;
    int error = review_until(reader, 0, 0, &until_us);
    if (error < 0)
        return stored_complain(ctl, error);
    if (!ctl->json && until_us != 0)
        printf(tr(ctl, "There is no hole in what was reviewed before %s.\n", "%s 之前的记录已全部审核。\n"),
               when_print(ctl, when, until_us, false));
    return CTL_OK;
}

int verb_reviews(struct ctl *ctl, int argc, char **argv)
{
    struct listing listing = {.ctl = ctl};
    uint64_t odd = 0;
    (void)argc;
    (void)argv;
    int result = stored_open(ctl, &listing.reader);
    if (result != CTL_OK)
        return result;
    int64_t n = review_each(listing.reader, print_review, &listing, &odd);
    if (n < 0 || listing.error < 0)
        result = stored_complain(ctl, listing.error < 0 ? listing.error : (int)n);
    else if (n > 0)
        result = print_until(ctl, listing.reader);
    else if (!ctl->json)
        puts(tr(ctl, "Nothing was reviewed yet.", "尚无审核记录。"));
    if (odd > 0)
        ctl_complain(tr(ctl, "%llu reviews can't be understood: see cryoctl verify",
                        "有 %llu 条审核记录无法解读：见 cryoctl verify"),
                     (unsigned long long)odd);
    history_close(listing.reader);
    return result == CTL_OK && (odd > 0 || listing.changed > 0) ? CTL_NEGATIVE : result;
}
