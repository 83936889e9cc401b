/** The `code` notation of the golden vectors: `T/L/V` symbols in hex, strings with their bytes. */

export function bufferOfCode(code: string): { bytes: Uint8Array; symbolCount: number } {
  const slots: Uint8Array[] = [];
  for (const symbol of code.split(' ')) {
    const [type = '', length = '', value = ''] = symbol.split('/');
    const lengthBytes = parseInt(length, 16);
    const isString = value.startsWith('"');
    const count = isString ? Math.floor((16 + lengthBytes) / 24) + 1 : 1;
    const bytes = new Uint8Array(count * 24);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(0, BigInt(`0x${type}`), true);
    view.setBigUint64(8, BigInt(`0x${length}`), true);
    if (isString) bytes.set(Buffer.from(value.slice(1), 'hex'), 16);
    else view.setBigUint64(16, BigInt(`0x${value}`), true);
    slots.push(bytes);
  }
  const bytes = Uint8Array.from(Buffer.concat(slots));
  return { bytes, symbolCount: bytes.length / 24 };
}
