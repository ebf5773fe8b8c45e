/*
 * run_report.h - what the event "run" says of a freezer's run. Format: cryomon-mqtt(7).
 *
 * PURE; allocates nothing.
 */
#ifndef CRYOMON_RUN_REPORT_H
#define CRYOMON_RUN_REPORT_H

#include "config.h"
#include "freezer_record.h"
#include "json_text.h"
#include "program.h"

/* What may become of the samples of a run that was broken off, in words. */
const char *run_report_guidance(enum freezer_guidance guidance, enum language language);
/* "within", "outside", "unknown" */
const char *run_report_verdict_name(enum freezer_verdict_kind kind);

/* Writes the members "program", "program_sha256", "program_status" (program NULL: program is null). */
void run_report_program(struct json_text *j, const struct program *program);

/* Writes begin, begin_known, seen_by ("status", "temperature"). */
void run_report_begin(struct json_text *j, const struct freezer_record *record);

/* Judges a run that has ended, and writes end, how, the step that it ended in (from 0; -1: not known),
 * verdict, reasons (max_reasons at most), n_reasons (all of them), and of one that was broken off sample and
 * guidance. age_us: how old the sample's last reading may be at the end to say what may become of the
 * samples. Returns the verdict. */
enum freezer_verdict_kind run_report_end(struct json_text *j, const struct freezer_record *record, int step,
                                         const struct program *program, int64_t age_us, unsigned max_reasons);

#endif
