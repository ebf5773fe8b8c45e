/* verb_runs.c - the runs of controlled-rate freezers in a range of time, one line each. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "places.h"
#include "run_find.h"
#include "run_json.h"
#include "run_program.h"
#include "run_words.h"
#include "stored.h"
#include "when.h"

struct item {
    struct freezer_record record;
    const struct program *program;
    const struct run_entry *entry;
};

/* Of one freezer. */
struct list {
    const struct ctl *ctl;
    const char *asset;
    struct run_book book;
    struct run_shelf shelf; /* owns the programs */
    struct item *items;
    size_t n;
    struct runs_from from;
    bool no_memory;
};

static bool keep(void *context, const struct freezer_record *record, const struct program *program)
{
    struct list *list = context;
    struct item *grown = reallocarray(list->items, list->n + 1, sizeof *grown);

    list->no_memory = grown == NULL;
    if (grown == NULL)
        return false;
    list->items = grown;
    grown[list->n++] = (struct item){*record, program, run_book_near(&list->book, record->begin.utc_us)};
    return true;
}

static void list_free(struct list *list)
{
    free(list->items);
    run_book_free(&list->book);
    run_shelf_free(&list->shelf);
}

/* 0, -ENOENT: the asset has no chamber, or -errno. list_free in any case. */
static int look(struct list *list, struct history_reader *reader, const struct program *given,
                int64_t from_us, int64_t to_us)
{
    struct run_find find;
    int r = run_book_read(reader, list->asset, &list->book);

    if (r == 0)
        r = run_find_begin(&find, reader, list->asset, &list->book, &list->shelf,
                           run_shelf_config(&list->shelf, to_us, NULL), given);
    if (r == 0)
        r = run_find_all(&find, from_us, to_us, keep, list, &list->from);
    return r == 0 && list->no_memory ? -ENOMEM : r;
}

/* ---------------------------------------------------------------- the table */

enum {
    COLUMN_BEGIN,
    COLUMN_TOOK,
    COLUMN_END,
    COLUMN_PROGRAM,
    COLUMN_ICE,
    COLUMN_SUPERCOOLED,
    COLUMN_OFF,
    COLUMN_GAPS,
    COLUMN_LAST,
    COLUMN_VERDICT,
    COLUMN_DECISION,
    COLUMN_COUNT
};

static void degrees_cell(struct table *t, unsigned column, micro_t value, bool uncertain)
{
    char text[WHEN_MAX], shown[WHEN_MAX + 4];

    (void)snprintf(shown, sizeof shown, "%s%s", run_words_degrees(text, value),
                   uncertain && value != FREEZER_NONE ? " ?" : "");
    table_cell(t, column, TABLE_PLAIN, shown);
}

/* The most that any step was off the program, to either side. */
static micro_t most_off(const struct freezer_record *r)
{
    micro_t most = FREEZER_NONE;

    for (unsigned i = 0; i < FREEZER_STEPS_MAX; i++) {
        const struct freezer_conduct *c = &r->steps[i];
        if (c->warm == FREEZER_NONE || c->cold == FREEZER_NONE)
            continue;
        const micro_t here = c->warm > -c->cold ? c->warm : -c->cold;
        most = here > most ? here : most;
    }
    return most;
}

static enum freezer_guidance guidance_of(const struct item *item)
{
    const struct freezer_record *r = &item->record;

    if (r->how == FREEZER_END_COMPLETE || r->how == FREEZER_END_NONE)
        return FREEZER_GUIDANCE_NONE;
    return freezer_record_guidance(r, item->program != NULL ? &item->program->steps : NULL, r->end.boot_us,
                                   r->samples[0].ice.gap_us);
}

static void add(char *text, size_t cap, const char *what)
{
    const size_t used = strlen(text);

    if (what != NULL && what[0] != '\0' && used + 1 < cap)
        (void)snprintf(text + used, cap - used, "%s%s", used > 0 ? "; " : "", what);
}

