/** What `hds test --json` answers, and where the tests of a script are. No editor API: tests run it bare. */

/** A report of one file. */
export interface ScriptTestReport {
  readonly file: string;
  readonly outcome: 'passed' | 'failed' | 'unavailable';
  readonly failures: readonly { readonly line: number; readonly text: string }[];
  readonly unavailable?: string;
}

export interface ScriptTestHeader {
  readonly name: string;
  /** Line of the first header line, from 0. */
  readonly line: number;
}

/** Tags of a header that expect something (script-tests.md); a script without any of them is no test. */
const EXPECTS = /^\/\/@[ \t]*(?:load|on|eval|hits):/im;

/** The test that a script carries in its header; undefined when it carries none. */
export function testHeaderOf(text: string, fileName: string): ScriptTestHeader | undefined {
  if (!EXPECTS.test(text)) return undefined;
  const first = text.search(/^\/\/@/m);
  const id = /^\/\/@[ \t]*id:[ \t]*(.*\S)/im.exec(text)?.[1];
  return { name: id ?? fileName, line: text.slice(0, first).split('\n').length - 1 };
}

/** The reports of a run. Throws a SyntaxError with what the program said when that is something else. */
export function readReports(output: string): readonly ScriptTestReport[] {
  const found: unknown = JSON.parse(output);
  if (!Array.isArray(found)) throw new SyntaxError('the answer is no list');
  return found as readonly ScriptTestReport[];
}
