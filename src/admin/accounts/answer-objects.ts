import Type, { type Static } from 'typebox'
import { type AccountFinding, FINDING_CODES } from '../../operator/account-finding'
import type { ImportReport } from '../../operator/account-import'
import { PASTED_FORMS } from '../../operator/pasted'
import { TIERS } from '../../store/schema'
import { AccountObject } from './schema'

const orNull = (schema: Parameters<typeof Type.Union>[0][number], description?: string) =>
  Type.Union([schema, Type.Null()], description ? { description } : {})

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
