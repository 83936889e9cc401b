/** Lengths of x86 instructions. The driver runs scripts without a disassembler, so this stands alone. */

/**
 * One letter an opcode, a row for 16: `.` nothing follows, `m` a ModRM byte, `r` one that always names registers, `b` imm8,
 * `w` imm16, `z` imm16 or imm32 by operand size, `v` imm16, imm32 or imm64, `B` ModRM and imm8, `Z` ModRM and `z`, `a` an
 * offset as wide as addresses, `j` a rel32 (rel16 with a prefix outside 64-bit mode), `f` a far pointer, `e` enter, `g` and
 * `G` group 3 of bytes and words, `q` vmread or, with a prefix, extrq, `x` none, `p` a prefix.
 */
const oneByte = [
  'mmmmbz..mmmmbz.x', // 00
  'mmmmbz..mmmmbz..',
  'mmmmbzp.mmmmbzp.', // 20
  'mmmmbzp.mmmmbzp.',
  '................', // 40
  '................',
  '..mmppppzZbB....', // 60
  'bbbbbbbbbbbbbbbb',
  'BZBBmmmmmmmmmmmm', // 80
  '..........f.....',
  'aaaa....bz......', // a0
  'bbbbbbbbvvvvvvvv',
  'BBw.mmBZe.w..b..', // c0
  'mmmmbb..mmmmmmmm',
  'bbbbbbbbjjfb....', // e0
  'p.pp..gG......mm',
].join('');

const invalidIn64 = new Set([
  0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e, 0x1f, 0x27, 0x2f, 0x37, 0x3f, 0x60, 0x61, 0x82, 0x9a, 0xce, 0xd4, 0xd5,
  0xd6, 0xea,
]);

const twoByte = [
  'mmmmx.....x.xm..', // 00
  'mmmmmmmmmmmmmmmm',
  'rrrrxxxxmmmmmmmm', // 20
  '......x.xxxxxxxx',
  'mmmmmmmmmmmmmmmm', // 40
  'mmmmmmmmmmmmmmmm',
  'mmmmmmmmmmmmmmmm', // 60
  'BBBBmmm.qmxxmmmm',
  'jjjjjjjjjjjjjjjj', // 80
  'mmmmmmmmmmmmmmmm',
  '...mBmmm...mBmmm', // a0
  'mmmmmmmmmmBmmmmm',
  'mmBmBBBm........', // c0
  'mmmmmmmmmmmmmmmm',
  'mmmmmmmmmmmmmmmm', // e0
  'mmmmmmmmmmmmmmmm',
].join('');

interface Reader {
  readonly bytes: readonly number[];
  readonly bits: 32 | 64;
  offset: number;
  operand16: boolean;
  repeatNotZero: boolean;
  addressPrefix: boolean;
  rexW: boolean;
}

const LONGEST = 15;

/** Length of the first instruction, or undefined when the bytes are none or end too early. */
export function instructionLength(bytes: readonly number[], bits: 32 | 64): number | undefined {
  const reader: Reader = {
    bytes,
    bits,
    offset: 0,
    operand16: false,
    repeatNotZero: false,
    addressPrefix: false,
    rexW: false,
  };
  if (!skipPrefixes(reader) || !skipInstruction(reader)) return undefined;
  return reader.offset <= bytes.length && reader.offset <= LONGEST ? reader.offset : undefined;
}

function skipPrefixes(reader: Reader): boolean {
  for (; reader.offset < LONGEST; reader.offset++) {
    const byte = reader.bytes[reader.offset];
    if (byte === undefined) return false;
    if (reader.bits === 64 && byte >= 0x40 && byte <= 0x4f) {
      reader.rexW = (byte & 8) !== 0;
      continue;
    }
    if (oneByte[byte] !== 'p') return true;
    // A REX prefix counts only directly before the opcode.
    reader.rexW = false;
    if (byte === 0x66) reader.operand16 = true;
    if (byte === 0xf2) reader.repeatNotZero = true;
    if (byte === 0x67) reader.addressPrefix = true;
  }
  return false;
}

function skipInstruction(reader: Reader): boolean {
  const opcode = reader.bytes[reader.offset++];
  if (opcode === undefined) return false;
  if (opcode === 0x0f) return skipTwoByte(reader);
  const modRm = reader.bytes[reader.offset] ?? 0;
  const vector = reader.bits === 64 || modRm >= 0xc0;
  if ((opcode === 0xc4 || opcode === 0xc5) && vector) return skipVex(reader, opcode);
  if (opcode === 0x62 && vector) return skipEvex(reader);
  if (reader.bits === 64 && invalidIn64.has(opcode)) return false;
  // XOP shares its byte with pop r/m, whose ModRM has a 0 in bits 5:3.
  if (opcode === 0x8f && (modRm & 0x1f) >= 8) return skipXop(reader);
  return skipOperands(reader, oneByte[opcode] ?? 'x');
}

