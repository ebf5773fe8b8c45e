/* tamper_record.h - a small record with something of everything in it, for the tampering test. */
#ifndef CRYOMON_TAMPER_RECORD_H
#define CRYOMON_TAMPER_RECORD_H

#include "head.h"
#include "history_fixture.h"

struct record {
    struct fixture fixture;
    struct signer *signer;
    uint64_t seq;
    int64_t frame;
    struct head head; /* the last one that was signed */
    char head_text[HEAD_TEXT_MAX];
};

/* Makes the files, with hours hours of readings: days of them are sealed, the first is removed, the last
 * hours are not sealed. record_add goes on for so many hours more. Both end with a signed head in state.db.
 */
void record_make(struct record *record, int hours);
void record_add(struct record *record, int hours);
void record_free(struct record *record); /* and the files */

#endif
