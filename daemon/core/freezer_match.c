#include "freezer_match.h"

#include "freezer_program.h"

bool freezer_match_is_over(int64_t told_begin_us, int64_t told_end_us, int64_t begin_us)
{
    return told_end_us != FREEZER_NONE && told_end_us >= told_begin_us &&
           told_end_us <= begin_us + FREEZER_MATCH_STORED_US &&
           begin_us > told_begin_us + FREEZER_MATCH_STORED_US;
}

int64_t freezer_match(int64_t told_begin_us, int64_t told_end_us, int64_t begin_us)
{
    const int64_t off_us = told_begin_us < begin_us ? begin_us - told_begin_us : told_begin_us - begin_us;

    return off_us <= FREEZER_MATCH_NEAR_US && !freezer_match_is_over(told_begin_us, told_end_us, begin_us)
               ? off_us
               : -1;
}
