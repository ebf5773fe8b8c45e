#include "fault.h"

#include "param.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ON_TCP 1U
#define ON_RTU 2U
#define IN_MIX 4U

static const struct kind {
    const char *name;
    unsigned where; /* ON_..., IN_MIX */
} kinds[N_FAULTS] = {
    [FAULT_NONE] = {"none", ON_TCP | ON_RTU},
    [FAULT_SILENT] = {"silent", ON_TCP | ON_RTU | IN_MIX},
    [FAULT_LATE] = {"late", ON_TCP | ON_RTU | IN_MIX},
    [FAULT_WRONG_UNIT] = {"wrong-unit", ON_TCP | ON_RTU | IN_MIX},
    [FAULT_WRONG_LENGTH] = {"wrong-length", ON_TCP | ON_RTU | IN_MIX},
    [FAULT_TRUNCATED] = {"truncated", ON_TCP | ON_RTU | IN_MIX},
    [FAULT_WRONG_PROTOCOL] = {"wrong-protocol", ON_TCP | IN_MIX},
    [FAULT_WRONG_TRANSACTION] = {"wrong-transaction", ON_TCP | IN_MIX},
    [FAULT_WRONG_FUNCTION] = {"wrong-function", ON_TCP | ON_RTU | IN_MIX},
    [FAULT_WRONG_COUNT] = {"wrong-count", ON_TCP | ON_RTU | IN_MIX},
    [FAULT_FOREIGN] = {"foreign", ON_TCP | ON_RTU | IN_MIX},
    [FAULT_HALF] = {"half", ON_TCP | ON_RTU | IN_MIX},
    [FAULT_DRIP] = {"drip", ON_TCP | ON_RTU | IN_MIX},
    [FAULT_TRAILING] = {"trailing", ON_TCP | ON_RTU | IN_MIX},
    [FAULT_DUPLICATE] = {"duplicate", ON_TCP | ON_RTU | IN_MIX},
    [FAULT_CRC] = {"crc", ON_RTU | IN_MIX},
    [FAULT_EXCEPTION] = {"exception", ON_TCP | ON_RTU | IN_MIX},
    /* On a pty line `drop` and `refuse` pull the USB adapter; too slow a thing for a mix. */
    [FAULT_DROP] = {"drop", ON_TCP | ON_RTU},
    [FAULT_REFUSE] = {"refuse", ON_TCP | ON_RTU},
    [FAULT_ECHO] = {"echo", ON_RTU | IN_MIX},
    [FAULT_GARBAGE] = {"garbage", ON_TCP | ON_RTU | IN_MIX},
    [FAULT_MIX] = {"mix", ON_TCP | ON_RTU},
};

const char *fault_name(enum fault_kind kind)
{
    return kinds[kind].name;
}

static int parse_kind(const char *word, enum fault_kind *ret)
{
    for (int i = 0; i < N_FAULTS; i++) {
        if (strcmp(word, kinds[i].name) == 0) {
            *ret = (enum fault_kind)i;
            return 0;
        }
    }
    return -EINVAL;
}

static int parse_duration(const char *text, int64_t *ret_us)
{
    double seconds;
    if (param_number(text, unit_time, &seconds) < 0 || seconds < 0 || seconds > 86400)
        return -EINVAL;
    *ret_us = (int64_t)(seconds * 1e6);
    return 0;
}

/* What follows the kind: a delay, a code, or nothing. */
static int parse_argument(struct fault *fault, const char *text, char error[FAULT_ERROR_MAX])
{
    int64_t code;
    const char *name = kinds[fault->kind].name;
    switch (fault->kind) {
    case FAULT_LATE:
    case FAULT_DRIP:
    case FAULT_MIX:
        if (text[0] == '\0') {
            fault->delay_us = fault->kind == FAULT_DRIP  ? 100000
                              : fault->kind == FAULT_MIX ? 1500000
                                                         : 800000;
            return 0;
        }
        if (parse_duration(text, &fault->delay_us) == 0)
            return 0;
        snprintf(error, FAULT_ERROR_MAX, "%s: \"%s\" is not a duration such as 800ms", name, text);
        return -EINVAL;
    case FAULT_EXCEPTION:
        fault->code = 4;
        if (text[0] == '\0')
            return 0;
        if (param_integer(text, 1, 255, &code) == 0) {
            fault->code = (uint8_t)code;
            return 0;
        }
        snprintf(error, FAULT_ERROR_MAX, "%s: \"%s\" is not a code in 1 ... 255", name, text);
        return -EINVAL;
    default:
        if (text[0] == '\0')
            return 0;
        snprintf(error, FAULT_ERROR_MAX, "%s: takes no argument, but got \"%s\"", name, text);
        return -EINVAL;
    }
}

static int parse_option(struct fault *fault, const char *word, char error[FAULT_ERROR_MAX])
{
    int64_t count;
    if (strncmp(word, "count=", 6) == 0) {
        if (param_integer(word + 6, 1, INT32_MAX, &count) == 0) {
            fault->count = (uint64_t)count;
            return 0;
        }
    } else if (strncmp(word, "for=", 4) == 0) {
        if (parse_duration(word + 4, &fault->for_us) == 0 && fault->for_us > 0)
            return 0;
    } else if (strncmp(word, "probability=", 12) == 0) {
        if (param_number(word + 12, NULL, &fault->probability) == 0 && fault->probability > 0 &&
            fault->probability <= 1)
            return 0;
    } else {
        snprintf(error, FAULT_ERROR_MAX, "\"%s\" is not count=N, for=DURATION or probability=P", word);
        return -EINVAL;
    }
    snprintf(error, FAULT_ERROR_MAX, "\"%s\" has no valid value", word);
    return -EINVAL;
}

