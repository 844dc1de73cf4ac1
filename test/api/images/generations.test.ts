import { describe, expect, test } from 'bun:test'
import { fetched, PICTURE_KINDS, type PictureKind, typeOf64 } from '../../support/picture-kinds'

const PROMPT = 'A fern in the rain'
const rows = PICTURE_KINDS.map((kind): [string, PictureKind] => [kind.name, kind])

describe.each(rows)('pictures of %s', (_, kind) => {
  const { model, most, format, type, open } = kind

  test('come in their usual form, and say who made them', async () => {
    await using it = await open()
    const { data: answer, response } = await it.sdk.images
      .generate({ model, prompt: PROMPT })
      .withResponse()
    expect(answer.data).toHaveLength(1)
    expect(answer.created).toBeCloseTo(Date.now() / 1000, -2)
    expect(Object.keys(answer.data?.[0] ?? {})).toContain(format)
    expect(response.headers.get('x-groxy-model')).toBe(model)
    expect(response.headers.get('x-groxy-account')).toMatch(/^(one|two)$/)
    expect(response.headers.get('x-groxy-attempts')).toBe('1')
    expect(await it.ledger()).toMatchObject([
      { endpoint: 'images.generations', model, outcome: 'done', status: 200, stream: false },
    ])
  })

  test('come by addresses of ours where these are asked for', async () => {
    await using it = await open()
    const { data } = await it.sdk.images.generate({
      model,
      prompt: PROMPT,
      n: 2,
      response_format: 'url',
    })
    expect(data).toHaveLength(2)
    for (const { url, b64_json } of data ?? []) {
      expect(url).toStartWith(`${it.url}/images/`)
      expect(b64_json).toBeUndefined()
      expect(await fetched(url)).toEqual({ status: 200, mime: `image/${type}`, type })
    }
  })

  test('come whole where that is asked for, in any of its names', async () => {
    await using it = await open()
    const fields = { model, prompt: PROMPT }
    for (const said of [{ response_format: 'b64_json' }, { image_format: 'base64' }]) {
      const { data } = await it.sdk.images.generate({ ...fields, ...said } as never)
      const [{ b64_json, url } = {}] = data ?? []
      expect(url).toBeUndefined()
      expect(b64_json).not.toContain('data:')
      expect(typeOf64(b64_json)).toBe(type)
    }
  })

  test('are as many as were asked for, by as many calls as it takes, each in the ledger', async () => {
    await using it = await open()
    const { data } = await it.sdk.images.generate({ model, prompt: PROMPT, n: 5 })
    expect(data).toHaveLength(5)
    const pictures = data?.map(({ url, b64_json }) => url ?? b64_json)
    expect(new Set(pictures).size).toBe(5)
    const rows = await it.ledger()
    expect(rows).toHaveLength(Math.ceil(5 / most))
    expect(new Set(rows.map(({ requestId }) => requestId)).size).toBe(1)
  })

  test('are made by the model that is chosen where none is named', async () => {
    await using it = await open({ image_model: model })
    const { response } = await it.sdk.images.generate({ prompt: PROMPT }).withResponse()
    expect(response.headers.get('x-groxy-model')).toBe(model)
  })
})

describe('what a picture is', () => {
  const [[, xai], [, openai]] = [rows[0], rows[1]] as [[string, PictureKind], [string, PictureKind]]

  test('is what its upstream says of it, and its size is the one that it has', async () => {
    await using it = await openai.open()
    const fields = { model: openai.model, prompt: PROMPT, size: '1536x1024' as const }
    const answer = await it.sdk.images.generate({
      ...fields,
      quality: 'low',
      output_format: 'webp',
      background: 'opaque',
    })
    expect(answer).toMatchObject({
      size: '1536x1024',
      quality: 'low',
      background: 'opaque',
      output_format: 'webp',
      usage: {
        input_tokens: 12,
        output_tokens: 4160,
        total_tokens: 4172,
        input_tokens_details: { text_tokens: 12, image_tokens: 0 },
      },
    })
  })

  test('is what its bytes show where its upstream did not mind', async () => {
    await using it = await xai.open()
    const answer = await it.sdk.images.generate({
      model: xai.model,
      prompt: PROMPT,
      size: '1024x1536',
      output_format: 'png',
      response_format: 'b64_json',
    })
    expect(answer).toMatchObject({
      size: '683x1024',
      output_format: 'jpeg',
      data: [{ revised_prompt: `${PROMPT}, in detail` }],
      usage: { cost_in_usd_ticks: 200_000_000 },
    })
    expect(answer.quality).toBeUndefined()
  })

  test('costs what all calls cost together', async () => {
    await using it = await xai.open()
    const { usage } = await it.sdk.images.generate({ model: xai.model, prompt: PROMPT, n: 3 })
    expect(usage).toMatchObject({ cost_in_usd_ticks: 600_000_000 })
    expect(await it.ledger()).toMatchObject([{ costTicks: 600_000_000, costSource: 'reported' }])
  })

  test('is shaped in the words of xAI as well as in those of OpenAI', async () => {
    const asked = await Promise.all(
      [{ aspect_ratio: '16:9', resolution: '2k' }, { size: '16:9' }, { size: '1792x1024' }].map(
        async (fields) => {
          await using it = await xai.open()
          const body = { model: xai.model, prompt: PROMPT, response_format: 'b64_json', ...fields }
          const answer = await it.post('/v1/images/generations', body)
          return (await answer.json()).size
        },
      ),
    )
    expect(asked).toEqual(['2048x1152', '1024x576', '1536x864'])
  })
})
