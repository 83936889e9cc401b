/** Text of a message: up to its NUL, or whole when it has none (driver-protocol 4). */
export function messageText(payload: Uint8Array): string {
  const end = payload.indexOf(0);
  return Buffer.from(end < 0 ? payload : payload.subarray(0, end)).toString('latin1');
}
