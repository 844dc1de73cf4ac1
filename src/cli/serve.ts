import { readConfig } from '../config'
import { type Command, parse } from './command'
import { createMember } from './member'
import { createOutput } from './output'
import { takePlace } from './process-messages'
import { workerCount } from './worker-count'

const usage = 'serve [--port N] [--host ADDRESS] [--workers N|auto]'

const OPTIONS = {
  port: { type: 'string' },
  host: { type: 'string' },
  workers: { type: 'string' },
} as const

/** `groxy serve` */
export const serveCommand: Command = {
  usage,
  help: `Opens the database, prints the address and, at the first start, a key and a set-up link.
SIGTERM or Ctrl-C stops it without cutting an answer; a second one stops it at once.
With DRAIN_SECONDS it takes requests for so long before, while /ready sends balancers elsewhere.

--workers N starts N processes that share the port and the database, on Linux; auto starts one for each
core that it may use. One of them does the background work. One that ends is replaced.`,
  async run(args) {
    const { values } = parse(args, OPTIONS, usage)
    const { port, host, workers } = values
    const config = readConfig({
      ...process.env,
      ...(port !== undefined && { PORT: port }),
      ...(host !== undefined && { HOST: host }),
      ...(workers !== undefined && { WORKERS: workers }),
    })
    const place = takePlace(process.env)
    const member = place && createMember(place)
    const output = createOutput(config.LOG_LEVEL, place?.index)
    try {
      const count = member ? 1 : workerCount(config)
      // A supervisor has no use for the gateway, which takes time and memory to load.
      if (count > 1) return await (await import('./supervisor')).supervise(config, count, output)
      await (await import('./server')).runServer(config, output, member)
      return 0
    } finally {
      output.flush()
    }
  },
}
