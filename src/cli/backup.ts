import { chmodSync, existsSync } from 'node:fs'
import { readConfig } from '../config'
import { SetupError } from '../errors'
import { explainLaterFault } from '../store/file-fault'
import { type Command, parse, UsageError } from './command'
import { filePath, mediaPath, secretPath } from './paths'
import { openClient } from './state'

const usage = 'backup FILE'

/** `groxy backup` */
export const backupCommand: Command = {
  usage,
  help: `The copy is whole and compact. The secret is not in it: keep groxy.secret with it, safely.
Nor are pictures, videos and files, only what is known of them: copy the directory media (MEDIA_DIR) after it. What
is missing of pictures and videos when a copy is used is fetched again, where its upstream still has it.`,
  async run(args) {
    const { words } = parse(args, {}, usage)
    const [file] = words
    if (!file) throw new UsageError('backup: say into which file.', `Usage: groxy ${usage}`)
    const config = readConfig(process.env)
    const path = filePath(config)
    if (!path)
      throw new SetupError(
        'A remote database is backed up where it lives.',
        'Turso keeps point-in-time copies; see `turso db` for how to restore them.',
      )
    if (!existsSync(path))
      throw new SetupError(
        `There is no database at ${path}.`,
        'Set DATABASE_URL to the one to copy.',
      )
    if (existsSync(file))
      throw new SetupError(`${file} exists and is left as it is.`, 'Choose another file name.')
    const client = await openClient(config)
    try {
      await explainLaterFault(file, client.execute({ sql: 'VACUUM INTO ?', args: [file] }))
      if (process.platform !== 'win32') chmodSync(file, 0o600)
    } finally {
      client.close()
    }
    console.info(`Copied ${path} to ${file}. Keep ${secretPath(path)} with it.`)
    const media = mediaPath(config)
    if (media !== undefined && existsSync(media))
      console.info(`Pictures, videos and files are not in it: copy ${media}, too.`)
    return 0
  },
}
