import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { projectFile, ScriptFailure } from '../project.mjs';
import { runProgram } from '../run-program.mjs';
import { driverHeader } from './driver-header.mjs';

export const MINGW = { compiler: 'x86_64-w64-mingw32-gcc', resources: 'x86_64-w64-mingw32-windres' };

const flags = [
  ...['-O2', '-Wall', '-Werror', '-Wno-multichar', '-ffreestanding', '-fno-builtin', '-mno-stack-arg-probe'],
  ...['-shared', '-nostdlib', '-Wl,--subsystem,native', '-Wl,-e,DriverEntry'],
];

/** Folder → the version in the file, and what the driver does. */
const doubles = {
  current: { version: '0,23,0,0', defines: [] },
  old: { version: '0,18,1,0', defines: ['-DOLD_CODES'] },
  mislabelled: { version: '0,23,0,0', defines: ['-DOLD_CODES'] },
};

async function run(program, args) {
  const { status, output } = await runProgram(program, args);
  if (status !== 0) throw new ScriptFailure(`${program} failed:\n${output}`);
}

/** Builds one hyperkd.sys a folder below `target`. */
export async function buildDoubles(target) {
  const sources = projectFile('test/windows/driver');
  await mkdir(target, { recursive: true });
  await writeFile(path.join(target, 'sdk.h'), await driverHeader());
  for (const [name, { version, defines }] of Object.entries(doubles)) {
    const folder = path.join(target, name);
    await mkdir(folder, { recursive: true });
    const resource = path.join(folder, 'version.o');
    const versionFile = path.join(sources, 'version.rc');
    await run(MINGW.resources, [`-DVERSION_NUMBERS=${version}`, versionFile, '-O', 'coff', '-o', resource]);
    const files = ['double.c', 'process.c'].map((file) => path.join(sources, file));
    const output = path.join(folder, 'hyperkd.sys');
    await run(MINGW.compiler, [
      ...flags,
      ...defines,
      `-I${target}`,
      '-o',
      output,
      ...files,
      resource,
      '-lntoskrnl',
    ]);
  }
}
