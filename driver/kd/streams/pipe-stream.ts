/** A debuggee behind a Unix socket or a named pipe of Windows. */

import type { ByteStream } from '../../byte-stream';
import { openSocket, type OpenStreamOptions } from './socket-stream';

/** Rejects with DriverError. */
export function openPipeStream(path: string, options: OpenStreamOptions = {}): Promise<ByteStream> {
  const description = `pipe:${path}`;
  const reasonOf = (error: NodeJS.ErrnoException): string => {
    switch (error.code) {
      case 'ENOENT':
        return `there is no such pipe; start the target first ("hds serve --listen ${description} --guest PROGRAM"), or check the path`;
      case 'ECONNREFUSED':
        return 'nothing listens there any more; start the target again';
      case 'EACCES':
      case 'EPERM':
        return 'this user may not open it; run both programs as the same user';
      case 'ENOTSOCK':
        return 'it is a file and no pipe; check the path';
      default:
        return error.message;
    }
  };
  return openSocket(description, { path }, reasonOf, options);
}
