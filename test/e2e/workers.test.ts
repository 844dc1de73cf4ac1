import { describe, expect, test } from 'bun:test'
import { fakeUpstream } from '../fakes/upstream'
import { emptyFolder } from '../support/executable'
import { ASK, KEY, openaiAt } from '../support/gateway'
import { INSTANCE_ENV } from '../support/instances'
import { groxy, runProgram } from '../support/programs'
import {
  askAt,
  byProcess,
  commandOf,
  FORMS,
  isAlive,
  ledgerOf,
  load,
  metricsAt,
  processesOf,
  startWorkers,
} from '../support/workers'

const LONG = 120_000
/** A port is shared on Linux alone. */
const cannotShare = process.platform !== 'linux'

/** Turns of all outcomes that a process has finished. */
const turnsOf = (url: string) => byProcess(url, 'groxy_turns_total')

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((all, one) => all + one, 0)

describe.skipIf(cannotShare).each(FORMS)('two processes at one port, from %s', (form) => {
  test(
    'share connections, tell newcomers once, and stop without losing a turn',
    async () => {
      await using upstream = fakeUpstream()
      const folder = emptyFolder()
      const env = {
        ...openaiAt(upstream.url),
        GROXY_API_KEY: '',
        ADMIN_PASSWORD: '',
        LOG_LEVEL: 'debug',
      }
      await using it = await startWorkers({ form, folder, env })
      const named = (name: string) => it.events().filter(({ event }) => event === name)
      expect(named('listening').length).toBe(1)
      expect(named('setup_link').length).toBe(1)
      const [{ key } = {}] = named('first_key')
      expect(named('first_key').length).toBe(1)
      expect(it.processes().map(({ index }) => index)).toEqual([0, 1])

      const busy = load(it.url, { width: 16, key: String(key) })
      await Bun.sleep(1_500)
      const before = sum((await turnsOf(it.url)).values())
      await Bun.sleep(300)
      expect(sum((await turnsOf(it.url)).values())).toBeGreaterThan(before)
      const pids = it.processes().map(({ pid }) => pid)
      await busy.stop()
      expect(busy.faults).toEqual([])
      const turns = await turnsOf(it.url)
      expect([...turns.keys()].toSorted()).toEqual(['0', '1'])
      expect(sum(turns.values())).toBe(busy.answered.length)
      // Chance decides who gets a connection: of so many nobody gets all.
      for (const one of turns.values()) expect(one).toBeGreaterThan(busy.answered.length / 5)

      it.signal('SIGTERM')
      expect(await it.exited).toBe(0)
      expect(pids.filter(isAlive)).toEqual([])
      const { ids, turns: summed } = ledgerOf(folder)
      expect(ids.toSorted()).toEqual(busy.answered.toSorted())
      expect(summed).toBe(ids.length)
      // Every line was whole, and says whose it is.
      const marked = it.events().filter(({ event }) => event === 'turn')
      expect(marked.length).toBe(busy.answered.length)
      expect(new Set(marked.map(({ process }) => process))).toEqual(new Set([0, 1]))
    },
    LONG,
  )

  test(
    'stop under load: what was answered is in the ledger once, and what was begun is finished',
    async () => {
      await using upstream = fakeUpstream()
      const folder = emptyFolder()
      await using it = await startWorkers({ form, folder, env: openaiAt(upstream.url) })
      const busy = load(it.url, { width: 16, apart: false })
      await Bun.sleep(700)
      it.signal('SIGTERM')
      const code = await it.exited
      await busy.stop()
      expect(code).toBe(0)
      expect(busy.answered.length).toBeGreaterThan(50)
      const { ids, turns } = ledgerOf(folder)
      expect(new Set(ids).size).toBe(ids.length)
      expect(turns).toBe(ids.length)
      const missing = busy.answered.filter((id) => !ids.includes(id))
      expect(missing).toEqual([])
    },
    LONG,
  )
})

