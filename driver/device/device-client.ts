/** The driver's control requests as functions (driver-protocol 5 to 7): one record in, one record out. */

import type { ActionRequest, AddressSpace, EventRequest, EventVerb } from '../debuggee';
import { DriverError, refusal, requireSuccess } from '../driver-error';
import { ALL_EVENTS, recordOfAction, recordOfEvent, VERB_NUMBER } from '../kd/event-records';
import { concatBytes, numbersTail } from '../kd/packet';
import type { Struct, StructOf } from '../sdk/layout';
import * as sdk from '../sdk/structs.generated';
import {
  DEBUGGER_EDIT_MEMORY_BYTE_SIZE as WIDTH,
  DEBUGGER_EDIT_MEMORY_TYPE as EDIT,
  DEBUGGER_ERROR,
  DEBUGGER_READ_MEMORY_TYPE as READ,
  DEBUGGER_READ_READING_TYPE as READING,
  DEBUGGER_SEARCH_MEMORY_BYTE_SIZE as SEARCH_WIDTH,
  DEBUGGER_SEARCH_MEMORY_TYPE as SEARCH,
  IOCTL,
  SDK,
} from '../sdk/tables.generated';
import { DEVICE_STATUS, type DeviceAnswer, type DeviceIo } from './device-io';

export type IoctlName = keyof typeof IOCTL;

const NO_BYTES = new Uint8Array(0);
const QWORD_BYTES = 8;
const PAGE_BYTES = 4096;

export class DeviceClient {
  readonly #io: DeviceIo;
  readonly #processId: () => number;

  /** `processId`: the process that memory requests are about. */
  constructor(io: DeviceIo, processId: () => number = () => 0) {
    this.#io = io;
    this.#processId = processId;
  }

  /** Sends a request and requires an answer of at least `leastBytes`; a closed gate gives none (3.2, TRAP). */
  async request(
    operation: string,
    name: IoctlName,
    input: Uint8Array,
    outputSizeBytes: number,
    leastBytes: number,
  ): Promise<Uint8Array> {
    const { status, bytes }: DeviceAnswer = await this.#io.ioctl(IOCTL[name].code, input, outputSizeBytes);
    if (status !== DEVICE_STATUS.success)
      throw new DriverError(operation, undefined, `${name} failed with Windows error ${status}`);
    if (bytes.length < leastBytes)
      throw new DriverError(operation, undefined, 'the hypervisor is not running; start it first');
    return bytes;
  }

  /** A request whose answer is the record that it began with. */
  async exchange<R>(
    operation: string,
    name: IoctlName,
    struct: Struct<R>,
    record: Partial<R>,
    tail: Uint8Array = NO_BYTES,
  ): Promise<R> {
    const input = struct.encode(record, tail);
    const size = Math.max(input.length, struct.sizeBytes);
    return struct.decode(await this.request(operation, name, input, size, struct.sizeBytes));
  }

  /** Starts the hypervisor. The message "loaded" says when it is up (3.1). */
  async startVmm(): Promise<void> {
    const operation = 'Starting the hypervisor';
    const answer = await this.exchange(operation, 'IOCTL_INIT_VMM', sdk.DEBUGGER_INIT_VMM_PACKET, {});
    requireSuccess(operation, answer.KernelStatus);
  }

  /** Leaves the hypervisor and ends the message channel (3.3, steps 3 and 4). */
  async stopVmm(): Promise<void> {
    const operation = 'Stopping the hypervisor';
    await this.request(operation, 'IOCTL_TERMINATE_VMX', NO_BYTES, 0, 0);
    await this.request(operation, 'IOCTL_RETURN_IRP_PENDING_PACKETS_AND_DISALLOW_IOCTL', NO_BYTES, 0, 0);
  }

  registerEvent(event: EventRequest): Promise<void> {
    const { record, tail } = recordOfEvent(event);
    const input = sdk.DEBUGGER_GENERAL_EVENT_DETAIL.encode(record, tail);
    return this.#accepted('Registering the event', 'IOCTL_DEBUGGER_REGISTER_EVENT', input);
  }

