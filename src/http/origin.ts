import { contextOf } from './context'

interface OriginParts {
  /** The setting `base_url`; empty where the operator left it open. */
  readonly baseUrl: () => string
  /** Whether a connection comes from a proxy before us, whose word about its own client is believed. */
  readonly isTrusted: (address: string) => boolean
}

/**
 * Where addresses of ours begin, for whoever sent a request: the operator's word, else what a trusted
 * proxy says it was asked as, else what the request itself was sent to. Never ends with a slash.
 */
export const createOrigin =
  ({ baseUrl, isTrusted }: OriginParts) =>
  (request: Request): string => {
    const fixed = baseUrl().replace(/\/+$/, '')
    if (fixed) return fixed
    const { original = request, listener } = contextOf(request) ?? {}
    const { protocol, host } = new URL(original.url)
    const peer = listener?.requestIP(original)?.address
    if (peer === undefined || !isTrusted(peer)) return `${protocol}//${host}`
    const { headers } = original
    const saidHost = first(headers.get('x-forwarded-host'))
    const saidProtocol = first(headers.get('x-forwarded-proto'))?.toLowerCase()
    const isProtocol = saidProtocol === 'https' || saidProtocol === 'http'
    return `${isProtocol ? `${saidProtocol}:` : protocol}//${saidHost && HOST.test(saidHost) ? saidHost : host}`
  }

export type OriginOf = ReturnType<typeof createOrigin>

/** Of several proxies in a row the first one spoke with the client. */
const first = (header: string | null): string | undefined => header?.split(',')[0]?.trim()

const HOST = /^(?:\[[\da-f:.]+\]|[\w.-]+)(?::\d+)?$/i
