import type { FakeGrokWeb } from '../fakes/grok-web'

type Fields = Readonly<Record<string, unknown>>

const SHARED = {
  ...{ temporary: true, fileAttachments: [], imageAttachments: [], disableSearch: false },
  ...{ enableImageGeneration: true, returnImageBytes: false, returnRawGrokInXaiRequest: false },
  ...{ enableImageStreaming: true, imageGenerationCount: 2, forceConcise: false },
  ...{ toolOverrides: {}, enableSideBySide: true, sendFinalMetadata: true, isReasoning: false },
  ...{ disableMemory: false, forceSideBySide: false, isAsyncChat: false },
}

const DEVICE = {
  ...{ darkModeEnabled: false, devicePixelRatio: 2, screenWidth: 2056, screenHeight: 1329 },
  ...{ viewportWidth: 2056, viewportHeight: 1083 },
}

/** A chat as generation 1 of the web app asks for it (protocol, 2.3). */
export const g1 = (message: string, extra: Fields = {}): Fields => ({
  ...{ ...SHARED, modelName: 'grok-4', modelMode: 'MODEL_MODE_FAST', message, webpageUrls: [] },
  ...{ disableTextFollowUps: true },
  responseMetadata: { requestModelDetails: { modelId: extra.modelName ?? 'grok-4' } },
  ...extra,
})

/** A chat as generation 2 asks for it. */
export const g2 = (message: string, extra: Fields = {}): Fields => ({
  ...{ ...SHARED, modelName: 'grok-4', modelMode: 'MODEL_MODE_FAST', message },
  ...{ disableTextFollowUps: false, disableSelfHarmShortCircuit: false, deviceEnvInfo: DEVICE },
  responseMetadata: {
    modelConfigOverride: { modelMap: {} },
    requestModelDetails: { modelId: extra.modelName ?? 'grok-4' },
  },
  ...extra,
})

/** A chat as generation 3 asks for it. */
export const g3 = (message: string, extra: Fields = {}): Fields => ({
  ...{ ...SHARED, modeId: 'auto', message, collectionIds: [], connectors: [] },
  ...{ searchAllConnectors: false, disableMemory: true, responseMetadata: {} },
  toolOverrides: {
    ...{ gmailSearch: false, googleCalendarSearch: false, outlookSearch: false },
    ...{ outlookCalendarSearch: false, googleDriveSearch: false },
  },
  ...extra,
})

/** A picture edit (2.5) of generation 2. */
export const g2Edit = (urls: readonly string[], parentPostId?: string): Fields => ({
  ...{ temporary: true, modelName: 'imagine-image-edit', message: 'make it blue' },
  ...{ enableImageGeneration: true, enableImageStreaming: true, imageGenerationCount: 2 },
  ...{ toolOverrides: { imageGen: true }, fileAttachments: [], imageAttachments: [] },
  ...{ enableSideBySide: true, sendFinalMetadata: true },
  responseMetadata: {
    modelConfigOverride: {
      modelMap: {
        imageEditModel: 'imagine',
        imageEditModelConfig: {
          imageReferences: urls,
          ...(parentPostId === undefined ? {} : { parentPostId }),
        },
      },
    },
    requestModelDetails: { modelId: 'imagine-image-edit' },
  },
})

/** A film (2.6) of generation 2. */
export const g2Film = (parentPostId: string, config: Fields = {}): Fields => ({
  ...{ temporary: true, modelName: 'grok-3', message: 'waves --mode=normal' },
  ...{ toolOverrides: { videoGen: true }, enableSideBySide: true },
  responseMetadata: {
    experiments: [],
    modelConfigOverride: {
      modelMap: {
        videoGenModelConfig: {
          ...{ parentPostId, aspectRatio: '3:2', videoLength: 6, resolutionName: '480p' },
          ...config,
        },
      },
    },
  },
})

/** The part of the protocol below JSON: what a browser sends with each call. */
export const browserHeaders = (cookie: string, extra: Record<string, string> = {}) => ({
  ...{ cookie, origin: 'https://grok.com', referer: 'https://grok.com/', accept: '*/*' },
  ...{ 'x-xai-request-id': crypto.randomUUID(), 'cache-control': 'no-cache', pragma: 'no-cache' },
  ...extra,
})

/** The lines of an answer. */
export const linesOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line))

/** Speaks with the fake as the web app would, with plain fetch. */
export function webClient(grok: FakeGrokWeb, name: string) {
  const { cookie } = grok.account(name)

  const send = (path: string, body: unknown, extra: Record<string, string> = {}, init = {}) =>
    fetch(grok.url + path, {
      method: 'POST',
      headers: browserHeaders(cookie, { 'content-type': 'application/json', ...extra }),
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...init,
    })

  const asset = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    fetch(`${grok.assetsUrl}/${path}`, { method, headers: { cookie, ...headers } })

  return {
    send,
    chat: (body: unknown, init: RequestInit = {}, extra: Record<string, string> = {}) =>
      send('/rest/app-chat/conversations/new', body, extra, init),
    /** The lines of the answer to a chat. */
    async lines(body: unknown) {
      return linesOf(await (await this.chat(body)).text())
    },
    /** What stands under `result.response` in the answer to a chat. */
    async frames(body: unknown) {
      const lines = await this.lines(body)
      return lines.flatMap(({ result }) => (result?.response ? [result.response] : []))
    },
    async upload(content: string, fileMimeType = 'image/png') {
      const body = { fileName: 'image.png', fileMimeType, content: btoa(content) }
      return (await send('/rest/app-chat/upload-file', body)).json()
    },
    async post(fields: Fields): Promise<string> {
      const referer = 'https://grok.com/imagine'
      const response = await send('/rest/media/post/create', fields, { referer })
      return (await response.json()).post?.id
    },
    limits: (modelName: string, fields: Fields = { requestKind: 'DEFAULT' }) =>
      send('/rest/rate-limits', { ...fields, modelName }),
    asset,
    /** An asset as a whole. */
    async downloaded(path: string) {
      const response = await asset(path)
      const type = response.headers.get('content-type')
      return { status: response.status, type, bytes: await response.bytes() }
    },
  }
}
