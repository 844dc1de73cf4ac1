import { Elysia } from 'elysia'
import Type, { type Static } from 'typebox'
import { ApiError } from '../../errors'
import { answers, failure } from '../../http/operation'
import { ACCOUNT_STATES, TIER_FILTERS } from '../../store/account-filter'
import { ACCOUNT_KINDS } from '../../store/schema'
import { jsonAnswer } from '../answers'
import { BatchObject, batchObject } from '../batches/batch-object'
import { BATCH_KINDS } from '../batches/kinds'
import { readJson } from '../form'
import { adminOperation } from '../operation'
import type { Operator } from '../operator'
import type { AdminParts } from '../parts'
import { type AccountActions, MOST_IDS } from './actions'
import { BulkObject, ReportObject, reportObject } from './answer-objects'
import { EXPORT_FORMATS } from './exporting'
import { ImportBody, importParameters, readImport } from './import-request'

const only = { additionalProperties: false } as const

const selection = {
  ids: Type.Optional(
    Type.Array(Type.String({ maxLength: 100 }), { minItems: 1, maxItems: MOST_IDS }),
  ),
  filter: Type.Optional(
    Type.Object(
      {
        kind: Type.Optional(Type.Enum([...ACCOUNT_KINDS])),
        tier: Type.Optional(Type.Enum([...TIER_FILTERS])),
        state: Type.Optional(Type.Enum([...ACCOUNT_STATES])),
        tag: Type.Optional(Type.String({ maxLength: 64 })),
        text: Type.Optional(Type.String({ maxLength: 200, description: 'Words to search for.' })),
      },
      { ...only, description: 'All that fit; `{}` for every account.' },
    ),
  ),
}

const Bulk = Type.Object(
  {
    ...selection,
    dry_run: Type.Optional(Type.Boolean({ default: false, description: 'Only count.' })),
  },
  { ...only, examples: [{ filter: { kind: 'web', tag: 'spare' }, dry_run: true }] },
)

const NewBatch = Type.Object(
  { kind: Type.Enum([...BATCH_KINDS]), ...selection },
  { ...only, examples: [{ kind: 'test', filter: {} }] },
)

const Export = Type.Object(
  {
    ...selection,
    format: Type.Optional(Type.Enum([...EXPORT_FORMATS], { default: 'json' })),
    with_secrets: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'In a form that can be imported. Needs a session and `password`.',
      }),
    ),
    password: Type.Optional(Type.String({ maxLength: 200, description: "The operator's." })),
  },
  { ...only, examples: [{ filter: { state: 'expired' }, format: 'csv' }] },
)

const BULK_BYTES = 4 * 1024 * 1024

const tags = ['Admin: accounts']
const wrong = failure(
  'A field is not right: `param` names it.',
  'invalid_value',
  'Say which accounts: either "ids" or "filter".',
)

const FILE = {
  description: 'The file, as its `format` says.',
  content: {
    'application/json': { schema: Type.Object({ accounts: Type.Array(Type.Unknown()) }) },
    'text/csv': { schema: Type.String() },
    'text/plain': { schema: Type.String() },
  },
}

interface BulkWork {
  readonly summary: string
  readonly work: (
    actions: AccountActions,
    operator: Operator,
    ids: readonly string[],
  ) => Promise<number>
}

/** What is done to many accounts at once. */
const VERBS = {
  enable: {
    summary: 'Switch accounts on',
    work: ({ setEnabled }, operator, ids) => setEnabled(operator, ids, true),
  },
  disable: {
    summary: 'Switch accounts off: their turns in progress go on',
    work: ({ setEnabled }, operator, ids) => setEnabled(operator, ids, false),
  },
  clear: {
    summary: 'Forget what is held against accounts',
    work: ({ clear }, operator, ids) => clear(operator, ids),
  },
  delete: {
    summary: 'Remove accounts and their secrets',
    work: ({ remove }, operator, ids) => remove(operator, ids),
  },
} as const satisfies Record<string, BulkWork>

type Verb = keyof typeof VERBS

