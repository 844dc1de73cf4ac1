import { expect, test } from 'bun:test'
import { gateway } from '../support/gateway'

test.each([
  ['base_url', 'groxy.example', '"base_url" does not take this value.', 'https://groxy.example'],
  ['video_days', 0, '"video_days" must be >= 1.', 'How long video jobs are kept'],
  ['image_method', 'paint', '"image_method" must be equal to one of the allowed values.', 'a chat'],
  ...[
    'https://me:pw@groxy.example',
    'https://groxy.example/">',
    'https://$(id)',
    "https://a/'",
  ].map(
    (value) =>
      ['base_url', value, '"base_url" does not take this value.', 'https://groxy.example'] as const,
  ),
  ...['constructor', '__proto__', 'toString'].map(
    (name) => [name, 1, `There is no setting "${name}".`, 'lists them all'] as const,
  ),
  ['no_such', 1, 'There is no setting "no_such".', 'lists them all'],
])(
  'the setting %s does not become %p, and it is said what it may be',
  async (name, value, says, remedy) => {
    await using it = await gateway()
    const failure = await it.stores.settings.set(name, value).catch((cause: unknown) => cause)
    expect(failure).toMatchObject({ message: says, remedy: expect.stringContaining(remedy) })
  },
)

test.each([
  '',
  'https://groxy.example',
  'http://10.0.0.1:8000/groxy',
  'https://[::1]:8',
  'https://例子.cn/a%20b',
])('addresses may begin with "%s"', async (value) => {
  await using it = await gateway()
  await it.stores.settings.set('base_url', value)
  expect((await it.stores.settings.all()).base_url).toBe(value)
})
