import assert from 'node:assert/strict';
import { dryRunText, verificationText } from '../../extension/event-report';

describe('what is said about one event', () => {
  it('a dry run: output, registers, operations', () => {
    const result = { kind: 'done', output: 'rax 1\n', registers: { rbx: '2a' }, operations: 7 } as const;
    assert.deepEqual(dryRunText(result), {
      isGood: true,
      text: 'On sample registers, all of them 0, the script prints "rax 1\\n"; sets rbx = 0x2a; takes 7 operations.',
    });
  });

  it('a dry run that ends with an error, in its line', () => {
    const error = { text: 'the address is not valid\n', line: 3 };
    const { isGood, text } = dryRunText({ kind: 'done', output: '', registers: {}, operations: 2, error });
    assert.equal(isGood, false);
    assert.match(
      text,
      /prints nothing; takes 2 operations; ends with an error in line 4: the address is not valid\.$/,
    );
  });

  it('long output is cut', () => {
    const { text } = dryRunText({ kind: 'done', output: 'x'.repeat(1000), registers: {}, operations: 1 });
    assert.ok(text.length < 400 && text.includes('…'));
  });

  it('a verification', () => {
    assert.equal(verificationText({ kind: 'accepted' }).isGood, true);
    const refused = {
      kind: 'refused',
      message: 'The address is not mapped.',
      code: 'DEBUGGER_ERROR_INVALID_ADDRESS',
    } as const;
    assert.deepEqual(verificationText(refused), {
      isGood: false,
      text: 'The address is not mapped. (DEBUGGER_ERROR_INVALID_ADDRESS)',
    });
  });
});
