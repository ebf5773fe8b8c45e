/*
 * cryomon-report - the record of an asset as a PDF for an auditor. See cryomon-report(1).
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <locale.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "facts_internal.h"
#include "places.h"
#include "report.h"
#include "stored.h"
#include "when.h"
#include "words.h"

#define DAY_US         (INT64_C(86400) * SECOND_US)
#define FACTS_SIZE_MAX (INT64_C(256) << 20)

struct options {
    struct facts_request request;
    const char *output, *facts; /* NULL: not given */
    bool alarms;                /* the performance of the alarm system, not an asset's record */
    bool brief;                 /* of it, the page for a batch record */
    bool help, version;
};

void ctl_complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fflush(stdout);
    fputs("cryomon-report: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

static enum language default_language(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0')
            return strncmp(value, "zh", 2) == 0 ? LANGUAGE_ZH : LANGUAGE_EN;
    }
    return LANGUAGE_EN;
}

static void print_help(const struct ctl *ctl)
{
    puts(tr(ctl,
            "Usage: cryomon-report ASSET [OPTION...]\n"
            "       cryomon-report ASSET --run RUN [--short] [OPTION...]\n"
            "       cryomon-report --alarms [--asset ASSET] [OPTION...]\n"
            "       cryomon-report --facts FILE.json [OPTION...]\n"
            "\n"
            "Writes a report of an asset's record, of one run of a freezer (--run), or of how well\n"
            "the alarm system performs (--alarms), as a PDF, and its facts as JSON beside it.\n"
            "\n"
            "  --point POINT      only this point (default: all of the asset)\n"
            "  --run RUN          this run, as \"cryoctl runs\" names it: freezer-1@1790000600000\n"
            "  --program FILE     judges the run by this program, not by the recorded one\n"
            "  --short            of a run: one page, for a batch record\n"
            "  --from TIME        the first moment: 2026-11-22, \"2026-11-22 08:00\", RFC 3339\n"
            "  --to TIME          the moment after the last (default: now)\n"
            "  --last SPAN        the time until then, e.g. 2h, 7d (default 24h, --alarms 30d)\n"
            "  --utc              times in UTC, also those you give\n"
            "  -o, --output FILE  the PDF (default: the report's id); the facts go to FILE with .json\n"
            "  --json             prints the facts, and writes no file\n"
            "  --facts FILE       draws the facts that were written earlier, unchanged\n"
            "  --dir DIR          where the databases are (default: as configured)\n"
            "  --config DIR       the configuration (default " CTL_CONFIG_DIR ")\n"
            "  --lang en|zh       language of the report (default: from LANG)\n"
            "  --help, --version",
            "用法：cryomon-report 设备 [选项...]\n"
            "      cryomon-report 设备 --run 运行编号 [--short] [选项...]\n"
            "      cryomon-report --alarms [--asset 设备] [选项...]\n"
            "      cryomon-report --facts 文件.json [选项...]\n"
            "\n"
            "生成设备记录、一次程序降温运行（--run）或报警系统性能（--alarms）的 PDF 报告，\n"
            "并在旁边写出事实数据（JSON）。\n"
            "\n"
            "  --point 测点       只包含此测点（默认：该设备的全部测点）\n"
            "  --run 运行编号     此次运行，编号见 cryoctl runs：freezer-1@1790000600000\n"
            "  --program 文件     按此程序判定，而不按记录中的程序\n"
            "  --short            运行报告的批记录页（一页）\n"
            "  --from 时间        起始时间：2026-11-22、\"2026-11-22 08:00\" 或 RFC 3339\n"
            "  --to 时间          结束时间（默认：现在）\n"
            "  --last 时段        到结束为止的时段，如 2h、7d（默认 24h；--alarms 30d）\n"
            "  --utc              时间使用 UTC（包括输入的时间）\n"
            "  -o, --output 文件  PDF 文件（默认：报告编号）；事实数据写入同名 .json\n"
            "  --json             输出事实数据，不写文件\n"
            "  --facts 文件       用以前写出的事实数据重新绘制\n"
            "  --dir 目录         数据库目录（默认按配置）\n"
            "  --config 目录      配置目录（默认 " CTL_CONFIG_DIR "）\n"
            "  --lang en|zh       报告语言（默认取自 LANG）\n"
            "  --help, --version"));
}

