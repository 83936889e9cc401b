/** Memory as lines of text: `db`, `dc`, `dd`, `dq`. */

import { addressText, hex, printable } from './numbers';

const LINE_BYTES = 16;

export interface MemoryForm {
  readonly widthBytes: 1 | 4 | 8;
  readonly hasText: boolean;
}

/** Lines of 16 bytes; what is missing at the end is shown as `?`. */
export function memoryLines(address: bigint, bytes: Uint8Array, sizeBytes: number, form: MemoryForm): string {
  const lines: string[] = [];
  for (let start = 0; start < sizeBytes; start += LINE_BYTES) {
    const end = Math.min(start + LINE_BYTES, sizeBytes);
    const groups: string[] = [];
    for (let at = start; at < end; at += form.widthBytes) groups.push(group(bytes, at, form.widthBytes));
    const columns = (LINE_BYTES / form.widthBytes) * (2 * form.widthBytes + 1);
    const text = form.hasText
      ? `  ${Array.from({ length: end - start }, (_, i) => {
          const byte = bytes[start + i];
          return byte === undefined ? '?' : printable(byte);
        }).join('')}`
      : '';
    const values = groups.join(' ');
    lines.push(
      `${addressText(address + BigInt(start))}  ${form.hasText ? values.padEnd(columns) : values}${text}`,
    );
  }
  return lines.join('\n');
}

function group(bytes: Uint8Array, at: number, widthBytes: number): string {
  if (at + widthBytes > bytes.length) return '?'.repeat(2 * widthBytes);
  let value = 0n;
  for (let i = widthBytes - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[at + i] ?? 0);
  return hex(value, 2 * widthBytes);
}
