/* verb_run_show.c - one run of a freezer, all that the record knows of it: or a screen of it, for a batch
 * record. */
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "client.h"
#include "run_json.h"
#include "run_program.h"
#include "run_steps.h"
#include "run_words.h"
#include "stored.h"
#include "width.h"
#include "words.h"

#define LABEL_WIDTH   14
#define SHORT_COLUMNS 80 /* of a batch record */

/* 0: no limit. */
static int columns_of(const struct ctl *ctl)
{
    if (ctl->short_form && (ctl->columns == 0 || ctl->columns > SHORT_COLUMNS))
        return SHORT_COLUMNS;
    return ctl->columns;
}

/* A line "label   text", the text in a style; broken between words where the terminal ends. */
static void line(const struct ctl *ctl, const char *label, enum table_style style, const char *text)
{
    const unsigned used = width_text(label);
    const int columns = columns_of(ctl);
    const unsigned room = columns > LABEL_WIDTH + 20 ? (unsigned)columns - LABEL_WIDTH : UINT_MAX;
    char part[RUN_WORDS_MAX];

    printf("%s%*s", label, used < LABEL_WIDTH ? (int)(LABEL_WIDTH - used) : 1, "");
    while (width_text(text) > room) {
        size_t best = 0;
        for (size_t i = 0; text[i] != '\0' && i + 1 < sizeof part; i++) {
            part[i] = text[i];
            part[i + 1] = '\0';
            if (text[i + 1] == ' ' && width_text(part) <= room)
                best = i + 1;
        }
        if (best == 0)
            break; /* no blank in it: the terminal breaks it */
        part[best] = '\0';
        table_line(stdout, ctl->colour, style, 0, part);
        printf("%*s", LABEL_WIDTH, "");
        text += best + 1;
    }
    table_line(stdout, ctl->colour, style, 0, text);
}

/* ", not known before TIME" of a run that went on already when it was first seen; else "". */
static const char *before_words(const struct ctl *ctl, const struct run_file *run, char *text, size_t cap)
{
    const struct freezer_record *r = &run->record;
    char time[WHEN_MAX];

    text[0] = '\0';
    if (!r->begin_known)
        (void)snprintf(text, cap, tr(ctl, ", not known before %s", "，%s 之前未知"),
                       when_print(ctl, time, r->begin.utc_us, false));
    return text;
}

/* ---------------------------------------------------------------- the head */

static void program_line(const struct ctl *ctl, const struct run_file *run)
{
    char text[RUN_WORDS_MAX];
    const struct program *p = run->program;

    switch (run->program_from) {
    case RUN_PROGRAM_NONE:
        line(ctl, tr(ctl, "Program", "程序"), TABLE_WARNING,
             tr(ctl, "not known: nothing to judge by", "未知：无从判定"));
        return;
    case RUN_PROGRAM_TEXT_GONE:
        (void)snprintf(text, sizeof text,
                       tr(ctl, "%s, SHA-256 %.12s: its text is not in the record",
                          "%s，SHA-256 %.12s：记录中没有其内容"),
                       run->entry->program, run->entry->program_sha256);
        line(ctl, tr(ctl, "Program", "程序"), TABLE_WARNING, text);
        return;
    default:
        line(ctl, tr(ctl, "Program", "程序"), TABLE_PLAIN, bilingual_get(&p->name, ctl->language, p->id));
        (void)snprintf(text, sizeof text, "%s, SHA-256 %.12s%s", p->id, p->hash,
                       run->program_from == RUN_PROGRAM_GIVEN
                           ? tr(ctl, ", given now with --program", "，由 --program 指定")
                       : run->program_from == RUN_PROGRAM_CONFIGURED
                           ? tr(ctl, ", as configured for the freezer", "，按该设备的配置")
                           : "");
        line(ctl, "", TABLE_PLAIN, text);
        if (p->status == PROGRAM_EXAMPLE)
            line(ctl, "", TABLE_WARNING,
                 tr(ctl, "an example that nobody has validated: its verdict is none",
                    "未经验证的示例：其判定无效"));
    }
}

