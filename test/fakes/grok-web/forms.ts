import {
  between,
  type Check,
  faultsOf,
  flag,
  flags,
  isObject,
  type Json,
  list,
  number,
  oneOf,
  type Shape,
  shaped,
  text,
  texts,
  whole,
} from './checks'
import { MODE_IDS } from './quota'

/** The generations of the protocol. */
export type Generation = 'G1' | 'G2' | 'G3' | 'G4'

/** What a turn is to make. */
export type Work = 'chat' | 'image' | 'edit' | 'video'

export const MODEL_NAMES = [
  ...['grok-3', 'grok-4', 'grok-4-heavy', 'grok-4-mini-thinking-tahoe'],
  ...['grok-4-1-thinking-1129', 'grok-4-1', 'grok-420', 'imagine-image-edit', 'imagine-video-gen'],
]

const MODEL_MODES = [
  ...['AUTO', 'FAST', 'EXPERT', 'HEAVY', 'GROK_3', 'GROK_3_THINKING', 'GROK_3_MINI_THINKING'],
  ...['GROK_4', 'GROK_4_THINKING', 'GROK_4_MINI_THINKING', 'GROK_4_1', 'GROK_4_1_THINKING'],
  ...['GROK_4_1_MINI_THINKING', 'GROK_420', 'UNKNOWN'],
].map((mode) => `MODEL_MODE_${mode}`)

export const RATIOS = [
  ...['1:1', '2:3', '3:2', '16:9', '9:16', '4:3', '3:4', '2:1', '1:2', '19.5:9', '20:9', '9:19.5'],
  ...['9:20', 'auto'],
]

const RESOLUTIONS = ['480p', '720p']

const videoConfig: Shape = {
  known: {
    ...{ parentPostId: text, aspectRatio: oneOf(RATIOS), videoLength: between(1, 15) },
    ...{ resolutionName: oneOf(RESOLUTIONS), videoResolution: oneOf(['SD', 'HD']) },
    ...{ isVideoEdit: flag, isReferenceToVideo: flag, imageReferences: texts },
    ...{ isVideoExtension: flag, videoExtensionStartTime: number, extendPostId: text },
    ...{ stitchWithExtendPostId: flag, originalPrompt: text, originalPostId: text },
    ...{ originalRefType: oneOf(['ORIGINAL_REF_TYPE_VIDEO_EXTENSION']), mode: text },
  },
  required: ['parentPostId', 'aspectRatio', 'videoLength'],
}

const modelMap: Shape = {
  known: {
    imageEditModel: oneOf(['imagine']),
    imageEditModelConfig: shaped({
      known: { imageReferences: texts, parentPostId: text },
      required: ['imageReferences'],
    }),
    videoGenModelConfig: shaped(videoConfig),
  },
  required: [],
}

const responseMetadata: Shape = {
  known: {
    experiments: list,
    modelConfigOverride: shaped({ known: { modelMap: shaped(modelMap) } }),
    requestModelDetails: shaped({ known: { modelId: oneOf(MODEL_NAMES) } }),
  },
  required: [],
}

const mediaGenInput: Shape = {
  known: {
    imageToImage: shaped({
      known: { prompt: text, inputAssets: texts, aspectRatio: oneOf(RATIOS) },
    }),
    textToVideo: shaped({
      known: {
        ...{ prompt: text, aspectRatio: oneOf(RATIOS), duration: between(1, 15) },
        resolutionName: oneOf(RESOLUTIONS),
      },
    }),
  },
  required: [],
}

const device: Shape = {
  known: {
    ...{ darkModeEnabled: flag, devicePixelRatio: number, screenWidth: whole },
    ...{ screenHeight: whole, viewportWidth: whole, viewportHeight: whole },
  },
}

/** What all generations have besides the name of the model. */
const COMMON = {
  ...{ temporary: flag, message: text, fileAttachments: texts, imageAttachments: texts },
  ...{ disableSearch: flag, enableImageGeneration: flag, returnImageBytes: flag },
  ...{ returnRawGrokInXaiRequest: flag, enableImageStreaming: flag, imageGenerationCount: whole },
  ...{ forceConcise: flag, toolOverrides: flags, enableSideBySide: flag, sendFinalMetadata: flag },
  ...{ isReasoning: flag, responseMetadata: shaped(responseMetadata), disableMemory: flag },
  ...{ forceSideBySide: flag, isAsyncChat: flag },
} satisfies Record<string, Check>

/** What some have and some have not. */
const EXTRA = {
  ...{ disableTextFollowUps: flag, webpageUrls: texts, disableSelfHarmShortCircuit: flag },
  ...{ deviceEnvInfo: shaped(device), enable420: flag, customInstructions: text },
  deepsearchPreset: oneOf(['', 'default', 'deeper']),
} satisfies Record<string, Check>

const NAMED = { modelName: oneOf(MODEL_NAMES), modelMode: oneOf(MODEL_MODES) }
const CONNECTED = {
  ...{ modeId: oneOf(MODE_IDS), collectionIds: texts, connectors: list },
  ...{ searchAllConnectors: flag, customPersonality: text },
}
const MADE = {
  ...{ mediaGenInput: shaped(mediaGenInput), imageEditModel: text },
  kind: oneOf(['CONVERSATION_KIND_IMAGINE']),
}

