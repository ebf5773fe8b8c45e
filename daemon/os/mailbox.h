/*
 * mailbox.h - a bounded ring of copied messages with an eventfd: the only state that threads share.
 *
 * Any thread posts, one thread takes. Posting never blocks and never allocates. A number of slots is kept
 * in reserve for messages that must not be lost (alarm transitions): ordinary posts see a smaller ring.
 */
#ifndef CRYOMON_MAILBOX_H
#define CRYOMON_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mailbox;

enum mailbox_class { MAILBOX_ORDINARY, MAILBOX_RESERVED };

/* capacity slots of message_size bytes each, reserved of them for MAILBOX_RESERVED posts. Returns 0, -ENOMEM,
 * -EINVAL or the errno of eventfd. mailbox_free(NULL) is a no-op; no thread may use it any more. */
int mailbox_create(size_t message_size, size_t capacity, size_t reserved, struct mailbox **ret);
void mailbox_free(struct mailbox *mailbox);

/* Copies the message in. Returns 0, or -ENOSPC when the ring is full for that class (and counts it). */
int mailbox_post(struct mailbox *mailbox, enum mailbox_class class, const void *message);

/* The same for a message that the caller keeps and tries again: a refusal loses nothing, and is not counted.
 */
int mailbox_try(struct mailbox *mailbox, enum mailbox_class class, const void *message);

/* Copies the oldest message out; false when empty. Clears the eventfd when it empties the ring. */
bool mailbox_take(struct mailbox *mailbox, void *ret_message);

/* Becomes readable (POLLIN) when a message waits. Owned by the mailbox. */
int mailbox_fd(const struct mailbox *mailbox);

/* Posts refused since the last call (not those of mailbox_try). */
uint64_t mailbox_take_dropped(struct mailbox *mailbox);

/* Waits until a message is there or deadline_boot_us (CLOCK_BOOTTIME) has passed; true when one is there.
 * extra_fd >= 0 wakes it too. A signal wakes it too: the result is then what the ring says. */
bool mailbox_wait(struct mailbox *mailbox, int extra_fd, int64_t deadline_boot_us);

#endif
