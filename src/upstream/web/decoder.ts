import { UpstreamFault } from '../../errors'
import { isObject, isText } from '../../json-value'
import { inBandFault } from './faults'
import type { WebWork } from './models'
import type { MediaEvent, WebEvent } from './voice'

export interface WebTerms {
  readonly filteredTags: readonly string[]
  readonly dialect: 'chat' | 'responses'
  readonly assetUrl: (path: string) => string
  readonly newId: () => string
  readonly work: WebWork
}

/** Stand-in. */
export function createWebDecoder(terms: WebTerms) {
  let rest = ''
  let whole = false
  const line = (json: string): WebEvent[] => {
    const value = JSON.parse(json)
    if (isObject(value.error)) throw inBandFault(value.error)
    const response = value.result?.response
    if (!isObject(response)) return []
    if (response.error) throw inBandFault(response.error)
    if (isText(response.token) && response.isThinking === false)
      return [{ type: 'text', choice: 0, text: response.token }]
    const made = response.modelResponse
    if (!isObject(made)) return []
    whole = true
    const urls = Array.isArray(made.generatedImageUrls) ? made.generatedImageUrls : []
    return [
      ...urls.map(
        (url): MediaEvent => ({
          type: 'media',
          sort: 'image',
          url: terms.assetUrl(String(url)),
          title: 'Picture',
          id: terms.newId(),
        }),
      ),
      { type: 'finish', choice: 0, reason: 'stop' },
    ]
  }
  return {
    push(text: string): readonly WebEvent[] {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      return lines.filter(Boolean).flatMap(line)
    },
    isWhole: () => whole,
    end(): readonly WebEvent[] {
      const events = rest ? line(rest) : []
      if (!whole) throw new UpstreamFault('broken', 'grok.com broke off.')
      return events
    },
  }
}
