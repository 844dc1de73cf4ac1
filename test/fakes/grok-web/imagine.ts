import { randomUUID } from 'node:crypto'
import type { ServerWebSocket } from 'bun'
import { type Dots, jpeg } from '../media/jpeg'
import type { WebAccount } from './accounts'
import { faultsOf, flag, isObject, type Json, oneOf, type Shape, text, whole } from './checks'
import { RATIOS } from './forms'
import type { Library } from './library'
import type { Meter } from './quota'
import type { Call, Records } from './records'

/** How a round of the imagine socket goes. */
export interface Round {
  /** How many pictures; by default what is asked for, else 4 of the pro kind, 6 of the fast. */
  readonly count?: number
  /** Which of them are moderated, counted from 0. */
  readonly moderated?: readonly number[]
  /** An error after so many pictures (0: instead of all). */
  readonly error?: { readonly code: string; readonly message: string; readonly after?: number }
  /** Say nothing more after so many pictures. */
  readonly stallAfter?: number
  /** Cut the connection after so many pictures. */
  readonly cutAfter?: number
  /** Close the connection properly after so many pictures. */
  readonly closeAfter?: number
  /** The three before happen once the next picture's preview was sent. */
  readonly isWithin?: boolean
  /** Close after the round. */
  readonly closes?: boolean
  /** All previews first, as pictures that are drawn side by side. */
  readonly isSideBySide?: boolean
  /** Addresses alone, without the bytes. */
  readonly hasNoBlobs?: boolean
  /** Bytes instead of each picture. */
  readonly bytes?: Uint8Array<ArrayBuffer>
  readonly gapMs?: number
  /** Bytes of each picture, about. */
  readonly size?: number
}

/** What a round was asked for. */
export interface RoundAsked {
  readonly account: string
  readonly requestId: string
  readonly text: string
  readonly properties: Json
}

/** What the fake knows about a socket. */
export interface Socket {
  readonly call: Call
  readonly account: WebAccount
  /** Grows with each round and each reset, which end the round before. */
  round: number
  /** In the middle of a round: a client that goes now leaves early. */
  isBusy: boolean
}

const PROPERTIES: Shape = {
  known: {
    ...{ section_count: whole, is_kids_mode: flag, enable_nsfw: flag, skip_upsampler: flag },
    ...{ enable_side_by_side: flag, is_initial: flag, aspect_ratio: oneOf(RATIOS) },
    ...{ enable_pro: flag, num_generations: whole },
  },
  required: ['section_count', 'is_kids_mode', 'enable_nsfw', 'skip_upsampler', 'aspect_ratio'],
}

const PROMPT: Shape = {
  known: {
    ...{ requestId: text, text, type: oneOf(['input_text', 'input_scroll']) },
    properties: (value) => faultsOf(value, PROPERTIES, 'properties').join('; ') || undefined,
  },
}

/** How large a picture of a ratio is; the long side is about the same for all. */
function dotsOf(ratio: unknown): Dots {
  const [across = 2, down = 3] = /:/.test(String(ratio)) ? String(ratio).split(':').map(Number) : []
  if (across === down) return [960, 960]
  const scale = 1168 / Math.max(across, down)
  return [16 * Math.ceil((across * scale) / 16), 16 * Math.ceil((down * scale) / 16)]
}

interface Parts {
  readonly library: Library
  readonly meter: Meter
  readonly records: Records
  readonly assetsUrl: string
}

