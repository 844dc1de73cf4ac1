import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { Check } from 'typebox/schema'
import { misfits } from '#src/turn/json-schema/misfits'

type Json = Readonly<Record<string, unknown>>

/** An object that has this member is taken for a promise by whoever waits for it. */
const THEN = 'then' as string

const fits = (schema: unknown, value: unknown) => expect(misfits(schema, value)).toEqual([])
const wrongWith = (schema: unknown, value: unknown) => misfits(schema, value)?.join('; ')

/** As programs send it: Pydantic's references, Zod's unions, OpenAI's rules for strict schemas. */
const ORDER = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  title: 'Order',
  properties: {
    id: { type: 'string', format: 'uuid' },
    state: { enum: ['open', 'sent', null] },
    total: { type: 'number', exclusiveMinimum: 0, multipleOf: 0.01 },
    buyer: { $ref: '#/$defs/Person' },
    lines: {
      type: 'array',
      minItems: 1,
      items: { anyOf: [{ $ref: '#/$defs/Line' }, { type: 'string' }] },
    },
    note: { anyOf: [{ type: 'string', maxLength: 3 }, { type: 'null' }], default: null },
  },
  required: ['id', 'state', 'total', 'buyer', 'lines', 'note'],
  additionalProperties: false,
  $defs: {
    Person: {
      type: 'object',
      properties: {
        name: { type: 'string', pattern: '^\\p{Lu}' },
        boss: { $ref: '#/$defs/Person' },
      },
      required: ['name'],
      additionalProperties: false,
    },
    Line: {
      type: 'object',
      properties: { sku: { type: 'string' }, count: { type: 'integer' } },
      required: ['sku', 'count'],
    },
  },
}
const GOOD = {
  id: '123e4567-e89b-42d3-a456-426614174000',
  state: null,
  total: 19.99,
  buyer: { name: 'Åse', boss: { name: 'Öz' } },
  lines: [{ sku: 'a', count: 2 }, 'a gift'],
  note: null,
}

describe('a schema as programs send it', () => {
  test('takes what fits', () => fits(ORDER, GOOD))

  test.each<[string, unknown, string]>([
    ['a missing member', { ...GOOD, note: undefined }, 'the value must have the member "note"'],
    ['a member too many', { ...GOOD, tip: 1 }, 'the value must not have the member "tip"'],
    ['another type', { ...GOOD, total: '9' }, 'total must be number, not "9"'],
    ['a limit', { ...GOOD, total: 0 }, 'total must be more than 0'],
    ['a step', { ...GOOD, total: 0.001 }, 'total must be a multiple of 0.01'],
    [
      'another word',
      { ...GOOD, state: 'lost' },
      'state must be one of ["open","sent",null], not "lost"',
    ],
    ['a format', { ...GOOD, id: 'x' }, 'id must have the format "uuid", unlike "x"'],
    [
      'what is referred to',
      { ...GOOD, buyer: { name: 'åse' } },
      'buyer.name must match the pattern "^\\\\p{Lu}"',
    ],
    [
      'what refers to itself',
      { ...GOOD, buyer: { name: 'A', boss: {} } },
      'buyer.boss must have the member "name"',
    ],
    [
      'one of several, by the one that was meant',
      { ...GOOD, lines: [{ sku: 'a', count: 1.5 }] },
      'lines[0].count must be integer, not 1.5',
    ],
    [
      'none of several',
      { ...GOOD, lines: [7] },
      'lines[0] fits none of what it may be: lines[0] must be object, not 7; or lines[0] must be string, not 7',
    ],
    ['too few', { ...GOOD, lines: [] }, 'lines must have at least 1 items'],
    ['too long', { ...GOOD, note: 'long' }, 'note must be at most 3 characters long'],
    ['no object', [], 'the value must be object, not []'],
  ])('says what is wrong: %s', (_, value, wrong) => {
    expect(wrongWith(ORDER, JSON.parse(JSON.stringify(value)))).toBe(wrong)
  })

  test('says several things at once, and no more than can be read', () => {
    const wrong = misfits(
      { items: { type: 'integer' } },
      Array.from({ length: 100 }, () => 'x'),
    )
    expect(wrong).toHaveLength(8)
    expect(misfits(ORDER, { ...GOOD, total: -1, state: 1 })).toEqual([
      'state must be one of ["open","sent",null], not 1',
      'total must be more than 0',
    ])
  })
})

