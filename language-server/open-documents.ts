import type { Connection } from 'vscode-languageserver';
import { TextDocuments } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { CheckOptions } from '../script-engine/command-file/checked-command';
import type { Diagnostic } from '../script-engine/diagnostic';
import { CheckedFile } from '../script-engine/command-file/checked-file';
import type { CompileMode } from '../script-engine/compiler/compile';
import { filesBeside } from './script-files';

/** An open script: its text and all that is known about its commands. Made once for each version. */
export interface ScriptDocument {
  readonly text: TextDocument;
  readonly source: string;
  readonly checked: CheckedFile;
}

/** Reads and checks all of a text. */
export function readScriptDocument(text: TextDocument, options: CheckOptions = {}): ScriptDocument {
  const source = text.getText();
  return { text, source, checked: CheckedFile.of(source, options) };
}

/** The next version: only what the edits between the versions touch is read and checked again. */
function editedDocument(text: TextDocument, { checked }: ScriptDocument): ScriptDocument {
  const source = text.getText();
  return { text, source, checked: checked.edited(source) };
}

/** The scripts that the editor has open, kept in step with it. */
export class OpenDocuments {
  readonly #documents = new TextDocuments(TextDocument);
  #read = new WeakMap<TextDocument, { version: number; document: ScriptDocument }>();
  #mode: CompileMode | undefined;

  constructor(connection: Connection) {
    this.#documents.listen(connection);
  }

  find(uri: string): ScriptDocument | undefined {
    const text = this.#documents.get(uri);
    return text && this.#readOnce(text);
  }

  all(): ScriptDocument[] {
    return this.#documents.all().map((text) => this.#readOnce(text));
  }

  /** How scripts are compiled for the machine that they are meant for; false when that is nothing new. */
  setMode(mode: CompileMode | undefined): boolean {
    if (mode === this.#mode) return false;
    this.#mode = mode;
    this.#read = new WeakMap();
    return true;
  }

  /** Open documents that read another file, with the file as it is now; the file itself is none of them. */
  readersOf(uri: string): ScriptDocument[] {
    return this.#documents
      .all()
      .filter((text) => text.uri !== uri)
      .flatMap((text) => this.#checkedAgain(text) ?? []);
  }

  /** Files on disk have changed: what is read from them is read again. */
  filesChanged(): void {
    for (const text of this.#documents.all()) this.#checkedAgain(text);
  }

  onChanged(listener: (document: ScriptDocument) => void): void {
    this.#documents.onDidChangeContent(({ document }) => listener(this.#readOnce(document)));
  }

  onClosed(listener: (uri: string) => void): void {
    this.#documents.onDidClose(({ document }) => listener(document.uri));
  }

  /** undefined when nothing that the document reads has changed. */
  #checkedAgain(text: TextDocument): ScriptDocument | undefined {
    const before = this.#readOnce(text);
    if (!before.checked.readsFiles) return undefined;
    const document = editedDocument(text, before);
    if (isSame(document.checked.diagnostics, before.checked.diagnostics)) return undefined;
    this.#read.set(text, { version: text.version, document });
    return document;
  }

  #readOnce(text: TextDocument): ScriptDocument {
    // Incremental changes keep the object and count its version up.
    const known = this.#read.get(text);
    if (known?.version === text.version) return known.document;
    const document =
      known === undefined
        ? readScriptDocument(text, this.optionsFor(text.uri))
        : editedDocument(text, known.document);
    this.#read.set(text, { version: text.version, document });
    return document;
  }

  /** How a script at this place is checked. */
  optionsFor(uri: string): CheckOptions {
    const readFile = filesBeside(uri, (other) => this.#documents.get(other)?.getText());
    return {
      ...(readFile === undefined ? {} : { readFile }),
      ...(this.#mode === undefined ? {} : { mode: this.#mode }),
    };
  }
}

function isSame(one: readonly Diagnostic[], other: readonly Diagnostic[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
