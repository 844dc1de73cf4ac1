import type { RequestForm, WebModel } from './models'

/** What a conversation is begun with. */
export interface Opening {
  readonly model: Pick<WebModel, 'name' | 'modeId'>
  /** `modelMode`, without `MODEL_MODE_`. */
  readonly mode: string
  readonly message: string
  readonly fileIds: readonly string[]
  /** Kept out of the history of the session. */
  readonly temporary: boolean
  readonly search: boolean
  readonly draw: boolean
  /** Tools of grok.com that are to be used whatever it thinks. */
  readonly tools?: ToolOverrides
  /** How many pictures are to be drawn, where any are; as many as the web app wants if left out. */
  readonly pictures?: number
}

type ToolOverrides = Readonly<Record<string, boolean>>

/** The path that conversations are begun at. */
export const NEW_CONVERSATION = '/rest/app-chat/conversations/new'

/** The body that begins a conversation, as the web app of a generation writes it. */
export function openingBody(form: RequestForm, opening: Opening): string {
  const { message, fileIds, temporary, search, draw, tools = NO_TOOLS, pictures } = opening
  const given = `"message":${JSON.stringify(message)},"fileAttachments":${JSON.stringify(fileIds)},"temporary":${temporary},"disableSearch":${!search},"enableImageGeneration":${draw},"toolOverrides":`
  if (form === 'g3') {
    const overrides = tools === NO_TOOLS ? NO_CONNECTORS : { ...NO_CONNECTORS, ...tools }
    const mode = JSON.stringify(opening.model.modeId)
    return `{"modeId":${mode},${given}${JSON.stringify(overrides)}${restOf(form, pictures)}`
  }
  const name = JSON.stringify(opening.model.name)
  const mode = `"modelMode":"MODEL_MODE_${opening.mode}"`
  const metadata =
    form === 'g1'
      ? `{"requestModelDetails":{"modelId":${name}}}`
      : `{"modelConfigOverride":{"modelMap":{}},"requestModelDetails":{"modelId":${name}}}`
  return `{"modelName":${name},${mode},${given}${JSON.stringify(tools)},"responseMetadata":${metadata}${restOf(form, pictures)}`
}

const NO_TOOLS: ToolOverrides = {}

/** Search in the services that a session is tied to: a program's user is not the session's owner. */
const NO_CONNECTORS: ToolOverrides = {
  gmailSearch: false,
  googleCalendarSearch: false,
  outlookSearch: false,
  outlookCalendarSearch: false,
  googleDriveSearch: false,
}

/** What all generations send, always the same. */
const FIXED = {
  // A program's user is not the session's owner, whom its memory is about.
  disableMemory: true,
  imageAttachments: [],
  returnImageBytes: false,
  returnRawGrokInXaiRequest: false,
  enableImageStreaming: true,
  imageGenerationCount: 2,
  forceConcise: false,
  enableSideBySide: true,
  sendFinalMetadata: true,
  isReasoning: false,
  forceSideBySide: false,
  isAsyncChat: false,
}

/** What the second generation sends besides, always the same. */
export const FIXED_G2 = {
  ...FIXED,
  disableTextFollowUps: false,
  disableSelfHarmShortCircuit: false,
  deviceEnvInfo: {
    darkModeEnabled: false,
    devicePixelRatio: 2,
    screenWidth: 2056,
    screenHeight: 1329,
    viewportWidth: 2056,
    viewportHeight: 1083,
  },
}

const MEMBERS: Readonly<Record<RequestForm, object>> = {
  g1: { ...FIXED, webpageUrls: [], disableTextFollowUps: true },
  g2: FIXED_G2,
  g3: {
    ...FIXED,
    collectionIds: [],
    connectors: [],
    searchAllConnectors: false,
    disableTextFollowUps: false,
    disableSelfHarmShortCircuit: false,
    responseMetadata: {},
  },
}

const written = (members: object): string => `,${JSON.stringify(members).slice(1)}`

const RESTS: Readonly<Record<RequestForm, string>> = {
  g1: written(MEMBERS.g1),
  g2: written(MEMBERS.g2),
  g3: written(MEMBERS.g3),
}

const restOf = (form: RequestForm, pictures: number | undefined): string =>
  pictures === undefined
    ? RESTS[form]
    : written({ ...MEMBERS[form], imageGenerationCount: pictures })
