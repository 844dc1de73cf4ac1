import { expect, test } from 'bun:test'
import { embed } from '../../fakes/media/embeddings'
import { expectRefusal, good } from '../checks'
import type { Target } from '../world'

const PATH = '/v1/embeddings'
const MODEL = 'text-embedding-3-small'

interface Vectors {
  readonly data: readonly { readonly index: number; readonly embedding: unknown }[]
  readonly model: string
  readonly usage: { readonly prompt_tokens: number; readonly total_tokens: number }
}

/** `/v1/embeddings` */
export function embeddingsSuite(target: Target): void {
  const ask = (body: object) => target().post(PATH, { model: MODEL, dimensions: 4, ...body })

  test.each([
    ['a text', 'Hello', 1],
    ['texts', ['Hello', 'there'], 2],
    ['tokens', [1, 2, 3], 1],
    ['lists of tokens', [[1, 2], [3]], 2],
  ])('%s are given vectors', async (_, input, count) => {
    const answer = await good<Vectors>(ask({ input }))
    expect(answer).toMatchObject({ object: 'list', model: MODEL })
    expect(answer.data.map(({ index }) => index)).toEqual([...Array(count).keys()])
    expect(answer.usage.total_tokens).toBeGreaterThan(0)
  })

  test('the numbers are those of the upstream, in either form', async () => {
    const numbers = embed('Hello', 4)
    const plain = await good<Vectors>(ask({ input: 'Hello', encoding_format: 'float' }))
    expect(plain.data[0]?.embedding).toEqual([...numbers])
    const packed = await good<Vectors>(ask({ input: 'Hello', encoding_format: 'base64' }))
    expect(packed.data[0]?.embedding).toBe(Buffer.from(numbers.buffer).toString('base64'))
  })

  test('come from xAI as well', async () => {
    const answer = await good<Vectors>(ask({ model: 'grok-embedding-small', input: ['a', 'b'] }))
    expect(answer.data).toHaveLength(2)
  })

  test.each([
    [{}, 'input'],
    [{ input: 5 }, 'input'],
    [{ input: 'x', encoding_format: 'hex' }, 'encoding_format'],
    [{ input: 'x', dimensions: 0 }, 'dimensions'],
    [{ input: 'x', model: undefined }, 'model'],
  ])('are refused for %j', async (body, param) => {
    await expectRefusal(ask(body), { status: 400, param })
  })

  test('are refused to strangers, and for models that nobody serves', async () => {
    await expectRefusal(target().stranger('POST', PATH, { model: MODEL, input: 'x' }), {
      status: 401,
    })
    await expectRefusal(ask({ model: 'no-such-model', input: 'x' }), {
      status: 404,
      code: 'model_not_found',
    })
  })
}
