import { Elysia } from 'elysia'
import { notice } from '../answers'
import { html } from '../html'
import type { AdminParts } from '../parts'
import { count } from '../widgets/numbers'
import { inspectionPart } from './database-page'
import { jobsTable } from './jobs-page'
import { systemPage } from './page'
import type { SystemServices } from './services'
import { upstreamsTable } from './upstreams-page'
import { systemWords } from './words'

type ByName = { readonly name: string }

/** The page of the gateway itself. */
export function systemRoutes(
  { handlers }: AdminParts,
  { system, jobControl, health }: SystemServices,
) {
  const wanted = (wish: 'run' | 'cancel') =>
    handlers.page(async (view, _, { name }: ByName) => {
      const say = systemWords[view.language]
      const jobs = await jobControl.want(view.operator, name, wish)
      return html`${jobsTable(view, jobs)}${notice(wish === 'run' ? say.ran(name) : say.stopped(name))}`
    })

  return new Elysia({ prefix: '/admin/system', detail: { hide: true } })
    .get(
      '/',
      handlers.page(async (view) => {
        const [facts, jobs] = await Promise.all([system.facts(), jobControl.list()])
        return systemPage(view, { facts, jobs, hosts: health.list(), hasFile: system.hasFile })
      }),
    )
    .get(
      '/jobs',
      handlers.page(async (view) => jobsTable(view, await jobControl.list())),
    )
    .get(
      '/backup',
      handlers.page((view) => system.backup(view.operator)),
    )
    .post(
      '/check',
      handlers.page(async (view) => inspectionPart(view, await system.inspect(view.operator))),
      { parse: 'none' },
    )
    .post('/jobs/:name/run', wanted('run'), { parse: 'none' })
    .post('/jobs/:name/cancel', wanted('cancel'), { parse: 'none' })
    .post(
      '/upstreams/look',
      handlers.page(async (view, request) => {
        const looks = await health.look(view.operator, request.signal)
        const good = looks.filter(({ isReachable }) => isReachable).length
        const say = systemWords[view.language]
        return html`${upstreamsTable(view, health.list(), looks)}${notice(
          say.looked(count(view, good), count(view, looks.length)),
          good === looks.length ? 'good' : 'bad',
        )}`
      }),
      { parse: 'none' },
    )
}
