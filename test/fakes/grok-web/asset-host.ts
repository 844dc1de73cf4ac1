import type { Incoming, Reply } from '../media/server'
import { serve } from '../media/serving'
import type { Accounts } from './accounts'
import type { Asset, Library } from './library'
import type { Call, Records } from './records'

interface Parts {
  readonly accounts: Accounts
  readonly library: Library
  readonly records: Records
}

/** How a file is served, by all that says so. */
function mannerOf({ manner, gapMs, status, breaksAfter }: Asset) {
  return {
    ...(gapMs > 0 && { gapMs }),
    ...(status !== undefined && { status }),
    ...(breaksAfter !== undefined && { breaksAfter }),
    ...manner,
  }
}

/** The stand-in for `https://assets.grok.com` and the public picture hosts. */
export function createAssetHost({ accounts, library, records }: Parts) {
  function served(call: Call, incoming: Incoming, asset: Asset): Reply {
    records.hold(call)
    return (out) =>
      serve(out, incoming, {
        ...{ source: asset.source, type: asset.type, etag: asset.etag, counts: asset },
        manner: mannerOf(asset),
        headers: { 'cache-control': 'private, max-age=3600' },
        onHead: (status) => {
          call.status = status
        },
        onBytes: () => {
          call.firstByteAt ??= Date.now()
        },
        onEnd: () => records.end(call),
      })
  }

  /** Whether the file may be seen; else why not. */
  function refusal(call: Call): Response | undefined {
    const [first, owner] = call.path.slice(1).split('/')
    if (first !== 'users') return undefined
    const account = accounts.withSso(call.cookies.sso ?? '')
    if (!account || account.userId !== owner || account.state === 'expired')
      return new Response('Forbidden', { status: 403 })
    call.account = account.name
    return undefined
  }

  function answer(call: Call, incoming: Incoming): Reply {
    if (call.method !== 'GET' && call.method !== 'HEAD')
      return new Response('Method Not Allowed', { status: 405 })
    const asset = library.at(decodeURIComponent(call.path.slice(1)))
    const refused = refusal(call)
    if (refused) return refused
    return asset ? served(call, incoming, asset) : new Response('Not Found', { status: 404 })
  }

  return async (incoming: Incoming): Promise<Reply> => {
    const { url, method, headers, gone } = incoming
    const left = new AbortController()
    void gone.then(() => left.abort())
    const call = records.open(new Request(url, { method, headers, signal: left.signal }), 'asset')
    const reply = answer(call, incoming)
    if (reply instanceof Response) call.status = reply.status
    records.answered(call)
    return reply
  }
}
