import { join } from 'node:path'
import { buildWorker } from '../../scripts/build'
import { freePort, scratch, startProgram } from './programs'

const ROOT = join(import.meta.dir, '../..')
const WORKERD = join(ROOT, 'node_modules/@cloudflare/workerd-linux-64/bin/workerd')

/** The Worker as it is deployed, in a folder that is gone at the end of the scope. */
export async function builtWorker() {
  const folder = await scratch('worker')
  const outdir = join(folder.path, 'worker')
  const { gzippedBytes } = await buildWorker(outdir)
  return { outdir, gzippedBytes, [Symbol.asyncDispose]: folder[Symbol.asyncDispose] }
}

/** What is bound to a Worker beside its variables. */
export interface Bindings {
  /** Where a server plays the bucket of the binding MEDIA. */
  readonly bucketPort?: number
}

/** The Worker in the real Workers runtime, without Wrangler, under the flags of `wrangler.jsonc`. */
export async function workerd(
  outdir: string,
  variables: Readonly<Record<string, string>>,
  bindings: Bindings = {},
) {
  const folder = await scratch('workerd')
  const [port, clockPort] = [freePort(), freePort()]
  await Bun.write(join(folder.path, 'worker.js'), Bun.file(join(outdir, 'worker.js')))
  const config = configuration({
    ...{ outdir, variables, port, clockPort },
    ...bindings,
    ...(await deployed()),
  })
  await Bun.write(join(folder.path, 'config.capnp'), config)
  const program = await startProgram({
    command: [WORKERD, 'serve', '--experimental', 'config.capnp'],
    cwd: folder.path,
    port,
    path: '/health',
  })
  return {
    ...program,
    /** What a cron trigger does; gives the outcome. */
    tick: () => fetch(`http://127.0.0.1:${clockPort}`).then((answer) => answer.text()),
    async [Symbol.asyncDispose]() {
      await program[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

interface Deployed {
  readonly compatibility_date: string
  readonly compatibility_flags: readonly string[]
}

const deployed = async (): Promise<Deployed> =>
  Bun.JSONC.parse(await Bun.file(join(ROOT, 'wrangler.jsonc')).text()) as Deployed

interface Configuration extends Deployed, Bindings {
  readonly outdir: string
  readonly variables: Readonly<Record<string, string>>
  readonly port: number
  readonly clockPort: number
}

/** The runtime has no clock of its own: a second Worker asks the first for what is due. */
const CLOCK =
  "export default { fetch: async (_, env) => new Response((await env.GROXY.scheduled({ cron: '* * * * *' })).outcome) }"

const configuration = (
  parts: Configuration,
): string => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "groxy", worker = .groxy),
    (name = "clock", worker = .clock),
    (name = "assets", disk = (path = ${text(join(parts.outdir, 'assets'))})),
    ${parts.bucketPort === undefined ? '' : `(name = "bucket", external = (address = "127.0.0.1:${parts.bucketPort}", http = ())),`}
    (name = "internet", network = (allow = ["public", "private", "local"]))
  ],
  sockets = [
    (name = "http", address = "127.0.0.1:${parts.port}", http = (), service = "groxy"),
    (name = "clock", address = "127.0.0.1:${parts.clockPort}", http = (), service = "clock")
  ]
);
const groxy :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js")],
  compatibilityDate = ${text(parts.compatibility_date)},
  compatibilityFlags = [${parts.compatibility_flags.map(text).join(', ')}],
  bindings = [
    (name = "ASSETS", service = "assets"),
    ${parts.bucketPort === undefined ? '' : '(name = "MEDIA", r2Bucket = "bucket"),'}
    ${Object.entries(parts.variables)
      .map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`)
      .join(',\n    ')}
  ]
);
const clock :Workerd.Worker = (
  modules = [(name = "clock", esModule = ${text(CLOCK)})],
  compatibilityDate = ${text(parts.compatibility_date)},
  compatibilityFlags = ["service_binding_extra_handlers"],
  bindings = [(name = "GROXY", service = "groxy")]
);
`

/** A text in Cap'n Proto's notation, which escapes as JSON does. */
const text = (value: string): string => JSON.stringify(value)
