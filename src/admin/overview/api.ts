import { Elysia } from 'elysia'
import { ApiError } from '../../errors'
import { answers, failure } from '../../http/operation'
import { USAGE_BY } from '../../store/ledger-queries'
import { total } from '../../store/ledger-rollups'
import { adminOperation } from '../operation'
import type { AdminParts } from '../parts'
import { OverviewObject, UsageList } from './schema'
import type { OverviewService } from './service'
import { overviewObject, sumsObject } from './shown'

const HOUR_MS = 3_600_000
const HOURS = 24
const USUAL_DAYS = 30
/** Sums are kept so long. */
const MOST_DAYS = 400

/** `/admin/api/overview` and `/admin/api/usage`: how the gateway does, and what was used. */
export function overviewApi(
  { handlers, stores, pool, now }: AdminParts,
  overview: OverviewService,
) {
  /** What ids of this kind are called. */
  async function namesOf(by: (typeof USAGE_BY)[number], ids: readonly string[]) {
    if (by === 'model') return (id: string) => id
    const found = await stores.names.of(by === 'key' ? ids : [], by === 'account' ? ids : [])
    if (by === 'key')
      return (id: string) => found.keys.get(id) ?? (OWN_KEYS.has(id) ? id : undefined)
    return (id: string) => {
      const known = pool.member(id)?.account ?? found.accounts.get(id)
      return known && `${known.kind}/${known.name}`
    }
  }

  return new Elysia({ prefix: '/admin/api', tags: ['Admin: system'] })
    .get(
      '/overview',
      handlers.api(async () => overviewObject(await overview.read())),
      {
        detail: adminOperation({
          operationId: 'adminRetrieveOverview',
          summary: 'See how the gateway does',
          description: 'Traffic, latency, cost, accounts, and what needs attention.',
          answers: { 200: answers('How it does.', OverviewObject) },
        }),
      },
    )
    .get(
      '/usage',
      handlers.api(async (_, request) => {
        const { by, days } = wanted(new URL(request.url).searchParams)
        const to = Math.floor(now() / HOUR_MS) + 1
        const usage = await stores.usage(by, to - days * HOURS, to)
        const nameOf = await namesOf(
          by,
          usage.map(({ name }) => name),
        )
        return {
          ...{ object: 'list', by, days },
          data: usage.map(({ name, ...sums }) => ({
            ...{ id: name, name: nameOf(name) ?? null },
            ...sumsObject(sums),
          })),
          ...{ has_more: false, next: null, total: sumsObject(total(usage)) },
        }
      }),
      {
        detail: adminOperation({
          operationId: 'adminListUsage',
          summary: 'List what was used, the most expensive first',
          description:
            'From the hourly sums, which stay when requests are removed. Models that nobody serves are one, `(other)`; of requests that no account was asked for the account is empty.',
          parameters: [
            {
              name: 'by',
              in: 'query',
              description: 'What to add up by.',
              schema: { type: 'string', enum: [...USAGE_BY], default: 'key' },
            },
            {
              name: 'days',
              in: 'query',
              description: 'The last so many times 24 hours.',
              schema: { type: 'integer', minimum: 1, maximum: MOST_DAYS, default: USUAL_DAYS },
            },
          ],
          answers: {
            200: answers('What was used.', UsageList),
            400: failure('A parameter is wrong.', 'invalid_value', '"days" is from 1 to 400.'),
          },
        }),
      },
    )
}

const OWN_KEYS: ReadonlySet<string> = new Set(['env', 'playground'])

/** @throws ApiError that names the parameter at fault */
function wanted(params: URLSearchParams) {
  for (const name of params.keys())
    if (name !== 'by' && name !== 'days')
      throw new ApiError('invalid_value', `There is no parameter "${name.slice(0, 100)}".`, {
        param: name.slice(0, 100),
      })
  const by = USAGE_BY.find((one) => one === (params.get('by') ?? 'key'))
  if (!by)
    throw new ApiError('invalid_value', `"by" is one of ${USAGE_BY.join(', ')}.`, { param: 'by' })
  const text = params.get('days') ?? String(USUAL_DAYS)
  const days = Number(text)
  if (!/^\d{1,3}$/.test(text) || days < 1 || days > MOST_DAYS)
    throw new ApiError('invalid_value', `"days" is a whole number from 1 to ${MOST_DAYS}.`, {
      param: 'days',
    })
  return { by, days }
}
