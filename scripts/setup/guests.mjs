import { existsSync } from 'node:fs';
import { copyFile, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { filesStamp, projectFile } from '../project.mjs';
import { runProgram } from '../run-program.mjs';

const sources = projectFile('examples/guests');
const prebuilt = projectFile('examples/guests/prebuilt');
const built = projectFile('examples/guests/build');
const stampFile = path.join(built, 'stamps.json');
const programFlags = ['-static', '-O1', '-g', '-fno-pie', '-no-pie'];
const kernelFlags = [
  ...programFlags,
  ...['-std=gnu11', '-ffreestanding', '-nostdlib', '-fno-pic', '-fno-stack-protector', '-mno-red-zone'],
  ...['-mno-sse', '-mno-mmx', '-mgeneral-regs-only', '-mcmodel=small', '-fcf-protection=none'],
  ...['-fno-asynchronous-unwind-tables', '-Wl,--build-id=none,-z,noexecstack,--no-warn-rwx-segments'],
];

/** Builds the example guests, or takes the prebuilt ones where no C compiler makes static Linux programs. */
export async function buildGuests(report) {
  await mkdir(built, { recursive: true });
  const guests = await findGuests();
  const compiler = await findCompiler();
  const stamps = existsSync(stampFile) ? JSON.parse(await readFile(stampFile, 'utf8')) : {};
  for (const { name, files, flags } of guests) {
    const inputs = [...files, path.join(prebuilt, name)].filter((file) => existsSync(file));
    const stamp = filesStamp(inputs, compiler ?? 'prebuilt', ...flags);
    if (stamps[name]?.stamp === stamp && existsSync(path.join(built, name))) continue;
    report(`building ${name} …`);
    stamps[name] = { stamp, by: await buildGuest(name, compiler, flags) };
  }
  await writeFile(stampFile, JSON.stringify(stamps, undefined, 2));
  return guests.map(({ name }) => `${name} (${stamps[name].by})`).join(', ');
}

/** A program is a C file; a kernel is a folder with a linker script, assembly and C. */
async function findGuests() {
  const guests = [];
  for (const entry of await readdir(sources)) {
    const file = path.join(sources, entry);
    if (entry.endsWith('.c'))
      guests.push({ name: entry.slice(0, -2), files: [file], flags: [...programFlags, file] });
    const script = path.join(file, 'link.ld');
    if (!existsSync(script)) continue;
    const parts = (await readdir(file))
      .filter((part) => /\.[cS]$/.test(part))
      .map((part) => path.join(file, part));
    guests.push({
      name: entry,
      files: [...parts, script],
      flags: [...kernelFlags, `-Wl,-T,${script}`, ...parts],
    });
  }
  return guests;
}

/** A compiler on another system makes programs for that system, which the embedded machine does not run. */
async function findCompiler() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  for (const name of ['gcc', 'cc', 'clang']) {
    if ((await runProgram(name, ['--version'])).status === 0) return name;
  }
  return undefined;
}

async function buildGuest(name, compiler, flags) {
  const target = path.join(built, name);
  const unfinished = path.join(built, `${name}.unfinished`);
  try {
    if (compiler !== undefined) {
      const { status } = await runProgram(compiler, [...flags, '-o', unfinished]);
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
