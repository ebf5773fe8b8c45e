/*
 * cryoctl - looks into a running cryomond, its configuration and its history. See cryoctl(1).
 */
#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "places.h"
#include "usage.h"
#include "words.h"

void ctl_complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fflush(stdout);
    fputs("cryoctl: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

/* As setlocale would choose it; the names only matter, the locale need not be installed. */
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

static void look_at_terminal(struct ctl *ctl)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    struct winsize size;
    if (!isatty(STDOUT_FILENO))
        return;
    ctl->colour = (no_color == NULL || no_color[0] == '\0') && term != NULL && strcmp(term, "dumb") != 0;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        ctl->columns = size.ws_col;
}

static bool set_language(struct ctl *ctl, const char *name)
{
    if (strcmp(name, "en") != 0 && strcmp(name, "zh") != 0) {
        ctl_complain(tr(ctl, "--lang is en or zh, not \"%s\"", "--lang 只能是 en 或 zh，不是“%s”"), name);
        return false;
    }
    ctl->language = strcmp(name, "zh") == 0 ? LANGUAGE_ZH : LANGUAGE_EN;
    return true;
}

static bool add_lot(struct ctl *ctl, const char *lot)
{
    if (ctl->n_lots == CTL_LOTS_MAX) {
        ctl_complain(tr(ctl, "--lot can be given %d times", "--lot 最多给出 %d 次"), CTL_LOTS_MAX);
        return false;
    }
    ctl->lots[ctl->n_lots++] = lot;
    return true;
}

static bool set_option(struct ctl *ctl, enum usage_option option, const char *argument)
{
    switch (option) {
    case OPTION_SOCKET:
        ctl->socket = argument;
        break;
    case OPTION_CONFIG:
        ctl->config = argument;
        break;
    case OPTION_LANG:
        return set_language(ctl, argument);
    case OPTION_UTC:
        ctl->utc = true;
        break;
    case OPTION_JSON:
        ctl->json = true;
        break;
    case OPTION_ALL:
        ctl->all = true;
        break;
    case OPTION_NOTE:
        ctl->note = argument;
        break;
    case OPTION_YES:
        ctl->yes = true;
        break;
    case OPTION_EXIT_CODE:
        ctl->exit_code = true;
        break;
    case OPTION_FROM:
        ctl->from = argument;
        break;
    case OPTION_TO:
        ctl->to = argument;
        break;
    case OPTION_LAST:
        ctl->last = argument;
        break;
    case OPTION_FORMAT:
        ctl->format = argument;
        break;
    case OPTION_DIR:
        ctl->dir = argument;
        break;
    case OPTION_PUBLIC_KEY:
        ctl->public_key = argument;
        break;
    case OPTION_HEAD:
        ctl->head = argument;
        break;
    case OPTION_QUICK:
        ctl->quick = true;
        break;
    case OPTION_TABLE:
        ctl->table = argument;
        break;
    case OPTION_UNITS:
        ctl->units = argument;
        break;
    case OPTION_TIMEOUT:
        ctl->timeout = argument;
        break;
    case OPTION_BAUD:
        ctl->baud = argument;
        break;
    case OPTION_PARITY:
        ctl->parity = argument;
        break;
    case OPTION_STOP_BITS:
        ctl->stop_bits = argument;
        break;
    case OPTION_RESOLUTION:
        ctl->resolution = argument;
        break;
    case OPTION_PROGRAM:
        ctl->program = argument;
        break;
    case OPTION_OPERATOR:
        ctl->operator_name = argument;
        break;
    case OPTION_LOT:
        return add_lot(ctl, argument);
    case OPTION_SHORT:
        ctl->short_form = true;
        break;
    case OPTION_BY:
        ctl->by = argument;
        break;
    case OPTION_THRESHOLD:
        ctl->threshold = argument;
        break;
    case OPTION_ASSET:
        ctl->asset = argument;
        break;
    case OPTION_ALARM:
        ctl->alarm = argument;
        break;
    case OPTION_PERSON:
        ctl->person = argument;
        break;
    case OPTION_KIND:
        ctl->kind = argument;
        break;
    case OPTION_POINT:
        ctl->point = argument;
        break;
    case OPTION_OUTPUT:
        ctl->output = argument;
        break;
    case OPTION_FACTS:
        ctl->facts = argument;
        break;
    case OPTION_PDF:
        ctl->pdf = argument;
        break;
    case OPTION_FOR:
        ctl->hold_for = argument;
        break;
    case OPTION_UNTIL:
        ctl->until = argument;
        break;
    case OPTION_WHY:
        ctl->why = argument;
        break;
    case OPTION_ONE_SHOT:
        ctl->one_shot = true;
        break;
    case OPTION_ORDER:
        ctl->order = argument;
        break;
    case OPTION_MEASURED:
        ctl->measured = argument;
        break;
    case OPTION_SECOND:
        ctl->second = argument;
        break;
    case OPTION_TOLERANCE:
        ctl->tolerance = argument;
        break;
    case OPTION_MEANING:
        ctl->meaning = argument;
        break;
    case OPTION_KEEP:
        ctl->keep = argument;
        break;
    case OPTION_COMMENT:
        ctl->comment = argument;
        break;
    case OPTION_WITH_KEY:
        ctl->with_key = true;
        break;
    case OPTION_PASSWORD_STDIN:
        ctl->password_stdin = true;
        break;
    case OPTION_SIGN_SOCKET:
        ctl->sign_socket = argument;
        break;
    case OPTION_CHECK:
        ctl->check = true;
        break;
    case OPTION_UNSIGNED:
        ctl->unsigned_too = true;
        break;
    case OPTION_OFFSET:
        ctl->offset = argument;
        break;
    case OPTION_REASON:
        ctl->reason = argument;
        break;
    case OPTION_HELP:
    case OPTION_VERSION:
    case OPTION_COUNT:
        break; /* seen by the caller */
    }
    return true;
}

