/* core/schedule.c: to come */ typedef int cryomon_placeholder;
