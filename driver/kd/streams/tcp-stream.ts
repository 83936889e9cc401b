/** A debuggee behind a TCP port. */

import type { ByteStream } from '../../byte-stream';
import { connectionAddressText } from './connection-address';
import { openSocket, type OpenStreamOptions } from './socket-stream';

/** Rejects with DriverError. */
export function openTcpStream(
  host: string,
  port: number,
  options: OpenStreamOptions = {},
): Promise<ByteStream> {
  const description = connectionAddressText({ kind: 'tcp', host, port });
  const reasonOf = (error: NodeJS.ErrnoException): string => {
    switch (error.code) {
      case 'ECONNREFUSED':
        return `nothing listens there; start the target first ("hds serve --listen ${description} --guest PROGRAM"), or check the port`;
      case 'ENOTFOUND':
      case 'EAI_AGAIN':
        return `the host "${host}" is not known; check its name`;
      case 'EHOSTUNREACH':
      case 'ENETUNREACH':
        return `the host "${host}" cannot be reached from this computer; check the network`;
      case 'ETIMEDOUT':
        return `the host "${host}" did not answer; check the address, and that no firewall is in between`;
      default:
        return error.message;
    }
  };
  return openSocket(description, { host, port }, reasonOf, options);
}
