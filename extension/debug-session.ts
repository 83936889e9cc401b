import path from 'node:path';
import {
  type DebugAdapter,
  DebugAdapterInlineImplementation,
  type DebugProtocolMessage,
  debug,
  EventEmitter,
  type DebugConfiguration,
  type DebugConfigurationProvider,
  type ExtensionContext,
  type Disposable,
  window,
  workspace,
} from 'vscode';
import { type AdapterEnd, AdapterProcess } from './adapter-process';
import { askForGuestProgram } from './guest-program';
import type { RecordedLog } from './recorded-log';
import { DEBUG_TYPE, decideLaunch, SCRIPT_LANGUAGE_ID } from './launch-configuration';

/** Path of the active `.hds` file; undefined for other languages and for files that were never saved. */
export function activeScriptPath(): string | undefined {
  const document = window.activeTextEditor?.document;
  if (document?.languageId !== SCRIPT_LANGUAGE_ID || document.uri.scheme !== 'file') return undefined;
  return document.uri.fsPath;
}

/** Registers what the editor needs to start sessions of type `hyperdbg`. */
export function registerDebugSupport(context: ExtensionContext, log: RecordedLog): Disposable[] {
  return [
    debug.registerDebugConfigurationProvider(DEBUG_TYPE, configurationProvider(context)),
    debug.registerDebugAdapterDescriptorFactory(DEBUG_TYPE, {
      createDebugAdapterDescriptor: () => new DebugAdapterInlineImplementation(startAdapter(context, log)),
    }),
  ];
}

/**
 * The adapter runs in the Node that runs the extension host, so that no Node needs to be installed; in desktop VS Code
 * that is Electron, which behaves as Node when told so. We start it ourselves to hear its last words when it dies.
 */
function startAdapter(context: ExtensionContext, log: RecordedLog): DebugAdapter {
  const file = path.join(context.extensionPath, 'dist', 'adapter.js');
  const messages = new EventEmitter<DebugProtocolMessage>();
  const environment = { ...process.env, ELECTRON_RUN_AS_NODE: '1' };
  const adapter = new AdapterProcess(process.execPath, [file], environment, {
    message: (message) => messages.fire(message as DebugProtocolMessage),
    log: (text) => log.error(`debug adapter: ${text}`),
    crashed: (end) => {
      reportCrash(end, log);
      // The editor believes the session to live until it hears of the end.
      for (const message of endMessages(end)) messages.fire(message as DebugProtocolMessage);
    },
  });
  log.info(`The debug adapter runs as process ${adapter.processId ?? '?'}.`);
  return {
    onDidSendMessage: messages.event,
    handleMessage: (message) => adapter.send(message),
    dispose: () => {
      adapter.dispose();
      messages.dispose();
    },
  };
}

function endMessages({ how, lastWords }: AdapterEnd): readonly object[] {
  const output = [`The debug adapter ended ${how}.`, lastWords, '']
    .filter((line, i) => i !== 1 || line !== '')
    .join('\n');
  return [
    { type: 'event', seq: 0, event: 'output', body: { category: 'stderr', output } },
    { type: 'event', seq: 0, event: 'terminated' },
  ];
}

function reportCrash({ how }: AdapterEnd, log: RecordedLog): void {
  log.error(`The debug adapter ended ${how}.`);
  void window
    .showErrorMessage(
      `The HyperDbg debug adapter ended ${how}, so the session is over. Its log says why; please report it.`,
      'Show Log',
    )
    .then((choice) => {
      if (choice !== undefined) log.show();
    });
}

function configurationProvider(context: ExtensionContext): DebugConfigurationProvider {
  return {
    provideDebugConfigurations: () => [
      {
        type: DEBUG_TYPE,
        request: 'launch',
        name: 'HyperDbg: run this script',
        script: '${file}',
        program: '${command:hyperdbg.pickProgram}',
      },
    ],
    async resolveDebugConfiguration(_folder, given, token) {
      const decision = await decideLaunch(given, {
        isTrusted: workspace.isTrusted,
        countHits: workspace.getConfiguration('hyperdbg').get('countHits', true),
        activeScript: activeScriptPath(),
        askForProgram: () => askForGuestProgram(context),
      });
      if (token?.isCancellationRequested) return undefined;
      switch (decision.kind) {
        case 'launch':
          return { ...given, ...decision.defaults } as DebugConfiguration;
        case 'cancelled':
          return undefined;
        case 'openLaunchFile':
          return null;
        case 'refused':
          void window.showErrorMessage(decision.reason);
          return undefined;
      }
    },
  };
}
