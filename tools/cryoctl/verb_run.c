/* verb_run.c - what people say of a freezer's run: before it, to it, and whether they accept it; and a
 * vessel's new beginning. Each is a call of the daemon, which records the caller's name. */
#include <string.h>

#include "command.h"
#include "reporter.h"
#include "run_program.h"
#include "stored.h"

/* ---------------------------------------------------------------- parameters */

static bool add_lots(const struct ctl *ctl, json_t *parameters)
{
    json_t *lots = json_array();

    for (unsigned i = 0; i < ctl->n_lots; i++)
        if (json_array_append_new(lots, json_string(ctl->lots[i])) < 0) {
            json_decref(lots);
            return false;
        }
    return ctl->n_lots == 0 ? (json_decref(lots), true) : json_object_set_new(parameters, "lots", lots) == 0;
}

/* Of a command about a run; the part of its id behind '@' will do. NULL: not UTF-8 (complained, *ret_status).
 */
static json_t *parameters_of(const struct ctl *ctl, char **argv, int *ret_status)
{
    char id[RUN_ID_MAX];
    int64_t begin_us;
    const bool digits = strchr(argv[1], '@') == NULL && run_book_begin(argv[1], NULL, &begin_us);
    (void)snprintf(id, sizeof id, "%s@%s", argv[0], argv[1]);
    json_t *parameters = json_pack("{s:s, s:s}", "asset", argv[0], "run", digits ? id : argv[1]);

    if (parameters != NULL)
        return parameters;
    *ret_status = command_not_utf8(ctl, parameters);
    return NULL;
}

/* Where it stands in the record. */
static void print_event(const struct ctl *ctl, const json_t *answer)
{
    const long long seq = (long long)json_integer_value(json_object_get(answer, "seq"));

    if (seq > 0)
        printf(tr(ctl, " (event %lld)", "（事件 %lld）"), seq);
    putchar('\n');
}

/* ---------------------------------------------------------------- before it, and to it */

static void print_prepared(const struct ctl *ctl, const char *asset, const json_t *answer)
{
    printf(tr(ctl, "prepared: the next run of %s", "已登记：%s 的下一次运行"), asset);
    print_event(ctl, answer);
}

int verb_run_prepare(struct ctl *ctl, int argc, char **argv)
{
    int status;

    (void)argc;
    if (ctl->program == NULL && ctl->operator_name == NULL && ctl->n_lots == 0 && ctl->note == NULL) {
        ctl_complain("%s", tr(ctl, "say what is to be known of the run: --program, --operator, --lot",
                              "请说明运行信息：--program、--operator、--lot"));
        return CTL_USAGE;
    }
    json_t *parameters = json_pack("{s:s}", "asset", argv[0]);
    if (parameters == NULL || !command_set(parameters, "program", ctl->program) ||
        !command_set(parameters, "operator", ctl->operator_name) ||
        !command_set(parameters, "note", ctl->note) || !add_lots(ctl, parameters))
        return command_not_utf8(ctl, parameters);
    json_t *answer = command_call(ctl, "RunPrepare", parameters, &status);
    if (answer != NULL && !ctl->json)
        print_prepared(ctl, argv[0], answer);
    json_decref(answer);
    return status;
}

int verb_run_note(struct ctl *ctl, int argc, char **argv)
{
    const char *note = argc > 2 ? argv[2] : ctl->note;
    int status;

    if ((note == NULL || note[0] == '\0') && ctl->operator_name == NULL && ctl->n_lots == 0) {
        ctl_complain("%s", tr(ctl, "say what is to be noted: a text, --operator or --lot",
                              "请说明要补充的内容：文字、--operator 或 --lot"));
        return CTL_USAGE;
    }
    json_t *parameters = parameters_of(ctl, argv, &status);
    if (parameters == NULL)
        return status;
    if (!command_set(parameters, "note", note) || !command_set(parameters, "operator", ctl->operator_name) ||
        !add_lots(ctl, parameters))
        return command_not_utf8(ctl, parameters);
    json_t *answer = command_call(ctl, "RunNote", parameters, &status);
    if (answer != NULL && !ctl->json) {
        printf(tr(ctl, "noted to run %s", "已补充到运行 %s"), argv[1]);
        print_event(ctl, answer);
    }
    json_decref(answer);
    return status;
}

