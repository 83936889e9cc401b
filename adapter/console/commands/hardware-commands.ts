/** `!idt`, `!apic`, `!ioapic`, `!smi`, `!pcitree`, `!pcicam`, `cpuid`: the halted machine's hardware (driver-protocol 6.5). */

import { requireSuccess } from '../../../driver/driver-error';
import { ANSWER, REQUEST } from '../../../driver/kd/packets';
import {
  DEBUGGEE_PCIDEVINFO_REQUEST_RESPONSE_PACKET,
  DEBUGGEE_PCITREE_REQUEST_RESPONSE_PACKET,
  DEBUGGER_APIC_REQUEST,
  DEBUGGER_CPUID_REQUEST_RESPONSE,
  PCI_DEV,
  SMI_OPERATION_PACKETS,
} from '../../../driver/sdk/structs.generated';
import {
  DEBUGGER_APIC_REQUEST_TYPE as APIC,
  SMI_OPERATION_REQUEST_TYPE as SMI,
} from '../../../driver/sdk/tables.generated';
import type { CommandContext, CommandLine } from '../command-context';
import { CommandWords } from '../command-words';
import { memoryLines } from '../format/memory-text';
import { addressText, hex } from '../format/numbers';

const LARGEST_VECTOR = 0xffn;

export async function interruptTable({ command }: CommandLine, context: CommandContext): Promise<void> {
  const words = new CommandWords(command);
  const wanted = words.isEmpty ? undefined : Number(words.takeNumber('a vector', LARGEST_VECTOR));
  words.end();
  const operation = 'Reading the interrupt table';
  const { status, handlers } = await context.client.requests.ask(
    REQUEST.idt,
    undefined,
    operation,
    ANSWER.idt,
  );
  requireSuccess(operation, status);
  if (handlers === undefined) {
    context.io.say('The target answered without its table.');
    return;
  }
  for (const [vector, handler] of handlers.entries()) {
    if (wanted !== undefined && vector !== wanted) continue;
    const place = context.symbols.placeOf(handler)?.text;
    context.io.print(
      `${hex(vector, 2)}  ${addressText(handler)}${place === undefined ? '' : `  ; ${place}`}`,
    );
  }
}

export async function localApic({ command }: CommandLine, context: CommandContext): Promise<void> {
  new CommandWords(command).end();
  const operation = 'Reading the local APIC';
  const answer = await askApic(APIC.DEBUGGER_APIC_REQUEST_TYPE_READ_LOCAL_APIC, operation, context);
  if (answer.kind !== 'local') return;
  context.io.print(`local APIC${answer.record.IsUsingX2APIC ? ' (x2APIC)' : ''}`);
  for (const [name, value] of Object.entries(answer.page)) {
    if (name.startsWith('Reserved')) continue;
    if (typeof value === 'number') context.io.print(`${name.padEnd(22)} ${hex(value, 8)}`);
  }
}

export async function ioApic({ command }: CommandLine, context: CommandContext): Promise<void> {
  new CommandWords(command).end();
  const operation = 'Reading the I/O APIC';
  const answer = await askApic(APIC.DEBUGGER_APIC_REQUEST_TYPE_READ_IO_APIC, operation, context);
  if (answer.kind !== 'io') return;
  const { ApicBasePa, IoIdReg, IoLl, LlLhData } = answer.page;
  context.io.print(`I/O APIC at ${addressText(ApicBasePa)}, id ${hex(IoIdReg, 8)}, version ${hex(IoLl, 8)}`);
  // Bits 16..23 of the version register: the highest entry.
  const count = Math.min(((IoLl >>> 16) & 0xff) + 1, LlLhData.length);
  LlLhData.slice(0, count).forEach((entry, i) => context.io.print(`${hex(i, 2)}  ${hex(entry, 16)}`));
}

async function askApic(ApicType: number, operation: string, { client, io }: CommandContext) {
  const answer = await client.requests.ask(
    REQUEST.apic,
    { ...DEBUGGER_APIC_REQUEST.zero(), ApicType },
    operation,
    ANSWER.apic,
    ({ record }) => record.ApicType === ApicType,
  );
  requireSuccess(operation, answer.record.KernelStatus);
  if (answer.kind === 'none') io.say('The target answered without the registers of its APIC.');
  return answer;
}

export async function systemManagement({ command }: CommandLine, context: CommandContext): Promise<void> {
  const words = new CommandWords(command);
  const verb = words.takeOneOf('count', 'trigger');
  words.end();
  const operation = verb === 'count' ? 'Reading the count of SMIs' : 'Raising an SMI';
  const type =
    verb === 'count'
      ? SMI.SMI_OPERATION_REQUEST_TYPE_READ_COUNT
      : SMI.SMI_OPERATION_REQUEST_TYPE_TRIGGER_POWER_SMI;
  const answer = await context.client.requests.ask(
    REQUEST.smi,
    { ...SMI_OPERATION_PACKETS.zero(), SmiOperationType: type },
    operation,
    ANSWER.smi,
    (value) => value.SmiOperationType === type,
  );
  requireSuccess(operation, answer.KernelStatus);
  context.io.print(verb === 'count' ? `${answer.SmiCount} SMIs so far` : 'an SMI was raised');
}

