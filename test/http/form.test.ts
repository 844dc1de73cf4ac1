import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createForms, isForm, type StreamTerms, streamForm } from '#src/http/form'
import { createIntake } from '#src/http/intake'
import { until } from '../support/programs'

const LIMITS = { maxBytes: 1024 * 1024, budgetBytes: 4 * 1024 * 1024 }
const BOUNDARY = '----groxy-test'

const bytesOf = (text: string) => new TextEncoder().encode(text)

function streamOf(pieces: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  const left = [...pieces]
  return new ReadableStream({
    pull(controller) {
      const piece = left.shift()
      if (piece) controller.enqueue(piece)
      else controller.close()
    },
  })
}

function requestOf(body: BodyInit | readonly Uint8Array[], type?: string): Request {
  const isStream = Array.isArray(body)
  return new Request('http://localhost/v1/files', {
    method: 'POST',
    body: isStream ? streamOf(body) : (body as BodyInit),
    headers: { 'content-type': type ?? `multipart/form-data; boundary=${BOUNDARY}` },
  })
}

/** A form with these headers of parts and their bodies. */
const formOf = (...parts: readonly (readonly [headers: string, body: string])[]) =>
  `${parts.map(([headers, body]) => `--${BOUNDARY}\r\n${headers}\r\n\r\n${body}\r\n`).join('')}--${BOUNDARY}--\r\n`

const field = (name: string, value: string) =>
  [`Content-Disposition: form-data; name="${name}"`, value] as const

const read = (request: Request, limits = LIMITS) =>
  createForms({ intake: createIntake(), limits: () => limits })(request)

/** What a form is, read as it comes. */
async function streamed(request: Request, terms: Partial<StreamTerms> = {}) {
  const files: { field: string; filename: string; type: string; bytes: number[] }[] = []
  let aborted = 0
  const fields = streamForm(request, {
    maxFileBytes: 1024 * 1024,
    async onFile(info) {
      const file = { ...info, bytes: [] as number[] }
      files.push(file)
      return {
        write: async (bytes) => {
          file.bytes.push(...bytes)
        },
        abort: async () => {
          aborted += 1
        },
      }
    },
    ...terms,
  })
  const outcome = await fields.then(
    (known) => ({ fields: known, fault: undefined }),
    (fault) => ({ fields: undefined, fault }),
  )
  return { ...outcome, files, aborted: () => aborted }
}

