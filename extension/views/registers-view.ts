import {
  commands,
  type Disposable,
  EventEmitter,
  ThemeColor,
  ThemeIcon,
  TreeItem,
  TreeItemCollapsibleState,
  window,
} from 'vscode';
import type { Sessions } from './sessions';

/** A core, a register or a flag: DAP threads and variables. */
type Node =
  | { readonly kind: 'core'; readonly threadId: number; readonly name: string }
  | {
      readonly kind: 'value';
      readonly variable: Variable;
      /** Reference of the variables that this one belongs to. */
      readonly container: number;
      /** Name of the core and of what the value is part of. */
      readonly path: string;
    };

interface Variable {
  readonly name: string;
  readonly value: string;
  readonly type?: string;
  readonly variablesReference: number;
  readonly presentationHint?: { readonly attributes?: readonly string[] };
}

const CHANGED_ICON = new ThemeIcon('circle-filled', new ThemeColor('editorWarning.foreground'));
const SAME_ICON = new ThemeIcon('blank');

/** The view of the registers of every core, flags bit by bit; what the last run changed is marked. */
export function registerRegistersView(sessions: Sessions): Disposable[] {
  const changed = new EventEmitter<void>();
  const values = new ChangedValues();
  const view = window.createTreeView<Node>('hyperdbg.registers', {
    treeDataProvider: {
      onDidChangeTreeData: changed.event,
      getTreeItem: (node) => (node.kind === 'core' ? coreItem(node.name) : valueItem(node, values)),
      getChildren: async (node) => {
        if (!sessions.isStopped) return [];
        if (node === undefined) return topNodes(sessions);
        if (node.kind === 'core') return registersOf(sessions, node.threadId, node.name);
        return variablesOf(sessions, node.variable.variablesReference, node.path);
      },
    },
  });
  return [
    changed,
    view,
    sessions.onNews((news) => {
      if (news.kind === 'started') values.forget();
      if (news.kind === 'stopped') values.nextStop();
      if (news.kind !== 'output' && news.kind !== 'eventsChanged') changed.fire();
    }),
    commands.registerCommand('hyperdbg.registers.edit', async (node?: Node) => {
      const chosen = node ?? view.selection[0];
      if (chosen?.kind !== 'value') return;
      await editValue(sessions, chosen);
      changed.fire();
    }),
  ];
}

/** One core needs no line of its own. */
async function topNodes(sessions: Sessions): Promise<Node[]> {
  const body = await sessions.ask<{ threads: readonly { id: number; name: string }[] }>('threads');
  const cores = body?.threads ?? [];
  const [only] = cores;
  if (cores.length === 1 && only !== undefined) return registersOf(sessions, only.id, only.name);
  return cores.map(({ id, name }) => ({ kind: 'core', threadId: id, name }));
}

async function registersOf(sessions: Sessions, threadId: number, name: string): Promise<Node[]> {
  const stack = await sessions.ask<{ stackFrames: readonly { id: number }[] }>('stackTrace', {
    threadId,
    levels: 1,
  });
  const frameId = stack?.stackFrames[0]?.id;
  if (frameId === undefined) return [];
  const found = await sessions.ask<{
    scopes: readonly { presentationHint?: string; variablesReference: number }[];
  }>('scopes', { frameId });
  const scope = found?.scopes.find(({ presentationHint }) => presentationHint === 'registers');
  return scope === undefined ? [] : variablesOf(sessions, scope.variablesReference, name);
}

async function variablesOf(sessions: Sessions, container: number, path: string): Promise<Node[]> {
  const body = await sessions.ask<{ variables: readonly Variable[] }>('variables', {
    variablesReference: container,
  });
  return (body?.variables ?? []).map((variable) => ({
    kind: 'value',
    variable,
    container,
    path: `${path}/${variable.name}`,
  }));
}

async function editValue(
  sessions: Sessions,
  { variable, container }: Node & { kind: 'value' },
): Promise<void> {
  const value = await window.showInputBox({
    title: `Value of ${variable.name}`,
    prompt: 'A number is hexadecimal; any expression of the script language does, e.g. @rdi + 8',
    value: variable.value,
  });
  if (value === undefined) return;
  try {
    await sessions.ask('setVariable', { variablesReference: container, name: variable.name, value });
  } catch (error) {
    void window.showErrorMessage(error instanceof Error ? error.message : String(error));
  }
}

function coreItem(name: string): TreeItem {
  return new TreeItem(name, TreeItemCollapsibleState.Expanded);
}

function valueItem({ variable, path }: Node & { kind: 'value' }, values: ChangedValues): TreeItem {
  const hasParts = variable.variablesReference > 0;
  const item = new TreeItem(
    variable.name,
    hasParts ? TreeItemCollapsibleState.Collapsed : TreeItemCollapsibleState.None,
  );
  item.id = path;
  item.description = [variable.value, variable.type]
    .filter((text) => text !== undefined && text !== '')
    .join('  ');
  item.tooltip = `${variable.name} = ${variable.value}${variable.type === undefined ? '' : `\n${variable.type}`}`;
  item.iconPath = values.isChanged(path, variable.value) ? CHANGED_ICON : SAME_ICON;
  const isReadOnly = variable.presentationHint?.attributes?.includes('readOnly') === true;
  item.contextValue = isReadOnly ? 'readOnly' : 'register';
  return item;
}

/** What the values were at the stop before. */
class ChangedValues {
  #before = new Map<string, string>();
  #now = new Map<string, string>();

  nextStop(): void {
    this.#before = new Map([...this.#before, ...this.#now]);
    this.#now = new Map();
  }

  forget(): void {
    this.#before = new Map();
    this.#now = new Map();
  }

  isChanged(path: string, value: string): boolean {
    this.#now.set(path, value);
    const before = this.#before.get(path);
    return before !== undefined && before !== value;
  }
}
