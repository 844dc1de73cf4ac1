import { UpstreamFault } from '../../errors'
import type { ReadOwn } from '../../media/own-address'
import type { Show } from '../../media/published'
import type { FetchGuard } from '../../net/fetch-guard'
import type { Http } from '../../net/http'
import type { Connect } from '../../net/line'
import type { Report } from '../../pool/quota'
import type { Tier } from '../../store/schema'
import type { Settings } from '../../store/settings'
import type { Tokenizer } from '../../turn/tokenizer'
import type { QuotaFinding, Upstream, UpstreamCall } from '../upstream'
import { type Attachment, createAttachments } from './attachments'
import { createWebDecoder } from './decoder'
import { createDownload } from './download'
import { createWebPictures } from './draw'
import { createWebFilms } from './films'
import { runsAtGrok } from './manner'
import { quotaName, webOffers } from './models'
import { readPicture } from './picture'
import { readQuota } from './quota'
import { readReply } from './reply'
import { createSessions, readAnswer, type Session } from './session'
import { showMedia } from './shown-media'
import { createSupplied } from './supplied'
import { readTask, type Task } from './task'
import { createUploads } from './uploads'
import { createWorks } from './works'

interface WebParts {
  readonly http: Http
  readonly connect: Connect
  readonly show: Show
  readonly readOwn: ReadOwn
  readonly fetchPublic: FetchGuard
  readonly tokenizer: () => Promise<Tokenizer>
  readonly settings: () => Settings
  readonly now: () => number
  readonly newId: () => string
  /** Where pictures, videos and files of grok.com are. */
  readonly assetsUrl: string
}

/** grok.com, asked with the sessions of its users. */
export function createWeb(parts: WebParts): Upstream {
  const { http, connect, show, fetchPublic, tokenizer, settings, now, newId } = parts
  const assetsUrl = parts.assetsUrl.replace(/\/+$/, '')
  const assetsOrigin = new URL(assetsUrl).origin
  const assetUrl = (path: string): string =>
    /^https?:\/\//i.test(path) ? path : `${assetsUrl}/${path.replace(/^\/+/, '')}`
  const supplied = createSupplied(settings)
  const open = createSessions({ http, connect, supplied, now, assetsUrl })
  const attachments = createAttachments({ fetchPublic, readOwn: parts.readOwn, settings })
  const download = createDownload({ fetchPublic, settings, assetsUrl })
  const uploads = createUploads({ settings, now })
  const begin = createWorks({ uploads, assetUrl })

  function reply(call: UpstreamCall, session: Session, task: Task, response: Response) {
    const { dialect } = call.ask
    const { id: accountId } = call.account
    const { image_format: imageFormat, video_format: videoFormat } = settings()
    const { filteredTags } = supplied()
    const { turn, work } = task
    return readReply({
      response,
      signal: session.signal,
      dialect,
      decoder: createWebDecoder({
        filteredTags,
        dialect,
        assetUrl,
        newId,
        work,
        hide: session.hide,
      }),
      turn,
      tokenizer,
      show: (event) =>
        showMedia(event, {
          dialect,
          imageFormat,
          videoFormat,
          publish: (sort, url) =>
            show({
              ...{ accountId, keyId: call.keyId, model: turn.model },
              ...{ url, sort, origin: call.origin() },
            }),
          read: (shown) => readPicture(shown, settings(), session.signal),
        }),
    })
  }

  /** Ask what is left of a quota, which costs nothing. */
  async function askQuota(session: Session, bucket: string) {
    const modelName = quotaName(bucket)
    const body = bucket.startsWith('units ') ? { requestKind: 'DEFAULT', modelName } : { modelName }
    const response = await session.post('/rest/rate-limits', JSON.stringify(body))
    return readQuota(await readAnswer(response, session.signal), bucket, now())
  }

  return {
    async ask(call) {
      const { account, ask, abort, step } = call
      const task = readTask(call, settings())
      const { attachables, dropped } = task
      const files =
        attachables.length > 0
          ? await attachments.load(attachables, ask, {
              origin: call.origin(),
              signal: abort.signal,
            })
          : NONE
      const session = await open(account, abort, step)
      const response = await begin(session, task, files)
      return { form: 'events', events: reply(call, session, task, response), dropped }
    },

    runs: runsAtGrok,

    pictures: createWebPictures({
      ...{ open, uploads, download, tokenizer, settings, now, assetUrl, newId },
    }),

    asset(account, url, call) {
      if (URL.parse(url)?.origin !== assetsOrigin) return
      return open(account, call.abort).then((session) => session.asset(url, call))
    },

    films: createWebFilms({ open, uploads, settings, assetUrl, newId }),

    async models({ tier }) {
      return webOffers(tier, settings().web_request).models
    },

    async check(account, abort) {
      const bucket = settings().web_request === 'g3' ? 'turns auto' : 'units grok-3'
      return await askQuota(await open(account, abort), bucket)
    },

    async quotas(account, buckets, abort): Promise<QuotaFinding> {
      const session = await open(account, abort)
      const reports: Report[] = []
      let tier: Tier | undefined
      for (const bucket of buckets) {
        const found = await askQuota(session, bucket).catch((cause) => {
          // What was heard before is as true as ever; the rest is asked for next time.
          if (reports.length === 0) unlessUnknown(cause)
        })
        if (!found) continue
        reports.push(found.report)
        tier ??= found.tier
      }
      return { reports, tier }
    },
  }
}

const NONE: readonly Attachment[] = []

/** A quota that this account's tier does not have is not there to be told of. */
function unlessUnknown(cause: unknown): undefined {
  const { status } = cause instanceof UpstreamFault ? cause.details : {}
  if (status !== 400 && status !== 404) throw cause
}
