import {
  commands,
  type Disposable,
  EventEmitter,
  ThemeColor,
  ThemeIcon,
  TreeItem,
  TreeItemCollapsibleState,
  window,
  workspace,
} from 'vscode';
import { openAt } from './events-view';
import { clock, type Message, MessageStore } from './message-store';
import type { Sessions } from './sessions';

/** A list that is redrawn more often than this cannot be read. */
const REDRAW_MS = 150;
const PAUSED_CONTEXT = 'hyperdbg.messagesPaused';

/** The view of what events printed, newest first. */
export function registerMessagesView(sessions: Sessions): Disposable[] {
  const store = new MessageStore();
  const changed = new EventEmitter<void>();
  const view = window.createTreeView<Message>('hyperdbg.messages', {
    treeDataProvider: {
      onDidChangeTreeData: changed.event,
      getTreeItem: messageItem,
      getChildren: (message) => (message === undefined ? [...store.shown()] : []),
    },
  });
  let timer: NodeJS.Timeout | undefined;
  const redraw = (): void => {
    timer = undefined;
    view.description = store.gaps() ?? '';
    changed.fire();
  };
  const redrawSoon = (): void => {
    if (!store.isPaused) timer ??= setTimeout(redraw, REDRAW_MS);
  };
  const pause = (isPaused: boolean): void => {
    store.isPaused = isPaused;
    void commands.executeCommand('setContext', PAUSED_CONTEXT, isPaused);
    redraw();
  };
  return [
    changed,
    view,
    { dispose: () => clearTimeout(timer) },
    sessions.onNews((news) => {
      if (news.kind === 'started') {
        store.clear();
        store.filter = undefined;
        redrawSoon();
      }
      if (news.kind === 'output' && store.add(news.body)) redrawSoon();
    }),
    commands.registerCommand('hyperdbg.messages.pause', () => pause(true)),
    commands.registerCommand('hyperdbg.messages.resume', () => pause(false)),
    commands.registerCommand('hyperdbg.messages.clear', () => {
      store.clear();
      redraw();
    }),
    commands.registerCommand('hyperdbg.messages.filter', async () => {
      const chosen = await askForEvents(sessions, store);
      if (chosen === undefined) return;
      store.filter = chosen.events;
      redraw();
    }),
    commands.registerCommand('hyperdbg.messages.export', async () => {
      const document = await workspace.openTextDocument({ content: store.asText(), language: 'plaintext' });
      await window.showTextDocument(document);
    }),
    commands.registerCommand('hyperdbg.messages.goToScript', ({ path, line }: Message) =>
      path === undefined || line === undefined ? undefined : openAt(path, line),
    ),
  ];
}

/** The events to show, all of them when none is named; undefined when the question was dismissed. */
async function askForEvents(
  sessions: Sessions,
  store: MessageStore,
): Promise<{ readonly events: MessageStore['filter'] } | undefined> {
  const list = await sessions.ask<{ events: readonly { number: number; label: string }[] }>('hyperdbgEvents');
  const items = (list?.events ?? []).map(({ number, label }) => ({
    label: `${number}: ${label}`,
    number,
    picked: store.filter?.has(number) ?? true,
  }));
  const chosen = await window.showQuickPick(items, {
    canPickMany: true,
    title: 'Messages of which events?',
    placeHolder: items.length === 0 ? 'No session has events now' : 'All chosen: everything is shown',
  });
  if (chosen === undefined) return undefined;
  if (chosen.length === items.length) return { events: undefined };
  return { events: new Set(chosen.map(({ number }) => number)) };
}

const ERROR_ICON = new ThemeIcon('error', new ThemeColor('debugConsole.errorForeground'));

function messageItem(message: Message): TreeItem {
  const item = new TreeItem(message.text, TreeItemCollapsibleState.None);
  item.id = String(message.number);
  const who = message.event === undefined ? message.category : `event ${message.event}`;
  item.description = `${who} · ${clock(message.timeMs)}`;
  item.tooltip = `${message.text}\n${who}, ${clock(message.timeMs)} UTC`;
  if (message.category === 'stderr') item.iconPath = ERROR_ICON;
  if (message.path !== undefined) {
    item.command = { command: 'hyperdbg.messages.goToScript', title: 'Go to Script', arguments: [message] };
  }
  return item;
}
