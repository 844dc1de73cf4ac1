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
/** Accounts have no sums of their own but those of each hour: a month of thousands is long. */
const USUAL_DAYS = { key: 30, model: 30, account: 1 } as const
const USUAL_LIMIT = 1_000
const MOST_LIMIT = 20_000
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
        const { by, days, limit } = wanted(new URL(request.url).searchParams)
        const to = Math.floor(now() / HOUR_MS) + 1
        const usage = await stores.usage(by, to - days * HOURS, to)
        const shown = usage.slice(0, limit)
        const nameOf = await namesOf(
          by,
          shown.map(({ name }) => name),
        )
        return {
          ...{ object: 'list', by, days },
          data: shown.map(({ name, ...sums }) => ({
            ...{ id: name, name: nameOf(name) ?? null },
            ...sumsObject(sums),
          })),
          ...{ has_more: usage.length > limit, next: null, total: sumsObject(total(usage)) },
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
              description: 'The last so many times 24 hours: 30 unless told, and 1 by account.',
              schema: { type: 'integer', minimum: 1, maximum: MOST_DAYS },
            },
            {
              name: 'limit',
              in: 'query',
              description: 'How many to list; `total` is of all.',
              schema: { type: 'integer', minimum: 1, maximum: MOST_LIMIT, default: USUAL_LIMIT },
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

const PARAMETERS: ReadonlySet<string> = new Set(['by', 'days', 'limit'])
const OWN_KEYS: ReadonlySet<string> = new Set(['env', 'playground'])

/** @throws ApiError that names the parameter at fault */
function wanted(params: URLSearchParams) {
  for (const name of params.keys())
    if (!PARAMETERS.has(name))
      throw new ApiError('invalid_value', `There is no parameter "${name.slice(0, 100)}".`, {
        param: name.slice(0, 100),
      })
  const by = USAGE_BY.find((one) => one === (params.get('by') ?? 'key'))
  if (!by)
    throw new ApiError('invalid_value', `"by" is one of ${USAGE_BY.join(', ')}.`, { param: 'by' })
  return {
    by,
    days: numberOf(params, 'days', { usual: USUAL_DAYS[by], most: MOST_DAYS }),
    limit: numberOf(params, 'limit', { usual: USUAL_LIMIT, most: MOST_LIMIT }),
  }
}

/** @throws ApiError that names the parameter */
function numberOf(
  params: URLSearchParams,
  name: string,
  { usual, most }: { readonly usual: number; readonly most: number },
): number {
  const text = params.get(name) ?? String(usual)
  const value = Number(text)
  if (/^\d{1,5}$/.test(text) && value >= 1 && value <= most) return value
  throw new ApiError('invalid_value', `"${name}" is a whole number from 1 to ${most}.`, {
    param: name,
  })
}
