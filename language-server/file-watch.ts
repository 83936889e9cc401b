/** Hears of scripts that change on disk, from a client that watches files. */

import { DidChangeWatchedFilesNotification } from 'vscode-languageserver';
import type { ServerContext } from './feature';

export class FileWatch {
  constructor(readonly context: ServerContext) {
    const { connection } = context;
    context.onInitialized(() => {
      if (context.client.workspace?.didChangeWatchedFiles?.dynamicRegistration !== true) return;
      void connection.client.register(DidChangeWatchedFilesNotification.type, {
        watchers: [{ globPattern: '**/*.{hds,ds}' }],
      });
    });
  }

  onChanged(listener: () => void): void {
    this.context.connection.onDidChangeWatchedFiles(listener);
  }
}
