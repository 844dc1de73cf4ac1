import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { openState } from '#src/cli/state'
import { readConfig } from '#src/config'
import { openFile } from '#src/store/file'
import { openRemote } from '#src/store/remote'
import { copied, SECRET } from '../support/copying'
import { contentsOf } from '../support/every-table'
import { fill } from '../support/filled'
import { ASK, KEY } from '../support/gateway'
import { freePort, runProgram, scratch, startProgram } from '../support/programs'
import { isWithoutSqld, sqld } from '../support/sqld'

const LONG = 240_000
const KILLS = 6

/** A file with much in it, which nobody uses. */
async function filledFile(folder: string, turns: number) {
  const path = join(folder, 'groxy.db')
  const url = `file:${path}`
  const state = await openState(readConfig({ DATABASE_URL: url, GROXY_SECRET: SECRET }))
  await fill(state.client, state.vault, { accounts: 300, keys: 40, turns }, Date.now())
  state.client.close()
  return { path, url }
}

async function contentsAt(path: string) {
  const client = openFile(path, { exact: true })
  const contents = await contentsOf(client)
  client.close()
  return contents
}

const command = (from: string, to: string, ...more: string[]) => [
  ...[process.execPath, 'src/main.ts', 'copy', '--from', from, '--to', to],
  ...more,
]

describe.skipIf(isWithoutSqld)('groxy copy', () => {
  test(
    'killed at any moment, again and again, goes on and loses nothing',
    async () => {
      await using server = await sqld()
      await using folder = await scratch('copy')
      const it = await filledFile(folder.path, 4_000)
      const env = {
        GROXY_SECRET: SECRET,
        PATH: process.env.PATH ?? '',
        HOME: process.env.HOME ?? '',
      }
      let killed = 0
      for (let kill = 0; kill < KILLS; kill++) {
        const child = Bun.spawn(command(it.url, server.url), {
          env,
          stdio: ['ignore', 'ignore', 'ignore'],
        })
        await Promise.race([child.exited, Bun.sleep(400 + Math.random() * 500)])
        if (child.exitCode === null) killed++
        child.kill('SIGKILL')
        await child.exited
      }
      expect(killed).toBeGreaterThan(0)
      const { code, stdout } = await runProgram(command(it.url, server.url), { env })
      // The last but one may have been done when it was killed.
      if (code !== 0)
        expect((await runProgram(command(it.url, server.url, '--verify'), { env })).code).toBe(0)
      else expect(stdout).toContain('Done: ')
      const remote = openRemote(server.url, undefined, { exact: true })
      expect(await contentsOf(remote)).toEqual(await contentsAt(it.path))
    },
    LONG,
  )

  test(
    'moves a gateway that answers all the while, and every key, response and sum with it',
    async () => {
      await using server = await sqld()
      await using folder = await scratch('copy')
      const path = join(folder.path, 'groxy.db')
      const [url, port] = [`file:${path}`, freePort()]
      const env = {
        GROXY_SECRET: SECRET,
        GROXY_API_KEY: KEY,
        PORT: String(port),
      }
      const main = [process.execPath, 'src/main.ts']
      const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' }
      const ask = (at: string, path: string, body: object) =>
        fetch(`${at}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
      const responses: string[] = []
      let answered = 0
      {
        await using running = await startProgram({
          ...{ command: main, port, path: '/health' },
          env: { ...env, DATABASE_URL: url },
        })
        let isOver = false
        const traffic = Array.from({ length: 3 }, async (_, nth) => {
          while (!isOver) {
            const answer =
              nth === 0
                ? await ask(running.url, '/v1/responses', { model: 'demo', input: 'Hi' })
                : await ask(running.url, '/v1/chat/completions', { ...ASK, model: 'demo' })
            const body = (await answer.json()) as { id: string }
            expect(answer.status).toBe(200)
            answered++
            if (nth === 0) responses.push(body.id)
            await Bun.sleep(10)
          }
        })
        await Bun.sleep(1_000)
        const during = await copied({ from: url, to: server.url })
        expect([during.code, during.printed]).toEqual([
          3,
          expect.stringContaining('Groxy runs at file:'),
        ])
        await Bun.sleep(300)
        isOver = true
        await Promise.all(traffic)
        running.signal('SIGTERM')
        expect(await running.exited).toBe(0)
      }
      expect(answered).toBeGreaterThan(10)
      const after = await copied({ from: url, to: server.url })
      expect([after.code, after.printed]).toEqual([0, expect.stringContaining('Done: ')])
      const remote = openRemote(server.url, undefined, { exact: true })
      expect(await contentsOf(remote)).toEqual(await contentsAt(path))
      const { rows } = await remote.execute('SELECT sum(turns) AS turns FROM ledger_hours')
      expect(Number(rows[0]?.turns)).toBe(answered)

      await using moved = await startProgram({
        ...{ command: main, port, path: '/health' },
        env: { ...env, DATABASE_URL: server.url },
      })
      for (const id of responses) {
        const found = await fetch(`${moved.url}/v1/responses/${id}`, { headers })
        expect(found.status).toBe(200)
      }
      const next = { model: 'demo', input: 'And then?', previous_response_id: responses.at(-1) }
      expect((await ask(moved.url, '/v1/responses', next)).status).toBe(200)
    },
    LONG,
  )
})

test(
  'a disk that is full says so, and what is there stays',
  async () => {
    await using folder = await scratch('copy')
    const it = await filledFile(folder.path, 4_000)
    const to = `file:${folder.path}/there/groxy.db`
    const limited = (blocks: number | 'unlimited') =>
      runProgram(
        [
          'bash',
          '-c',
          `trap '' XFSZ; ulimit -f ${blocks}; exec "$@"`,
          'bash',
          ...command(it.url, to),
        ],
        { env: { GROXY_SECRET: SECRET } },
      )
    const { code, stderr } = await limited(1_500)
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/stopped in \w+, after .*disk is full.*Run the same command again/s),
    ])
    expect((await limited('unlimited')).code).toBe(0)
    expect(await contentsAt(`${folder.path}/there/groxy.db`)).toEqual(await contentsAt(it.path))
  },
  LONG,
)
