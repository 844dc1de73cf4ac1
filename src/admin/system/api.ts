import { Elysia } from 'elysia'
import { answers, failure, pathParameter } from '../../http/operation'
import { adminOperation } from '../operation'
import type { AdminParts } from '../parts'
import { InspectionObject, JobList, JobObject, SystemObject, UpstreamList } from './schema'
import type { SystemServices } from './services'
import { inspectionObject, jobObject, listOf, systemObject, upstreamObject } from './shown'

type ByName = { readonly name: string }

const NOT_HERE = failure(
  'There is no file here, or one is being read already.',
  'not_here',
  'A remote database is looked after where it lives.',
)

/** `/admin/api/system`: the gateway itself. */
export function systemApi(
  { handlers }: AdminParts,
  { system, jobControl, health }: SystemServices,
) {
  const wanted = (wish: 'run' | 'cancel') =>
    handlers.api(async (operator, _, { name }: ByName) => {
      const jobs = await jobControl.want(operator, name, wish)
      const job = jobs.find((one) => one.name === name)
      return job && jobObject(job)
    })
  const wish = (operationId: string, summary: string) =>
    adminOperation({
      operationId,
      summary,
      parameters: [pathParameter('name', 'models')],
      answers: {
        200: answers('The job as it is now: instances follow within two seconds.', JobObject),
        404: failure('No such job.', 'not_found', 'There is no job "x".'),
        409: failure('It runs already, or does not.', 'job_state', 'models is running already.'),
      },
    })

  return new Elysia({ prefix: '/admin/api', tags: ['Admin: system'] })
    .get(
      '/system',
      handlers.api(async () => systemObject(await system.facts(), system.hasFile)),
      {
        detail: adminOperation({
          operationId: 'getSystem',
          summary: 'Describe the gateway',
          answers: { 200: answers('What it is, where it runs and what it keeps.', SystemObject) },
        }),
      },
    )
    .post(
      '/system/check',
      handlers.api(async (operator) => inspectionObject(await system.inspect(operator))),
      {
        parse: 'none',
        detail: adminOperation({
          operationId: 'checkDatabase',
          summary: 'Check the database',
          description: 'Reads all of the file in a process of its own, which takes its time.',
          answers: { 200: answers('What was found.', InspectionObject), 409: NOT_HERE },
        }),
      },
    )
    .get(
      '/system/backup',
      handlers.api((operator) => system.backup(operator)),
      {
        detail: adminOperation({
          operationId: 'downloadBackup',
          summary: 'Download a copy of the database',
          description:
            'Whole and compact. The secret that opens it is not in it, nor are pictures, videos and files.',
          answers: {
            200: {
              description: 'An SQLite file.',
              content: { 'application/vnd.sqlite3': { schema: BINARY } },
            },
            409: NOT_HERE,
          },
        }),
      },
    )
    .get(
      '/system/jobs',
      handlers.api(async () => listOf((await jobControl.list()).map(jobObject))),
      {
        detail: adminOperation({
          operationId: 'listJobs',
          summary: 'List the background work',
          answers: { 200: answers('Every job, and how it stands.', JobList) },
        }),
      },
    )
    .post('/system/jobs/:name/run', wanted('run'), {
      parse: 'none',
      detail: wish('runJob', 'Run a job'),
    })
    .post('/system/jobs/:name/cancel', wanted('cancel'), {
      parse: 'none',
      detail: wish('cancelJob', 'Stop a job'),
    })
    .get(
      '/system/upstreams',
      handlers.api(() => listOf(health.list().map((host) => upstreamObject(host)))),
      {
        detail: adminOperation({
          operationId: 'listUpstreams',
          summary: 'List the upstreams',
          answers: { 200: answers('Every address, as turns have seen it.', UpstreamList) },
        }),
      },
    )
    .post(
      '/system/upstreams/look',
      handlers.api(async (operator, request) => {
        const looks = await health.look(operator, request.signal)
        return listOf(
          health.list().map((host) =>
            upstreamObject(
              host,
              looks.find(({ url }) => url === host.url),
            ),
          ),
        )
      }),
      {
        parse: 'none',
        detail: adminOperation({
          operationId: 'lookAtUpstreams',
          summary: 'Ask each upstream once',
          description: 'With one of its accounts and what costs nothing.',
          answers: { 200: answers('Every address, with what it said.', UpstreamList) },
        }),
      },
    )
}

const BINARY = { type: 'string', format: 'binary' } as const
