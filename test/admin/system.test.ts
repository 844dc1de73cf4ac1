import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { inspectionPart } from '#src/admin/system/database-page'
import { variables } from '#src/admin/system/environment'
import { systemPage } from '#src/admin/system/page'
import { machineGround } from '#src/cli/ground'
import { readConfig } from '#src/config'
import { openFile } from '#src/store/file'
import { inspect } from '#src/store/inspection'
import { migrate } from '#src/store/migrate'
import { version } from '../../package.json'
import { fakeUpstream } from '../fakes/upstream'
import { adminWorld } from '../support/admin'
import { DATABASES, emptyDatabase } from '../support/each-database'
import { xaiAt } from '../support/gateway'
import { freePort, scratch, until } from '../support/programs'

type World = Awaited<ReturnType<typeof adminWorld>>
type Answer = Record<string, unknown> & {
  readonly data: readonly Record<string, unknown>[]
  readonly error: { readonly code: string; readonly message: string }
}

const ask = async (
  it: World,
  path: string,
  body?: unknown,
): Promise<Answer & { status: number }> => {
  const answer = await it.api(path, body)
  return { status: answer.status, ...((await answer.json()) as Answer) }
}

describe.each(DATABASES)('the system over a %s', (kind) => {
  let database: Awaited<ReturnType<typeof emptyDatabase>>
  let it: World
  beforeAll(async () => {
    database = await emptyDatabase(kind)
    it = await adminWorld(database.options)
  }, 60_000)
  afterAll(async () => {
    await it[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  test('says what it is and keeps, without counting', async () => {
    await it.stores.keys.create({ name: 'one' })
    await it.stores.keys.create({ name: 'two' })
    const said = await ask(it, '/system')
    expect(said).toMatchObject({
      object: 'admin.system',
      version,
      runtime: expect.stringContaining('Bun '),
      instance: expect.stringMatching(/\S/),
      media: { kind: 'database' },
    })
    expect(Date.now() / 1000 - Number(said.started_at)).toBeLessThan(3_600)
    const { tables } = said.database as { tables: { name: string; rows_at_most: number }[] }
    expect(tables).toContainEqual({ name: 'keys', rows_at_most: 2 })
    expect(tables).toContainEqual({ name: 'ledger', rows_at_most: 0 })
    expect(tables.map(({ name }) => name)).not.toContain('sqlite_sequence')
  })

  test('shows who shares the database, which one answers, and that versions differ', async () => {
    await it.app.refresh()
    const { instance, instances } = await ask(it, '/system')
    const own = { name: instance, is_this: true, state: 'serving', process: null }
    expect(instances).toEqual([expect.objectContaining(own)])
    const differ = 'They run different versions'
    expect(await (await it.page('/admin/system')).text()).not.toContain(differ)
    const at = Date.now()
    await it.stores.instances.keep({
      ...{ name: 'other-machine', host: 'far away', runtime: 'Bun', version: '0.0.1', process: 3 },
      ...{ state: 'draining', startedAt: at, seenAt: at, expiresAt: at + 60_000 },
    })
    const both = (await ask(it, '/system')).instances as unknown as readonly object[]
    expect(both).toContainEqual({
      ...{ name: 'other-machine', is_this: false, host: 'far away', process: 3, runtime: 'Bun' },
      ...{ version: '0.0.1', state: 'draining', started_at: Math.floor(at / 1000) },
      seen_at: Math.floor(at / 1000),
    })
    const page = await (await it.page('/admin/system')).text()
    for (const part of [differ, 'far away, process 3', 'stopping', 'answers here'])
      expect(page).toContain(part)
    await it.stores.instances.leave('other-machine')
  })

  test('shows jobs, and begins and ends them', async () => {
    await it.client.execute({
      sql: `INSERT INTO jobs (name, instance, state, done, total, started_at, expires_at)
        VALUES ('quota', 'other-machine', 'running', 1, 2, ?, ?)`,
      args: [Date.now() - 1_000, Date.now() + 60_000],
    })
    const { data } = await ask(it, '/system/jobs')
    expect(data.map(({ name }) => name)).toEqual([
      'models',
      'accounts',
      'cleaning',
      'media',
      'quota',
    ])
    expect(data.find(({ name }) => name === 'quota')).toMatchObject({ state: 'running', done: 1 })
    const asked = await ask(it, '/system/jobs/cleaning/run', {})
    expect(asked).toMatchObject({ status: 200, object: 'admin.job', name: 'cleaning' })
    const ran = await until(async () => {
      const { data: now } = await ask(it, '/system/jobs')
      return now.find(({ name, state }) => name === 'cleaning' && state === 'done')
    })
    expect(ran).toMatchObject({ setting: 'cleaning', is_on: true, wanted: null })
    const stopped = await ask(it, '/system/jobs/quota/cancel', {})
    expect(stopped).toMatchObject({ wanted: 'cancel' })
    expect(await ask(it, '/system/jobs/media/cancel', {})).toMatchObject({
      status: 409,
      error: { code: 'job_state', message: 'media is not running.' },
    })
    expect((await ask(it, '/system/jobs/quota/run', {})).error.message).toBe(
      'quota is running already.',
    )
    expect((await ask(it, '/system/jobs/nothing/run', {})).status).toBe(404)
    const entries = await it.stores.audit.list(10, { action: 'job.' })
    expect(entries.map(({ action, subject }) => `${action} ${subject}`)).toEqual([
      'job.cancel quota',
      'job.run cleaning',
    ])
  })

  test('has a page in Chinese, too', async () => {
    const chinese = { headers: { 'accept-language': 'zh-CN' } }
    await it.stores.settings.set('cleaning', false)
    await it.app.refresh()
    const page = await (await it.page('/admin/system', chinese)).text()
    for (const text of [
      '后台任务',
      '没有需要上游的账号',
      '等待停止',
      '已被设置 cleaning 关闭',
      '用时 ',
    ])
      expect(page).toContain(text)
    expect(await (await it.page('/admin/system')).text()).toContain('Switched off by cleaning')
    const answers = ['jobs/accounts/run', 'jobs/quota/cancel', 'upstreams/look'].map(
      async (path) => {
        const headers = { ...chinese.headers, 'hx-request': 'true' }
        return (await it.page(`/admin/system/${path}`, { method: 'POST', headers })).text()
      },
    )
    const said = (await Promise.all(answers)).join()
    for (const text of ['accounts 即将开始', 'quota 即将停止', '0 个地址中有 0 个响应'])
      expect(said).toContain(text)
  })

  test('has a page with all of it', async () => {
    const page = await (await it.page('/admin/system')).text()
    for (const text of ['>keys<', 'Background work', 'No account needs an upstream', version])
      expect(page).toContain(text)
    const part = await it.send('/admin/system/jobs/models/run', {})
    expect(await part.text()).toContain('models begins.')
    expect(await (await it.page('/admin/system/jobs')).text()).not.toContain('<html')
  })
})

describe('the database of the system', () => {
  test('is copied while it is used, and the copy leaves nothing behind', async () => {
    await using folder = await scratch('backup')
    const path = join(folder.path, 'groxy.db')
    await using it = await adminWorld({ path })
    await it.stores.settings.set('heartbeat_ms', 7_777)
    const answer = await it.api('/system/backup')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-disposition')).toMatch(/filename="groxy-\d{4}-.*\.db"/)
    const bytes = await answer.bytes()
    const copy = Database.deserialize(bytes)
    expect(copy.query("SELECT value FROM settings WHERE name = 'heartbeat_ms'").get()).toEqual({
      value: '7777',
    })
    const page = await it.page('/admin/system/backup')
    await page.body?.cancel()
    const left = await until(async () => {
      const names = await readdir(folder.path)
      return names.every((name) => !name.includes('copy')) ? names : undefined
    })
    expect(left).toContain('groxy.db')
    const entries = await it.stores.audit.list(10, { action: 'database.' })
    expect(entries.map(({ action }) => action)).toEqual(['database.backup', 'database.backup'])
  }, 60_000)

  test('is checked in a process of its own, one at a time', async () => {
    await using folder = await scratch('check')
    await using it = await adminWorld({ path: join(folder.path, 'groxy.db') })
    const [one, two] = await Promise.all([
      ask(it, '/system/check', {}),
      ask(it, '/system/check', {}),
    ])
    const [good, late] = one.status === 200 ? [one, two] : [two, one]
    expect(good).toMatchObject({ object: 'admin.system.check', is_sound: true, problem: null })
    expect(good.tables).toContainEqual({ name: 'keys', size_bytes: expect.any(Number) })
    expect(late).toMatchObject({ status: 409, error: { code: 'job_state' } })
    const part = await (await it.send('/admin/system/check', {})).text()
    expect(part).toContain('The database is sound.')
    expect(await (await it.page('/admin/system')).text()).toContain(
      `Directory ${folder.path}/media`,
    )
    const chinese = { headers: { 'accept-language': 'zh' } }
    const page = await (await it.page('/admin/system', chinese)).text()
    expect(page).toContain(`目录 ${folder.path}/media`)
    const said = await ask(it, '/system')
    expect(said.database).toMatchObject({ kind: 'file', has_backup: true })
    expect(Number((said.database as Record<string, unknown>).size_bytes)).toBeGreaterThan(4096)
  }, 60_000)

  test('cannot be copied where it is no file, and it is said what to do instead', async () => {
    await using it = await adminWorld()
    for (const [path, body] of [['/system/backup'], ['/system/check', {}]] as const)
      expect(await ask(it, path, body)).toMatchObject({ status: 409, error: { code: 'not_here' } })
    expect(await (await it.page('/admin/system')).text()).toContain('the database is in memory')
    const failed = await it.send('/admin/system/check', {})
    expect([failed.status, await failed.text()]).toEqual([
      409,
      expect.stringContaining('there is no file'),
    ])
    await using remote = await adminWorld({
      client: it.client,
      env: {
        DATABASE_URL: 'libsql://user:pl4nted@db.example/?authToken=pl4nted',
        GROXY_SECRET: 'a secret for tests',
      },
    })
    const said = await ask(remote, '/system')
    expect(said.database).toMatchObject({ kind: 'server', host: 'db.example', path: null })
    expect((await ask(remote, '/system/backup')).error.message).toContain('Turso keeps copies')
    const page = await (await remote.page('/admin/system')).text()
    expect(page).toContain('db.example')
    expect(page + JSON.stringify(said)).not.toContain('pl4nted')
  })
})

test('a process that cannot do it says why, and nothing is left of its copy', async () => {
  await using folder = await scratch('no-database')
  const path = join(folder.path, 'groxy.db')
  const ground = machineGround(readConfig({ DATABASE_URL: `file:${path}` }))
  const failure = await ground.backup?.().catch((cause: unknown) => cause)
  expect(failure).toMatchObject({ message: expect.stringContaining('There is no database at') })
  expect(await readdir(folder.path)).toEqual([])
  await Bun.write(path, 'no database at all')
  const damaged = await ground.inspect?.().catch((cause: unknown) => cause)
  expect(damaged).toMatchObject({ message: expect.stringContaining('groxy doctor ended with') })
})

test('a look at a database finds what is damaged, and what tables weigh', async () => {
  await using folder = await scratch('damaged')
  const path = join(folder.path, 'groxy.db')
  const client = openFile(path)
  await migrate(client)
  await client.execute("INSERT INTO settings (name, value) VALUES ('a', '1')")
  const sound = await inspect(client)
  expect(sound.problem).toBeUndefined()
  expect(sound.tables).toContainEqual({ name: 'settings', bytes: expect.any(Number) })
  const { rows } = await client.execute(
    "SELECT rootpage FROM sqlite_master WHERE name = 'settings'",
  )
  client.close()
  const file = await open(path, 'r+')
  await file.write(new Uint8Array(4096).fill(7), 0, 4096, (Number(rows[0]?.rootpage) - 1) * 4096)
  await file.close()
  const again = openFile(path)
  expect((await inspect(again)).problem).toMatch(/\w/)
  again.close()
  const view = { language: 'zh', now: 0, zoneMinutes: 0 } as never
  expect(inspectionPart(view, { problem: 'x < y', tables: [] }).markup).toContain(
    '数据库已损坏：x &lt; y',
  )
})

describe('the upstreams of the system', () => {
  test('are shown as turns have seen them, and asked when they are looked at', async () => {
    await using upstream = await fakeUpstream()
    await using it = await adminWorld({ env: xaiAt(upstream.url) })
    const dead = `http://127.0.0.1:${freePort()}`
    await it.stores.accounts.add({
      kind: 'openai',
      name: 'dead',
      baseUrl: dead,
      secret: 'sk-dead-secret-1',
      models: ['dead-model'],
    })
    await it.app.refresh()
    const turn = (model: string) =>
      it.post('/v1/chat/completions', { model, messages: [{ role: 'user', content: 'Hi' }] })
    await (await turn('grok-4')).text()
    await (await turn('dead-model')).text()
    const { data } = await ask(it, '/system/upstreams')
    const found = (list: Answer['data'], url: string) =>
      list.find((one) => String(one.url).startsWith(url))
    expect(found(data, upstream.url)).toMatchObject({
      is_reachable: true,
      kinds: ['xai'],
      accounts: 1,
      down_since: null,
      last_fault: null,
      last_answer_at: expect.any(Number),
    })
    expect(found(data, dead)).toMatchObject({
      is_reachable: false,
      down_since: expect.any(Number),
      last_answer_at: null,
      last_fault: { message: expect.stringContaining('could not be reached') },
    })
    const looked = await ask(it, '/system/upstreams/look', {})
    expect(found(looked.data, upstream.url)?.look).toMatchObject({ is_reachable: true })
    expect(found(looked.data, dead)?.look).toMatchObject({
      is_reachable: false,
      message: expect.stringContaining('could not be reached'),
    })
    const part = await (await it.send('/admin/system/upstreams/look', {})).text()
    expect(part).toContain('1 of 2 answer.')
    expect(part).toContain('Answers, in ')
    const chinese = { 'accept-language': 'zh', 'hx-request': 'true' }
    const again = await it.page('/admin/system/upstreams/look', {
      method: 'POST',
      headers: chinese,
    })
    expect(await again.text()).toContain('有响应，用时 ')
    expect(part).toContain('in a pause')
  })
})

describe('the environment of the system', () => {
  const of = (env: Record<string, string>, running = env) => {
    const all = variables(readConfig(running), env)
    return (name: string) => all.find((one) => one.name === name)
  }

  test('shows what is set, and nothing of secrets', () => {
    const env = {
      LOG_LEVEL: 'warn',
      DEMO: '1',
      ADMIN_PASSWORD: 'pl4nted-password',
      GROXY_SECRET: 'pl4nted-secret-pl4nted',
      GROXY_API_KEY: 'pl4nted-api-key-pl4nted',
      DATABASE_AUTH_TOKEN: 'pl4nted-token',
      METRICS_TOKEN: 'pl4nted-token-pl4nted',
      XAI_API_KEY: 'pl4nted',
      OPENAI_API_KEY: 'pl4nted',
      DATABASE_URL: 'libsql://me:pl4nted@db.example/?authToken=pl4nted',
    }
    const variable = of(env)
    expect(variable('LOG_LEVEL')).toMatchObject({ isSet: true, value: 'warn', default: 'info' })
    expect(variable('DEMO')).toMatchObject({ value: 'true', overridden: undefined })
    expect(variable('PORT')).toMatchObject({ isSet: false, value: '8000' })
    expect(variable('ADMIN_PASSWORD')).toMatchObject({ isSet: true, isSecret: true })
    expect(variable('DATABASE_URL')).toMatchObject({ value: 'libsql://db.example/' })
    expect(JSON.stringify(variables(readConfig(env), env))).not.toContain('pl4nted')
  })

  test('is shown with where each value is from', () => {
    const show = (language: 'en' | 'zh') =>
      systemPage(
        { language, theme: 'auto', path: '/', address: '/', now: 0, zoneMinutes: 0 } as never,
        {
          hasFile: false,
          jobs: [],
          hosts: [],
          facts: {
            ...{
              version: '1',
              commit: 'abc',
              runtime: 'Bun',
              startedAt: 0,
              instance: 'i',
              instances: [],
            },
            database: {
              kind: 'server',
              path: undefined,
              host: 'db.example',
              bytes: undefined,
              latencyMs: 7,
              isWritable: true,
              tables: [],
            },
            media: { kind: 'bucket' },
            environment: variables(readConfig({ PORT: '9000', HOST: '127.0.0.2' }), {
              PORT: '8000',
            }),
          },
        },
      ).markup
    for (const text of [
      'The environment says 8000',
      'by the command line',
      'In an R2 bucket',
      '7 ms',
    ])
      expect(show('en')).toContain(text)
    expect(show('zh')).toContain('环境变量为 8000')
  })

  test('marks what would be another value after a restart', () => {
    const variable = of({ PORT: '8000', HOST: '127.0.0.1' }, { PORT: '9000', HOST: '127.0.0.1' })
    expect(variable('PORT')).toMatchObject({ value: '9000', overridden: '8000' })
    expect(variable('HOST')?.overridden).toBeUndefined()
  })
})
