import { randomUUID } from 'node:crypto'
import type { WebAccount } from './accounts'
import { type Answer, closingOf, openingOf, type Turn, type Wire } from './answers'
import type { Belongings } from './belongings'
import type { Json } from './checks'
import { chargeOf, type Generation, readForm, type Work } from './forms'
import type { Step } from './frames'
import type { Library } from './library'
import type { Meter, Product } from './quota'
import type { Call, Records } from './records'
import { inBandRefusal, refusals } from './refusals'
import type { Scripts } from './scripts'
import { send } from './wire'

interface Parts {
  readonly belongings: Belongings
  readonly library: Library
  readonly meter: Meter
  readonly records: Records
  readonly scripts: Scripts
  readonly assetsUrl: string
  /** How answers are sent that do not say it themselves. */
  readonly wire: () => Wire
}

/** A talk, whose it is, and what was answered in it. */
interface Talk {
  readonly owner: string
  readonly responses: Set<string>
}

/** Where the web app is when it asks for this; undefined where the protocol does not say it. */
function refererOf(generation: Generation, work: Work, message: string): RegExp | undefined {
  if (generation === 'G2' && work === 'edit' && !message.includes('Image Edit:'))
    return /\/imagine$/
  return generation === 'G1' && work === 'video' ? /\/imagine(\/[^/]+)?$/ : undefined
}

/** Whether the first line is a failure: such a turn is not counted. */
function failsAtOnce({ steps, opening }: Answer): boolean {
  const [first] = steps
  if (opening !== false || !first) return false
  if ('line' in first) return true
  return 'response' in first && 'error' in first.response
}

/** The product of imagine that a turn counts in, too. */
function productOf(body: Json, work: Work): Product | undefined {
  if (work === 'image' || work === 'chat') return work === 'image' ? 'image' : undefined
  if (work === 'edit') return 'imageEdit'
  return JSON.stringify(body).includes('"720p"') ? 'video720p' : 'video'
}

/** `conversations/new` and the turns that follow it. */
export function createChat(parts: Parts) {
  const { belongings, library, meter, records, scripts, assetsUrl } = parts
  const talks = new Map<string, Talk>()

  function complain(call: Call, faults: readonly string[]): void {
    call.complaints.push(...faults)
  }

  function enter(turn: Turn): void {
    const talk = talks.get(turn.conversationId) ?? {
      owner: turn.account.userId,
      responses: new Set(),
    }
    talk.responses.add(turn.responseId)
    talks.set(turn.conversationId, talk)
  }

  /** The talk that a follow-up turn goes on with, or why it cannot. */
  function talkFault(account: WebAccount, id: string, parent: unknown): string | undefined {
    const talk = talks.get(id)
    if (talk?.owner !== account.userId) return `the conversation ${id}`
    return talk.responses.has(String(parent)) ? undefined : `the response ${parent}`
  }

  async function answer(turn: Turn, charge: ReturnType<typeof chargeOf>): Promise<Response> {
    const { account, call } = turn
    const envelope = { responseId: turn.responseId, isFlat: turn.isFollowUp }
    const wire = parts.wire()
    const refused = inBandRefusal(account)
    if (refused !== undefined)
      return send({ steps: [{ line: refused }], envelope, wire, call, records })
    if (!meter.take(account, charge.bucket, charge.cost))
      return refusals.limited(account.retryAfter)
    const said = await Promise.race([scripts.answer(turn), call.gone])
    const isFree = typeof said !== 'number' && (said instanceof Response || failsAtOnce(said))
    if (isFree) meter.giveBack(account, charge.bucket, charge.cost)
    // The client went while the script was thinking.
    if (typeof said === 'number') return new Response(null)
    if (said instanceof Response) return said
    if (!isFree) enter(turn)
    const steps: Step[] = [
      ...(said.opening === false ? [] : openingOf(turn, meter.now())),
      ...said.steps,
      ...(said.closing === false ? [] : closingOf(turn, said, meter.now())),
    ]
    return send({ steps, envelope, wire: { ...wire, ...said.wire }, call, records })
  }

  return async (
    call: Call,
    account: WebAccount,
    followed: string | undefined,
  ): Promise<Response> => {
    const body = call.body as Json
    const isFollowUp = followed !== undefined
    const { generation, work, faults } = readForm(body, isFollowUp)
    call.generation = generation
    complain(call, faults)
    if (!generation || faults.length > 0) return refusals.invalid(faults.join('; '))
    const where = refererOf(generation, work, String(body.message))
    if (where && !where.test(call.headers.get('referer') ?? ''))
      complain(call, [`the referer of such a turn must match ${where}`])
    const talk = isFollowUp ? talkFault(account, followed, body.parentResponseId) : undefined
    const strange = [...(talk ? [talk] : []), ...belongings.strangersOf(account, body, work)]
    if (strange.length > 0) {
      complain(
        call,
        strange.map((what) => `${what} is not there, or another account's`),
      )
      return refusals.missing(`Not found: ${strange.join(', ')}`)
    }
    const charge = chargeOf(body, work)
    if (meter.standing(account, charge.bucket).total === 0)
      complain(call, [`a ${account.tier} account is not offered ${charge.bucket}`])
    const product = productOf(body, work)
    const isCounted = product === undefined || meter.take(account, `imagine/${product}`, 1)
    if (!isCounted && generation === 'G4') return refusals.limited(account.retryAfter)
    return answer(
      {
        ...{ account, body, message: String(body.message), generation, work, isFollowUp, call },
        ...{ conversationId: followed ?? randomUUID(), responseId: randomUUID(), assetsUrl },
        picture: (size) => library.picture(account, size),
        film: (size) => library.film(account, size),
      },
      charge,
    )
  }
}
