import type { RunningWork } from '../../dispatch/work'
import { ApiError } from '../../errors'
import type { Channel } from '../../stream/channel'
import type { PictureEvent, PictureRequest } from '../../turn/picture'
import { aboutOne, type Said } from './about'
import type { Belonging, Delivered, Delivery } from './delivery'
import type { SetUp } from './draw'
import type { Order } from './order'
import { NO_USAGE, type PictureUsage, plus, toImageUsage, usageOf } from './usage'

interface StreamingParts {
  readonly delivery: Delivery
  readonly order: Order
  readonly request: PictureRequest
  readonly whose: Omit<Belonging, 'accountId'>
  readonly channel: Channel<Uint8Array>
  readonly now: () => number
  /** Told of each call that has begun. */
  readonly onBegun: (running: RunningWork<PictureEvent>) => void
}

/** A picture that waits for what it took to be told. */
interface Held {
  readonly place: number
  readonly picture: Delivered
}

const utf8 = new TextEncoder()

/** Sends each picture as it comes, as OpenAI's stream does. */
export function createStreaming(parts: StreamingParts): SetUp {
  const { delivery, order, request, whose, channel, now, onBegun } = parts
  const prefix = request.work === 'edit' ? 'image_edit' : 'image_generation'
  const form = order.wantsAddress ? 'both' : 'b64_json'
  /** How many previews of each picture were sent. */
  const previews = new Map<number, number>()
  /** What calls took that are over, as far as none of their pictures has told it. */
  let untold: PictureUsage | undefined

  function send(type: string, rest: Readonly<Record<string, unknown>>): Promise<void> {
    const name = `${prefix}.${type}`
    const data = JSON.stringify({ type: name, created_at: Math.floor(now() / 1000), ...rest })
    return channel.push(utf8.encode(`event: ${name}\ndata: ${data}\n\n`))
  }

  return (running, places) => {
    onBegun(running)
    const belonging = { ...whose, accountId: running.account.id }
    let said: Said = {}
    let usage: PictureUsage | undefined
    let isTold = false
    let held: Held | undefined
    let left = places.length

    function complete({ place, picture }: Held): Promise<void> {
      const took = usage && !isTold ? plus(untold, usage) : untold
      untold = undefined
      isTold ||= usage !== undefined
      return send('completed', {
        b64_json: picture.base64,
        ...aboutOne(picture, said, request),
        index: place,
        usage: toImageUsage(took ?? NO_USAGE),
        url: picture.url,
        revised_prompt: picture.revisedPrompt,
      })
    }

    async function letGo(): Promise<void> {
      const waiting = held
      held = undefined
      if (waiting) await complete(waiting)
    }

    return {
      async partial(place, made) {
        const count = previews.get(place) ?? 0
        if (count >= request.partials) return
        const picture = await delivery(made, belonging, 'b64_json').catch(noPreview)
        if (!picture) return
        previews.set(place, count + 1)
        await send('partial_image', {
          b64_json: picture.base64,
          ...aboutOne(picture, said, request),
          index: place,
          partial_image_index: count,
        })
      },

      async picture(place, made) {
        const picture = await delivery(made, belonging, form)
        left--
        // What a call took is mostly told after its last picture, which is to say it.
        if (left === 0 && !usage) held = { place, picture }
        else await complete({ place, picture })
      },

      about(about) {
        said = { ...said, ...about }
      },

      async usage(event) {
        usage = usageOf(event)
        await letGo()
      },

      async end() {
        await letGo()
        if (usage && !isTold) untold = plus(untold, usage)
      },
    }
  }
}

/** Nobody misses a preview. */
function noPreview(cause: unknown): undefined {
  if (!(cause instanceof ApiError)) throw cause
}
