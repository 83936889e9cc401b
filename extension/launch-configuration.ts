/** What a launch of type `hyperdbg` needs and what stands in for attributes that were left out. No editor API: tests run it bare. */

export const SCRIPT_LANGUAGE_ID = 'hyperdbg-script';
export const DEBUG_TYPE = 'hyperdbg';

/** The launch attributes of package.json as they come from launch.json: anything can be missing or of a wrong kind. */
export interface LaunchAttributes {
  readonly type?: unknown;
  readonly request?: unknown;
  readonly name?: unknown;
  readonly program?: unknown;
  readonly target?: unknown;
  readonly args?: unknown;
  readonly script?: unknown;
  readonly scriptArgs?: unknown;
  readonly stopOnEntry?: unknown;
  readonly countHits?: unknown;
  /** Address of a target that runs already, for `attach`. */
  readonly connection?: unknown;
}

/** What the editor shows at the moment of the launch. */
export interface EditorState {
  readonly isTrusted: boolean;
  /** The setting `hyperdbg.countHits`. */
  readonly countHits: boolean;
  /** Path of the `.hds` file in the active editor. */
  readonly activeScript: string | undefined;
  /** Asks the user for a guest program; undefined when the question was dismissed. */
  askForProgram(): Promise<string | undefined>;
}

export type LaunchDecision =
  | { readonly kind: 'launch'; readonly defaults: Readonly<Record<string, unknown>> }
  /** The user dismissed a question: nothing to say. */
  | { readonly kind: 'cancelled' }
  /** Nothing is known yet: the launch.json that the editor opens is the next step. */
  | { readonly kind: 'openLaunchFile' }
  | { readonly kind: 'refused'; readonly reason: string };

export const UNTRUSTED_REFUSAL =
  'HyperDbg does not run guests or scripts of a workspace that is not trusted. Scripts are still checked; ' +
  'trust the workspace ("Workspaces: Manage Workspace Trust") and start again.';

const NO_SCRIPT_OPEN =
  'There is nothing to debug yet: open a .hds script, or name a guest program as "program" in launch.json.';

/**
 * Decides about a launch: `defaults` are the attributes to add to the given ones. A launch without any attribute is F5
 * without launch.json.
 */
export async function decideLaunch(given: LaunchAttributes, editor: EditorState): Promise<LaunchDecision> {
  if (!editor.isTrusted) return { kind: 'refused', reason: UNTRUSTED_REFUSAL };
  const isBareStart = given.type === undefined && given.request === undefined && given.name === undefined;
  if (isBareStart && editor.activeScript === undefined) {
    return { kind: 'refused', reason: NO_SCRIPT_OPEN };
  }
  if (!isBareStart && given.type !== undefined && given.type !== DEBUG_TYPE)
    return { kind: 'openLaunchFile' };
  // The adapter checks the connection itself; there is nothing to ask the user for.
  if (given.request === 'attach') return { kind: 'launch', defaults: {} };
  if (given.request !== undefined && given.request !== 'launch') {
    return {
      kind: 'refused',
      reason: `HyperDbg can "launch" a guest or "attach" to a target; a request named "${String(given.request)}" is not known. Use "request": "launch".`,
    };
  }
  // A script that is debugged itself has no guest.
  if (given.target === 'script') {
    const isGiven = given.script !== undefined || editor.activeScript === undefined;
    return { kind: 'launch', defaults: isGiven ? {} : { script: editor.activeScript } };
  }
  const defaults: Record<string, unknown> = {};
  if (isBareStart) {
    Object.assign(defaults, {
      type: DEBUG_TYPE,
      request: 'launch',
      name: 'HyperDbg: run this script',
      script: editor.activeScript,
    });
  }
  if (given.args === undefined) defaults['args'] = [];
  if (given.scriptArgs === undefined) defaults['scriptArgs'] = [];
  if (given.stopOnEntry === undefined) defaults['stopOnEntry'] = false;
  if (given.countHits === undefined) defaults['countHits'] = editor.countHits;
  if (given.program === undefined || given.program === '') {
    const program = await editor.askForProgram();
    if (program === undefined) return { kind: 'cancelled' };
    defaults['program'] = program;
  }
  return { kind: 'launch', defaults };
}
