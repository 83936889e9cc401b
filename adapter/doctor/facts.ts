/** What is known about this computer before anything is judged. */

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';

export interface Facts {
  readonly platform: NodeJS.Platform;
  readonly architecture: string;
  readonly nodeVersion: string;
  /** Feature words of the processor, where the system tells them. */
  readonly cpuFlags: readonly string[] | undefined;
  /** Why libunicorn cannot be used; undefined when it can. */
  readonly unicornProblem: string | undefined;
  /** What Windows says; undefined where it could not be asked, or this is no Windows. */
  readonly windows: WindowsFacts | undefined;
}

export interface WindowsFacts {
  readonly isVirtualizationOn: boolean | undefined;
  readonly isHypervisorPresent: boolean | undefined;
  readonly isVirtualizationSecurityOn: boolean | undefined;
  readonly isMemoryIntegrityOn: boolean | undefined;
  readonly isTestSigningOn: boolean | undefined;
  /** State of the service `hyperkd` in Windows' word; undefined when it is not installed. */
  readonly serviceState: string | undefined;
}

const ASK_LIMIT_MS = 20_000;

export async function gatherFacts(): Promise<Facts> {
  return {
    platform: process.platform,
    architecture: process.arch,
    nodeVersion: process.versions.node,
    cpuFlags: process.platform === 'linux' ? linuxCpuFlags() : undefined,
    unicornProblem: await unicornProblem(),
    windows: os.platform() === 'win32' ? await windowsFacts() : undefined,
  };
}

function linuxCpuFlags(): readonly string[] | undefined {
  try {
    const text = readFileSync('/proc/cpuinfo', 'utf8');
    return /^flags\s*:\s*(.*)$/m.exec(text)?.[1]?.split(' ');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return undefined;
  }
}

/** Loaded here and not above: the doctor must speak where koffi's binary is what is missing. */
async function unicornProblem(): Promise<string | undefined> {
  try {
    const { openUnicornLibrary } = await import('../../driver/native/unicorn-search.js');
    openUnicornLibrary();
    return undefined;
  } catch (error) {
    if (error instanceof Error && error.name === 'UnicornUnavailableError') return error.message;
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n', 1);
    return `koffi could not load it: ${reason}`;
  }
}

const QUESTION = `
$p = Get-CimInstance Win32_Processor | Select-Object -First 1
$c = Get-CimInstance Win32_ComputerSystem
$d = Get-CimInstance -Namespace root/Microsoft/Windows/DeviceGuard Win32_DeviceGuard -ErrorAction SilentlyContinue
$s = Get-Service hyperkd -ErrorAction SilentlyContinue
$o = (Get-ItemProperty HKLM:/SYSTEM/CurrentControlSet/Control -ErrorAction SilentlyContinue).SystemStartOptions
@{ virtualization = $p.VirtualizationFirmwareEnabled; hypervisor = $c.HypervisorPresent
   vbs = $d.VirtualizationBasedSecurityStatus; running = @($d.SecurityServicesRunning)
   service = if ($s) { "$($s.Status)" } else { $null }; options = $o } | ConvertTo-Json -Compress`;

/** undefined when Windows could not be asked. */
function windowsFacts(): Promise<WindowsFacts | undefined> {
  return new Promise((resolve) => {
    const args = ['-NoProfile', '-NonInteractive', '-Command', QUESTION];
    execFile('powershell.exe', args, { timeout: ASK_LIMIT_MS }, (error, stdout) => {
      resolve(error === null ? windowsFactsOf(stdout) : undefined);
    });
  });
}

/** Reads the answer to the question above. */
export function windowsFactsOf(json: string): WindowsFacts | undefined {
  let answer: Record<string, unknown>;
  try {
    answer = JSON.parse(json) as Record<string, unknown>;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
  const truth = (value: unknown) => (typeof value === 'boolean' ? value : undefined);
  const running = Array.isArray(answer['running']) ? answer['running'] : undefined;
  const { options, service, vbs } = answer;
  return {
    isVirtualizationOn: truth(answer['virtualization']),
    isHypervisorPresent: truth(answer['hypervisor']),
    // 2: it runs. Service 2 is memory integrity (HVCI).
    isVirtualizationSecurityOn: typeof vbs === 'number' ? vbs === 2 : undefined,
    isMemoryIntegrityOn: running?.includes(2),
    isTestSigningOn: typeof options === 'string' ? /TESTSIGNING/i.test(options) : undefined,
    serviceState: typeof service === 'string' ? service : undefined,
  };
}
