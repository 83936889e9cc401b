import { type Disposable, Position, Range, type TextEditor, ThemeColor, window } from 'vscode';
import type { EventRow } from './event-row';
import { lineNotes } from './line-notes';

/** Notes behind the lines of event commands: how often each fired in the present session. */
export class HitDecorations implements Disposable {
  readonly #decoration = window.createTextEditorDecorationType({
    after: { color: new ThemeColor('editorCodeLens.foreground'), margin: '0 0 0 3em' },
  });
  readonly #editors: Disposable;
  #rows: readonly EventRow[] = [];

  constructor() {
    this.#editors = window.onDidChangeVisibleTextEditors((editors) =>
      editors.forEach((one) => this.#draw(one)),
    );
  }

  /** Shows these events; none at the end of a session. */
  show(rows: readonly EventRow[]): void {
    this.#rows = rows;
    window.visibleTextEditors.forEach((editor) => this.#draw(editor));
  }

  dispose(): void {
    this.#editors.dispose();
    this.#decoration.dispose();
  }

  #draw(editor: TextEditor): void {
    const { document } = editor;
    const notes = document.uri.scheme === 'file' ? lineNotes(this.#rows, document.uri.fsPath) : [];
    editor.setDecorations(
      this.#decoration,
      notes
        // The script may have been edited since it was armed.
        .filter(({ line }) => line <= document.lineCount)
        .map(({ line, text }) => {
          const end = document.lineAt(line - 1).range.end;
          return {
            range: new Range(new Position(end.line, end.character), end),
            renderOptions: { after: { contentText: text } },
          };
        }),
    );
  }
}
