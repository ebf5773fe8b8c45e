#include "round.h"

#include "log.h"
#include "round_values.h"

#define SPLITS_MAX       16 /* in one poll: others wait for the bus */
#define SPLIT_PAUSE_US   (10 * SECOND_US)
#define REFUSED_FEW      4 /* so many are asked for in each poll */
#define REFUSED_AGAIN_US (5 * SECOND_US)
#define MUTE_POLLS       30 /* mute registers are asked for again after so many, 5 s to 60 s */
#define MUTE_LEAST_US    (5 * SECOND_US)
#define MUTE_MOST_US     (60 * SECOND_US)
#define MUTE_SERIAL      10 /* times as long: each silence puts all values of the device in doubt */
#define IDENTITY_LAST_US (120 * SECOND_US) /* so long an identity is believed without a fault */

/* ---------------------------------------------------------------- asking */

static enum reason ask_block(const struct round *r, const struct plan_block *block,
                             struct modbus_reply *reply)
{
    struct modbus_request request = {.unit = r->config->devices[r->device->index].unit,
                                     .function = block->function,
                                     .address = block->address,
                                     .count = block->count};
    return bus_line_ask(r->bus, r->device, &request, reply);
}

static bool says_not_there(const struct modbus_reply *reply)
{
    return reply->exception == EXCEPTION_ADDRESS || reply->exception == EXCEPTION_VALUE;
}

/* ---------------------------------------------------------------- identity */

static bool identity_due(const struct round *r)
{
    const struct bus_device *device = r->device;
    return device->identity.n_items > 0 &&
           (!device->identified || device->identified_on != r->bus->connections ||
            clock_boot_us() - device->identified_us > IDENTITY_LAST_US);
}

/* Was the connection opened anew since the device was identified in this poll? */
static bool connection_changed(const struct round *r)
{
    return r->believed && r->device->identity.n_items > 0 && r->device->identified_on != r->bus->connections;
}

/* Reads the registers of the identity plan. Those that are not there are read: they are not there. */
static enum reason read_identity(const struct round *r)
{
    struct bus_plan *plan = &r->device->identity;
    struct modbus_reply reply;
    for (size_t b = 0; b < plan->n_blocks;) {
        const struct plan_block block = plan->blocks[b];
        enum reason reason = ask_block(r, &block, &reply);
        if (reason == REASON_NONE) {
            round_values_take(r, plan->items, &block, &reply);
        } else if (reason != REASON_REFUSED) {
            return reason;
        } else if (says_not_there(&reply) && plan_split(plan->items, plan->blocks, &plan->n_blocks, b)) {
            continue;
        } else if (says_not_there(&reply) || reply.exception == EXCEPTION_FUNCTION) {
            round_values_fail_block(r, plan->items, &block, REASON_REFUSED);
        } else { /* a device that is in trouble: who it is can't be told now */
            return reason;
        }
        b++;
    }
    return REASON_NONE;
}

/* The first identity that does not fit, or NULL. */
static const struct bus_entry *find_stranger(const struct bus_device *device)
{
    for (uint16_t i = device->n_points; i < device->n_entries; i++) {
        const struct bus_entry *entry = &device->entries[i];
        if (round_values_is_identity(entry) &&
            guard_judge(&entry->guard->rule, NULL, &entry->reading, 0) != REASON_NONE)
            return entry;
    }
    return NULL;
}

static void tell_stranger(const struct round *r, const struct bus_entry *entry)
{
    if (r->device->stranger)
        return;
    r->device->stranger = true;
    if (entry->reading.quality == QUALITY_BAD && reason_is_no_data(entry->reading.reason))
        log_line(LOG_ERR, MID_BUS, "device %s: another device answers: it has no register '%s'",
                 round_values_device(r), entry->guard->register_name);
    else
        log_line(LOG_ERR, MID_BUS, "device %s: another device answers: its register '%s' is %u (0x%x)",
                 round_values_device(r), entry->guard->register_name, entry->reading.raw, entry->reading.raw);
}

/* Is it the device that was meant? While the line is not proven, the right one is asked again, and a stranger
 * may be a late reply of somebody else: REASON_UNPROVEN. */
static enum reason identify(const struct round *r)
{
    struct bus_device *device = r->device;
    enum reason reason = read_identity(r);
    if (reason != REASON_NONE)
        return reason;
    const struct bus_entry *stranger = find_stranger(device);
    if (!r->believed || !bus_device_believed(device))
        return stranger != NULL ? REASON_UNPROVEN : REASON_NONE;
    if (stranger != NULL) {
        device->identified = false;
        tell_stranger(r, stranger);
        return REASON_WRONG_DEVICE;
    }
    if (device->stranger)
        log_line(LOG_NOTICE, MID_BUS, "device %s: is the right one again", round_values_device(r));
    device->stranger = false;
    device->identified = true;
    device->identified_on = r->bus->connections;
    device->identified_us = clock_boot_us();
    return REASON_NONE;
}

