import { describe, expect, test } from 'bun:test'
import { scriptWords } from '#src/admin/playground/script-words'
import { playgroundWords } from '#src/admin/playground/words'
import { chunk, fakeUpstream, sse, USAGE } from '../fakes/upstream'
import { adminWorld } from '../support/admin'
import { adminBrowser, BROWSER_TEST_MS, LOOKS } from '../support/admin-browser'
import { hasBrowser } from '../support/browser'
import { xaiAt } from '../support/gateway'

const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

const MARKDOWN = `## Ferns

They **unroll** in the *rain*, as \`fiddleheads\`:

1. one
2. two

> quiet

\`\`\`html
<script>alert(1)</script>
\`\`\`

<img src=x onerror=alert(2)> [a link](https://example.org/fern) [no link](javascript:alert(3))
![elsewhere](https://tracker.example/pixel.png)`

/** An answer with everything that the page shows. */
const told = [
  chunk({ role: 'assistant', content: '' }),
  chunk({ reasoning_content: 'The question turns on ferns.' }),
  ...(MARKDOWN.match(/[\s\S]{1,7}/g) ?? []).map((content) => chunk({ content })),
  chunk({
    annotations: [
      {
        type: 'url_citation',
        url_citation: {
          ...{ url: 'https://example.org/source', title: 'A source' },
          ...{ start_index: 0, end_index: 1 },
        },
      },
      {
        type: 'url_citation',
        url_citation: { url: 'javascript:alert(4)', title: 'None', start_index: 0, end_index: 1 },
      },
    ],
  }),
  chunk({}, 'stop'),
  { ...chunk({}), choices: [], usage: USAGE },
].map((event) => JSON.stringify(event))

const streaming = () => sse([...told, '[DONE]'], { gapMs: 5 })

