import { expect, test } from 'bun:test'
import { gateway } from '../support/gateway'

test('health says that the process lives, ready that traffic is welcome', async () => {
  await using it = await gateway()
  expect(await (await it.get('/health')).json()).toEqual({ status: 'ok' })
  expect((await it.get('/ready')).status).toBe(200)
  it.app.drain()
  expect((await it.get('/ready')).status).toBe(503)
  const root = await it.get('/', { redirect: 'manual' })
  expect([root.status, root.headers.get('location')]).toEqual([303, '/admin'])
})