  async addAction(tag: bigint, action: ActionRequest, immediate: boolean): Promise<void> {
    // The driver takes it, and freezes the machine at the first hit (section 1, TRAP).
    if (action.kind === 'break')
      throw new DriverError(
        'Adding the action',
        DEBUGGER_ERROR.DEBUGGER_ERROR_EVENT_IS_NOT_APPLIED,
        'a break halts the whole machine, and on one machine nobody could let it go on. ' +
          'Debug from a second machine (debugger mode), or let the event pause the attached process by a script marker',
      );
    const { record, tail } = recordOfAction(tag, action, immediate);
    const input = sdk.DEBUGGER_GENERAL_ACTION.encode(record, tail);
    return this.#accepted('Adding the action', 'IOCTL_DEBUGGER_ADD_ACTION_TO_EVENT', input);
  }

  async #accepted(operation: string, name: IoctlName, input: Uint8Array): Promise<void> {
    const result = sdk.DEBUGGER_EVENT_AND_ACTION_RESULT;
    const bytes = await this.request(operation, name, input, input.length, result.sizeBytes);
    const { IsSuccessful, Error } = result.decode(bytes);
    if (!IsSuccessful) throw refusal(operation, Error);
  }

  async modifyEvent(tag: bigint | 'all', verb: EventVerb): Promise<boolean> {
    const operation = `The request to ${verb} ${tag === 'all' ? 'all events' : 'the event'}`;
    const record = { Tag: tag === 'all' ? ALL_EVENTS : tag, TypeOfAction: VERB_NUMBER[verb] };
    const answer = await this.exchange(
      operation,
      'IOCTL_DEBUGGER_MODIFY_EVENTS',
      sdk.DEBUGGER_MODIFY_EVENTS,
      record,
    );
    requireSuccess(operation, answer.KernelStatus);
    return verb === 'query' ? answer.IsEnabled : verb === 'enable';
  }

  /** Bytes from `address` on; shorter where the next page is not mapped. Reads never cross a page (6.1, TRAP). */
  async readMemory(address: bigint, sizeBytes: number, space: AddressSpace = 'virtual'): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for (let done = 0; done < sizeBytes;) {
      const at = address + BigInt(done);
      const size = Math.min(sizeBytes - done, PAGE_BYTES - Number(at % BigInt(PAGE_BYTES)));
      const part = await this.#readInPage(at, size, space);
      parts.push(part);
      if (part.length < size) break;
      done += size;
    }
    return concatBytes(parts);
  }

  async #readInPage(address: bigint, sizeBytes: number, space: AddressSpace): Promise<Uint8Array> {
    const operation = `Reading memory at 0x${address.toString(16)}`;
    const head = sdk.DEBUGGER_READ_MEMORY;
    // An unmapped page is read as physical 0 without an error (6.1, TRAP).
    if (space === 'virtual' && (await this.translate(address)) === undefined) return NO_BYTES;
    const input = head.encode({
      Pid: this.#processId(),
      Address: address,
      Size: sizeBytes,
      MemoryType:
        space === 'physical' ? READ.DEBUGGER_READ_PHYSICAL_ADDRESS : READ.DEBUGGER_READ_VIRTUAL_ADDRESS,
      ReadingType: READING.READ_FROM_KERNEL,
    });
    const bytes = await this.request(
      operation,
      'IOCTL_DEBUGGER_READ_MEMORY',
      input,
      head.sizeBytes + sizeBytes,
      head.sizeBytes,
    );
    const { KernelStatus } = head.decode(bytes);
    if (KernelStatus === DEBUGGER_ERROR.DEBUGGER_ERROR_READING_MEMORY_INVALID_PARAMETER) return NO_BYTES;
    requireSuccess(operation, KernelStatus);
    return bytes.slice(head.sizeBytes);
  }

  /** Writes byte by byte, so that no width has to fit; a request never crosses a page. */
  async writeMemory(address: bigint, bytes: Uint8Array, space: AddressSpace = 'virtual'): Promise<void> {
    const operation = `Writing memory at 0x${address.toString(16)}`;
    for (let done = 0; done < bytes.length;) {
      const at = address + BigInt(done);
      const size = Math.min(bytes.length - done, PAGE_BYTES - Number(at % BigInt(PAGE_BYTES)));
      const values = Array.from(bytes.subarray(done, done + size), BigInt);
      const record = {
        Address: at,
        ProcessId: this.#processId(),
        MemoryType: space === 'physical' ? EDIT.EDIT_PHYSICAL_MEMORY : EDIT.EDIT_VIRTUAL_MEMORY,
        ByteSize: WIDTH.EDIT_BYTE,
        CountOf64Chunks: values.length,
        FinalStructureSize: sdk.DEBUGGER_EDIT_MEMORY.sizeBytes + QWORD_BYTES * values.length,
      };
      const answer = await this.exchange(
        operation,
        'IOCTL_DEBUGGER_EDIT_MEMORY',
        sdk.DEBUGGER_EDIT_MEMORY,
        record,
        numbersTail.encode(values),
      );
      requireSuccess(operation, answer.Result);
      done += size;
    }
  }

  /** Physical address of a virtual one, or undefined where nothing is mapped. */
  async translate(virtualAddress: bigint): Promise<bigint | undefined> {
    const operation = `Translating the address 0x${virtualAddress.toString(16)}`;
    const answer = await this.exchange(
      operation,
      'IOCTL_DEBUGGER_VA2PA_AND_PA2VA_COMMANDS',
      sdk.DEBUGGER_VA2PA_AND_PA2VA_COMMANDS,
      { VirtualAddress: virtualAddress, ProcessId: this.#processId(), IsVirtual2Physical: true },
    );
    if (answer.KernelStatus === DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_ADDRESS) return undefined;
    requireSuccess(operation, answer.KernelStatus);
    return answer.PhysicalAddress;
  }

  async pageTable(
    virtualAddress: bigint,
  ): Promise<StructOf<typeof sdk.DEBUGGER_READ_PAGE_TABLE_ENTRIES_DETAILS>> {
    const operation = `Reading the page table entries of 0x${virtualAddress.toString(16)}`;
    const answer = await this.exchange(
      operation,
      'IOCTL_DEBUGGER_READ_PAGE_TABLE_ENTRIES_DETAILS',
      sdk.DEBUGGER_READ_PAGE_TABLE_ENTRIES_DETAILS,
      { VirtualAddress: virtualAddress, ProcessId: this.#processId() },
    );
    requireSuccess(operation, answer.KernelStatus);
    return answer;
  }

  /** Addresses at which the bytes stand. */
  async search(address: bigint, sizeBytes: number, pattern: Uint8Array): Promise<readonly bigint[]> {
    const values = Array.from(pattern, BigInt);
    const input = sdk.DEBUGGER_SEARCH_MEMORY.encode(
      {
        Address: address,
        Length: BigInt(sizeBytes),
        ProcessId: this.#processId(),
        MemoryType: SEARCH.SEARCH_VIRTUAL_MEMORY,
        ByteSize: SEARCH_WIDTH.SEARCH_BYTE,
        CountOf64Chunks: values.length,
        FinalStructureSize: sdk.DEBUGGER_SEARCH_MEMORY.sizeBytes + QWORD_BYTES * values.length,
      },
      numbersTail.encode(values),
    );
    const size = QWORD_BYTES * SDK.MaximumSearchResults;
    const bytes = await this.request('Searching memory', 'IOCTL_DEBUGGER_SEARCH_MEMORY', input, size, size);
    const found = numbersTail.decode(bytes);
    const end = found.indexOf(0n);
    return end < 0 ? found : found.slice(0, end);
  }
}
