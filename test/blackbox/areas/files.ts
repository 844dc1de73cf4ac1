import { expect, test } from 'bun:test'
import { toFile } from 'openai'
import { officialFileFaults } from '../../support/official-files'
import { expectRefusal, good, idsOfAll, type List } from '../checks'
import type { Json, Target } from '../world'

const PATH = '/v1/files'
const LONG = 60_000

/** Bytes that nobody can guess, or press together. */
function noise(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at += 65_536)
    crypto.getRandomValues(bytes.subarray(at, at + 65_536))
  return bytes
}

/** `/v1/files` */
export function filesSuite(target: Target): void {
  const upload = (
    bytes: Uint8Array<ArrayBuffer> | string,
    fields: Record<string, string> = {},
    by = target(),
  ) => {
    const form = new FormData()
    for (const [name, value] of Object.entries({ purpose: 'user_data', ...fields }))
      form.set(name, value)
    form.set('file', new File([bytes], 'moss.txt', { type: 'text/plain' }))
    return by.post(PATH, form)
  }
  const uploaded = (...parts: Parameters<typeof upload>) =>
    good<Json & { id: string }>(upload(...parts))

  test('one is uploaded, looked up, read and deleted', async () => {
    const made = await uploaded('moss')
    expect(officialFileFaults('OpenAIFile', made)).toEqual([])
    expect(made).toMatchObject({
      object: 'file',
      bytes: 4,
      filename: 'moss.txt',
      purpose: 'user_data',
    })
    expect(await good(target().get(`${PATH}/${made.id}`))).toEqual(made)
    const content = await target().get(`${PATH}/${made.id}/content`)
    expect(await content.text()).toBe('moss')
    expect(content.headers.get('content-disposition')).toStartWith('attachment')
    const deleted = await good(target().remove(`${PATH}/${made.id}`))
    expect(officialFileFaults('DeleteFileResponse', deleted)).toEqual([])
    for (const path of [`${PATH}/${made.id}`, `${PATH}/${made.id}/content`])
      await expectRefusal(target().get(path), { status: 404, code: 'not_found' })
    await expectRefusal(target().remove(`${PATH}/${made.id}`), { status: 404 })
  })

  test(
    'one of 20 MB comes back as it was',
    async () => {
      const bytes = noise(20 * 1024 * 1024)
      const { id, bytes: size } = await uploaded(bytes)
      expect(size).toBe(bytes.length)
      const back = await (await target().get(`${PATH}/${id}/content`)).bytes()
      expect(Bun.SHA256.hash(back, 'hex')).toBe(Bun.SHA256.hash(bytes, 'hex'))
      await good(target().remove(`${PATH}/${id}`))
    },
    LONG,
  )

  test('its head alone tells how long one is', async () => {
    const { id } = await uploaded('0123456789')
    const path = `${PATH}/${id}/content`
    const head = await target().call('HEAD', path)
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '10'])
  })

  test('are listed page by page, either way, and by what they are for', async () => {
    const by = { ...target(), ...(await target().newKey()) }
    const ids: string[] = []
    for (const purpose of ['vision', 'batch', 'vision', 'vision', 'assistants']) {
      ids.push((await uploaded('x', { purpose }, by)).id)
      await Bun.sleep(5)
    }
    const list = await good<List>(by.get(`${PATH}?limit=2`))
    expect(officialFileFaults('ListFilesResponse', list)).toEqual([])
    expect(new Set(await idsOfAll((query) => by.get(PATH + query), 2))).toEqual(new Set(ids))
    const forward = await idsOfAll((query) => by.get(`${PATH}${query}&order=asc`), 2)
    const backward = await idsOfAll((query) => by.get(`${PATH}${query}&order=desc`), 2)
    expect(forward).toEqual(backward.toReversed())
    const seen = await idsOfAll((query) => by.get(`${PATH}${query}&purpose=vision`), 2)
    expect(seen.toSorted()).toEqual([ids[0], ids[2], ids[3]].toSorted() as string[])
  })

  test('one that is to expire says when', async () => {
    const made = await uploaded('x', {
      'expires_after[anchor]': 'created_at',
      'expires_after[seconds]': '7200',
    })
    expect(made.expires_at).toBe(Number(made.created_at) + 7200)
  })

  test.each(['talk', 'gpt-5'])('one is read by a model that is sent its id: %s', async (model) => {
    const { sdk, responses } = target()
    const file = await toFile(new TextEncoder().encode('Moss is green.'), 'moss.txt')
    const { id } = await sdk.files.create({ file, purpose: 'user_data' })
    const content = [
      { type: 'input_text', text: 'What is green?' },
      { type: 'input_file', file_id: id },
    ]
    const made = await responses.create({ model, input: [{ role: 'user', content }] })
    expect(made.status).toBe('completed')
  })

  test('one is there for its key alone', async () => {
    const { id } = await uploaded('mine')
    const { other } = target()
    for (const [method, path] of [
      ['GET', `${PATH}/${id}`],
      ['GET', `${PATH}/${id}/content`],
      ['DELETE', `${PATH}/${id}`],
    ] as const)
      await expectRefusal(other.call(method, path), { status: 404, code: 'not_found' })
    expect((await good<List>(other.get(PATH))).data).toEqual([])
  })

  test.each([
    [{ purpose: 'fun' }, 'purpose'],
    [{ expires_after: '3599' }, 'expires_after'],
    [{ 'expires_after[seconds]': '7200' }, 'expires_after[anchor]'],
  ])('one is refused with %j', async (fields, param) => {
    await expectRefusal(upload('x', fields), { status: 400, code: 'invalid_value', param })
  })

  test('a form without a file, and a body that is no form, are refused', async () => {
    const form = new FormData()
    form.set('purpose', 'user_data')
    await expectRefusal(target().post(PATH, form), { status: 400, param: 'file' })
    await expectRefusal(target().post(PATH, {}), { status: 415 })
    await expectRefusal(target().stranger('POST', PATH, form), { status: 401 })
  })

  test.each([
    ['limit=0', 'limit'],
    ['limit=10001', 'limit'],
    ['order=up', 'order'],
    ['after=file-x', 'after'],
  ])('are not listed with %s', async (query, param) => {
    await expectRefusal(target().get(`${PATH}?${query}`), { status: 400, param })
  })
}
