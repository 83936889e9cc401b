import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { compileScript } from '../../../script-engine/compiler/compile';
import { GlobalTable } from '../../../script-engine/compiler/global-table';
import type { Diagnostic } from '../../../script-engine/diagnostic';
import { projectFile } from '../../project-root';

const folder = projectFile('test/script-engine/compiler/mistakes');
const names = fs.readdirSync(folder).filter((name) => name.endsWith('.hds'));

interface Mistake {
  readonly title: string;
  readonly source: string;
}

/** The scripts of a file: each begins with a line `//# title`. */
function mistakesOf(name: string): Mistake[] {
  const text = fs.readFileSync(path.join(folder, name), 'utf8').replaceAll('\r', '');
  return text
    .split(/^\/\/# /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\n');
      return { title: part.slice(0, end), source: part.slice(end + 1).trimEnd() };
    });
}

function compile(source: string): readonly Diagnostic[] {
  const symbols = { resolve: (): undefined => undefined };
  return compileScript(source, { globals: new GlobalTable(), symbols }).diagnostics;
}

function fixed(source: string, { span, text }: NonNullable<Diagnostic['fix']>): string {
  return source.slice(0, span.start) + text + source.slice(span.end);
}

function describeDiagnostic(source: string, diagnostic: Diagnostic): string {
  const { start, end } = diagnostic.span;
  const before = source.slice(0, start).split('\n');
  const place = `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
  const lines = [
    `${diagnostic.severity} ${diagnostic.code} ${place} [${source.slice(start, end).replaceAll('\n', '\\n')}]`,
    `  ${diagnostic.message}`,
  ];
  if (diagnostic.fix !== undefined)
    lines.push(
      `  fix: ${diagnostic.fix.title}`,
      ...fixed(source, diagnostic.fix)
        .split('\n')
        .map((line) => `    | ${line}`),
    );
  return lines.join('\n');
}

function golden(mistakes: readonly Mistake[]): string {
  return mistakes
    .map(({ title, source }) => {
      const told = compile(source).map((diagnostic) => describeDiagnostic(source, diagnostic));
      return `# ${title}\n${told.join('\n')}\n`;
    })
    .join('\n');
}

describe('messages about mistakes', () => {
  for (const name of names) {
    it(name, () => {
      const goldenPath = path.join(folder, name.replace(/\.hds$/, '.golden'));
      const told = golden(mistakesOf(name));
      if (process.env['HDS_UPDATE_GOLDEN'] === '1') fs.writeFileSync(goldenPath, told);
      assert.equal(told, fs.readFileSync(goldenPath, 'utf8').replaceAll('\r', ''));
    });
  }

  const all = names.flatMap(mistakesOf);

  it('are given for more than sixty mistakes, at most two for each', () => {
    assert.ok(all.length > 60);
    for (const { title, source } of all) {
      const count = compile(source).length;
      assert.ok(count >= 1 && count <= 2, `${title}: ${count} messages`);
    }
  });

  it('say enough and end like sentences', () => {
    for (const { title, source } of all)
      for (const { message } of compile(source)) {
        assert.ok(/[.?]$/.test(message), `${title}: ${message}`);
        assert.ok(message.length >= 30, `${title}: ${message}`);
      }
  });

  it('offer fixes that cure the mistake', () => {
    for (const { title, source } of all)
      for (const { code, fix } of compile(source)) {
        if (fix === undefined) continue;
        const after = compile(fixed(source, fix)).map((diagnostic) => diagnostic.code);
        assert.ok(!after.includes(code), `${title}: ${fixed(source, fix)} still says ${code}`);
      }
  });
});
