/** Bytes to instructions in Intel syntax: iced-x86, loaded at first use. */

import type * as Iced from 'iced-x86';

export interface Instruction {
  readonly address: bigint;
  readonly sizeBytes: number;
  readonly bytes: Uint8Array;
  /** Intel syntax, e.g. `mov rax,[rcx+8]`; `(bad)` for bytes that are no instruction. */
  readonly text: string;
  readonly isCall: boolean;
  readonly isReturn: boolean;
  /** Where a direct call or jump leads. */
  readonly target?: bigint;
}

export interface Disassembler {
  /** At most `count` x64 instructions (or 32-bit ones) from the start of the bytes; one that is cut off at the end is left out. */
  decode(bytes: Uint8Array, address: bigint, count: number, bitness?: 32 | 64): Instruction[];
}

let loading: Promise<Disassembler> | undefined;

/** The disassembler; rejects with a sentence when it cannot be loaded. */
export function loadDisassembler(): Promise<Disassembler> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Disassembler> {
  const iced = await import('iced-x86');
  const formatter = new iced.Formatter(iced.FormatterSyntax.Intel);
  formatter.hexPrefix = '0x';
  formatter.hexSuffix = '';
  formatter.uppercaseHex = false;
  formatter.spaceAfterOperandSeparator = true;
  formatter.branchLeadingZeros = false;
  return {
    decode: (bytes, address, count, bitness = 64) => decode(iced, formatter, bytes, address, count, bitness),
  };
}

function decode(
  iced: typeof Iced,
  formatter: Iced.Formatter,
  bytes: Uint8Array,
  address: bigint,
  count: number,
  bitness: 32 | 64,
): Instruction[] {
  const decoder = new iced.Decoder(bitness, bytes, iced.DecoderOptions.None);
  const instruction = new iced.Instruction();
  const instructions: Instruction[] = [];
  try {
    decoder.ip = BigInt.asUintN(64, address);
    while (instructions.length < count && decoder.canDecode) {
      const offset = decoder.position;
      decoder.decodeOut(instruction);
      if (decoder.lastError === iced.DecoderError.NoMoreBytes) break;
      instructions.push(describe(iced, formatter, instruction, bytes, offset));
    }
  } finally {
    instruction.free();
    decoder.free();
  }
  return instructions;
}

function describe(
  iced: typeof Iced,
  formatter: Iced.Formatter,
  instruction: Iced.Instruction,
  bytes: Uint8Array,
  offset: number,
): Instruction {
  const { FlowControl } = iced;
  const flow = instruction.flowControl;
  const isNear =
    instruction.opCount > 0 &&
    (instruction.op0Kind === iced.OpKind.NearBranch64 || instruction.op0Kind === iced.OpKind.NearBranch32);
  return {
    address: instruction.ip,
    sizeBytes: instruction.length,
    bytes: bytes.slice(offset, offset + instruction.length),
    text: formatter.format(instruction),
    isCall: flow === FlowControl.Call || flow === FlowControl.IndirectCall,
    isReturn: flow === FlowControl.Return,
    ...(isNear ? { target: instruction.nearBranchTarget } : {}),
  };
}
