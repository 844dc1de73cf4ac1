import { describe, expect, test } from 'bun:test'
import { jpeg } from '../../fakes/media/jpeg'
import { until } from '../../support/programs'
import { expectRefusal, good, type List } from '../checks'
import type { Json, Target } from '../world'

interface Settings extends Json {
  readonly revision: number
  readonly values: Json
  readonly defaults: Json
  readonly changed: readonly string[]
}

/** Settings, prices, models, media and the machine, as the operator has them. */
export function adminSystemSuite(target: Target): void {
  const api = (...parts: Parameters<ReturnType<Target>['admin']['api']>) =>
    target().admin.api(...parts)

  describe('settings', () => {
    const read = () => good<Settings>(api('/settings'))
    const patch = (revision: number, settings: object) =>
      api('/settings', { revision, settings }, 'PATCH')

    test('are told with what is usual', async () => {
      expect(await read()).toMatchObject({
        ...{ object: 'admin.settings', unusable: {}, defaults: { heartbeat_ms: 15_000 } },
        schema: { properties: { max_attempts: { minimum: 1, maximum: 100 } } },
      })
    })

    test('are changed by who has seen them, and put back', async () => {
      const { revision } = await read()
      const changed = await good<Settings>(patch(revision, { heartbeat_ms: 9_000 }))
      expect(changed.values.heartbeat_ms).toBe(9_000)
      expect(changed.changed).toContain('heartbeat_ms')
      await expectRefusal(patch(revision, { heartbeat_ms: 8_000 }), {
        ...{ status: 409, code: 'revision_conflict' },
      })
      const { revision: next } = await read()
      const back = await good<Settings>(patch(next, { heartbeat_ms: null }))
      expect(back.values.heartbeat_ms).toBe(15_000)
    })

    test.each([
      [{ max_attempts: 101 }, 'settings.max_attempts'],
      [{ max_attempts: '5' }, 'settings.max_attempts'],
      [{ image_method: 'paint' }, 'settings.image_method'],
      [{ base_url: 'groxy.example' }, 'settings.base_url'],
      [{ no_such: 1 }, 'settings.no_such'],
      [{ admin_password: 'x' }, 'settings.admin_password'],
    ])('refuse %j by name', async (settings, param) => {
      const { revision } = await read()
      await expectRefusal(patch(revision, settings), { status: 400, code: 'invalid_value', param })
    })

    test('say nothing of what is secret', async () => {
      const { revision } = await read()
      const cookie = 'a-clearance-that-nobody-may-see'
      const changed = await good<Settings>(patch(revision, { web_cf_clearance: cookie }))
      expect(JSON.stringify(changed)).not.toContain(cookie)
      expect(JSON.stringify(await read())).not.toContain(cookie)
      await good(patch((await read()).revision, { web_cf_clearance: null }))
    })
  })

  describe('prices', () => {
    test('are set, changed by who has seen them, and removed', async () => {
      const wish = { model: 'org/talk', input: 3, output: 6.5, cached: 0.1 }
      const made = await good<Json>(api('/prices', wish), 201)
      expect(made).toMatchObject({ object: 'price', ...wish })
      await expectRefusal(api('/prices', wish), { status: 409, code: 'already_exists' })
      const path = `/prices/${encodeURIComponent('org/talk')}`
      const changed = await good(api(path, { revision: made.revision, input: 4 }, 'PATCH'))
      expect(changed).toMatchObject({ input: 4, output: 6.5 })
      const late = api(path, { revision: made.revision, input: 5 }, 'PATCH')
      await expectRefusal(late, { status: 409, code: 'revision_conflict' })
      expect((await good<List>(api('/prices'))).data).toContainEqual(changed as never)
      await good(api(path, undefined, 'DELETE'))
      await expectRefusal(api(path), { status: 404 })
      await expectRefusal(api('/prices', { ...wish, input: -1 }), { status: 400, param: 'input' })
    })
  })

  describe('models', () => {
    test('are told with who serves them', async () => {
      expect(await good(api('/models/talk'))).toMatchObject({
        ...{ object: 'model', id: 'talk', listed: true, why_not: [] },
        served_by: [{ kind: 'openai', accounts: 1, ready: 1 }],
      })
      const first = await good<List & { total: number; next: string }>(
        api('/models?search=GROK&limit=2'),
      )
      expect(first).toMatchObject({ has_more: true, data: expect.any(Array) })
      const second = await good<List>(api(`/models?search=GROK&limit=2&after=${first.next}`))
      expect(second.data[0]?.id).not.toBe(first.data[0]?.id as string)
      expect(await good(api('/models/nothing'))).toMatchObject({ why_not: [{ code: 'nobody' }] })
    })
  })

  describe('the system', () => {
    test('says what it is', async () => {
      const said = await good<{ database: { tables: readonly { name: string }[] } }>(api('/system'))
      expect(said).toMatchObject({
        ...{ object: 'admin.system', version: expect.stringMatching(/^\d+\.\d+\.\d+/) },
        ...{ runtime: expect.stringMatching(/\S/), instance: expect.stringMatching(/\S/) },
      })
      expect(said.database.tables.map(({ name }) => name)).toContain('keys')
      expect(JSON.stringify(said)).not.toContain('a secret for every target')
    })

    test('tells of its work, and begins it', async () => {
      const { data } = await good<{ data: readonly { name: string }[] }>(api('/system/jobs'))
      for (const name of ['models', 'accounts', 'cleaning', 'quota'])
        expect(data.map((job) => job.name)).toContain(name)
      await good(api('/system/jobs/cleaning/run', {}))
      await until(async () => {
        const { data: now } = await good<{ data: readonly Json[] }>(api('/system/jobs'))
        return now.find(({ name, state }) => name === 'cleaning' && state === 'done')
      }, 40_000)
      await expectRefusal(api('/system/jobs/nothing/run', {}), { status: 404 })
      await expectRefusal(api('/system/jobs/media/cancel', {}), { status: 409, code: 'job_state' })
    }, 60_000)

    test('looks at its upstreams', async () => {
      const { fakes } = target()
      const { data } = await good<{ data: readonly { url: string; look?: Json }[] }>(
        api('/system/upstreams/look', {}),
      )
      expect(data.map(({ url }) => url)).toContain(fakes.chat.url)
      await good(api('/system/upstreams'))
    })

    test('is copied and checked where it is a file, and says so elsewhere', async () => {
      const { database } = await good<{ database: { kind: string } }>(api('/system'))
      const [backup, check] = [await api('/system/backup'), await api('/system/check', {})]
      if (database.kind === 'file') {
        expect([backup.status, (await backup.bytes()).length > 4096]).toEqual([200, true])
        expect(await good(check)).toMatchObject({ is_sound: true, problem: null })
        return
      }
      await expectRefusal(backup, { status: 409, code: 'not_here' })
      await expectRefusal(check, { status: 409, code: 'not_here' })
    })
  })

  describe('media and files', () => {
    test('are listed, counted and deleted', async () => {
      const form = new FormData()
      form.set('file', new Blob([jpeg('a cat', 20_000)], { type: 'image/jpeg' }), 'a.jpg')
      const { url } = await good<{ url: string }>(target().post('/v1/uploads/image', form))
      const name = url.split('/').at(-1) ?? ''
      const { data } = await good<List<Json>>(api(`/media?search=${name}`))
      expect(data).toMatchObject([{ object: 'media', name, sort: 'image', kept: true }])
      expect(await good(api('/media/stats'))).toMatchObject({ object: 'media.stats' })
      expect(await good(api(`/media/${name}`, undefined, 'DELETE'))).toMatchObject({ deleted: 1 })
      expect((await fetch(url)).status).toBe(404)
      await expectRefusal(api(`/media/${name}`, undefined, 'DELETE'), { status: 404 })
    })

    test('of clients are seen and deleted', async () => {
      const form = new FormData()
      form.set('purpose', 'user_data')
      form.set('file', new File(['moss'], 'seen.txt'))
      const { id } = await good<{ id: string }>(target().post('/v1/files', form))
      const { data } = await good<List<Json>>(api('/files?search=seen.txt'))
      expect(data).toMatchObject([{ object: 'file', id, filename: 'seen.txt', bytes: 4 }])
      await good(api(`/files/${id}`, undefined, 'DELETE'))
      await expectRefusal(target().get(`/v1/files/${id}`), { status: 404 })
    })
  })
}
