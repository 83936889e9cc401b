/* A driver double of our own: answers the device's requests by the rules of driver-protocol 2 to 4. */
#include "double.h"

#define QUEUE 128
#define MESSAGE 4100
/* Functions beyond the real driver's, for tests: what was misused, and how the life went. */
#define IOCTL_DOUBLE_STATE ((0x22u << 16) | (0xf00u << 2))

typedef struct { ULONG size; UCHAR bytes[MESSAGE]; } SLOT;
typedef struct { ULONG misuses, vmm, opened, pending; } STATE;

static DEVICE_OBJECT *device;
static KSPIN_LOCK lock;
static IRP *parked;
static SLOT *queue;
static ULONG head, tail;
static STATE state;

static NTSTATUS complete(IRP *irp, NTSTATUS status, ULONG size) {
  irp->IoStatus.Status = status;
  irp->IoStatus.Information = size;
  IoCompleteRequest(irp, IO_NO_INCREMENT);
  return status;
}

void trace(const char *line) {
  UNICODE_STRING name;
  OBJECT_ATTRIBUTES attributes;
  IO_STATUS_BLOCK io;
  HANDLE file;
  LARGE_INTEGER end;
  ULONG length = 0;
  while (line[length]) length++;
  RtlInitUnicodeString(&name, L"\\??\\C:\\hds-double.log");
  InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
  if (ZwCreateFile(&file, FILE_APPEND_DATA | SYNCHRONIZE, &attributes, &io, NULL, FILE_ATTRIBUTE_NORMAL,
                   FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN_IF, FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0))
    return;
  end.QuadPart = -1;
  end.LowPart = 0xffffffff;
  ZwWriteFile(file, NULL, NULL, NULL, &io, (void *)line, length, &end, NULL);
  ZwWriteFile(file, NULL, NULL, NULL, &io, "\n", 1, &end, NULL);
  ZwClose(file);
}

void misuse(const char *what) {
  state.misuses++;
  trace("MISUSE");
  trace(what);
}

static ULONG take(UCHAR *buffer, ULONG room) {
  SLOT *slot = &queue[head % QUEUE];
  ULONG size = slot->size < room ? slot->size : room;
  RtlCopyMemory(buffer, slot->bytes, size);
  head++;
  return size;
}

/* One message; a request that waits is completed by it (4). */
void say(ULONG operation, const void *payload, ULONG size) {
  KIRQL irql;
  IRP *irp;
  ULONG taken = 0;
  SLOT *slot;
  KeAcquireSpinLock(&lock, &irql);
  slot = &queue[tail++ % QUEUE];
  if (tail - head > QUEUE) head = tail - QUEUE;
  slot->size = 4 + size;
  *(ULONG *)slot->bytes = operation;
  RtlCopyMemory(slot->bytes + 4, payload, size);
  irp = parked;
  parked = NULL;
  if (irp) taken = take(irp->AssociatedIrp.SystemBuffer, IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.OutputBufferLength);
  KeReleaseSpinLock(&lock, irql);
  if (irp) complete(irp, STATUS_SUCCESS, taken);
}

/* No cancel routine, as in the real driver (2, TRAP). */
static NTSTATUS park(IRP *irp, UCHAR *buffer, ULONG in, ULONG out) {
  KIRQL irql;
  ULONG size = 0;
  if (in < sizeof(REGISTER_NOTIFY_BUFFER) || out < 4 + 4096 + 1) return complete(irp, STATUS_INVALID_PARAMETER, 0);
  KeAcquireSpinLock(&lock, &irql);
  if (head == tail && !parked) {
    IoMarkIrpPending(irp);
    parked = irp;
    KeReleaseSpinLock(&lock, irql);
    return STATUS_PENDING;
  }
  if (!parked) size = take(buffer, out);
  KeReleaseSpinLock(&lock, irql);
  return complete(irp, STATUS_SUCCESS, size);
}

static NTSTATUS init_vmm(IRP *irp, UCHAR *buffer) {
  if (state.vmm) misuse("hypervisor started twice");
  state.vmm = 1;
  trace("start");
  process_reset();
  ((DEBUGGER_INIT_VMM_PACKET *)buffer)->KernelStatus = DEBUGGER_OPERATION_WAS_SUCCESSFUL;
  say(OPERATION_HYPERVISOR_DRIVER_IS_SUCCESSFULLY_LOADED, "$", 1);
  return complete(irp, STATUS_SUCCESS, sizeof(DEBUGGER_INIT_VMM_PACKET));
}

#define SERVE(TYPE, CALL) \
  do { \
    TYPE *r = (TYPE *)buffer; \
    if (in < sizeof *r) return complete(irp, STATUS_INVALID_PARAMETER, 0); \
    if (out < sizeof *r) misuse("no room for the answer's record"); \
    CALL; \
    return complete(irp, STATUS_SUCCESS, sizeof *r); \
  } while (0)