static void people_lines(const struct ctl *ctl, const struct run_file *run)
{
    const struct run_entry *e = run->entry;
    const char *not_told = tr(ctl, "not told", "未登记");
    char text[RUN_WORDS_MAX];
    const bool has_operator = e != NULL && e->operator_name[0] != '\0';

    line(ctl, tr(ctl, "Operator", "操作人"), has_operator ? TABLE_PLAIN : TABLE_WARNING,
         has_operator ? e->operator_name : not_told);
    run_words_lots(e, text, sizeof text);
    line(ctl, tr(ctl, "Lots", "批号"), text[0] != '\0' ? TABLE_PLAIN : TABLE_WARNING,
         text[0] != '\0' ? text : not_told);
}

static void reason_lines(const struct ctl *ctl, const struct run_file *run)
{
    const struct freezer_verdict *v = &run->verdict;
    const struct run_entry *e = run->entry;
    char text[RUN_WORDS_MAX];

    line(ctl, tr(ctl, "Verdict", "判定"), run_words_verdict_style(v->kind), run_words_verdict(ctl, v->kind));
    for (unsigned i = 0; i < v->n && i < FREEZER_REASONS_MAX; i++)
        line(ctl, "", TABLE_PLAIN, run_words_reason(ctl, &v->reasons[i], text, sizeof text));
    if (v->n > FREEZER_REASONS_MAX) {
        (void)snprintf(text, sizeof text, tr(ctl, "and %u more", "另有 %u 项"), v->n - FREEZER_REASONS_MAX);
        line(ctl, "", TABLE_PLAIN, text);
    }
    if (e != NULL && e->verdict[0] != '\0' && run->program_from == RUN_PROGRAM_EVENT &&
        strcmp(e->verdict, run_words_verdict_name(v->kind)) != 0) {
        (void)snprintf(
            text, sizeof text,
            tr(ctl, "the daemon's verdict when it ended was another: %s", "结束时守护进程的判定与此不同：%s"),
            e->verdict);
        line(ctl, "", TABLE_WARNING, text);
    }
}

static void verdict_lines(const struct ctl *ctl, const struct run_file *run)
{
    const struct run_entry *e = run->entry;
    char text[RUN_WORDS_MAX];

    if (run->record.how == FREEZER_END_NONE)
        line(ctl, tr(ctl, "Verdict", "判定"), TABLE_PLAIN,
             tr(ctl, "not yet: it goes on", "尚未判定：运行仍在进行"));
    else
        reason_lines(ctl, run);
    const enum run_decision decision = e != NULL ? e->decision : RUN_UNDECIDED;
    line(ctl, tr(ctl, "Decision", "决定"),
         decision == RUN_ACCEPTED   ? TABLE_PLAIN
         : decision == RUN_REJECTED ? TABLE_URGENT
                                    : TABLE_WARNING,
         run_words_decision(ctl, e, text, sizeof text));
    if (run->is_broken_off) {
        const char *guidance = run_words_guidance(ctl, run->guidance);
        line(ctl, tr(ctl, "Samples", "样品"), TABLE_URGENT,
             guidance != NULL
                 ? guidance
                 : tr(ctl, "broken off; nothing is known for this program: ask who is responsible",
                      "已中止；该程序没有已知处理办法：请询问负责人"));
    }
}

