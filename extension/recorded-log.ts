import { type Disposable, type LogOutputChannel, window } from 'vscode';

const MAX_LINES = 200;

/** The output channel of the extension, whose last lines can be read again: editors keep channels in different places. */
export class RecordedLog implements Disposable {
  readonly channel: LogOutputChannel = window.createOutputChannel('HyperDbg', { log: true });
  #lines: string[] = [];

  info(text: string): void {
    this.#record('info', text);
    this.channel.info(text);
  }

  warn(text: string): void {
    this.#record('warning', text);
    this.channel.warn(text);
  }

  error(text: string): void {
    this.#record('error', text);
    this.channel.error(text);
  }

  show(): void {
    this.channel.show();
  }

  /** The newest lines, oldest first. */
  lines(): readonly string[] {
    return this.#lines;
  }

  dispose(): void {
    this.channel.dispose();
  }

  #record(level: string, text: string): void {
    const line = `${new Date().toISOString()} [${level}] ${text}`;
    this.#lines = [...this.#lines, line].slice(-MAX_LINES);
  }
}
