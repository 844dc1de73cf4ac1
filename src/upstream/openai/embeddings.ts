import { UpstreamFault } from '../../errors'
import { isObject, isText, type Json } from '../../json-value'
import { type Embeddings, isVectorText } from '../../turn/embedding'
import { estimatedUsage, readAnyUsage, type Usage } from '../../turn/usage'
import type { EmbedCall, Upstream } from '../upstream'
import { type Caller, readAnswer } from './call'

type Vector = Embeddings['vectors'][number]

/** Vectors of any server that speaks OpenAI's dialect. */
export const createEmbedding =
  (call: Caller): NonNullable<Upstream['embed']> =>
  async ({ account, model, request, abort }: EmbedCall) => {
    const accept = 'application/json'
    const response = await call({
      ...{ account, path: '/embeddings', method: 'POST', accept, type: accept, abort },
      body: JSON.stringify({ ...request, model }),
    })
    const answer = await readAnswer(response, abort)
    const { input } = request
    return { vectors: readVectors(answer, countOf(input)), usage: readUsage(answer, input) }
  }

/** How many vectors an `input` asks for: a list of numbers is one text, in tokens. */
const countOf = (input: unknown): number =>
  Array.isArray(input) && typeof input[0] !== 'number' ? input.length : 1

/** @throws UpstreamFault when they are not one for each text */
function readVectors({ data }: Json, count: number): readonly Vector[] {
  const entries: readonly unknown[] = Array.isArray(data) ? data : []
  const places: (Vector | undefined)[] = Array.from({ length: count })
  entries.forEach((entry, at) => {
    if (!isObject(entry)) return
    const { index = at, embedding } = entry
    if (isPlace(index, count) && isVector(embedding)) places[index] = embedding
  })
  const vectors = places.filter((vector) => vector !== undefined)
  if (entries.length !== count || vectors.length !== count)
    throw new UpstreamFault('malformed', 'The upstream answered without a vector for each text.')
  return vectors
}

const isPlace = (index: unknown, count: number): index is number =>
  Number.isInteger(index) && Number(index) >= 0 && Number(index) < count

function isVector(value: unknown): value is Vector {
  if (isText(value)) return isVectorText(value)
  return Array.isArray(value) && value.length > 0 && value.every(Number.isFinite)
}

function readUsage({ usage }: Json, input: unknown): Usage {
  const found = isObject(usage) ? readAnyUsage(usage) : undefined
  return found ?? estimatedUsage(JSON.stringify(input).length, 0)
}
