import { type Disposable, type ExtensionContext, workspace } from 'vscode';
import type { LanguageService } from './language-client';
import { SCRIPT_LANGUAGE_ID } from './launch-configuration';
import type { RecordedLog } from './recorded-log';

/**
 * The language server, from the first script that is opened on. Its client is most of our code: loading it while the editor starts would cost every
 * window whose folder has a script somewhere.
 */
export class LazyLanguageService implements Disposable {
  #service: Promise<LanguageService> | undefined;
  readonly #waiting: Disposable;

  constructor(
    private readonly context: ExtensionContext,
    private readonly log: RecordedLog,
  ) {
    this.#waiting = workspace.onDidOpenTextDocument(({ languageId }) => {
      if (languageId === SCRIPT_LANGUAGE_ID) this.#begin();
    });
    const isScriptOpen = workspace.textDocuments.some(({ languageId }) => languageId === SCRIPT_LANGUAGE_ID);
    // After this turn, so that the editor can go on with its own start.
    if (isScriptOpen) setImmediate(() => this.#begin());
  }

  /** Starts the server anew, or for the first time. */
  async restart(): Promise<void> {
    const service = this.#service;
    if (service === undefined) this.#begin();
    else await (await service).restart();
  }

  /** Ends the server; resolves when it is gone. */
  async stop(): Promise<void> {
    await (await this.#service)?.dispose();
  }

  dispose(): void {
    this.#waiting.dispose();
  }

  #begin(): void {
    if (this.#service !== undefined) return;
    this.#waiting.dispose();
    this.#service = import('./language-client.js').then(
      ({ LanguageService }) => new LanguageService(this.context, this.log),
    );
    void this.#service.then((service) => service.start());
  }
}