static void head(const struct ctl *ctl, const struct run_file *run)
{
    const struct freezer_record *r = &run->record;
    char text[RUN_WORDS_MAX], time[WHEN_MAX], span[WHEN_MAX];
    const int asset = run->config != NULL ? config_find_asset(run->config, run->asset) : -1;
    const char *name =
        asset >= 0 ? bilingual_get(&run->config->assets[asset].name, ctl->language, run->asset) : run->asset;

    (void)snprintf(text, sizeof text, tr(ctl, "%s: run %s", "%s：运行 %s"), name, run->id);
    table_line(stdout, ctl->colour, TABLE_HEAD, 0, text);
    putchar('\n');
    (void)snprintf(
        text, sizeof text, "%s%s", when_print(ctl, time, r->begin.utc_us, false),
        r->begin_known ? "" : tr(ctl, ", it ran already when it was first seen", "，首次见到时已在运行"));
    line(ctl, tr(ctl, "Begin", "开始"), r->begin_known ? TABLE_PLAIN : TABLE_WARNING, text);
    (void)snprintf(text, sizeof text, tr(ctl, "%s (%s%s), %s", "%s（%s%s），%s"),
                   when_print(ctl, time, r->end.utc_us, false), r->begin_known ? "" : ">= ",
                   when_print_duration(ctl, span, r->end.utc_us - r->begin.utc_us),
                   run_words_end(ctl, r->how));
    line(ctl, r->how == FREEZER_END_NONE ? tr(ctl, "Seen until", "最近读数") : tr(ctl, "End", "结束"),
         r->how == FREEZER_END_COMPLETE || r->how == FREEZER_END_NONE ? TABLE_PLAIN : TABLE_WARNING, text);
    if (r->clock_us != 0) {
        (void)snprintf(text, sizeof text,
                       tr(ctl, "set by %+.0f s during the run; times are as it went at the begin",
                          "运行期间被调整 %+.0f 秒；时间按开始时的时钟"),
                       (double)r->clock_us / 1e6);
        line(ctl, tr(ctl, "Clock", "时钟"), TABLE_WARNING, text);
    }
    program_line(ctl, run);
    people_lines(ctl, run);
    verdict_lines(ctl, run);
}

/* ---------------------------------------------------------------- ice, and the way down */

/* Where there are several probes: whose it is. */
static void sample_label(const struct ctl *ctl, const struct run_file *run, unsigned sample, const char *what,
                         char *text, size_t cap)
{
    char name[RUN_WORDS_MAX];

    if (run->record.n_samples < 2)
        (void)snprintf(text, cap, "%s", what);
    else
        (void)snprintf(text, cap, tr(ctl, "%s, sample %u (%.60s)", "%s，样品 %u（%.60s）"), what, sample + 1,
                       run_words_sample(ctl, run, sample, name, sizeof name));
}

static void ice_line(const struct ctl *ctl, const struct run_file *run, unsigned sample)
{
    const struct freezer_record *r = &run->record;
    const struct freezer_probe *probe = &r->samples[sample];
    const struct freezer_ice *ice = &probe->ice;
    const bool doubt = ice->uncertain || ice->gap;
    char before[WHEN_MAX + 64];
    char text[RUN_WORDS_MAX], onset[WHEN_MAX], depth[WHEN_MAX], peak[WHEN_MAX], plateau[WHEN_MAX] = "--",
                                                                                time[WHEN_MAX];
    char label[RUN_WORDS_MAX];

    sample_label(ctl, run, sample, tr(ctl, "Ice", "结冰"), label, sizeof label);
    if (!probe->is_read) {
        line(ctl, label, TABLE_WARNING,
             tr(ctl, "not known: the sample was not measured", "未知：未测样品温度"));
        return;
    }
    if (ice->state == ICE_NOT_SEEN) {
        const bool hidden = probe->ice_hidden || ice->flat;
        (void)snprintf(text, sizeof text, "%s%s",
                       hidden ? tr(ctl, "not seen; it may be hidden", "未见；可能被掩盖")
                              : tr(ctl, "not seen", "未见"),
                       before_words(ctl, run, before, sizeof before));
        line(ctl, label, TABLE_WARNING, text);
        return;
    }
    if (ice->plateau_us != FREEZER_NONE)
        when_print_duration(ctl, plateau, ice->plateau_us);
    (void)snprintf(text, sizeof text,
                   tr(ctl, "onset %s at %s, supercooled %s, peak %s, plateau %s%s",
                      "起始 %s（%s），过冷 %s，峰值 %s，平台 %s%s"),
                   run_words_degrees(onset, ice->onset),
                   when_print(ctl, time, ice->onset_us + r->begin.utc_us - r->begin.boot_us, false),
                   run_words_degrees(depth, freezer_ice_supercooling(ice)),
                   run_words_degrees(peak, ice->peak), plateau,
                   doubt ? tr(ctl, " (uncertain)", "（不确定）") : "");
    line(ctl, label, doubt ? TABLE_WARNING : TABLE_PLAIN, text);
}

