import type { ServedBy } from '../../dispatch/book'
import { aboutAll, type Said } from './about'
import type { Belonging, Delivered, Delivery } from './delivery'
import type { SetUp } from './draw'
import type { Order } from './order'
import { type PictureUsage, plus, toImageUsage, usageOf } from './usage'

interface GatheringParts {
  readonly delivery: Delivery
  readonly order: Order
  readonly whose: Omit<Belonging, 'accountId'>
  readonly now: () => number
}

/** Gathers pictures until all of them are there, for an answer as JSON. */
export function createGathering({ delivery, order, whose, now }: GatheringParts) {
  const pictures: (Delivered | undefined)[] = []
  let said: Said = {}
  const usages = new Map<number, PictureUsage>()
  let first: { readonly by: ServedBy | undefined; readonly place: number } | undefined

  const setUp: SetUp = ({ account, by }, [place = 0]) => {
    if (!first || place < first.place) first = { by, place }
    return {
      async partial() {},
      async picture(at, made) {
        pictures[at] = await delivery(made, { ...whose, accountId: account.id }, order.format)
      },
      about(about) {
        said = { ...about, ...said }
      },
      async usage(event) {
        usages.set(place, usageOf(event))
      },
      async end() {},
    }
  }

  return {
    setUp,

    /** Who was asked for the first of them. */
    by: (): ServedBy | undefined => first?.by,

    /** The answer. */
    answer() {
      const made = pictures.filter((picture) => picture !== undefined)
      const usage = [...usages.values()].reduce(plus, undefined)
      return {
        created: Math.floor(now() / 1000),
        data: made.map(({ url, base64, revisedPrompt }) => ({
          url,
          b64_json: base64,
          revised_prompt: revisedPrompt,
        })),
        ...aboutAll(made, said),
        usage: usage && toImageUsage(usage),
      }
    },
  }
}
