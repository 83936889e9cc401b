/* What the two halves of the driver double share. */
#pragma once
#include <ddk/wdm.h>
#include "sdk.h"

/* double.c */
void say(ULONG operation, const void *payload, ULONG size);
/* A request that crashes, hangs or freezes a machine with the real driver: counted and written to the trace. */
void misuse(const char *what);
void trace(const char *line);

/* process.c: one process with two threads and a processor that knows one instruction (nop). */
void process_reset(void);
void process_release(void);
ULONG event_register(UCHAR *buffer, ULONG in);
ULONG action_add(UCHAR *buffer, ULONG in);
void events_modify(DEBUGGER_MODIFY_EVENTS *request);
ULONG memory_read(DEBUGGER_READ_MEMORY *request, ULONG out);
void memory_write(DEBUGGER_EDIT_MEMORY *request, ULONG in);
void translate(DEBUGGER_VA2PA_AND_PA2VA_COMMANDS *request);
void attach_detach(DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS *request);
void breakpoint_set(DEBUGGEE_BP_PACKET *request);
void command(DEBUGGER_UD_COMMAND_PACKET *request, ULONG in, ULONG out);