describe.skipIf(cannotShare)('several processes', () => {
  test(
    'give a key exactly what it may have in a minute, and at once',
    async () => {
      const held: PromiseWithResolvers<void>[] = []
      await using upstream = fakeUpstream(async ({ path }) => {
        if (path !== '/v1/chat/completions') return
        const wait = Promise.withResolvers<void>()
        held.push(wait)
        await wait.promise
        return
      })
      const free = setInterval(() => held.length > 6 && held.shift()?.resolve(), 20)
      const folder = emptyFolder()
      await using it = await startWorkers({ folder, count: 3, env: openaiAt(upstream.url) })
      const make = async (...limits: string[]) => {
        const env = { ...INSTANCE_ENV, DATABASE_URL: `file:${folder}/data/groxy.db` }
        const [secret = ''] = (await groxy(['keys', 'create', 'k', ...limits], env)).split('\n')
        return secret
      }
      const atOnce = await make('--concurrency', '6')
      const inMinute = await make('--rpm', '50')
      await Bun.sleep(2_500)

      // All of them wait at the upstream, so that the key has six under way and no more.
      const asked = Array.from({ length: 60 }, () => askAt(it.url, { key: atOnce }))
      const replies = Promise.all(asked.map(async (one) => (await one).status))
      await Bun.sleep(1_500)
      expect(held.length).toBe(6)
      clearInterval(free)
      for (const wait of held.splice(0)) wait.resolve()
      const statuses = await replies
      expect(statuses.filter((status) => status === 200).length).toBe(6)
      expect(statuses.filter((status) => status === 429).length).toBe(54)

      const open = setInterval(() => held.shift()?.resolve(), 1)
      // Within one minute of the clock.
      if (Date.now() % 60_000 > 45_000) await Bun.sleep(60_000 - (Date.now() % 60_000))
      const later = await Promise.all(
        Array.from({ length: 200 }, async (_, at) => {
          await Bun.sleep(at * 10)
          return (await askAt(it.url, { key: inMinute })).status
        }),
      )
      clearInterval(open)
      expect(later.filter((status) => status === 200).length).toBe(50)
      expect(later.filter((status) => status === 429).length).toBe(150)
    },
    LONG,
  )

  test(
    'refuse a port that somebody has, and say so once',
    async () => {
      await using upstream = fakeUpstream()
      const port = String(new URL(upstream.url).port)
      const folder = emptyFolder()
      const command = [...(await commandOf('executable')), '--workers', '2']
      const { code, stdout, stderr } = await runProgram(command, {
        cwd: folder,
        env: { PORT: port },
      })
      expect(code).toBe(1)
      expect(stderr).toBe(
        `groxy: Port ${port} on 127.0.0.1 is in use by another program.\nChoose another with --port or PORT; \`groxy doctor\` tells who answers there.\n`,
      )
      expect(stdout).not.toContain('listening')
    },
    LONG,
  )

  test(
    'are not shared with by a second Groxy with several',
    async () => {
      await using it = await startWorkers({ folder: emptyFolder() })
      const command = [...(await commandOf('executable')), '--workers', '2']
      const { code, stderr } = await runProgram(command, {
        cwd: emptyFolder(),
        env: { PORT: String(it.port) },
      })
      expect([code, stderr]).toEqual([1, expect.stringContaining('is in use')])
      const health = await runProgram([...(await commandOf('executable')), 'health'], {
        env: { PORT: String(it.port) },
      })
      expect(health).toMatchObject({ code: 0, stdout: 'Groxy answers.\n' })
    },
    LONG,
  )

  test.each([
    ['a database in memory', ['--workers', '2'], { DATABASE_URL: 'file::memory:' }, 'one process'],
    [
      'no number',
      ['--workers', 'some'],
      {},
      'WORKERS must be auto or a whole number from 1 to 999',
    ],
    ['none', ['--workers', '0'], {}, 'WORKERS must be auto or a whole number from 1 to 999'],
  ])(
    'are refused over or as %s',
    async (_, words, env, said) => {
      const command = [...(await commandOf('executable')), ...words]
      const { code, stderr } = await runProgram(command, { cwd: emptyFolder(), env })
      expect([code, stderr]).toEqual([1, expect.stringContaining(said)])
    },
    LONG,
  )

  test(
    'are asked for by a variable, and find a port by themselves',
    async () => {
      const folder = emptyFolder()
      const [program = ''] = await commandOf('executable')
      const child = Bun.spawn([program], {
        cwd: folder,
        env: { PATH: '', HOME: folder, PORT: '0', WORKERS: '2', GROXY_API_KEY: KEY },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let said = ''
      for await (const bytes of child.stdout) {
        said += new TextDecoder().decode(bytes)
        if (said.includes('process_serves')) break
      }
      const address = /"address":"([^"]+)"/.exec(said)?.[1] ?? ''
      expect((await metricsAt(address)).value('groxy_processes', { told: 'yes' })).toBe(2)
      expect(processesOf(child.pid).length).toBe(2)
      child.kill('SIGINT')
      expect(await child.exited).toBe(0)
    },
    LONG,
  )

  test(
    'that are one are as ever',
    async () => {
      const folder = emptyFolder()
      await using it = await startWorkers({ folder, count: 1 })
      expect(it.processes()).toEqual([])
      expect((await askAt(it.url, { body: { ...ASK, model: 'demo' } })).status).toBe(200)
      const read = await metricsAt(it.url)
      expect(read.types.has('groxy_processes')).toBe(false)
      expect(read.value('groxy_inflight')).toBe(0)
      expect(it.events().some((line) => 'process' in line)).toBe(false)
    },
    LONG,
  )
})
