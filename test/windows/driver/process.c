/* The process behind the driver double: memory, registers, events and the user debugger, by the rules of driver-protocol 5 to 7. */
#include "double.h"

NTSTATUS NTAPI ZwAllocateVirtualMemory(HANDLE process, void **base, ULONG_PTR zero_bits, SIZE_T *size, ULONG type, ULONG protection);

#define PROCESS_ID 0x2a10u
#define MAIN_THREAD 0x2a14u
#define OTHER_THREAD 0x2a18u
#define ALL 0xffffffffu
#define BASE 0x140001000ull
#define PHYSICAL 0x7000000ull
#define PAGE 0x1000u
#define MEMORY_SIZE (2 * PAGE)
/* The program is a loop of so many nops. */
#define LOOP 0x100u
#define ROUND 0x410u
#define INT3 0xcc
#define CODE_SIZE 0x1000u

typedef struct { ULONG type, size, symbols, buffer; UCHAR immediate; UCHAR payload[CODE_SIZE]; } ACTION;
typedef struct { UCHAR used, enabled; ULONG type, pid, count; ULONGLONG tag, where; ACTION *actions[4]; } EVENT;
typedef struct { UCHAR used, original, once; ULONGLONG where; } BREAKPOINT;

static UCHAR memory[MEMORY_SIZE];
static GUEST_REGS regs;
static GUEST_EXTRA_REGISTERS extra;
static EVENT events[8];
static BREAKPOINT breakpoints[16];
static ULONGLONG token, last_token = 0x1000000;
static UCHAR intercepting, main_paused, other_paused;
static UCHAR *executable;

static UCHAR *at(ULONGLONG address) {
  return address >= BASE && address < BASE + MEMORY_SIZE ? memory + (address - BASE) : NULL;
}

void process_reset(void) {
  ULONG i;
  process_release();
  for (i = 0; i < MEMORY_SIZE; i++) memory[i] = i < LOOP ? 0x90 : (UCHAR)(i * 7);
  RtlZeroMemory(&regs, sizeof regs);
  RtlZeroMemory(&extra, sizeof extra);
  extra.RIP = BASE;
  extra.CS = 0x33;
  extra.SS = 0x2b;
  extra.RFLAGS = 0x202;
  regs.rsp = BASE + MEMORY_SIZE - 0x100;
}

/* TERMINATE_VMX: events and the state of the user debugger go; int3 bytes of the user debugger stay (3.3, TRAP). */
void process_release(void) {
  ULONG i, k;
  for (i = 0; i < 8; i++) {
    for (k = 0; k < events[i].count; k++) ExFreePoolWithTag(events[i].actions[k], 'lbuD');
    RtlZeroMemory(&events[i], sizeof events[i]);
  }
  for (i = 0; i < 16; i++)
    if (breakpoints[i].used && at(breakpoints[i].where) && *at(breakpoints[i].where) == INT3) misuse("int3 left in the memory");
  RtlZeroMemory(breakpoints, sizeof breakpoints);
  if (token) misuse("hypervisor left with an attached process");
  token = 0;
  intercepting = main_paused = other_paused = 0;
}

static EVENT *event_of(ULONGLONG tag) {
  ULONG i;
  for (i = 0; i < 8; i++)
    if (events[i].used && events[i].tag == tag) return &events[i];
  return NULL;
}

/* Bytes 1 to 3 of the answer keep what the request had there (5.1, TRAP). */
static ULONG answer_event(UCHAR *buffer, ULONG error) {
  buffer[0] = error == 0;
  RtlFillMemory(buffer + 1, 3, 0xa5);
  *(ULONG *)(buffer + 4) = error;
  return sizeof(DEBUGGER_EVENT_AND_ACTION_RESULT);
}

