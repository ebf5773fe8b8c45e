/* settings/yamldoc.c: to come */ typedef int cryomon_placeholder;
