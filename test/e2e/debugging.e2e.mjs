// The first five minutes with the debugger, on the embedded machine, without any launch.json.
import assert from 'node:assert/strict';
import { openWorkbench } from './workbench.mjs';

describe('debugging the example', () => {
  let vs;
  before(async () => {
    vs = await openWorkbench('debugging');
    await vs.openFolder();
  });
  after(() => vs?.close());
  afterEach(async function () {
    if (this.currentTest.state === 'failed') await vs.picture('failed');
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

  it('steps by instruction', async () => {
    const before = await vs.registerValue('rip');
    await vs.page.keyboard.press('F11');
    await vs.until('rip to move', async () => (await vs.registerValue('rip')) === before + 2n);
  });

  it('watches an expression', async () => {
    await vs.addWatch('@rdi + 1');
    await vs.page.locator('.debug-watch .monaco-list-row', { hasText: /@rdi \+ 1.*96e98239/ }).first().waitFor();
    await vs.picture('watch');
  });

  it('disassembles around the instruction pointer', async () => {
    await vs.command('Open Disassembly View');
    await vs.page.locator('.disassembly-view .monaco-list-row', { hasText: 'cmp' }).first().waitFor();
    await vs.page.locator('.disassembly-view .codicon-debug-stackframe').first().waitFor();
    await vs.picture('disassembly');
    await vs.page.keyboard.press('Control+W');
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
    await vs.writeFile('rax.hds', '// The return of verify: RAX is what main gets.\n!epthook licence!verify+8\n');
    await vs.openFile('rax.hds');
    await vs.clearConsole();
    await vs.page.keyboard.press('F5');
    await vs.choose('licence');
    await vs.stoppedIn('licence!verify');
    await vs.variableIs('rax', '0x0');
    await vs.setVariable('rax', '1');
    await vs.variableIs('rax', '0x1');
    await vs.picture('rax');
    await vs.page.keyboard.press('F5');
    await vs.consoleShows('valid key');
    await vs.ended();
  });

  it('shows memory at a register', async () => {
    await vs.clearConsole();
    await vs.page.keyboard.press('F5');
    await vs.choose('licence');
    await vs.stoppedIn('licence!verify');
    await vs.variable('rsp').hover();
    await vs.variable('rsp').locator('.codicon-debug-inspect-memory, [class*="binary"]').first().click();
    await vs.picture('memory');
  });

  it('stops when told', async () => {
    await vs.page.keyboard.press('Shift+F5');
    await vs.ended();
  });

  it('conditional breakpoint and logpoint', async () => {
    await vs.openFile('counter-processor.hds');
    await vs.picture('counter');
  });
});