/** `/ws/imagine/listen` */
export function createImagine({ library, meter, records, assetsUrl }: Parts) {
  const queue: Round[] = []
  let standing: (asked: RoundAsked) => Round = () => ({})

  const say = (socket: ServerWebSocket<Socket>, message: Json) => {
    socket.data.call.firstByteAt ??= Date.now()
    socket.send(JSON.stringify(message))
  }

  const fail = (socket: ServerWebSocket<Socket>, code: string, message: string) =>
    say(socket, { type: 'error', err_code: code, err_msg: message })

  const limited = (socket: ServerWebSocket<Socket>) =>
    fail(socket, 'rate_limit_exceeded', 'Image rate limit exceeded')

  /** What is said of one picture: that it is begun, its preview, and how it ends. */
  function stagesOf({ requestId, properties }: RoundAsked, order: number, round: Round) {
    const { moderated = [], size, bytes: given, hasNoBlobs } = round
    const id = randomUUID()
    const dots = dotsOf(properties.aspect_ratio)
    const about = { order, request_id: requestId }
    const begun = {
      ...{ type: 'json', current_status: 'start_stage', image_id: id, job_id: id },
      ...{ width: dots[0], height: dots[1], ...about },
    }
    const isRefused = moderated.includes(order)
    const completed = {
      ...{ type: 'json', current_status: 'completed', image_id: id, order },
      ...{ moderated: isRefused, r_rated: false },
    }
    if (isRefused) return { preview: [begun], end: [completed] }
    const { path, bytes } = library.publicPicture(id, { size, dots, bytes: given })
    const shown = (content: Uint8Array<ArrayBuffer>, percentage_complete: number) => ({
      ...{ type: 'image', id, url: `${assetsUrl}/${path}`, percentage_complete, ...about },
      ...(!hasNoBlobs && { blob: Buffer.from(content).toString('base64') }),
    })
    const preview = { ...shown(jpeg(`${id} preview`, 0, dots), 50), grid_index: order }
    return { preview: [begun, preview], end: [shown(bytes, 100), completed] }
  }

  /** End the round early, if it is to end before this picture; true when it does. */
  function halted(socket: ServerWebSocket<Socket>, round: Round, order: number): boolean {
    if (round.cutAfter === order) socket.terminate()
    if (round.closeAfter === order) socket.close(1000, 'done')
    return [round.stallAfter, round.cutAfter, round.closeAfter].includes(order)
  }

  async function play(socket: ServerWebSocket<Socket>, asked: RoundAsked): Promise<void> {
    const round = queue.shift() ?? standing(asked)
    const number = ++socket.data.round
    const wanted = Number(asked.properties.num_generations)
    const count = round.count ?? (wanted > 0 ? wanted : asked.properties.enable_pro ? 4 : 6)
    const ends: Json[][] = []
    for (let order = 0; order <= count; order++) {
      if (socket.data.round !== number) return
      if (!round.isWithin && halted(socket, round, order)) return
      if (round.error && (round.error.after ?? 0) === order) {
        fail(socket, round.error.code, round.error.message)
        return
      }
      if (order === count) break
      if (!meter.take(socket.data.account, 'imagine/image', 1)) {
        limited(socket)
        return
      }
      const { preview, end } = stagesOf(asked, order, round)
      for (const message of preview) say(socket, message)
      if (round.isWithin && halted(socket, round, order)) return
      if (round.isSideBySide) ends.push(end)
      else for (const message of end) say(socket, message)
      await Bun.sleep(round.gapMs ?? 0)
    }
    for (const message of ends.flat()) say(socket, message)
    if (round.closes) socket.close(1000, 'done')
  }

  /** What is wrong with a message, and the prompt in it. */
  function read(message: unknown): { faults: string[]; prompt?: Json } {
    const faults = faultsOf(message, {
      known: {
        type: oneOf(['conversation.item.create']),
        timestamp: whole,
        item: (value) =>
          isObject(value) && value.type === 'message' ? undefined : 'is no message',
      },
    })
    const item = isObject(message) && isObject(message.item) ? message.item : {}
    const [prompt] = Array.isArray(item.content) ? item.content : []
    if (isObject(prompt) && prompt.type === 'reset') return { faults }
    faults.push(...faultsOf(prompt, PROMPT, 'content'))
    return isObject(prompt) ? { faults, prompt } : { faults }
  }

  return {
    script(next: (asked: RoundAsked) => Round): void {
      standing = next
    },
    queue(...rounds: readonly Round[]): void {
      queue.push(...rounds)
    },

    websocket: {
      message(socket: ServerWebSocket<Socket>, frame: string | Buffer): void {
        const { call, account } = socket.data
        const message: unknown = JSON.parse(String(frame))
        call.messages.push(message)
        const { faults, prompt } = read(message)
        call.complaints.push(...faults)
        if (faults.length > 0) {
          fail(socket, 'invalid_request', faults.join('; '))
          return
        }
        if (!prompt) {
          socket.data.round++
          return
        }
        if (account.state === 'limited_in_band') {
          limited(socket)
          return
        }
        const { requestId, text: words, properties } = prompt
        const asked = {
          ...{ account: account.name, requestId: String(requestId), text: String(words) },
          properties: isObject(properties) ? properties : {},
        }
        socket.data.isBusy = true
        void play(socket, asked).then(() => {
          socket.data.isBusy = false
        })
      },
      close({ data }: ServerWebSocket<Socket>): void {
        data.round++
        if (data.isBusy) records.leave(data.call)
        records.end(data.call)
      },
    },
  }
}
