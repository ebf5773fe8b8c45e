/* core/modbus_reply.c: to come */ typedef int cryomon_placeholder;
