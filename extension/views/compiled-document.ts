import { commands, type Disposable, type ExtensionContext, Uri, window, workspace } from 'vscode';
import { runCommandLine } from '../command-line';
import { activeScriptPath } from '../debug-session';

const SCHEME = 'hyperdbg-compiled';

/** What the driver is given for the scripts of a file, as a document: the symbol buffer of each, slot by slot. */
export function registerCompiledDocuments(context: ExtensionContext): Disposable[] {
  return [
    workspace.registerTextDocumentContentProvider(SCHEME, {
      provideTextDocumentContent: async (uri) => {
        const mode = workspace.getConfiguration('hyperdbg').get('compileMode', 'exact');
        const { output, problems } = await runCommandLine(context, ['compile', '--mode', mode, uri.query]);
        return [problems, output].filter((text) => text !== '').join('\n');
      },
    }),
    commands.registerCommand('hyperdbg.showCompiledScript', async () => {
      const script = activeScriptPath();
      if (script === undefined) {
        void window.showErrorMessage(
          'Open a saved .hds script first; the command shows what it is compiled to.',
        );
        return;
      }
      await window.activeTextEditor?.document.save();
      // Each text has a name of its own, because the editor keeps the text of a name.
      const uri = Uri.from({
        scheme: SCHEME,
        path: `${workspace.asRelativePath(script)} (compiled)`,
        query: script,
        fragment: String(Date.now()),
      });
      const document = await workspace.openTextDocument(uri);
      await window.showTextDocument(document, { preview: true });
    }),
  ];
}