static void way_line(const struct ctl *ctl, const struct run_file *run)
{
    int64_t way_us, within_us;
    char text[RUN_WORDS_MAX], way[WHEN_MAX], within[WHEN_MAX];
    const char *label = tr(ctl, "0 to -40 °C", "0 至 -40 °C");

    if (!freezer_record_zero_to_40(&run->record, &way_us, &within_us)) {
        line(ctl, label, TABLE_WARNING,
             tr(ctl, "not known: the sample was not seen on all of the way", "未知：未全程测到样品"));
        return;
    }
    (void)snprintf(text, sizeof text, tr(ctl, "%s (within %s)", "%s（误差 %s 以内）"),
                   when_print_duration(ctl, way, way_us), when_print_duration(ctl, within, within_us));
    line(ctl, label, TABLE_PLAIN, text);
}

static void end_line(const struct ctl *ctl, const struct run_file *run)
{
    const struct freezer_record *r = &run->record;
    char text[RUN_WORDS_MAX] = "", sample[WHEN_MAX], chamber[WHEN_MAX];
    size_t len = 0;

    for (unsigned k = 0; k < r->n_samples && r->n_samples > 1; k++)
        len += (size_t)snprintf(text + len, sizeof text - len, tr(ctl, "sample %u %s, ", "样品 %u %s，"),
                                k + 1, run_words_degrees(sample, r->samples[k].last));
    if (r->n_samples < 2)
        len += (size_t)snprintf(text, sizeof text, tr(ctl, "sample %s, ", "样品 %s，"),
                                run_words_degrees(sample, freezer_record_last_sample(r)));
    (void)snprintf(text + len, sizeof text - len, tr(ctl, "chamber %s", "腔体 %s"),
                   run_words_degrees(chamber, r->last_chamber));
    line(ctl,
         run->record.how == FREEZER_END_NONE ? tr(ctl, "Latest", "最近温度")
                                             : tr(ctl, "At the end", "结束时"),
         TABLE_PLAIN, text);
}

/* ---------------------------------------------------------------- what happened */

static void lapse_lines(const struct ctl *ctl, const struct run_file *run, enum run_lapse_kind kind,
                        bool is_measured, bool short_form)
{
    static const char *const labels[][2] = {{"Data missing", "数据缺失"},
                                            {"Lid open", "开盖"},
                                            {"Power off", "断电"},
                                            {"Nitrogen low", "液氮不足"}};
    static const enum freezer_input inputs[] = {FREEZER_INPUT_CHAMBER, FREEZER_INPUT_LID, FREEZER_INPUT_POWER,
                                                FREEZER_INPUT_LN2};
    char text[RUN_WORDS_MAX], span[WHEN_MAX], from[WHEN_MAX], before[WHEN_MAX + 64];
    int64_t sum_us = 0;
    size_t n = 0;
    const char *label = tr(ctl, labels[kind][0], labels[kind][1]);

    for (size_t i = 0; i < run->n_lapses; i++) {
        n += run->lapses[i].kind == kind;
        sum_us += run->lapses[i].kind == kind ? run->lapses[i].to_us - run->lapses[i].from_us : 0;
    }
    (void)before_words(ctl, run, before, sizeof before);
    if (n == 0 && is_measured && before[0] != '\0') {
        (void)snprintf(text, sizeof text, tr(ctl, "none seen%s", "未见%s"), before);
        line(ctl, label, TABLE_WARNING, text);
        return;
    }
    if (n == 0) {
        line(ctl, label, is_measured ? TABLE_PLAIN : TABLE_WARNING,
             is_measured                                  ? tr(ctl, "never", "无")
             : run->traces[inputs[kind]].point[0] == '\0' ? tr(ctl, "not measured", "未测量")
                                                          : tr(ctl, "not measured throughout", "未全程测量"));
        return;
    }
    (void)snprintf(text, sizeof text,
                   n == 1 ? tr(ctl, "%zu time, %s%s", "%zu 次，%s%s")
                          : tr(ctl, "%zu times, %s in all%s", "%zu 次，共 %s%s"),
                   n, when_print_duration(ctl, span, sum_us), before);
    line(ctl, label, TABLE_WARNING, text);
    for (size_t i = 0; i < run->n_lapses && !short_form; i++) {
        const struct run_lapse *l = &run->lapses[i];
        if (l->kind != kind)
            continue;
        (void)snprintf(text, sizeof text, "%s  %s%s", when_print(ctl, from, l->from_us, false),
                       when_print_duration(ctl, span, l->to_us - l->from_us),
                       l->has_ended ? "" : tr(ctl, ", until the run's end", "，直到运行结束"));
        line(ctl, "", TABLE_PLAIN, text);
    }
}

