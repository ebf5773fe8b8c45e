/* monitor_retry.c - what found no room in a mailbox, and what the disk has lost: told again. The publisher
 * may wait a minute for a name server just when a whole site goes into alarm. */
#include "monitor_internal.h"

void monitor_tell_config(struct monitor *m)
{
    struct config *config = m->config;
    struct store_message store = {.kind = STORE_CONFIG, .generation = config->generation};
    struct publisher_message publisher = {.kind = PUBLISHER_CONFIG, .generation = config->generation};
    struct control_message control = {.kind = CONTROL_CONFIG, .generation = config->generation};
    const struct {
        enum reader reader;
        struct mailbox *mailbox;
        const void *message;
    } readers[] = {
        {READER_STORE, store_mailbox(m->parts.store), &store},
        {READER_PUBLISHER, publisher_mailbox(m->parts.publisher), &publisher},
        {READER_CONTROL, m->parts.control != NULL ? control_mailbox(m->parts.control) : NULL, &control},
    };
    store.config = publisher.config = control.config = config;
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        if ((m->config_untold & readers[i].reader) == 0)
            continue;
        (void)config_ref(config); /* the reader's */
        if (readers[i].mailbox != NULL &&
            mailbox_try(readers[i].mailbox, MAILBOX_RESERVED, readers[i].message) < 0) {
            config_unref(config);
            continue;
        }
        if (readers[i].mailbox == NULL)
            config_unref(config);
        m->config_untold &= ~(unsigned)readers[i].reader;
    }
}

/* Alarm states and readings of a configuration that the publisher did not know yet were lost on it. */
static void config_was_late(struct monitor *m)
{
    for (uint16_t i = 0; i < m->config->n_alarms; i++)
        m->unshown[i] |= m->alarms[i].state != ALARM_NORMAL;
    m->any_unshown = m->points_missed = true;
}

static bool show_again(struct monitor *m)
{
    for (uint16_t i = 0; i < m->config->n_alarms; i++)
        if (m->unshown[i] && !monitor_show_alarm(m, i))
            return false;
    m->any_unshown = false;
    return true;
}

void monitor_retry(struct monitor *m)
{
    unsigned untold = m->config_untold;
    if (untold != 0)
        monitor_tell_config(m);
    if ((m->config_untold & READER_PUBLISHER) != 0)
        return;
    if ((untold & READER_PUBLISHER) != 0)
        config_was_late(m);
    if (m->any_unshown && !show_again(m))
        return;
    if (!m->points_missed)
        return;
    m->points_missed = false;
    for (uint16_t i = 0; i < m->config->n_points && !m->points_missed; i++) {
        struct point_view view = engine_point(m->engine, i);
        if (view.reading.reason != REASON_NEVER_READ)
            monitor_publish_point(m, i, &view);
    }
    monitor_publish_dirty(m);
}

void monitor_restate(struct monitor *m)
{
    m->events_lost = false;
    for (uint16_t i = 0; i < m->config->n_alarms; i++)
        if (m->alarms[i].state != ALARM_NORMAL)
            monitor_restate_alarm(m, i);
}
