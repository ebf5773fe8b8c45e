#include <string.h>

#include "monitor_internal.h"

static bool has_device(const struct freezer_config *freezer, const struct config *config, unsigned device)
{
    for (unsigned i = 0; i < FREEZER_INPUTS; i++)
        if (freezer->inputs[i].point >= 0 && config->points[freezer->inputs[i].point].device == device)
            return true;
    return false;
}

/* How often the device is to be asked for all the freezers that it serves; 0: as configured. */
static uint32_t interval_of(const struct monitor *m, unsigned device)
{
    uint32_t least_ms = 0;
    for (uint16_t f = 0; f < m->config->n_freezers; f++) {
        uint32_t ms = m->config->freezers[f].run_interval_ms;
        if (m->in_run[f] && ms > 0 && (least_ms == 0 || ms < least_ms) &&
            has_device(&m->config->freezers[f], m->config, device))
            least_ms = ms;
    }
    return least_ms;
}

void monitor_tempo(struct monitor *m, uint16_t freezer, bool running)
{
    if (freezer >= m->config->n_freezers)
        return;
    m->in_run[freezer] = running;
    const struct freezer_config *fc = &m->config->freezers[freezer];
    for (unsigned i = 0; i < FREEZER_INPUTS; i++) {
        if (fc->inputs[i].point < 0)
            continue;
        uint16_t device = m->config->points[fc->inputs[i].point].device;
        if (device != POINT_DERIVED)
            tempo_set(m->tempo, device, interval_of(m, device));
    }
}

void monitor_resume_tempo(struct monitor *m)
{
    for (uint16_t f = 0; f < m->config->n_freezers; f++)
        if (m->in_run[f])
            monitor_tempo(m, f, true);
}

void monitor_carry_tempo(struct monitor *m, const struct config *old)
{
    bool was[FREEZERS_MAX];
    memcpy(was, m->in_run, sizeof was);
    memset(m->in_run, 0, sizeof m->in_run);
    for (uint16_t f = 0; f < m->config->n_freezers; f++)
        for (uint16_t g = 0; g < old->n_freezers; g++)
            if (strcmp(m->config->assets[m->config->freezers[f].asset].id,
                       old->assets[old->freezers[g].asset].id) == 0)
                m->in_run[f] = was[g];
}
