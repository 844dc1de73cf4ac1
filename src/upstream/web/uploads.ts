import { UpstreamFault } from '../../errors'
import { isText } from '../../json-value'
import { asFault } from '../../net/http'
import { inParallel } from '../../parallel'
import type { Settings } from '../../store/settings'
import { CHALLENGE } from '../fault'
import { linkedAbort } from '../linked-abort'
import type { Attachment } from './attachments'
import { MODERATED, TOO_LARGE } from './faults'
import { remember } from './remember'
import { readAnswer, type Session } from './session'

interface UploadParts {
  readonly settings: () => Settings
  readonly now: () => number
}

/** A file that an account has at grok.com. */
export interface Uploaded {
  readonly id: string
  /** Its path on the asset host. */
  readonly uri: string
}

interface Kept extends Uploaded {
  readonly at: number
}

const PATH = '/rest/app-chat/upload-file'

/** How many uploads are remembered, and for how long: grok.com may clear them away. */
const MOST_KEPT = 2_000
const KEPT_MS = 60 * 60_000

/** Beyond this grok.com's edge was seen to refuse what it takes otherwise. */
const LARGE = 2 * 1024 * 1024

/** Brings files to grok.com, each once for each account while it is remembered. */
export function createUploads({ settings, now }: UploadParts) {
  const kept = new Map<string, Kept>()
  const nameOf = ({ account }: Session, { hash }: Attachment) => `${account.id} ${hash}`

  function recall(name: string): Kept | undefined {
    const found = kept.get(name)
    if (!found) return
    kept.delete(name)
    if (now() - found.at > KEPT_MS) return
    kept.set(name, found)
    return found
  }

  async function upload(session: Session, file: Attachment): Promise<Kept> {
    const body = JSON.stringify({
      fileName: file.name,
      fileMimeType: file.mime,
      content: file.bytes.toBase64(),
    })
    // The first generation of the web app says that its JSON is text.
    const manner = settings().web_request === 'g1' ? PLAIN : undefined
    const response = await session.post(PATH, body, manner).catch((cause) => {
      throw explain(cause, file)
    })
    const { fileMetadataId, fileId, fileUri } = await readAnswer(response, session.signal)
    const id = fileMetadataId ?? fileId
    if (!isText(id))
      throw new UpstreamFault('malformed', 'grok.com did not say what it calls the file.')
    return { id, uri: isText(fileUri) ? fileUri : '', at: now() }
  }

  async function bring(
    session: Session,
    files: readonly Attachment[],
  ): Promise<readonly Uploaded[]> {
    const brought = new Map<string, Uploaded>()
    const missing = new Map<string, Attachment>()
    for (const file of files) {
      const name = nameOf(session, file)
      const found = recall(name)
      if (found) brought.set(name, found)
      else missing.set(name, file)
    }
    const abort = linkedAbort(session.signal)
    const work = async ([name, file]: [string, Attachment]) => {
      try {
        const uploaded = await upload(session, file)
        remember(kept, name, uploaded, MOST_KEPT)
        brought.set(name, uploaded)
      } catch (cause) {
        abort.abort()
        throw cause
      }
    }
    await inParallel(missing, settings().uploads_at_once, work, abort.signal)
    if (session.signal.aborted) throw asFault(session.signal.reason, session.signal)
    return files.flatMap((file) => brought.get(nameOf(session, file)) ?? [])
  }

  return {
    /**
     * Ask something about files, which are brought there first. Where grok.com does not have any more
     * what was brought there before, they are brought once more.
     *
     * @throws UpstreamFault when one cannot be brought there, or the question is refused
     */
    async use<T>(
      session: Session,
      files: readonly Attachment[],
      ask: (uploaded: readonly Uploaded[]) => Promise<T>,
    ): Promise<T> {
      if (files.length === 0) return await ask([])
      const isRemembered = files.some((file) => recall(nameOf(session, file)) !== undefined)
      try {
        return await ask(await bring(session, files))
      } catch (cause) {
        if (!isAboutFiles(cause)) throw cause
        for (const file of files) kept.delete(nameOf(session, file))
        if (!isRemembered) throw cause
        // It refused what was there before: that may be all that was wrong.
        return await ask(await bring(session, files))
      }
    },
  }
}

/** Whether a refusal may mean that a file is not there any more. */
function isAboutFiles(cause: unknown): boolean {
  const { status, code } = cause instanceof UpstreamFault ? cause.details : {}
  return status === 404 || (status === 400 && code !== MODERATED && code !== TOO_LARGE)
}

/**
 * Where a file is on the asset host.
 *
 * @throws UpstreamFault when grok.com did not say
 */
export function placeOf({ uri }: Uploaded): string {
  if (uri !== '') return uri
  throw new UpstreamFault('malformed', 'grok.com did not say where the file is.')
}

export type Uploads = ReturnType<typeof createUploads>

const PLAIN = { contentType: 'text/plain;charset=UTF-8' }

/** Say which part of the request it is about. */
function explain(cause: unknown, { bytes, param }: Attachment): unknown {
  if (!(cause instanceof UpstreamFault)) return cause
  const { kind, details, message } = cause
  if (details.code === TOO_LARGE)
    return new UpstreamFault(kind, `'${param}' is too large for grok.com.`, {
      ...details,
      code: 'file_too_large',
      param,
    })
  if (details.code === CHALLENGE && bytes.length > LARGE)
    return new UpstreamFault(kind, `${message} Or a file is too large for it.`, details)
  return cause
}
