import { createApp } from '../app'
import { readConfig } from '../config'
import { createVault } from '../crypto'
import { createLog } from '../log'
import { openFile } from '../store/file'
import { createStores } from '../store/stores'
import { type Command, parse } from './command'
import { createPlatform } from './platform'

/** `groxy openapi` */
export const openapiCommand: Command = {
  usage: 'openapi',
  help: 'The same that a running server answers at /openapi.json.',
  async run(args) {
    parse(args, {}, 'openapi')
    const client = openFile(':memory:')
    const secret = 'none is needed here'
    const vault = createVault(secret)
    const stores = createStores({ client, vault, now: Date.now })
    const log = createLog({ level: 'silent', write() {}, readable: false, now: Date.now })
    const state = { client, secret, vault, stores, applied: [] }
    const app = createApp(createPlatform(readConfig({}), state, log))
    console.info(JSON.stringify(JSON.parse(await app.describe()), null, 2))
    return 0
  },
}
