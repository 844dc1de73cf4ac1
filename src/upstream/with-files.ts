import { ApiError, UpstreamFault, unable } from '../errors'
import type { ReadOwn } from '../media/own-address'
import type { FileCopy } from '../store/files'
import type { Settings } from '../store/settings'
import { sniff } from '../stream/sniff'
import { type FileRef, findFileRefs, type Replacement, replaceFiles } from './file-refs'
import type { FileUpload } from './openai/files'
import { paramOf } from './param'
import type { Ask, Upstream, UpstreamCall } from './upstream'

/** A file of a key. */
interface OwnFile {
  readonly id: string
  readonly filename: string
  readonly mime: string
  readonly bytes: number
  /** In milliseconds since 1970. */
  readonly expiresAt: number | null
}

/** The files of keys, and what accounts call those that were passed on. */
export interface FileSource<F extends OwnFile = OwnFile> {
  findAll(keyId: string, ids: readonly string[]): Promise<ReadonlyMap<string, F>>
  open(file: F): Promise<ReadableStream<Uint8Array>>
  readAll(file: F, most: number): Promise<Uint8Array>
  readonly copies: {
    find(fileId: string, accountId: string): Promise<string | undefined>
    keep(copy: Omit<FileCopy, 'createdAt'>): Promise<void>
    forget(fileId: string, accountId: string): Promise<void>
  }
}

/** What an upstream makes of files. */
export interface FilesTerms {
  /** Present for upstreams that may have files of their own. */
  readonly upload?: FileUpload
  /** Whether pictures can be named by the ids of such files in the dialect that a call is made in. */
  readonly showsPictures?: (call: UpstreamCall) => boolean
  /** Present for upstreams that would fetch pictures by their addresses: those here may be out of reach. */
  readonly readOwn?: ReadOwn
}

interface FilesParts<F extends OwnFile> extends FilesTerms {
  readonly files: FileSource<F>
  readonly settings: () => Settings
  readonly now: () => number
}

/** What stands for a file, and whether it is an id that was remembered. */
interface Placed {
  readonly replacement: Replacement
  readonly isRemembered?: boolean
}

const PICTURES: ReadonlySet<string> = new Set([
  'image/png',
  'image/jpeg',
  'image/webp',
  'image/gif',
])

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/**
 * Gives a key's files to an upstream that a request names by their ids: where it has files of its own each
 * is uploaded once an account, and its id there is sent; otherwise, its content. So is that of a picture
 * that a request shows by its address here. A request with neither passes as it is.
 */
