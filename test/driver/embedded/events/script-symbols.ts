/** Script buffers written by hand, so that these tests do not depend on the compiler. */

const SYMBOL_BYTES = 24;
const HEADER = '6/0/9 3/0/4 f/0/0 f/0/0';

/** A buffer from symbols as the vectors write them: `type/length/value` in hexadecimal. */
export function symbols(text: string): { bytes: Uint8Array; symbolCount: number } {
  const slots = `${HEADER} ${text}`.trim().split(' ');
  const view = new DataView(new ArrayBuffer(SYMBOL_BYTES * slots.length));
  slots.forEach((slot, index) => {
    slot.split('/').forEach((part, field) => {
      view.setBigUint64(index * SYMBOL_BYTES + 8 * field, BigInt(`0x${part}`), true);
    });
  });
  return { bytes: new Uint8Array(view.buffer), symbolCount: slots.length };
}

const number = (value: number | bigint) => `3/0/${value.toString(16)}`;

/** Statements of the language as symbols; the first of a script stands in slot `FIRST_SLOT`. */
export const statement = {
  print: (value: number) => `6/0/24 ${number(value)}`,
  printRegister: (id: number) => `6/0/24 4/0/${id.toString(16)}`,
  printPseudo: (id: number) => `6/0/24 5/0/${id.toString(16)}`,
  printGlobal: (index: number) => `6/0/24 1/0/${index.toString(16)}`,
  setRegister: (id: number, value: number) => `6/0/17 ${number(value)} 4/0/${id.toString(16)}`,
  setGlobal: (index: number, value: number) => `6/0/17 ${number(value)} 1/0/${index.toString(16)}`,
  setLocal: (slot: number, value: number) => `6/0/17 ${number(value)} 7/0/${slot.toString(16)}`,
  printLocal: (slot: number) => `6/0/24 7/0/${slot.toString(16)}`,
  formats: (value: number) => `6/0/25 ${number(value)}`,
  enable: (id: number) => `6/0/26 ${number(id)}`,
  disable: (id: number) => `6/0/27 ${number(id)}`,
  clear: (id: number) => `6/0/28 ${number(id)}`,
  shortCircuit: (on: number) => `6/0/2c ${number(on)}`,
  pause: () => '6/0/2f',
  flush: () => '6/0/30',
  divideByZero: () => `6/0/c ${number(0)} ${number(1)} 7/0/0`,
};
export const FIRST_SLOT = 4;

export function scriptAction(...statements: readonly string[]) {
  return { kind: 'script', ...symbols(statements.join(' ')), bufferSizeBytes: 0 } as const;
}
