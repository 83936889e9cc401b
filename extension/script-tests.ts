import path from 'node:path';
import {
  type CancellationToken,
  type Disposable,
  type ExtensionContext,
  Position,
  Range,
  TestMessage,
  TestRunProfileKind,
  type TestController,
  type TestItem,
  type TestRun,
  type TestRunRequest,
  tests,
  Location,
  type Uri,
  workspace,
} from 'vscode';
import { runCommandLine } from './command-line';
import { UNTRUSTED_REFUSAL } from './launch-configuration';
import { readReports, type ScriptTestReport, testHeaderOf } from './test-report';

const SCRIPT_FILES = '**/*.{hds,ds}';

/** Scripts that carry a test in their `//@` header, in the Test Explorer. */
export function registerScriptTests(context: ExtensionContext): Disposable[] {
  const controller = tests.createTestController('hyperdbg.scriptTests', 'HyperDbg Script Tests');
  const look = async (uri: Uri): Promise<void> => update(controller, uri, await textOf(uri));
  controller.resolveHandler = async (item) => {
    if (item === undefined) await Promise.all((await workspace.findFiles(SCRIPT_FILES)).map(look));
  };
  controller.refreshHandler = async () => {
    controller.items.replace([]);
    await Promise.all((await workspace.findFiles(SCRIPT_FILES)).map(look));
  };
  controller.createRunProfile('Run', TestRunProfileKind.Run, (request, token) =>
    runTests(context, controller, request, token),
  );
  const watcher = workspace.createFileSystemWatcher(SCRIPT_FILES);
  return [
    controller,
    watcher,
    watcher.onDidCreate(look),
    watcher.onDidChange(look),
    watcher.onDidDelete((uri) => controller.items.delete(uri.toString())),
    workspace.onDidOpenTextDocument(({ uri, languageId }) => {
      if (languageId === 'hyperdbg-script' && uri.scheme === 'file') void look(uri);
    }),
  ];
}

async function textOf(uri: Uri): Promise<string> {
  return Buffer.from(await workspace.fs.readFile(uri)).toString('utf8');
}

function update(controller: TestController, uri: Uri, text: string): void {
  const id = uri.toString();
  const header = testHeaderOf(text, path.basename(uri.fsPath));
  if (header === undefined) {
    controller.items.delete(id);
    return;
  }
  const item = controller.createTestItem(id, header.name, uri);
  item.description = workspace.asRelativePath(uri);
  item.range = new Range(header.line, 0, header.line, 0);
  controller.items.add(item);
}

async function runTests(
  context: ExtensionContext,
  controller: TestController,
  request: TestRunRequest,
  token: CancellationToken,
): Promise<void> {
  const run = controller.createTestRun(request);
  const chosen: TestItem[] = [...(request.include ?? [...controller.items].map(([, item]) => item))];
  const wanted = chosen.filter((item) => !(request.exclude ?? []).includes(item));
  try {
    if (!workspace.isTrusted) {
      for (const item of wanted) run.errored(item, new TestMessage(UNTRUSTED_REFUSAL));
      return;
    }
    for (const item of wanted) run.started(item);
    await saveScripts(wanted);
    const startedMs = Date.now();
    const result = await testFiles(context, filesOf(wanted), token);
    const eachMs = (Date.now() - startedMs) / Math.max(1, wanted.length);
    for (const item of wanted) report(run, item, result, eachMs);
  } finally {
    run.end();
  }
}

/** The command line reads files; what is only in the editor has to be written first. */
async function saveScripts(items: readonly TestItem[]): Promise<void> {
  const wanted = new Set(items.map(({ uri }) => uri?.toString()));
  const unsaved = workspace.textDocuments.filter(({ uri, isDirty }) => isDirty && wanted.has(uri.toString()));
  await Promise.all(unsaved.map((document) => document.save()));
}

function filesOf(items: readonly TestItem[]): string[] {
  return items.flatMap(({ uri }) => (uri === undefined ? [] : [uri.fsPath]));
}

/** The reports by file, or the reason why there are none. */
type RunResult = ReadonlyMap<string, ScriptTestReport> | string;

async function testFiles(
  context: ExtensionContext,
  files: readonly string[],
  token: CancellationToken,
): Promise<RunResult> {
  const { output, problems } = await runCommandLine(context, ['test', '--json', ...files], token);
  try {
    return new Map(readReports(output).map((one) => [one.file, one]));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return problems === '' ? 'The tests gave no answer.' : `The tests gave no answer: ${problems}`;
  }
}

function report(run: TestRun, item: TestItem, result: RunResult, durationMs: number): void {
  if (typeof result === 'string') {
    run.errored(item, new TestMessage(result));
    return;
  }
  const found = item.uri === undefined ? undefined : result.get(item.uri.fsPath);
  switch (found?.outcome) {
    case 'passed':
      run.passed(item, durationMs);
      return;
    case 'failed':
      run.failed(
        item,
        found.failures.map(({ line, text }) => messageAt(item, line, text)),
        durationMs,
      );
      return;
    case 'unavailable':
      run.errored(item, new TestMessage(found.unavailable ?? 'The test cannot run on this computer.'));
      return;
    case undefined:
      run.errored(item, new TestMessage('The file could not be read.'));
  }
}

function messageAt({ uri }: TestItem, line: number, text: string): TestMessage {
  const message = new TestMessage(text);
  if (uri !== undefined) message.location = new Location(uri, new Position(Math.max(0, line - 1), 0));
  return message;
}
