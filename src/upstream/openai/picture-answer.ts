import { UpstreamFault } from '../../errors'
import { isObject, isText, type Json } from '../../json-value'
import type { MadePicture, PictureEvent, PictureUsageEvent } from '../../turn/picture'
import { readAnyUsage } from '../../turn/usage'

/** How an answer is to be read. */
export interface PictureTerms {
  /** What addresses without a host are below. */
  readonly baseUrl: string
  /** How many pictures were asked for. */
  readonly count: number
  /** The upstream keeps a picture back without a word when its rules forbid it. */
  readonly keepsBack: boolean
}

/**
 * What an answer to `/images/generations` or `/images/edits` says.
 *
 * @throws UpstreamFault when there is no picture where one should be
 */
export function readPictures(answer: Json, terms: PictureTerms): readonly PictureEvent[] {
  const { data } = answer
  if (!Array.isArray(data)) throw pictureless()
  const entries: readonly unknown[] =
    data.length === 0 && terms.keepsBack ? Array.from({ length: terms.count }, () => ({})) : data
  const pictures = entries.map((entry, index): PictureEvent => {
    const picture = isObject(entry) ? readPicture(entry, terms) : undefined
    if (!picture && !isBlocked(entry, terms)) throw pictureless()
    return picture ? { type: 'picture', index, picture } : { type: 'blocked', index }
  })
  if (pictures.length === 0) throw pictureless()
  return [...readAbout(answer, entries), ...pictures, ...readUsage(answer)]
}

/** The picture of an entry or an event; undefined where there is none to be seen. */
export function readPicture(
  entry: Json,
  { baseUrl }: Pick<PictureTerms, 'baseUrl'>,
): MadePicture | undefined {
  const { b64_json: base64, url, revised_prompt: prompt, respect_moderation: isClean } = entry
  if (isClean === false) return
  const revised = isText(prompt) ? { revisedPrompt: prompt } : {}
  const whole = [base64, url].find(isText)
  if (whole === undefined) return
  const inline = /^data:[^,]*;base64,/.exec(whole.slice(0, LONGEST_PREFIX))
  if (inline) return { base64: whole.slice(inline[0].length), ...revised }
  if (isText(base64)) return { base64, ...revised }
  return URL.canParse(whole, baseUrl)
    ? { url: new URL(whole, baseUrl).href, ...revised }
    : undefined
}

const LONGEST_PREFIX = 200

const isBlocked = (entry: unknown, { keepsBack }: PictureTerms): boolean =>
  isObject(entry) && (entry.respect_moderation === false || keepsBack)

const pictureless = () => new UpstreamFault('malformed', 'The upstream answered without a picture.')

const SAID = ['size', 'quality', 'background', 'output_format'] as const

/** What is said of all pictures; xAI says of each what it is. */
export function readAbout(answer: Json, entries: readonly unknown[] = []): readonly PictureEvent[] {
  const mime = entries.map((entry) => (isObject(entry) ? entry.mime_type : undefined)).find(isText)
  const about = Object.fromEntries(
    SAID.map((name) => [name, answer[name]]).filter(([, value]) => isText(value)),
  )
  const format = /^image\/(png|jpeg|webp)$/.exec(mime ?? '')?.[1]
  if (format) about.output_format ??= format
  return Object.keys(about).length > 0 ? [{ type: 'about', about }] : []
}

/** What an answer or an event says that it took. */
export function readUsage({ usage }: Json): readonly PictureUsageEvent[] {
  const found = isObject(usage) ? readAnyUsage(usage) : undefined
  if (!isObject(usage) || !found) return []
  const { text_tokens: text, image_tokens: image } = isObject(usage.input_tokens_details)
    ? usage.input_tokens_details
    : {}
  const inputDetails =
    typeof text === 'number' && typeof image === 'number' ? { inputDetails: { text, image } } : {}
  return [{ type: 'usage', usage: found, ...inputDetails }]
}
