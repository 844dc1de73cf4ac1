import type { ServedBy } from '../../dispatch/book'
import { brokenOff } from '../../dispatch/reply'
import type { Works } from '../../dispatch/work'
import { ApiError } from '../../errors'
import type { Admission, Ticket } from '../../http/admission'
import type { Demand } from '../../http/demand'
import type { KeyCaller } from '../../http/key-handlers'
import { answerResponse } from '../../http/served'
import type { Inputs } from '../../media/inputs'
import type { Catalog } from '../../pool/catalog'
import type { Settings } from '../../store/settings'
import { streamBody } from '../../stream/body'
import { createChannel } from '../../stream/channel'
import type { PictureRequest } from '../../turn/picture'
import { createDelivery, type PictureCache } from './delivery'
import { type Commission, createDraw, type Outcome } from './draw'
import { createGathering } from './gathering'
import { createModelChooser } from './model'
import { endingOf, NOTHING_MADE, shortfall } from './outcome'
import type { ImageRequest } from './request'
import { createStreaming } from './streaming'

interface ImagesParts {
  readonly works: Works
  readonly admission: Admission
  readonly catalog: Catalog
  readonly inputs: Inputs
  readonly media: PictureCache
  readonly settings: () => Settings
  readonly now: () => number
  readonly later: (work: Promise<unknown>) => void
}

/** A request that was let in. */
interface Admitted {
  readonly asked: ImageRequest
  readonly caller: KeyCaller
  readonly commission: Omit<Commission, 'signal'>
  readonly ticket: Ticket
}

const ENDPOINTS = { generate: 'images.generations', edit: 'images.edits' } as const

/** `POST /v1/images/generations` and `/v1/images/edits` behind their routes. */
export function createImages(parts: ImagesParts) {
  const { works, admission, inputs, media, settings, now, later } = parts
  const draw = createDraw({ works })
  const delivery = createDelivery(media)
  const chooseModel = createModelChooser(parts)

  async function admit(asked: ImageRequest, caller: KeyCaller): Promise<Admitted> {
    const { order } = asked
    const { key, requestId, signal } = caller
    const { n, atOnce, stream, wanted } = order
    const model = order.model ?? chooseModel(key, wanted.work)
    const endpoint = ENDPOINTS[wanted.work]
    const plain = { requestId, endpoint, stream, model }
    const text = wanted.prompt
    const demand: Demand = { ...plain, feature: 'image', count: n, text, maxOutput: 0 }
    const ticket = await admission.enter(key, demand)
    try {
      const request = await load(asked, { keyId: key.id, signal, origin: caller.origin() })
      const commission = { ...plain, key, n, atOnce, request, settings: settings() }
      return { asked, caller, commission, ticket }
    } catch (cause) {
      ticket.settle(endingOf(NOTHING_MADE, false))
      if (cause instanceof ApiError) admission.refuse(key, demand, cause)
      throw cause
    }
  }

  /** The pictures are loaded once, however many calls they are for. */
  async function load(
    { order, brought }: ImageRequest,
    terms: Parameters<Inputs['loadAll']>[1],
  ): Promise<PictureRequest> {
    const { pictures, mask } = brought
    const loaded = await inputs.loadAll(mask ? [...pictures, mask] : pictures, terms)
    return {
      ...order.wanted,
      pictures: loaded.slice(0, pictures.length),
      mask: mask && loaded.at(-1),
    }
  }

  /** Have the pictures made, and give back what was taken for them. */
  async function made(
    { commission, ticket }: Admitted,
    ...[signal, setUp]: [AbortSignal, Parameters<typeof draw>[1]]
  ): Promise<void> {
    let outcome: Outcome = NOTHING_MADE
    try {
      outcome = await draw({ ...commission, signal }, setUp)
    } finally {
      ticket.settle(endingOf(outcome, signal.aborted))
    }
    if (signal.aborted) throw new ApiError('client_gone', 'The client left.')
    const why = shortfall(outcome, commission.n)
    if (why) throw why
  }

  async function answer(admitted: Admitted): Promise<Response> {
    const { asked, caller, commission } = admitted
    const whose = whoseOf(caller, commission.model)
    const gathering = createGathering({ delivery, order: asked.order, whose, now })
    await made(admitted, caller.signal, gathering.setUp)
    const body = JSON.stringify(gathering.answer())
    return answerResponse({ form: 'json', body }, gathering.by())
  }

  async function stream(admitted: Admitted): Promise<Response> {
    const { asked, caller, commission } = admitted
    const abort = new AbortController()
    const channel = createChannel<Uint8Array>()
    let by: ServedBy | undefined
    const streaming = createStreaming({
      delivery,
      order: asked.order,
      request: commission.request,
      whose: whoseOf(caller, commission.model),
      channel,
      now,
      onBegun(running) {
        by ??= running.by
      },
    })
    const signal = AbortSignal.any([caller.signal, abort.signal])
    const drawing = made(admitted, signal, streaming).then(channel.end, channel.fail)
    later(drawing.finally(asked.release))
    // What goes wrong before there is anything to send has a status of its own.
    const first = await channel.next()
    if (!first) throw new ApiError('internal_error', 'There is nothing to send.')
    const body = streamBody({
      source: channel,
      head: { bytes: first, whole: false },
      heartbeatMs: commission.settings.heartbeat_ms,
      now,
      farewell,
      endsBroken: true,
      onEnd() {
        channel.close()
        abort.abort()
      },
    })
    return answerResponse({ form: 'events', body }, by)
  }

  return {
    async make(asked: ImageRequest, caller: KeyCaller): Promise<Response> {
      let isStreamed = false
      try {
        const admitted = await admit(asked, caller)
        if (!asked.order.stream) return await answer(admitted)
        isStreamed = true
        return await stream(admitted)
      } finally {
        if (!isStreamed) asked.release()
      }
    },
  }
}

export type Images = ReturnType<typeof createImages>

const whoseOf = ({ key, origin }: KeyCaller, model: string) => ({
  keyId: key.id,
  ...{ model, origin: origin() },
})

const utf8 = new TextEncoder()

/** The last event of a stream that failed. */
const farewell = (cause: unknown): Uint8Array =>
  utf8.encode(`event: error\ndata: ${JSON.stringify(brokenOff(cause).toBody())}\n\n`)