ULONG event_register(UCHAR *buffer, ULONG in) {
  DEBUGGER_GENERAL_EVENT_DETAIL *d = (void *)buffer;
  ULONG i;
  if (sizeof *d + d->ConditionBufferSize > in) misuse("condition is longer than the request");
  if (d->EventType != HIDDEN_HOOK_EXEC_CC) return answer_event(buffer, DEBUGGER_ERROR_EVENT_TYPE_IS_INVALID);
  if (d->CoreId != ALL && d->CoreId >= 1) return answer_event(buffer, DEBUGGER_ERROR_INVALID_CORE_ID);
  if (d->ProcessId != ALL && d->ProcessId != PROCESS_ID) return answer_event(buffer, DEBUGGER_ERROR_INVALID_PROCESS_ID);
  if (!at(d->Options.OptionalParam1)) return answer_event(buffer, DEBUGGER_ERROR_INVALID_ADDRESS);
  if (event_of(d->Tag)) misuse("an event's tag is used twice");
  for (i = 0; i < 8 && events[i].used; i++) {}
  if (i == 8) return answer_event(buffer, DEBUGGER_ERROR_PRE_ALLOCATED_BUFFER_IS_EMPTY);
  events[i].used = 1;
  events[i].tag = d->Tag;
  events[i].type = d->EventType;
  events[i].pid = d->ProcessId;
  events[i].where = d->Options.OptionalParam1;
  return answer_event(buffer, 0);
}

ULONG action_add(UCHAR *buffer, ULONG in) {
  DEBUGGER_GENERAL_ACTION *d = (void *)buffer;
  EVENT *event = event_of(d->EventTag);
  ACTION *action;
  ULONG size = d->ActionType == RUN_SCRIPT ? d->ScriptBufferSize : d->CustomCodeBufferSize;
  if (d->ActionType == BREAK_TO_DEBUGGER) misuse("break action without a second machine");
  if (!event) return answer_event(buffer, DEBUGGER_ERROR_TAG_NOT_EXISTS);
  if (d->ActionType != RUN_SCRIPT && d->ActionType != RUN_CUSTOM_CODE) return answer_event(buffer, DEBUGGER_ERROR_INVALID_ACTION_TYPE);
  if (size == 0) return answer_event(buffer, DEBUGGER_ERROR_ACTION_BUFFER_SIZE_IS_ZERO);
  if (d->PreAllocatedBuffer >= 1000)
    return answer_event(buffer, DEBUGGER_ERROR_INSTANT_EVENT_REQUESTED_OPTIONAL_BUFFER_IS_BIGGER_THAN_DEBUGGERS_SEND_RECEIVE_STACK);
  if (sizeof *d + size > in) misuse("payload is longer than the request");
  if (size > CODE_SIZE || event->count == 4) return answer_event(buffer, DEBUGGER_ERROR_PRE_ALLOCATED_BUFFER_IS_EMPTY);
  action = ExAllocatePoolWithTag(NonPagedPool, sizeof *action, 'lbuD');
  action->type = d->ActionType;
  action->size = size;
  action->symbols = d->ScriptBufferPointer;
  action->buffer = d->PreAllocatedBuffer;
  action->immediate = d->ImmediateMessagePassing;
  RtlCopyMemory(action->payload, buffer + sizeof *d, size);
  event->actions[event->count++] = action;
  event->enabled = 1;
  return answer_event(buffer, 0);
}

void events_modify(DEBUGGER_MODIFY_EVENTS *request) {
  ULONG i, k, found = 0;
  for (i = 0; i < 8; i++) {
    EVENT *event = &events[i];
    if (!event->used || (request->Tag != ~0ull && request->Tag != event->tag)) continue;
    found = 1;
    if (request->TypeOfAction == DEBUGGER_MODIFY_EVENTS_ENABLE) event->enabled = 1;
    if (request->TypeOfAction == DEBUGGER_MODIFY_EVENTS_DISABLE) event->enabled = 0;
    if (request->TypeOfAction == DEBUGGER_MODIFY_EVENTS_QUERY_STATE) request->IsEnabled = event->enabled;
    if (request->TypeOfAction != DEBUGGER_MODIFY_EVENTS_CLEAR) continue;
    for (k = 0; k < event->count; k++) ExFreePoolWithTag(event->actions[k], 'lbuD');
    RtlZeroMemory(event, sizeof *event);
  }
  request->KernelStatus = found || request->Tag == ~0ull ? DEBUGGER_OPERATION_WAS_SUCCESSFUL : DEBUGGER_ERROR_MODIFY_EVENTS_INVALID_TAG;
}

