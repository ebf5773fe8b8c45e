/* os/mailbox.c: to come */ typedef int cryomon_placeholder;
