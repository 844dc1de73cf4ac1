import { type AnyElysia, Elysia } from 'elysia'
import { version } from '../../package.json'

const documentation = {
  openapi: '3.1.0',
  info: {
    title: 'Groxy',
    version,
    description:
      'Every Grok you may use, behind one OpenAI-compatible address. Press *Authorize* and paste a key that `groxy keys create NAME` has printed.',
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [{ url: '/', description: 'This gateway' }],
  tags: [
    { name: 'Chat', description: 'Ask a model.' },
    { name: 'Responses', description: 'Ask a model, and go on from what it said.' },
    { name: 'Conversations', description: 'Turns that belong together.' },
    { name: 'Images', description: 'Have pictures made and changed.' },
    { name: 'Videos', description: 'Have videos made.' },
    { name: 'Media', description: 'What was made, by its address.' },
    { name: 'Files', description: 'What requests can refer to.' },
    { name: 'Embeddings', description: 'Make vectors of texts.' },
    { name: 'Models', description: 'What there is to ask.' },
    { name: 'Health', description: 'For load balancers and monitoring.' },
    { name: 'Admin: accounts', description: 'The pool: what upstreams are asked with.' },
    { name: 'Admin: batches', description: 'Work on many accounts, and how far it is.' },
    { name: 'Admin: keys', description: 'What programs present, and what they may.' },
    { name: 'Admin: requests', description: 'What was asked, and what became of it.' },
    {
      name: 'Admin: models',
      description: 'Which models there are, what they are called and cost.',
    },
    { name: 'Admin: media', description: 'Pictures and videos that are kept.' },
    { name: 'Admin: settings', description: 'What may be changed while Groxy runs.' },
    {
      name: 'Admin: access',
      description: 'Who may administer this gateway, and what they changed.',
    },
    { name: 'Admin: system', description: 'The gateway itself: traffic, jobs, database.' },
  ],
  components: {
    securitySchemes: {
      key: { type: 'http' as const, scheme: 'bearer', description: 'A key: `sk-groxy-…`' },
      admin: {
        type: 'http' as const,
        scheme: 'bearer',
        description: 'An admin token, made with `groxy admin token create NAME`',
      },
      metrics: {
        type: 'http' as const,
        scheme: 'bearer',
        description: 'The token of the variable `METRICS_TOKEN`',
      },
    },
  },
  security: [{ key: [] }],
}

/** `GET /openapi.json`: what the schemas of apps say about them. */
export function docs(apps: () => Promise<readonly AnyElysia[]>) {
  let document: string | undefined
  return new Elysia({ detail: { hide: true } }).get('/openapi.json', async () => {
    document ??= await describe(await apps())
    return new Response(document, {
      headers: { 'content-type': 'application/json', 'access-control-allow-origin': '*' },
    })
  })
}

/**
 * The plugin builds a `Response` while it is being registered, which Workers forbid at start-up. So
 * it is loaded on the first request, which also makes every start quicker, and registered on an app of
 * its own that needs no compiler.
 */
export async function describe(apps: readonly AnyElysia[]): Promise<string> {
  const { swagger } = await import('@elysiajs/swagger')
  const described = new Elysia({ aot: false }).use(swagger({ documentation })).use([...apps])
  const response = await described.handle(new Request('http://localhost/swagger/json'))
  return response.text()
}
