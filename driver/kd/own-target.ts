/** How an embedded machine shows itself on the wire, so that its clients know that it has none of the real driver's traps. */

const OWN_MACHINE = 'on the embedded machine of HyperDbg for VS Code';

/** The operating system's name that an embedded machine sends; `guest` is what runs there. */
export function ownSystemName(guest: string): string {
  return `${guest} ${OWN_MACHINE}`;
}

export function isOwnSystemName(name: string): boolean {
  return name.endsWith(OWN_MACHINE);
}
