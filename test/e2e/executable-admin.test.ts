import { describe, expect, test } from 'bun:test'
import { findingWords } from '#src/admin/accounts/finding-words'
import { setupWords } from '#src/admin/setup/words'
import { fakeUpstream, helloEvents, sse } from '../fakes/upstream'
import { adminBrowser, LOOKS } from '../support/admin-browser'
import { hasBrowser } from '../support/browser'
import { emptyFolder, eventOf, executable, groxy, startGroxy } from '../support/executable'
import { runProgram, until } from '../support/programs'

const SECRET = 'xai-0123456789abcdefghijklmnopqrstuv'
const PASSWORD = 'long enough for anybody'
/** From the start of the program to an answer. */
const MOST_MS = 120_000
const SLOW = 180_000

/** An xAI that knows one key, and answers word by word. */
const xai = () =>
  fakeUpstream(({ headers, path, body }) => {
    if (headers.get('authorization') !== `Bearer ${SECRET}`)
      return Response.json({ error: 'Incorrect API key provided.' }, { status: 401 })
    const isStream = path === '/v1/chat/completions' && JSON.parse(body).stream
    return isStream ? sse(helloEvents(), { gapMs: 30 }) : undefined
  })

describe.skipIf(!(await hasBrowser()))('the executable in an empty folder, in a browser', () => {
  const visit = adminBrowser()

  test.each(LOOKS.filter(({ language }) => language === 'en'))(
    'leads from its start to a streamed answer in under two minutes, $width px',
    async (look) => {
      await executable()
      const [say, found] = [setupWords[look.language], findingWords[look.language]]
      await using upstream = xai()
      const steps: [step: string, ms: number][] = []
      const begun = Date.now()
      const done = (step: string) => steps.push([step, Date.now() - begun])
      const folder = emptyFolder()
      await using it = await startGroxy(folder, { XAI_BASE_URL: upstream.url })
      const link = await until(() => eventOf(it.output(), 'setup_link')?.url)
      done('started')
      await visit(it, look, async ({ page, check }) => {
        const button = (name: string) => page.getByRole('button', { name, exact: true })
        await page.goto(String(link))
        await page.getByLabel(say.password).fill(PASSWORD)
        await button(say.next).click()
        await page.getByRole('heading', { name: say.addTitle }).waitFor()
        done('password')
        await page.getByLabel(say.paste).fill(SECRET)
        await button(say.add).click()
        await page.getByText(found.models).waitFor()
        done('account')
        await button(say.goOn).click()
        await page.getByRole('heading', { name: say.readyTitle }).waitFor()
        done('key')
        await button(say.send).click()
        await page.locator('#try-answer').getByText('Hello there').waitFor()
        done('answer')
        await check('executable-answer')
        await page.goto(`${it.url}/admin`)
        await check('executable-overview')
      })
      console.info(`${look.width} px: ${steps.map(([step, ms]) => `${step} ${ms} ms`).join(', ')}`)
      expect(steps.map(([step]) => step)).toEqual([
        'started',
        'password',
        'account',
        'key',
        'answer',
      ])
      expect(steps.at(-1)?.[1]).toBeLessThan(MOST_MS)
      expect(it.output()).not.toContain(PASSWORD)
      expect(it.output()).not.toContain(SECRET)
    },
    SLOW,
  )
})

describe('the admin page of the executable', () => {
  test(
    'has its files with it, and is looked after by commands',
    async () => {
      const folder = emptyFolder()
      await using it = await startGroxy(folder)
      const page = await (await fetch(`${it.url}/admin/login`)).text()
      const files = [...page.matchAll(/(?:src|href)="(\/admin\/assets\/[^"]+)"/g)]
      expect(files.length).toBeGreaterThan(2)
      for (const [, file] of files) {
        const answer = await fetch(it.url + file)
        expect([file, answer.status, (await answer.bytes()).length > 100]).toEqual([
          file,
          200,
          true,
        ])
        expect(answer.headers.get('cache-control')).toContain('immutable')
      }

      const typed = await runProgram([await executable(), 'admin', 'password'], {
        cwd: folder,
        input: PASSWORD,
      })
      expect(typed.code).toBe(0)
      const entered = await fetch(`${it.url}/admin/login`, {
        method: 'POST',
        redirect: 'manual',
        body: new URLSearchParams({ password: PASSWORD }),
      })
      expect(entered.status).toBe(303)
      expect((await groxy(folder, ['admin', 'sessions'])).stdout).toContain('127.0.0.1')
      const made = await groxy(folder, ['admin', 'token', 'create', 'deploy'])
      const token = made.stdout.match(/groxy-admin-\S+/)?.[0]
      const headers = { authorization: `Bearer ${token}` }
      const asked = await fetch(`${it.url}/admin/api/system`, { headers })
      expect([asked.status, (await asked.json()).database.kind]).toEqual([200, 'file'])
      const help = await groxy(folder, ['admin', '--help'])
      for (const command of ['password', 'sessions', 'token'])
        expect(help.stdout).toContain(command)
    },
    SLOW,
  )
})
