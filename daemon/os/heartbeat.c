/* os/heartbeat.c: to come */ typedef int cryomon_placeholder;