/* ---------------------------------------------------------------- blocks */

/* One of many registers that the device does not have: asked for now and then. */
static bool rests(const struct round *r, const struct plan_block *block)
{
    int64_t refused_us = r->device->entries[r->device->items[block->first_item].point].refused_us;
    return r->device->n_refused > REFUSED_FEW && refused_us != 0 &&
           clock_boot_us() - refused_us < REFUSED_AGAIN_US;
}

/* A refused block is read in two from now on. False: it is not to be split, now or at all. */
static bool split(struct round *r, size_t block, const struct modbus_reply *reply)
{
    struct bus_device *device = r->device;
    if (!says_not_there(reply) || r->splits >= SPLITS_MAX || clock_boot_us() < device->split_at_us ||
        !plan_split(device->items, device->blocks, &device->n_blocks, block))
        return false;
    r->splits++;
    bus_device_join_later(device, clock_boot_us(), false);
    return true;
}

/* A block that is refused as it is. */
static void refuse(struct round *r, const struct plan_block *block, const struct modbus_reply *reply)
{
    struct bus_device *device = r->device;
    const struct plan_item *first = &device->items[block->first_item];
    round_values_fail_block(r, device->items, block, REASON_REFUSED);
    bool alone = device->items[block->first_item + block->n_items - 1].address == first->address;
    if (!alone || !says_not_there(reply))
        return;
    r->n_refused++;
    if (device->entries[first->point].refused_us == 0) {
        r->n_missing++;
        r->missing_item = block->first_item;
    }
    for (uint16_t i = 0; i < block->n_items; i++)
        device->entries[first[i].point].refused_us = clock_boot_us();
}

static bool is_mute(const struct round *r, const struct bus_entry *first)
{
    int64_t again_us = MUTE_POLLS * MS_US * r->config->devices[r->device->index].interval_ms;
    again_us = again_us < MUTE_LEAST_US ? MUTE_LEAST_US : again_us > MUTE_MOST_US ? MUTE_MOST_US : again_us;
    again_us *= r->device->unnumbered ? MUTE_SERIAL : 1;
    return first->mute_us != 0 && clock_boot_us() - first->mute_us < again_us;
}

/* One block. REASON_NONE when it was answered, or is not asked for now: the next one may be; otherwise the
 * poll breaks off. *b goes on to the next block, or stays when this one was split. */
static enum reason read_block(struct round *r, size_t *b, bool last)
{
    struct bus_device *device = r->device;
    const struct plan_block block = device->blocks[(*b)++];
    struct bus_entry *first = bus_device_first(device, &block);
    struct modbus_reply reply;
    if ((first->silences > 0) != last)
        return REASON_NONE;
    if (rests(r, &block) || is_mute(r, first)) {
        r->n_refused = (uint16_t)(r->n_refused + (first->mute_us == 0));
        r->refused = true;
        round_values_fail_block(r, device->items, &block,
                                first->mute_us == 0 ? REASON_REFUSED : REASON_TIMEOUT);
        return REASON_NONE;
    }
    enum reason reason = ask_block(r, &block, &reply);
    if (reason != REASON_NONE && bus_stopping(r->bus))
        return reason;
    if (reason == REASON_UNPROVEN) { /* something came, and nothing tells whose it is */
        round_values_fail_block(r, device->items, &block, REASON_UNPROVEN);
        r->unproven = true;
        return REASON_NONE;
    }
    if (reason != REASON_NONE && reason != REASON_REFUSED) {
        r->mute = reply.outcome == BUS_NO_REPLY &&
                  bus_device_silent(device, &block, r->n_answered > 0, clock_boot_us());
        return reason;
    }
    if (first->mute_us != 0)
        log_line(LOG_NOTICE, MID_BUS, "device %s: answers for register '%s' again", round_values_device(r),
                 round_values_register(r, first));
    first->mute_us = first->silences = 0;
    if (reason == REASON_NONE) {
        round_values_take(r, device->items, &block, &reply);
        r->n_answered++;
    } else if (!last && split(r, *b - 1, &reply)) {
        --*b;
    } else {
        refuse(r, &block, &reply);
        r->refused = true;
    }
    return REASON_NONE;
}

static void tell_mute(const struct round *r, const struct plan_block *block)
{
    const struct plan_item *item = &r->device->items[block->first_item];
    log_line(LOG_WARNING, MID_BUS,
             "device %s: is silent when asked for register '%s' (%s %u), and answers otherwise",
             round_values_device(r), round_values_register(r, bus_device_first(r->device, block)),
             round_values_table(item), item->address);
}

/* Reads all blocks, those that were silent last: REASON_NONE, REASON_REFUSED when something was, or why it
 * broke off. */
