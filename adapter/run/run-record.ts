/** The lines of `hds run --json`: one object a line, numbers that can exceed 32 bits as `0x…` (cli.md). */
export type RunRecord =
  | {
      readonly type: 'armed';
      readonly event: number;
      readonly tag: string;
      readonly command: string;
      readonly line: number;
    }
  /** `event` is missing for text that no event printed: a `?` line, or the target itself. */
  | { readonly type: 'message'; readonly event?: number; readonly text: string }
  | {
      readonly type: 'stopped';
      readonly reason: string;
      readonly event?: number;
      readonly core: number;
      readonly process: number;
      readonly thread: number;
      readonly rip: string;
      readonly registers: Readonly<Record<string, string>>;
      readonly rflags: string;
    }
  | { readonly type: 'buffer'; readonly event?: number; readonly hex: string }
  | { readonly type: 'guestOutput'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  | { readonly type: 'error'; readonly event?: number; readonly line?: number; readonly text: string }
  | { readonly type: 'lost'; readonly messages: number }
  | { readonly type: 'exited'; readonly code: number };

export function hexNumber(value: bigint): string {
  return `0x${value.toString(16)}`;
}
