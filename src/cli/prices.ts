import { listedPrice } from '../ledger/price'
import type { Price } from '../store/prices'
import { type Command, parse, table, UsageError, type Values, wholeNumber } from './command'
import type { State } from './state'
import { withState } from './with-state'

const usage =
  'prices [list] | set MODEL --input N --output N [--cached N] [--long-from TOKENS --long-input N --long-cached N --long-output N] | remove MODEL'

const OPTIONS = {
  input: { type: 'string' },
  cached: { type: 'string' },
  output: { type: 'string' },
  'long-from': { type: 'string' },
  'long-input': { type: 'string' },
  'long-cached': { type: 'string' },
  'long-output': { type: 'string' },
} as const

/** `groxy prices` */
export const pricesCommand: Command = {
  usage,
  help: `Prices are US dollars for a million tokens. A turn costs what its upstream says it cost; else what
a price set here says; else what the upstream's model list says. Removing a price brings the list's back.

  --input N          tokens of the prompt
  --cached N         those of them that the upstream had cached (default: as --input)
  --output N         tokens of the answer, reasoning included
  --long-from TOKENS prompts of so many tokens cost, as a whole, what follows
  --long-input N, --long-cached N, --long-output N (default: as above)

Example: groxy prices set grok-4.3 --input 1.25 --cached 0.2 --output 2.5`,
  run(args) {
    const { values, words } = parse(args, OPTIONS, usage)
    const [action = 'list', model] = words
    if (action === 'set' && model) {
      const price = readPrice(model, values)
      return withState(async ({ stores }) => {
        await stores.prices.set(price)
        console.info(`"${model}" costs ${price.input} in and ${price.output} out.`)
        return 0
      })
    }
    if (action === 'remove' && model)
      return withState(async ({ stores }) => {
        const removed = await stores.prices.remove(model)
        console.info(removed ? `Removed the price of "${model}".` : `"${model}" has no price here.`)
        return removed ? 0 : 1
      })
    if (action === 'list') return withState(showAll)
    throw new UsageError('prices: say what to do.', `Usage: groxy ${usage}`)
  },
}

function readPrice(model: string, values: Values): Price {
  const longFrom = wholeNumber('long-from', values['long-from']) ?? null
  const long = {
    longInput: amount('long-input', values),
    longCached: amount('long-cached', values),
    longOutput: amount('long-output', values),
  }
  if (longFrom === null && Object.values(long).some((value) => value !== null))
    throw new UsageError(
      'Prices of long prompts need --long-from.',
      'Say from how many prompt tokens on they hold, such as --long-from 200000.',
    )
  const [input, output] = [amount('input', values), amount('output', values)]
  if (input === null || output === null)
    throw new UsageError('A price has an --input and an --output.', `Usage: groxy ${usage}`)
  return { model, input, output, cached: amount('cached', values), longFrom, ...long }
}

function amount(name: string, values: Values): number | null {
  const value = values[name]
  if (value === undefined) return null
  const number = Number(value)
  if (value === '' || !(number >= 0) || !Number.isFinite(number))
    throw new UsageError(
      `--${name} must be an amount of US dollars for a million tokens.`,
      `Got "${value}".`,
    )
  return number
}

async function showAll({ stores }: State): Promise<number> {
  const own = await stores.prices.all()
  const lists = await stores.modelLists.since(0)
  const rows = new Map<string, readonly string[]>()
  for (const { models } of lists)
    for (const model of models) {
      const price = listedPrice(model)
      if (price) rows.set(model.id, rowOf(price, 'upstream'))
    }
  for (const [model, price] of own) rows.set(model, rowOf(price, 'set here'))
  const sorted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
  const head = [
    'MODEL',
    'INPUT',
    'CACHED',
    'OUTPUT',
    'LONG FROM',
    'INPUT',
    'CACHED',
    'OUTPUT',
    'BY',
  ]
  console.info(
    sorted.length > 0
      ? table(head, sorted)
      : 'No prices yet: no upstream lists any. Set one with: groxy prices set MODEL …',
  )
  return 0
}

const rowOf = (price: Price, by: string): readonly string[] => [
  price.model,
  ...[
    price.input,
    price.cached,
    price.output,
    price.longFrom,
    price.longInput,
    price.longCached,
    price.longOutput,
  ].map((value) => (value === null ? '-' : String(value))),
  by,
]
