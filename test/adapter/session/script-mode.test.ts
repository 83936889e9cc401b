import assert from 'node:assert/strict';
import { compileInSession } from '../../../adapter/session/expression';
import { LiveTarget } from '../../../adapter/session/live-target';
import { compileScript } from '../../../script-engine/compiler/compile';
import { GlobalTable } from '../../../script-engine/compiler/global-table';
import { scriptedTarget } from './adapter-fixture';

const SOURCE = 'int arr[2] = {1, 2}; arr[1] = 5;';

describe('statements of a session', () => {
  for (const [scriptMode, wanted] of [
    ['exact', 'exact'],
    ['safe', 'safe'],
    [undefined, 'safe'],
  ] as const) {
    it(`are compiled ${wanted} for a target that says ${scriptMode ?? 'nothing'}`, () => {
      const target = { ...scriptedTarget(), ...(scriptMode === undefined ? {} : { scriptMode }) };
      const compiled = compileInSession(new LiveTarget(target), SOURCE);
      const { script } = compileScript(SOURCE, { globals: new GlobalTable(), mode: wanted });
      assert.ok(compiled.ok);
      assert.deepEqual(compiled.script.bytes, script?.bytes);
    });
  }
});
