// What a person does in VS Code, in the words of the tests.
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { startCodeServer } from '../../scripts/e2e/code-server.mjs';
import { projectFile } from '../../scripts/project.mjs';

/** Slow machines need long; whoever writes a test does not want to wait. */
const waitLimitMs = Number(process.env.HDS_E2E_WAIT_MS ?? 40_000);
const { server, browser: browserFile, playwright, vsix, output } = JSON.parse(process.env.HDS_E2E ?? '{}');

/** A VS Code with the packaged extension, showing a copy of the examples. */
export async function openWorkbench(name, { isTrusted = true, files = {}, withoutFiles = [] } = {}) {
  // Not below the project: Node looks for packages upwards and would find those that the package lacks.
  const home = await mkdtemp(path.join(os.tmpdir(), `hyperdbg-e2e-${name}-`));
  const folder = path.join(home, 'examples');
  await cp(projectFile('examples'), folder, { recursive: true });
  for (const [file, text] of Object.entries(files)) await writeFile(path.join(folder, file), text);
  const code = await startCodeServer({ server, vsix, home, isTrusted, withoutFiles });
  const { chromium } = await import(pathToFileURL(playwright).href);
  const browser = await chromium.launch({
    executablePath: browserFile,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking'],
  });
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 } });
  const page = await context.newPage();
  page.setDefaultTimeout(waitLimitMs);
  return new Workbench(name, home, folder, page, code, browser);
}

export class Workbench {
  /** Addresses outside this computer that the workbench asked for. */
  outsideRequests = new Set();

  constructor(name, home, folder, page, code, browser) {
    this.name = name;
    this.home = home;
    this.folder = folder;
    this.page = page;
    this.code = code;
    this.browser = browser;
    page.on('request', (request) => {
      const { protocol, hostname, origin } = new URL(request.url());
      if (protocol.startsWith('http') && hostname !== '127.0.0.1') this.outsideRequests.add(origin);
    });
  }

  async close() {
    await this.browser.close();
    await this.code.stop();
    await cp(path.join(this.home, 'server.log'), path.join(output, `${this.name}.log`));
    await rm(this.home, { recursive: true, force: true });
  }

  /** Leaves a picture in out/e2e/screenshots. */
  async picture(name) {
    // Past the animations of the workbench, which are shorter than this.
    await this.page.waitForTimeout(400);
    await this.page.screenshot({ path: path.join(output, 'screenshots', `${this.name}-${name}.png`) });
  }

  /** Shows the examples as a plain folder, without launch configurations. */
  async openFolder() {
    await rm(path.join(this.folder, 'hyperdbg.code-workspace'), { force: true });
    await this.page.goto(`${this.code.url}/?folder=${encodeURIComponent(this.folder)}`);
    await this.page.locator('.explorer-folders-view .monaco-list-row').first().waitFor();
  }

  async openWorkspaceFile(name) {
    const file = path.join(this.folder, name);
    await this.page.goto(`${this.code.url}/?workspace=${encodeURIComponent(file)}`);
    await this.page.locator('.explorer-folders-view .monaco-list-row').first().waitFor();
  }

  /** Opens a file by its name in the quick open box. */
  async openFile(name) {
    await this.page.keyboard.press('Control+P');
    await this.quickInput.fill(name);
    await this.quickRow(name).waitFor();
    await this.page.keyboard.press('Enter');
    await this.page.locator('.tab.active', { hasText: name }).waitFor();
    await this.page.locator('.editor-instance .view-line').first().waitFor();
  }

  get quickInput() {
    return this.page.locator('.quick-input-widget:visible .quick-input-box input').first();
  }

  quickRow(text) {
    return this.page.locator('.quick-input-list .monaco-list-row', { hasText: text }).first();
  }

  /** Runs a command by its whole title. */
  async command(title) {
    await this.page.keyboard.press('F1');
    await this.quickInput.fill(`>${title}`);
    await this.page.locator(`.quick-input-list .monaco-list-row[aria-label^="${title}"]`).first().waitFor();
    const label = new RegExp(`^${title}(, |$)`);
    await this.page.locator('.quick-input-list').getByRole('option', { name: label }).first().click();
  }

