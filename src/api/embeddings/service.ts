import type { WorkEvent, Works } from '../../dispatch/work'
import { ApiError, unable } from '../../errors'
import type { Admission } from '../../http/admission'
import type { Body } from '../../http/body'
import type { KeyCaller } from '../../http/key-handlers'
import { answerResponse } from '../../http/served'
import type { Settings } from '../../store/settings'
import { type Embeddings, readVector, writeVector } from '../../turn/embedding'
import type { Usage } from '../../turn/usage'
import type { Upstream, WorkCall } from '../../upstream/upstream'
import type { EmbeddingsRequest } from './schema'

interface EmbeddingsParts {
  readonly works: Works
  readonly admission: Admission
  readonly settings: () => Settings
}

/** The vectors have come: the only event but the last, which says what they took. */
type EmbedEvent = (WorkEvent & { readonly type: 'vectors'; readonly vectors: Vectors }) | UsageEvent

interface UsageEvent extends WorkEvent {
  readonly type: 'usage'
  readonly usage: Usage
}

type Vectors = Embeddings['vectors']

/** The endpoint, as the ledger names it. */
const ENDPOINT = 'embeddings'

const MOST_INPUTS = 2048

/** `POST /v1/embeddings` behind its route. */
export function createEmbeddings({ works, admission, settings }: EmbeddingsParts) {
  return {
    async create(
      { text, value, release }: Body<EmbeddingsRequest>,
      { key, requestId, signal }: KeyCaller,
    ): Promise<Response> {
      try {
        refuseUnclear(value)
        const { model } = value
        const facts = { requestId, endpoint: ENDPOINT, model, stream: false }
        const ticket = await admission.enter(key, { ...facts, text, maxOutput: 0 })
        const { by, events } = await works.run<EmbedEvent>({
          ...facts,
          key,
          signal,
          settings: settings(),
          onEnd: ticket.settle,
          can: ({ embed }) => embed !== undefined,
          lacking: `No account here makes vectors: those that have '${model.slice(0, 200)}' have nothing of the kind. Accounts of OpenAI-compatible servers and of xAI do.`,
          begin: (upstream, call) => begin(upstream, call, withoutNulls(value)),
        })
        let vectors: Vectors = []
        let tokens = 0
        for await (const event of events)
          if (event.type === 'vectors') vectors = event.vectors
          else tokens = event.usage.input
        const write = value.encoding_format === 'base64' ? asBase64 : asNumbers
        const list = {
          object: 'list',
          data: vectors.map((vector, index) => ({
            object: 'embedding',
            index,
            embedding: write(vector),
          })),
          model,
          usage: { prompt_tokens: tokens, total_tokens: tokens },
        }
        return answerResponse({ form: 'json', body: JSON.stringify(list) }, by)
      } finally {
        release()
      }
    },
  }
}

export type EmbeddingsApi = ReturnType<typeof createEmbeddings>

async function* begin(
  upstream: Upstream,
  call: WorkCall,
  request: Readonly<Record<string, unknown>>,
): AsyncGenerator<EmbedEvent> {
  if (!upstream.embed) throw unable('This upstream makes no vectors.', 'model')
  const { vectors, usage } = await upstream.embed({ ...call, request })
  yield { type: 'vectors', vectors }
  yield { type: 'usage', usage }
}

const asBase64 = (vector: Vectors[number]): string =>
  typeof vector === 'string' ? vector : writeVector(vector)

const asNumbers = (vector: Vectors[number]): readonly number[] =>
  typeof vector === 'string' ? (readVector(vector) ?? []) : vector

/** Servers that imitate OpenAI often refuse null where OpenAI takes it for "not given". */
const withoutNulls = (request: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(request).filter(([, value]) => value !== null))

/** What the schema allows and nobody can make anything of. */
function refuseUnclear({ input }: EmbeddingsRequest): void {
  if (input.length === 0) throw refusal('input', 'must not be empty.')
  if (typeof input === 'string') return
  if (input.length > MOST_INPUTS) throw refusal('input', `may have ${MOST_INPUTS} entries at most.`)
  const empty = input.findIndex((one) => typeof one !== 'number' && one.length === 0)
  if (empty >= 0) throw refusal(`input.${empty}`, 'must not be empty.')
}

const refusal = (param: string, why: string): ApiError =>
  new ApiError('invalid_value', `'${param}' ${why}`, { param })