/* ---------------------------------------------------------------- the command line */

enum {
    OPT_POINT = 256,
    OPT_FROM,
    OPT_TO,
    OPT_LAST,
    OPT_UTC,
    OPT_JSON,
    OPT_FACTS,
    OPT_DIR,
    OPT_CONFIG,
    OPT_LANG,
    OPT_ALARMS,
    OPT_ASSET,
    OPT_RUN,
    OPT_PROGRAM,
    OPT_SHORT
};

static const struct option long_options[] = {
    {"point", required_argument, NULL, OPT_POINT},
    {"from", required_argument, NULL, OPT_FROM},
    {"to", required_argument, NULL, OPT_TO},
    {"last", required_argument, NULL, OPT_LAST},
    {"utc", no_argument, NULL, OPT_UTC},
    {"json", no_argument, NULL, OPT_JSON},
    {"facts", required_argument, NULL, OPT_FACTS},
    {"dir", required_argument, NULL, OPT_DIR},
    {"config", required_argument, NULL, OPT_CONFIG},
    {"lang", required_argument, NULL, OPT_LANG},
    {"alarms", no_argument, NULL, OPT_ALARMS},
    {"asset", required_argument, NULL, OPT_ASSET},
    {"run", required_argument, NULL, OPT_RUN},
    {"program", required_argument, NULL, OPT_PROGRAM},
    {"short", no_argument, NULL, OPT_SHORT},
    {"output", required_argument, NULL, 'o'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static bool set_option(struct ctl *ctl, struct options *o, int option)
{
    const char **const places[] = {&o->request.point, &ctl->from, &ctl->to,    &ctl->last, NULL, NULL,
                                   &o->facts,         &ctl->dir,  &ctl->config};
    switch (option) {
    case OPT_UTC:
        ctl->utc = true;
        break;
    case OPT_JSON:
        ctl->json = true;
        break;
    case OPT_LANG:
        if (strcmp(optarg, "en") != 0 && strcmp(optarg, "zh") != 0) {
            ctl_complain(tr(ctl, "--lang is en or zh, not \"%s\"", "--lang 只能是 en 或 zh，不是“%s”"),
                         optarg);
            return false;
        }
        ctl->language = strcmp(optarg, "zh") == 0 ? LANGUAGE_ZH : LANGUAGE_EN;
        break;
    case OPT_ALARMS:
        o->alarms = true;
        break;
    case OPT_RUN:
        o->request.run = optarg;
        break;
    case OPT_PROGRAM:
        o->request.program = optarg;
        break;
    case OPT_SHORT:
        o->brief = true;
        break;
    case OPT_ASSET:
        o->request.asset = optarg;
        break;
    case 'o':
        o->output = optarg;
        break;
    case 'h':
        o->help = true;
        break;
    case 'V':
        o->version = true;
        break;
    default:
        *places[option - OPT_POINT] = optarg;
        break;
    }
    return true;
}

static int read_options(struct ctl *ctl, struct options *o, int argc, char **argv)
{
    int option;
    while ((option = getopt_long(argc, argv, ":o:hV", long_options, NULL)) >= 0) {
        if (option == '?' || option == ':') {
            ctl_complain(option == ':'
                             ? tr(ctl, "%s wants an argument; see --help", "%s 需要参数；见 --help")
                             : tr(ctl, "there is no option \"%s\"; see --help", "没有选项“%s”；见 --help"),
                         argv[optind - 1]);
            return CTL_USAGE;
        }
        if (!set_option(ctl, o, option))
            return CTL_USAGE;
    }
    if (o->help || o->version)
        return CTL_OK;
    bool named = argc - optind == 1, needs = o->facts == NULL && !o->alarms;
    bool of_run = o->request.run != NULL, range = ctl->from != NULL || ctl->to != NULL || ctl->last != NULL;
    if (argc - optind > 1 || named != needs || (o->request.asset != NULL && !o->alarms) ||
        (of_run && (!named || range || o->request.point != NULL)) ||
        (o->brief && !of_run && o->facts == NULL) || (o->request.program != NULL && !of_run)) {
        ctl_complain("%s", tr(ctl, "usage: cryomon-report ASSET [OPTION...]; see --help",
                              "用法：cryomon-report 设备 [选项...]；见 --help"));
        return CTL_USAGE;
    }
    if (named)
        o->request.asset = argv[optind];
    return CTL_OK;
}

/* ---------------------------------------------------------------- files */

/* The whole file; malloc'd, NULL with errno. */
static char *read_file(const char *path, size_t *ret_len)
{
    struct stat st;
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t n = 0;
    if (file == NULL)
        return NULL;
    if (fstat(fileno(file), &st) == 0 && !S_ISREG(st.st_mode))
        errno = EINVAL;
    else if (st.st_size > FACTS_SIZE_MAX)
        errno = EFBIG;
    else
        text = malloc((size_t)st.st_size + 1);
    if (text != NULL) {
        n = fread(text, 1, (size_t)st.st_size, file);
        text[n] = '\0';
    }
    (void)fclose(file);
    *ret_len = n;
    return text;
}

static int write_file(const char *path, const char *text, size_t len)
{
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return -errno;
    bool well = fwrite(text, 1, len, file) == len;
    int error = well ? 0 : errno;
    if (fclose(file) != 0 && well)
        error = errno;
    if (error > 0)
        (void)unlink(path);
    return -error;
}

/* FILE.pdf -> FILE.json; anything else gets .json behind it. */
static void name_facts(const char *pdf, char path[PATH_MAX])
{
    size_t len = strlen(pdf);
    bool ends = len > 4 && strcmp(pdf + len - 4, ".pdf") == 0;
    snprintf(path, PATH_MAX, "%.*s.json", (int)(ends ? len - 4 : len), pdf);
}

static int complain_about(const struct ctl *ctl, const char *path, int error)
{
    ctl_complain(tr(ctl, "%s can't be written: %s", "无法写入 %s：%s"), path, words_error(ctl, error));
    return CTL_NEGATIVE;
}

/* Both files appear whole, or neither does. */
static int write_both(struct ctl *ctl, const struct options *o, const json_t *facts, const char *text,
                      size_t len)
{
    struct report_identity identity;
    char pdf[PATH_MAX], part[PATH_MAX + 16], json[PATH_MAX];
    report_identify(facts, text, len, &identity);
    if (o->output != NULL)
        snprintf(pdf, sizeof pdf, "%s", o->output);
    else
        snprintf(pdf, sizeof pdf, "%s.pdf", identity.id);
    if (strlen(pdf) > PATH_MAX - 8)
        return complain_about(ctl, pdf, ENAMETOOLONG);
    snprintf(part, sizeof part, "%s.part", pdf);
    name_facts(pdf, json);
    int status = report_write(ctl, facts, &identity, o->brief, part);
    if (status != CTL_OK)
        return status;
    int error = o->facts == NULL ? write_file(json, text, len) : 0;
    if (error == 0 && rename(part, pdf) < 0)
        error = -errno;
    if (error < 0) {
        (void)unlink(part);
        return complain_about(ctl, pdf, -error);
    }
    printf("%s\n", pdf);
    if (o->facts == NULL)
        printf("%s  SHA-256 %s\n", json, identity.sha256);
    return CTL_OK;
}

/* ---------------------------------------------------------------- the two ways */

static bool is_sound(const json_t *facts)
{
    const json_t *range = json_object_get(facts, "range");
    int64_t from_us = facts_time_of(range, "from"), to_us = facts_time_of(range, "to");
    const char *form = facts_text_of(facts, "cryomon");
    return (strcmp(form, "report 1") == 0 || strcmp(form, "alarm-report 1") == 0 ||
            strcmp(form, "run-report 1") == 0) &&
           to_us > from_us && to_us - from_us < INT64_C(200) * 366 * DAY_US;
}

static int from_facts(struct ctl *ctl, const struct options *o)
{
    size_t len = 0;
    json_error_t error;
    char *text = read_file(o->facts, &len);
    if (text == NULL) {
        ctl_complain(tr(ctl, "%s can't be read: %s", "无法读取 %s：%s"), o->facts, words_error(ctl, errno));
        return CTL_NEGATIVE;
    }
    json_t *facts = json_loadb(text, len, 0, &error);
    int status = CTL_NEGATIVE;
    if (facts == NULL || !is_sound(facts))
        ctl_complain(tr(ctl, "%s holds no facts of a report", "%s 中没有报告的事实数据"), o->facts);
    else if (ctl->json)
        status = fwrite(text, 1, len, stdout) == len ? CTL_OK : CTL_NEGATIVE;
    else
        status = write_both(ctl, o, facts, text, len);
    json_decref(facts);
    free(text);
    return status;
}

/* False: complained. A run says itself when it was. */
static bool choose_range(struct ctl *ctl, struct options *o)
{
    int64_t now_us = clock_now().utc_us;
    if (o->request.run != NULL)
        return true;
    if (!when_range(ctl, (o->alarms ? 30 : 1) * DAY_US, &o->request.from_us, &o->request.to_us))
        return false;
    if (o->request.from_us >= now_us) {
        ctl_complain("%s", tr(ctl, "the range lies in the future", "该时段在将来"));
        return false;
    }
    if (o->request.to_us > now_us) /* what is not yet is not missing */
        o->request.to_us = now_us / MS_US * MS_US;
    return true;
}

static int from_record(struct ctl *ctl, struct options *o)
{
    char dir[PATH_MAX];
    struct history_reader *reader = NULL;
    json_t *facts = NULL;
    size_t len = 0;
    if (!choose_range(ctl, o))
        return CTL_USAGE;
    if (!places_history(ctl, dir, sizeof dir))
        return CTL_NEGATIVE;
    ctl->dir = dir;
    int status = stored_open(ctl, &reader);
    if (status != CTL_OK)
        return status;
    status = (o->alarms                ? facts_gather_alarms
              : o->request.run != NULL ? facts_gather_run
                                       : facts_gather)(ctl, reader, dir, &o->request, &facts);
    history_close(reader);
    char *text = status == CTL_OK ? facts_text(facts, &len) : NULL;
    if (status == CTL_OK && text == NULL) {
        ctl_complain("%s", words_error(ctl, ENOMEM));
        status = CTL_NEGATIVE;
    } else if (status == CTL_OK) {
        status = ctl->json ? (fwrite(text, 1, len, stdout) == len ? CTL_OK : CTL_NEGATIVE)
                           : write_both(ctl, o, facts, text, len);
    }
    free(text);
    json_decref(facts);
    return status;
}

int main(int argc, char **argv)
{
    struct ctl ctl = {.language = default_language(), .interrupt_fd = -1};
    struct options options = {0};
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C"); /* numbers are the same everywhere */
    int status = read_options(&ctl, &options, argc, argv);
    if (status != CTL_OK)
        return status;
    if (sodium_init() < 0)
        return CTL_NEGATIVE;
    if (options.help)
        print_help(&ctl);
    else if (options.version)
        puts("cryomon-report " CRYOMON_VERSION);
    else
        status = options.facts != NULL ? from_facts(&ctl, &options) : from_record(&ctl, &options);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        ctl_complain(tr(&ctl, "can't write the output: %s", "无法写出：%s"), words_error(&ctl, errno));
        return status == CTL_OK ? CTL_NEGATIVE : status;
    }
    return status;
}
