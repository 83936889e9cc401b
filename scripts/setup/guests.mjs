import { existsSync } from 'node:fs';
import { copyFile, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { filesStamp, projectFile } from '../project.mjs';
import { runProgram } from '../run-program.mjs';

const sources = projectFile('examples/guests');
const prebuilt = projectFile('examples/guests/prebuilt');
const built = projectFile('examples/guests/build');
const stampFile = path.join(built, 'stamps.json');
const compilerFlags = ['-static', '-O1', '-g', '-fno-pie', '-no-pie'];

/** Builds the example guests, or takes the prebuilt ones where no C compiler makes static Linux programs. */
export async function buildGuests(report) {
  await mkdir(built, { recursive: true });
  const names = (await readdir(sources))
    .filter((file) => file.endsWith('.c'))
    .map((file) => file.slice(0, -2));
  const compiler = await findCompiler();
  const stamps = existsSync(stampFile) ? JSON.parse(await readFile(stampFile, 'utf8')) : {};
  for (const name of names) {
    const inputs = [path.join(sources, `${name}.c`), path.join(prebuilt, name)].filter((file) =>
      existsSync(file),
    );
    const stamp = filesStamp(inputs, compiler ?? 'prebuilt', ...compilerFlags);
    if (stamps[name]?.stamp === stamp && existsSync(path.join(built, name))) continue;
    report(`building ${name} …`);
    stamps[name] = { stamp, by: await buildGuest(name, compiler) };
  }
  await writeFile(stampFile, JSON.stringify(stamps, undefined, 2));
  return names.map((name) => `${name} (${stamps[name].by})`).join(', ');
}

/** A compiler on another system makes programs for that system, which the embedded machine does not run. */
async function findCompiler() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  for (const name of ['gcc', 'cc', 'clang']) {
    if ((await runProgram(name, ['--version'])).status === 0) return name;
  }
  return undefined;
}

async function buildGuest(name, compiler) {
  const target = path.join(built, name);
  const unfinished = path.join(built, `${name}.unfinished`);
  try {
    if (compiler !== undefined) {
      const source = path.join(sources, `${name}.c`);
      const { status } = await runProgram(compiler, [...compilerFlags, '-o', unfinished, source]);
      if (status === 0 && (await isElf(unfinished))) {
        await rename(unfinished, target);
        return compiler;
      }
    }
    if (!existsSync(path.join(prebuilt, name))) return 'missing: needs a C compiler with a static C library';
    await copyFile(path.join(prebuilt, name), unfinished);
    await rename(unfinished, target);
    return 'prebuilt';
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function isElf(file) {
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.equals(Buffer.from('\x7fELF', 'latin1'));
  } finally {
    await handle.close();
  }
}
