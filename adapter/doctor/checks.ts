/** What is looked at, and what is to be done about it: one entry for each check. */

import type { Facts, WindowsFacts } from './facts';

export type Verdict = 'good' | 'bad' | 'unknown';

export interface Finding {
  readonly name: string;
  readonly verdict: Verdict;
  /** What was found, and for a bad one what to do. */
  readonly text: string;
}

interface Check {
  readonly name: string;
  /** undefined where it does not apply. */
  find(facts: Facts): Omit<Finding, 'name'> | undefined;
}

const OLDEST_NODE = 20;

const good = (text: string) => ({ verdict: 'good', text }) as const;
const bad = (text: string) => ({ verdict: 'bad', text }) as const;
const unknown = (text: string) => ({ verdict: 'unknown', text }) as const;

/** A check of a Windows fact that should be `wanted`. */
function windowsCheck(
  name: string,
  factOf: (windows: WindowsFacts) => boolean | undefined,
  wanted: boolean,
  texts: { readonly good: string; readonly bad: string },
): Check {
  return {
    name,
    find({ platform, windows }) {
      if (platform !== 'win32') return undefined;
      const fact = windows && factOf(windows);
      if (fact === undefined)
        return unknown('Windows did not tell; run it again in a console of an administrator');
      return fact === wanted ? good(texts.good) : bad(texts.bad);
    },
  };
}

const checks: readonly Check[] = [
  {
    name: 'node',
    find({ nodeVersion }) {
      const isNew = Number.parseInt(nodeVersion, 10) >= OLDEST_NODE;
      return isNew
        ? good(nodeVersion)
        : bad(`${nodeVersion} is too old; install Node ${OLDEST_NODE} or newer`);
    },
  },
  {
    name: 'embedded machine',
    find: ({ unicornProblem }) =>
      unicornProblem === undefined
        ? good('koffi and libunicorn load; scripts can run here')
        : bad(unicornProblem),
  },
  {
    name: 'real driver here',
    find: ({ platform, architecture }) =>
      platform === 'win32' && architecture === 'x64'
        ? good('Windows on x64')
        : unknown(
            `the driver is for Windows on x64 and this is ${platform} on ${architecture}; debug such a machine from here with "hds console --connect"`,
          ),
  },
  {
    name: 'VT-x',
    find({ cpuFlags }) {
      if (cpuFlags === undefined) return undefined;
      if (cpuFlags.includes('vmx')) return good('the processor tells of it');
      return unknown(
        'not told by the processor; the embedded machine needs none, the real driver needs Intel VT-x turned on in the firmware',
      );
    },
  },
  // With a hypervisor running, Windows tells false whatever the firmware has.
  windowsCheck(
    'virtualization in the firmware',
    ({ isVirtualizationOn, isHypervisorPresent }) => isVirtualizationOn === true || isHypervisorPresent,
    true,
    { good: 'on', bad: 'off; turn VT-x on in the firmware (BIOS) setup' },
  ),
  windowsCheck('Hyper-V', ({ isHypervisorPresent }) => isHypervisorPresent, false, {
    good: 'no other hypervisor runs',
    bad: 'another hypervisor runs; "bcdedit /set hypervisorlaunchtype off" and a restart end it (in a virtual machine: pass VT-x through)',
  }),
  windowsCheck('VBS', ({ isVirtualizationSecurityOn }) => isVirtualizationSecurityOn, false, {
    good: 'off',
    bad: 'on; turn virtualization-based security off in the group policy (Device Guard) and restart',
  }),
  windowsCheck('HVCI', ({ isMemoryIntegrityOn }) => isMemoryIntegrityOn, false, {
    good: 'off',
    bad: 'on; turn memory integrity off in Windows Security, Device security, Core isolation, and restart',
  }),
  windowsCheck('driver signing', ({ isTestSigningOn }) => isTestSigningOn, true, {
    good: 'test signing is on',
    bad: 'only signed drivers load; "bcdedit /set testsigning on" and a restart let the driver in',
  }),
  {
    name: 'service hyperkd',
    find({ platform, windows }) {
      if (platform !== 'win32') return undefined;
      if (windows === undefined) return unknown('Windows did not tell');
      return good(windows.serviceState ?? 'not installed; it is installed when it is needed');
    },
  },
];

/** Applies every check that fits this computer. */
export function examine(facts: Facts): Finding[] {
  return checks.flatMap(({ name, find }) => {
    const found = find(facts);
    return found === undefined ? [] : [{ name, ...found }];
  });
}
