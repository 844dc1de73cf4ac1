import { statSync } from 'node:fs'
import { unlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import type { Config } from '../config'
import { newId } from '../crypto'
import { SetupError } from '../errors'
import type { DatabasePlace, Ground, Inspection } from '../ground'
import { openFile } from '../media/open-file'
import { filePath, mediaPath } from './paths'
import { ownCommand } from './self'

/** A machine as the ground that a gateway stands on. */
export function machineGround(config: Config): Ground {
  const path = filePath(config)
  const isFile = path !== undefined && path !== ':memory:'
  const media = mediaPath(config)
  return {
    runtime: `Bun ${Bun.version} on ${process.platform}-${process.arch}`,
    host: hostname(),
    startedAt: Date.now() - process.uptime() * 1000,
    database: placeOf(config),
    media: media === undefined ? { kind: 'database' } : { kind: 'directory', path: media },
    environment: () => process.env,
    ...(isFile && { inspect: () => inspect(config), backup: () => backup(config, path) }),
  }
}

function placeOf(config: Config): DatabasePlace {
  const path = filePath(config)
  if (path === undefined) return { kind: 'server', host: new URL(config.DATABASE_URL).host }
  if (path === ':memory:') return { kind: 'memory' }
  return { kind: 'file', path, size: () => sizeOf(path) + sizeOf(`${path}-wal`) }
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0

/**
 * SQLite runs in the thread that answers turns, and these take seconds of a large file: so another process
 * does them.
 *
 * @throws SetupError with what it said
 */
async function run(config: Config, args: readonly string[]): Promise<string> {
  const child = Bun.spawn(ownCommand(args), {
    env: { ...process.env, DATABASE_URL: config.DATABASE_URL },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [code, said, complained] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ])
  if (code === 0) return said
  throw new SetupError(
    `groxy ${args[0]} ended with ${code}: ${complained.trim()}`,
    'See whether there is room on the disk of the database, and run it by hand.',
  )
}

const inspect = async (config: Config): Promise<Inspection> =>
  JSON.parse(await run(config, ['doctor', '--database', '--json'])) as Inspection

/** How much of a copy is in memory at once. */
const PIECE_BYTES = 256 * 1024

/** The copy is beside the database, where there is room if anywhere, and has no name once it is read. */
async function backup(config: Config, path: string): Promise<ReadableStream<Uint8Array>> {
  const copy = `${path}.${newId().slice(0, 8)}.copy`
  const remove = () => unlink(copy).catch(() => undefined)
  try {
    await run(config, ['backup', copy])
    const file = await openFile(copy, 'r')
    const { size } = await file.stat()
    // Where an open file can go already, nothing is left behind whatever happens.
    await remove()
    const close = async () => {
      await file.close()
      await remove()
    }
    let at = 0
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          try {
            const piece = new Uint8Array(Math.min(PIECE_BYTES, size - at))
            const length = piece.length > 0 ? await file.read(piece, at) : 0
            at += length
            if (length > 0) return controller.enqueue(piece.subarray(0, length))
            await close()
            controller.close()
          } catch (cause) {
            await close().catch(() => undefined)
            throw cause
          }
        },
        cancel: close,
      },
      { highWaterMark: 0 },
    )
  } catch (cause) {
    await remove()
    throw cause
  }
}
