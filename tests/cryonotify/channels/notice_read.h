/* notice_read.h - a notice from JSON, for tests: members have the names of struct notice. */
#ifndef NOTICE_READ_H
#define NOTICE_READ_H

#include <jansson.h>

#include "notice.h"

/* The strings stay json's. Exits on a member that is not known. free(members) and group_members by
 * notice_read_free. */
void notice_read(const json_t *json, struct notice *ret);
void notice_read_free(struct notice *notice);

#endif
