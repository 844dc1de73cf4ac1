import type { Route } from '../../store/aliases'
import { ROUTE_REFUSALS } from '../../store/aliases'
import { HIGHEST_PRICE, type Price } from '../../store/prices'
import type { View } from '../view'
import { HIGHEST_WEIGHT, LONGEST_MODEL, MOST_TARGETS } from './schema'
import { modelWords } from './words'

/** The texts of a form's fields, and what is wrong with them by their names. */
export interface FormState {
  readonly values: Readonly<Record<string, string>>
  readonly problems: Readonly<Record<string, string>>
}

/** An alias as a form shows it. */
export const aliasValues = (name: string, { mode, targets, also }: Route) => ({
  name,
  mode,
  targets: targets
    .map(({ model, weight = 1 }) => (mode === 'split' ? `${model}=${weight}` : model))
    .join('\n'),
  ...Object.fromEntries((also ?? []).map((refusal) => [refusal, 'true'])),
})

/** What a form wants an alias to mean, or what is wrong with its fields. */
export function readAliasForm(language: View['language'], values: FormState['values']) {
  const say = modelWords[language]
  const problems: Record<string, string> = {}
  const name = values.name ?? ''
  if (!isName(name)) problems.name = say.problemName
  const mode = values.mode === 'split' ? 'split' : 'order'
  const lines = (values.targets ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
  const targets = lines.map((line) => (mode === 'split' ? weighted(line) : { model: line }))
  const wrong = targets.findIndex((target) => target === undefined || !isName(target.model))
  if (wrong >= 0)
    problems.targets = mode === 'split' ? say.problemWeight(lines[wrong] ?? '') : say.problemName
  if (lines.length > MOST_TARGETS) problems.targets = say.problemMany(MOST_TARGETS)
  const also = ROUTE_REFUSALS.filter((refusal) => values[refusal] !== undefined)
  const route: Route = { mode, targets: targets.filter((target) => target !== undefined), also }
  return { name, route, problems }
}

const isName = (text: string): boolean =>
  text.length > 0 && text.length <= LONGEST_MODEL && text.trim() === text

/** A model may have `=` in its name: the weight stands after the last. */
function weighted(line: string): { readonly model: string; readonly weight: number } | undefined {
  const [, model = '', weight = '1'] = line.match(/^(.+)=([^=]*)$/) ?? [line, line]
  const share = Number(weight)
  if (!/^\d+$/.test(weight.trim()) || share < 1 || share > HIGHEST_WEIGHT) return undefined
  return { model: model.trim(), weight: share }
}

const AMOUNTS = [
  ['input', 'input'],
  ['cached', 'cached'],
  ['output', 'output'],
  ['long_input', 'longInput'],
  ['long_cached', 'longCached'],
  ['long_output', 'longOutput'],
] as const

/** A price as a form shows it. */
export function priceValues(price: Price): Readonly<Record<string, string>> {
  const text = (value: number | null) => (value === null ? '' : String(value))
  return {
    model: price.model,
    long_from: text(price.longFrom),
    ...Object.fromEntries(AMOUNTS.map(([name, field]) => [name, text(price[field])])),
  }
}

/** What a form wants a model to cost, or what is wrong with its fields. */
export function readPriceForm(language: View['language'], values: FormState['values']) {
  const say = modelWords[language]
  const problems: Record<string, string> = {}
  const model = values.model ?? ''
  if (!isName(model)) problems.model = say.problemName
  const amount = (name: string): number | null => {
    const text = (values[name] ?? '').trim()
    if (text === '') return null
    const value = /^\d{1,9}(?:\.\d{1,10})?$/.test(text) ? Number(text) : Number.NaN
    if (!(value <= HIGHEST_PRICE)) problems[name] = say.problemPrice(HIGHEST_PRICE)
    return value
  }
  const amounts = Object.fromEntries(
    AMOUNTS.map(([name, field]) => [field, amount(name)]),
  ) as Record<(typeof AMOUNTS)[number][1], number | null>
  for (const name of ['input', 'output'] as const)
    if (amounts[name] === null) problems[name] = say.problemPrice(HIGHEST_PRICE)
  const from = (values.long_from ?? '').trim()
  if (from !== '' && !/^[1-9]\d{0,8}$/.test(from)) problems.long_from = say.problemTokens
  const hasLong = [amounts.longInput, amounts.longCached, amounts.longOutput].some(
    (one) => one !== null,
  )
  if (from === '' && hasLong) problems.long_from = say.problemLong
  const longFrom = from === '' ? null : Number(from)
  const price: Price = {
    model,
    ...amounts,
    input: amounts.input ?? 0,
    output: amounts.output ?? 0,
    longFrom,
  }
  return { price, problems }
}
