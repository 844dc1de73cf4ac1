import type { WebAccount } from './accounts'
import { isObject, type Json } from './checks'
import { modelMapOf, type Work, within } from './forms'
import type { Library } from './library'

interface Parts {
  readonly library: Library
  /** Where the asset host really is; a client may also say `https://assets.grok.com`. */
  readonly assetsUrl: string
}

const strings = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []

/** Tells what a request names that its account does not have. */
export function createBelongings({ library, assetsUrl }: Parts) {
  /** The path of an address of the asset host; undefined for another address. */
  function pathOf(url: string): string | undefined {
    const base = [assetsUrl, 'https://assets.grok.com'].find((known) => url.startsWith(`${known}/`))
    return base && url.slice(base.length + 1)
  }

  const ownsFile = ({ userId }: WebAccount, id: string) => library.uploaded(id)?.owner === userId

  function ownsUrl({ userId }: WebAccount, url: string): boolean {
    const path = pathOf(url)
    return path !== undefined && library.at(path)?.owner === userId
  }

  /** The post or the file that the message of a G1 film begins with. */
  function strangerInMessage(account: WebAccount, message: string): string | undefined {
    const [first = ''] = message.split(' ')
    if (!/^https?:/.test(first)) return undefined
    const post = /\/imagine\/([^/]+)$/.exec(first)?.[1]
    if (post !== undefined)
      return library.ownsPost(account.userId, post) ? undefined : `the post ${post}`
    const uri = /\/post\/(.+)$/.exec(first)?.[1] ?? first
    return library.at(uri)?.owner === account.userId ? undefined : `the file ${uri}`
  }

  return {
    pathOf,
    ownsUrl,
    /** What a chat names and its account does not have. */
    strangersOf(account: WebAccount, body: Json, work: Work): string[] {
      const { imageEditModelConfig, videoGenModelConfig } = modelMapOf(body)
      const configs = [imageEditModelConfig, videoGenModelConfig].filter(isObject)
      const files = [
        ...strings(body.fileAttachments),
        ...strings(body.imageAttachments),
        ...strings(within(body, 'mediaGenInput', 'imageToImage').inputAssets),
      ]
      const urls = configs.flatMap(({ imageReferences }) => strings(imageReferences))
      const posts = configs
        .flatMap(({ parentPostId, extendPostId, originalPostId }) => [
          ...[parentPostId, extendPostId, originalPostId],
        ])
        .filter((id) => id !== undefined)
        .map(String)
      const inMessage =
        work === 'video' ? strangerInMessage(account, String(body.message)) : undefined
      return [
        ...files.filter((id) => !ownsFile(account, id)).map((id) => `the file ${id}`),
        ...urls.filter((url) => !ownsUrl(account, url)).map((url) => `the asset ${url}`),
        ...posts
          .filter((id) => !library.ownsPost(account.userId, id))
          .map((id) => `the post ${id}`),
        ...(inMessage ? [inMessage] : []),
      ]
    },
  }
}

export type Belongings = ReturnType<typeof createBelongings>
