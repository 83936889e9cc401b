// The first five minutes with the debugger, on the embedded machine, without any launch.json.
import assert from 'node:assert/strict';
import { openWorkbench } from './workbench.mjs';

const files = {
  // The return of verify: RAX is what main gets.
  'rax.hds': '!epthook licence!verify+8\n',
  'paint.hds': '// Called once a round.\n!epthook counter!paint script {\n    printf("paint\\n");\n}\n',
};

describe('debugging the example', () => {
  let vs;
  before(async () => {
    vs = await openWorkbench('debugging', { files });
    await vs.openFolder();
  });
  after(() => vs?.close());
  afterEach(async function () {
    if (this.currentTest.state === 'failed') await vs.picture(`FAILED ${this.currentTest.title}`);
  });

  it('takes a breakpoint on an event line', async () => {
    await vs.openFile('licence.hds');
    await vs.clickGutter(17);
    await vs.breakpointGlyphs.first().waitFor();
  });

  it('F5 asks for the guest and stops at the event', async () => {
    await vs.page.keyboard.press('F5');
    await vs.choose('licence');
    await vs.stoppedIn('licence!checksum');
    await vs.picture('breakpoint');
  });

  it('goes on to the next event and shows the registers of the guest', async () => {
    await vs.page.keyboard.press('F5');
    await vs.stoppedIn('licence!verify');
    await vs.expandScope('Registers');
    // Sum of the key "GUEST-0000" and of the right key (examples/guests/licence.c).
    await vs.variableIs('rdi', '0x96e98238');
    await vs.variableIs('rsi', '0x18b8217b');
    await vs.picture('registers');
  });

  it('watches expressions', async () => {
    await vs.addWatch('@rdi + 1');
    await vs.watched('@rdi + 1', /^0x96e98239$/);
    await vs.addWatch('@rip');
  });

  it('steps by instruction', async () => {
    const before = BigInt(await vs.watched('@rip', /^0x/));
    await vs.page.keyboard.press('F11');
    await vs.watched('@rip', new RegExp(`^0x${(before + 2n).toString(16)}$`));
    await vs.picture('watch');
  });

  it('disassembles around the instruction pointer', async () => {
    await vs.command('Open Disassembly View');
    await vs.page.locator('.disassembly-view .monaco-list-row', { hasText: 'cmp' }).first().waitFor();
    await vs.page.locator('.disassembly-view [class*="codicon-debug-stackframe"]').first().waitFor();
    await vs.picture('disassembly');
    await vs.command('View: Close Editor');
  });

  it('answers in the Debug Console', async () => {
    assert.match(await vs.ask('@rsi'), /18b8217b/);
    assert.match(await vs.ask('printf("at %llx\\n", @rip);'), /at 4[0-9a-f]+/);
    await vs.picture('console');
  });

  it('runs to the end of the guest', async () => {
    await vs.page.keyboard.press('F5');
    await vs.consoleShows('valid key');
    await vs.ended();
  });

  it('a change of RAX changes what the guest does', async () => {
    await vs.openFile('rax.hds');
    await vs.page.keyboard.press('F5');
    await vs.choose('licence');
    await vs.stoppedIn('licence!verify');
    await vs.variableIs('rax', '0x0');
    await vs.clearConsole();
    await vs.setVariable('rax', '1');
    await vs.variableIs('rax', '0x1');
    await vs.picture('rax');
    await vs.page.keyboard.press('F5');
    await vs.consoleShows(/(?<!in)valid key/);
    await vs.ended();
  });

  it('shows memory at a register', async () => {
    await vs.page.keyboard.press('F5');
    await vs.choose('licence');
    await vs.stoppedIn('licence!verify');
    await vs.variable('rsp').click({ button: 'right' });
    await vs.chooseInMenu('Show Memory');
    await vs.page.locator('.tab.active', { hasText: 'Memory 0x7ff' }).waitFor();
    await vs.line(1, /^[0-9a-f]{16}  [0-9a-f]{2} /);
    await vs.picture('memory');
    await vs.command('View: Close Editor');
  });

  it('stops when told', async () => {
    await vs.page.keyboard.press('Shift+F5');
    await vs.ended();
  });

  it('a conditional breakpoint stops when its condition holds, a logpoint prints', async () => {
    await vs.openFile('paint.hds');
    await vs.specialBreakpoint(2, 'Add Conditional Breakpoint', '@esi == 1');
    await vs.specialBreakpoint(3, 'Add Logpoint', 'round {@esi}');
    await vs.picture('conditional');
    await vs.page.keyboard.press('F5');
    await vs.choose('counter');
    await vs.stoppedIn('counter!paint');
    await vs.variableIs('rsi', '0x1');
    await vs.consoleShows('round 0');
    await vs.picture('conditional-stop');
    await vs.page.keyboard.press('F5');
    await vs.consoleShows('round 2');
    await vs.ended();
  });

  it('asks nothing of the network', () => {
    assert.deepEqual([...vs.outsideRequests], []);
  });
});
