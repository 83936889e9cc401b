import {
  commands,
  type Disposable,
  EventEmitter,
  MarkdownString,
  Selection,
  ThemeColor,
  ThemeIcon,
  TreeItem,
  TreeItemCollapsibleState,
  Uri,
  window,
} from 'vscode';
import { SCRIPT_LANGUAGE_ID } from '../launch-configuration';
import { type EventAction, type EventRow, actionText, eventText, type RowText } from './event-row';
import { HitDecorations } from './hit-decorations';
import type { Sessions } from './sessions';

type Node =
  | { readonly kind: 'event'; readonly row: EventRow }
  | { readonly kind: 'action'; readonly action: EventAction };

interface EventList {
  readonly events: readonly EventRow[];
}

const STATE_ICONS = {
  enabled: new ThemeIcon('circle-filled', new ThemeColor('debugIcon.startForeground')),
  disabled: new ThemeIcon('circle-outline'),
  cleared: new ThemeIcon('circle-slash'),
} as const;
const ACTION_ICONS = {
  break: new ThemeIcon('debug-pause'),
  script: new ThemeIcon('code'),
  code: new ThemeIcon('chip'),
} as const;

/** The view of the events of the session: what is armed, what it does, how often it fired. */
export function registerEventsView(sessions: Sessions): Disposable[] {
  const changed = new EventEmitter<void>();
  const decorations = new HitDecorations();
  let rows: readonly EventRow[] = [];
  const view = window.createTreeView<Node>('hyperdbg.events', {
    treeDataProvider: {
      onDidChangeTreeData: changed.event,
      getTreeItem: (node) => (node.kind === 'event' ? eventItem(node.row) : actionItem(node.action)),
      getChildren: (node) => {
        if (node === undefined) return rows.map((row) => ({ kind: 'event', row }));
        return node.kind === 'event' ? node.row.actions.map((action) => ({ kind: 'action', action })) : [];
      },
    },
  });
  const show = (list: EventList | undefined): void => {
    rows = list?.events ?? [];
    decorations.show(rows);
    changed.fire();
  };
  const refresh = async (): Promise<void> => show(await sessions.ask<EventList>('hyperdbgEvents'));
  const isSeen = (): boolean =>
    view.visible ||
    window.visibleTextEditors.some(({ document }) => document.languageId === SCRIPT_LANGUAGE_ID);
  const modify = async (verb: string, nodes: readonly EventRow[] | 'all'): Promise<void> => {
    const tags = nodes === 'all' ? {} : { tags: nodes.map(({ tag }) => tag) };
    show(await sessions.ask<EventList>('hyperdbgModifyEvents', { verb, ...tags }));
  };
  const onRow = (work: (row: EventRow) => unknown) => (node?: Node) => {
    const chosen = node ?? view.selection[0];
    return chosen?.kind === 'event' ? work(chosen.row) : undefined;
  };
  return [
    changed,
    view,
    decorations,
    sessions.onNews((news) => {
      // Asking costs the target a question for each event: only while somebody looks.
      if ((news.kind === 'stopped' || news.kind === 'eventsChanged') && isSeen()) quietly(refresh());
      if (news.kind === 'started' || news.kind === 'ended') show(undefined);
    }),
    view.onDidChangeVisibility(({ visible }) => {
      if (visible) quietly(refresh());
    }),
    commands.registerCommand('hyperdbg.events.refresh', refresh),
    commands.registerCommand(
      'hyperdbg.events.enable',
      onRow((row) => modify('enable', [row])),
    ),
    commands.registerCommand(
      'hyperdbg.events.disable',
      onRow((row) => modify('disable', [row])),
    ),
    commands.registerCommand(
      'hyperdbg.events.clear',
      onRow((row) => modify('clear', [row])),
    ),
    commands.registerCommand('hyperdbg.events.clearAll', () => modify('clear', 'all')),
    commands.registerCommand('hyperdbg.events.goToScript', onRow(goToScript)),
  ];
}

/** A list that cannot be read keeps its old lines: the session that fails says so itself. */
function quietly(work: Promise<void>): void {
  work.catch((error: unknown) => console.warn(`HyperDbg: ${String(error)}`));
}

async function goToScript({ path, line, number }: EventRow): Promise<void> {
  if (path === undefined || line === undefined) {
    void window.showInformationMessage(`Event ${number} was typed in the Debug Console; it is in no script.`);
    return;
  }
  await openAt(path, line);
}

/** Shows a line of a file; lines count from 1. */
export async function openAt(path: string, line: number): Promise<void> {
  const editor = await window.showTextDocument(Uri.file(path));
  const { range } = editor.document.lineAt(Math.min(line, editor.document.lineCount) - 1);
  editor.revealRange(range);
  editor.selection = new Selection(range.start, range.start);
}

function eventItem(row: EventRow): TreeItem {
  const text = eventText(row);
  const item = new TreeItem(`${row.number}: ${text.label}`, TreeItemCollapsibleState.Expanded);
  item.id = `${row.tag}`;
  item.description = text.description;
  item.tooltip = tooltip(text);
  item.iconPath = STATE_ICONS[row.state];
  item.contextValue = `event.${row.state}`;
  return item;
}

function actionItem(action: EventAction): TreeItem {
  const text = actionText(action);
  const item = new TreeItem(text.label, TreeItemCollapsibleState.None);
  item.description = text.description;
  item.tooltip = tooltip(text);
  item.iconPath = ACTION_ICONS[action.kind];
  item.contextValue = 'action';
  return item;
}

function tooltip({ details }: RowText): MarkdownString {
  const markdown = new MarkdownString();
  for (const [name, value] of details) {
    if (value.startsWith('\n')) {
      markdown.appendMarkdown(`**${name}**\n`).appendCodeblock(value.slice(1), 'hyperdbg-script');
    } else {
      markdown.appendMarkdown(`**${name}** `).appendText(value).appendMarkdown('  \n');
    }
  }
  return markdown;
}
