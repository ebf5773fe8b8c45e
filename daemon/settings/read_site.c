#include "draft.h"
#include "quantity.h"

#include <string.h>

/* The top level of cryomon.yaml and of the files in conf.d. */
struct top {
    const struct yaml_node *site, *storage, *mqtt, *control, *review, *alarms, *notify, *drill, *rounds;
    const struct yaml_node *buses, *devices, *assets, *groups, *staff, *nitrogen;
};

static const struct field top_fields[] = {
    {"site", FIELD_NODE, NODE_OF(struct top, site)},
    {"storage", FIELD_NODE, NODE_OF(struct top, storage)},
    {"mqtt", FIELD_NODE, NODE_OF(struct top, mqtt)},
    {"control", FIELD_NODE, NODE_OF(struct top, control)},
    {"review", FIELD_NODE, NODE_OF(struct top, review)},
    {"alarms", FIELD_NODE, NODE_OF(struct top, alarms)},
    {"notify", FIELD_NODE, NODE_OF(struct top, notify)},
    {"drill", FIELD_NODE, NODE_OF(struct top, drill)},
    {"rounds", FIELD_NODE, NODE_OF(struct top, rounds)},
    {"buses", FIELD_NODE, NODE_OF(struct top, buses)},
    {"devices", FIELD_NODE, NODE_OF(struct top, devices)},
    {"assets", FIELD_NODE, NODE_OF(struct top, assets)},
    {"groups", FIELD_NODE, NODE_OF(struct top, groups)},
    {"staff", FIELD_NODE, NODE_OF(struct top, staff)},
    {"nitrogen", FIELD_NODE, NODE_OF(struct top, nitrogen)},
};

#define KEEP_DAYS_MAX   36525 /* 100 years */
#define REVIEW_DAYS_MAX 3653

static const struct choice languages[] = {{"en", LANGUAGE_EN}, {"zh", LANGUAGE_ZH}, {NULL, 0}};

static const struct field site_fields[] = {
    {"id", FIELD_ID, FIELD_OF(struct draft_site, id)},
    {"name", FIELD_BILINGUAL, FIELD_OF(struct draft_site, name), .max = NAME_MAX_BYTES},
    {"language", FIELD_CHOICE, FIELD_OF(struct draft_site, language), .choices = languages},
};

static const struct field storage_fields[] = {
    {"directory", FIELD_PATH, FIELD_OF(struct storage_config, directory), .flags = FIELD_DIRECTORY},
    {"commit_interval", FIELD_DURATION, FIELD_OF(struct storage_config, commit_interval_ms), .min = 100,
     .max = MINUTE_MS},
    {"keep", FIELD_DAYS, FIELD_OF(struct storage_config, keep_days), .flags = FIELD_FOREVER, .min = 1,
     .max = KEEP_DAYS_MAX},
};

static const struct field control_fields[] = {
    {"socket", FIELD_PATH, FIELD_OF(struct draft_control, socket)},
};

static const struct field review_fields[] = {
    {"every", FIELD_DAYS, FIELD_OF(struct review_config, every_days), .flags = FIELD_REQUIRED, .min = 1,
     .max = REVIEW_DAYS_MAX},
};

static const struct field staff_fields[] = {
    {"travel_time", FIELD_DURATION, FIELD_OF(struct draft, travel_ms), .flags = FIELD_REQUIRED,
     .min = MINUTE_MS, .max = 7U * DAY_MS},
};

struct nitrogen_parts {
    const struct yaml_node *price;
};

static const struct field nitrogen_fields[] = {
    {"price", FIELD_NODE, NODE_OF(struct nitrogen_parts, price), .flags = FIELD_REQUIRED},
};

/* Sections are merged key by key over the files: a key may stand in one of them only. */
void read_repeated(struct draft *d, const char *section, const struct yaml_node *node,
                   const struct field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct yaml_node *again = yaml_get(node, fields[i].key);
        const struct yaml_node *earlier = draft_setting(d, section, fields[i].key);
        if (again != NULL && earlier != again)
            problems_at_key(d->problems, again, "'%s.%s' is already set at %s:%u; remove one of them",
                            section, again->key, earlier->file, earlier->key_line);
    }
}

static void read_section(struct draft *d, const char *section, const char *what, const struct yaml_node *node,
                         const struct field *fields, size_t n, void *target)
{
    if (node == NULL)
        return;
    (void)fields_walk(d->problems, node, what, fields, n, target);
    read_repeated(d, section, node, fields, n);
}

static void read_nitrogen(struct draft *d, const struct yaml_node *section)
{
    struct nitrogen_parts parts = {NULL};

    read_section(d, "nitrogen", "'nitrogen'", section, nitrogen_fields, COUNT_OF(nitrogen_fields), &parts);
    if (parts.price != NULL)
        (void)quantity_price(d->problems, parts.price, &d->nitrogen.price_per_l, d->nitrogen.currency,
                             sizeof d->nitrogen.currency);
}

static void read_alarm_management(struct draft *d, const struct top *top)
{
    if (top->alarms != NULL)
        read_alarming(d, top->alarms);
    if (top->notify != NULL)
        read_notify(d, top->notify);
    if (top->drill != NULL)
        read_drill(d, top->drill);
    if (top->rounds != NULL)
        read_rounds(d, top->rounds);
    if (top->groups != NULL)
        read_groups(d, top->groups);
}

void read_site(struct draft *d, const struct yaml_node *root)
{
    struct top top = {.site = NULL};

    (void)fields_walk(d->problems, root, "the configuration", top_fields, COUNT_OF(top_fields), &top);
    read_section(d, "site", "'site'", top.site, site_fields, COUNT_OF(site_fields), &d->site);
    read_section(d, "storage", "'storage'", top.storage, storage_fields, COUNT_OF(storage_fields),
                 &d->storage);
    read_section(d, "control", "'control'", top.control, control_fields, COUNT_OF(control_fields),
                 &d->control);
    read_section(d, "review", "'review'", top.review, review_fields, COUNT_OF(review_fields), &d->review);
    read_section(d, "staff", "'staff'", top.staff, staff_fields, COUNT_OF(staff_fields), d);
    read_nitrogen(d, top.nitrogen);
    if (top.mqtt != NULL)
        read_mqtt(d, top.mqtt);
    read_alarm_management(d, &top);
    if (top.buses != NULL)
        read_buses(d, top.buses);
    if (top.devices != NULL)
        read_devices(d, top.devices);
    if (top.assets != NULL)
        read_assets(d, top.assets);
}