static enum reason read_blocks(struct round *r)
{
    struct bus_device *device = r->device;
    for (int last = 0; last < 2; last++) {
        for (size_t b = 0; b < device->n_blocks;) {
            bool was_mute = bus_device_first(device, &device->blocks[b])->mute_us != 0;
            enum reason reason = read_block(r, &b, last != 0);
            if (reason != REASON_NONE && !r->mute)
                return reason; /* it won't answer the rest either: spare the bus */
            if (device->n_entries == device->n_points)
                round_values_tell(r);
            if (!r->mute)
                continue;
            if (!was_mute)
                tell_mute(r, &device->blocks[b - 1]);
            round_values_fail(r, reason, false); /* the others are asked for in the next poll */
            return REASON_REFUSED;
        }
    }
    return r->unproven ? REASON_UNPROVEN : r->refused ? REASON_REFUSED : REASON_NONE;
}

/* What the refusals of a whole poll teach. */
static void learn(struct round *r)
{
    struct bus_device *device = r->device;
    device->n_refused = r->n_refused;
    if (r->n_missing > 0 && !device->refuses_all) {
        const struct plan_item *item = &device->items[r->missing_item];
        log_line(LOG_WARNING, MID_BUS, "device %s: refuses register '%s' (%s %u)%s", round_values_device(r),
                 round_values_register(r, &device->entries[item->point]), round_values_table(item),
                 item->address, r->n_missing > 1 ? ", and others" : "");
    }
    if (r->n_answered > 0) {
        device->refuses_all = false;
        device->split_at_us = 0;
    } else if (r->n_refused == device->n_blocks && device->n_blocks > device->n_planned) {
        /* No register is to blame: it is the device that says no, perhaps because it is starting. */
        bus_device_replan(device, r->config);
        device->refuses_all = true;
        device->n_refused = 0;
        device->split_at_us = clock_boot_us() + SPLIT_PAUSE_US;
    }
}

/* Do all registers of the block answer, each for itself? */
static bool all_given(const struct bus_device *device, const struct plan_block *whole)
{
    for (uint16_t i = 0; i < whole->n_items; i++) {
        const struct bus_entry *entry = &device->entries[device->items[whole->first_item + i].point];
        if (entry->refused_us != 0 || entry->silences > 0)
            return false;
    }
    return true;
}

/* Blocks that were split when the device refused them, perhaps while it was starting: does it give them whole
 * again? Nothing is taken from the replies. */
static void join(const struct round *r)
{
    struct bus_device *device = r->device;
    struct modbus_reply reply;
    bool refused = false;
    if (device->n_blocks == device->n_planned || clock_boot_us() < device->join_at_us)
        return;
    for (size_t b = 0; b < device->n_planned; b++) {
        const struct plan_block *whole = &device->planned[b];
        if (plan_pieces(device->blocks, device->n_blocks, whole) < 2 || !all_given(device, whole))
            continue;
        enum reason reason = ask_block(r, whole, &reply);
        if (reason == REASON_NONE)
            plan_join(device->blocks, &device->n_blocks, whole);
        refused |= reason != REASON_NONE;
        if (!bus_device_answered(reason))
            break;
    }
    bus_device_join_later(device, clock_boot_us(), refused);
}

/* ---------------------------------------------------------------- the whole */

void round_missing(struct bus *bus, const struct bus_device *device, enum reason reason, struct stamp slot)
{
    struct reading reading = {.quality = QUALITY_BAD, .reason = reason};
    for (uint16_t i = 0; i < device->n_points; i++)
        bus_post_sample(bus, device->entries[i].point, &reading, slot, clock_now());
}

static void begin(struct round *r)
{
    for (uint16_t i = 0; i < r->device->n_entries; i++)
        r->device->entries[i].known = r->device->entries[i].told = false;
}

enum reason round_run(struct bus *bus, struct bus_device *device, struct stamp slot)
{
    struct round r = {.bus = bus,
                      .device = device,
                      .config = bus->config,
                      .slot = slot,
                      .believed = bus_device_believed(device)};
    enum reason reason = REASON_NONE;
    begin(&r);
    if (identity_due(&r))
        reason = identify(&r);
    bool known = reason == REASON_NONE;
    if (known) {
        reason = read_blocks(&r);
        if (connection_changed(&r)) { /* who has answered meanwhile? */
            enum reason again = bus_device_answered(reason) ? identify(&r) : reason;
            known = again == REASON_NONE;
            reason = known ? reason : again;
        }
    }
    /* Broken off by us: that is no fault of the device. */
    if (!bus_device_answered(reason) && bus_stopping(bus))
        return reason;
    if (!known) {
        round_values_fail(&r, reason, true);
    } else {
        round_values_judge(&r);
        round_values_fail(&r, reason, false);
        if (bus_device_answered(reason))
            learn(&r);
    }
    round_values_tell(&r);
    if (reason == REASON_WRONG_DEVICE)
        device->diagnostics.wrong_device++;
    if (bus_device_answered(reason) && !r.mute) { /* else a reply may still come */
        bus_device_clean(device);
        join(&r);
    }
    return reason;
}
