import path from 'node:path';
import {
  DebugAdapterExecutable,
  debug,
  type DebugConfiguration,
  type DebugConfigurationProvider,
  type ExtensionContext,
  type Disposable,
  window,
  workspace,
} from 'vscode';
import { askForGuestProgram } from './guest-program';
import { DEBUG_TYPE, decideLaunch, SCRIPT_LANGUAGE_ID } from './launch-configuration';

/** Path of the active `.hds` file; undefined for other languages and for files that were never saved. */
export function activeScriptPath(): string | undefined {
  const document = window.activeTextEditor?.document;
  if (document?.languageId !== SCRIPT_LANGUAGE_ID || document.uri.scheme !== 'file') return undefined;
  return document.uri.fsPath;
}

/** Registers what the editor needs to start sessions of type `hyperdbg`. */
export function registerDebugSupport(context: ExtensionContext): Disposable[] {
  return [
    debug.registerDebugConfigurationProvider(DEBUG_TYPE, configurationProvider(context)),
    debug.registerDebugAdapterDescriptorFactory(DEBUG_TYPE, {
      createDebugAdapterDescriptor: () => adapterExecutable(context),
    }),
  ];
}

/**
 * The adapter runs in the Node that runs the extension host, so that no Node needs to be installed; in desktop VS Code
 * that is Electron, which behaves as Node when told so.
 */
function adapterExecutable(context: ExtensionContext): DebugAdapterExecutable {
  const adapter = path.join(context.extensionPath, 'dist', 'adapter.js');
  return new DebugAdapterExecutable(process.execPath, [adapter], { env: { ELECTRON_RUN_AS_NODE: '1' } });
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
