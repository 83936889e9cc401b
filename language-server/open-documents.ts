import type { Connection } from 'vscode-languageserver';
import { TextDocuments } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { type CommandFile, readCommandFile } from '../script-engine/command-file/command-file';

/** An open script: its text and what its commands are. Read once for each version. */
export interface ScriptDocument {
  readonly text: TextDocument;
  readonly source: string;
  readonly file: CommandFile;
}

export function readScriptDocument(text: TextDocument): ScriptDocument {
  const source = text.getText();
  return { text, source, file: readCommandFile(source) };
}

/** The scripts that the editor has open, kept in step with it. */
export class OpenDocuments {
  readonly #documents = new TextDocuments(TextDocument);
  readonly #read = new WeakMap<TextDocument, { version: number; document: ScriptDocument }>();

  constructor(connection: Connection) {
    this.#documents.listen(connection);
  }

  find(uri: string): ScriptDocument | undefined {
    const text = this.#documents.get(uri);
    return text && this.#readOnce(text);
  }

  onChanged(listener: (document: ScriptDocument) => void): void {
    this.#documents.onDidChangeContent(({ document }) => listener(this.#readOnce(document)));
  }

  onClosed(listener: (uri: string) => void): void {
    this.#documents.onDidClose(({ document }) => listener(document.uri));
  }

  #readOnce(text: TextDocument): ScriptDocument {
    // Incremental changes keep the object and count its version up.
    const known = this.#read.get(text);
    if (known?.version === text.version) return known.document;
    const document = readScriptDocument(text);
    this.#read.set(text, { version: text.version, document });
    return document;
  }
}
