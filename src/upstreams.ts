import { newId } from './crypto'
import type { StoredFile } from './media/files'
import { createFetchGuard } from './net/fetch-guard'
import { createHttp } from './net/http'
import type { Platform } from './platform'
import type { Kind } from './pool/account'
import type { Settings } from './store/settings'
import { createDemo } from './upstream/demo/demo'
import { inWords } from './upstream/demo/in-words'
import { createCaller } from './upstream/openai/call'
import { createFileUpload, openAiFields, xaiFields } from './upstream/openai/files'
import { createOpenAi } from './upstream/openai/openai'
import { withOwnStops } from './upstream/own-stops'
import { withPromptedFormat } from './upstream/prompted-format'
import { withPromptedTools } from './upstream/prompted-tools'
import type { Upstream } from './upstream/upstream'
import { createWeb } from './upstream/web/web'
import { type FileSource, withFiles } from './upstream/with-files'
import { createXai } from './upstream/xai/xai'

export type Upstreams = Readonly<Record<Kind, Upstream>>

/** What every kind of account can be asked through. */
export function createUpstreams(
  { config, fetch, connect, resolve, reachable, now, tokenizer }: Platform,
  settings: () => Settings,
  files: FileSource<StoredFile>,
): Upstreams {
  const http = createHttp(fetch)
  const call = createCaller({ http, now })
  const web = withOwnStops(
    withPromptedFormat(
      withPromptedTools(
        createWeb({
          http,
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
  )
  const own = { files, settings, now }
  return {
    xai: withFiles(createXai({ http, now }), { ...own, upload: createFileUpload(call, xaiFields) }),
    openai: withFiles(createOpenAi({ http, now }), {
      ...own,
      upload: createFileUpload(call, openAiFields),
      showsPictures: ({ ask, account }) => ask.dialect === 'responses' && account.api !== 'chat',
    }),
    web: withFiles(web, own),
    demo: withPromptedTools(inWords(createDemo({ tokenizer })), {
      newId,
      isOn: () => settings().tools_in_prompt_demo,
    }),
  }
}
