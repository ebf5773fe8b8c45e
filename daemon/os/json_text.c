/* os/json_text.c: to come */ typedef int cryomon_placeholder;
