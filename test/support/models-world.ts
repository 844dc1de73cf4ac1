import { fakeUpstream } from '../fakes/upstream'
import { adminWorld } from './admin'
import { type DATABASES, emptyDatabase } from './each-database'
import { openaiAt, xaiAt } from './gateway'

/** What an upstream says that lists prices as xAI does. */
const PRICED = {
  id: 'org/priced',
  context_length: 131_072,
  aliases: ['org/priced-latest'],
  prompt_text_token_price: 12_500,
  completion_text_token_price: 25_000,
}

/** A gateway with models of three kinds, and an operator who is logged in. */
export async function modelsWorld(kind: (typeof DATABASES)[number]) {
  const database = await emptyDatabase(kind)
  const xai = fakeUpstream()
  const other = fakeUpstream(({ path }) =>
    path === '/v1/models' ? Response.json({ data: [PRICED, { id: 'llama3' }] }) : undefined,
  )
  const it = await adminWorld({
    ...database.options,
    env: { ...xaiAt(xai.url), ...openaiAt(other.url) },
  })
  return {
    ...it,
    other,
    async [Symbol.asyncDispose]() {
      await it[Symbol.asyncDispose]()
      await xai[Symbol.asyncDispose]()
      await other[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}