describe('A form', () => {
  test('is read as browsers and the SDKs send it', async () => {
    const body = new FormData()
    body.append('purpose', 'user_data')
    body.append('image[]', new File(['one'], 'a.png', { type: 'image/png' }))
    body.append('image[]', new File(['two'], '日本 "b".png', { type: 'image/png' }))
    body.append('tag', 'x')
    body.append('tag', 'ÿ😀')
    const request = new Request('http://localhost/', { method: 'POST', body })
    expect(isForm(request)).toBe(true)
    const form = await read(request)
    expect([...form.fields]).toEqual([
      ['purpose', ['user_data']],
      ['tag', ['x', 'ÿ😀']],
    ])
    expect(form.files.map((file) => ({ ...file, bytes: String(bytesOfText(file.bytes)) }))).toEqual(
      [
        { field: 'image[]', filename: 'a.png', type: 'image/png', bytes: 'one' },
        { field: 'image[]', filename: '日本 "b".png', type: 'image/png', bytes: 'two' },
      ],
    )
    form.release()
  })

  test('is the same wherever its bytes are cut', async () => {
    const value = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .array(fc.constantFrom('\r', '\n', '-', '--', `\r\n--${BOUNDARY.slice(0, 9)}`, 'x'), {
          maxLength: 12,
        })
        .map((parts) => bytesOf(parts.join(''))),
    )
    const part = fc.record({
      name: fc.constantFrom('a', 'purpose', 'b[c]'),
      isFile: fc.boolean(),
      value,
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 }),
        async (parts, sizes) => {
          const pieces = [
            ...parts.flatMap(({ name, isFile, value: bytes }) => [
              bytesOf(
                `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${isFile ? '; filename="é.bin"\r\ncontent-type:  application/pdf' : ''}\r\n\r\n`,
              ),
              bytes,
              bytesOf('\r\n'),
            ]),
            bytesOf(`--${BOUNDARY}--`),
          ]
          const whole = new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer())
          const cut: Uint8Array[] = []
          for (let at = 0, turn = 0; at < whole.length; turn += 1) {
            const size = sizes[turn % sizes.length] ?? 1
            cut.push(whole.slice(at, at + size))
            at += size
          }
          const fields = new Map<string, string[]>()
          for (const { name, isFile, value: bytes } of parts)
            if (!isFile)
              fields.set(name, [...(fields.get(name) ?? []), new TextDecoder().decode(bytes)])
          const files = parts
            .filter(({ isFile }) => isFile)
            .map(({ name, value: bytes }) => ({
              field: name,
              filename: 'é.bin',
              type: 'application/pdf',
              bytes: [...bytes],
            }))
          const stream = await streamed(requestOf(cut))
          expect(stream.fault).toBeUndefined()
          expect([...(stream.fields ?? [])]).toEqual([...fields])
          expect(stream.files).toEqual(files)
          const form = await read(requestOf(whole))
          expect([...form.fields]).toEqual([...fields])
          expect(form.files.map((file) => ({ ...file, bytes: [...file.bytes] }))).toEqual(files)
        },
      ),
      { numRuns: 300 },
    )
  })

  const NAMES: readonly (readonly [disposition: string, filename: string])[] = [
    ['filename="plain.txt"', 'plain.txt'],
    ['filename=bare.txt', 'bare.txt'],
    ['FileName = "spaced.txt" ', 'spaced.txt'],
    [`filename="fallback.txt"; filename*=UTF-8''na%C3%AFve%20%E2%82%AC.txt`, 'naïve €.txt'],
    [`filename*=utf-8'en'first.txt; filename="second.txt"`, 'first.txt'],
    [`filename="kept.txt"; filename*=UTF-8'en'%zz`, 'kept.txt'],
    [`filename="kept.txt"; filename*=koi8-r'ru'%C6`, 'kept.txt'],
    ['filename="日本語.txt"', '日本語.txt'],
    ['filename="a;b=c.txt"', 'a;b=c.txt'],
    ['filename="say \\"hi\\".txt"', 'say "hi".txt'],
    ['filename="say %22hi%22.txt"', 'say "hi".txt'],
    ['filename="100%.txt"', '100%.txt'],
    ['filename="../../etc/passwd"', 'passwd'],
    ['filename="C:\\\\Users\\\\me\\\\a.txt"', 'a.txt'],
    ['filename="C:\\Users\\me\\a.txt"', 'a.txt'],
    ['filename="a%0D%0Ab\tc.txt"', 'abc.txt'],
    ['filename="\u202etxt.exe"', 'txt.exe'],
    ['filename=".."', ''],
    ['filename="x/"', ''],
    ['filename=""', ''],
    [`filename="${'é'.repeat(300)}.json"`, `${'é'.repeat(250)}.json`],
  ]

  for (const [disposition, filename] of NAMES)
    test(`has a file called ${JSON.stringify(filename).slice(0, 40)} by ${disposition.slice(0, 60)}`, async () => {
      const part = [`Content-Disposition: form-data; name="file"; ${disposition}`, 'x'] as const
      const form = await read(requestOf(formOf(part)))
      expect(form.files.map((file) => [file.filename, file.type])).toEqual([
        [filename, 'application/octet-stream'],
      ])
    })

  test('has files that name no file but a type', async () => {
    const headers = 'Content-Disposition: form-data; name="image"\r\nContent-Type: image/png'
    const json = 'Content-Disposition: form-data; name="meta"\r\nContent-Type: application/json'
    const form = await read(requestOf(formOf([headers, 'png'], [json, '{}'])))
    expect(form.files).toMatchObject([{ field: 'image', filename: '', type: 'image/png' }])
    expect(form.fields.get('meta')).toEqual(['{}'])
  })

  const REFUSED: readonly (readonly [
    what: string,
    body: string,
    type: string | undefined,
    status: number,
    says: string,
  ])[] = [
    ['is none', '{}', 'application/json', 415, 'multipart/form-data'],
    ['has no boundary', formOf(field('a', 'b')), 'multipart/form-data', 400, 'boundary'],
    ['is cut off', formOf(field('a', 'b')).slice(0, -6), undefined, 400, 'cut off'],
    ['is empty', '', undefined, 400, 'cut off'],
    [
      'has another boundary',
      formOf(field('a', 'b')),
      'multipart/form-data; boundary=other',
      400,
      'cut off',
    ],
    [
      'has a part without a name',
      formOf(['Content-Disposition: form-data', 'x']),
      undefined,
      400,
      'malformed',
    ],
    [
      'has a part that is an attachment',
      formOf(['Content-Disposition: attachment; name=a', 'x']),
      undefined,
      400,
      'malformed',
    ],
    ['has a part without headers', formOf(['X', 'x']), undefined, 400, 'malformed'],
    [
      'has too many parts',
      formOf(...Array.from({ length: 101 }, () => field('a', 'b'))),
      undefined,
      400,
      'more than 100 parts',
    ],
    [
      'has long headers',
      formOf([`Content-Disposition: form-data; name="${'x'.repeat(20_000)}"`, 'x']),
      undefined,
      400,
      'malformed',
    ],
  ]

  for (const [what, body, type, status, says] of REFUSED)
    test(`that ${what} is refused with words that say so`, async () => {
      const stream = await streamed(requestOf(body, type))
      expect([stream.fault?.status, stream.fault?.message]).toEqual([
        status,
        expect.stringContaining(says),
      ])
      await expect(read(requestOf(body, type))).rejects.toMatchObject({
        message: stream.fault.message,
      })
    })

  test('ends where it says so, whatever comes then', async () => {
    const epilogue = formOf(field('late', 'x')).repeat(2)
    const form = await read(requestOf(formOf(field('a', 'b')) + epilogue))
    expect([...form.fields]).toEqual([['a', ['b']]])
  })

  test('is held in memory only within the limits', async () => {
    const body = formOf(field('a', 'x'.repeat(3000)))
    const limits = { maxBytes: 2000, budgetBytes: 4000 }
    await expect(read(requestOf(body), limits)).rejects.toMatchObject({ code: 'body_too_large' })
    const pieces = [bytesOf(body.slice(0, 1500)), bytesOf(body.slice(1500))]
    await expect(read(requestOf(pieces), limits)).rejects.toMatchObject({ code: 'body_too_large' })
    const form = await read(requestOf(pieces))
    expect(form.fields.get('a')).toEqual(['x'.repeat(3000)])
  })
})

