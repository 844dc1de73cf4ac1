import { Elysia } from 'elysia'
import init from '../../web/swagger-init.js' with { type: 'text' }
import { unknownPath } from './failures'

/** A file that is too large to keep in memory: read from the build when it is asked for. */
export type Asset = (name: AssetName) => Promise<ReadableStream<Uint8Array> | Blob | undefined>
export type AssetName = 'swagger-ui-bundle.js' | 'swagger-ui.css'

/** Swagger UI sets styles from its script, and shows its icons as data URLs and pictures as blobs. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const SHORT = { 'cache-control': 'public, max-age=3600' }

/** `GET /swagger`: the document as a page to try things on, without the internet. */
export const swaggerUi = (asset: Asset) => {
  const serve = async (name: AssetName, type: string) => {
    const body = await asset(name)
    if (!body) throw unknownPath(`/swagger/${name}`)
    return new Response(body, { headers: { 'content-type': type, ...SHORT } })
  }
  return new Elysia({ prefix: '/swagger', detail: { hide: true } })
    .get('/', () => html(PAGE))
    .get('/init.js', () => text(init, 'text/javascript; charset=utf-8'))
    .get('/swagger-ui-bundle.js', () =>
      serve('swagger-ui-bundle.js', 'text/javascript; charset=utf-8'),
    )
    .get('/swagger-ui.css', () => serve('swagger-ui.css', 'text/css; charset=utf-8'))
}

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Groxy API</title>
    <link rel="stylesheet" href="/swagger/swagger-ui.css">
    <link rel="icon" href="data:,">
    <style>
      .response-col_description img, .parameters-col_description input { max-width: 100% }
      .opblock-section-header { flex-wrap: wrap }
      .parameter__name { overflow-wrap: anywhere }
    </style>
  </head>
  <body>
    <noscript>This page needs JavaScript. <a href="/openapi.json">The document</a> does not.</noscript>
    <div id="swagger-ui"></div>
    <script src="/swagger/swagger-ui-bundle.js"></script>
    <script src="/swagger/init.js"></script>
  </body>
</html>`

const html = (body: string) =>
  new Response(body, {
    headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': POLICY },
  })

const text = (body: string, type: string) =>
  new Response(body, { headers: { 'content-type': type, ...SHORT } })
