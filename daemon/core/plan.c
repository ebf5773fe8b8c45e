/* core/plan.c: to come */ typedef int cryomon_placeholder;
