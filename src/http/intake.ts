import { ApiError } from '../errors'

export interface IntakeLimits {
  /** The largest body that is taken, in bytes. */
  readonly maxBytes: number
  /** What large bodies may weigh together, in bytes. */
  readonly budgetBytes: number
}

interface Share {
  readonly bytes: number
  readonly budget: number
}

interface Waiting extends Share {
  readonly admit: () => void
}

/** Bodies up to this size are not counted: thousands of them weigh little. */
const SMALL = 1024 * 1024

/**
 * Reads bodies with bounded memory: none beyond the limit, and large ones only while the budget for
 * all of them lasts; the others wait for their turn, in order.
 *
 * @param memory what they may weigh together at most, whatever the budget
 */
export function createIntake(memory = Number.POSITIVE_INFINITY) {
  let held = 0
  const queue: Waiting[] = []

  const fits = ({ bytes, budget }: Share) => held === 0 || held + bytes <= budget

  async function reserve(share: Share): Promise<() => void> {
    if (queue.length === 0 && fits(share)) held += share.bytes
    else await awake(new Promise<void>((admit) => queue.push({ ...share, admit })))
    let returned = false
    return () => {
      if (returned) return
      returned = true
      held -= share.bytes
      for (let next = queue[0]; next && fits(next); next = queue[0]) {
        queue.shift()
        held += next.bytes
        next.admit()
      }
    }
  }

  async function read<T>(
    request: Request,
    { maxBytes, budgetBytes }: IntakeLimits,
    form: BodyForm<T>,
  ): Promise<Held<T>> {
    const declared = Number(request.headers.get('content-length') ?? Number.NaN)
    if (declared > maxBytes) throw tooLarge(maxBytes)
    if (declared <= SMALL) return { body: await received(form.whole(request)), release: () => {} }
    const bytes = Number.isNaN(declared) ? maxBytes : declared
    const release = await reserve({ bytes, budget: Math.min(budgetBytes, memory) })
    try {
      if (request.signal.aborted)
        throw new ApiError('client_gone', 'The client left before its turn.')
      const body = Number.isNaN(declared) ? form.counted(request, maxBytes) : form.whole(request)
      return { body: await inTime(received(body)), release }
    } catch (cause) {
      release()
      throw cause
    }
  }

  return {
    /**
     * The body as text, and a function that gives its memory back, to be called when the turn no
     * longer holds it.
     *
     * @throws ApiError 413 before or while reading, 408 when a large body comes too slowly
     */
    read: (request: Request, limits: IntakeLimits): Promise<Held<string>> =>
      read(request, limits, TEXT),

    /** The same for a body that is no text. */
    readBytes: (request: Request, limits: IntakeLimits): Promise<Held<Uint8Array<ArrayBuffer>>> =>
      read(request, limits, BYTES),
  }
}

interface Held<T> {
  readonly body: T
  readonly release: () => void
}

interface BodyForm<T> {
  readonly whole: (request: Request) => Promise<T>
  /** For a body of unknown length, which is counted while it comes. */
  readonly counted: (request: Request, maxBytes: number) => Promise<T>
}

const TEXT: BodyForm<string> = {
  whole: (request) => request.text(),
  async counted(request, maxBytes) {
    const decoder = new TextDecoder()
    const parts: string[] = []
    await eachPiece(request, maxBytes, (piece) => parts.push(decoder.decode(piece, STREAM)))
    return parts.join('') + decoder.decode()
  },
}

const BYTES: BodyForm<Uint8Array<ArrayBuffer>> = {
  whole: async (request) => new Uint8Array(await request.arrayBuffer()),
  async counted(request, maxBytes) {
    const parts: Uint8Array<ArrayBuffer>[] = []
    await eachPiece(request, maxBytes, (piece) => parts.push(piece))
    return new Uint8Array(await new Blob(parts).arrayBuffer())
  },
}

const STREAM = { stream: true }

export type Intake = ReturnType<typeof createIntake>

const TICK_MS = 1_000

/** Workers end a request that waits for nothing of its own ("code had hung"); a timer is its own. */
async function awake<T>(promise: Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, TICK_MS)
  try {
    return await promise
  } finally {
    clearInterval(timer)
  }
}

/** A body, or word that its client has left within it. */
async function received<T>(body: Promise<T>): Promise<T> {
  try {
    return await body
  } catch (cause) {
    if (cause instanceof ApiError) throw cause
    throw new ApiError('client_gone', 'The client left within its request.', { cause })
  }
}

/** A client that sends slower than this would hold memory that others wait for. */
const LONGEST_READ_MS = 120_000

async function inTime<T>(body: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    const failure = new ApiError('request_timeout', 'The body took too long to arrive.')
    timer = setTimeout(() => reject(failure), LONGEST_READ_MS)
  })
  try {
    return await Promise.race([body, late])
  } finally {
    clearTimeout(timer)
  }
}

async function eachPiece(
  request: Request,
  maxBytes: number,
  take: (piece: Uint8Array<ArrayBuffer>) => void,
): Promise<void> {
  const reader = request.body?.getReader()
  if (!reader) return
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    size += value.length
    if (size > maxBytes) {
      reader.cancel().catch(() => {})
      throw tooLarge(maxBytes)
    }
    take(value)
  }
}

const tooLarge = (maxBytes: number) =>
  new ApiError(
    'body_too_large',
    `The body is larger than ${maxBytes} bytes. The setting max_body_bytes says how much is taken.`,
  )
