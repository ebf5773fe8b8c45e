/*
 * usage.h - the verbs and options of cryoctl, and the help made of them.
 */
#ifndef CRYOMON_CRYOCTL_USAGE_H
#define CRYOMON_CRYOCTL_USAGE_H

#include "cryoctl.h"

enum usage_option {
    OPTION_SOCKET,
    OPTION_CONFIG,
    OPTION_LANG,
    OPTION_UTC,
    OPTION_JSON,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_ALL,
    OPTION_NOTE,
    OPTION_YES,
    OPTION_EXIT_CODE,
    OPTION_FROM,
    OPTION_TO,
    OPTION_LAST,
    OPTION_FORMAT,
    OPTION_DIR,
    OPTION_PUBLIC_KEY,
    OPTION_HEAD,
    OPTION_QUICK,
    OPTION_TOLERANCE,
    OPTION_OFFSET,
    OPTION_REASON,
    OPTION_TABLE,
    OPTION_UNITS,
    OPTION_TIMEOUT,
    OPTION_BAUD,
    OPTION_PARITY,
    OPTION_STOP_BITS,
    OPTION_KEEP,
    OPTION_WITH_KEY,
    OPTION_OUTPUT,
    OPTION_UNSIGNED,
    OPTION_RESOLUTION,
    OPTION_THRESHOLD,
    OPTION_ASSET,
    OPTION_ALARM,
    OPTION_PERSON,
    OPTION_KIND,
    OPTION_MEANING,
    OPTION_COMMENT,
    OPTION_PASSWORD_STDIN,
    OPTION_SIGN_SOCKET,
    OPTION_CHECK,
    OPTION_POINT,
    OPTION_FACTS,
    OPTION_PDF,
    OPTION_FOR,
    OPTION_UNTIL,
    OPTION_WHY,
    OPTION_ONE_SHOT,
    OPTION_ORDER,
    OPTION_MEASURED,
    OPTION_SECOND,
    OPTION_PROGRAM,
    OPTION_OPERATOR,
    OPTION_LOT,
    OPTION_SHORT,
    OPTION_BY,
    OPTION_COUNT
};

struct usage_verb {
    const char *name;
    const char *arguments, *arguments_zh; /* as in the help; NULL: not shown at all */
    int min_arguments, max_arguments;
    uint64_t options; /* 1 << enum usage_option, beside those that every verb takes */
    const char *en, *zh;
    int (*run)(struct ctl *ctl, int argc, char **argv);
};

/* NULL: there is none. Some verbs are two words ("run show"): second may be NULL. */
const struct usage_verb *usage_find_verb(const char *name, const char *second);
/* "show, prepare, ..." of the verbs that begin with that word; "" if none does. Returns text. */
const char *usage_second_words(const char *name, char *text, size_t cap);
unsigned usage_verb_words(const struct usage_verb *verb); /* 1 or 2 */
const char *usage_option_name(enum usage_option option);  /* "socket" */
bool usage_option_argument(enum usage_option option);
bool usage_verb_takes(const struct usage_verb *verb, enum usage_option option);

/* The help, of one verb or (NULL) of the program. */
void usage_print(const struct ctl *ctl, const struct usage_verb *verb, FILE *stream);

#endif
