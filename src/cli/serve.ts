import { readConfig } from '../config'
import { type Command, parse } from './command'
import { createOutput } from './output'
import { runServer } from './server'

const usage = 'serve [--port N] [--host ADDRESS]'

/** `groxy serve` */
export const serveCommand: Command = {
  usage,
  help: `Opens the database, prints the address and, at the first start, a key and a set-up link.
SIGTERM or Ctrl-C stops it without cutting an answer; a second one stops it at once.`,
  async run(args) {
    const { values } = parse(args, { port: { type: 'string' }, host: { type: 'string' } }, usage)
    const config = readConfig({
      ...process.env,
      ...(values.port !== undefined && { PORT: values.port }),
      ...(values.host !== undefined && { HOST: values.host }),
    })
    const output = createOutput(config.LOG_LEVEL)
    try {
      await runServer(config, output)
      return 0
    } finally {
      output.flush()
    }
  },
}
