import { describe, expect, test } from 'bun:test'
import { copyFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { heldAnswers } from '../fakes/held-answers'
import { fakeUpstream } from '../fakes/upstream'
import { emptyFolder, executable } from '../support/executable'
import { ASK, openaiAt } from '../support/gateway'
import { INSTANCE_ENV } from '../support/instances'
import { freePort, groxy, until } from '../support/programs'
import { becomes, responsesAt } from '../support/responses-http'
import {
  askAt,
  byProcess,
  commandOf,
  isAlive,
  load,
  metricsAt,
  processesOf,
  startWorkers,
  type Workers,
} from '../support/workers'

const LONG = 120_000
/** A port is shared on Linux alone. */
const cannotShare = process.platform !== 'linux'

/** Turns that say so wait at the upstream, the others are answered at once. */
const HELD = { ...ASK, stream: true, messages: [{ role: 'user', content: 'held' }] }

/** Processes over an upstream that holds the streams that ask for it. */
async function world(count = 2) {
  await using stack = new AsyncDisposableStack()
  const held = heldAnswers()
  const upstream = stack.use(
    fakeUpstream((seen) => (seen.body.includes('held') ? held.script(seen) : undefined)),
  )
  const folder = emptyFolder()
  const it = stack.use(await startWorkers({ folder, count, env: openaiAt(upstream.url) }))
  const kept = stack.move()
  return { it, held, folder, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

/** Streams that are held at the upstream, opened until each process has so many at least. */
async function holdStreams(it: Workers, held: ReturnType<typeof heldAnswers>, least: number) {
  const streams: Promise<string>[] = []
  for (;;) {
    const running = await byProcess(it.url, 'groxy_inflight')
    if ([...running.values()].every((one) => one >= least)) return { streams, running }
    const before = held.all.length
    const reply = askAt(it.url, { body: HELD })
    const answer = await until(() => held.all[before])
    answer.say('I am ')
    streams.push(reply.then((one) => one.text()).catch((cause) => `broken: ${cause}`))
    await reply
  }
}

/** End what is held; of those that are gone the upstream has been let go. */
function finish({ all }: ReturnType<typeof heldAnswers>): void {
  for (const answer of all)
    try {
      answer.say('whole')
      answer.end()
    } catch {
      // Nobody listens any more.
    }
}

const processAt = (it: Workers, index: number) => {
  const found = it.processes().find((one) => one.index === index)
  if (!found) throw new Error(`There is no process ${index}.`)
  return found
}

describe.skipIf(cannotShare)('one of several processes that is killed', () => {
  test(
    'is replaced when that can be done again, where the program is away for a while',
    async () => {
      await using upstream = fakeUpstream()
      const folder = emptyFolder()
      const program = join(folder, 'groxy')
      await copyFile(await executable(), program)
      await using it = await startWorkers({ folder, program, env: openaiAt(upstream.url) })
      await rename(program, `${program}.away`)
      const { pid } = processAt(it, 1)
      process.kill(pid, 'SIGKILL')
      await until(
        () => it.events().some(({ event }) => event === 'process_not_started') || undefined,
      )
      expect((await askAt(it.url)).status).toBe(200)
      await rename(`${program}.away`, program)
      await it.replaced(1, pid)
      await it.serving(2)
    },
    LONG,
  )

  test.each([0, 1])(
    'number %i: the others go on, and it is replaced within two seconds',
    async (index) => {
      await using w = await world()
      const { it, held } = w
      const { streams, running } = await holdStreams(it, held, 2)
      const other = running.get(String(1 - index)) ?? 0
      const busy = load(it.url, { width: 4 })
      await Bun.sleep(500)
      const { pid } = processAt(it, index)
      const killedAt = Date.now()
      process.kill(pid, 'SIGKILL')
      const next = await it.replaced(index, pid)
      await until(() =>
        it.events().find((one) => one.event === 'process_serves' && one.pid === next.pid),
      )
      expect(Date.now() - killedAt).toBeLessThan(2_000)
      await Bun.sleep(500)
      await busy.stop()
      // What it had under way and in its queue is lost, and nothing after that.
      expect(busy.faults.filter(({ at }) => at > killedAt + 500)).toEqual([])
      expect(busy.faults.length).toBeLessThanOrEqual(8)
      finish(held)
      const texts = await Promise.all(streams)
      expect(texts.filter((text) => text.endsWith('data: [DONE]\n\n')).length).toBe(other)
      const read = await metricsAt(it.url)
      expect(read.value('groxy_processes', { told: 'yes' })).toBe(2)
      expect(it.events()).toContainEqual(
        expect.objectContaining({ event: 'process_ended', process: index, signal: 'SIGKILL' }),
      )
    },
    LONG,
  )

  test(
    'leaves what a key may have at once to the others',
    async () => {
      await using w = await world()
      const { it, held, folder } = w
      const env = { ...INSTANCE_ENV, DATABASE_URL: `file:${folder}/data/groxy.db` }
      const [key = ''] = (await groxy(['keys', 'create', 'k', '--concurrency', '8'], env)).split(
        '\n',
      )
      // Both know it by then.
      await Bun.sleep(2_500)
      const hold = async () => {
        const before = held.all.length
        const reply = askAt(it.url, { body: HELD, key })
        const said = until(() => held.all[before], 2_000).then(
          (one) => one.say('I am '),
          () => undefined,
        )
        await Promise.race([said, reply])
        return reply
      }
      const streams: Promise<string>[] = []
      for (let taken = 0; taken < 8; taken++) {
        const reply = await hold()
        expect(reply.status).toBe(200)
        streams.push(reply.text().catch(() => 'broken'))
      }
      expect((await askAt(it.url, { key })).status).toBe(429)
      const running = await byProcess(it.url, 'groxy_inflight')
      const [index = 0, lost = 0] =
        [...running]
          .map(([name, count]) => [Number(name), count] as const)
          .find(([, n]) => n > 0) ?? []
      const { pid } = processAt(it, index)
      process.kill(pid, 'SIGKILL')
      const killedAt = Date.now()
      const again: Promise<string>[] = []
      await until(async () => {
        const reply = await hold().catch(() => undefined)
        if (reply?.status === 200) again.push(reply.text().catch(() => 'broken'))
        return again.length >= lost || undefined
      }, 10_000)
      expect(Date.now() - killedAt).toBeLessThan(4_000)
      // Those of the others are still there.
      const left = await askAt(it.url, { key })
      expect(left.status).toBe(429)
      finish(held)
      await Promise.all([...streams, ...again])
    },
    LONG,
  )

  test(
    'leaves its background work to whoever comes',
    async () => {
      await using w = await world()
      const { it, held } = w
      const at = responsesAt(it)
      const begun: string[] = []
      // Each connection may end up at the other process.
      for (;;) {
        const { id } = await at
          .call(
            'POST',
            '/responses',
            { model: 'grok-4', background: true, input: `held ${begun.length}` },
            { keepalive: false },
          )
          .then((reply) => reply.json() as Promise<{ id: string }>)
        begun.push(id)
        await until(() => held.all[begun.length - 1])
        const running = await byProcess(it.url, 'groxy_inflight')
        if ([...running.values()].every((one) => one > 0)) break
      }
      const { pid } = processAt(it, 0)
      const running = (await byProcess(it.url, 'groxy_inflight')).get('0') ?? 0
      process.kill(pid, 'SIGKILL')
      const killedAt = Date.now()
      await until(() => held.all.length >= begun.length + running || undefined, 20_000)
      // A lease would last half a minute.
      expect(Date.now() - killedAt).toBeLessThan(6_000)
      finish(held)
      for (const id of begun) await becomes(at, id, 'completed')
      expect(held.all.length).toBe(begun.length + running)
    },
    LONG,
  )

  test(
    'again and again ends all of them, with a reason',
    async () => {
      await using w = await world()
      const { it } = w
      let isOver = false
      void it.exited.then(() => {
        isOver = true
      })
      while (!isOver) {
        for (const { pid } of it.processes()) process.kill(pid, 'SIGKILL')
        await Bun.sleep(5)
      }
      expect(await it.exited).toBe(1)
      const said = it.output()
      expect(said).toContain('groxy: The processes end as soon as they have started')
      expect(said).toContain('signal SIGKILL')
    },
    LONG,
  )

  test.concurrent(
    'for it does nothing any more is replaced, too',
    async () => {
      await using w = await world()
      const { it } = w
      const { pid } = processAt(it, 1)
      process.kill(pid, 'SIGSTOP')
      const next = await until(() => {
        const found = it.processes().find(({ index }) => index === 1)
        return found?.pid === pid ? undefined : found
      }, 60_000)
      await until(() => it.events().find((one) => one.event === 'process_stuck' && one.pid === pid))
      await until(() =>
        it.events().find((one) => one.event === 'process_serves' && one.pid === next.pid),
      )
      expect((await askAt(it.url)).status).toBe(200)
    },
    LONG,
  )

  test(
    'by name drains first, and is replaced',
    async () => {
      await using w = await world()
      const { it, held } = w
      const { streams, running } = await holdStreams(it, held, 1)
      const { pid } = processAt(it, 1)
      process.kill(pid, 'SIGTERM')
      await until(() => it.events().find((one) => one.event === 'stopping' && one.process === 1))
      expect(isAlive(pid)).toBe(true)
      // Its port is closed, and all that come now are the other's.
      await Bun.sleep(1_000)
      const replies = await Promise.all(Array.from({ length: 20 }, () => askAt(it.url)))
      expect(replies.map(({ status }) => status)).toEqual(Array(20).fill(200))
      finish(held)
      const texts = await Promise.all(streams)
      expect(texts.filter((text) => text.endsWith('data: [DONE]\n\n')).length).toBe(streams.length)
      expect(running.get('1')).toBeGreaterThan(0)
      await it.replaced(1, pid)
    },
    LONG,
  )
})

describe.skipIf(cannotShare)('a supervisor', () => {
  test(
    'that is killed leaves nobody behind, and no answer is cut',
    async () => {
      await using w = await world()
      const { it, held } = w
      const { streams } = await holdStreams(it, held, 1)
      const pids = it.processes().map(({ pid }) => pid)
      it.signal('SIGKILL')
      await it.exited
      // The port is free for another at once, although streams go on.
      await until(() => {
        try {
          Bun.listen({ hostname: '127.0.0.1', port: it.port, socket: { data() {} } }).stop(true)
          return true
        } catch {
          return
        }
      }, 5_000)
      expect(pids.filter(isAlive)).toEqual(pids)
      finish(held)
      const texts = await Promise.all(streams)
      expect(texts.filter((text) => text.endsWith('data: [DONE]\n\n')).length).toBe(streams.length)
      await until(() => pids.every((pid) => !isAlive(pid)) || undefined, 10_000)
    },
    LONG,
  )

  test(
    'that is killed while the first one starts leaves nobody behind',
    async () => {
      const folder = emptyFolder()
      for (const afterMs of [0, 20, 60, 150]) {
        const child = await spawn(folder)
        const [first] = await until(() => {
          const found = processesOf(child.pid)
          return found.length > 0 ? found : undefined
        })
        await Bun.sleep(afterMs)
        child.kill('SIGKILL')
        await child.exited
        await until(() => (first && !isAlive(first.pid)) || undefined, 10_000)
      }
    },
    LONG,
  )

  test(
    'and its processes get Ctrl-C at once, and answers are finished all the same',
    async () => {
      await using w = await world()
      const { it, held } = w
      const { streams } = await holdStreams(it, held, 1)
      const pids = it.processes().map(({ pid }) => pid)
      // As a terminal does.
      for (const pid of [it.pid, ...pids]) process.kill(pid, 'SIGINT')
      await until(
        () => it.events().filter(({ event }) => event === 'stopping').length === 2 || undefined,
      )
      await Bun.sleep(300)
      expect(pids.filter(isAlive)).toEqual(pids)
      finish(held)
      const texts = await Promise.all(streams)
      expect(texts.filter((text) => text.endsWith('data: [DONE]\n\n')).length).toBe(streams.length)
      expect(await it.exited).toBe(0)
    },
    LONG,
  )

  test(
    'that is told twice to stop does not wait',
    async () => {
      await using w = await world()
      const { it, held } = w
      const { streams } = await holdStreams(it, held, 1)
      const pids = it.processes().map(({ pid }) => pid)
      it.signal('SIGTERM')
      await until(
        () => it.events().filter(({ event }) => event === 'stopping').length === 2 || undefined,
      )
      it.signal('SIGTERM')
      expect(await it.exited).toBe(1)
      await until(() => pids.every((pid) => !isAlive(pid)) || undefined, 5_000)
      await Promise.all(streams)
    },
    LONG,
  )
})

async function spawn(folder: string) {
  const [program = ''] = await commandOf('executable')
  return Bun.spawn([program, '--workers', '2'], {
    cwd: folder,
    env: { PATH: '', HOME: folder, PORT: String(freePort()), ...INSTANCE_ENV },
    stdio: ['ignore', 'ignore', 'ignore'],
  })
}
