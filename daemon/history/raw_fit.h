/* raw_fit.h - finds the raw_model that leaves the least to store. PURE. What it says is a matter of size
 * only. */
#ifndef CRYOMON_RAW_FIT_H
#define CRYOMON_RAW_FIT_H

#include "raw_model.h"

struct raw_model raw_fit(const struct frame_entry *entries, size_t n);

#endif