export async function pciTree({ command }: CommandLine, context: CommandContext): Promise<void> {
  new CommandWords(command).end();
  const operation = 'Listing the PCI functions';
  const answer = await context.client.requests.ask(
    REQUEST.pciTree,
    DEBUGGEE_PCITREE_REQUEST_RESPONSE_PACKET.zero(),
    operation,
    ANSWER.pciTree,
  );
  requireSuccess(operation, answer.KernelStatus);
  for (const { Bus, Device, Function, ConfigSpace } of answer.DeviceInfoList.slice(
    0,
    answer.DeviceInfoListNum,
  )) {
    const { VendorId, DeviceId, ClassCode } = ConfigSpace;
    const classText = Array.from(ClassCode)
      .toReversed()
      .map((byte) => hex(byte, 2))
      .join('');
    context.io.print(
      `${hex(Bus, 2)}:${hex(Device, 2)}:${hex(Function)}  ${hex(VendorId, 4)}:${hex(DeviceId, 4)}  class ${classText}`,
    );
  }
  if (answer.DeviceInfoListNum === 0) context.io.print('there are no PCI functions');
}

const LARGEST_BUS = 0xffn;
const LARGEST_DEVICE = 0x1fn;
const LARGEST_FUNCTION = 7n;

export async function pciFunction({ command }: CommandLine, context: CommandContext): Promise<void> {
  const words = new CommandWords(command);
  const Bus = words.takeNumber('the number of a bus', LARGEST_BUS);
  const Device = words.takeNumber('the number of a device', LARGEST_DEVICE);
  const Function = words.takeNumber('the number of a function', LARGEST_FUNCTION);
  const isRaw = words.takeWord('x') !== undefined;
  words.end();
  const operation = `Reading PCI function ${hex(Bus)}:${hex(Device)}:${hex(Function)}`;
  const zero = DEBUGGEE_PCIDEVINFO_REQUEST_RESPONSE_PACKET.zero();
  const answer = await context.client.requests.ask(
    REQUEST.pciDevice,
    { ...zero, PrintRaw: isRaw ? 1 : 0, DeviceInfo: { ...zero.DeviceInfo, Bus, Device, Function } },
    operation,
    ANSWER.pciDevice,
  );
  requireSuccess(operation, answer.KernelStatus);
  if (isRaw) {
    // 256 bytes of configuration space begin behind the two bytes of the function's address.
    const space = PCI_DEV.encode(answer.DeviceInfo).subarray(2, 2 + 256);
    context.io.print(memoryLines(0n, space, space.length, { widthBytes: 1, hasText: true }));
    return;
  }
  for (const [name, value] of Object.entries(answer.DeviceInfo.ConfigSpace.CommonHeader))
    context.io.print(`${name.padEnd(20)} ${typeof value === 'number' ? hex(value, 4) : hexOf(value)}`);
  answer.DeviceInfo.MmioBarInfo.forEach(({ IsEnabled, Is64Bit, BarOffsetEnd, BarSize }, i) => {
    if (IsEnabled === 0) return;
    const bits = Is64Bit === 0 ? 32 : 64;
    context.io.print(`BAR ${i}: ${bits} bits, up to ${addressText(BarOffsetEnd)}, ${hex(BarSize)} bytes`);
  });
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export async function cpuid({ command }: CommandLine, context: CommandContext): Promise<void> {
  const words = new CommandWords(command);
  const FunctionId = words.isEmpty ? 0 : Number(words.takeNumber('a leaf'));
  const SubFunctionId = words.isEmpty ? 0 : Number(words.takeNumber('a subleaf'));
  words.end();
  const operation = `Reading CPUID leaf ${hex(FunctionId)}, ${hex(SubFunctionId)}`;
  const answer = await context.client.requests.ask(
    REQUEST.cpuid,
    { ...DEBUGGER_CPUID_REQUEST_RESPONSE.zero(), FunctionId, SubFunctionId },
    operation,
    ANSWER.cpuid,
    (value) => value.FunctionId === FunctionId && value.SubFunctionId === SubFunctionId,
  );
  requireSuccess(operation, answer.KernelStatus);
  const { EAX, EBX, ECX, EDX, BrandString } = answer;
  if (BrandString !== '') context.io.print(BrandString);
  context.io.print(
    `leaf ${hex(FunctionId)}, ${hex(SubFunctionId)}: eax=${hex(EAX, 8)} ebx=${hex(EBX, 8)} ecx=${hex(ECX, 8)} edx=${hex(EDX, 8)}`,
  );
}
