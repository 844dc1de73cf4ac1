import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { buildExecutable } from '../scripts/build'

/** Everything that is measured, compiled the same way and moved away from `node_modules`. */
export async function buildExecutables(folder: string) {
  await mkdir(folder)
  // Built now: what lies in `dist` may be older than what is to be measured.
  const groxy = join(folder, 'groxy')
  await buildExecutable(groxy)
  return {
    groxy,
    upstream: await compile(import.meta.resolve('./upstream.ts'), join(folder, 'upstream')),
    passThrough: await compile(
      import.meta.resolve('./pass-through.ts'),
      join(folder, 'pass-through'),
    ),
    hello: await compile(import.meta.resolve('./hello.ts'), join(folder, 'hello')),
  }
}

export type Executables = Awaited<ReturnType<typeof buildExecutables>>

async function compile(url: string, outfile: string): Promise<string> {
  await Bun.build({
    entrypoints: [Bun.fileURLToPath(url)],
    target: 'bun',
    format: 'esm',
    minify: true,
    bytecode: true,
    define: { 'process.env.NODE_ENV': '"production"' },
    compile: { outfile, autoloadDotenv: false, autoloadBunfig: false },
  })
  return outfile
}
