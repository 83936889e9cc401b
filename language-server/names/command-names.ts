/** Names of one command; read once for as long as the command stays as it is, wherever it moves to. */

import type { CommandText } from '../../script-engine/command-file/checked-command';
import type { Command } from '../../script-engine/command-file/command-file';
import { type OutputName, outputUseOf } from '../../script-engine/command-file/outputs';
import { scriptTreesOf, spanInFile } from '../script-trees';
import type { CommandNames, NameRole, NameUse, ScopeExtent } from './name-use';
import { namesOfTree } from './script-names';

const known = new WeakMap<CommandText, CommandNames>();

const none: CommandNames = { uses: [], scopes: [] };

/** With positions where the command was read. */
export function namesOf(text: CommandText): CommandNames {
  if (text.command === undefined) return none;
  const before = known.get(text);
  if (before !== undefined) return before;
  const names = readNames(text, text.command);
  known.set(text, names);
  return names;
}

function readNames(text: CommandText, command: Command): CommandNames {
  const uses: NameUse[] = [];
  const scopes: ScopeExtent[] = [];
  scriptTreesOf(text).forEach(({ text: script, tree }, index) => {
    const names = namesOfTree(tree, index);
    for (const use of names.uses) {
      const span = spanInFile(script, use.span);
      if (span === undefined) continue;
      const extent = use.extent && spanInFile(script, use.extent);
      uses.push({ ...use, span, ...(extent === undefined ? {} : { extent }) });
    }
    for (const { name, span } of names.scopes) {
      const inFile = spanInFile(script, span);
      if (inFile !== undefined) scopes.push({ script: index, name, span: inFile });
    }
  });
  return { uses: [...uses, ...outputNames(command)], scopes };
}

function outputNames(command: Command): NameUse[] {
  const outputs = outputUseOf(command);
  if (outputs === undefined) return [];
  const useOf = ({ name, span }: OutputName, role: NameRole): NameUse => ({
    kind: 'output',
    name,
    owner: '',
    script: 0,
    role,
    span,
    ...(role === 'declaration' ? { detail: `output ${name}` } : {}),
  });
  return [
    ...(outputs.created === undefined ? [] : [useOf(outputs.created, 'declaration')]),
    ...outputs.named.map((name) => useOf(name, 'read')),
  ];
}
