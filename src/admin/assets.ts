import { Elysia } from 'elysia'
import sse from 'htmx.org/dist/ext/hx-sse.min.js' with { type: 'text' }
import htmx from 'htmx.org/dist/htmx.min.js' with { type: 'text' }
import style from '../../web/admin.css' with { type: 'text' }
import script from '../../web/admin.js' with { type: 'text' }
import icon from '../../web/icon.svg' with { type: 'text' }
import media from '../../web/media.css' with { type: 'text' }
import chat from '../../web/playground-chat.js' with { type: 'text' }
import image from '../../web/playground-image.js' with { type: 'text' }
import parts from '../../web/playground-parts.js' with { type: 'text' }
import stream from '../../web/playground-stream.js' with { type: 'text' }
import text from '../../web/playground-text.js' with { type: 'text' }
import video from '../../web/playground-video.js' with { type: 'text' }
import tryScript from '../../web/try.js' with { type: 'text' }
import widgets from '../../web/widgets.css' with { type: 'text' }
import { unknownPath } from '../http/failures'

const SCRIPT = 'text/javascript; charset=utf-8'
const STYLE = 'text/css; charset=utf-8'

const FILES: ReadonlyMap<string, readonly [text: string, type: string]> = new Map([
  ['admin.css', [style, STYLE]],
  ['widgets.css', [widgets, STYLE]],
  ['media.css', [media, STYLE]],
  ['admin.js', [script, SCRIPT]],
  ['playground-chat.js', [chat, SCRIPT]],
  ['playground-image.js', [image, SCRIPT]],
  ['playground-video.js', [video, SCRIPT]],
  ['playground-parts.js', [parts, SCRIPT]],
  ['playground-stream.js', [stream, SCRIPT]],
  ['playground-text.js', [text, SCRIPT]],
  ['try.js', [tryScript, SCRIPT]],
  ['htmx.js', [htmx, SCRIPT]],
  ['sse.js', [sse, SCRIPT]],
  ['icon.svg', [icon, 'image/svg+xml']],
])

const marks = new Map<string, string>()

/** The address of a file. It changes with what is in it, so that browsers may keep it for long. */
export function assetPath(name: string): string {
  const known = marks.get(name)
  if (known) return known
  let mark = 0
  for (const sign of FILES.get(name)?.[0] ?? '')
    mark = (Math.imul(mark, 31) + sign.charCodeAt(0)) >>> 0
  const path = `/admin/assets/${name}?v=${mark.toString(36)}`
  marks.set(name, path)
  return path
}

/** For how long a browser may keep a file: scripts that others import are named without what tells versions apart. */
const lifeOf = (name: string, version: string | null): string =>
  assetPath(name).endsWith(`?v=${version}`) ? 'public, max-age=31536000, immutable' : 'no-cache'

/** `GET /admin/assets/{name}` */
export const assetRoutes = () =>
  new Elysia({ prefix: '/admin/assets', detail: { hide: true } }).get(
    '/:name',
    ({ params, request }) => {
      const file = FILES.get(params.name)
      if (!file) throw unknownPath(`/admin/assets/${params.name}`)
      const [content, type] = file
      return new Response(content, {
        headers: {
          'content-type': type,
          'cache-control': lifeOf(params.name, new URL(request.url).searchParams.get('v')),
          'x-content-type-options': 'nosniff',
        },
      })
    },
  )