/* Prints the texts of the script; conversions are beyond this double. */
static void run_script(const EVENT *event, const ACTION *action) {
  ULONG i;
  for (i = 0; (i + 1) * sizeof(SYMBOL) <= action->size && i < action->symbols;) {
    const SYMBOL *s = (const SYMBOL *)action->payload + i;
    if (s->Type == SYMBOL_STRING_TYPE) {
      UCHAR text[256];
      ULONG length = s->Len < 255 ? (ULONG)s->Len : 255;
      RtlCopyMemory(text, &s->Value, length);
      text[length] = 0;
      say(action->immediate ? (ULONG)event->tag : OPERATION_LOG_NON_IMMEDIATE_MESSAGE, text, length + 1);
      i += 1 + (length + 8 - 1) / sizeof(SYMBOL);
    } else
      i++;
  }
}

/* Calls it as the real driver does: RCX = buffer or 0, RDX = registers, R8 = context (5.3). */
static void run_code(const ACTION *action) {
  static UCHAR buffer[1024];
  SIZE_T size = CODE_SIZE;
  void *address = NULL;
  if (!executable) {
    if (ZwAllocateVirtualMemory((HANDLE)-1, &address, 0, &size, MEM_COMMIT | MEM_RESERVE, PAGE_EXECUTE_READWRITE)) return;
    executable = address;
  }
  RtlCopyMemory(executable, action->payload, action->size);
  RtlZeroMemory(buffer, sizeof buffer);
  ((void(WINAPI *)(void *, GUEST_REGS *, ULONGLONG))(void *)executable)(action->buffer ? buffer : NULL, &regs, extra.RIP);
}

/* Newest event first, and in it the newest action first (5.3). */
static void fire(void) {
  LONG i, k;
  for (i = 7; i >= 0; i--) {
    if (!events[i].used || !events[i].enabled || events[i].where != extra.RIP) continue;
    for (k = (LONG)events[i].count - 1; k >= 0; k--) {
      if (events[i].actions[k]->type == RUN_SCRIPT) run_script(&events[i], events[i].actions[k]);
      else run_code(events[i].actions[k]);
    }
  }
}

static void stop(ULONG reason, ULONG thread) {
  DEBUGGEE_UD_PAUSED_PACKET packet;
  ULONG i;
  RtlZeroMemory(&packet, sizeof packet);
  packet.Rip = extra.RIP;
  packet.ProcessDebuggingToken = token;
  packet.PausingReason = reason;
  packet.ProcessId = PROCESS_ID;
  packet.ThreadId = thread;
  packet.Rflags = extra.RFLAGS;
  for (i = 0; i < 16 && at(extra.RIP + i); i++) packet.InstructionBytesOnRip[i] = *at(extra.RIP + i);
  packet.ReadInstructionLen = (USHORT)i;
  intercepting = 1;
  if (thread == MAIN_THREAD) main_paused = 1;
  else other_paused = 1;
  say(OPERATION_NOTIFICATION_FROM_USER_DEBUGGER_PAUSE, &packet, sizeof packet);
}

/* Every thread that is on its way to user mode reports once (7.1). */
static void stop_all(ULONG reason) {
  stop(reason, MAIN_THREAD);
  stop(DEBUGGEE_PAUSING_REASON_DEBUGGEE_GENERAL_THREAD_INTERCEPTED, OTHER_THREAD);
}

static UCHAR is_int3_hit(void) {
  ULONG i;
  if (*at(extra.RIP) != INT3) return 0;
  for (i = 0; i < 16; i++) {
    if (!breakpoints[i].used || breakpoints[i].where != extra.RIP) continue;
    *at(extra.RIP) = breakpoints[i].original;
    if (breakpoints[i].once) breakpoints[i].used = 0;
  }
  return 1;
}