describe.skipIf(!(await hasBrowser()))('the chat of the playground', () => {
  const visit = adminBrowser()

  test.each(LOOKS)(
    'answers, with thoughts and sources, $width px, $language',
    async (look) => {
      await using upstream = fakeUpstream(({ path }) =>
        path === '/v1/models' ? undefined : streaming(),
      )
      await using it = await adminWorld({ env: xaiAt(upstream.url) })
      const [page$, say] = [playgroundWords[look.language], scriptWords[look.language]]
      await visit(it, look, async ({ page, go, check }) => {
        await go('/admin/playground')
        await check('playground-empty')
        await page.getByLabel(page$.system).fill('Be brief.')
        await page.getByLabel(page$.temperature).fill('0.5')
        await page.getByLabel(page$.effort).selectOption('high')
        await page
          .getByLabel(page$.attach)
          .setInputFiles({ name: 'fern.png', mimeType: 'image/png', buffer: PICTURE })
        await page.getByRole('img', { name: 'fern.png' }).waitFor()
        const prompt = page.getByRole('textbox', { name: page$.message })
        await prompt.fill('Why do ferns unroll?')
        await prompt.press('Enter')
        const answer = page.locator('.turn').nth(1)
        await answer.getByText(say.copyAnswer).waitFor()
        expect(await answer.locator('pre').textContent()).toBe('<script>alert(1)</script>')
        expect(await answer.locator('ol li').allTextContents()).toEqual(['one', 'two', 'A source'])
        expect(await answer.locator('strong').allTextContents()).toEqual(['Ferns', 'unroll'])
        expect(await answer.locator('.said img, .said script').count()).toBe(0)
        const links = answer.locator('.said a, li a')
        expect(
          await links.evaluateAll((all) => all.map((one) => (one as HTMLAnchorElement).href)),
        ).toEqual([
          'https://example.org/fern',
          'https://tracker.example/pixel.png',
          'https://example.org/source',
        ])
        const thinking = answer.locator('details')
        expect(await thinking.evaluate((one) => (one as HTMLDetailsElement).open)).toBe(false)
        expect(await thinking.textContent()).toContain('The question turns on ferns.')
        expect(await answer.textContent()).toContain(say.by.replace('{0}', 'env'))
        const id =
          (await answer.getByRole('link', { name: say.request }).getAttribute('href')) ?? ''
        const [entry] = await it.ledger()
        expect(id).toBe(`/admin/requests/${entry?.requestId}`)
        await answer.getByText(say.noCost).waitFor()
        await check('playground-chat')

        const [asked] = upstream.asked()
        const body = JSON.parse(asked?.body ?? '{}')
        expect(body).toMatchObject({ temperature: 0.5, reasoning_effort: 'high', stream: true })
        expect(body.messages[0]).toEqual({ role: 'system', content: 'Be brief.' })
        expect(body.messages[1].content[0].image_url.url).toStartWith('data:image/png;base64,')

        await prompt.fill('And then?')
        await page.getByRole('button', { name: page$.send }).click()
        await page.locator('.turn').nth(3).getByText(say.copyAnswer).waitFor()
        const second = JSON.parse(upstream.asked()[1]?.body ?? '{}')
        expect(second.messages.map(({ role }: { role: string }) => role)).toEqual([
          'system',
          'user',
          'assistant',
          'user',
        ])
        await page.getByRole('button', { name: page$.clear }).click()
        expect(await page.locator('.turn').count()).toBe(0)
      })
    },
    BROWSER_TEST_MS,
  )

  test(
    'what is stopped stays as far as it came, and the next question goes on from there',
    async () => {
      await using upstream = fakeUpstream(({ path }) =>
        path === '/v1/models' ? undefined : sse(told.slice(0, 6), { hang: true }),
      )
      await using it = await adminWorld({ env: xaiAt(upstream.url) })
      const say = scriptWords.en
      const [look] = LOOKS
      if (!look) throw new Error('There is no look.')
      await visit(it, look, async ({ page, go }) => {
        await go('/admin/playground')
        const prompt = page.getByRole('textbox', { name: 'Message' })
        await prompt.fill('Tell me about ferns')
        await prompt.press('Enter')
        await page.locator('.turn .heading').waitFor()
        await prompt.press('Escape')
        await page.getByText(say.stopped).waitFor()
        await page.getByRole('button', { name: 'Send' }).waitFor()
        await upstream.asked()[0]?.aborted
        await it.settle()
        const [entry] = await it.ledger()
        expect(entry).toMatchObject({ keyId: 'playground', outcome: 'gone' })

        await prompt.fill('Go on')
        await prompt.press('Enter')
        await page.locator('.turn .heading').nth(1).waitFor()
        const { messages } = JSON.parse(upstream.asked()[1]?.body ?? '{}')
        expect(messages.map(({ role }: { role: string }) => role)).toEqual([
          'user',
          'assistant',
          'user',
        ])
        await prompt.press('Escape')
      })
    },
    BROWSER_TEST_MS,
  )

  test(
    'who begins anew in the midst of an answer has a new conversation',
    async () => {
      await using upstream = fakeUpstream(({ path }) =>
        path === '/v1/models' ? undefined : sse(told.slice(0, 6), { hang: true }),
      )
      await using it = await adminWorld({ env: xaiAt(upstream.url) })
      const [look] = LOOKS
      if (!look) throw new Error('There is no look.')
      await visit(it, look, async ({ page, go }) => {
        await go('/admin/playground')
        const prompt = page.getByRole('textbox', { name: 'Message' })
        await prompt.fill('Tell me about ferns')
        await prompt.press('Enter')
        await page.locator('.turn .heading').waitFor()
        await page.getByRole('button', { name: playgroundWords.en.clear }).click()
        await page.getByRole('button', { name: 'Send' }).waitFor()
        await prompt.fill('And mosses?')
        await prompt.press('Enter')
        await page.locator('.turn .heading').waitFor()
        const { messages } = JSON.parse(upstream.asked()[1]?.body ?? '{}')
        expect(messages).toEqual([{ role: 'user', content: 'And mosses?' }])
        await prompt.press('Escape')
      })
    },
    BROWSER_TEST_MS,
  )

  test(
    'what fails says why and what to do, and the question can be sent again',
    async () => {
      await using it = await adminWorld({ env: { DEMO: '1' } })
      const look = LOOKS[3]
      if (!look) throw new Error('There is no look.')
      await visit(it, look, async ({ page, go, check, expects }) => {
        await go('/admin/playground?model=demo-fail')
        const say = playgroundWords.zh
        const prompt = page.getByRole('textbox', { name: say.message })
        expects(400)
        await prompt.fill('蕨类为什么卷曲？')
        await prompt.press('Enter')
        const alert = page.getByRole('alert')
        await alert.waitFor()
        expect(await alert.textContent()).toContain('demo_failure · 400')
        expect(await prompt.inputValue()).toBe('蕨类为什么卷曲？')
        await check('playground-failed')
        await page.getByLabel(say.model).first().selectOption('demo-cut')
        await prompt.press('Enter')
        await page.getByRole('alert').nth(1).waitFor()
        expect(await page.locator('.turn .said').last().textContent()).not.toBe('')
      })
    },
    BROWSER_TEST_MS,
  )

  test(
    'it is copied as curl without any key',
    async () => {
      await using it = await adminWorld({ env: { DEMO: '1' } })
      const [look] = LOOKS
      if (!look) throw new Error('There is no look.')
      await visit(it, look, async ({ page, context, go }) => {
        await context.grantPermissions(['clipboard-read', 'clipboard-write'])
        await go('/admin/playground?model=demo')
        const prompt = page.getByRole('textbox', { name: 'Message' })
        await prompt.fill("It's a fern")
        await prompt.press('Enter')
        await page.getByRole('button', { name: scriptWords.en.copyAnswer }).waitFor()
        await page.getByRole('button', { name: scriptWords.en.copyCurl }).click()
        const copied = await page.evaluate(() => navigator.clipboard.readText())
        expect(copied).toStartWith(`curl '${it.url}/v1/chat/completions' \\\n`)
        expect(copied).toContain('"Authorization: Bearer $GROXY_KEY"')
        expect(copied).toContain(`"It'\\''s a fern"`)
        expect(copied).not.toContain('sk-groxy')
      })
    },
    BROWSER_TEST_MS,
  )

  test(
    'without scripts the page says what it needs',
    async () => {
      await using it = await adminWorld()
      const [look] = LOOKS
      if (!look) throw new Error('There is no look.')
      await visit(
        it,
        look,
        async ({ page, go }) => {
          await go('/admin/playground')
          expect(await page.locator('noscript').textContent()).toContain(
            playgroundWords.en.noScript,
          )
        },
        { javaScriptEnabled: false },
      )
    },
    BROWSER_TEST_MS,
  )
})
