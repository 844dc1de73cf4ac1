import { Elysia } from 'elysia'
import sse from 'htmx.org/dist/ext/hx-sse.min.js' with { type: 'text' }
import htmx from 'htmx.org/dist/htmx.min.js' with { type: 'text' }
import style from '../../web/admin.css' with { type: 'text' }
import script from '../../web/admin.js' with { type: 'text' }
import { unknownPath } from '../http/failures'

const SCRIPT = 'text/javascript; charset=utf-8'

const FILES: ReadonlyMap<string, readonly [text: string, type: string]> = new Map([
  ['admin.css', [style, 'text/css; charset=utf-8']],
  ['admin.js', [script, SCRIPT]],
  ['htmx.js', [htmx, SCRIPT]],
  ['sse.js', [sse, SCRIPT]],
])

/** `GET /admin/assets/{name}`: pages name them with the version, so that they may be kept for long. */
export const assetRoutes = () =>
  new Elysia({ prefix: '/admin/assets', detail: { hide: true } }).get('/:name', ({ params }) => {
    const file = FILES.get(params.name)
    if (!file) throw unknownPath(`/admin/assets/${params.name}`)
    const [text, type] = file
    return new Response(text, {
      headers: {
        'content-type': type,
        'cache-control': 'public, max-age=31536000, immutable',
        'x-content-type-options': 'nosniff',
      },
    })
  })
