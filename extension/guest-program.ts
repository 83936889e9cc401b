import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { type ExtensionContext, QuickPickItemKind, type QuickPickItem, Uri, window } from 'vscode';

const LAST_PROGRAM_KEY = 'hyperdbg.lastGuestProgram';

/** Where the guests that come with the extension are: built on this computer, or ready-made. */
const EXAMPLE_GUEST_FOLDERS = ['build', 'prebuilt'];

interface ProgramItem extends QuickPickItem {
  readonly program: string | 'browse';
}

/**
 * Asks for the program that the embedded machine shall run: the last one, an example that comes with the extension, or any
 * file. Undefined when the user dismissed the question.
 */
export async function askForGuestProgram(context: ExtensionContext): Promise<string | undefined> {
  const items = await programItems(context);
  const picked =
    items.length === 0
      ? browseItem
      : await window.showQuickPick<ProgramItem>([...items, browseItem], {
          title: 'HyperDbg: guest program',
          placeHolder: 'A Linux x86-64 program for the embedded machine to run',
        });
  if (picked === undefined) return undefined;
  const program = picked.program === 'browse' ? await browseForProgram() : picked.program;
  if (program !== undefined) await context.workspaceState.update(LAST_PROGRAM_KEY, program);
  return program;
}

const browseItem: ProgramItem = { label: '$(folder-opened) Choose a program…', program: 'browse' };

async function programItems(context: ExtensionContext): Promise<ProgramItem[]> {
  const items: ProgramItem[] = [];
  const last = context.workspaceState.get<string>(LAST_PROGRAM_KEY);
  if (last !== undefined && (await isFile(last))) {
    items.push({ label: path.basename(last), description: 'used last', detail: last, program: last });
  }
  const examples = (await exampleGuests(context)).filter((guest) => guest !== last);
  if (examples.length > 0) {
    items.push({ label: 'Examples', kind: QuickPickItemKind.Separator, program: 'browse' });
    for (const guest of examples) {
      items.push({
        label: path.basename(guest),
        description: 'example guest',
        detail: guest,
        program: guest,
      });
    }
  }
  return items;
}

/** One path for each name; a guest that was built here comes before the ready-made one. */
async function exampleGuests(context: ExtensionContext): Promise<string[]> {
  const byName = new Map<string, string>();
  for (const folder of EXAMPLE_GUEST_FOLDERS) {
    const { fsPath } = Uri.joinPath(context.extensionUri, 'examples', 'guests', folder);
    for (const name of await programNames(fsPath)) {
      if (!byName.has(name)) byName.set(name, path.join(fsPath, name));
    }
  }
  return [...byName.values()];
}

async function programNames(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return entries.filter((entry) => entry.isFile() && path.extname(entry.name) === '').map(({ name }) => name);
}

async function isFile(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function browseForProgram(): Promise<string | undefined> {
  const chosen = await window.showOpenDialog({
    title: 'Guest program (Linux x86-64 ELF)',
    openLabel: 'Run as guest',
    canSelectMany: false,
  });
  return chosen?.[0]?.fsPath;
}
