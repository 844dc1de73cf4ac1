import { withState } from './with-state'

/** What commands change, as the audit log calls it wherever it is changed; others only look. */
const ACTIONS: Readonly<Record<string, string>> = {
  'keys create': 'key.create',
  'keys set': 'key.change',
  'keys enable': 'key.enable',
  'keys disable': 'key.disable',
  'keys revoke': 'key.revoke',
  'accounts add': 'account.add',
  'accounts set': 'account.change',
  'accounts enable': 'account.enable',
  'accounts disable': 'account.disable',
  'accounts clear': 'account.clear',
  'accounts remove': 'account.remove',
  'accounts import': 'account.import',
  'accounts export': 'account.export',
  'aliases set': 'alias.change',
  'aliases remove': 'alias.remove',
  'prices set': 'price.change',
  'prices remove': 'price.remove',
  'settings set': 'settings.change',
  'settings reset': 'settings.change',
  'jobs run': 'job.run',
  'jobs cancel': 'job.cancel',
  'admin password': 'password.change',
  'admin unlock': 'session.unlock',
  'admin token create': 'token.create',
  'admin token revoke': 'token.revoke',
  'admin sessions end': 'session.end',
}

/** Which change a command line makes, if it makes one; what it says besides may be secret. */
export function changeOf(
  name: string,
  args: readonly string[],
): { readonly action: string; readonly subject: string } | undefined {
  if (args.includes('--dry-run')) return undefined
  for (const words of [1, 2]) {
    const action = ACTIONS[[name, ...args.slice(0, words)].join(' ')]
    if (!action) continue
    // Only a word that stands here is what it is about: others may belong to an option.
    const subject = args[words]
    return { action, subject: subject && !subject.startsWith('-') ? subject : name }
  }
  return undefined
}

/** Write down what a command has changed. That this fails does not undo it. */
export async function noteChange(name: string, args: readonly string[]): Promise<void> {
  const change = changeOf(name, args)
  if (!change) return
  const entry = { actor: 'command line', address: null, ...change, before: null, after: null }
  await withState(({ stores }) => stores.audit.note(entry)).catch((cause) =>
    console.error(`groxy: the audit log could not be written: ${cause}`),
  )
}
