import { readConfig } from '../config'
import { refuseHalfCopy } from '../store/copy-mark'
import { migrate } from '../store/migrate'
import { type Command, parse } from './command'
import { openClient } from './state'

/** `groxy migrate` */
export const migrateCommand: Command = {
  usage: 'migrate',
  help: 'The server does this by itself when it starts; a Worker cannot.',
  async run(args) {
    parse(args, {}, 'migrate')
    const client = await openClient(readConfig(process.env))
    try {
      const applied = await migrate(client)
      // Before a Worker is deployed over it.
      await refuseHalfCopy(client)
      console.info(applied.length > 0 ? `Applied ${applied.join(', ')}.` : 'Nothing to do.')
      return 0
    } finally {
      client.close()
    }
  },
}
