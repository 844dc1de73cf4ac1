import type { UpstreamModel } from '../../store/schema'

/** The model that answers without any account. */
export const DEMO_MODEL = 'demo'

/** What its name tells of a model that holds no conversation. */
const NO_CHAT =
  /imagin|image|video|embed|whisper|tts|audio|realtime|transcri|moderation|dall-e|sora|rerank/i

const isDemo = (id: string): boolean => /^demo(-|$)/.test(id)

/** Models to ask, the newest first: those of accounts before that which is only for trying. */
export function chatModels(listed: readonly UpstreamModel[]): readonly string[] {
  const ids = listed
    .toSorted((a, b) => (b.created ?? 0) - (a.created ?? 0))
    .map(({ id }) => id)
    .filter((id) => !NO_CHAT.test(id))
  const own = ids.filter((id) => !isDemo(id))
  return [...own, ...ids.filter((id) => id === DEMO_MODEL)]
}

/** One that an account has just named, else the first of those on offer; none that would need escaping in code. */
export const firstModel = (wanted: string | null | undefined, offered: readonly string[]): string =>
  [wanted ?? '', ...offered].find((id) => MODEL_ID.test(id)) ?? DEMO_MODEL

const MODEL_ID = /^[\w.:/@+-]{1,200}$/
