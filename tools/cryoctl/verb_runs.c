#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "places.h"
#include "program.h"
#include "run_find.h"
#include "stored.h"
#include "table.h"
#include "when.h"

struct found {
    struct freezer_record *records;
    size_t n;
    bool no_memory;
};

static bool keep(void *context, const struct freezer_record *record, const struct program *program)
{
    struct found *found = context;
    struct freezer_record *grown = reallocarray(found->records, found->n + 1, sizeof *grown);

    (void)program;
    found->no_memory = grown == NULL;
    if (grown == NULL)
        return false;
    found->records = grown;
    grown[found->n++] = *record;
    return true;
}

/* ---------------------------------------------------------------- words */

static const char *verdict_words(const struct ctl *ctl, enum freezer_verdict_kind kind)
{
    switch (kind) {
    case FREEZER_WITHIN_LIMITS:
        return tr(ctl, "within limits", "符合限值");
    case FREEZER_OUTSIDE_LIMITS:
        return tr(ctl, "OUTSIDE LIMITS", "超出限值");
    default:
        return tr(ctl, "not known", "未知");
    }
}

static const char *verdict_name(enum freezer_verdict_kind kind)
{
    return kind == FREEZER_WITHIN_LIMITS ? "within" : kind == FREEZER_OUTSIDE_LIMITS ? "outside" : "unknown";
}

static const char *end_words(const struct ctl *ctl, enum freezer_end how)
{
    switch (how) {
    case FREEZER_END_COMPLETE:
        return tr(ctl, "complete", "完成");
    case FREEZER_END_STOPPED:
        return tr(ctl, "stopped", "中止");
    case FREEZER_END_LOST:
        return tr(ctl, "lost: how it ended is not known", "数据中断：如何结束未知");
    default:
        return tr(ctl, "running", "进行中");
    }
}

/* In which form a reason's value and limit are. */
enum form { FORM_NONE, FORM_DEGREES, FORM_PER_HOUR, FORM_TIME };

static const struct {
    enum freezer_why why;
    enum form form;
    const char *en, *zh;
} words[] = {
    {FREEZER_WHY_NOT_COMPLETE, FORM_NONE, "the program did not come to its end", "程序未完成"},
    {FREEZER_WHY_DEVIATION, FORM_DEGREES, "off the program", "偏离程序"},
    {FREEZER_WHY_RMS, FORM_DEGREES, "deviation, root mean square", "均方根偏差"},
    {FREEZER_WHY_OUTSIDE, FORM_TIME, "outside the tolerances", "超出容差的时间"},
    {FREEZER_WHY_RATE, FORM_PER_HOUR, "rate", "降温速率"},
    {FREEZER_WHY_OVERSHOOT, FORM_DEGREES, "overshoot", "过冲"},
    {FREEZER_WHY_SETPOINT, FORM_DEGREES, "the controller's setpoint is not the program's",
     "控制器设定值与程序不符"},
    {FREEZER_WHY_GAP, FORM_TIME, "data missing", "数据缺失"},
    {FREEZER_WHY_NO_EXOTHERM, FORM_NONE, "no exotherm", "无放热峰"},
    {FREEZER_WHY_ONSET, FORM_DEGREES, "onset of ice", "结冰起始温度"},
    {FREEZER_WHY_SUPERCOOLING, FORM_DEGREES, "supercooling", "过冷度"},
    {FREEZER_WHY_PLATEAU, FORM_TIME, "plateau", "平台时间"},
    {FREEZER_WHY_ZERO_TO_40, FORM_TIME, "from 0 to -40 °C", "0 至 -40 °C 用时"},
    {FREEZER_WHY_END, FORM_DEGREES, "temperature at the end", "结束温度"},
    {FREEZER_WHY_LID, FORM_TIME, "lid open", "开盖"},
    {FREEZER_WHY_POWER, FORM_TIME, "power off", "断电"},
    {FREEZER_WHY_NO_PROGRAM, FORM_NONE, "no program is given: nothing to judge by", "未指定程序，无法判定"},
    {FREEZER_WHY_NO_LIMITS, FORM_NONE, "the program has no limits", "程序没有限值"},
    {FREEZER_WHY_BEGIN_UNKNOWN, FORM_NONE, "its begin was not seen", "未见到开始"},
    {FREEZER_WHY_END_UNKNOWN, FORM_NONE, "its end was not seen", "未见到结束"},
    {FREEZER_WHY_NOT_MEASURED, FORM_NONE, "not measured, or not throughout", "未测量或测量不完整"},
    {FREEZER_WHY_UNCERTAIN, FORM_TIME, "the device itself doubted its readings", "装置自身认为读数可疑"},
    {FREEZER_WHY_ICE_UNKNOWN, FORM_NONE, "whether and where ice began is not known", "是否及何时结冰未知"},
};
#define N_WORDS (sizeof words / sizeof *words)

