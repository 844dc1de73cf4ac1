import { readConfig } from '../config'
import { type Command, parse } from './command'

const TIMEOUT_MS = 3_000

/** `groxy health` */
export const healthCommand: Command = {
  usage: 'health',
  help: 'Asks for /health at the port that PORT names. Exit code 0 when it answers, 1 when not.',
  async run(args) {
    parse(args, {}, 'health')
    // Docker hands the proxy of its configuration to every container.
    process.env.NO_PROXY = '127.0.0.1'
    const url = `http://127.0.0.1:${readConfig(process.env).PORT}/health`
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(() => {})
    console.info(response?.ok ? 'Groxy answers.' : `Groxy does not answer at ${url}.`)
    return response?.ok ? 0 : 1
  },
}
