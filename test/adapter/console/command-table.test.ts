import assert from 'node:assert/strict';
import { commandEntry } from '../../../adapter/console/command-table';
import { commandNames, debuggerCommands } from '../../../script-engine/catalog/commands';

describe('command table of the console', () => {
  it('has every command of the catalog, by all of its names', () => {
    const missing = [...commandNames()].filter((name) => commandEntry(name) === undefined);
    assert.deepEqual(missing, []);
    assert.ok(debuggerCommands.length > 100);
  });

  it('says why where it refuses', () => {
    for (const { name } of debuggerCommands) {
      const entry = commandEntry(name);
      if (entry?.kind === 'refused') assert.match(entry.reason, /^[A-Z].{40,}\.$/, name);
    }
  });
});
