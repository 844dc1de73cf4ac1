import { type Answer, film, type Script, type Turn, token } from '../fakes/grok-web'
import type { AssetOptions } from '../fakes/grok-web/library'

/** Where something is that an answer shows: on the asset host, made to misbehave, or elsewhere. */
type Place = { readonly put: (path: string) => void } | { readonly url: string }

const placed = (place: Place, path: string): string => {
  if ('url' in place) return place.url
  place.put(path)
  return path
}

/** An answer with one picture. */
export const pictureAt =
  (place: Place): Script =>
  (turn: Turn): Answer => ({
    steps: [],
    modelResponse: { generatedImageUrls: [placed(place, turn.picture().path)] },
  })

/** An answer with one video. */
export const filmAt =
  (place: Place): Script =>
  (turn: Turn): Answer => {
    const { id, path } = turn.film()
    const videoUrl = placed(place, path)
    const done = film(id, 100, { videoUrl, assetId: id, moderated: false, videoPostId: 'p-1' })
    return { steps: [done, token('Here.')], modelResponse: { message: 'Here.' } }
  }

/** How a fake puts something where an answer says that it is. */
export const putting = (
  grok: { put(name: string | undefined, asset: AssetOptions): unknown },
  owner: string,
  asset: AssetOptions,
): Place => ({
  put: (path) => {
    grok.put(owner, { ...asset, path })
  },
})
