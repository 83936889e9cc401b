/** Scripts of the client's folders, read from disk where the editor does not have them open. */

import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { CancellationToken } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { type OpenDocuments, readScriptDocument, type ScriptDocument } from './open-documents';
import { LARGEST_BYTES } from './script-files';

const SCRIPT_NAME = /\.(hds|ds)$/i;
/** Folders that hold no scripts of the user, or too much else. */
const SKIPPED = new Set(['node_modules', '.git', '.hg', '.svn', 'dist', 'out']);
/** Folders in folders; a link that leads back would have no end. */
const DEEPEST = 16;
const MOST_SCRIPTS = 20_000;

export class WorkspaceScripts {
  #folders: string[] = [];
  readonly #known = new Map<string, { readonly stamp: string; readonly document: ScriptDocument }>();

  constructor(readonly documents: OpenDocuments) {}

  /** Folders by their URI. Those that are on no disk are left out. */
  setFolders(uris: readonly string[]): void {
    this.#folders = uris.flatMap((uri) => localPath(uri) ?? []);
  }

  changeFolders(added: readonly string[], removed: readonly string[]): void {
    const gone = new Set(removed.flatMap((uri) => localPath(uri) ?? []));
    const paths = added.flatMap((uri) => localPath(uri) ?? []);
    this.#folders = [...this.#folders.filter((folder) => !gone.has(folder)), ...paths];
  }

  /** Checked documents of all scripts, open ones first; stops early when the request is cancelled. */
  async *all(token: CancellationToken): AsyncGenerator<ScriptDocument> {
    const open = this.documents.all();
    const seen = new Set(open.map(({ text }) => text.uri));
    yield* open;
    for (const file of await this.#files(token)) {
      if (token.isCancellationRequested) return;
      const uri = pathToFileURL(file).href;
      if (seen.has(uri)) continue;
      seen.add(uri);
      const document = await this.#read(file, uri);
      if (document !== undefined) yield document;
    }
  }

  /** What was read is read again: the settings of the check are others now. */
  forget(): void {
    this.#known.clear();
  }

  async #files(token: CancellationToken): Promise<string[]> {
    const files: string[] = [];
    const look = async (folder: string, depth: number): Promise<void> => {
      if (token.isCancellationRequested || depth > DEEPEST || files.length >= MOST_SCRIPTS) return;
      for (const entry of await entriesOf(folder)) {
        const full = path.join(folder, entry.name);
        if (entry.isDirectory() && !SKIPPED.has(entry.name)) await look(full, depth + 1);
        else if (entry.isFile() && SCRIPT_NAME.test(entry.name)) files.push(full);
      }
    };
    for (const folder of this.#folders) await look(folder, 0);
    return files;
  }

  /** undefined for a file that has gone or is no text of a script. */
  async #read(file: string, uri: string): Promise<ScriptDocument | undefined> {
    try {
      const { mtimeMs, size } = await stat(file);
      if (size > LARGEST_BYTES) return undefined;
      const stamp = `${mtimeMs} ${size}`;
      const known = this.#known.get(uri);
      if (known?.stamp === stamp) return known.document;
      const text = TextDocument.create(uri, 'hyperdbg-script', 0, await readFile(file, 'utf8'));
      const document = readScriptDocument(text, this.documents.optionsFor(uri));
      this.#known.set(uri, { stamp, document });
      return document;
    } catch {
      // It was there when the folder was listed; who deletes a script needs no message.
      this.#known.delete(uri);
      return undefined;
    }
  }
}

function localPath(uri: string): string | undefined {
  if (!uri.startsWith('file:')) return undefined;
  try {
    return fileURLToPath(uri);
  } catch {
    // A URI of a client on another system.
    return undefined;
  }
}

async function entriesOf(folder: string) {
  try {
    return (await readdir(folder, { withFileTypes: true })).sort((one, two) =>
      one.name < two.name ? -1 : 1,
    );
  } catch {
    // A folder without the right to read it has no scripts for us.
    return [];
  }
}
