/* settings/settings.c: to come */ typedef int cryomon_placeholder;
