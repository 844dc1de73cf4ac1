import { mkdir, rm } from 'node:fs/promises'
import ranks from 'gpt-tokenizer/bpeRanks/cl100k_base'
import { version } from '../package.json'

// `bun scripts/build.ts` builds `dist/groxy` for this machine and the Worker; `--all` also builds the
// executable for every target, `--worker` nothing but the Worker, and `--target linux-arm64` nothing but
// `dist/groxy` for another machine.

/** Machines for which there are executables. */
export const TARGETS = [
  'linux-x64',
  'linux-arm64',
  'linux-x64-musl',
  'darwin-arm64',
  'windows-x64',
] as const

/** What a Worker of the free plan may weigh; nothing is gained by coming close. */
const LARGEST_WORKER_BYTES = 1024 * 1024

export async function buildExecutable(
  outfile: string,
  target?: (typeof TARGETS)[number],
): Promise<void> {
  await Bun.build({
    entrypoints: ['src/main.ts'],
    target: 'bun',
    format: 'esm',
    minify: true,
    bytecode: true,
    splitting: true,
    sourcemap: 'linked',
    // Compiling fixes NODE_ENV; Elysia hides what it knows about errors only in production.
    define: { 'process.env.NODE_ENV': '"production"', ...commitDefine() },
    compile: {
      outfile,
      ...(target && { target: `bun-${target}` as Bun.Build.CompileTarget }),
      autoloadDotenv: false,
      autoloadBunfig: false,
    },
  })
  console.info(`${outfile} ${megabytes(await sizeOf(outfile))}`)
}

/** The script and, beside it, the files that are too large to be part of it. */
export async function buildWorker(outdir: string): Promise<{ readonly gzippedBytes: number }> {
  await rm(outdir, { recursive: true, force: true })
  await mkdir(`${outdir}/assets`, { recursive: true })
  await Bun.build({
    entrypoints: ['src/worker.ts'],
    outdir,
    format: 'esm',
    target: 'browser',
    conditions: ['workerd', 'worker'],
    minify: true,
    sourcemap: 'linked',
    define: { 'process.env.NODE_ENV': '"production"', ...commitDefine() },
    external: ['cloudflare:workers', 'node:*'],
  })
  for (const name of ['swagger-ui-bundle.js', 'swagger-ui.css'])
    await Bun.write(`${outdir}/assets/${name}`, Bun.file(`node_modules/swagger-ui-dist/${name}`))
  await Bun.write(`${outdir}/assets/cl100k_base.json`, JSON.stringify(ranks))
  const script = await Bun.file(`${outdir}/worker.js`).bytes()
  return { gzippedBytes: Bun.gzipSync(script).length }
}

/** So that the System page can name the commit: nothing where there is no git, or no repository. */
function commitDefine(): Record<string, string> {
  if (Bun.which('git') === null) return {}
  const { success, stdout } = Bun.spawnSync(['git', 'rev-parse', '--short=12', 'HEAD'], {
    stderr: 'ignore',
  })
  return success ? { GROXY_COMMIT: JSON.stringify(stdout.toString().trim()) } : {}
}

async function sizeOf(path: string): Promise<number> {
  const file = Bun.file(path)
  return (await file.exists()) ? file.size : Bun.file(`${path}.exe`).size
}

const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`

async function buildAll(): Promise<void> {
  console.info(`Groxy ${version}`)
  const at = process.argv.indexOf('--target')
  if (at !== -1) return buildExecutable('dist/groxy', targetOf(process.argv[at + 1]))
  const { gzippedBytes } = await buildWorker('dist/worker')
  console.info(`dist/worker/worker.js ${Math.ceil(gzippedBytes / 1024)} KiB gzipped`)
  if (gzippedBytes > LARGEST_WORKER_BYTES) {
    console.error('The Worker is larger than 1 MiB gzipped.')
    process.exit(1)
  }
  if (process.argv.includes('--worker')) return
  await buildExecutable('dist/groxy')
  if (process.argv.includes('--all'))
    for (const target of TARGETS) await buildExecutable(`dist/groxy-${target}`, target)
}

/** The target of a name; undefined for this machine, whose Bun is here already. */
function targetOf(name: string | undefined): (typeof TARGETS)[number] | undefined {
  if (name === `${process.platform}-${process.arch}`) return
  const target = TARGETS.find((one) => one === name)
  if (target) return target
  console.error(`There is no target ${name}: ${TARGETS.join(', ')}.`)
  process.exit(1)
}

if (import.meta.main) await buildAll()
