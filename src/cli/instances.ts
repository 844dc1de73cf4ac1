import type { InstanceRow } from '../store/instances'
import { age, type Command, parse, table } from './command'
import { withState } from './with-state'

const usage = 'instances [--json]'

/** `groxy instances` */
export const instancesCommand: Command = {
  usage,
  help: `Instances say every ten seconds that they live, a Worker once a minute. One that stops is gone at once,
one that dies within 30 seconds.

  --json   the same as JSON`,
  run(args) {
    const { values } = parse(args, { json: { type: 'boolean' } }, usage)
    return withState(async ({ stores }) => {
      const rows = await stores.instances.living(Date.now())
      if (values.json) console.info(JSON.stringify(rows.map(shown), undefined, 2))
      else if (rows.length === 0) console.info('No instance runs over this database.')
      else
        console.info(
          table(['NAME', 'PLACE', 'STATE', 'VERSION', 'RUNTIME', 'SINCE', 'SEEN'], rows.map(line)),
        )
      const versions = new Set(rows.map(({ version }) => version))
      if (versions.size > 1 && !values.json)
        console.info('\nThey run different versions: finish the upgrade.')
      return 0
    })
  },
}

const shown = ({ startedAt, seenAt, expiresAt, ...row }: InstanceRow) => ({
  ...row,
  started_at: new Date(startedAt).toISOString(),
  seen_at: new Date(seenAt).toISOString(),
  expires_at: new Date(expiresAt).toISOString(),
})

function line({ name, host, process, state, version, runtime, startedAt, seenAt }: InstanceRow) {
  const place = [host, process !== null && `process ${process}`].filter(Boolean).join(', ')
  const now = Date.now()
  const [since, seen] = [startedAt, seenAt].map((at) => `${age(Math.max(0, now - at))} ago`)
  return [name, place, state, version, runtime, since ?? '', seen ?? '']
}
