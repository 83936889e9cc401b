import type { MemberType } from './structure-layout';

type Format = 'signed' | 'unsigned' | 'float' | 'bool';

/** Built-in types by the low byte of their index (LLVM's "Simple Types"): text, size, format. */
const SIMPLE_TYPES = new Map<number, readonly [string, number, Format]>([
  [0x10, ['signed char', 1, 'signed']],
  [0x20, ['unsigned char', 1, 'unsigned']],
  [0x70, ['char', 1, 'signed']],
  [0x71, ['wchar_t', 2, 'unsigned']],
  [0x7a, ['char16_t', 2, 'unsigned']],
  [0x7b, ['char32_t', 4, 'unsigned']],
  [0x7c, ['char8_t', 1, 'unsigned']],
  [0x68, ['int8_t', 1, 'signed']],
  [0x69, ['uint8_t', 1, 'unsigned']],
  [0x11, ['short', 2, 'signed']],
  [0x21, ['unsigned short', 2, 'unsigned']],
  [0x72, ['int16_t', 2, 'signed']],
  [0x73, ['uint16_t', 2, 'unsigned']],
  [0x12, ['long', 4, 'signed']],
  [0x22, ['unsigned long', 4, 'unsigned']],
  [0x74, ['int', 4, 'signed']],
  [0x75, ['unsigned', 4, 'unsigned']],
  [0x08, ['HRESULT', 4, 'signed']],
  [0x13, ['__int64', 8, 'signed']],
  [0x23, ['unsigned __int64', 8, 'unsigned']],
  [0x76, ['__int64', 8, 'signed']],
  [0x77, ['unsigned __int64', 8, 'unsigned']],
  [0x40, ['float', 4, 'float']],
  [0x41, ['double', 8, 'float']],
  [0x30, ['bool', 1, 'bool']],
  [0x31, ['bool16', 2, 'bool']],
  [0x32, ['bool32', 4, 'bool']],
  [0x33, ['bool64', 8, 'bool']],
]);

/** Sizes of pointers by the mode in bits 8 to 11; other modes are of machines before 32 bits. */
const POINTER_SIZES = new Map([
  [4, 4],
  [6, 8],
]);

/** A type that has no record. */
export function simpleType(index: number): MemberType {
  const known = SIMPLE_TYPES.get(index & 0xff);
  const mode = (index >> 8) & 15;
  const text = known?.[0] ?? ((index & 0xff) === 0x03 ? 'void' : `<type 0x${index.toString(16)}>`);
  const pointerSize = POINTER_SIZES.get(mode);
  if (pointerSize !== undefined) return { kind: 'pointer', text: `${text}*`, sizeBytes: pointerSize };
  if (known === undefined) return { kind: 'other', text, sizeBytes: 0 };
  return { kind: 'number', text, sizeBytes: known[1], format: known[2] };
}