static void run(ULONG steps) {
  intercepting = main_paused = other_paused = 0;
  while (steps--) {
    if (is_int3_hit()) {
      stop_all(DEBUGGEE_PAUSING_REASON_DEBUGGEE_SOFTWARE_BREAKPOINT_HIT);
      return;
    }
    fire();
    extra.RIP = extra.RIP + 1 < BASE + LOOP ? extra.RIP + 1 : BASE;
  }
}

static UCHAR is_mapped(ULONG pid, ULONGLONG address) { return pid == PROCESS_ID && at(address) != NULL; }

ULONG memory_read(DEBUGGER_READ_MEMORY *request, ULONG out) {
  ULONGLONG from = request->Address;
  ULONG size = request->Size, i;
  UCHAR *data = (UCHAR *)request + sizeof *request;
  if (sizeof *request + size > out) {
    misuse("read without room for the bytes");
    return sizeof *request;
  }
  if (from % PAGE + size > PAGE) misuse("read across a page");
  if (!size) {
    request->KernelStatus = DEBUGGER_ERROR_READING_MEMORY_INVALID_PARAMETER;
    return sizeof *request;
  }
  /* An unmapped page reads as physical 0, and nobody says so (6.1, TRAP). */
  if (!is_mapped(request->Pid, from)) misuse("read of a page that was not translated first");
  for (i = 0; i < size; i++) data[i] = is_mapped(request->Pid, from + i) ? *at(from + i) : 0xee;
  request->KernelStatus = DEBUGGER_OPERATION_WAS_SUCCESSFUL;
  return sizeof *request + size;
}