static void number(const struct ctl *ctl, enum form form, int64_t value, char text[WHEN_MAX])
{
    char digits[MICRO_TEXT_MAX];

    if (form == FORM_TIME) {
        when_print_duration(ctl, text, value);
        return;
    }
    micro_print(digits, sizeof digits, micro_round(form == FORM_PER_HOUR ? value / 60 : value, 2), 2);
    (void)snprintf(text, WHEN_MAX, "%s %s", digits, form == FORM_PER_HOUR ? "°C/min" : "°C");
}

static const char *text_of(const struct ctl *ctl, enum freezer_why why, enum form *ret)
{
    for (size_t i = 0; i < N_WORDS; i++) {
        if (words[i].why == why) {
            *ret = words[i].form;
            return tr(ctl, words[i].en, words[i].zh);
        }
    }
    *ret = FORM_NONE;
    return freezer_record_why_name(why);
}

/* "step 2: rate -1.50 °C/min (wanted -1.00 °C/min)" */
static void describe(const struct ctl *ctl, const struct freezer_reason *r, char *text, size_t cap)
{
    char step[32] = "", value[WHEN_MAX], limit[WHEN_MAX];
    enum form form, ignored;
    const char *what = text_of(ctl, r->why, &form);

    if (r->step >= 0)
        (void)snprintf(step, sizeof step, tr(ctl, "step %d: ", "第 %d 步："), r->step + 1);
    if (r->why == FREEZER_WHY_NOT_MEASURED && r->about != FREEZER_WHY_NONE) {
        (void)snprintf(text, cap, "%s%s: %s", step, text_of(ctl, r->about, &ignored), what);
        return;
    }
    if (form == FORM_NONE || r->value == FREEZER_NONE) {
        (void)snprintf(text, cap, "%s%s", step, what);
        return;
    }
    number(ctl, form, r->value, value);
    if (r->limit == FREEZER_NONE) {
        (void)snprintf(text, cap, "%s%s %s", step, what, value);
        return;
    }
    number(ctl, form, r->limit, limit);
    if (r->why == FREEZER_WHY_RATE || r->why == FREEZER_WHY_SETPOINT)
        (void)snprintf(text, cap, tr(ctl, "%s%s %s (wanted %s)", "%s%s %s（应为 %s）"), step, what, value,
                       limit);
    else
        (void)snprintf(text, cap, tr(ctl, "%s%s %s (limit %s)", "%s%s %s（限值 %s）"), step, what, value,
                       limit);
}

/* What may become of the samples of a run that was broken off, by the temperature they had then. */
static enum freezer_guidance guidance_of(const struct freezer_record *r, const struct program *program)
{
    if (r->how == FREEZER_END_COMPLETE || r->how == FREEZER_END_NONE)
        return FREEZER_GUIDANCE_NONE;
    return freezer_record_guidance(r, program != NULL ? &program->steps : NULL, r->end.boot_us,
                                   r->ice.gap_us);
}

static const char *guidance_words(const struct ctl *ctl, enum freezer_guidance guidance)
{
    switch (guidance) {
    case FREEZER_GUIDANCE_MINUS80:
        return tr(ctl,
                  "broken off warmer than -40 °C: into a -80 °C freezer, not into LN2 vapour (cord blood)",
                  "中止时高于 -40 °C：可转入 -80 °C 冰箱，不可转入气相液氮（脐带血）");
    case FREEZER_GUIDANCE_EITHER:
        return tr(ctl, "broken off at -40 °C or colder: into a -80 °C freezer or LN2 vapour (cord blood)",
                  "中止时不高于 -40 °C：可转入 -80 °C 冰箱或气相液氮（脐带血）");
    case FREEZER_GUIDANCE_UNKNOWN:
        return tr(ctl,
                  "broken off, the samples' temperature is not known: only a -80 °C freezer is right at any "
                  "(cord blood)",
                  "中止时样品温度未知：仅 -80 °C 冰箱在任何温度下适用（脐带血）");
    default:
        return NULL;
    }
}

