import { newId } from './crypto'
import type { MediaCache } from './media/cache'
import type { StoredFile } from './media/files'
import type { ReadOwn } from './media/own-address'
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
import { type FileSource, type FilesTerms, withFiles } from './upstream/with-files'
import { createXai } from './upstream/xai/xai'

export type Upstreams = Readonly<Record<Kind, Upstream>>

interface Kept {
  readonly cache: Pick<MediaCache, 'show'>
  readonly readOwn: ReadOwn
  /** Left out where no turn is asked for. */
  readonly files?: FileSource<StoredFile>
}

/** What every kind of account can be asked through. */
export function createUpstreams(
  { config, fetch, connect, resolve, reachable, now, tokenizer }: Platform,
  settings: () => Settings,
  { cache, readOwn, files }: Kept,
): Upstreams {
  const http = createHttp(fetch)
  const call = createCaller({ http, now })
  const filed = (upstream: Upstream, terms: FilesTerms = {}) =>
    files ? withFiles(upstream, { ...terms, files, settings, now }) : upstream
  const web = withOwnStops(
    withPromptedFormat(
      withPromptedTools(
        createWeb({
          http,
          show: cache.show,
          readOwn,
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
  return {
    xai: filed(createXai({ http, now }), {
      upload: createFileUpload(call, xaiFields),
      readOwn,
    }),
    openai: filed(createOpenAi({ http, now }), {
      upload: createFileUpload(call, openAiFields),
      showsPictures: ({ ask, account }) => ask.dialect === 'responses' && account.api !== 'chat',
      readOwn,
    }),
    web: filed(web),
    demo: withPromptedTools(inWords(createDemo({ tokenizer })), {
      newId,
      isOn: () => settings().tools_in_prompt_demo,
    }),
  }
}