/** `/admin/api/accounts/…`: what is done to many accounts. */
export function accountsBulkApi(parts: AdminParts, actions: AccountActions) {
  const { handlers, logIns } = parts

  /** @throws ApiError unless it is said which */
  function selected({ ids, filter }: Static<typeof Bulk>) {
    if ((ids === undefined) === (filter === undefined))
      throw new ApiError('invalid_value', 'Say which accounts: either "ids" or "filter".', {
        param: 'ids',
      })
    return { ids, filter }
  }

  const idsOf = async (body: Static<typeof Bulk>): Promise<readonly string[]> =>
    (await actions.pick(selected(body))).map((account) => account.id)

  const bulk = (verb: Verb) =>
    handlers.api(async (operator, request) => {
      const body = await readJson(request, Bulk, BULK_BYTES)
      const ids = await idsOf(body)
      const dryRun = body.dry_run ?? false
      const accounts = dryRun ? ids.length : await VERBS[verb].work(actions, operator, ids)
      return { object: 'account.bulk', accounts, dry_run: dryRun }
    })

  const describedBulk = (verb: Verb) =>
    adminOperation({
      operationId: `${verb}Accounts`,
      summary: VERBS[verb].summary,
      description: 'With `dry_run` it says how many there are, and changes nothing.',
      body: Bulk,
      answers: { 200: answers('To how many it was done.', BulkObject), 400: wrong },
    })

  /** Secrets leave by the hand of the operator only, who is asked for the password once more. */
  async function refuseStranger(
    operator: Operator,
    request: Request,
    password = '',
  ): Promise<void> {
    if (operator.by !== 'session')
      throw new ApiError(
        'access_denied',
        'Secrets are given to who is logged in only, not for an admin token.',
      )
    if (await logIns.check(request, password, operator)) return
    throw new ApiError('wrong_password', "That is not the operator's password.", {
      param: 'password',
    })
  }

  return new Elysia({ prefix: '/admin/api/accounts', detail: { tags } })
    .post(
      '/import',
      handlers.api(async (operator, request) => {
        const { text, wishes } = await readImport(request)
        return reportObject(await actions.import(operator, text, wishes))
      }),
      {
        parse: 'none',
        detail: adminOperation({
          operationId: 'importAccounts',
          summary: 'Take in many accounts',
          description:
            'As JSON with `text`, or the file itself as the body, of any other type, with the other fields in the address. Up to 32 MB. What is there already stays as it is.',
          parameters: importParameters,
          body: ImportBody,
          file: Type.String({ description: 'The file.' }),
          answers: { 200: answers('What became of it.', ReportObject), 400: wrong },
        }),
      },
    )
    .post(
      '/export',
      handlers.api(async (operator, request) => {
        const body = await readJson(request, Export, BULK_BYTES)
        const withSecrets = body.with_secrets ?? false
        const wanted = body.ids || body.filter ? selected(body) : {}
        if (withSecrets) await refuseStranger(operator, request, body.password)
        return actions.export(operator, wanted, body.format ?? 'json', withSecrets)
      }),
      {
        parse: 'none',
        detail: adminOperation({
          operationId: 'exportAccounts',
          summary: 'Have accounts as a file',
          description:
            'A list for spreadsheets. With secrets only for who is logged in and types the password again; the audit log tells of it.',
          body: Export,
          answers: {
            200: FILE,
            400: wrong,
          },
        }),
      },
    )
    .post(
      '/batches',
      handlers.api(async (operator, request) => {
        const body = await readJson(request, NewBatch, BULK_BYTES)
        const batch = await actions.begin(operator, body.kind, await idsOf(body))
        return jsonAnswer(batchObject(batch), 202)
      }),
      {
        parse: 'none',
        detail: adminOperation({
          operationId: 'beginBatch',
          summary: 'Have many accounts tested, or asked for models and quotas',
          description: 'How far it is is told by `/admin/api/batches/{id}`.',
          body: NewBatch,
          answers: { 202: answers('The batch.', BatchObject), 400: wrong },
        }),
      },
    )
    .post('/enable', bulk('enable'), { parse: 'none', detail: describedBulk('enable') })
    .post('/disable', bulk('disable'), { parse: 'none', detail: describedBulk('disable') })
    .post('/clear', bulk('clear'), { parse: 'none', detail: describedBulk('clear') })
    .post('/delete', bulk('delete'), { parse: 'none', detail: describedBulk('delete') })
}