/* What is no option, in order. */
struct words {
    char **word; /* argv's own memory, from argv[1] on: never more than have been read */
    int n;
};

/* "-190.1" is a temperature, not an option: no option begins with a digit. */
static bool is_negative_number(const char *word)
{
    return word[0] == '-' && word[1] >= '0' && word[1] <= '9';
}

/* What is said about the other options is said in the language of --lang, also where that comes behind them.
 */
static void look_for_language(struct ctl *ctl, int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        const char *name = strncmp(argv[i], "--lang=", 7) == 0              ? argv[i] + 7
                           : strcmp(argv[i], "--lang") == 0 && i + 1 < argc ? argv[i + 1]
                                                                            : "";
        if (strcmp(name, "en") == 0 || strcmp(name, "zh") == 0)
            ctl->language = strcmp(name, "zh") == 0 ? LANGUAGE_ZH : LANGUAGE_EN;
    }
}

/* Instead of getopt's own words, which know one language. */
static int complain_about_option(const struct ctl *ctl, int option, const char *argument)
{
    char text[] = {'-', (char)optopt, '\0'};
    if (optopt > 0 && optopt < 256) /* one letter, perhaps of several in the argument */
        argument = text;
    if (option == ':')
        ctl_complain(tr(ctl, "%s wants an argument; see cryoctl --help", "%s 需要参数；见 cryoctl --help"),
                     argument);
    else
        ctl_complain(
            tr(ctl, "there is no option \"%s\"; see cryoctl --help", "没有选项“%s”；见 cryoctl --help"),
            argument);
    return CTL_USAGE;
}

/* Reads all options, wherever they stand. Returns 0 or CTL_USAGE. */
static int read_options(struct ctl *ctl, int argc, char **argv, struct words *ret_words, uint64_t *ret_seen)
{
    struct option table[OPTION_COUNT + 1] = {0};
    for (unsigned i = 0; i < OPTION_COUNT; i++)
        table[i] = (struct option){.name = usage_option_name(i),
                                   .has_arg = usage_option_argument(i) ? required_argument : no_argument,
                                   .val = 256 + (int)i};
    for (;;) {
        while (optind < argc && is_negative_number(argv[optind]))
            ret_words->word[ret_words->n++] = argv[optind++];
        int option = getopt_long(argc, argv, "-:hVyo:", table, NULL);
        if (option < 0)
            break;
        if (option == '?' || option == ':')
            return complain_about_option(ctl, option, argv[optind - 1]);
        if (option == 1) {
            ret_words->word[ret_words->n++] = optarg;
            continue;
        }
        if (option < 256)
            option = 256 + (option == 'h'   ? OPTION_HELP
                            : option == 'V' ? OPTION_VERSION
                            : option == 'o' ? OPTION_OUTPUT
                                            : OPTION_YES);
        *ret_seen |= UINT64_C(1) << (option - 256);
        if (!set_option(ctl, (enum usage_option)(option - 256), optarg))
            return CTL_USAGE;
    }
    while (optind < argc) /* behind "--" */
        ret_words->word[ret_words->n++] = argv[optind++];
    return 0;
}