  /** Waits for the toast that says `text`. */
  notification(text) {
    return this.page
      .locator('.notifications-toasts .notification-list-item-message', { hasText: text })
      .first();
  }

  /** Puts the cursor at a place of the active editor; both count from 1. */
  async goTo(line, column = 1) {
    await this.page.keyboard.press('Control+G');
    await this.quickInput.fill(`:${line}:${column}`);
    await this.page.keyboard.press('Enter');
    await this.page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
  }

  get editor() {
    return this.page.locator('.editor-instance').first();
  }

  /** Waits until line `number` of the active editor has this text. */
  async line(number, pattern) {
    await this.until(`line ${number} to be ${pattern}`, async () => {
      const top = await this.lineNumber(number).first().boundingBox();
      const lines = await this.editor.locator('.view-line').all();
      for (const line of lines) {
        // The editor draws its lines anew at any time; one that is gone has no place.
        const box = await line.boundingBox();
        if (box === null || top === null || Math.abs(box.y - top.y) > 2) continue;
        return pattern.test((await line.textContent()).replaceAll('\u00a0', ' '));
      }
      return false;
    });
  }

  lineNumber(line) {
    return this.page.locator('.editor-instance .margin-view-overlays .line-numbers', {
      hasText: new RegExp(`^${line}$`),
    });
  }

  /** Clicks the gutter left of a line, where breakpoints are. */
  async clickGutter(line, options = {}) {
    const number = await this.lineNumber(line).first().boundingBox();
    const margin = await this.page.locator('.editor-instance .glyph-margin').first().boundingBox();
    await this.page.mouse.click(margin.x + 8, number.y + number.height / 2, options);
  }

  get breakpointGlyphs() {
    return this.page.locator('.editor-instance .glyph-margin-widgets [class*="codicon-debug-breakpoint"]');
  }

  /** Picks an entry of the open quick pick. */
  async choose(text) {
    await this.quickRow(text).waitFor();
    await this.quickInput.fill(text);
    await this.page
      .locator('.quick-input-list .monaco-list-row.focused', { hasText: text })
      .first()
      .waitFor();
    await this.page.keyboard.press('Enter');
  }

  /** Waits until the debugger stands in a function. */
  async stoppedIn(name) {
    await this.page
      .locator('.debug-call-stack .monaco-list-row[data-index="0"]', { hasText: name })
      .first()
      .waitFor();
  }

  async ended() {
    await this.page.locator('.debug-toolbar').waitFor({ state: 'hidden' });
  }

  /** A row of the Variables view. */
  variable(name) {
    return this.page
      .locator('.debug-variables .monaco-list-row', { hasText: new RegExp(`^${name}\\s*=`) })
      .first();
  }

  async variableIs(name, value) {
    await this.until(`${name} to be ${value}`, async () => {
      const text = await this.variable(name)
        .textContent({ timeout: 1000 })
        .catch(() => '');
      return text.replace(/^.*=\s*/, '') === value;
    });
  }

  /** Waits until the Watch view shows a value for an expression, and gives it. */
  async watched(expression, pattern = /./) {
    const row = this.page.locator('.debug-watch .monaco-list-row', { hasText: expression }).first();
    return this.until(`${expression} to be ${pattern}`, async () => {
      const value = (await row.textContent()).replace(/^.*=\s*/, '');
      return pattern.test(value) ? value : undefined;
    });
  }

  async setVariable(name, value) {
    await this.variable(name).dblclick();
    const box = this.page.locator('.debug-variables .monaco-inputbox:visible input').first();
    await box.fill(value);
    await this.page.keyboard.press('Enter');
  }