/* The ice of the samples beyond the first, which has its columns. */
static void other_ice(const struct ctl *ctl, const struct freezer_record *r, char *text, size_t cap)
{
    char part[RUN_WORDS_MAX], onset[WHEN_MAX], depth[WHEN_MAX];

    for (unsigned k = 1; k < r->n_samples; k++) {
        const struct freezer_ice *ice = &r->samples[k].ice;
        (void)snprintf(part, sizeof part,
                       tr(ctl, "sample %u: ice at %s, supercooled %s", "样品 %u：结冰 %s，过冷 %s"), k + 1,
                       run_words_degrees(onset, ice->onset),
                       run_words_degrees(depth, freezer_ice_supercooling(ice)));
        add(text, cap, part);
    }
}

/* Its id, who and what, why the verdict. */
static void note(const struct ctl *ctl, const char *asset, const struct item *item,
                 const struct freezer_verdict *v, char *text, size_t cap)
{
    char part[RUN_WORDS_MAX], lots[512];
    const struct run_entry *e = item->entry;

    if (e != NULL)
        (void)snprintf(text, cap, "%s", e->id);
    else
        run_book_id(text, asset, item->record.begin.utc_us);
    if (!item->record.begin_known) {
        char time[WHEN_MAX];
        (void)snprintf(part, sizeof part,
                       tr(ctl, "it ran already when it was first seen: not known before %s",
                          "首次见到时已在运行：%s 之前未知"),
                       when_print(ctl, time, item->record.begin.utc_us, false));
        add(text, cap, part);
    }
    if (item->record.clock_us != 0) {
        (void)snprintf(part, sizeof part,
                       tr(ctl, "the clock was set by %+.0f s during the run", "运行期间时钟被调整 %+.0f 秒"),
                       (double)item->record.clock_us / 1e6);
        add(text, cap, part);
    }
    if (e != NULL && e->operator_name[0] != '\0') {
        (void)snprintf(part, sizeof part, tr(ctl, "operator %s", "操作人 %s"), e->operator_name);
        add(text, cap, part);
    }
    if (run_words_lots(e, lots, sizeof lots)[0] != '\0') {
        (void)snprintf(part, sizeof part, tr(ctl, "lots %s", "批号 %s"), lots);
        add(text, cap, part);
    }
    other_ice(ctl, &item->record, text, cap);
    if (e != NULL && e->decision != RUN_UNDECIDED)
        add(text, cap, run_words_decision(ctl, e, part, sizeof part));
    for (unsigned i = 0; item->record.how != FREEZER_END_NONE && i < v->n && i < FREEZER_REASONS_MAX; i++)
        add(text, cap, run_words_reason(ctl, &v->reasons[i], part, sizeof part));
    add(text, cap, run_words_guidance(ctl, guidance_of(item)));
}

static const char *program_words(const struct ctl *ctl, const struct item *item)
{
    if (item->program != NULL)
        return item->program->id;
    return item->entry != NULL && item->entry->program[0] != '\0' ? item->entry->program
                                                                  : tr(ctl, "not known", "未知");
}

static void decision_cell(const struct ctl *ctl, struct table *t, const struct item *item)
{
    const enum run_decision decision = item->entry != NULL ? item->entry->decision : RUN_UNDECIDED;

    if (decision == RUN_ACCEPTED)
        table_cell(t, COLUMN_DECISION, TABLE_PLAIN, tr(ctl, "accepted", "已接受"));
    else if (decision == RUN_REJECTED)
        table_cell(t, COLUMN_DECISION, TABLE_URGENT, tr(ctl, "REJECTED", "已拒绝"));
    else
        table_cell(t, COLUMN_DECISION, TABLE_WARNING, tr(ctl, "none yet", "未决定"));
}

