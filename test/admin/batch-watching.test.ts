import { expect, test } from 'bun:test'
import { fakeUpstream } from '../fakes/upstream'
import { adminWorld } from '../support/admin'
import { until } from '../support/programs'

test('who watches a batch is let go when the server drains, however long the batch may take', async () => {
  const asked = Promise.withResolvers<void>()
  const held = Promise.withResolvers<undefined>()
  await using upstream = fakeUpstream(() => {
    asked.resolve()
    return held.promise
  })
  await using it = await adminWorld()
  const text = `sk-watched-0000 ${upstream.url}`
  expect((await it.api('/accounts/import', { text, tags: ['all'] })).status).toBe(200)
  await it.app.refresh()
  const begun = await it.api('/accounts/batches', { kind: 'test', filter: { tag: 'all' } })
  const { id } = (await begun.json()) as { id: string }
  await asked.promise
  const watched = await it.page(`/admin/batches/${id}/live`)
  const reader = watched.body?.getReader()
  expect((await reader?.read())?.done).toBe(false)
  let isOver = false
  const seen = (async () => {
    while (!(await reader?.read())?.done);
    isOver = true
  })()
  await Bun.sleep(1_500)
  expect(isOver).toBe(false)
  it.app.drain()
  await until(() => isOver || undefined, 5_000)
  await seen
  held.resolve(undefined)
})
