#include "mistakes.h"

#include <errno.h>
#include <string.h>

#include "settings.h"

/* Prints what differs and counts it, so that one run shows all of it. */
static unsigned check_case(const struct mistake *m, const char *group, size_t index)
{
    const char *profile = m->profile_text != NULL ? m->profile_text : PROFILE;
    struct settings_file list[] = {
        {"cryomon.yaml", m->main_text, strlen(m->main_text)},
        {"devices/p.yaml", profile, strlen(profile)},
        {"conf.d/10.yaml", m->conf_d_text, m->conf_d_text != NULL ? strlen(m->conf_d_text) : 0},
    };
    struct problems problems = {.n = 0};
    struct problems warnings = {.n = 0};
    struct config *config = NULL;
    size_t n_expected = 0;
    unsigned wrong = 0;

    while (n_expected < EXPECTED_MAX && m->expected[n_expected] != NULL)
        n_expected++;
    int r = settings_load_memory(list, m->conf_d_text != NULL ? 3 : 2, 1, &problems, &warnings, &config);
    if (r != (n_expected == 0 ? 0 : -EINVAL))
        wrong++;
    for (size_t i = 0; i < n_expected || i < problems.n; i++) {
        const char *expected = i < n_expected ? m->expected[i] : "(nothing)";
        const char *found = i < problems.n && i < PROBLEMS_MAX ? problems.lines[i] : "(nothing)";
        if (strcmp(expected, found) != 0) {
            print_error("%s %zu:\n  expected %s\n  found    %s\n", group, index, expected, found);
            wrong++;
        }
    }
    problems_free(&problems);
    problems_free(&warnings);
    config_unref(config);
    return wrong;
}

void mistakes_check(const char *group, const struct mistake *cases, size_t n)
{
    unsigned wrong = 0;

    for (size_t i = 0; i < n; i++)
        wrong += check_case(&cases[i], group, i);
    assert_int_equal(wrong, 0);
}
