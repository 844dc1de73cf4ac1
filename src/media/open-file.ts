import { close, fstat, fsync, open, read, type Stats, write } from 'node:fs'

/** A file that is open until it is closed, or nobody has it any more. */
export interface OpenFile {
  /** Says how many bytes were read: none at the end. */
  read(into: Uint8Array, at: number): Promise<number>
  write(bytes: Uint8Array): Promise<void>
  /** Resolves when what was written outlives a loss of power. */
  sync(): Promise<void>
  stat(): Promise<Stats>
  /** May be called again. */
  close(): Promise<void>
}

// Not the handles of `node:fs/promises`: one that is forgotten ends the process when it is collected, and
// who holds a stream may forget it.
const forgotten = new FinalizationRegistry<number>((fd) => close(fd, () => {}))

/** @param flags as `open` of `node:fs` has them */
export async function openFile(
  path: string,
  flags: string | number,
  mode?: number,
): Promise<OpenFile> {
  const fd = await called<number>((done) => open(path, flags, mode, done))
  let isClosed = false

  const file: OpenFile = {
    read: (into, at) => called((done) => read(fd, into, 0, into.length, at, done)),

    async write(bytes) {
      for (let at = 0; at < bytes.length; )
        at += await called<number>((done) => write(fd, bytes, at, bytes.length - at, null, done))
    },

    sync: () => called((done) => fsync(fd, done)),
    stat: () => called<Stats>((done) => fstat(fd, done)),

    async close() {
      if (isClosed) return
      isClosed = true
      forgotten.unregister(file)
      await called<void>((done) => close(fd, done))
    },
  }
  forgotten.register(file, fd, file)
  return file
}

type Done<T> = (error: Error | null, value?: T) => void

const called = <T>(call: (done: Done<T>) => void): Promise<T> =>
  new Promise((resolve, reject) =>
    call((error, value) => (error ? reject(error) : resolve(value as T))),
  )