static void add_run(const struct ctl *ctl, struct table *t, const char *asset, const struct item *item)
{
    const struct freezer_record *r = &item->record;
    char text[WHEN_MAX], shown[WHEN_MAX + 4], notes[4096];
    struct freezer_verdict v;
    const enum table_style begin_style = r->begin_known ? TABLE_PLAIN : TABLE_WARNING;
    const char *least = r->begin_known ? "" : ">= ";

    freezer_record_judge(r, item->program != NULL ? &item->program->steps : NULL, &v);
    table_row(t);
    (void)snprintf(shown, sizeof shown, "%s%s",
                   r->begin_known ? "" : "<= ", when_print(ctl, text, r->begin.utc_us, false));
    table_cell(t, COLUMN_BEGIN, begin_style, shown);
    (void)snprintf(shown, sizeof shown, "%s%s", least,
                   when_print_duration(ctl, text, r->end.utc_us - r->begin.utc_us));
    table_cell(t, COLUMN_TOOK, begin_style, shown);
    table_cell(t, COLUMN_END, r->how == FREEZER_END_COMPLETE ? TABLE_PLAIN : TABLE_WARNING,
               run_words_end(ctl, r->how));
    table_cell(t, COLUMN_PROGRAM, TABLE_PLAIN, program_words(ctl, item));
    degrees_cell(t, COLUMN_ICE, r->samples[0].ice.onset, r->samples[0].ice.uncertain);
    degrees_cell(t, COLUMN_SUPERCOOLED, freezer_ice_supercooling(&r->samples[0].ice),
                 r->samples[0].ice.uncertain || r->samples[0].ice.gap);
    degrees_cell(t, COLUMN_OFF, most_off(r), false);
    (void)snprintf(shown, sizeof shown, "%s%s", least,
                   r->n_gaps > 0 ? when_print_duration(ctl, text, r->gaps_us) : "0 s");
    table_cell(t, COLUMN_GAPS, r->n_gaps > 0 ? TABLE_WARNING : begin_style, shown);
    degrees_cell(t, COLUMN_LAST,
                 freezer_record_has_sample(r) ? freezer_record_last_sample(r) : r->last_chamber, false);
    if (r->how == FREEZER_END_NONE)
        table_cell(t, COLUMN_VERDICT, TABLE_PLAIN, tr(ctl, "not yet", "尚未判定"));
    else
        table_cell(t, COLUMN_VERDICT, run_words_verdict_style(v.kind), run_words_verdict(ctl, v.kind));
    decision_cell(ctl, t, item);
    note(ctl, asset, item, &v, notes, sizeof notes);
    table_note(t, notes);
}

static bool has_unseen(const struct list *list)
{
    for (size_t i = 0; i < list->n; i++)
        if (!list->items[i].record.begin_known)
            return true;
    return false;
}

static bool has_example(const struct list *list)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->items[i].program != NULL && list->items[i].program->status == PROGRAM_EXAMPLE)
            return true;
    return false;
}

static int print_table(const struct ctl *ctl, const struct list *list, bool titled)
{
    const struct table_column columns[COLUMN_COUNT] = {
        {tr(ctl, "BEGIN", "开始"), false},       {tr(ctl, "TOOK", "用时"), true},
        {tr(ctl, "END", "结束"), false},         {tr(ctl, "PROGRAM", "程序"), false},
        {tr(ctl, "ICE AT", "结冰"), true},       {tr(ctl, "SUPERCOOLED", "过冷"), true},
        {tr(ctl, "MOST OFF", "最大偏差"), true}, {tr(ctl, "GAPS", "缺失"), true},
        {tr(ctl, "LAST", "最后温度"), true},     {tr(ctl, "VERDICT", "判定"), false},
        {tr(ctl, "DECISION", "决定"), false}};
    const struct table_cut cuts[] = {
        {COLUMN_LAST, 0}, {COLUMN_SUPERCOOLED, 0},
        {COLUMN_END, 8},  {COLUMN_PROGRAM, 8},
        {COLUMN_OFF, 0},  {COLUMN_GAPS, 0},
        {COLUMN_ICE, 0},  {COLUMN_PROGRAM, 0},
        {COLUMN_TOOK, 0}, {COLUMN_BEGIN, has_unseen(list) ? 19 : 16}}; /* its minute */
    struct table table;

    if (titled)
        table_line(stdout, ctl->colour, TABLE_HEAD, 0, list->asset);
    if (list->n == 0) {
        puts(tr(ctl, "no runs there", "该时段没有冷冻程序运行"));
        return CTL_OK;
    }
    table_init(&table, columns, COLUMN_COUNT);
    table.cuts = cuts;
    table.n_cuts = sizeof cuts / sizeof *cuts;
    for (size_t i = 0; i < list->n; i++)
        add_run(ctl, &table, list->asset, &list->items[i]);
    const bool failed = table.failed;
    if (!failed)
        table_print(&table, stdout, ctl->colour, ctl->columns, SIZE_MAX);
    table_free(&table);
    if (has_example(list))
        table_line(stdout, ctl->colour, TABLE_WARNING, 0,
                   tr(ctl, "The program is an example that nobody has validated: its verdicts are none.",
                      "该程序是未经验证的示例：其判定无效。"));
    return failed ? CTL_NEGATIVE : CTL_OK;
}