static void lapses(const struct ctl *ctl, const struct run_file *run, bool short_form)
{
    const struct freezer_record *r = &run->record;

    lapse_lines(ctl, run, RUN_LAPSE_GAP, true, short_form);
    lapse_lines(ctl, run, RUN_LAPSE_LID, r->lid_known, short_form);
    lapse_lines(ctl, run, RUN_LAPSE_POWER, r->power_known, short_form);
    if (run->traces[FREEZER_INPUT_LN2].n > 0)
        lapse_lines(ctl, run, RUN_LAPSE_LN2, true, short_form);
}

static void alarm_lines(const struct ctl *ctl, const struct run_file *run, bool short_form)
{
    char text[RUN_WORDS_MAX], time[WHEN_MAX], before[WHEN_MAX + 64];
    size_t n_raised = 0;

    for (size_t i = 0; i < run->n_alarms; i++)
        n_raised += strcmp(client_text(run->alarms[i].body, "transition"), "raised") == 0;
    (void)snprintf(text, sizeof text, tr(ctl, "%zu raised%s", "报警 %zu 次%s"), n_raised,
                   before_words(ctl, run, before, sizeof before));
    line(ctl, tr(ctl, "Alarms", "报警"), n_raised > 0 || before[0] != '\0' ? TABLE_WARNING : TABLE_PLAIN,
         text);
    for (size_t i = 0; i < run->n_alarms; i++) {
        const struct run_alarm *a = &run->alarms[i];
        const char *transition = client_text(a->body, "transition");
        if (short_form && strcmp(transition, "raised") != 0)
            continue;
        (void)snprintf(text, sizeof text, "%s  %s: %s, %s", when_print(ctl, time, a->utc_us, false), a->alarm,
                       words_transition(ctl, transition),
                       words_priority(ctl, client_text(a->body, "priority")));
        line(ctl, "", TABLE_PLAIN, text);
    }
}

static void note_lines(const struct ctl *ctl, const struct run_file *run)
{
    char text[RUN_WORDS_MAX], time[WHEN_MAX];
    size_t i;
    const json_t *note;

    json_array_foreach(run->entry != NULL ? run->entry->notes : NULL, i, note)
    {
        (void)snprintf(text, sizeof text, "%s  %s: %s", when_print_text(ctl, time, client_text(note, "time")),
                       client_text(note, "who"), client_text(note, "note"));
        line(ctl, i == 0 ? tr(ctl, "Notes", "备注") : "", TABLE_PLAIN, text);
    }
}

