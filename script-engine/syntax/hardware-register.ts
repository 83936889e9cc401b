/** Instance information of a hardware debugger (script-language 10). */
export interface HardwareInfo {
  readonly pins: number;
  readonly ports: number;
}

/** Id of `hw_pinN` or `hw_portN`, or −1 when the device has no such one. */
export function hardwareId(name: string, hardware: HardwareInfo): number {
  const match = /^hw_(pin|port)(\d{1,6})$/.exec(name);
  if (match === null) return -1;
  const index = Number(match[2]);
  if (match[1] === 'pin') return index < hardware.pins ? index : -1;
  return index < hardware.ports ? hardware.pins + index : -1;
}
