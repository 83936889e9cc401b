import type { Connection } from 'vscode-languageserver';
import { TextDocuments } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { CheckedFile } from '../script-engine/command-file/checked-file';

/** An open script: its text and all that is known about its commands. Made once for each version. */
export interface ScriptDocument {
  readonly text: TextDocument;
  readonly source: string;
  readonly checked: CheckedFile;
}

/** Of what `before` knows only that is read and checked again which the edits between the versions touch. */
export function readScriptDocument(text: TextDocument, before?: ScriptDocument): ScriptDocument {
  const source = text.getText();
  return { text, source, checked: before?.checked.edited(source) ?? CheckedFile.of(source) };
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
    const document = readScriptDocument(text, known?.document);
    this.#read.set(text, { version: text.version, document });
    return document;
  }
}