function skipTwoByte(reader: Reader): boolean {
  const opcode = reader.bytes[reader.offset++];
  if (opcode === undefined) return false;
  if (opcode === 0x38) return skipOpcodeAndOperands(reader, 'm');
  if (opcode === 0x3a || opcode === 0x0f) {
    if (opcode === 0x3a) return skipOpcodeAndOperands(reader, 'B');
    return skipOperands(reader, 'B');
  }
  return skipOperands(reader, twoByte[opcode] ?? 'x');
}

function skipOpcodeAndOperands(reader: Reader, letter: string): boolean {
  reader.offset++;
  return skipOperands(reader, letter);
}

function skipVex(reader: Reader, opcode: number): boolean {
  const map = opcode === 0xc5 ? 1 : (reader.bytes[reader.offset] ?? 0) & 0x1f;
  reader.offset += opcode === 0xc5 ? 1 : 2;
  return skipVectorOpcode(reader, map);
}

function skipEvex(reader: Reader): boolean {
  const map = (reader.bytes[reader.offset] ?? 0) & 7;
  reader.offset += 3;
  return skipVectorOpcode(reader, map);
}

function skipXop(reader: Reader): boolean {
  const map = (reader.bytes[reader.offset] ?? 0) & 0x1f;
  reader.offset += 3;
  if (map === 8) return skipOperands(reader, 'B');
  if (map === 9) return skipOperands(reader, 'm');
  return map === 10 && skipOperands(reader, 'm') && skip(reader, 4);
}

function skipVectorOpcode(reader: Reader, map: number): boolean {
  const opcode = reader.bytes[reader.offset++];
  if (opcode === undefined) return false;
  if (map === 2 || map === 5 || map === 6) return skipOperands(reader, 'm');
  if (map === 3) return skipOperands(reader, 'B');
  if (map !== 1) return false;
  return skipOperands(reader, opcode === 0x77 ? '.' : twoByte[opcode] === 'B' ? 'B' : 'm');
}

function skip(reader: Reader, count: number): boolean {
  reader.offset += count;
  return true;
}

function skipOperands(reader: Reader, letter: string): boolean {
  const word = reader.operand16 && !reader.rexW ? 2 : 4;
  switch (letter) {
    case '.':
      return true;
    case 'm':
      return skipModRm(reader);
    case 'b':
    case 'r':
      return skip(reader, 1);
    case 'w':
      return skip(reader, 2);
    case 'e':
      return skip(reader, 3);
    case 'z':
      return skip(reader, word);
    case 'v':
      return skip(reader, reader.rexW ? 8 : word);
    case 'j':
      return skip(reader, reader.bits === 64 ? 4 : word);
    case 'f':
      return skip(reader, word + 2);
    case 'a':
      return skip(reader, reader.bits === 64 ? (reader.addressPrefix ? 4 : 8) : reader.addressPrefix ? 2 : 4);
    case 'B':
      return skipModRm(reader) && skip(reader, 1);
    case 'Z':
      return skipModRm(reader) && skip(reader, word);
    case 'q':
      return skipModRm(reader) && skip(reader, reader.operand16 || reader.repeatNotZero ? 2 : 0);
    case 'g':
    case 'G': {
      const hasImmediate = ((reader.bytes[reader.offset] ?? 0) & 0x30) === 0;
      return skipModRm(reader) && skip(reader, hasImmediate ? (letter === 'g' ? 1 : word) : 0);
    }
    default:
      return false;
  }
}

function skipModRm(reader: Reader): boolean {
  const modRm = reader.bytes[reader.offset++];
  if (modRm === undefined) return false;
  const mode = modRm >> 6;
  const base = modRm & 7;
  if (mode === 3) return true;
  if (reader.bits === 32 && reader.addressPrefix) {
    return skip(reader, mode === 1 ? 1 : mode === 2 || base === 6 ? 2 : 0);
  }
  let displacement = mode === 1 ? 1 : mode === 2 || base === 5 ? 4 : 0;
  if (base === 4) {
    const scaled = reader.bytes[reader.offset++];
    if (scaled === undefined) return false;
    if (mode === 0 && (scaled & 7) === 5) displacement = 4;
  }
  return skip(reader, displacement);
}
