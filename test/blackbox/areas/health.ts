import { expect, test } from 'bun:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { expectRefusal, good } from '../checks'
import type { Target } from '../world'

/** What is open to all: whether it lives, and what there is. */
export function healthSuite(target: Target): void {
  const open = (path: string, method = 'GET') => target().stranger(method, path)

  test('it lives, and takes traffic', async () => {
    expect(await good(open('/health'))).toEqual({ status: 'ok' })
    expect(await good(open('/ready'))).toMatchObject({ status: 'ready' })
  })

  test.each(['/health', '/ready'])('%s answers who asks for its head', async (path) => {
    const head = await open(path, 'HEAD')
    expect([head.status, await head.text()]).toEqual([200, ''])
  })

  test('its document is valid, and names every endpoint', async () => {
    const answer = await open('/openapi.json')
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    const document = await good<{ openapi: string; paths: object }>(answer)
    expect(await new Validator().validate(document)).toMatchObject({ valid: true })
    for (const path of [
      ...['/v1/chat/completions', '/v1/responses', '/v1/conversations', '/v1/embeddings'],
      ...['/v1/images/generations', '/v1/videos', '/v1/files', '/v1/models', '/health'],
      ...['/admin/api/accounts', '/admin/api/keys', '/metrics'],
    ])
      expect(Object.keys(document.paths)).toContain(path)
  })

  test('its document can be read and tried in a browser', async () => {
    const page = await open('/swagger')
    expect([page.status, page.headers.get('content-type')]).toEqual([
      200,
      expect.stringContaining('text/html'),
    ])
    const files = [...(await page.text()).matchAll(/(?:src|href)="(\/swagger\/[^"]+)"/g)]
    expect(files.length).toBeGreaterThan(1)
    for (const [, file = ''] of files) {
      const answer = await open(file)
      expect([file, answer.status, (await answer.bytes()).length > 100]).toEqual([file, 200, true])
    }
  })

  test('what nobody serves is not found', async () => {
    await expectRefusal(open('/nothing'), { status: 404, code: 'unknown_path' })
    const { key, stranger } = target()
    const below = stranger('GET', '/v1/files/a/b/c', undefined, key)
    await expectRefusal(below, { status: 404, code: 'unknown_path' })
  })

  test('its counts are for those with the token', async () => {
    const { stranger } = target()
    const told = await stranger('GET', '/metrics', undefined, 'metrics-token-0123456789')
    expect([told.status, told.headers.get('content-type')]).toEqual([
      200,
      expect.stringContaining('text/plain; version=0.0.4'),
    ])
    expect(await told.text()).toContain('# TYPE groxy_')
    const refused = stranger('GET', '/metrics', undefined, 'another token')
    await expectRefusal(refused, { status: 401, code: 'invalid_api_key' })
  })

  test('every answer has an id of its own', async () => {
    const ids = await Promise.all(
      Array.from({ length: 4 }, async () => (await open('/health')).headers.get('x-request-id')),
    )
    for (const id of ids) expect(id).toMatch(/^req_[\da-f]{32}$/)
    expect(new Set(ids).size).toBe(4)
  })

  test.each(['/login', '/manage'])('%s leads to the admin page', async (path) => {
    const answer = await fetch(target().url + path, { redirect: 'manual' })
    expect(answer.status).toBeOneOf([301, 302, 303, 307, 308])
    expect(answer.headers.get('location')).toStartWith('/admin')
  })
}
