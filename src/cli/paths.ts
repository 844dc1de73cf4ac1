import { dirname, join } from 'node:path'
import type { Config } from '../config'

/** The path of a file database. */
export const filePath = ({ DATABASE_URL: url }: Config): string | undefined =>
  url.startsWith('file:') ? url.slice('file:'.length).replace(/^\/\/(?=\/)/, '') : undefined

/** Where the secret of a file database is kept. */
export const secretPath = (path: string): string => join(dirname(path), 'groxy.secret')

/** The directory of pictures, videos and files; undefined where they are in the database. */
export function mediaPath(config: Config): string | undefined {
  const path = filePath(config)
  if (config.MEDIA_DIR !== undefined) return config.MEDIA_DIR
  return path === undefined || path === ':memory:' ? undefined : join(dirname(path), 'media')
}
