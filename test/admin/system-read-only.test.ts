import { expect, test } from 'bun:test'
import { openRemote } from '#src/store/remote'
import { adminWorld } from '../support/admin'
import { isWithoutSqld, sqld } from '../support/sqld'

test.skipIf(isWithoutSqld)('the system page says when the database takes no writes', async () => {
  await using server = await sqld()
  await using it = await adminWorld({ client: openRemote(server.url) })
  const MARK = 'It takes no writes'
  const shown = async () => ({
    api: (await (await it.api('/system')).json()).database.is_writable,
    page: (await (await it.page('/admin/system')).text()).includes(MARK),
  })
  expect(await shown()).toEqual({ api: true, page: false })
  await server.refuseWrites(true)
  expect((await it.api('/keys', { name: 'in vain' })).status).toBe(503)
  expect(await shown()).toEqual({ api: false, page: true })
  await server.refuseWrites(false)
  expect((await it.api('/keys', { name: 'taken' })).status).toBe(201)
  expect(await shown()).toEqual({ api: true, page: false })
})