export function withFiles<F extends OwnFile>(upstream: Upstream, parts: FilesParts<F>): Upstream {
  const { files, upload, showsPictures, readOwn, settings, now } = parts
  /** Servers that have no files, and until when they are believed to have none. */
  const without = new Map<string, number>()
  /** By the request, which is the same over all attempts. */
  const inlined = new WeakMap<object, Ask>()

  async function uploaded(
    send: FileUpload,
    file: F,
    { account, abort, step = idle }: UpstreamCall,
  ): Promise<string> {
    const left = (file.expiresAt ?? Number.POSITIVE_INFINITY) - now()
    const lifetimeMs = Math.min(DAY_MS, Math.max(left, 2 * HOUR_MS))
    const sent = {
      name: file.filename,
      mime: file.mime,
      bytes: file.bytes,
      open: () => files.open(file),
      purpose: PICTURES.has(file.mime) ? 'vision' : 'user_data',
      lifetime: Math.floor(lifetimeMs / 1000),
    }
    step()
    const id = await send(sent, { account, abort, step })
    const copy = { fileId: file.id, accountId: account.id, upstreamId: id }
    // One that is not remembered is uploaded again, no more.
    await files.copies.keep({ ...copy, expiresAt: now() + lifetimeMs - HOUR_MS }).catch(idle)
    return id
  }

  /** How a file comes to be at an account's upstream; undefined where it has to go along. */
  function wayTo(call: UpstreamCall, ref: FileRef, file: F): FileUpload | undefined {
    if ((without.get(call.account.baseUrl) ?? 0) > now()) return
    return isPicture(ref, file) && !showsPictures?.(call) ? undefined : upload
  }

  /** The id of a file at an account's upstream; undefined where it turns out to take none. */
  async function passedOn(
    send: FileUpload,
    file: F,
    call: UpstreamCall,
  ): Promise<Placed | undefined> {
    const { account } = call
    const known = await files.copies.find(file.id, account.id)
    if (known) return { replacement: { as: 'id', id: known }, isRemembered: true }
    try {
      return { replacement: { as: 'id', id: await uploaded(send, file, call) } }
    } catch (cause) {
      const status = cause instanceof UpstreamFault ? cause.details.status : undefined
      if (status === undefined || !TAKES_NONE.has(status)) throw cause
      if (HAS_NONE.has(status)) without.set(account.baseUrl, now() + DAY_MS)
      return
    }
  }

  async function contentOf(ref: FileRef, file: F, ask: Ask): Promise<Placed> {
    if (ref.isPicture && !PICTURES.has(file.mime)) throw noPicture(ref, ask)
    const most = settings().fetch_max_bytes
    if (file.bytes > most) throw tooLarge(`has ${file.bytes} bytes`, most, paramOf(ref.id, ask))
    const base64 = (await files.readAll(file, most)).toBase64()
    const url = `data:${file.mime};base64,${base64}`
    return isPicture(ref, file)
      ? { replacement: { as: 'picture', url } }
      : { replacement: { as: 'data', url, filename: file.filename } }
  }

  async function pictureAt(ref: FileRef, { ask, origin, abort }: UpstreamCall): Promise<Placed> {
    const param = paramOf(ref.id, ask)
    const { fetch_max_bytes: maxBytes, fetch_timeout_ms: timeoutMs } = settings()
    const limits = { maxBytes, timeoutMs, signal: abort.signal, param }
    const bytes = await readOwn?.(ref.id, { ...limits, origin: origin() })
    if (!bytes) throw closed(param)
    const mime = sniff(bytes)?.mime ?? ''
    if (!PICTURES.has(mime)) throw noPicture(ref, ask)
    return { replacement: { as: 'picture', url: `data:${mime};base64,${bytes.toBase64()}` } }
  }

  async function placeOne(
    call: UpstreamCall,
    ref: FileRef,
    found: ReadonlyMap<string, F>,
  ): Promise<Placed> {
    if (ref.isAddress) return pictureAt(ref, call)
    const file = found.get(ref.id)
    if (!file) throw unknown(ref, call.ask)
    const send = wayTo(call, ref, file)
    const known = send && (await passedOn(send, file, call))
    return known ?? contentOf(ref, file, call.ask)
  }

  async function place(call: UpstreamCall, refs: readonly FileRef[]): Promise<Prepared> {
    const { ask, keyId } = call
    const ids = new Set(refs.flatMap(({ id, isAddress }) => (isAddress ? [] : id)))
    const found = ids.size > 0 ? await files.findAll(keyId, [...ids]) : new Map<string, F>()
    const placed = new Map<string, Placed>()
    const remembered: string[] = []
    const most = settings().max_body_bytes
    let written = 0
    for (const ref of refs) {
      const known = placed.get(nameOf(ref)) ?? (await placeOne(call, ref, found))
      const { replacement, isRemembered } = known
      placed.set(nameOf(ref), { replacement })
      if (isRemembered) remembered.push(ref.id)
      // The same file may be named any number of times.
      written += replacement.as === 'id' ? 0 : replacement.url.length
      if (written > most) throw tooLarge('is too much with all others', most, paramOf(ref.id, ask))
    }
    const replacementOf = (ref: FileRef): Replacement =>
      placed.get(nameOf(ref))?.replacement ?? { as: 'id', id: ref.id }
    const prepared = replaceFiles(ask, originOf(call), replacementOf)
    const isWhole = [...placed.values()].every(({ replacement }) => replacement.as !== 'id')
    if (isWhole && (!upload || ids.size === 0)) inlined.set(ask.request, prepared)
    return { call: { ...call, ask: prepared }, remembered }
  }

  const originOf = ({ origin }: UpstreamCall) => (readOwn ? origin : undefined)

  async function askWith(call: UpstreamCall, refs: readonly FileRef[]) {
    const whole = inlined.get(call.ask.request)
    if (whole) return upstream.ask({ ...call, ask: whole })
    const prepared = await place(call, refs)
    call.step?.()
    try {
      return await upstream.ask(prepared.call)
    } catch (cause) {
      if (prepared.remembered.length === 0 || !isLost(cause)) throw cause
      for (const id of prepared.remembered) await files.copies.forget(id, call.account.id)
      const again = await place(call, refs)
      call.step?.()
      return upstream.ask(again.call)
    }
  }

  return {
    ...upstream,
    ask(call) {
      const refs = findFileRefs(call.ask, originOf(call))
      return refs ? askWith(call, refs) : upstream.ask(call)
    },
  }
}

interface Prepared {
  readonly call: UpstreamCall
  /** Files of which an id was sent that was given to an earlier turn. */
  readonly remembered: readonly string[]
}

const idle = () => {}

/** One file may be wanted as a picture and as a file. */
const nameOf = ({ id, isPicture }: FileRef): string => `${isPicture} ${id}`

const isPicture = (ref: FileRef, file: OwnFile): boolean => ref.isPicture || PICTURES.has(file.mime)

/** There is nothing of the kind. */
const HAS_NONE: ReadonlySet<number> = new Set([404, 405, 501])
/** The same, or not such a file, or not in such words. */
const TAKES_NONE: ReadonlySet<number> = new Set([...HAS_NONE, 400, 415, 422])

const LOST_STATUS: ReadonlySet<number> = new Set([400, 404, 422])

/** Whether an upstream refused a request since it does not know a file any more. */
const isLost = (cause: unknown): boolean =>
  cause instanceof UpstreamFault &&
  cause.kind === 'refused' &&
  LOST_STATUS.has(cause.details.status ?? 0) &&
  /\bfiles?\b|file_id/i.test(`${cause.message} ${cause.details.code ?? ''}`)

const unknown = ({ id }: FileRef, ask: Ask): ApiError =>
  new ApiError('file_not_found', `There is no file '${id.slice(0, 100)}' of this API key.`, {
    param: paramOf(id, ask),
  })

const noPicture = ({ id }: FileRef, ask: Ask): ApiError =>
  new ApiError('invalid_value', `'${id}' is no picture: use png, jpeg, webp or gif.`, {
    param: paramOf(id, ask),
    upstreamCode: 'invalid_image_format',
  })

const closed = (param: string): ApiError =>
  new ApiError('invalid_value', `The address in '${param}' has no good signature, or has ended.`, {
    param,
    upstreamCode: 'url_not_reachable',
  })

/** Another upstream may have files of its own. */
const tooLarge = (what: string, most: number, param: string): UpstreamFault =>
  unable(
    `'${param}' names a file that ${what}: it would have to be sent within the request, which may have ${most}.`,
    param,
    'file_too_large',
  )