static const char *guidance_name(enum freezer_guidance guidance)
{
    static const char *const all[] = {"none", "minus-80", "unknown", "minus-80-or-ln2-vapour"};

    return all[guidance];
}

/* ---------------------------------------------------------------- JSON */

static void json_known(struct json_text *j, const char *key, int64_t value, unsigned decimals)
{
    if (value == FREEZER_NONE)
        json_text_null(j, key);
    else
        json_text_micro(j, key, value, decimals);
}

static void json_ice(struct json_text *j, const struct freezer_record *r)
{
    const struct freezer_ice *ice = &r->ice;
    const bool seen = ice->state != ICE_NOT_SEEN;

    json_text_object(j, "ice");
    json_text_bool(j, "seen", seen);
    json_text_bool(j, "uncertain", ice->uncertain || ice->gap);
    json_text_bool(j, "may_be_hidden", !seen && (!r->has_sample || r->ice_hidden || ice->flat));
    if (seen)
        json_text_time(j, "onset_time", ice->onset_us + r->begin.utc_us - r->begin.boot_us);
    json_known(j, "onset", ice->onset, 2);
    json_known(j, "supercooling", freezer_ice_supercooling(ice), 2);
    json_known(j, "peak", seen ? ice->peak : FREEZER_NONE, 2);
    json_known(j, "plateau_seconds", ice->plateau_us, 1);
    json_text_end(j);
}

static void json_steps(struct json_text *j, const struct freezer_record *r, const struct freezer_program *p)
{
    micro_t value;

    json_text_array(j, "steps");
    for (unsigned i = 0; p != NULL && i < r->n_steps; i++) {
        const struct freezer_conduct *c = &r->steps[i];
        json_text_object(j, NULL);
        json_text_string(j, "kind", freezer_program_kind_name(p->steps[i].kind));
        json_text_bool(j, "reached", c->entered);
        json_text_micro(j, "seconds", c->entered ? c->end_us - c->begin_us : 0, 1);
        json_text_micro(j, "covered_seconds", c->covered_us, 1);
        json_text_micro(j, "outside_seconds", c->outside_us, 1);
        json_known(j, "warmer", c->warm, 2);
        json_known(j, "colder", c->cold, 2);
        json_known(j, "rms", freezer_record_rms(r, (int)i, &value) ? value : FREEZER_NONE, 3);
        json_known(j, "per_minute", freezer_record_rate(r, i, &value) ? value / 60 : FREEZER_NONE, 3);
        json_known(j, "overshoot", c->overshoot, 2);
        json_text_end(j);
    }
    json_text_end(j);
}

static void json_verdict(const struct ctl *ctl, struct json_text *j, const struct freezer_verdict *v)
{
    char text[256];

    json_text_string(j, "verdict", verdict_name(v->kind));
    json_text_array(j, "reasons");
    for (unsigned i = 0; i < v->n && i < FREEZER_REASONS_MAX; i++) {
        const struct freezer_reason *r = &v->reasons[i];
        json_text_object(j, NULL);
        json_text_string(j, "why", freezer_record_why_name(r->why));
        if (r->about != FREEZER_WHY_NONE)
            json_text_string(j, "about", freezer_record_why_name(r->about));
        if (r->step >= 0)
            json_text_integer(j, "step", r->step + 1);
        describe(ctl, r, text, sizeof text);
        json_text_string(j, "text", text);
        json_text_end(j);
    }
    json_text_end(j);
}

static void json_run(const struct ctl *ctl, const struct freezer_record *r, const struct program *program,
                     bool first)
{
    char text[24576];
    struct freezer_verdict v;
    struct json_text j;
    int64_t way_us, within_us;

    freezer_record_judge(r, program != NULL ? &program->steps : NULL, &v);
    json_text_begin(&j, text, sizeof text);
    json_text_object(&j, NULL);
    json_text_time(&j, "begin", r->begin.utc_us);
    json_text_time(&j, "end", r->end.utc_us);
    json_text_string(&j, "how", freezer_record_end_name(r->how));
    json_text_string(&j, "recognised_by", r->by_status ? "status" : "temperature");
    json_text_bool(&j, "begin_known", r->begin_known);
    json_known(&j, "last_sample", r->last_sample, 2);
    json_known(&j, "last_chamber", r->last_chamber, 2);
    json_text_integer(&j, "gaps", r->n_gaps);
    json_text_micro(&j, "longest_gap_seconds", r->longest_gap_us, 1);
    json_known(&j, "zero_to_minus_40_seconds",
               freezer_record_zero_to_40(r, &way_us, &within_us) ? way_us : FREEZER_NONE, 1);
    json_ice(&j, r);
    json_steps(&j, r, program != NULL ? &program->steps : NULL);
    json_verdict(ctl, &j, &v);
    json_text_string(&j, "guidance", guidance_name(guidance_of(r, program)));
    json_text_end(&j);
    printf("%s%s", first ? "" : ",", json_text_finish(&j) > 0 ? text : "{}");
}

