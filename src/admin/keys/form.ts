import type { Key, KeyChanges, NewKey } from '../../store/keys'
import { LIMIT_NAMES, LONGEST_NAME, MOST_KEYS } from './schema'
import type { keyWords } from './words'

/** The texts of a form's fields. */
export type FormValues = Readonly<Record<string, string>>

/** What is wrong with fields, by their names: as the words of the page say it. */
export type Problems = Readonly<
  Record<string, Extract<keyof typeof keyWords.en, `problem${string}`>>
>

type LimitName = keyof typeof LIMIT_NAMES
export const LIMIT_FIELDS = Object.keys(LIMIT_NAMES) as readonly LimitName[]

const TICKS_PER_DOLLAR = 1e10
const MINUTE_MS = 60_000
const MOST_MODELS = 100
const LONGEST_MODEL = 200

export const isMoney = (name: string): boolean => name.startsWith('cost_')

/** An amount of a limit as its field holds it. */
export const fieldText = (name: string, amount: number): string =>
  String(isMoney(name) ? amount / TICKS_PER_DOLLAR : amount)

/** A key as a form shows it. */
export function valuesOf(key: Key, zoneMinutes: number): FormValues {
  const limits = LIMIT_FIELDS.map((name) => {
    const amount = key[LIMIT_NAMES[name]]
    return [name, amount === null ? '' : fieldText(name, amount)]
  })
  return {
    ...Object.fromEntries(limits),
    name: key.name,
    models: key.models?.join('\n') ?? '',
    rescue: key.rescue === 'buffer' ? 'buffer' : '',
    expires_at: key.expiresAt ? localTime(key.expiresAt.getTime(), zoneMinutes) : '',
  }
}

/** A point in time as a browser's field takes it. */
const localTime = (at: number, zoneMinutes: number): string =>
  new Date(at + zoneMinutes * MINUTE_MS).toISOString().slice(0, 16)

interface Terms {
  readonly now: number
  readonly zoneMinutes: number
  /** What the form had shown: what was not touched need not be right any more. */
  readonly shown?: FormValues
}

/** What a form wants of a key, or what is wrong with its fields. */
export function readKeyForm(values: FormValues, { now, zoneMinutes, shown }: Terms) {
  const problems: Record<string, Problems[string]> = {}
  const name = (values.name ?? '').trim()
  if (!name) problems.name = 'problemName'
  else if (name.length > LONGEST_NAME) problems.name = 'problemLong'
  const limits: Record<string, number | null> = {}
  for (const field of LIMIT_FIELDS) {
    const limit = readLimit(field, values[field] ?? '')
    if (limit === undefined) problems[field] = isMoney(field) ? 'problemMoney' : 'problemNumber'
    else limits[LIMIT_NAMES[field]] = limit
  }
  const models = modelsIn(values.models)
  if (models.length > MOST_MODELS || models.some(({ length }) => length > LONGEST_MODEL))
    problems.models = 'problemModels'
  const isTouched = !shown || values.expires_at !== shown.expires_at
  const expiresAt = readTime(values.expires_at ?? '', zoneMinutes)
  if (isTouched && expiresAt === undefined) problems.expires_at = 'problemDate'
  else if (isTouched && expiresAt && expiresAt.getTime() <= now) problems.expires_at = 'problemPast'
  const changes: KeyChanges & Pick<Key, 'name'> = {
    ...limits,
    name,
    models: models.length > 0 ? models : null,
    rescue: values.rescue === 'buffer' ? 'buffer' : 'off',
    ...(isTouched && { expiresAt: expiresAt ?? null }),
  }
  return { changes, problems: problems as Problems }
}

/** The same for keys that are made, and how many. */
export function readNewKeyForm(values: FormValues, terms: Terms) {
  const { changes, problems } = readKeyForm(values, terms)
  const { expiresAt, ...rest } = changes
  const wanted: NewKey = { ...rest, expiresAt: expiresAt ?? undefined }
  const count = Number(values.count || '1')
  const isCount = Number.isInteger(count) && count >= 1 && count <= MOST_KEYS
  return {
    wanted,
    count,
    problems: isCount ? problems : ({ ...problems, count: 'problemCount' } as Problems),
  }
}

/** Patterns, one a line or behind commas. */
export const modelsIn = (text = ''): readonly string[] => [
  ...new Set(
    text
      .split(/[\n,]/)
      .map((line) => line.trim())
      .filter(Boolean),
  ),
]

function readLimit(name: LimitName, given: string): number | null | undefined {
  const text = given.trim()
  if (text === '') return null
  if (!/^\d{1,15}(?:\.\d{1,10})?$/.test(text)) return undefined
  const limit = isMoney(name) ? Math.round(Number(text) * TICKS_PER_DOLLAR) : Number(text)
  return Number.isSafeInteger(limit) ? limit : undefined
}

function readTime(text: string, zoneMinutes: number): Date | null | undefined {
  if (!text) return null
  const at = Date.parse(`${text}Z`) - zoneMinutes * MINUTE_MS
  return Number.isFinite(at) ? new Date(at) : undefined
}
