import type { PictureUsageEvent } from '../../turn/picture'
import { addUsage, type Usage } from '../../turn/usage'

/** What pictures took, of one call or of several. */
export interface PictureUsage {
  readonly usage: Usage
  readonly text: number
  readonly image: number
}

/** What is not said to be pictures is text. */
export const usageOf = ({ usage, inputDetails }: PictureUsageEvent): PictureUsage => ({
  usage,
  text: inputDetails?.text ?? usage.input,
  image: inputDetails?.image ?? 0,
})

/** What two calls took together. */
export const plus = (one: PictureUsage | undefined, other: PictureUsage): PictureUsage =>
  one
    ? {
        usage: addUsage(one.usage, other.usage),
        text: one.text + other.text,
        image: one.image + other.image,
      }
    : other

/** The shape of a `usage` of OpenAI's pictures; an estimate is marked as one. */
export const toImageUsage = ({ usage, text, image }: PictureUsage) => ({
  input_tokens: usage.input,
  output_tokens: usage.output,
  total_tokens: usage.input + usage.output,
  input_tokens_details: { text_tokens: text, image_tokens: image },
  ...(usage.costTicks !== null && { cost_in_usd_ticks: usage.costTicks }),
  ...(usage.source === 'estimated' && { estimated: true }),
})

/** Events of a stream have to say something where nobody has counted anything. */
export const NO_USAGE: PictureUsage = {
  usage: { input: 0, cached: 0, output: 0, reasoning: 0, costTicks: null, source: 'reported' },
  text: 0,
  image: 0,
}
