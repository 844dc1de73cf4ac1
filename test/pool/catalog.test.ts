import { describe, expect, test } from 'bun:test'
import { account, poolOf } from '../support/accounts-pool'

const idsOf = (plan: ReturnType<ReturnType<typeof poolOf>['catalog']['find']>) =>
  plan?.targets.map(({ upstreamModel, candidates }) => [
    upstreamModel,
    candidates.map((group) =>
      group.flatMap(({ members }) => members.map(({ account: { id } }) => id)).sort(),
    ),
  ])

const unlisted = { models: null }

describe('the catalog', () => {
  test('merges lists, hides upstream aliases but answers to them, and puts own aliases on top', () => {
    const { catalog } = poolOf(
      [account('a', unlisted), account('b', { ...unlisted, kind: 'openai' })],
      { 'gpt-4o': { mode: 'order', targets: [{ model: 'grok-4' }] } },
    )
    catalog.learn([
      ['a', [{ id: 'grok-4', aliases: ['grok-4-latest'] }]],
      ['b', [{ id: 'grok-4' }, { id: 'org/model' }]],
    ])
    expect(catalog.list().map(({ id }) => id)).toEqual(['gpt-4o', 'grok-4', 'org/model'])
    expect(idsOf(catalog.find('gpt-4o', 0))).toEqual([['grok-4', [['a'], ['b']]]])
    expect(idsOf(catalog.find('grok-4-latest', 0))).toEqual([['grok-4-latest', [['a']]]])
    expect(catalog.find('nothing', 0)).toBeUndefined()
  })
  test('an account whose list is not known yet is asked for what no list names', () => {
    const { catalog } = poolOf([account('a', unlisted), account('b', unlisted)])
    catalog.learn([['a', [{ id: 'grok-4' }]]])
    expect(idsOf(catalog.find('new-model', 0))).toEqual([['new-model', [['b']]]])
  })
  test('models that the operator names need no list', () => {
    const { catalog } = poolOf([account('a', { models: ['local'] })])
    expect(catalog.list()).toEqual([{ id: 'local' }])
    expect(catalog.find('other', 0)).toBeUndefined()
  })
  test('accounts of one host with one list share a shelf, others do not', () => {
    const { pool, update } = poolOf([
      account('a'),
      account('b'),
      account('c', { baseUrl: 'https://other.example' }),
      account('d', { models: ['grok-4', 'grok-3'] }),
    ])
    const shelves = () => new Set([...pool.members()].map(({ shelf }) => shelf))
    expect(shelves().size).toBe(3)
    update([account('a'), account('b'), account('d')])
    expect(shelves().size).toBe(1)
  })
  test('a list that changes moves its account, and nothing of the old one is on offer', () => {
    const { catalog } = poolOf([account('a', unlisted)])
    catalog.learn([['a', [{ id: 'old' }]]])
    catalog.learn([['a', [{ id: 'new' }]]])
    expect(catalog.list().map(({ id }) => id)).toEqual(['new'])
    expect(catalog.find('old', 0)).toBeUndefined()
  })
})

describe('a route', () => {
  const models = ['one', 'two', 'three']
  const accounts = [account('a', { models })]
  test('in order leads from model to model, leaving out what nobody has', () => {
    const { catalog } = poolOf(accounts, {
      best: {
        mode: 'order',
        targets: [{ model: 'one' }, { model: 'missing' }, { model: 'three' }],
        also: ['context_length'],
      },
    })
    expect(idsOf(catalog.find('best', 0))).toEqual([
      ['one', [['a']]],
      ['three', [['a']]],
    ])
    expect(catalog.find('best', 0)?.also).toEqual(['context_length'])
    expect(catalog.model('best')?.id).toBe('best')
  })
  test('that splits does so by weight, each conversation staying with one model', () => {
    const { catalog } = poolOf(accounts, {
      mix: {
        mode: 'split',
        targets: [
          { model: 'one', weight: 9 },
          { model: 'two', weight: 1 },
        ],
      },
    })
    const chosen = Array.from({ length: 1000 }, (_, at) => {
      const conversation = Math.floor(((at + 0.5) / 1000) * 2 ** 32)
      expect(catalog.find('mix', conversation)).toEqual(catalog.find('mix', conversation))
      return catalog.find('mix', conversation)?.targets[0]?.upstreamModel
    })
    expect(chosen.filter((model) => model === 'two')).toHaveLength(100)
  })
  test('to nowhere is not on offer', () => {
    const { catalog } = poolOf(accounts, { lost: { mode: 'order', targets: [{ model: 'gone' }] } })
    expect(catalog.find('lost', 0)).toBeUndefined()
    expect(catalog.list().map(({ id }) => id)).not.toContain('lost')
  })
})
