/* core/condition.c: to come */ typedef int cryomon_placeholder;
