/* monitor_run_command.c - what a person says of a freezer's run: what the next one is, what is to stand with
 * one, and whether it is accepted; and that a tank is to be learned anew.
 *
 * A decision never takes another's place: both stand in the chain, the later one with what was decided before
 * and with a reason. Who accepts what is outside of its limits, or of which that is not known, says why. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "monitor_internal.h"
#include "program.h"

#define SUBSTANCE_BYTES 10 /* a reason of substance: not "ok" */
#define SUBSTANCE_KINDS 3  /* nor "..........": so many different bytes */

static bool has_substance(const char *note)
{
    bool seen[256] = {false};
    unsigned kinds = 0, bytes = 0;

    for (const unsigned char *p = (const unsigned char *)note; *p != '\0'; p++) {
        if (*p == ' ')
            continue;
        bytes++;
        kinds += !seen[*p];
        seen[*p] = true;
    }
    return bytes >= SUBSTANCE_BYTES && kinds >= SUBSTANCE_KINDS;
}

static bool needs_reason(const struct command_request *request, struct command_result *result, const char *en,
                         const char *zh)
{
    if (has_substance(request->note))
        return false;
    monitor_refuse(result, -EINVAL, en, zh);
    return true;
}

static struct run_row row_for(const struct command_request *request, const struct run_known *run,
                              const char *transition)
{
    struct run_row row = {.asset = ""};

    snprintf(row.transition, sizeof row.transition, "%s", transition);
    memcpy(row.asset, request->asset, sizeof row.asset);
    memcpy(row.operator, request->operator, sizeof row.operator);
    memcpy(row.lots, request->lots, sizeof row.lots);
    memcpy(row.who, request->who, sizeof row.who);
    if (run != NULL)
        memcpy(row.run, run->id, sizeof row.run);
    return row;
}

/* ---------------------------------------------------------------- the next run */

static bool prepare(struct monitor *m, uint16_t freezer, int program, struct command_result *result)
{
    int error = derive_prepare(m->derive.derive, freezer, program);

    if (error == -EBUSY)
        monitor_refuse(result, error,
                       "a run goes on and was held against another program already: prepare the next one when"
                       " it has ended",
                       "正在进行的运行已按另一程序判断：请在其结束后再准备下一次");
    return error == 0;
}

static void run_prepare(struct monitor *m, uint16_t freezer, const struct command_request *request,
                        struct command_result *result)
{
    const int program = config_find_program(m->config, request->program, NULL);
    const bool has_program = request->program[0] != '\0';
    const bool goes_on = derive_run(m->derive.derive, freezer)->is_running;
    const struct run_known *run = NULL;

    if (!has_program && request->operator[0] == '\0' && request->lots[0] == '\0') {
        monitor_refuse(result, -EINVAL, "nothing is said: program, operator or lots",
                       "未说明程序、操作者或批次");
        return;
    }
    if (has_program && program < 0) {
        monitor_refuse(result, -ENOENT, "no such program in the configuration", "配置中没有该程序");
        return;
    }
    if (has_program && !prepare(m, freezer, program, result))
        return;
    if (has_program && goes_on) /* it was early enough: it is that one's */
        run = monitor_run_find(m, request->asset, "last");
    struct run_row row = row_for(request, run, "prepared");
    memcpy(row.program, request->program, sizeof row.program);
    const struct run_telling telling = {.row = &row,
                                        .step = -1,
                                        .request = request,
                                        .program = has_program ? m->config->programs[program] : NULL};
    result->seq = monitor_run_tell(m, &telling);
}

/* ---------------------------------------------------------------- a note */

static void excuse(struct monitor *m, uint16_t freezer, const struct command_request *request,
                   struct command_result *result)
{
    const struct run_freezer *f = monitor_run_freezer(m, request->asset);
    const struct run_row row = row_for(request, NULL, "excused");

    if (f == NULL || f->due_utc_us == 0 || clock_now().utc_us < f->due_utc_us ||
        derive_run(m->derive.derive, freezer)->is_running) {
        monitor_refuse(result, -EALREADY, "no run is late", "没有迟到的运行");
        return;
    }
    if (request->note[0] == '\0') {
        monitor_refuse(result, -EINVAL, "say why there is none", "请说明未开始的原因");
        return;
    }
    const struct run_telling telling = {
        .row = &row, .step = -1, .request = request, .expected_utc_us = f->expected_utc_us};
    result->seq = monitor_run_tell(m, &telling);
    monitor_watch_runs(m);
}

static void attend(struct monitor *m, uint16_t freezer, const struct run_known *run)
{
    if (run->end_utc_us != 0 && monitor_run_find(m, run->asset, "last") == run)
        derive_attend(m->derive.derive, freezer);
}

