import { newId } from './crypto'
import type { MediaCache } from './media/cache'
import { createFetchGuard } from './net/fetch-guard'
import { createHttp } from './net/http'
import type { Platform } from './platform'
import type { Kind } from './pool/account'
import type { Settings } from './store/settings'
import { createDemo } from './upstream/demo/demo'
import { inWords } from './upstream/demo/in-words'
import { createOpenAi } from './upstream/openai/openai'
import { withOwnStops } from './upstream/own-stops'
import { withPromptedFormat } from './upstream/prompted-format'
import { withPromptedTools } from './upstream/prompted-tools'
import type { Upstream } from './upstream/upstream'
import { createWeb } from './upstream/web/web'
import { createXai } from './upstream/xai/xai'

export type Upstreams = Readonly<Record<Kind, Upstream>>

/** What every kind of account can be asked through. */
export function createUpstreams(
  { config, fetch, connect, resolve, reachable, now, tokenizer }: Platform,
  settings: () => Settings,
  media: Pick<MediaCache, 'show'>,
): Upstreams {
  const http = createHttp(fetch)
  return {
    xai: createXai({ http, now }),
    openai: createOpenAi({ http, now }),
    web: withOwnStops(
      withPromptedFormat(
        withPromptedTools(
          createWeb({
            http,
            show: media.show,
            connect,
            fetchPublic: createFetchGuard({ fetch, resolve, isAllowed: reachable }),
            tokenizer,
            settings,
            now,
            newId,
            assetsUrl: config.WEB_ASSETS_URL,
          }),
          { newId, isOn: () => settings().tools_in_prompt_web },
        ),
      ),
    ),
    demo: withPromptedTools(inWords(createDemo({ tokenizer })), {
      newId,
      isOn: () => settings().tools_in_prompt_demo,
    }),
  }
}