int fault_parse(const char *text, struct fault *ret, char error[FAULT_ERROR_MAX])
{
    char words[256], argument[64] = "";
    struct fault fault = {.probability = 1};
    if (strlen(text) >= sizeof words) {
        snprintf(error, FAULT_ERROR_MAX, "too long");
        return -EINVAL;
    }
    memcpy(words, text, strlen(text) + 1);
    char *rest = NULL;
    const char *word = strtok_r(words, " \t", &rest);
    if (word == NULL || parse_kind(word, &fault.kind) < 0) {
        int n = snprintf(error, FAULT_ERROR_MAX, "\"%.20s\" is no fault; try", word != NULL ? word : "");
        for (int i = 0; i < N_FAULTS && n < FAULT_ERROR_MAX; i++)
            n += snprintf(error + n, (size_t)(FAULT_ERROR_MAX - n), " %s", kinds[i].name);
        return -EINVAL;
    }
    while ((word = strtok_r(NULL, " \t", &rest)) != NULL) {
        if (strchr(word, '=') != NULL) {
            if (parse_option(&fault, word, error) < 0)
                return -EINVAL;
            continue;
        }
        size_t used = strlen(argument); /* "800 ms" is two words */
        snprintf(argument + used, sizeof argument - used, "%s%s", used > 0 ? " " : "", word);
    }
    if (parse_argument(&fault, argument, error) < 0)
        return -EINVAL;
    *ret = fault;
    return 0;
}

const char *fault_unfit(const struct fault *fault, bool rtu, bool on_listener)
{
    if ((kinds[fault->kind].where & (rtu ? ON_RTU : ON_TCP)) == 0)
        return rtu ? "happens on TCP only" : "happens on RTU only";
    if (fault->kind == FAULT_REFUSE && !on_listener)
        return "is for a listener, not for a device";
    if (fault->kind == FAULT_REFUSE && (fault->count > 0 || fault->probability < 1))
        return "takes for=DURATION only";
    return NULL;
}

void fault_begin(struct fault *fault, int64_t now_us)
{
    fault->until_us = fault->for_us > 0 ? now_us + fault->for_us : 0;
}

void fault_expire(struct fault *fault, int64_t now_us)
{
    if (fault->until_us > 0 && now_us >= fault->until_us)
        *fault = (struct fault){0};
}

/* One of the faults of a mix, each as likely as the others. */
static void pick(const struct fault *mix, bool rtu, struct random_source *random, struct fault *ret)
{
    unsigned wanted = IN_MIX | (rtu ? ON_RTU : ON_TCP);
    uint32_t kind;
    do
        kind = random_below(random, N_FAULTS);
    while ((kinds[kind].where & wanted) != wanted);
    *ret = (struct fault){.kind = (enum fault_kind)kind, .probability = 1};
    if (kind == FAULT_LATE)
        ret->delay_us =
            random_below(random, mix->delay_us < UINT32_MAX ? (uint32_t)mix->delay_us + 1 : UINT32_MAX);
    else if (kind == FAULT_DRIP)
        ret->delay_us = 1000 + random_below(random, 60000);
    else if (kind == FAULT_EXCEPTION)
        ret->code = (uint8_t)(1 + random_below(random, 11));
}

bool fault_take(struct fault *fault, bool rtu, int64_t now_us, struct random_source *random,
                struct fault *ret)
{
    fault_expire(fault, now_us);
    if (fault->kind == FAULT_NONE)
        return false;
    if (fault->probability < 1 && random_uniform(random) >= fault->probability)
        return false;
    if (fault->kind == FAULT_MIX)
        pick(fault, rtu, random, ret);
    else
        *ret = *fault;
    if (fault->count > 0 && --fault->count == 0)
        *fault = (struct fault){0};
    return true;
}

void fault_print(const struct fault *fault, char text[FAULT_TEXT_MAX])
{
    int n = snprintf(text, FAULT_TEXT_MAX, "%s", kinds[fault->kind].name);
    if (fault->kind == FAULT_EXCEPTION)
        n += snprintf(text + n, (size_t)(FAULT_TEXT_MAX - n), " %u", fault->code);
    else if (fault->delay_us > 0)
        n += snprintf(text + n, (size_t)(FAULT_TEXT_MAX - n), " %gms", (double)fault->delay_us / 1e3);
    if (fault->count > 0)
        n +=
            snprintf(text + n, (size_t)(FAULT_TEXT_MAX - n), " count=%llu", (unsigned long long)fault->count);
    if (fault->for_us > 0)
        n += snprintf(text + n, (size_t)(FAULT_TEXT_MAX - n), " for=%gs", (double)fault->for_us / 1e6);
    if (fault->probability > 0 && fault->probability < 1)
        snprintf(text + n, (size_t)(FAULT_TEXT_MAX - n), " probability=%g", fault->probability);
}
