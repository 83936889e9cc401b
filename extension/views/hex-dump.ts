/** Bytes for people. No editor API: tests run it bare. */

const PER_LINE = 16;

/** Lines of address, sixteen bytes and their letters; `unreadableBytes` that follow are told in a last line. */
export function hexDump(address: bigint, bytes: Uint8Array, unreadableBytes = 0): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += PER_LINE) {
    const row = bytes.subarray(at, at + PER_LINE);
    const pairs = Array.from({ length: PER_LINE }, (_, i) => hexPair(row[i]));
    const left = pairs.slice(0, 8).join(' ');
    const right = pairs.slice(8).join(' ');
    lines.push(`${hexAddress(address + BigInt(at))}  ${left}  ${right}  ${letters(row)}`);
  }
  if (unreadableBytes > 0) {
    lines.push(
      `${hexAddress(address + BigInt(bytes.length))}  not mapped from here on (${unreadableBytes} bytes asked)`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function hexPair(byte: number | undefined): string {
  return byte === undefined ? '  ' : byte.toString(16).padStart(2, '0');
}

function hexAddress(address: bigint): string {
  return BigInt.asUintN(64, address).toString(16).padStart(16, '0');
}

function letters(row: Uint8Array): string {
  return [...row].map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
}
