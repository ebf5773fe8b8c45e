/* monitor_buses.c - the bus threads of a configuration: started together, stopped together. */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"
#include "descriptors.h"
#include "log.h"
#include "monitor_internal.h"

int monitor_start_buses(struct monitor *m)
{
    m->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (m->stop_fd < 0)
        return -errno;
    if (m->config->n_buses > descriptors_room())
        log_line(
            LOG_ERR, MID_BUS,
            "%u buses need as many connections, and at most %u fit (limit of open files, and 1024 in any "
            "case): the others will have no connection; see LimitNOFILE= or use a second instance",
            m->config->n_buses, descriptors_room());
    int result = turns_create(m->config, &m->turns);
    if (result == 0)
        result = tempo_create(m->config, &m->tempo);
    if (result < 0)
        return result;
    monitor_resume_tempo(m);
    const struct bus_shared shared = {.turns = m->turns,
                                      .tempo = m->tempo,
                                      .errand = m->parts.fallback != NULL ? fallback_errand(m->parts.fallback)
                                                                          : NULL};
    for (uint16_t i = 0; i < m->config->n_buses; i++) {
        result =
            bus_create(m->config, i, m->parts.core, m->parts.heartbeats, &shared, m->stop_fd, &m->buses[i]);
        if (result < 0) {
            log_line(LOG_CRIT, MID_BUS, "bus %s: cannot start: %s", m->config->buses[i].id,
                     strerrordesc_np(-result));
            continue; /* its points go stale, and that is an alarm */
        }
        m->buses_running++;
    }
    return 0;
}

void monitor_release_buses(struct monitor *m)
{
    bool all = m->buses_running == 0;
    for (uint16_t i = 0; i < m->config->n_buses; i++) {
        if (all)
            bus_free(m->buses[i]);
        m->buses[i] = NULL;
    }
    if (all && m->stop_fd >= 0)
        close(m->stop_fd);
    if (!all) {
        m->stragglers = true;
        log_line(LOG_WARNING, MID_BUS, "%u bus threads do not end; they are left behind", m->buses_running);
    }
    turns_unref(m->turns); /* what is left behind has its own reference */
    m->turns = NULL;
    tempo_unref(m->tempo);
    m->tempo = NULL;
    m->stop_fd = -1;
    m->buses_running = 0;
}

void monitor_stop_buses(struct monitor *m, int64_t deadline_us)
{
    struct core_message message;
    if (m->stop_fd >= 0)
        (void)eventfd_write(m->stop_fd, 1);
    while (m->buses_running > 0 && clock_boot_us() < deadline_us) {
        if (!mailbox_wait(m->parts.core, -1, deadline_us))
            continue;
        while (mailbox_take(m->parts.core, &message)) {
            if (message.kind == CORE_BUS_EXITED && message.generation == m->config->generation)
                m->buses_running--;
            else if (message.kind == CORE_SAMPLE)
                monitor_sample(m, &message);
        }
    }
    monitor_release_buses(m);
}