  async addWatch(expression) {
    await this.page
      .locator('.pane-header', { hasText: /^Watch/i })
      .first()
      .hover();
    await this.page.locator('.pane-header .action-label[aria-label="Add Expression"]').first().click();
    await this.page.locator('.debug-watch .monaco-inputbox:visible input').first().fill(expression);
    await this.page.keyboard.press('Enter');
  }

  /** What the Debug Console answers to a line. */
  async ask(line) {
    await this.command('Debug Console: Focus on Debug Console View');
    const before = await this.page.locator('.repl .monaco-list-row').count();
    await this.page.locator('.repl-input-wrapper .monaco-editor').first().click();
    await this.page.keyboard.type(line);
    await this.page.keyboard.press('Escape');
    await this.page.keyboard.press('Enter');
    await this.until(
      'an answer',
      async () => (await this.page.locator('.repl .monaco-list-row').count()) >= before + 2,
    );
    return this.page.locator('.repl .monaco-list-row').last().textContent();
  }

  async consoleShows(text) {
    await this.page.locator('.repl .monaco-list-row', { hasText: text }).first().waitFor();
  }

  async clearConsole() {
    await this.page.locator('.part.panel [class*="clear-all"]').first().click();
    await this.page.locator('.repl .monaco-list-row').first().waitFor({ state: 'detached' });
  }

  /** Chooses an entry of the menu that a right click opens. */
  async chooseInMenu(text) {
    // The menu takes no click for the first moments.
    await this.page.locator('.monaco-menu .action-label', { hasText: text }).first().hover();
    await this.page.keyboard.press('Enter');
    await this.page.locator('.monaco-menu').first().waitFor({ state: 'detached' });
  }

  /** Sets a breakpoint of a kind that the gutter's menu has, with its text. */
  async specialBreakpoint(line, kind, text) {
    await this.clickGutter(line, { button: 'right' });
    await this.chooseInMenu(kind);
    const box = this.page.locator('.breakpoint-widget .inputContainer .monaco-editor').first();
    await box.click();
    await this.page.locator('.breakpoint-widget .inputContainer .monaco-editor.focused').waitFor();
    await this.page.keyboard.type(text);
    if (await this.page.locator('.suggest-widget.visible').isVisible())
      await this.page.keyboard.press('Escape');
    await this.page.keyboard.press('Enter');
    await box.waitFor({ state: 'detached' });
  }

  /** Shows the HyperDbg container of the side bar. */
  async showViews() {
    await this.page.locator('.activitybar .action-label[aria-label="HyperDbg"]').first().click();
    await this.page.locator('.pane-header', { hasText: 'Registers' }).first().waitFor();
  }

  /** A row of one of our views, by the title of the view. */
  row(view, text) {
    return this.page
      .locator('.pane', { has: this.page.locator('.pane-header', { hasText: view }) })
      .locator('.monaco-list-row', { hasText: text })
      .first();
  }

  async expandScope(name) {
    const scope = this.page.locator('.debug-variables .monaco-list-row', { hasText: name }).first();
    await scope.waitFor();
    if ((await scope.getAttribute('aria-expanded')) !== 'true') await scope.click();
  }

  /** Waits until `check` gives something true, and gives that. */
  async until(what, check) {
    const end = Date.now() + waitLimitMs;
    for (;;) {
      const found = await check();
      if (found) return found;
      if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
      await this.page.waitForTimeout(50);
    }
  }

  /** Writes the settings of the opened folder. */
  async setSettings(settings) {
    await mkdir(path.join(this.folder, '.vscode'), { recursive: true });
    await writeFile(path.join(this.folder, '.vscode/settings.json'), JSON.stringify(settings));
  }

  /** Kills the one process of this VS Code that runs a file of the extension. */
  async killProcess(file) {
    const found = [];
    for (const entry of await readdir('/proc')) {
      if (!/^\d+$/.test(entry)) continue;
      const command = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '');
      if (command.includes(this.home) && command.includes(file)) found.push(Number(entry));
    }
    if (found.length !== 1) throw new Error(`${found.length} processes run ${file}`);
    process.kill(found[0], 'SIGKILL');
  }
}
