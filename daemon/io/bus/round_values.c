#include "round_values.h"

#include "log.h"

const char *round_values_device(const struct round *r)
{
    return r->config->devices[r->device->index].id;
}

/* What the register is called in the profile. */
const char *round_values_register(const struct round *r, const struct bus_entry *entry)
{
    return entry->guard != NULL ? entry->guard->register_name : r->config->points[entry->point].register_name;
}

const char *round_values_table(const struct plan_item *item)
{
    static const char *const names[] = {[TABLE_COIL] = "coil",
                                        [TABLE_DISCRETE] = "discrete",
                                        [TABLE_HOLDING] = "holding",
                                        [TABLE_INPUT] = "input"};
    return item->function < sizeof names / sizeof *names && names[item->function] != NULL
               ? names[item->function]
               : "?";
}

static void take(struct bus_entry *entry, const struct reading *reading, struct stamp taken)
{
    entry->reading = *reading;
    entry->taken = taken;
    entry->known = true;
}

void round_values_fail_block(const struct round *r, const struct plan_item *items,
                             const struct plan_block *block, enum reason reason)
{
    struct reading reading = {.quality = QUALITY_BAD, .reason = reason};
    struct stamp now = clock_now();
    for (uint16_t i = 0; i < block->n_items; i++)
        take(&r->device->entries[items[block->first_item + i].point], &reading, now);
}

/* All points that the poll has not told yet; with known_too also those that it has read. */
void round_values_fail(const struct round *r, enum reason reason, bool known_too)
{
    struct reading reading = {.quality = QUALITY_BAD, .reason = reason};
    struct stamp now = clock_now();
    for (uint16_t i = 0; i < r->device->n_points; i++)
        if (known_too || !r->device->entries[i].known)
            take(&r->device->entries[i], &reading, now);
}

bool round_values_is_identity(const struct bus_entry *entry)
{
    return entry->guard != NULL && entry->guard->rule.kind == GUARD_IDENTITY;
}

static struct reading decode_item(const struct round *r, const struct plan_item *item,
                                  const struct plan_block *block, const struct modbus_reply *reply)
{
    const struct bus_entry *entry = &r->device->entries[item->point];
    const struct reg_format *format =
        entry->guard != NULL ? &entry->guard->format : &r->config->points[entry->point].format;
    uint16_t offset = (uint16_t)(item->address - block->address);
    uint16_t words[2];
    if (item->function <= 2) {
        words[0] = (uint16_t)((unsigned)reply->words[offset / 16] >> (offset % 16) & 1U);
    } else {
        words[0] = reply->words[offset];
        if (item->width > 1)
            words[1] = reply->words[offset + 1];
    }
    struct reading reading = decode_words(format, words);
    bool believed = r->believed && bus_device_believed(r->device); /* trust may be lost on the way */
    if (!believed &&
        !round_values_is_identity(entry)) { /* what an unproven identity is worth, identify() knows */
        reading.quality = QUALITY_BAD;
        reading.reason = REASON_UNPROVEN;
        reading.value = 0;
    }
    return reading;
}

void round_values_take(const struct round *r, const struct plan_item *items, const struct plan_block *block,
                       const struct modbus_reply *reply)
{
    struct stamp now = clock_now();
    for (uint16_t i = 0; i < block->n_items; i++) {
        const struct plan_item *item = &items[block->first_item + i];
        struct bus_entry *entry = &r->device->entries[item->point];
        struct reading reading = decode_item(r, item, block, reply);
        take(entry, &reading, now);
        if (entry->refused_us != 0 && i == 0)
            log_line(LOG_NOTICE, MID_BUS, "device %s: gives register '%s' (%s %u) again",
                     round_values_device(r), round_values_register(r, entry), round_values_table(item),
                     item->address);
        entry->refused_us = 0;
    }
}

/* Posts what is known and was not posted yet. */
void round_values_tell(const struct round *r)
{
    for (uint16_t i = 0; i < r->device->n_points; i++) {
        struct bus_entry *entry = &r->device->entries[i];
        if (!entry->known || entry->told)
            continue;
        entry->told = true;
        bus_post_sample(r->bus, entry->point, &entry->reading, r->slot, entry->taken);
    }
}

/* ---------------------------------------------------------------- guards */

static void apply(const struct round *r, const struct guard_config *guard, enum reason reason)
{
    if (reason == REASON_NONE)
        return;
    for (uint32_t i = 0; i < guard->n_targets; i++) {
        struct bus_entry *entry =
            bus_device_entry(r->device, r->config->guard_targets[guard->first_target + i]);
        if (entry != NULL && entry->known)
            guard_apply(&entry->reading, reason);
    }
}

/* What the guards of this poll say about its values. */
void round_values_judge(const struct round *r)
{
    static const struct reading unread = {.quality = QUALITY_BAD, .reason = REASON_NEVER_READ};
    for (uint16_t i = r->device->n_points; i < r->device->n_entries && r->believed; i++) {
        struct bus_entry *entry = &r->device->entries[i];
        const struct reading *reading = entry->known ? &entry->reading : &unread;
        if (!round_values_is_identity(entry))
            apply(r, entry->guard,
                  guard_judge(&entry->guard->rule, &entry->memory, reading, entry->taken.boot_us));
    }
}