static void print_json(const struct ctl *ctl, const char *asset, const struct found *found,
                       const struct program *program)
{
    char text[1024];
    struct json_text j;

    json_text_begin(&j, text, sizeof text);
    json_text_object(&j, NULL);
    json_text_string(&j, "cryomon", "runs 1");
    json_text_string(&j, "asset", asset);
    if (program != NULL) {
        json_text_string(&j, "program", program->id);
        json_text_string(&j, "program_status", program_status_name(program->status));
        json_text_string(&j, "program_sha256", program->hash);
    }
    json_text_end(&j);
    const int len = json_text_finish(&j);
    printf("%.*s,\"runs\":[", len > 0 ? len - 1 : 0, text);
    for (size_t i = 0; i < found->n; i++)
        json_run(ctl, &found->records[i], program, i == 0);
    fputs("]}\n", stdout);
}

/* ---------------------------------------------------------------- the table */

static void degrees_cell(const struct ctl *ctl, struct table *t, unsigned column, micro_t value,
                         bool uncertain)
{
    char text[WHEN_MAX], shown[WHEN_MAX + 4];

    if (value == FREEZER_NONE) {
        table_cell(t, column, TABLE_PLAIN, "--");
        return;
    }
    number(ctl, FORM_DEGREES, value, text);
    (void)snprintf(shown, sizeof shown, "%s%s", text, uncertain ? " ?" : "");
    table_cell(t, column, TABLE_PLAIN, shown);
}

static micro_t most_off(const struct freezer_record *r)
{
    micro_t most = FREEZER_NONE;

    for (unsigned i = 0; i < FREEZER_STEPS_MAX; i++) {
        const struct freezer_conduct *c = &r->steps[i];
        if (c->warm == FREEZER_NONE)
            continue;
        const micro_t here = c->warm > -c->cold ? c->warm : -c->cold;
        most = here > most ? here : most;
    }
    return most;
}

static void add_run(const struct ctl *ctl, struct table *t, const struct freezer_record *r,
                    const struct program *program)
{
    char text[WHEN_MAX], notes[4096] = "";
    struct freezer_verdict v;
    size_t used = 0;

    freezer_record_judge(r, program != NULL ? &program->steps : NULL, &v);
    table_row(t);
    table_cell(t, 0, TABLE_PLAIN, when_print(ctl, text, r->begin.utc_us, false));
    table_cell(t, 1, TABLE_PLAIN, when_print_duration(ctl, text, r->end.utc_us - r->begin.utc_us));
    table_cell(t, 2, r->how == FREEZER_END_COMPLETE ? TABLE_PLAIN : TABLE_WARNING, end_words(ctl, r->how));
    degrees_cell(ctl, t, 3, r->ice.onset, r->ice.uncertain);
    degrees_cell(ctl, t, 4, freezer_ice_supercooling(&r->ice), r->ice.uncertain || r->ice.gap);
    degrees_cell(ctl, t, 5, most_off(r), false);
    table_cell(t, 6, r->n_gaps > 0 ? TABLE_WARNING : TABLE_PLAIN,
               r->n_gaps > 0 ? when_print_duration(ctl, text, r->gaps_us) : "0 s");
    degrees_cell(ctl, t, 7, r->has_sample ? r->last_sample : r->last_chamber, false);
    table_cell(t, 8,
               v.kind == FREEZER_OUTSIDE_LIMITS  ? TABLE_URGENT
               : v.kind == FREEZER_WITHIN_LIMITS ? TABLE_PLAIN
                                                 : TABLE_WARNING,
               verdict_words(ctl, v.kind));
    for (unsigned i = 0; i < v.n && i < FREEZER_REASONS_MAX && used + 300 < sizeof notes; i++) {
        char reason[256];
        describe(ctl, &v.reasons[i], reason, sizeof reason);
        used += (size_t)snprintf(notes + used, sizeof notes - used, "%s%s", i > 0 ? "; " : "  ", reason);
    }
    const char *guidance = guidance_words(ctl, guidance_of(r, program));
    if (guidance != NULL)
        used += (size_t)snprintf(notes + used, sizeof notes - used, "%s%s", used > 0 ? "; " : "  ", guidance);
    if (used > 0)
        table_note(t, notes);
}