/* ---------------------------------------------------------------- the freezers */

struct verb {
    struct ctl *ctl;
    struct history_reader *reader;
    struct config *config;
    struct program *program; /* given; NULL: none */
    int64_t from_us, to_us;
    json_t *runs; /* of all freezers */
    uint64_t left_out;
};

static int one_freezer(struct verb *v, const char *asset, bool named)
{
    struct list list = {.ctl = v->ctl, .asset = asset};
    int result = CTL_OK;

    run_shelf_init(&list.shelf, v->reader, v->config);
    const int error = look(&list, v->reader, v->program, v->from_us, v->to_us);
    v->left_out += error == 0 ? list.from.left_out : 0;
    if (error == -ENOENT && named)
        result = stored_no_point(v->ctl, v->reader, asset, "chamber");
    else if (error < 0 && error != -ENOENT) /* else it is configured, and nothing was stored of it yet */
        result = stored_complain(v->ctl, error);
    else if (error == 0 && !v->ctl->json)
        result = print_table(v->ctl, &list, !named);
    for (size_t i = 0; v->ctl->json && error == 0 && i < list.n; i++)
        json_array_append_new(v->runs, run_json(v->ctl, asset, &list.items[i].record, list.items[i].program,
                                                list.items[i].entry));
    list_free(&list);
    return result;
}

static bool take_chamber(void *context, const struct history_point *point)
{
    (void)json_object_set_new(context, point->asset, json_true());
    return true;
}

/* Those that are configured, and those that have a stored chamber. */
static int all_freezers(struct verb *v)
{
    json_t *assets = json_object();
    const char *asset;
    json_t *ignored;
    int result = CTL_OK;

    for (unsigned i = 0; v->config != NULL && i < v->config->n_freezers; i++)
        (void)json_object_set_new(assets, v->config->assets[v->config->freezers[i].asset].id, json_true());
    (void)history_points(v->reader, NULL, "chamber", take_chamber, assets);
    json_object_foreach(assets, asset, ignored)
    {
        const int one = one_freezer(v, asset, false);
        result = one != CTL_OK ? one : result;
    }
    if (json_object_size(assets) == 0 && !v->ctl->json)
        puts(tr(v->ctl, "no freezer is recorded there", "记录中没有程序降温仪"));
    json_decref(assets);
    return result;
}

static void print_json(const struct verb *v, const char *asset)
{
    json_t *o = json_pack("{s:s}", "cryomon", "runs 1");

    if (asset != NULL)
        (void)json_object_set_new(o, "asset", json_string(asset));
    if (v->program != NULL) {
        (void)json_object_set_new(o, "program", json_string(v->program->id));
        (void)json_object_set_new(o, "program_status", json_string(program_status_name(v->program->status)));
        (void)json_object_set_new(o, "program_sha256", json_string(v->program->hash));
    }
    (void)json_object_set(o, "runs", v->runs);
    json_dumpf(o, stdout, CTL_JSON);
    putchar('\n');
    json_decref(o);
}

int verb_runs(struct ctl *ctl, int argc, char **argv)
{
    struct verb v = {.ctl = ctl};

    if (!when_range(ctl, INT64_C(7) * 86400 * SECOND_US, &v.from_us, &v.to_us))
        return CTL_USAGE;
    if (!run_program_load(ctl, &v.program))
        return CTL_NEGATIVE;
    int result = stored_open(ctl, &v.reader);
    if (result != CTL_OK) {
        program_free(v.program);
        return result;
    }
    v.config = places_config(ctl);
    v.runs = json_array();
    result = argc > 0 ? one_freezer(&v, argv[0], true) : all_freezers(&v);
    if (ctl->json && result == CTL_OK)
        print_json(&v, argc > 0 ? argv[0] : NULL);
    if (v.left_out > 0)
        ctl_complain(tr(ctl, "%" PRIu64 " readings left out: the clock was set back",
                        "忽略 %" PRIu64 " 个读数：时钟曾被回拨"),
                     v.left_out);
    stored_tell_damage(ctl, v.reader);
    json_decref(v.runs);
    config_unref(v.config);
    history_close(v.reader);
    program_free(v.program);
    return result;
}
