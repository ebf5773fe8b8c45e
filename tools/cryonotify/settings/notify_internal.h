/* notify_internal.h - what the readers of notify.yaml share. */
#ifndef CRYONOTIFY_INTERNAL_H
#define CRYONOTIFY_INTERNAL_H

#include "draft.h"
#include "fields.h"
#include "notify_config.h"

struct reader {
    struct notify_config *config;
    struct problems *problems, *warnings;
    const char *templates_dir;
};

/* The sections at the top of the file. */
struct sections {
    const struct yaml_node *site, *mqtt, *channels, *people, *rota, *holidays, *priorities, *drill, *flood,
        *link, *watch;
    char state[256], socket[108];
    uint32_t collect_ms, needed, silent_ms, nobody_ms, broker_ms, attempt_ms, next_channel_ms, retry_ms,
        probe_ms;
};

/* notify_people.c */
void notify_read_channels(struct reader *r, const struct yaml_node *node);
void notify_read_people(struct reader *r, const struct yaml_node *node);
/* A list of people, or one: bits. */
bool notify_read_who(struct reader *r, const struct yaml_node *node, uint64_t *ret);

/* rota_read.c */
void notify_read_rota(struct reader *r, const struct yaml_node *node);
void notify_read_holidays(struct reader *r, const struct yaml_node *node);
bool notify_read_time(struct reader *r, const struct yaml_node *node, bool end, uint16_t *ret_min);
bool notify_read_days(struct reader *r, const struct yaml_node *node, uint8_t *ret);

/* notify_advice.c: of a whole configuration: what would one day leave somebody untold */
void notify_advise(struct reader *r, const struct yaml_node *root);

/* notify_rules.c */
void notify_default_rules(struct call_rules *rules);
void notify_read_priorities(struct reader *r, const struct yaml_node *node);
void notify_read_drill(struct reader *r, const struct yaml_node *node);
void notify_read_flood(struct reader *r, const struct yaml_node *node);

#endif
