import { expect, test } from 'bun:test'
import { answerResponse } from '#src/http/served'

const BY = { account: 'Zürich', model: 'grok-4', attempts: 1, overheadMs: 0 }

test.each([
  ['web_search', 'web_search'],
  ['搜索', '%E6%90%9C%E7%B4%A2'],
  ['half a sign: \ud83d', 'half%20a%20sign%3A%20%EF%BF%BD'],
  ['two\nlines', 'two%0Alines'],
])('what was left out is told in a header, whatever it is called: %j', (name, told) => {
  const { headers } = answerResponse({ form: 'json', body: '{}', dropped: [name] }, BY)
  expect([headers.get('x-groxy-dropped'), headers.get('x-groxy-account')]).toEqual([
    told,
    'Z%C3%BCrich',
  ])
})