static int print_table(const struct ctl *ctl, const struct found *found, const struct program *program)
{
    const struct table_column columns[] = {
        {tr(ctl, "BEGIN", "开始"), false},      {tr(ctl, "TOOK", "用时"), true},
        {tr(ctl, "END", "结束"), false},        {tr(ctl, "ICE AT", "结冰"), true},
        {tr(ctl, "SUPERCOOLED", "过冷"), true}, {tr(ctl, "MOST OFF", "最大偏差"), true},
        {tr(ctl, "GAPS", "缺失"), true},        {tr(ctl, "LAST", "最后温度"), true},
        {tr(ctl, "VERDICT", "判定"), false}};
    struct table table;

    table_init(&table, columns, 9);
    for (size_t i = 0; i < found->n; i++)
        add_run(ctl, &table, &found->records[i], program);
    const bool failed = table.failed;
    if (!failed)
        table_print(&table, stdout, ctl->colour, 0, SIZE_MAX);
    table_free(&table);
    if (program != NULL && program->status == PROGRAM_EXAMPLE)
        table_line(stdout, ctl->colour, TABLE_WARNING, ctl->columns,
                   tr(ctl, "The program is an example that nobody has validated: its verdicts are none.",
                      "该程序是未经验证的示例：其判定无效。"));
    return failed ? CTL_NEGATIVE : CTL_OK;
}

/* ---------------------------------------------------------------- the verb */

/* False: complained. */
static bool load_program(const struct ctl *ctl, struct program **ret)
{
    struct problems problems = {.n = 0}, warnings = {.n = 0};
    bool ok = true;

    *ret = NULL;
    if (ctl->program != NULL && program_load(ctl->program, ctl->program, &problems, &warnings, ret) < 0) {
        problems_print(&problems, stderr);
        ok = false;
    }
    problems_free(&problems);
    problems_free(&warnings);
    return ok;
}

static int show(const struct ctl *ctl, const char *asset, const struct found *found,
                const struct program *program)
{
    if (ctl->json) {
        print_json(ctl, asset, found, program);
        return CTL_OK;
    }
    if (found->n == 0) {
        puts(tr(ctl, "no runs there", "该时段没有冷冻程序运行"));
        return CTL_OK;
    }
    return print_table(ctl, found, program);
}

int verb_runs(struct ctl *ctl, int argc, char **argv)
{
    struct history_reader *reader;
    struct program *program;
    struct found found = {NULL, 0, false};
    struct runs_from from;
    int64_t from_us, to_us;

    (void)argc;
    if (!when_range(ctl, INT64_C(7) * 86400 * SECOND_US, &from_us, &to_us))
        return CTL_USAGE;
    if (!load_program(ctl, &program))
        return CTL_NEGATIVE;
    int result = stored_open(ctl, &reader);
    if (result != CTL_OK) {
        program_free(program);
        return result;
    }
    struct config *config = places_config(ctl);
    struct run_book book = {.n = 0};
    struct run_shelf shelf;
    struct run_find find;
    run_shelf_init(&shelf, reader, config);
    int error = run_book_read(reader, argv[0], &book);
    if (error == 0)
        error = run_find_begin(&find, reader, argv[0], &book, &shelf, run_shelf_config(&shelf, to_us, NULL),
                               program);
    if (error == 0)
        error = run_find_all(&find, from_us, to_us, keep, &found, &from);
    if (error == 0 && found.no_memory)
        error = -ENOMEM;
    if (error == -ENOENT)
        result = stored_no_point(ctl, reader, argv[0], "chamber");
    else if (error < 0)
        result = stored_complain(ctl, error);
    else
        result = show(ctl, argv[0], &found, program);
    if (error == 0 && from.left_out > 0)
        ctl_complain(tr(ctl, "%" PRIu64 " readings left out: the clock was set back",
                        "忽略 %" PRIu64 " 个读数：时钟曾被回拨"),
                     from.left_out);
    stored_tell_damage(ctl, reader);
    free(found.records);
    run_book_free(&book);
    run_shelf_free(&shelf);
    config_unref(config);
    history_close(reader);
    program_free(program);
    return result;
}