static NTSTATUS WINAPI control(DEVICE_OBJECT *object, IRP *irp) {
  IO_STACK_LOCATION *stack = IoGetCurrentIrpStackLocation(irp);
  UCHAR *buffer = irp->AssociatedIrp.SystemBuffer;
  ULONG in = stack->Parameters.DeviceIoControl.InputBufferLength;
  ULONG out = stack->Parameters.DeviceIoControl.OutputBufferLength;
  ULONG code = stack->Parameters.DeviceIoControl.IoControlCode, function = (code >> 2) & 0xfff;
  (void)object;
  if (code == IOCTL_DOUBLE_STATE) {
    if (out < sizeof state) return complete(irp, STATUS_INVALID_PARAMETER, 0);
    state.pending = parked != NULL;
    RtlCopyMemory(buffer, &state, sizeof state);
    return complete(irp, STATUS_SUCCESS, sizeof state);
  }
#ifdef OLD_CODES
  /* A release before 0.19: none of the codes that we send. */
  (void)function; (void)in; (void)init_vmm; (void)park;
  return complete(irp, STATUS_NOT_IMPLEMENTED, 0);
#else
  switch (code) {
  case IOCTL_INIT_VMM:
    return in < 4 || out < 4 ? complete(irp, STATUS_INVALID_PARAMETER, 0) : init_vmm(irp, buffer);
  case IOCTL_REGISTER_EVENT:
    return park(irp, buffer, in, out);
  case IOCTL_RETURN_IRP_PENDING_PACKETS_AND_DISALLOW_IOCTL:
    if (state.vmm) misuse("channel ended before the hypervisor");
    trace("end of messages");
    say(OPERATION_HYPERVISOR_DRIVER_END_OF_IRPS, "$", 1);
    return complete(irp, STATUS_SUCCESS, 0);
  }
  if (function < 0xa01 || function > 0xb00) return complete(irp, STATUS_NOT_IMPLEMENTED, 0);
  /* A module that is not up: success, and nothing returned (3.2, TRAP). */
  if (!state.vmm) return complete(irp, STATUS_SUCCESS, 0);
  switch (code) {
  case IOCTL_TERMINATE_VMX:
    process_release();
    state.vmm = 0;
    trace("terminate");
    return complete(irp, STATUS_SUCCESS, 0);
  case IOCTL_DEBUGGER_REGISTER_EVENT:
    if (in < sizeof(DEBUGGER_GENERAL_EVENT_DETAIL) || out < 8) return complete(irp, STATUS_INVALID_PARAMETER, 0);
    return complete(irp, STATUS_SUCCESS, event_register(buffer, in));
  case IOCTL_DEBUGGER_ADD_ACTION_TO_EVENT:
    if (in < sizeof(DEBUGGER_GENERAL_ACTION) || out < 8) return complete(irp, STATUS_INVALID_PARAMETER, 0);
    return complete(irp, STATUS_SUCCESS, action_add(buffer, in));
  case IOCTL_DEBUGGER_READ_MEMORY:
    if (in < sizeof(DEBUGGER_READ_MEMORY)) return complete(irp, STATUS_INVALID_PARAMETER, 0);
    return complete(irp, STATUS_SUCCESS, memory_read((void *)buffer, out));
  case IOCTL_DEBUGGER_MODIFY_EVENTS: SERVE(DEBUGGER_MODIFY_EVENTS, events_modify(r));
  case IOCTL_DEBUGGER_EDIT_MEMORY: SERVE(DEBUGGER_EDIT_MEMORY, memory_write(r, in));
  case IOCTL_DEBUGGER_VA2PA_AND_PA2VA_COMMANDS: SERVE(DEBUGGER_VA2PA_AND_PA2VA_COMMANDS, translate(r));
  case IOCTL_DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS: SERVE(DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS, attach_detach(r));
  case IOCTL_SET_BREAKPOINT_USER_DEBUGGER: SERVE(DEBUGGEE_BP_PACKET, breakpoint_set(r));
  case IOCTL_SEND_USER_DEBUGGER_COMMANDS:
    if (in < sizeof(DEBUGGER_UD_COMMAND_PACKET)) return complete(irp, STATUS_INVALID_PARAMETER, 0);
    command((void *)buffer, in, out);
    return complete(irp, STATUS_SUCCESS, in < out ? in : out);
  case IOCTL_QUERY_CURRENT_PROCESS: SERVE(DEBUGGEE_DETAILS_AND_SWITCH_PROCESS_PACKET, (void)r);
  case IOCTL_PAUSE_PACKET_RECEIVED:
    misuse("kernel halt without a second machine");
    return complete(irp, STATUS_SUCCESS, 0);
  }
  return complete(irp, STATUS_NOT_IMPLEMENTED, 0);
#endif
}

static NTSTATUS WINAPI created(DEVICE_OBJECT *object, IRP *irp) {
  (void)object;
  state.opened++;
  trace("open");
  return complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS WINAPI closed(DEVICE_OBJECT *object, IRP *irp) {
  (void)object;
  if (state.vmm) misuse("handle closed under a running hypervisor");
  trace("close");
  return complete(irp, STATUS_SUCCESS, 0);
}

static void WINAPI unload(DRIVER_OBJECT *driver) {
  UNICODE_STRING link;
  (void)driver;
  if (state.vmm) misuse("driver unloaded under a running hypervisor");
  RtlInitUnicodeString(&link, L"\\DosDevices\\HyperDbgDebuggerDevice");
  IoDeleteSymbolicLink(&link);
  IoDeleteDevice(device);
  ExFreePoolWithTag(queue, 'lbuD');
  trace("unload");
}

NTSTATUS WINAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path) {
  UNICODE_STRING name, link;
  NTSTATUS status;
  (void)path;
  KeInitializeSpinLock(&lock);
  queue = ExAllocatePoolWithTag(NonPagedPool, QUEUE * sizeof(SLOT), 'lbuD');
  driver->DriverUnload = unload;
  driver->MajorFunction[IRP_MJ_CREATE] = created;
  driver->MajorFunction[IRP_MJ_CLOSE] = closed;
  driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = control;
  RtlInitUnicodeString(&name, L"\\Device\\HyperDbgDebuggerDevice");
  RtlInitUnicodeString(&link, L"\\DosDevices\\HyperDbgDebuggerDevice");
  status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN, FALSE, &device);
  if (status) return status;
  device->Flags |= DO_BUFFERED_IO;
  status = IoCreateSymbolicLink(&link, &name);
  device->Flags &= ~DO_DEVICE_INITIALIZING;
  if (!status) trace("load");
  return status;
}
