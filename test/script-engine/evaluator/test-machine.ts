import { compileScript, type CompileOptions } from '../../../script-engine/compiler/compile';
import { GlobalTable } from '../../../script-engine/compiler/global-table';
import { runScript, type RunOptions, type ScriptOutcome } from '../../../script-engine/evaluator/interpreter';
import { prepareScript } from '../../../script-engine/evaluator/prepare';
import type { ScriptMachine, ScriptMemory } from '../../../script-engine/evaluator/script-machine';
import { ScriptSession } from '../../../script-engine/evaluator/session';

export const MEMORY_BASE = 0x5000n;

/** One page of memory at 0x5000, which is physical 0x1000. */
export class TestMemory implements ScriptMemory {
  readonly bytes = new Uint8Array(0x1000);

  read(address: bigint, sizeBytes: number): Uint8Array | undefined {
    const offset = address - MEMORY_BASE;
    if (offset < 0n || offset + BigInt(sizeBytes) > 0x1000n) return undefined;
    return this.bytes.subarray(Number(offset), Number(offset) + sizeBytes);
  }

  write(address: bigint, bytes: Uint8Array): boolean {
    const target = this.read(address, bytes.length);
    target?.set(bytes);
    return target !== undefined;
  }

  readPhysical(address: bigint, sizeBytes: number): Uint8Array | undefined {
    return this.read(address + 0x4000n, sizeBytes);
  }

  writePhysical(address: bigint, bytes: Uint8Array): boolean {
    return this.write(address + 0x4000n, bytes);
  }

  virtualToPhysical(address: bigint): bigint | undefined {
    return this.read(address, 1) && address - 0x4000n;
  }

  physicalToVirtual(address: bigint): bigint | undefined {
    return this.readPhysical(address, 1) && address + 0x4000n;
  }
}

/** A kernel machine that notes what scripts ask of it. */
export class TestMachine implements ScriptMachine {
  readonly mode = 'kernel';
  readonly generalRegisters = new BigUint64Array(16);
  readonly memory = new TestMemory();
  readonly otherRegisters = new Map<number, bigint>();
  readonly requests: string[] = [];
  output = '';
  readonly services = {
    pause: () => this.note('pause'),
    flush: () => this.note('flush'),
    shortCircuit: (on: boolean) => this.note(`sc ${on}`),
    enableEvent: (id: bigint) => this.note(`enable ${id}`),
    disableEvent: (id: bigint) => this.note(`disable ${id}`),
    clearEvent: (id: bigint) => this.note(`clear ${id}`),
    injectInterrupt: (vector: number, code: number | undefined) => this.note(`inject ${vector} ${code}`),
    unavailable: (name: string) => `this machine has no ${name}`,
  };

  private note(request: string): void {
    this.requests.push(request);
  }

  readRegister(id: number): bigint {
    return this.otherRegisters.get(id) ?? 0n;
  }

  writeRegister(id: number, value: bigint): void {
    this.otherRegisters.set(id, value);
  }

  readPseudoRegister(id: number): bigint {
    return BigInt(id) + 0x100n;
  }

  print(text: string): void {
    this.output += text;
  }
}

export interface Run {
  readonly outcome: ScriptOutcome;
  readonly machine: TestMachine;
  readonly session: ScriptSession;
}

/** Compiles and runs a script in kernel mode. */
export function run(source: string, setUp?: (machine: TestMachine) => void, options?: RunOptions): Run {
  const compileOptions: CompileOptions = { globals: new GlobalTable(), mode: 'exact' };
  const { script, diagnostics } = compileScript(source, compileOptions);
  if (script === undefined) throw new Error(`${source}: ${JSON.stringify(diagnostics)}`);
  const machine = new TestMachine();
  setUp?.(machine);
  const session = new ScriptSession();
  const outcome = runScript(prepareScript(script.bytes, script.symbolCount), machine, session, options);
  return { outcome, machine, session };
}