static void earlier_lines(const struct ctl *ctl, const struct run_file *run)
{
    char text[RUN_WORDS_MAX], time[WHEN_MAX], rms[WHEN_MAX], most[WHEN_MAX], at[WHEN_MAX];

    if (run->n_earlier == 0)
        line(ctl, tr(ctl, "Earlier runs", "以往运行"), TABLE_PLAIN,
             tr(ctl, "none of this program that was accepted", "该程序尚无已接受的运行"));
    for (size_t i = 0; i < run->n_earlier; i++) {
        const struct run_earlier *e = &run->earlier[i];
        if (e->is_known)
            (void)snprintf(text, sizeof text,
                           tr(ctl, "%s: apart %s rms, at most %s after %s (%u %% compared)",
                              "%s：相差均方根 %s，最大 %s（%s 时）（可比 %u%%）"),
                           when_print(ctl, time, e->begin_us, false), run_words_degrees(rms, e->distance.rms),
                           run_words_degrees(most, e->distance.most),
                           when_print_duration(ctl, at, e->distance.most_at_us), e->distance.per_mille / 10);
        else
            (void)snprintf(text, sizeof text,
                           tr(ctl, "%s: its readings can't be compared", "%s：其读数无法比较"),
                           when_print(ctl, time, e->begin_us, false));
        line(ctl, i == 0 ? tr(ctl, "Earlier runs", "以往运行") : "", TABLE_PLAIN, text);
    }
}

/* What the reader should know of how this was made. */
static void foot(const struct ctl *ctl, const struct run_file *run)
{
    if (!run->config_in_force)
        table_line(
            stdout, ctl->colour, TABLE_WARNING, 0,
            tr(ctl,
               "The record does not have the configuration of that time: points were taken as they are "
               "configured now, or by their names.",
               "记录中没有当时的配置：测点按当前配置或名称识别。"));
    if (run->entry == NULL)
        table_line(stdout, ctl->colour, TABLE_WARNING, 0,
                   tr(ctl, "The record has no event of this run: it was recognised in the readings.",
                      "记录中没有该运行的事件：由读数识别得出。"));
    if (run->left_out > 0)
        printf(tr(ctl, "%" PRIu64 " readings left out: the clock was set back\n",
                  "忽略 %" PRIu64 " 个读数：时钟曾被回拨\n"),
               run->left_out);
}

static void show(const struct ctl *ctl, const struct run_file *run)
{
    head(ctl, run);
    run_steps_print(ctl, run, columns_of(ctl));
    for (unsigned k = 0; k < (run->record.n_samples > 1 ? run->record.n_samples : 1); k++)
        ice_line(ctl, run, k);
    way_line(ctl, run);
    end_line(ctl, run);
    lapses(ctl, run, ctl->short_form);
    alarm_lines(ctl, run, ctl->short_form);
    note_lines(ctl, run);
    if (ctl->short_form) {
        printf(tr(ctl, "\nChecked by: ____________________  Date: ____________\n",
                  "\n复核人：____________________  日期：____________\n"));
        return;
    }
    earlier_lines(ctl, run);
    foot(ctl, run);
}

/* ---------------------------------------------------------------- the verb */

static void print_json(const struct ctl *ctl, const struct run_file *run)
{
    json_t *o = json_pack("{s:s}", "cryomon", "run 1");
    json_t *all = run_json_file(ctl, run);

    (void)json_object_update(o, all);
    json_dumpf(o, stdout, CTL_JSON);
    putchar('\n');
    json_decref(all);
    json_decref(o);
}

int verb_run_show(struct ctl *ctl, int argc, char **argv)
{
    struct history_reader *reader;
    struct program *program;
    struct run_file *run = NULL;

    (void)argc;
    if (!run_program_load(ctl, &program))
        return CTL_NEGATIVE;
    int result = stored_open(ctl, &reader);
    if (result == CTL_OK) {
        result = run_program_open(ctl, reader, program, argv[0], argv[1], &run);
        if (result == CTL_OK && ctl->json)
            print_json(ctl, run);
        else if (result == CTL_OK)
            show(ctl, run);
        stored_tell_damage(ctl, reader);
        run_file_close(run);
        history_close(reader);
    }
    program_free(program);
    return result;
}