describe('A form that is handed on as it comes', () => {
  const file = (bytes: string) =>
    ['Content-Disposition: form-data; name="file"; filename="f"', bytes] as const

  test('waits for its sink', async () => {
    let asked = 0
    const pieces = [
      bytesOf(`--${BOUNDARY}\r\n${file('')[0]}\r\n\r\n`),
      ...Array.from({ length: 50 }, () => new Uint8Array(1000)),
      bytesOf(`\r\n--${BOUNDARY}--\r\n`),
    ]
    const body = streamOf(pieces).pipeThrough(
      new TransformStream({
        transform(piece, controller) {
          asked += 1
          controller.enqueue(piece)
        },
      }),
    )
    const gate = Promise.withResolvers<void>()
    const request = new Request('http://localhost/', {
      method: 'POST',
      body,
      headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
    })
    const sink = { write: () => gate.promise, abort: async () => {} }
    const whole = streamForm(request, { maxFileBytes: 100_000, onFile: async () => sink })
    await Bun.sleep(50)
    expect(asked).toBeLessThan(10)
    gate.resolve()
    await whole
    expect(asked).toBe(52)
  })

  test('leaves nothing of a file that is too large, or that nobody takes', async () => {
    const form = formOf(field('purpose', 'x'), file('x'.repeat(2000)), file('y'))
    const large = await streamed(requestOf(form), { maxFileBytes: 1999 })
    expect(large.fault).toMatchObject({ code: 'file_too_large', status: 413 })
    expect(large.aborted()).toBe(1)
    const cut = await streamed(requestOf(form.slice(0, 1000)))
    expect(cut.fault).toMatchObject({ code: 'invalid_value' })
    expect(cut.aborted()).toBe(1)
    const refusal = new Error('not this one')
    const refused = await streamed(requestOf(form), { onFile: () => Promise.reject(refusal) })
    expect(refused.fault).toBe(refusal)
    const declared = new Request('http://localhost/', {
      method: 'POST',
      headers: {
        'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
        'content-length': '9000000',
      },
      body: form,
    })
    expect((await streamed(declared)).fault).toMatchObject({ code: 'file_too_large' })
  })

  test('takes only so much beside its files', async () => {
    const { fault } = await streamed(
      requestOf(formOf(field('a', 'x'.repeat(600_000)), field('b', 'x'.repeat(600_000)))),
    )
    expect(fault).toMatchObject({ status: 400, message: expect.stringContaining('fields') })
  })

  test('is given up when it comes too slowly, or when its client leaves', async () => {
    const held = (signal: AbortSignal) =>
      new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(bytesOf(`--${BOUNDARY}\r\n${file('')[0]}\r\n\r\n${'abc'.repeat(40)}`))
          signal.onabort = () => controller.error(new Error('gone'))
        },
      })
    let asked = 0
    const outcomes: unknown[] = []
    const server = Bun.serve({
      port: 0,
      async fetch(request) {
        asked++
        const { fault, aborted } = await streamed(request, {
          patienceMs: asked === 1 ? 300 : 60_000,
        })
        outcomes.push(fault?.code, aborted())
        return new Response(fault?.code)
      },
    })
    const headers = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` }
    const post = (signal: AbortSignal) =>
      fetch(server.url, { method: 'POST', headers, body: held(signal), signal })
    expect(await (await post(new AbortController().signal)).text()).toBe('request_timeout')
    const leaving = new AbortController()
    const left = post(leaving.signal).catch(() => undefined)
    await until(() => asked === 2 || undefined)
    await Bun.sleep(100)
    leaving.abort()
    await left
    await until(() => outcomes.length === 4 || undefined)
    expect(outcomes).toEqual(['request_timeout', 1, 'client_gone', 1])
    await server.stop(true)
  })
})

const bytesOfText = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