describe('every draft', () => {
  test.each<[string, unknown, unknown, unknown]>([
    ['draft 4 limits', { minimum: 1, exclusiveMinimum: true }, 2, 1],
    ['draft 4 upper limits', { maximum: 1, exclusiveMaximum: true }, 0, 1],
    ['a limit twice', { minimum: 1, exclusiveMinimum: 3 }, 4, 3],
    ['an upper limit twice', { maximum: 3, exclusiveMaximum: 5 }, 3, 4],
    [
      'definitions',
      { $ref: '#/definitions/a~1b', definitions: { 'a/b': { type: 'null' } } },
      null,
      1,
    ],
    [
      'escapes in references',
      { $ref: '#/$defs/a%20b', $defs: { 'a b': { type: 'null' } } },
      null,
      1,
    ],
    ['anchors', { $ref: '#a', $defs: { x: { $anchor: 'a', type: 'null' } } }, null, 1],
    ['ids', { $ref: 'x.json', $defs: { x: { $id: 'x.json', type: 'null' } } }, null, 1],
    [
      'pointers into ids',
      { $ref: 'x#/not', $defs: { x: { $id: 'x#', not: { type: 'null' } } } },
      null,
      1,
    ],
    [
      'references to the whole',
      { properties: { a: { $ref: '#' } }, maxProperties: 1 },
      { a: { b: 1 } },
      { a: { b: 1, c: 2 } },
    ],
    [
      '$recursiveRef',
      { additionalProperties: { $recursiveRef: '#' }, type: 'object' },
      { a: {} },
      { a: 1 },
    ],
    ['items as a list', { items: [{ type: 'null' }], additionalItems: false }, [null], [null, 1]],
    [
      'prefixItems',
      { prefixItems: [{ type: 'null' }], items: { type: 'string' } },
      [null, 'a'],
      [null, 1],
    ],
    ['contains', { contains: { const: 1 }, maxContains: 1 }, [1, 2], [1, 1]],
    ['contains none', { contains: { const: 1 } }, [1], [2]],
    [
      'uniqueItems',
      { uniqueItems: true },
      [{ a: 1 }, { a: 2 }, '1', 1],
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
    ],
    ['const', { const: { a: [1] } }, { a: [1] }, { a: [2] }],
    ['enum of objects', { enum: [{ a: 1 }] }, { a: 1 }, { a: 2 }],
    [
      'patternProperties',
      { patternProperties: { '^x-': { type: 'null' } } },
      { 'x-a': null, y: 1 },
      { 'x-a': 1 },
    ],
    [
      'additionalProperties beside patterns',
      { patternProperties: { '^x-': true }, additionalProperties: { type: 'null' } },
      { 'x-a': 1, b: null },
      { b: 1 },
    ],
    ['propertyNames', { propertyNames: { maxLength: 1 } }, { a: 1 }, { ab: 1 }],
    ['minProperties', { minProperties: 1 }, { a: 1 }, {}],
    ['maxItems', { maxItems: 1 }, [1], [1, 2]],
    [
      'dependencies',
      { dependencies: { a: ['b'], c: { required: ['d'] } } },
      { a: 1, b: 1 },
      { c: 1 },
    ],
    ['dependentRequired', { dependentRequired: { a: ['b'] } }, { b: 1 }, { a: 1 }],
    [
      'if, then, else',
      { if: { type: 'string' }, [THEN]: { minLength: 1 }, else: { type: 'null' } },
      null,
      '',
    ],
    ['not', { not: { type: 'string' } }, 1, 'a'],
    ['oneOf', { oneOf: [{ type: 'string' }, { minLength: 2 }] }, 'a', 'ab'],
    ['oneOf nothing', { oneOf: [{ type: 'string' }, { type: 'null' }] }, 'a', 1],
    ['allOf', { allOf: [{ minLength: 1 }, { maxLength: 1 }] }, 'a', 'ab'],
    ['false', { properties: { a: false } }, {}, { a: 1 }],
    ['types in a list', { type: ['string', 'null'] }, null, 1],
    ['OpenAPI 3.0', { type: 'string', nullable: true }, null, 1],
    ['signs beyond the first 65536', { minLength: 2, maxLength: 2 }, '😀😀', '😀'],
    ['whole numbers', { type: 'integer' }, 2.0, 2.5],
    [
      'names that objects have by themselves',
      { required: ['toString'], properties: { __proto__: false } },
      { toString: 1 },
      {},
    ],
    [
      'unevaluatedProperties over references, conditions and alternatives',
      {
        $ref: '#/$defs/base',
        anyOf: [{ properties: { b: { type: 'string' } } }, { properties: { c: true } }],
        if: { required: ['d'] },
        [THEN]: { properties: { d: true } },
        dependentSchemas: { a: { properties: { e: true } } },
        $defs: { base: { properties: { a: { type: 'string' } } } },
        unevaluatedProperties: false,
      },
      { a: '', b: '', c: 1, d: 1, e: 1 },
      { a: '', b: '', f: 1 },
    ],
    [
      'unevaluatedProperties beside what takes all',
      { allOf: [{ additionalProperties: true }], unevaluatedProperties: false },
      { a: 1 },
      undefined,
    ],
  ])('%s', (_, schema, good, bad) => {
    fits(schema, good)
    if (bad !== undefined) expect(misfits(schema, bad)).not.toEqual([])
  })

  test('what nobody knows, or is no schema at all, is left unheeded', () => {
    const odd = [true, {}, null, 5, [], { type: 'date' }, { minimum: '5' }, { required: 'a' }]
    const more = [
      { $ref: '#/nowhere' },
      { $ref: 'https://example.org/schema.json' },
      { $ref: '#/%' },
    ]
    const others = [{ pattern: '(' }, { pattern: '(?=a)b' }, { format: 'made-up' }, { anyOf: 'x' }]
    const rest = [{ patternProperties: { '(': false, '(?!a)': false } }, { 'x-rule': 1 }]
    for (const schema of [...odd, ...more, ...others, ...rest])
      for (const value of ['text', 1, null, [1], { a: 1 }]) fits(schema, value)
  })
})