const NAMED_FIELDS = { ...COMMON, ...EXTRA, ...NAMED }
const CHAT = [...Object.keys(COMMON), 'modelName', 'modelMode']
const SWITCHES = ['enableImageStreaming', 'enableSideBySide', 'sendFinalMetadata']

/** What each form must have; a film and an edit are asked for with less than a chat. */
function shapeOf(generation: Generation, work: Work): Shape {
  if (generation === 'G4')
    return {
      known: { ...NAMED_FIELDS, ...MADE },
      required: ['modelName', 'message', 'mediaGenInput', ...SWITCHES.slice(0, 2)],
    }
  if (generation === 'G3')
    return {
      known: { ...COMMON, ...EXTRA, ...CONNECTED },
      required: [
        ...['modeId', 'message', 'fileAttachments', 'imageAttachments', 'collectionIds'],
        ...['connectors', 'searchAllConnectors', 'toolOverrides', 'temporary', 'disableMemory'],
        'responseMetadata',
      ],
    }
  const known = NAMED_FIELDS
  if (work === 'video')
    return { known, required: ['temporary', 'modelName', 'message', 'toolOverrides'] }
  if (work === 'edit' && generation === 'G2')
    return {
      known,
      required: [
        ...['temporary', 'modelName', 'message', 'enableImageGeneration', 'imageGenerationCount'],
        ...['toolOverrides', 'fileAttachments', 'imageAttachments', 'responseMetadata'],
        ...SWITCHES,
      ],
    }
  if (generation === 'G2')
    return { known, required: [...CHAT, 'disableSelfHarmShortCircuit', 'deviceEnvInfo'] }
  return { known, required: [...CHAT, 'webpageUrls', 'disableTextFollowUps'] }
}

/** An object within an object, and within that. */
export const within = (body: unknown, ...path: readonly string[]): Json =>
  path.reduce<Json>(
    (place, name) => (isObject(place[name]) ? place[name] : {}),
    isObject(body) ? body : {},
  )

export const modelMapOf = (body: Json): Json =>
  within(body, 'responseMetadata', 'modelConfigOverride', 'modelMap')

function generationOf(body: Json): Generation {
  if ('modeId' in body) return 'G3'
  if ('mediaGenInput' in body || 'kind' in body) return 'G4'
  const details = within(body, 'responseMetadata')
  const isSecond =
    ['deviceEnvInfo', 'disableSelfHarmShortCircuit'].some((field) => field in body) ||
    ['modelConfigOverride', 'experiments'].some((field) => field in details)
  return isSecond ? 'G2' : 'G1'
}

const prefixed = (message: string, prefix: string): boolean =>
  message.startsWith(prefix) || message.includes(`\n\n${prefix}`)

/** What a body asks to be made. */
export function workOf(body: Json): Work {
  const { modelName, message = '' } = body
  const overrides = within(body, 'toolOverrides')
  const input = within(body, 'mediaGenInput')
  if (overrides.videoGen === true || modelName === 'imagine-video-gen' || input.textToVideo)
    return 'video'
  if (modelName === 'imagine-image-edit' || modelMapOf(body).imageEditModel) return 'edit'
  if (prefixed(String(message), 'Image Edit:')) return 'edit'
  return overrides.imageGen === true || prefixed(String(message), 'Image Generation:')
    ? 'image'
    : 'chat'
}

/** How a body is to be read, and what is wrong with it. */
export function readForm(body: unknown, isFollowUp: boolean) {
  if (!isObject(body))
    return { generation: undefined, work: 'chat' as Work, faults: ['the body must be an object'] }
  const generation = generationOf(body)
  const work = workOf(body)
  const { known, required = [] } = shapeOf(generation, work)
  const shape = isFollowUp
    ? { known: { ...known, parentResponseId: text }, required: [...required, 'parentResponseId'] }
    : { known, required }
  return { generation, work, faults: [...faultsOf(body, shape), ...deeper(body, work)] }
}

/** What is wrong though each field is right. */
function deeper(body: Json, work: Work): string[] {
  const faults: string[] = []
  const { modelId } = within(body, 'responseMetadata', 'requestModelDetails')
  if (modelId !== undefined && modelId !== body.modelName)
    faults.push('responseMetadata.requestModelDetails.modelId is not modelName')
  const mode = /--mode=(\S*)/.exec(String(body.message))?.[1]
  if (work === 'video' && !['normal', 'custom', 'extremely-crazy'].includes(String(mode)))
    faults.push('the message of a film must end with --mode=normal, custom or extremely-crazy')
  return faults
}

const HIGH_MODES = ['EXPERT', 'HEAVY', 'GROK_3_THINKING', 'GROK_4_THINKING', 'GROK_4_1_THINKING']

/** The window that a turn counts in, and what it costs there. */
export function chargeOf(body: Json, work: Work): { bucket: string; cost: number } {
  if (typeof body.modeId === 'string') return { bucket: body.modeId, cost: 1 }
  const mode = String(body.modelMode).replace('MODEL_MODE_', '')
  const bucket = mode === 'HEAVY' ? 'grok-4-heavy' : String(body.modelName)
  const isHigh = work !== 'chat' || body.isReasoning === true || HIGH_MODES.includes(mode)
  return { bucket, cost: isHigh ? 4 : 1 }
}