static int run_verb(struct ctl *ctl, const struct words *words, uint64_t seen)
{
    if ((seen & UINT64_C(1) << OPTION_VERSION) != 0) {
        printf("cryoctl " CRYOMON_VERSION "\n");
        return CTL_OK;
    }
    const struct usage_verb *verb =
        words->n > 0 ? usage_find_verb(words->word[0], words->n > 1 ? words->word[1] : NULL) : NULL;
    if ((seen & UINT64_C(1) << OPTION_HELP) != 0 && (verb != NULL || words->n == 0)) {
        usage_print(ctl, verb, stdout);
        return CTL_OK;
    }
    if (verb == NULL) {
        char second[128];
        if (words->n > 0 && usage_second_words(words->word[0], second, sizeof second)[0] != '\0')
            ctl_complain(tr(ctl, "\"%s\" wants one of: %s; see cryoctl --help",
                            "“%s”之后应为以下之一：%s；见 cryoctl --help"),
                         words->word[0], second);
        else if (words->n > 0)
            ctl_complain(
                tr(ctl, "there is no verb \"%s\"; see cryoctl --help", "没有动词“%s”；见 cryoctl --help"),
                words->word[0]);
        else
            usage_print(ctl, NULL, stderr);
        return CTL_USAGE;
    }
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        if ((seen & UINT64_C(1) << i) != 0 && !usage_verb_takes(verb, i)) {
            ctl_complain(tr(ctl, "--%s has no meaning with \"%s\"; see cryoctl %s --help",
                            "--%s 不能用于“%s”；见 cryoctl %s --help"),
                         usage_option_name(i), verb->name, verb->name);
            return CTL_USAGE;
        }
    }
    int own = (int)usage_verb_words(verb), n = words->n - own;
    if (n < verb->min_arguments || n > verb->max_arguments) {
        ctl_complain(tr(ctl, "usage: cryoctl %s %s", "用法：cryoctl %s %s"), verb->name,
                     tr(ctl, verb->arguments != NULL ? verb->arguments : "",
                        verb->arguments_zh != NULL ? verb->arguments_zh : ""));
        return CTL_USAGE;
    }
    if (usage_verb_takes(verb, OPTION_SOCKET) && !places_socket(ctl))
        return CTL_NEGATIVE;
    return verb->run(ctl, n, words->word + own);
}

static int run(struct ctl *ctl, int argc, char **argv)
{
    uint64_t seen = 0;
    struct words words = {
        .word = calloc((size_t)argc + 1, sizeof *words.word)}; /* NOLINT(bugprone-sizeof-expression) */
    if (words.word == NULL)
        return CTL_NEGATIVE;
    look_for_language(ctl, argc, argv);
    int status = read_options(ctl, argc, argv, &words, &seen);
    if (status == 0)
        status = run_verb(ctl, &words, seen);
    free((void *)words.word);
    return status;
}

int main(int argc, char **argv)
{
    struct ctl ctl = {.language = default_language(), .interrupt_fd = -1};
    setlocale(LC_ALL, "");      /* for the shell's own messages; our texts don't depend on it */
    setlocale(LC_NUMERIC, "C"); /* numbers are the same everywhere */
    look_at_terminal(&ctl);
    int status = run(&ctl, argc, argv);
    if ((fflush(stdout) != 0 || ferror(stdout)) && errno != EPIPE) {
        ctl_complain(tr(&ctl, "can't write the output: %s", "无法写出：%s"), words_error(&ctl, errno));
        return status == CTL_OK ? CTL_NEGATIVE : status;
    }
    return status;
}