static void run_note(struct monitor *m, uint16_t freezer, const struct command_request *request,
                     const struct run_known *run, struct command_result *result)
{
    const struct run_row row = row_for(request, run, "noted");
    const struct run_telling telling = {.row = &row, .step = -1, .request = request};

    if (request->note[0] == '\0' && request->operator[0] == '\0' && request->lots[0] == '\0') {
        monitor_refuse(result, -EINVAL, "nothing is said: note, operator or lots",
                       "未说明备注、操作者或批次");
        return;
    }
    result->seq = monitor_run_tell(m, &telling);
    attend(m, freezer, run);
}

/* ---------------------------------------------------------------- a decision */

static bool may_decide(const struct command_request *request, const struct run_known *run, bool accepts,
                       struct command_result *result)
{
    const enum run_decision decision = accepts ? RUN_ACCEPTED : RUN_REJECTED;
    char en[WHY_MAX], zh[WHY_MAX];

    if (run->end_utc_us == 0) {
        monitor_refuse(result, -EBUSY, "it goes on: a run is decided on when it has ended",
                       "运行尚未结束：结束后才能作出决定");
        return false;
    }
    if (run->decision == decision && strcmp(run->decided_by, request->who) == 0) {
        monitor_refuse(result, -EALREADY, "you have decided so already", "您已作出同样的决定");
        return false;
    }
    if (run->decision != RUN_UNDECIDED) {
        snprintf(en, sizeof en, "%s by %s already: another decision needs a reason of at least %d characters",
                 run->decision == RUN_ACCEPTED ? "accepted" : "rejected", run->decided_by, SUBSTANCE_BYTES);
        snprintf(zh, sizeof zh, "已由 %s %s：再次决定须说明理由", run->decided_by,
                 run->decision == RUN_ACCEPTED ? "接受" : "拒绝");
        if (needs_reason(request, result, en, zh))
            return false;
    }
    if (!accepts)
        return true; /* its reason is there: request.h */
    if (strcmp(run->verdict, "outside") == 0)
        return !needs_reason(
            request, result,
            "its verdict is outside limits: accepting it needs a reason of at least 10 characters",
            "判定为超出限值：接受须说明理由");
    if (strcmp(run->verdict, "within") != 0)
        return !needs_reason(
            request, result,
            "its verdict is not known: accepting it needs a reason of at least 10 characters",
            "判定未知：接受须说明理由");
    return true;
}

static void decide(struct monitor *m, uint16_t freezer, const struct command_request *request,
                   const struct run_known *run, struct command_result *result)
{
    const bool accepts = request->verb == COMMAND_RUN_ACCEPT;
    const struct run_known before = *run; /* telling changes it */
    const struct run_row row = row_for(request, run, accepts ? "accepted" : "rejected");
    const struct run_telling telling = {.row = &row, .step = -1, .request = request, .before = &before};

    if (!may_decide(request, run, accepts, result))
        return;
    result->seq = monitor_run_tell(m, &telling);
    attend(m, freezer, run);
}

/* ---------------------------------------------------------------- any */

void monitor_run_command(struct monitor *m, const struct command_request *request,
                         struct command_result *result)
{
    const int freezer = monitor_find_freezer(m->config, request->asset);

    if (freezer < 0) {
        monitor_refuse(result, -ENOENT,
                       "no freezer of that name has its runs followed (runs: in cryomon.yaml)",
                       "没有该名称的程序降温仪，或未配置 runs");
        return;
    }
    if (request->verb == COMMAND_RUN_PREPARE) {
        run_prepare(m, (uint16_t)freezer, request, result);
        return;
    }
    if (request->verb == COMMAND_RUN_NOTE && strcmp(request->run, "late") == 0) {
        excuse(m, (uint16_t)freezer, request, result);
        return;
    }
    const struct run_known *run = monitor_run_find(m, request->asset, request->run);
    if (run == NULL) {
        monitor_refuse(result, -ENOENT, "no such run among the last ones of this freezer",
                       "该程序降温仪最近的运行中没有此次");
        return;
    }
    if (request->verb == COMMAND_RUN_NOTE)
        run_note(m, (uint16_t)freezer, request, run, result);
    else
        decide(m, (uint16_t)freezer, request, run, result);
}

void monitor_vessel_relearn(struct monitor *m, const struct command_request *request,
                            struct command_result *result)
{
    const struct run_row row = row_for(request, NULL, "relearned");
    const struct run_telling telling = {.row = &row, .step = -1, .request = request};

    for (uint16_t i = 0; i < m->config->n_vessels; i++) {
        if (strcmp(m->config->assets[m->config->vessels[i].asset].id, request->asset) != 0)
            continue;
        derive_relearn(m->derive.derive, i);
        result->seq = monitor_run_tell(m, &telling);
        return;
    }
    monitor_refuse(result, -ENOENT, "no tank of that name has its vessel described (vessel: in cryomon.yaml)",
                   "没有该名称的储罐，或未配置 vessel");
}
