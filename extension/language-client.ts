import path from 'node:path';
import { type ExtensionContext, window, workspace } from 'vscode';
import { CloseAction, ErrorAction, LanguageClient, State, TransportKind } from 'vscode-languageclient/node';
import { SCRIPT_LANGUAGE_ID } from './launch-configuration';
import type { RecordedLog } from './recorded-log';
import { RestartPolicy } from './restart-policy';

const RESTART = 'Restart';
const SHOW_LOG = 'Show Log';

/**
 * The language server as a process of its own, started again when it dies. It only reads texts, so it runs in untrusted
 * workspaces too.
 */
export class LanguageService {
  readonly #client: LanguageClient;
  readonly #policy = new RestartPolicy();
  #timer: NodeJS.Timeout | undefined;
  #isDisposed = false;

  constructor(
    context: ExtensionContext,
    private readonly log: RecordedLog,
  ) {
    const module = path.join(context.extensionPath, 'dist', 'language-server.js');
    this.#client = new LanguageClient(
      'hyperdbg-script',
      'HyperDbg Script',
      {
        // Half of what it would take else is room for garbage (docs/performance.md).
        run: { module, transport: TransportKind.ipc, options: { execArgv: ['--max-semi-space-size=4'] } },
        debug: { module, transport: TransportKind.ipc, options: { execArgv: ['--nolazy', '--inspect=0'] } },
      },
      {
        documentSelector: [{ language: SCRIPT_LANGUAGE_ID }],
        outputChannel: log.channel,
        initializationOptions: () => ({
          compileMode: workspace.getConfiguration('hyperdbg').get('compileMode'),
        }),
        synchronize: { configurationSection: 'hyperdbg' },
        errorHandler: {
          error: (error) => {
            log.warn(`language server: ${error.message}`);
            return { action: ErrorAction.Continue, handled: true };
          },
          closed: () => {
            this.#ended();
            return { action: CloseAction.DoNotRestart, handled: true };
          },
        },
      },
    );
    this.#client.onDidChangeState(({ newState }) => {
      if (newState === State.Running) this.#policy.started();
    });
  }

  async start(): Promise<void> {
    try {
      await this.#client.start();
      this.log.info('The language server runs.');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.log.error(`The language server did not start: ${reason}`);
      this.#ended();
    }
  }

  /** What the command does: a new start, whatever happened before. */
  async restart(): Promise<void> {
    clearTimeout(this.#timer);
    this.#policy.reset();
    if (this.#client.state === State.Running) await this.#client.restart();
    else await this.start();
  }

  async dispose(): Promise<void> {
    this.#isDisposed = true;
    clearTimeout(this.#timer);
    if (this.#client.state === State.Running) await this.#client.stop();
  }

  #ended(): void {
    if (this.#isDisposed) return;
    clearTimeout(this.#timer);
    const decision = this.#policy.ended();
    if (decision.kind === 'restart') {
      this.log.warn(
        `The language server ended; start number ${decision.attempt} follows in ${decision.afterMs} ms.`,
      );
      this.#timer = setTimeout(() => void this.start(), decision.afterMs);
      return;
    }
    this.log.error(`The language server ended ${decision.attempts + 1} times in short order.`);
    void window
      .showErrorMessage(
        'The HyperDbg language server keeps ending, so scripts are not checked now. Its log says why.',
        RESTART,
        SHOW_LOG,
      )
      .then((choice) => {
        if (choice === RESTART) return this.restart();
        if (choice === SHOW_LOG) this.log.show();
        return undefined;
      });
  }
}
