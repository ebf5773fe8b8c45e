/*
 * facts.h - all that a report says, gathered from the record as one JSON object, in no language: what is
 * drawn is drawn from this alone, and its SHA-256 binds the paper to the data. Format: cryomon-report(1).
 */
#ifndef CRYOMON_FACTS_H
#define CRYOMON_FACTS_H

#include "cryoctl.h"
#include "reader.h"

struct facts_request {
    const char *asset, *point; /* NULL point: all of them */
    const char *run;           /* of facts_gather_run: its id, or the part behind '@' */
    const char *program;       /* and a file to judge it by, instead of the recorded one; NULL: none */
    int64_t from_us, to_us;
};

/* CTL_OK with *ret (a new reference), or the exit status after a complaint. */
int facts_gather(struct ctl *ctl, struct history_reader *reader, const char *dir,
                 const struct facts_request *request, json_t **ret);

/* The same of the alarm system's performance (performance.h): request->asset NULL: of all. */
int facts_gather_alarms(struct ctl *ctl, struct history_reader *reader, const char *dir,
                        const struct facts_request *request, json_t **ret);

/* One run of a freezer; the request's times are not looked at. */
int facts_gather_run(struct ctl *ctl, struct history_reader *reader, const char *dir,
                     const struct facts_request *request, json_t **ret);

/* The bytes whose SHA-256 is printed: the object, keys sorted, one line with its newline. malloc'd or NULL.
 */
char *facts_text(const json_t *facts, size_t *ret_len);

#endif
