import Type, { type Static } from 'typebox'
import type { Vault } from '../../crypto'
import type { AccountFinding } from '../../operator/account-finding'
import { FINDING_CODES } from '../../operator/account-finding'
import type { ImportReport } from '../../operator/account-import'
import { PASTED_FORMS } from '../../operator/pasted'
import type { StoredAccount } from '../../store/accounts'
import { ACCOUNT_KINDS, TIERS } from '../../store/schema'
import { described } from './described'

const orNull = (schema: Parameters<typeof Type.Union>[0][number], description?: string) =>
  Type.Union([schema, Type.Null()], description ? { description } : {})

/** An account as the JSON API shows it: nothing in it is a secret. */
export const AccountObject = Type.Object({
  id: Type.String(),
  object: Type.Literal('account'),
  kind: Type.Enum([...ACCOUNT_KINDS]),
  name: Type.String(),
  base_url: Type.String(),
  secret: Type.String({ description: 'The last four signs.' }),
  enabled: Type.Boolean(),
  weight: Type.Integer(),
  max_in_flight: orNull(Type.Integer()),
  requests_per_minute: orNull(Type.Integer()),
  models: orNull(Type.Array(Type.String())),
  api: orNull(Type.String()),
  proxy: orNull(Type.String(), 'HOST:PORT.'),
  tier: orNull(Type.Enum([...TIERS])),
  tags: orNull(Type.Array(Type.String())),
  note: orNull(Type.String()),
  headers: Type.Record(Type.String(), Type.String(), {
    description: 'Names, and how their values end.',
  }),
  cookies: Type.Record(Type.String(), Type.String()),
  revision: Type.Integer({ description: 'To be sent with a change.' }),
  created_at: Type.Integer(),
})

/** An account as it is stored, for the JSON API. */
export async function accountObject(account: StoredAccount, vault: Vault) {
  const { id, kind, version: revision, createdAt } = account
  return {
    ...{ id, object: 'account' as const, kind },
    ...(await described(account, vault)),
    ...{ revision, created_at: Math.floor(createdAt.getTime() / 1000) },
  }
}

/** What a test has found, for the JSON API. */
export const FindingObject = Type.Object({
  object: Type.Literal('account.finding'),
  ok: Type.Boolean(),
  code: Type.Enum([...FINDING_CODES], { description: 'Stable: decide by this.' }),
  reason: Type.String({ description: 'What was found, in words.' }),
  hint: Type.String({ description: 'What to do next; empty where there is nothing to do.' }),
  proxy: orNull(Type.String(), 'HOST:PORT of the proxy that it was asked through.'),
  models: orNull(Type.Integer(), 'How many models it lists.'),
  tier: orNull(Type.Enum([...TIERS])),
})

export const findingObject = (finding: AccountFinding): Static<typeof FindingObject> => ({
  object: 'account.finding',
  ok: finding.ok,
  code: finding.code,
  reason: finding.reason,
  hint: finding.hint,
  proxy: finding.proxy ?? null,
  models: finding.models ?? null,
  tier: finding.tier ?? null,
})

/** An account that was added, with what its test has found. */
export const AddedObject = Type.Object({
  ...AccountObject.properties,
  taken_for: orNull(Type.Enum([...PASTED_FORMS]), 'What the text was taken for.'),
  left_out: Type.Array(Type.String(), {
    description: 'Names of cookies and headers that could not be taken over.',
  }),
  finding: FindingObject,
})

/** What became of an import, for the JSON API. */
export const ReportObject = Type.Object({
  object: Type.Literal('account.import'),
  dry_run: Type.Boolean(),
  added: Type.Integer(),
  known: Type.Integer({ description: 'There already, and left as they are.' }),
  twice: Type.Integer({ description: 'Given a second time.' }),
  unusable: Type.Integer({ description: 'What could not be read.' }),
  problems: Type.Array(Type.Object({ line: Type.String(), reason: Type.String() }), {
    description: 'The first thousand.',
  }),
  ids: Type.Array(Type.String(), { description: 'Of those that were added.' }),
})

export const reportObject = (report: ImportReport): Static<typeof ReportObject> => ({
  object: 'account.import',
  dry_run: report.isDryRun,
  added: report.added,
  known: report.known,
  twice: report.twice,
  unusable: report.unusable,
  problems: [...report.problems],
  ids: [...report.ids],
})

/** To how many accounts something was done. */
export const BulkObject = Type.Object({
  object: Type.Literal('account.bulk'),
  accounts: Type.Integer({ description: 'To how many it was done.' }),
  dry_run: Type.Boolean(),
})