void memory_write(DEBUGGER_EDIT_MEMORY *request, ULONG in) {
  ULONGLONG *values = (ULONGLONG *)((UCHAR *)request + sizeof *request);
  ULONG i;
  if (in != sizeof *request + 8 * request->CountOf64Chunks) misuse("write with a wrong length");
  if (!is_mapped(request->ProcessId, request->Address)) {
    request->Result = DEBUGGER_ERROR_EDIT_MEMORY_STATUS_INVALID_ADDRESS_BASED_ON_OTHER_PROCESS;
    return;
  }
  for (i = 0; i < request->CountOf64Chunks; i++)
    if (at(request->Address + i)) *at(request->Address + i) = (UCHAR)values[i];
  request->Result = DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

void translate(DEBUGGER_VA2PA_AND_PA2VA_COMMANDS *request) {
  UCHAR known = request->IsVirtual2Physical && is_mapped(request->ProcessId, request->VirtualAddress);
  request->PhysicalAddress = known ? PHYSICAL + (request->VirtualAddress - BASE) : 0;
  request->KernelStatus = known ? DEBUGGER_OPERATION_WAS_SUCCESSFUL : DEBUGGER_ERROR_INVALID_ADDRESS;
}

#define VERB(name) DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS_ACTION_##name
void attach_detach(DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS *r) {
  r->Result = DEBUGGER_OPERATION_WAS_SUCCESSFUL;
  switch (r->Action) {
  case VERB(ATTACH):
    if (r->ProcessId != PROCESS_ID) r->Result = DEBUGGER_ERROR_UNABLE_TO_ATTACH_TO_TARGET_USER_MODE_PROCESS;
    else if (token) r->Result = DEBUGGER_ERROR_UNABLE_TO_ATTACH_TO_AN_ALREADY_ATTACHED_PROCESS;
    else {
      token = r->Token = last_token++;
      stop(DEBUGGEE_PAUSING_REASON_DEBUGGEE_GENERAL_THREAD_INTERCEPTED, MAIN_THREAD);
      stop(DEBUGGEE_PAUSING_REASON_DEBUGGEE_GENERAL_THREAD_INTERCEPTED, OTHER_THREAD);
    }
    return;
  case VERB(DETACH):
    if (!token || r->ProcessId != PROCESS_ID) r->Result = DEBUGGER_ERROR_THE_USER_DEBUGGER_NOT_ATTACHED_TO_THE_PROCESS;
    else if (main_paused || other_paused) r->Result = DEBUGGER_ERROR_UNABLE_TO_DETACH_AS_THERE_ARE_PAUSED_THREADS;
    else token = 0;
    return;
  case VERB(CONTINUE_PROCESS):
    if (!token || r->Token != token) r->Result = DEBUGGER_ERROR_INVALID_THREAD_DEBUGGING_TOKEN;
    else run(ROUND);
    return;
  case VERB(PAUSE_PROCESS):
    if (!token || r->Token != token || intercepting) r->Result = DEBUGGER_ERROR_UNABLE_TO_PAUSE_THE_PROCESS_THREADS;
    else stop_all(DEBUGGEE_PAUSING_REASON_DEBUGGEE_GENERAL_THREAD_INTERCEPTED);
    return;
  default:
    r->Result = DEBUGGER_ERROR_INVALID_ACTION_TYPE;
  }
}

void breakpoint_set(DEBUGGEE_BP_PACKET *request) {
  ULONG i, free = 16;
  if (request->Pid == ALL || request->Pid == 0) misuse("breakpoint for an address space that is none");
  request->Result = DEBUGGER_OPERATION_WAS_SUCCESSFUL;
  if (request->Pid != PROCESS_ID) request->Result = DEBUGGER_ERROR_INVALID_PROCESS_ID;
  else if (!at(request->Address)) request->Result = DEBUGGER_ERROR_EDIT_MEMORY_STATUS_INVALID_ADDRESS_BASED_ON_CURRENT_PROCESS;
  for (i = 0; i < 16; i++) {
    if (!breakpoints[i].used) free = i;
    else if (breakpoints[i].where == request->Address) request->Result = DEBUGGER_ERROR_BREAKPOINT_ALREADY_EXISTS_ON_THE_ADDRESS;
  }
  if (free == 16) request->Result = DEBUGGER_ERROR_MAXIMUM_BREAKPOINT_WITHOUT_CONTINUE;
  if (request->Result != DEBUGGER_OPERATION_WAS_SUCCESSFUL) return;
  breakpoints[free].used = 1;
  breakpoints[free].where = request->Address;
  breakpoints[free].original = *at(request->Address);
  breakpoints[free].once = request->RemoveAfterHit;
  *at(request->Address) = INT3;
}

void command(DEBUGGER_UD_COMMAND_PACKET *request, ULONG in, ULONG out) {
  UCHAR paused = request->TargetThreadId == MAIN_THREAD ? main_paused : other_paused;
  DEBUGGEE_REGISTER_READ_DESCRIPTION *question = (void *)(request + 1);
  if (out < in) misuse("command without room for its answer");
  if (request->TargetThreadId != MAIN_THREAD && request->TargetThreadId != OTHER_THREAD) misuse("command for an unknown thread");
  if (!paused) misuse(request->WaitForEventCompletion ? "waiting command on a running thread" : "command on a running thread");
  request->Result = DEBUGGER_OPERATION_WAS_SUCCESSFUL;
  if (!token || request->ProcessDebuggingDetailToken != token) request->Result = DEBUGGER_ERROR_INVALID_THREAD_DEBUGGING_TOKEN;
  else if (!paused) request->Result = DEBUGGER_ERROR_UNABLE_TO_APPLY_COMMAND_TO_THE_TARGET_THREAD;
  else if (request->UdAction.ActionType == DEBUGGER_UD_COMMAND_ACTION_TYPE_REGULAR_STEP) {
    if (request->UdAction.OptionalParam1 == 3 && request->UdAction.OptionalParam2) misuse("step over a call");
    run(1);
    stop_all(DEBUGGEE_PAUSING_REASON_DEBUGGEE_GENERAL_DEBUG_BREAK);
  } else if (request->UdAction.ActionType == DEBUGGER_UD_COMMAND_ACTION_TYPE_READ_REGISTERS &&
             in >= sizeof *request + sizeof *question + sizeof regs + sizeof extra) {
    question->KernelStatus = DEBUGGER_OPERATION_WAS_SUCCESSFUL;
    RtlCopyMemory(question + 1, &regs, sizeof regs);
    RtlCopyMemory((UCHAR *)(question + 1) + sizeof regs, &extra, sizeof extra);
  }
}
