import { Elysia } from 'elysia'
import Type from 'typebox'
import { ApiError } from '../../errors'
import { answers, failure, pathParameter } from '../../http/operation'
import { adminOperation } from '../operation'
import type { AdminParts } from '../parts'
import { curlOf } from './curl'
import { exported, FORMATS } from './export'
import { FILTERS, readGiven, readWanted, refuseProblems } from './query'
import { Cleared, RequestDetail, RequestList, RequestObject } from './schema'
import type { Requests } from './service'
import { requestObject } from './shown'

const MOST = 200
const USUAL = 50

/** `/admin/api/requests`: what was asked, and what became of it. */
export function requestsApi({ handlers, settings, now, viewOf }: AdminParts, requests: Requests) {
  const wantedOf = (params: URLSearchParams) => {
    const when = { now: now(), zoneMinutes: settings().time_zone_minutes }
    const { wanted, problems } = readWanted(readGiven(params), when)
    refuseProblems(problems)
    return wanted
  }

  return new Elysia({ prefix: '/admin/api/requests', tags: ['Admin: requests'] })
    .get(
      '',
      handlers.api(async (_, request) => {
        const params = paramsOf(request, [...FILTERS, 'limit', 'after'])
        const before = wholeOf(params, 'after', Number.MAX_SAFE_INTEGER)
        const limit = wholeOf(params, 'limit', MOST) ?? USUAL
        const page = await requests.page(wantedOf(params), limit, before)
        return {
          object: 'list',
          data: page.rows.map((row) => requestObject(row, page.names)),
          has_more: page.next !== undefined,
          next: page.next === undefined ? null : String(page.next),
          looked_until: page.lookedUntil === undefined ? null : Math.floor(page.lookedUntil / 1000),
        }
      }),
      {
        detail: adminOperation({
          operationId: 'adminListRequests',
          summary: 'List requests, the newest first',
          parameters: [...FILTER_PARAMETERS, ...LIST_PARAMETERS],
          answers: { 200: answers('Some of them.', RequestList), 400: WRONG },
        }),
      },
    )
    .get(
      '/export',
      handlers.api((_, request) => {
        const params = paramsOf(request, [...FILTERS, 'format'])
        const given = params.get('format') ?? 'csv'
        const format = FORMATS.find((one) => one === given)
        if (!format)
          throw new ApiError('invalid_value', `"format" is one of ${FORMATS.join(' and ')}.`, {
            param: 'format',
          })
        const day = new Date(now()).toISOString().slice(0, 10)
        return exported(requests.all(wantedOf(params)), format, `groxy-requests-${day}`)
      }),
      {
        detail: adminOperation({
          operationId: 'adminExportRequests',
          summary: 'Export requests as a file',
          description:
            'All that fit, the newest first, as a table (`csv`) or as one JSON object a line (`jsonl`).',
          parameters: [...FILTER_PARAMETERS, FORMAT_PARAMETER],
          answers: { 200: FILE, 400: WRONG },
        }),
      },
    )
    .get(
      '/:id',
      handlers.api(async (_, request, { id }: { id: string }) => {
        const { rows, names, content } = await requests.find(id)
        const [first] = rows
        return {
          id,
          object: 'request.detail',
          data: rows.map((row) => requestObject(row, names)),
          content: content ?? null,
          curl: first ? curlOf(first, viewOf(request).origin, content?.request) : '',
        }
      }),
      {
        detail: adminOperation({
          operationId: 'adminRetrieveRequest',
          summary: 'Look at one request in full',
          parameters: [pathParameter('id', 'req_0199…')],
          answers: {
            200: answers('The request.', RequestDetail),
            404: failure(
              'No such request.',
              'not_found',
              'There is no request req_x in the ledger.',
            ),
          },
        }),
      },
    )
    .delete(
      '',
      handlers.api(async (operator, request) => {
        const params = paramsOf(request, ['before'])
        const given = params.get('before')
        if (given === null)
          throw new ApiError(
            'invalid_value',
            '"before" is missing: Unix seconds, a span such as 7d, or "all".',
            { param: 'before' },
          )
        const before = given === 'all' ? undefined : beforeOf(given)
        return { object: 'request.cleared', removed: await requests.clear(operator, before) }
      }),
      {
        detail: adminOperation({
          operationId: 'adminClearRequests',
          summary: 'Remove requests from the ledger',
          description: 'With what was kept of what they said. Their sums stay.',
          parameters: [
            {
              name: 'before',
              in: 'query',
              required: true,
              description: 'Those that began before: Unix seconds, a span such as `7d`, or `all`.',
              schema: { type: 'string' },
            },
          ],
          answers: { 200: answers('How many.', Cleared), 400: WRONG },
        }),
      },
    )

  function beforeOf(given: string): number | undefined {
    const when = { now: now(), zoneMinutes: settings().time_zone_minutes }
    const { wanted, problems } = readWanted({ until: given }, when)
    if (problems.until)
      throw new ApiError(
        'invalid_value',
        '"before" is Unix seconds, a span such as 7d, or "all".',
        {
          param: 'before',
        },
      )
    return wanted.until
  }
}

