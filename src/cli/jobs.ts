import { JOBS, type JobName, type JobRow, jobState } from '../store/jobs'
import type { Settings } from '../store/settings'
import { age, type Command, parse, table, UsageError } from './command'
import { withState } from './with-state'

const usage = 'jobs [list] | run NAME | cancel NAME'

/** `groxy jobs` */
export const jobsCommand: Command = {
  usage,
  help: `run and cancel ask the running server, which follows within two seconds. Each job has a setting that
switches it off; run works all the same.

${Object.entries(JOBS)
  .map(([name, { does, setting }]) => `  ${name.padEnd(10)} ${does} (setting ${setting})`)
  .join('\n')}`,
  run(args) {
    const { words } = parse(args, {}, usage)
    const [action = 'list', subject = ''] = words
    if (action === 'list')
      return withState(async ({ stores }) => {
        const rows = new Map((await stores.jobs.all()).map((row) => [row.name, row]))
        const settings = await stores.settings.all()
        const names = Object.keys(JOBS) as JobName[]
        const lines = names.map((name) => line(name, rows.get(name), settings))
        console.info(table(['NAME', 'STATE', 'PROGRESS', 'BEGAN', 'NOTE'], lines))
        return 0
      })
    if (action !== 'run' && action !== 'cancel')
      throw new UsageError('jobs: say what to do.', `Usage: groxy ${usage}`)
    const name = nameOf(subject)
    return withState(async ({ stores }) => {
      if (await stores.jobs.want(name, action)) {
        console.info(SAID[action](name))
        return 0
      }
      console.info(`${name} is ${action === 'run' ? 'running already' : 'not running'}.`)
      return action === 'run' ? 0 : 1
    })
  },
}

const SAID = {
  run: (name: JobName) => `A running server begins ${name} within two seconds. See: groxy jobs`,
  cancel: (name: JobName) => `The server that runs ${name} stops it within two seconds.`,
}

function nameOf(subject: string): JobName {
  const name = (Object.keys(JOBS) as JobName[]).find((known) => known === subject)
  if (name) return name
  throw new UsageError(
    subject ? `There is no job "${subject}".` : 'jobs: say which job.',
    `The jobs are ${Object.keys(JOBS).join(', ')}.`,
  )
}

function line(name: JobName, row: JobRow | undefined, settings: Settings): string[] {
  const off = settings[JOBS[name].setting] ? '' : ' (off)'
  // A row without a beginning only holds a wish.
  if (!row?.startedAt) return [name, `${row ? 'asked for' : 'not yet run'}${off}`, '', '', '']
  const now = Date.now()
  const { done, total, startedAt, finishedAt, note, wanted } = row
  const state = jobState(row, now)
  const wish = wanted ? `, ${wanted} asked for` : ''
  const took = finishedAt ? `, took ${age(finishedAt - startedAt)}` : ''
  return [
    name,
    state + wish + off,
    `${done}/${total}`,
    `${age(now - startedAt)} ago${took}`,
    note ?? '',
  ]
}