/* ---------------------------------------------------------------- the decision */

static int decide(struct ctl *ctl, char **argv, const char *method, const char *done)
{
    int status;
    json_t *parameters = parameters_of(ctl, argv, &status);

    if (parameters == NULL)
        return status;
    if (!command_set(parameters, "note", ctl->reason))
        return command_not_utf8(ctl, parameters);
    json_t *answer = command_call(ctl, method, parameters, &status);
    if (answer != NULL && !ctl->json) {
        printf("%s%s", done, argv[1]);
        print_event(ctl, answer);
    }
    json_decref(answer);
    return status;
}

int verb_run_accept(struct ctl *ctl, int argc, char **argv)
{
    (void)argc;
    return decide(ctl, argv, "RunAccept", tr(ctl, "accepted: run ", "已接受：运行 "));
}

int verb_run_reject(struct ctl *ctl, int argc, char **argv)
{
    (void)argc;
    if (ctl->reason == NULL || ctl->reason[0] == '\0') {
        ctl_complain("%s", tr(ctl, "say with --reason why it is rejected", "请用 --reason 说明拒绝原因"));
        return CTL_USAGE;
    }
    return decide(ctl, argv, "RunReject", tr(ctl, "rejected: run ", "已拒绝：运行 "));
}

/* The report takes ids only: a time, or "last", is looked up. */
static int find_id(struct ctl *ctl, const char *asset, const char *name, char id[RUN_ID_MAX])
{
    struct history_reader *reader;
    struct run_file *run;

    if (strchr(name, '@') != NULL) {
        (void)snprintf(id, RUN_ID_MAX, "%s", name);
        return CTL_OK;
    }
    int result = stored_open(ctl, &reader);
    if (result != CTL_OK)
        return result;
    result = run_program_open(ctl, reader, NULL, asset, name, &run);
    if (result == CTL_OK) {
        (void)snprintf(id, RUN_ID_MAX, "%s", run->id);
        run_file_close(run);
    }
    history_close(reader);
    return result;
}

int verb_run_report(struct ctl *ctl, int argc, char **argv)
{
    struct reporter r;
    char id[RUN_ID_MAX];

    (void)argc;
    int result = find_id(ctl, argv[0], argv[1], id);
    if (result == CTL_OK)
        result = reporter_begin(ctl, &r);
    if (result != CTL_OK)
        return result;
    reporter_add(&r, "--run", id);
    reporter_add(&r, "--program", ctl->program);
    reporter_add(&r, "--output", ctl->output);
    reporter_add(&r, "--short", ctl->short_form ? "" : NULL);
    return reporter_run(ctl, &r, argv[0]);
}

/* ---------------------------------------------------------------- vessels */

int verb_vessel_relearn(struct ctl *ctl, int argc, char **argv)
{
    int status;

    (void)argc;
    if (ctl->reason == NULL || ctl->reason[0] == '\0') {
        ctl_complain(
            "%s", tr(ctl, "say with --reason what was done to the vessel", "请用 --reason 说明对罐做了什么"));
        return CTL_USAGE;
    }
    json_t *parameters = json_pack("{s:s}", "asset", argv[0]);
    if (parameters == NULL || !command_set(parameters, "note", ctl->reason))
        return command_not_utf8(ctl, parameters);
    json_t *answer = command_call(ctl, "VesselRelearn", parameters, &status);
    if (answer != NULL && !ctl->json) {
        printf(tr(ctl, "%s learns its boil-off anew; until it has, its vacuum is not judged",
                  "%s 重新学习蒸发量；学习完成前不判断真空"),
               argv[0]);
        print_event(ctl, answer);
    }
    json_decref(answer);
    return status;
}
