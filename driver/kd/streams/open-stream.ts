import type { ByteStream } from '../../byte-stream';
import type { ConnectionAddress } from './connection-address';
import { openPipeStream } from './pipe-stream';
import { openSerialStream } from './serial-stream';
import type { OpenStreamOptions } from './socket-stream';
import { openTcpStream } from './tcp-stream';

export type { OpenStreamOptions } from './socket-stream';

/** Connects to a debuggee's address. Rejects with DriverError. */
export function openStream(address: ConnectionAddress, options: OpenStreamOptions = {}): Promise<ByteStream> {
  switch (address.kind) {
    case 'tcp':
      return openTcpStream(address.host, address.port, options);
    case 'pipe':
      return openPipeStream(address.path, options);
    case 'serial':
      return openSerialStream(address.device, address.baud);
  }
}