describe('a hostile schema', () => {
  const doubling = (word: string) => ({
    $ref: '#/$defs/a0',
    $defs: Object.fromEntries(
      Array.from({ length: 40 }, (_, at) => [
        `a${at}`,
        { [word]: [{ $ref: `#/$defs/a${at + 1}` }, { $ref: `#/$defs/a${at + 1}` }] },
      ]),
    ),
  })
  const many = (count: number, make: (at: number) => unknown) =>
    Array.from({ length: count }, (_, at) => make(at))
  const deep = JSON.parse('['.repeat(3000) + ']'.repeat(3000))

  test.each<[string, unknown, unknown]>([
    ['that refers to itself', { $ref: '#' }, 1],
    ['that refers to itself by way of others', { anyOf: [{ not: { $ref: '#' } }] }, 1],
    ['whose parts double', doubling('allOf'), 1],
    ['whose choices double', { ...doubling('oneOf') }, 1],
    ['that follows a deep value', { items: { $ref: '#' } }, deep],
    [
      'with a pattern that never ends',
      { pattern: '^(([a-z])+.)+[A-Z]([a-z])+$' },
      'a'.repeat(1_000_000),
    ],
    [
      'with names that never end',
      { patternProperties: { '(x+x+)+y': false } },
      { ['x'.repeat(1_000_000)]: 1 },
    ],
    [
      'with many words',
      { items: { enum: many(50_000, (at) => `w${at}`) } },
      many(50_000, () => 'x'),
    ],
    [
      'with many things',
      { items: { enum: many(1_000, (at) => ({ at })) } },
      many(50_000, () => ({})),
    ],
    [
      'with many that must be there',
      { items: { required: many(10_000, String) } },
      many(10_000, () => ({})),
    ],
    ['with many formats', { items: { format: 'uri' } }, many(10_000, () => 'a:'.repeat(1000))],
    ['that wants no twins', { uniqueItems: true }, many(1_000_000, (at) => ({ at }))],
  ])('takes no time: %s', (_, schema, value) => {
    const begun = performance.now()
    misfits(schema, value)
    // A quarter of a second here; without a bound some of these take longer than the universe.
    expect(performance.now() - begun).toBeLessThan(3_000)
  })

  test('is told apart from one that does not fit', () => {
    expect(misfits({ $ref: '#' }, 1)).toBeUndefined()
    expect(misfits(doubling('allOf'), 1)).toBeUndefined()
    // That something is wrong was found, and only what it is would take too long to tell.
    const branches = many(60, () => ({ items: { type: 'string', minLength: 1 } }))
    const wrong = misfits(
      { anyOf: branches },
      many(20_000, (at) => (at < 19_999 ? 'a' : 1)),
    )
    expect(wrong).not.toEqual([])
  })
})

