import { readFile } from 'node:fs/promises';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { LoadedModule } from '../symbols/symbol-table';
import type { DebugSession } from './debug-session';
import type { LiveTarget } from './live-target';
import { RequestError } from './request-error';

/** Sends a module event for each module from the given one on. */
export function tellModules(session: DebugSession, live: LiveTarget, first = 0): void {
  for (const module of allModules(live).slice(first))
    session.server.emitEvent('module', { reason: 'new', module });
}

function allModules(live: LiveTarget): DebugProtocol.Module[] {
  const withSymbols = live.symbols.modules;
  const bases = new Set(withSymbols.map((module) => module.baseAddress));
  const others = live.debuggee.modules.filter((module) => !bases.has(module.baseAddress));
  return [
    ...withSymbols.map(dapModule),
    ...others.map((module) => ({
      id: module.path,
      name: module.path.split(/[\\/]/).pop() ?? module.path,
      path: module.path,
      symbolStatus: 'No symbols',
      addressRange: `0x${module.baseAddress.toString(16)}`,
      isUserCode: false,
    })),
  ];
}

function dapModule(module: LoadedModule, index: number): DebugProtocol.Module {
  const end = module.baseAddress + module.sizeBytes;
  const lines = module.hasLines ? ' with lines' : '';
  return {
    id: module.name,
    name: module.path.split(/[\\/]/).pop() ?? module.name,
    path: module.path,
    isUserCode: index === 0,
    symbolStatus: module.functionCount === 0 ? 'No symbols' : `${module.functionCount} functions${lines}`,
    addressRange: `0x${module.baseAddress.toString(16)}-0x${end.toString(16)}`,
  };
}

/** DAP `modules`. */
export function modules(
  session: DebugSession,
  args: DebugProtocol.ModulesArguments,
): DebugProtocol.ModulesResponse['body'] {
  const all = allModules(session.requireLive());
  const start = args.startModule ?? 0;
  const count = args.moduleCount === undefined || args.moduleCount === 0 ? all.length : args.moduleCount;
  return { modules: all.slice(start, start + count), totalModules: all.length };
}

/** DAP `loadedSources`: the scripts whose events are armed. */
export function loadedSources(session: DebugSession): { sources: DebugProtocol.Source[] } {
  const files = new Set(
    session
      .requireLive()
      .events.all.filter((event) => event.file.isOnDisk)
      .map((event) => event.file.path),
  );
  return { sources: [...files].map((file) => session.sourceOf(file)) };
}

/** DAP `source`: listings of code, and files for clients that ask for them by path. */
export async function source(
  session: DebugSession,
  args: DebugProtocol.SourceArguments,
): Promise<DebugProtocol.SourceResponse['body']> {
  const reference = args.source?.sourceReference ?? args.sourceReference;
  if (reference > 0) {
    const content = session.assembly.contentOf(reference);
    if (content === undefined) throw new RequestError('This listing belongs to another session.', false);
    return { content };
  }
  const file = args.source?.path;
  const armed = session.live?.events.all.find((event) => event.file.path === file);
  if (armed !== undefined) return { content: armed.file.text };
  if (file === undefined) throw new RequestError('This source has no path.', false);
  try {
    return { content: await readFile(file, 'utf8') };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RequestError(`The source "${file}" cannot be read: ${reason}.`);
  }
}
