import { commands, type Disposable, EventEmitter, languages, Uri, window, workspace } from 'vscode';
import { hexDump } from './hex-dump';
import type { Sessions } from './sessions';

const SCHEME = 'hyperdbg-memory';
const SHOWN_BYTES = 0x200;

/** What the editor hands over from its Variables view. */
interface VariableContext {
  readonly variable?: { readonly memoryReference?: string; readonly value?: string };
}

interface Memory {
  readonly address: string;
  readonly data?: string;
  readonly unreadableBytes?: number;
}

/** Memory as a document of hexadecimal numbers, which follows the target from stop to stop. */
export function registerMemoryDocuments(sessions: Sessions): Disposable[] {
  const changed = new EventEmitter<Uri>();
  const refresh = (): void => {
    for (const { uri } of workspace.textDocuments) if (uri.scheme === SCHEME) changed.fire(uri);
  };
  return [
    changed,
    sessions.onNews(({ kind }) => {
      if (kind === 'stopped' || kind === 'valuesChanged' || kind === 'ended') refresh();
    }),
    workspace.registerTextDocumentContentProvider(SCHEME, {
      onDidChange: changed.event,
      provideTextDocumentContent: (uri) => contentOf(sessions, uri.query),
    }),
    commands.registerCommand('hyperdbg.showMemory', async (context?: VariableContext) => {
      const reference = context?.variable?.memoryReference ?? (await askForAddress(sessions));
      if (reference === undefined) return;
      const uri = Uri.from({ scheme: SCHEME, path: `Memory ${reference}`, query: reference });
      const document = await workspace.openTextDocument(uri);
      await languages.setTextDocumentLanguage(document, 'plaintext');
      await window.showTextDocument(document, { preview: false });
    }),
  ];
}

async function contentOf(sessions: Sessions, memoryReference: string): Promise<string> {
  try {
    const memory = await sessions.ask<Memory>('readMemory', { memoryReference, count: SHOWN_BYTES });
    if (memory === undefined) return 'The session has ended; its memory is gone.\n';
    const bytes = Buffer.from(memory.data ?? '', 'base64');
    return hexDump(BigInt(memory.address), bytes, memory.unreadableBytes ?? 0);
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n`;
  }
}

async function askForAddress(sessions: Sessions): Promise<string | undefined> {
  if (sessions.current === undefined) {
    void window.showErrorMessage(
      'There is no HyperDbg session whose memory could be shown; start one first.',
    );
    return undefined;
  }
  const expression = await window.showInputBox({
    title: 'Show memory at',
    prompt: 'An address or an expression, e.g. @rsp or licence!expected_sum',
  });
  if (expression === undefined || expression.trim() === '') return undefined;
  try {
    const answer = await sessions.ask<{ memoryReference?: string; result: string }>('evaluate', {
      expression,
      context: 'watch',
    });
    return answer?.memoryReference ?? answer?.result;
  } catch (error) {
    void window.showErrorMessage(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}
