import type { View } from '../view'
import type { SeenModel } from './catalog'
import { shown } from './prices'
import type { ModelObject } from './schema'
import type { Why } from './why'
import { modelWords } from './words'

/** A model as the JSON API shows it. */
export const toObject = (seen: SeenModel): ModelObject => ({
  object: 'model',
  id: seen.id,
  listed: seen.isListed,
  served_by: seen.serving.map((one) => ({ ...one })),
  upstream_name: seen.upstreamName,
  also_called: [...seen.alsoCalled],
  alias: seen.route
    ? { mode: seen.route.mode, targets: seen.route.targets.map((target) => ({ ...target })) }
    : null,
  cost_class: seen.costClass ?? null,
  context_length: seen.contextLength ?? null,
  price:
    seen.price && seen.priceSource
      ? { ...priceWithoutModel(seen.price), source: seen.priceSource }
      : null,
  why_not: seen.whyNot.map((why) => ({ code: why.code, message: whyText('en', why) })),
})

function priceWithoutModel(price: NonNullable<SeenModel['price']>) {
  const { model: _, ...rest } = shown(price)
  return rest
}

/** Why a model is not listed, in words. */
export function whyText(language: View['language'], { code, about }: Why): string {
  const say = modelWords[language]
  const texts: Readonly<Record<Why['code'], string>> = {
    targets: say.whyTargets(about),
    no_account: say.whyNoAccount,
    tier: say.whyTier(about),
    no_session: say.whyNoSession,
    off: say.whyOff(about),
    unlisted: say.whyUnlisted(about),
    nobody: say.whyNobody,
  }
  return texts[code]
}
