import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { createVault } from '#src/crypto'
import { openFile } from '#src/store/file'
import { createSnapshots } from '#src/store/snapshot'
import { createStores } from '#src/store/stores'
import { groxy, runProgram, scratch } from '../support/programs'

const SECRET = 'a secret for tests'

async function open() {
  const folder = await scratch('aliases')
  const path = join(folder.path, 'groxy.db')
  const env = { DATABASE_URL: `file:${path}`, GROXY_SECRET: SECRET }
  await groxy(['migrate'], env)
  const client = openFile(path)
  const stores = createStores({ client, vault: createVault(SECRET), now: Date.now })
  return {
    stores,
    run: (...args: string[]) => groxy(['aliases', ...args], env),
    unknown: async (...args: string[]) => {
      const command = [process.execPath, 'src/main.ts', 'aliases', ...args]
      const { code, stdout } = await runProgram(command, { env })
      return [code, stdout] as const
    },
    refused: async (...args: string[]) => {
      const command = [process.execPath, 'src/main.ts', 'aliases', ...args]
      const { code, stderr } = await runProgram(command, { env })
      return [code, stderr] as const
    },
    async [Symbol.asyncDispose]() {
      client.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}

test('an alias names one model, several in order, or several by weight', async () => {
  await using it = await open()
  await it.run('set', 'one', 'grok-4')
  await it.run('set', 'several', 'grok-4', 'llama3', '--also', 'context_length,moderation')
  expect(await it.run('set', 'mixed', '--split', 'grok-4=9', 'a=b=1')).toContain(
    'grok-4=9 or a=b=1',
  )
  const routes = {
    one: { mode: 'order', targets: [{ model: 'grok-4' }] },
    several: {
      mode: 'order',
      targets: [{ model: 'grok-4' }, { model: 'llama3' }],
      also: ['context_length', 'moderation'],
    },
    mixed: {
      mode: 'split',
      targets: [
        { model: 'grok-4', weight: 9 },
        { model: 'a=b', weight: 1 },
      ],
    },
  }
  expect(Object.fromEntries(await it.stores.aliases.routes())).toEqual(routes as never)
  const list = await it.run('list')
  expect(list).toMatch(/one +grok-4 *\n/)
  expect(list).toMatch(/several +grok-4, then llama3 +context_length, moderation/)
  expect(list).toMatch(/mixed +grok-4=9 or a=b=1/)

  const snapshots = createSnapshots({
    ...it.stores,
    now: Date.now,
    later: () => {},
    onFault: () => {},
    onChange: () => {},
  })
  const { routes: known } = await snapshots.refresh()
  expect(Object.fromEntries(known)).toEqual(routes as never)

  await it.run('set', 'several', 'grok-4')
  expect((await it.stores.aliases.routes()).get('several')).toEqual(routes.one as never)
  await it.run('remove', 'several')
  expect((await it.stores.aliases.routes()).has('several')).toBe(false)
  expect(await it.unknown('remove', 'several')).toEqual([
    1,
    'There is no alias "several". See: groxy aliases list\n',
  ])
})

describe('a route that cannot be meant', () => {
  let it: Awaited<ReturnType<typeof open>>
  beforeAll(async () => {
    it = await open()
    await it.run('set', 'known', 'grok-4')
  }, 20_000)
  afterAll(() => it?.[Symbol.asyncDispose]())

  test.each([
    [['set', 'new'], 'name at least one model'],
    [['set', 'new', '--split'], 'name at least one model'],
    [['set', 'new', 'a', 'a'], '"a" is named twice'],
    [['set', 'new', '--split', 'a=1', 'a=2'], '"a" is named twice'],
    [['set', 'new', '--split', 'a'], 'no model with a weight'],
    [['set', 'new', '--split', 'a=0'], 'no model with a weight'],
    [['set', 'new', '--split', 'a=-1'], 'no model with a weight'],
    [['set', 'new', '--split', 'a=1.5'], 'no model with a weight'],
    [['set', 'new', 'a', '--also', 'weather'], 'does not know "weather"'],
    [['set', 'new', 'a', 'known'], '"known" is an alias itself'],
    [['set', 'new', 'new'], '"new" is an alias itself'],
    [['set', 'grok-4', 'a'], '"grok-4" is a model of the alias "known"'],
  ] as const)('%j is refused and changes nothing', async (args, problem) => {
    const [code, said] = await it.refused(...args)
    expect(code).toBe(2)
    expect(said).toContain(problem)
    expect([...(await it.stores.aliases.routes()).keys()]).toEqual(['known'])
  })
})
