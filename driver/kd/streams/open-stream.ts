import type { ByteStream } from '../../byte-stream';
import type { ConnectionAddress } from './connection-address';
import { openPipeStream } from './pipe-stream';
import type { OpenStreamOptions } from './socket-stream';
import { openTcpStream } from './tcp-stream';

export type { OpenStreamOptions } from './socket-stream';

/** Connects to a debuggee's address. Rejects with DriverError. */
export function openStream(address: ConnectionAddress, options: OpenStreamOptions = {}): Promise<ByteStream> {
  return address.kind === 'tcp'
    ? openTcpStream(address.host, address.port, options)
    : openPipeStream(address.path, options);
}
