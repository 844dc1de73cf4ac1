import type { Http } from '../../net/http'
import type { ChatRequest } from '../../turn/chat/schema'
import { createCaller } from '../openai/call'
import { createOpenAi } from '../openai/openai'
import type { Changes } from '../openai/request'
import type { Upstream } from '../upstream'
import { createXaiFilms } from './films'
import { createXaiPictures } from './images'
import { mendForXai, runsAtXai } from './responses'

interface XaiParts {
  readonly http: Http
  readonly now: () => number
}

/** xAI's own API: OpenAI's dialect, but for some fields. */
export const createXai = (parts: XaiParts): Upstream => ({
  ...createOpenAi({
    ...parts,
    quirks: { chat, mendResponses: mendForXai, runs: runsAtXai, functionsOnly: true },
  }),
  pictures: createXaiPictures(createCaller(parts)),
  films: createXaiFilms(parts),
})

/** What xAI does not take on chat completions (its OpenAPI document: "not supported"). */
const UNSUPPORTED = ['logit_bias', 'prompt_cache_retention']

function chat(value: ChatRequest): Changes {
  const changes: Changes = {}
  for (const key of UNSUPPORTED) if (key in value) changes[key] = undefined
  // xAI takes a list only.
  if (typeof value.stop === 'string') changes.stop = JSON.stringify([value.stop])
  // xAI's chat knows no developers.
  if (value.messages.some(({ role }) => role === 'developer'))
    changes.messages = JSON.stringify(
      value.messages.map((message) =>
        message.role === 'developer' ? { ...message, role: 'system' } : message,
      ),
    )
  return changes
}
