/** Writes the body of one WebAssembly function: instructions by name, jumps by label. */

/** The instructions without immediates that the translation uses, by their names in the WebAssembly text format. */
const operations = {
  'i32.eqz': 0x45,
  'i32.eq': 0x46,
  'i32.le_u': 0x4d,
  'i32.ge_u': 0x4f,
  'i64.eqz': 0x50,
  'i64.eq': 0x51,
  'i64.ne': 0x52,
  'i64.lt_s': 0x53,
  'i64.lt_u': 0x54,
  'i64.gt_s': 0x55,
  'i64.gt_u': 0x56,
  'i64.le_s': 0x57,
  'i64.le_u': 0x58,
  'i64.ge_s': 0x59,
  'i64.ge_u': 0x5a,
  'f64.eq': 0x61,
  'f64.ne': 0x62,
  'f64.lt': 0x63,
  'f64.gt': 0x64,
  'f64.le': 0x65,
  'f64.ge': 0x66,
  'i32.add': 0x6a,
  'i32.sub': 0x6b,
  'i32.and': 0x71,
  'i32.shl': 0x74,
  'i64.add': 0x7c,
  'i64.sub': 0x7d,
  'i64.mul': 0x7e,
  'i64.div_s': 0x7f,
  'i64.div_u': 0x80,
  'i64.rem_s': 0x81,
  'i64.rem_u': 0x82,
  'i64.and': 0x83,
  'i64.or': 0x84,
  'i64.xor': 0x85,
  'i64.shl': 0x86,
  'i64.shr_s': 0x87,
  'i64.shr_u': 0x88,
  'f64.abs': 0x99,
  'f64.neg': 0x9a,
  'f64.add': 0xa0,
  'f64.sub': 0xa1,
  'f64.mul': 0xa2,
  'f64.div': 0xa3,
  'i32.wrap_i64': 0xa7,
  'i64.extend_i32_u': 0xad,
  'f32.convert_i64_s': 0xb4,
  'f32.convert_i64_u': 0xb5,
  'f32.demote_f64': 0xb6,
  'f64.convert_i64_s': 0xb9,
  'f64.convert_i64_u': 0xba,
  'f64.promote_f32': 0xbb,
  'i32.reinterpret_f32': 0xbc,
  'i64.reinterpret_f64': 0xbd,
  'f32.reinterpret_i32': 0xbe,
  'f64.reinterpret_i64': 0xbf,
  'i64.extend8_s': 0xc2,
  'i64.extend16_s': 0xc3,
  'i64.extend32_s': 0xc4,
} as const;

export type WasmOperation = keyof typeof operations;

/** Loads and stores: the opcode and the logarithm of the natural alignment. */
const accesses = {
  'i32.load': [0x28, 2],
  'i64.load': [0x29, 3],
  'i64.load8_u': [0x31, 0],
  'i64.load16_u': [0x33, 1],
  'i64.load32_u': [0x35, 2],
  'i32.store': [0x36, 2],
  'i64.store': [0x37, 3],
  'i64.store8': [0x3c, 0],
  'i64.store16': [0x3d, 1],
  'i64.store32': [0x3e, 2],
} as const;

export type WasmAccess = keyof typeof accesses;

const BLOCK = 0x02;
const LOOP = 0x03;
const END = 0x0b;
const BR = 0x0c;
const BR_IF = 0x0d;
const BR_TABLE = 0x0e;
const CALL = 0x10;
const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const LOCAL_TEE = 0x22;
const I32_CONST = 0x41;
const I64_CONST = 0x42;
const F64_CONST = 0x44;
const NO_RESULT = 0x40;

/** A place that code can jump to: the end of a block or the start of a loop. */
export class Label {
  isUsed = false;
}

export class CodeWriter {
  readonly bytes: number[] = [];
  readonly #open: Label[] = [];

  op(...names: readonly WasmOperation[]): this {
    for (const name of names) this.bytes.push(operations[name]);
    return this;
  }

  access(name: WasmAccess, offset: number): this {
    const [opcode, alignment] = accesses[name];
    this.bytes.push(opcode, alignment);
    writeUnsigned(this.bytes, offset);
    return this;
  }

  get(local: number): this {
    return this.#with(LOCAL_GET, local);
  }

  set(local: number): this {
    return this.#with(LOCAL_SET, local);
  }

  tee(local: number): this {
    return this.#with(LOCAL_TEE, local);
  }

  call(index: number): this {
    return this.#with(CALL, index);
  }

  i32(value: number): this {
    this.bytes.push(I32_CONST);
    writeSigned(this.bytes, BigInt(value | 0));
    return this;
  }

  i64(value: bigint): this {
    this.bytes.push(I64_CONST);
    writeSigned(this.bytes, BigInt.asIntN(64, value));
    return this;
  }

  f64(value: number): this {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value, true);
    this.bytes.push(F64_CONST, ...bytes);
    return this;
  }

  block(label: Label): this {
    this.#open.push(label);
    this.bytes.push(BLOCK, NO_RESULT);
    return this;
  }

  loop(label: Label): this {
    this.#open.push(label);
    this.bytes.push(LOOP, NO_RESULT);
    return this;
  }

  /** Ends the innermost block or loop. */
  end(): this {
    this.#open.pop();
    this.bytes.push(END);
    return this;
  }

  jump(label: Label): this {
    return this.#with(BR, this.#depth(label));
  }

  jumpIf(label: Label): this {
    return this.#with(BR_IF, this.#depth(label));
  }

  /** Takes an index from the stack; the last label is for all indexes that have none. */
  jumpTable(labels: readonly Label[]): this {
    this.bytes.push(BR_TABLE);
    writeUnsigned(this.bytes, labels.length - 1);
    for (const label of labels) writeUnsigned(this.bytes, this.#depth(label));
    return this;
  }

  #with(opcode: number, immediate: number): this {
    this.bytes.push(opcode);
    writeUnsigned(this.bytes, immediate);
    return this;
  }

  #depth(label: Label): number {
    const index = this.#open.lastIndexOf(label);
    if (index < 0) throw new Error('a jump to a label that is not open here');
    label.isUsed = true;
    return this.#open.length - 1 - index;
  }
}

/** LEB128. */
export function writeUnsigned(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
}

/** Signed LEB128. */
function writeSigned(bytes: number[], value: bigint): void {
  let rest = value;
  for (;;) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    const isLast = rest === ((low & 0x40) === 0 ? 0n : -1n);
    bytes.push(isLast ? low : low | 0x80);
    if (isLast) return;
  }
}