/** @throws ApiError that names a parameter that is none */
function paramsOf(request: Request, known: readonly string[]): URLSearchParams {
  const { searchParams } = new URL(request.url)
  for (const name of searchParams.keys())
    if (!known.includes(name))
      throw new ApiError('invalid_value', `There is no parameter "${name.slice(0, 100)}".`, {
        param: name.slice(0, 100),
      })
  return searchParams
}

/** @throws ApiError */
function wholeOf(params: URLSearchParams, name: string, most: number): number | undefined {
  const text = params.get(name)
  if (text === null) return
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 1 && value <= most) return value
  throw new ApiError('invalid_value', `"${name}" is a whole number from 1 to ${most}.`, {
    param: name,
  })
}

const FILE = {
  description: 'The file.',
  content: {
    'text/csv': { schema: Type.String() },
    'application/jsonl': { schema: RequestObject },
  },
}

const WRONG = failure('A parameter is wrong.', 'invalid_value', '"status" is a status such as 429.')

const DESCRIPTIONS: Readonly<Record<(typeof FILTERS)[number], string>> = {
  outcome:
    '`done`, `failed`, `broken` (off within the answer), `gone` (the client left), or `problem` for the second and third.',
  status: 'What clients were told: `429`, or a class such as `5xx`.',
  endpoint: '`chat.completions`, `responses`, `images.generations`, …',
  model: 'As it was asked for, or as the upstream was asked.',
  key: 'By its id or name.',
  account: 'By its id, its name, or `KIND/NAME`; also where it only tried.',
  kind: '`xai`, `openai`, `web` or `demo`.',
  code: 'An error code, of the request or of an attempt.',
  request_id: 'As in the header `x-request-id`.',
  since:
    'Unix seconds, a time as `2026-11-21T16:00` in the zone of `time_zone_minutes`, or a span such as `1h`.',
  until: 'As `since`.',
}

const FILTER_PARAMETERS = FILTERS.map((name) => ({
  name,
  in: 'query' as const,
  description: DESCRIPTIONS[name],
  schema: { type: 'string' as const },
}))

const LIST_PARAMETERS = [
  {
    name: 'limit',
    in: 'query' as const,
    description: 'How many at most.',
    schema: { type: 'integer' as const, minimum: 1, maximum: MOST, default: USUAL },
  },
  {
    name: 'after',
    in: 'query' as const,
    description: 'The `next` of the part before this one.',
    schema: { type: 'string' as const },
  },
]

const FORMAT_PARAMETER = {
  name: 'format',
  in: 'query' as const,
  description: 'What the file is to be.',
  schema: { type: 'string' as const, enum: [...FORMATS], default: 'csv' },
}
