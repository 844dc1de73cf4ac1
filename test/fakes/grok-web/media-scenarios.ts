import type { Answer, Turn } from './answers'
import {
  card,
  drawing,
  film,
  type PictureState,
  picture,
  pictureCardData,
  type Step,
  token,
} from './frames'
import type { Picture } from './library'
import { lastPart } from './scenarios'

interface Drawing {
  /** How many; by default what was asked for, else 2. */
  readonly count?: number
  /** Which of them are moderated, counted from 0. */
  readonly moderated?: readonly number[]
  /** Placeholders among the final addresses: `""` and `"/"`. */
  readonly placeholders?: boolean
  /** Absolute addresses instead of paths. */
  readonly isAbsolute?: boolean
  /** Cards (G3, G4); by default what the request's generation has. */
  readonly cards?: boolean
  /** Bytes of each picture, about. */
  readonly size?: number
  /** Only the last word has the pictures. */
  readonly onlyFinal?: boolean
}

/** The subject of a picture or a film, without prefix and flags. */
const promptOf = (message: string): string =>
  lastPart(message)
    .replace(/^Image (Generation|Edit):\s*/, '')
    .replace(/^https?:\S+\s+/, '')
    .replace(/\s*--mode=\S+$/, '')

const asCards = (states: readonly PictureState[]): Step[] => [
  card(pictureCardData('g0', null)),
  ...states.flatMap((state, at) => [
    card(pictureCardData(`g${at + 1}`, { ...state, progress: 50, moderated: false })),
    card(pictureCardData(`g${at + 1}`, state)),
  ]),
]

/** Pictures that can be downloaded, with their previews. */
export const draws =
  (options: Drawing = {}) =>
  (turn: Turn): Answer => {
    const { moderated = [], placeholders, isAbsolute, size, onlyFinal } = options
    const asked = Number(turn.body.imageGenerationCount ?? 2)
    const cards = options.cards ?? (turn.generation === 'G3' || turn.generation === 'G4')
    const drawn: Picture[] = Array.from({ length: options.count ?? asked }, () =>
      turn.picture(size),
    )
    const address = (path: string) => (isAbsolute ? `${turn.assetsUrl}/${path}` : path)
    const states = drawn.map(({ id, path }, index): PictureState => {
      const isRefused = moderated.includes(index)
      return { id, url: isRefused ? '' : address(path), index, moderated: isRefused }
    })
    const frames = drawn.flatMap(({ id, preview }, index): Step[] => [
      picture({ id, url: address(preview), index, progress: 50 }),
      ...states.slice(index, index + 1).map(picture),
    ])
    const urls = states.filter((state) => !state.moderated).map(({ url }) => url)
    const shown = cards ? asCards(states) : [drawing(), ...frames]
    return {
      steps: onlyFinal ? [] : shown,
      modelResponse: {
        message: `I generated images with the prompt: '${promptOf(turn.message)}'`,
        generatedImageUrls: cards ? [] : [...urls, ...(placeholders ? ['', '/'] : [])],
        cardAttachmentsJson: cards
          ? states.map((state, at) => JSON.stringify(pictureCardData(`g${at + 1}`, state)))
          : [],
      },
    }
  }

/** A picture that another picture's answer had: `cachedImageGenerationResponse`. */
export const drawsFromCache =
  () =>
  (turn: Turn): Answer => {
    const { path } = turn.picture()
    return {
      steps: [
        { response: { doImgGen: true } },
        { response: { cachedImageGenerationResponse: { imageUrl: path } } },
      ],
      modelResponse: { message: '', generatedImageUrls: [path] },
    }
  }

interface Filming {
  readonly progress?: readonly number[]
  readonly moderated?: boolean
  /** The stream ends before 100. */
  readonly isNeverDone?: boolean
  /** The last frame has an asset id and no address. */
  readonly onlyAssetId?: boolean
  readonly isAbsolute?: boolean
  readonly gapMs?: number
  readonly size?: number
}

const PROGRESS = [1, 5, 13, 20, 50, 50, 45, 95]

/** A film that can be downloaded, with its progress. */
export const films =
  (options: Filming = {}) =>
  (turn: Turn): Answer => {
    const { progress = PROGRESS, moderated = false, isNeverDone, onlyAssetId, isAbsolute } = options
    const shot = turn.film(options.size)
    const address = (path: string) => (isAbsolute ? `${turn.assetsUrl}/${path}` : path)
    const hasUrl = !moderated && !onlyAssetId
    const prompt = promptOf(turn.message)
    const message = moderated ? '' : `I generated a video with the prompt: '${prompt}'`
    const done = film(shot.id, 100, {
      ...{ assetId: shot.assetId, videoUrl: hasUrl ? address(shot.path) : '' },
      thumbnailImageUrl: hasUrl ? address(shot.thumbnail) : '',
      ...{ audioUrls: [], videoPrompt: prompt, resolutionName: '480p', audioTranscripts: [] },
      ...{ moderated, videoPostId: 'p-1' },
    })
    const steps: Step[] = progress.map((percent, at) =>
      film(
        shot.id,
        percent,
        at > 0 ? {} : { mode: 'normal', modelName: 'imagine_x', moderated: false },
      ),
    )
    steps.splice(1, 0, { response: { token: '', isThinking: false, isSoftStop: false } })
    if (isNeverDone) return { steps, closing: false, ...wireOf(options) }
    return {
      steps: [...steps, done, ...(message ? [token(message)] : [])],
      modelResponse: { message, fileAttachments: moderated ? [] : [shot.assetId] },
      ...wireOf(options),
    }
  }

const wireOf = ({ gapMs }: Filming) => (gapMs === undefined ? {} : { wire: { gapMs } })
