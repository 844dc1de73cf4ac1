import type { Accounts } from './accounts'
import type { Asset, Library } from './library'
import type { Call, Records } from './records'

interface Parts {
  readonly accounts: Accounts
  readonly library: Library
  readonly records: Records
}

/** The first byte and the one after the last that a `Range` asks for; null when there are none. */
function readRange(line: string, size: number): readonly [from: number, to: number] | null {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(line.trim()) ?? []
  if (first === '' && last === '') return [0, size]
  if (first === '') return last === '0' ? null : [Math.max(0, size - Number(last)), size]
  const from = Number(first)
  const to = last === '' ? size : Math.min(Number(last) + 1, size)
  return from < to ? [from, to] : null
}

const PART = 16_384

/** The stand-in for `https://assets.grok.com` and the public picture hosts. */
export function createAssetHost({ accounts, library, records }: Parts) {
  /** Bytes one part after the other, or cut off. */
  function slowly(call: Call, asset: Asset, bytes: Uint8Array<ArrayBuffer>): ReadableStream {
    records.hold(call)
    const end = Math.min(bytes.length, asset.breaksAfter ?? bytes.length)
    let at = 0
    const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
      if (at > 0) await Bun.sleep(asset.gapMs)
      if (at < end) {
        call.firstByteAt ??= Date.now()
        controller.enqueue(bytes.subarray(at, Math.min(at + PART, end)))
        at += PART
        return
      }
      if (asset.breaksAfter === undefined) {
        records.end(call)
        return controller.close()
      }
      // Let what was written leave first.
      await Bun.sleep(20)
      records.end(call)
      controller.error()
    }
    return new ReadableStream({ pull, cancel: () => records.leave(call) }, { highWaterMark: 0 })
  }

  function serve(call: Call, asset: Asset): Response {
    const { bytes, etag, type, status, gapMs, breaksAfter } = asset
    if (status !== undefined) return new Response('The fake refuses.', { status })
    const headers = new Headers({
      ...{ 'content-type': type, etag, 'accept-ranges': 'bytes' },
      'cache-control': 'private, max-age=3600',
    })
    const known = call.headers.get('if-none-match')?.split(/\s*,\s*/) ?? []
    if (known.some((tag) => tag === '*' || tag.replace(/^W\//, '') === etag))
      return new Response(null, { status: 304, headers })
    const asked = call.headers.get('range')
    const condition = call.headers.get('if-range')
    const range = asked !== null && (condition === null || condition === etag) ? asked : undefined
    const part = range === undefined ? ([0, bytes.length] as const) : readRange(range, bytes.length)
    if (!part) {
      headers.set('content-range', `bytes */${bytes.length}`)
      return new Response(null, { status: 416, headers })
    }
    const [from, to] = part
    if (range !== undefined) headers.set('content-range', `bytes ${from}-${to - 1}/${bytes.length}`)
    headers.set('content-length', String(to - from))
    const found = { status: range === undefined ? 200 : 206, headers }
    if (call.method === 'HEAD') return new Response(null, found)
    const content = bytes.subarray(from, to)
    if (gapMs === 0 && breaksAfter === undefined) return new Response(content, found)
    return new Response(slowly(call, asset, content), found)
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

  return (request: Request): Response => {
    const call = records.open(request, 'asset')
    const asset = library.at(decodeURIComponent(call.path.slice(1)))
    const known = call.method === 'GET' || call.method === 'HEAD'
    const response = known
      ? (refusal(call) ?? (asset ? serve(call, asset) : new Response('Not Found', { status: 404 })))
      : new Response('Method Not Allowed', { status: 405 })
    call.status = response.status
    records.answered(call)
    return response
  }
}
