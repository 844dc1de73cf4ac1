/**
 * Keeps bytes under ids, wherever a platform has room: pictures, videos and files. What is there is whole:
 * it comes to be at once, when its writer commits, and never changes.
 *
 * Ids are made here, of letters, digits, `-`, `_` and one `.`: never of what a client sent.
 */
export interface ObjectStore {
  /** Begin to write an object. */
  create(id: string): Promise<ObjectWriter>
  /**
   * A part of an object, from `from` up to but without `to`, read as fast as its reader takes it; undefined
   * where there is no such object. A reader that stops leaves nothing open.
   */
  open(id: string, from: number, to: number): Promise<ReadableStream<Uint8Array> | undefined>
  /**
   * The same as a file, which a platform can send by itself, with its length and without our doing; undefined
   * where there is no such object. Absent where objects are no files.
   */
  readonly file?: (id: string, from: number, to: number) => Promise<Blob | undefined>
  /** What is not there is no mistake. */
  remove(ids: readonly string[]): Promise<void>
  /**
   * The ids of everything that was last written before a time, in batches: whole objects, and what their
   * writers have left behind (`whole: false`).
   */
  list(before: number): AsyncIterable<readonly StoredObject[]>
  /** How many bytes may still come, less than none where some should go; left out where there is no end of it. */
  readonly room?: () => Promise<number>
}

export interface StoredObject {
  readonly id: string
  readonly whole: boolean
}

/** Writes one object, in order. After a fault it can only be aborted. */
export interface ObjectWriter {
  /** Resolves when there is room for more. */
  write(bytes: Uint8Array): Promise<void>
  /**
   * What was written so far can be read while the rest is still on its way, where the store can do that:
   * `to` must not be beyond it.
   */
  readonly read?: (from: number, to: number) => Promise<ReadableStream<Uint8Array>>
  /** Make it last, and visible under its id. */
  commit(): Promise<void>
  /** Leave nothing of it. */
  abort(): Promise<void>
}

/** Whether a text is an id of an object: never a path, whatever a file system makes of it. */
export const isObjectId = (text: string): boolean =>
  text.length <= MOST_SIGNS && /^[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9]+)?$/i.test(text)

const MOST_SIGNS = 128
