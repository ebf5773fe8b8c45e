/*
 * run_words.h - a freezer's run in words, for tables, for "run show" and for the report.
 */
#ifndef CRYOMON_CRYOCTL_RUN_WORDS_H
#define CRYOMON_CRYOCTL_RUN_WORDS_H

#include "run_file.h"
#include "table.h"
#include "when.h"

#define RUN_WORDS_MAX 2048

const char *run_words_verdict(const struct ctl *ctl, enum freezer_verdict_kind kind);
enum table_style run_words_verdict_style(enum freezer_verdict_kind kind);
const char *run_words_end(const struct ctl *ctl, enum freezer_end how);
const char *run_words_kind(const struct ctl *ctl, enum freezer_step_kind kind);
/* What may become of the samples; NULL: nothing is known. */
const char *run_words_guidance(const struct ctl *ctl, enum freezer_guidance guidance);

/* "step 2: rate -1.50 °C/min (wanted -1.00 °C/min)". Returns text. */
const char *run_words_reason(const struct ctl *ctl, const struct freezer_reason *reason, char *text,
                             size_t cap);
/* The display name of a sample's probe (from 0). Returns text. */
const char *run_words_sample(const struct ctl *ctl, const struct run_file *run, unsigned sample, char *text,
                             size_t cap);
/* "accepted by li.na, 2026-11-22 11:02:03+08:00: looks well"; entry may be NULL. Returns text. */
const char *run_words_decision(const struct ctl *ctl, const struct run_entry *entry, char *text, size_t cap);
/* "A-1, A-2"; "" for none. Returns text. */
const char *run_words_lots(const struct run_entry *entry, char *text, size_t cap);

/* "-8.12 °C", "--" for FREEZER_NONE. Returns text, or that. */
const char *run_words_degrees(char text[WHEN_MAX], int64_t value);

/* Stable names for JSON. */
const char *run_words_verdict_name(enum freezer_verdict_kind kind);  /* "within", "outside", "unknown" */
const char *run_words_guidance_name(enum freezer_guidance guidance); /* "none", "minus-80" ... */
const char *run_words_program_from_name(enum run_program_from from); /* "record", "configuration" ... */

#endif