describe('the same verdict as TypeBox', () => {
  const key = fc.constantFrom('a', 'b', 'c')
  const leaf = fc.constantFrom<unknown>(null, true, 0, 1, 2, 1.5, '', 'a', 'ab', '2020-01-01', '😀')
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 2 },
      leaf,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(key, tie('value'), { maxKeys: 3 }),
    ),
  }))
  const type = fc.constantFrom('string', 'number', 'integer', 'boolean', 'null', 'object', 'array')
  const small = fc.nat(3)
  const { schema } = fc.letrec<{ schema: Json | boolean }>((tie) => {
    const any = tie('schema')
    const some = fc.array(any, { minLength: 1, maxLength: 2 })
    const loose = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
      fc.record(model, { requiredKeys: [] }) as unknown as fc.Arbitrary<Json>
    return {
      schema: fc.oneof(
        { maxDepth: 3 },
        fc.boolean(),
        loose({ type: fc.oneof(type, fc.uniqueArray(type, { minLength: 1, maxLength: 3 })) }),
        loose({ minimum: small, exclusiveMaximum: small, multipleOf: fc.constantFrom(1, 0.5) }),
        loose({ minLength: small, maxLength: small, format: fc.constant('date') }),
        loose({ pattern: fc.constantFrom('^a', 'b$', '^[a-c]+$', 'a|b', '^.{2}$') }),
        loose({ enum: fc.array(value, { minLength: 1, maxLength: 3 }), const: value }),
        loose({
          properties: fc.dictionary(key, any, { maxKeys: 2 }),
          patternProperties: fc.dictionary(fc.constantFrom('^a', 'b|c'), any, { maxKeys: 1 }),
          additionalProperties: any,
          required: fc.uniqueArray(key, { maxLength: 2 }),
          propertyNames: any,
        }),
        loose({ dependentRequired: fc.dictionary(key, fc.uniqueArray(key, { maxLength: 2 })) }),
        loose({ dependentSchemas: fc.dictionary(key, any, { maxKeys: 1 }), maxProperties: small }),
        loose({ prefixItems: some, items: any, minItems: small, uniqueItems: fc.boolean() }),
        loose({ contains: any, minContains: small, maxContains: small }),
        loose({ allOf: some, anyOf: some }),
        loose({ oneOf: some, not: any }),
        loose({ if: any, else: any, [THEN]: any }),
        fc.constantFrom<Json>({ $ref: '#/$defs/x' }, { $ref: '#/$defs/y' }),
      ),
    }
  })

  /** A reference to itself makes it overflow the stack. */
  function typeBox(whole: Json, it: unknown): boolean | undefined {
    try {
      return Check(whole, it)
    } catch (cause) {
      if (cause instanceof RangeError) return
      throw cause
    }
  }

  test('whatever the schema and the value', () =>
    fc.assert(
      fc.property(fc.dictionary(fc.constant('s'), schema), schema, schema, value, (s, x, y, it) => {
        const whole = { allOf: Object.values(s), $defs: { x, y } }
        const wrong = misfits(whole, it)
        const theirs = typeBox(whole, it)
        if (wrong && theirs !== undefined)
          expect([wrong.length === 0, wrong]).toEqual([theirs, wrong])
      }),
      { numRuns: 1_500 },
    ))
})
